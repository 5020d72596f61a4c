"""A sweep over temperatures as a figure: what each pair of flow and return comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from surrogate.costing.sweeptables import SWEEP
from surrogate.costing.sweepwords import verdict
from surrogate.errors import InputError
from surrogate.extras import need
from surrogate.files import probe, written_whole
from surrogate.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = (".png", ".svg", ".pdf")
"""Kinds of files that a figure can be saved as."""

_INK = "#3b3b3b"
# From cold to warm.
_COLOURS = {
    1: (BLUE,),
    2: (BLUE, ORANGE),
    3: (BLUE, GREEN, ORANGE),
    4: (BLUE, GREEN, YELLOW, ORANGE),
    5: (BLUE, GREEN, YELLOW, ORANGE, PURPLE),
}
_COLUMNS = 3
_SIZE = (3.5, 2.75)  # of a panel [in]
_APART = 11.0  # names at the lines' ends are no nearer than this [pt]
_NAMED = 8  # lines at most
_SPAN = 0.04  # of the largest value, at least: what hardly differs is not drawn as if it did


class _Panel(NamedTuple):
    column: str
    title: str
    units: tuple[tuple[float, str], ...]


_MONEY = ((1e6, "million"), (1e3, "thousand"), (1.0, ""))
_ENERGY = ((1e6, "GWh/a"), (1e3, "MWh/a"), (1.0, "kWh/a"))
_PANELS = (
    _Panel("network_npv", "NPV", _MONEY),
    _Panel("heat_pump_cop", "COP of the heat pumps", ((0.0, ""),)),
    _Panel("electricity_kwh", "electricity of the heat pumps", _ENERGY),
    _Panel("mean_diameter_mm", "mean diameter of the pipes", ((0.0, "mm"),)),
    _Panel("loss_share", "losses, of the heat fed in", ((0.0, "%"),)),
    _Panel("source_heat_kwh", "heat taken from sources", _ENERGY),
)


def plot_sweep(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a sweep: NPV, COP, electricity, pipes, losses and source heat over temperature.

    A panel for each, over the flow temperature, with a line for each return
    temperature; the other way round where there is one flow temperature only. The
    best pair is ringed. What no pair has, such as a COP without heat pumps, has no
    panel. Lines have the table's numbers; only the ticks are in larger units.

    Parameters
    ----------
    tables : mapping
        As :func:`~surrogate.costing.sweep_temperatures` returns them.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot: nothing is shown, nothing need be closed.

    Raises
    ------
    InputError
        If there is no table ``temperature_sweep``, or no pair has a network.
    MissingExtraError
        If the extra ``report`` is not installed.
    """
    need("matplotlib", "report")
    import matplotlib as mpl

    sweep = tables.get(SWEEP)
    if sweep is None:
        raise InputError(f"there is no table {SWEEP}; sweep_temperatures makes it")
    if not sweep["network_npv"].notna().any():
        raise InputError("no pair of flow and return has a network, so there is nothing to draw")
    with mpl.rc_context({"font.size": 9.5}):
        return _figure(sweep)


def check_plot(path: Path) -> None:
    """Make sure that a figure could be saved; before a long run.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InputError
        If it is of another kind, or nothing can be written there.
    MissingExtraError
        If the extra ``report`` is not installed.
    """
    need("matplotlib", "report")
    if path.suffix.lower() not in KINDS:
        raise InputError(f"{path} is of another kind; a plot is {', '.join(KINDS)}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file to write")
    try:
        probe(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def save_plot(figure: Figure, path: Path) -> None:
    """Save a figure, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : Path
        File to write: its ending says the kind.

    Raises
    ------
    InputError
        If it is of another kind, or cannot be written.
    """
    check_plot(path)
    with written_whole(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=100)


def _figure(sweep: pd.DataFrame) -> Figure:
    from matplotlib.figure import Figure

    panels = [panel for panel in _PANELS if sweep[panel.column].notna().any()]
    if not sweep["heat_pump_cop"].notna().any():  # nor electricity, nor sources
        panels = [panel for panel in panels if panel.units is not _ENERGY]
    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    width, height = _SIZE[0] * columns, _SIZE[1] * rows + 0.9
    figure = Figure(figsize=(width, height))
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(
        left=0.55 / width, right=1 - 0.8 / width, bottom=0.75 / height, top=1 - 0.8 / height,
        wspace=0.42, hspace=0.42,
    )  # fmt: skip
    over, by = _axis_and_lines(sweep)
    for axes, panel in zip(grid.flat, panels, strict=False):
        _draw(axes, sweep, panel, over, by)
    for n, axes in enumerate(grid.flat):
        axes.set_visible(n < len(panels))
        if n + columns >= len(panels):
            axes.set_xlabel(f"{over.partition('_')[0]} temperature [degC]", color=_INK)
    title = verdict(sweep) if sweep["best"].any() else ""  # a part may lack the best pair
    figure.suptitle(title, x=0.12 / width, y=1 - 0.12 / height, ha="left", va="top", size=11)
    figure.text(0.12 / width, 0.12 / height, _notes(sweep, by), size=8, color=GREY, va="bottom")
    return figure


def _axis_and_lines(sweep: pd.DataFrame) -> tuple[str, str]:
    """What panels are drawn over, and what each has a line for."""
    names = ("flow_temperature", "return_temperature")
    single = sweep[names[0]].nunique() == 1 and sweep[names[1]].nunique() > 1
    return (names[1], names[0]) if single else names


def _draw(axes: Axes, sweep: pd.DataFrame, panel: _Panel, over: str, by: str) -> None:
    """One panel: a line for each temperature, its name at its end, the best pair ringed."""
    ends = []
    groups = list(sweep.groupby(by))
    step = math.ceil(len(groups) / _NAMED)
    for n, (temperature, rows) in enumerate(groups):
        colour = _colours(len(groups))[n]
        group = rows.sort_values(over)
        x, y = group[over].to_numpy(float), group[panel.column].to_numpy(float)
        (line,) = axes.plot(x, y, "o-", color=colour, lw=1.8, ms=4)
        line.set_gid(f"{temperature:g}")
        known = np.flatnonzero(np.isfinite(y))
        if len(known) and n % step == 0:
            ends.append((x[known[-1]], y[known[-1]], f"{temperature:g}", colour))
    best = sweep[sweep["best"]]
    axes.plot(best[over], best[panel.column], "o", ms=12, mfc="none", mec=_INK, mew=1.4, gid="best")
    axes.margins(x=0.06, y=0.12)
    _widened(axes, _SPAN * float(sweep[panel.column].abs().max()))
    axes.set_gid(panel.column)
    _ticks(axes, sweep, panel, over)
    if len(groups) > 1:
        _named(axes, ends, by)


def _widened(axes: Axes, least: float) -> None:
    """At least so much from the bottom to the top."""
    low, high = axes.get_ylim()
    if high - low < least:
        middle = (low + high) / 2
        axes.set_ylim(middle - least / 2, middle + least / 2)


def _colours(count: int) -> Sequence[Any]:
    if count in _COLOURS:
        return _COLOURS[count]
    import matplotlib as mpl

    return list(mpl.colormaps["cividis"](np.linspace(0.0, 0.8, count)))


def _ticks(axes: Axes, sweep: pd.DataFrame, panel: _Panel, over: str) -> None:
    """Ticks at the temperatures that were swept, and in units that keep numbers short."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    largest = float(sweep[panel.column].abs().max())
    factor, unit = next((one for one in panel.units if one[0] <= largest), panel.units[-1])
    scale = 0.01 if unit == "%" else factor or 1.0
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / scale:.6g}"))
    swept = sorted(sweep[over][sweep["network_npv"].notna()].unique())
    axes.set_xticks(swept[:: math.ceil(len(swept) / 9)])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(labelsize=8.5, color=GREY)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)
    axes.set_title(f"{panel.title} [{unit}]" if unit else panel.title, loc="left", size=10)


def _named(axes: Axes, ends: list[tuple[float, float, str, Any]], by: str) -> None:
    """Names at the lines' ends, moved apart where lines end near each other."""
    dots = axes.figure.dpi / 72
    heights = [axes.transData.transform((x, y))[1] / dots for x, y, _, _ in ends]
    order = sorted(range(len(ends)), key=heights.__getitem__)
    places = _apart([heights[i] for i in order], _APART)
    for rank, (i, place) in enumerate(zip(order, places, strict=True)):
        x, y, name, colour = ends[i]
        text = f"{by.partition('_')[0]} {name}" if rank == len(order) - 1 else name
        axes.annotate(
            text, (x, y), xytext=(7, place - heights[i]), textcoords="offset points", size=8.5,
            color=colour, va="center", annotation_clip=False,
        )  # fmt: skip


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Rising places, no two nearer than the least distance, each moved as little as that takes."""
    blocks: list[tuple[float, int]] = []  # of places that touch: where the first is, how many
    for i, place in enumerate(places):
        blocks.append((place - i * least, 1))
        while len(blocks) > 1 and blocks[-1][0] < blocks[-2][0]:
            (upper, m), (lower, n) = blocks.pop(), blocks.pop()
            blocks.append(((upper * m + lower * n) / (m + n), m + n))
    level = [at for at, count in blocks for _ in range(count)]
    return [at + i * least for i, at in enumerate(level)]


def _notes(sweep: pd.DataFrame, by: str) -> str:
    """What the marks are, and which pairs are missing."""
    said = "ring: best pair"
    if sweep[by].nunique() == 1:
        name = by.partition("_")[0]
        said += f"; {name} {sweep[by].iloc[0]:g} degC"
    missing = sweep[sweep["network_npv"].isna()]
    if len(missing):
        pairs = [
            f"{row.flow_temperature:g}/{row.return_temperature:g}" for row in missing.itertuples()
        ]
        shown = ", ".join(pairs[:12]) + (f" and {len(pairs) - 12} more" if len(pairs) > 12 else "")
        said += f"; no network at {shown} degC"
    return said
