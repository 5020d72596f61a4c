"""The money of a network as charts: flows by year and kind, and the sum of them so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate import pages
from surrogate.costing.report.money import Money
from surrogate.costing.summary import grouped
from surrogate.pages import Figure
from surrogate.palette import BLUE, ORANGE

_INK = "#3b3b3b"
_SIZE = (5.6, 4.0)


def draw(money: Money) -> list[Figure]:
    """Draw both charts; none where no money flows.

    Parameters
    ----------
    money : Money
        The flows.
    """
    if not money.by_kind:
        return []
    with pages.drawing():
        return [_by_year(money), _so_far(money)]


def _unit(largest: float) -> tuple[float, str]:
    for factor, word in ((1e6, "million"), (1e3, "thousand")):
        if largest >= 2 * factor:
            return factor, f" [{word}]"
    return 1.0, ""


def _by_year(money: Money) -> Figure:
    figure, axes = pages.axes(_SIZE[0], 1.1 * _SIZE[1])
    largest = max(money.revenue.max(), -money.cost.min())
    factor, word = _unit(largest)
    years = np.arange(len(money.net))
    up, down = np.zeros(len(years)), np.zeros(len(years))
    for kind, flows in money.by_kind.items():
        values = flows / factor
        axes.bar(
            years, values, 0.85, bottom=np.where(values > 0, up, down), color=kind.colour,
            label=kind.name,
        )  # fmt: skip
        up, down = up + np.maximum(values, 0), down + np.minimum(values, 0)
    axes.axhline(0, color=_INK, lw=0.8)
    axes.set(xlabel="year", ylabel=f"paid and earned{word}", xlim=(-0.8, len(years) - 0.2))
    axes.legend(
        fontsize=8.5,
        ncols=3,
        frameon=False,
        loc="upper center",
        bbox_to_anchor=(0.45, -0.16),
        columnspacing=1.0,
        handlelength=1.4,
    )
    alt = (
        f"Bars of the money by year: in year 0 {grouped(abs(money.cost[0]))} are paid and "
        f"{grouped(money.revenue[0])} come in"
    )
    if len(years) > 1:
        alt += f"; in year 1 {grouped(abs(money.cost[1]))} and {grouped(money.revenue[1])}"
    caption = "What is paid (below) and earned (above) in each year, not discounted."
    return Figure(pages.encoded(figure), alt, caption)


def _so_far(money: Money) -> Figure:
    figure, axes = pages.axes(*_SIZE)
    factor, word = _unit(float(np.abs(money.present).max()))
    years, values = np.arange(len(money.present)), money.present / factor
    axes.fill_between(years, values, 0, where=values <= 0, color=ORANGE, alpha=0.18, lw=0)
    axes.fill_between(years, values, 0, where=values >= 0, color=BLUE, alpha=0.15, lw=0)
    axes.plot(years, values, color=_INK, lw=1.9, marker="o", ms=2.6)
    axes.axhline(0, color=_INK, lw=0.8)
    _said(axes, money, factor)
    axes.set(xlabel="year", ylabel=f"NPV up to the year{word}")
    axes.grid(alpha=0.25)
    axes.margins(x=0.02, y=0.1)
    back = "never back" if money.back is None else f"back in year {money.back}"
    lowest = int(money.present.argmin())
    alt = (
        f"NPV up to each year: lowest in year {lowest} with {grouped(money.present[lowest])}, "
        f"{grouped(money.present[-1])} at the end; the money is {back}"
    )
    return Figure(pages.encoded(figure), alt, "All flows up to each year, discounted, added up.")


def _said(axes: Any, money: Money, factor: float) -> None:
    """The last value, and the year from which on the money is back."""
    last = len(money.present) - 1
    axes.annotate(
        grouped(money.present[-1]), (last, money.present[-1] / factor), xytext=(-4, 7),
        textcoords="offset points", ha="right", weight="bold", color=_INK,
    )  # fmt: skip
    if money.back:
        axes.plot(money.back, money.present[money.back] / factor, "o", ms=8, color=BLUE)
        axes.annotate(
            f"back in year {money.back}", (money.back, money.present[money.back] / factor),
            xytext=(9, -11), textcoords="offset points", color=BLUE, va="top",
        )  # fmt: skip
