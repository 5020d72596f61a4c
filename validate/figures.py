"""Figures of the report, as data URIs: nothing is loaded from anywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate import pages
from surrogate.pages import Figure, encoded
from surrogate.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, YELLOW

from .context import Against
from .measures import BARS
from .samples import Points, Sampled
from .words import label

FloatArray = NDArray[np.float64]

_LINES = ((ORANGE, "-"), (GREEN, "-"), (PURPLE, "-"), (YELLOW, "-"))

_BINS = 6
# Errors below this [1] are drawn at it.
_LEAST = 1e-9


def draw(sampled: Sampled, formulas: list[Against]) -> list[Figure]:
    """Draw all figures of one file."""
    if not sampled.inside.answered.any():
        return []
    with pages.drawing():
        return [
            _parity(sampled, formulas),
            _error_map(sampled),
            _distribution(sampled, formulas),
        ]


def telling(points: Points) -> tuple[str, str]:
    """The two coordinates that say most about the size of the error.

    Those whose bins, of equal numbers of points, differ most in the mean of
    the error's logarithm: the correlation ratio, which needs no straight line.
    """
    members = points.answered
    size = _log(points.errors["cop"][members])
    ratio = {name: _ratio(values[members], size) for name, values in points.coordinates.items()}
    first, second = sorted(ratio, key=lambda name: -ratio[name])[:2]
    return first, second


def _ratio(values: FloatArray, size: FloatArray) -> float:
    edges = np.quantile(values, np.arange(1, _BINS) / _BINS)
    place = np.searchsorted(edges, values)
    means = [size[place == n].mean() for n in np.unique(place)]
    counts = [int((place == n).sum()) for n in np.unique(place)]
    return float(np.average((np.array(means) - size.mean()) ** 2, weights=counts))


def _log(errors: FloatArray) -> FloatArray:
    result: FloatArray = np.log10(np.maximum(np.abs(errors), _LEAST))
    return result


def _axes() -> tuple[Any, Any]:
    return pages.axes(4.6, 3.9)


def _parity(sampled: Sampled, formulas: list[Against]) -> Figure:
    """COP by the file over the solved one; a closed form beside it."""
    points = sampled.inside
    true = points.true["cop"]
    members = points.answered
    figure, axes = _axes()
    shown = _beside(formulas)
    solved = true[points.solved]
    if shown is not None:
        axes.plot(
            solved, solved * (1.0 + shown.errors), "x", ms=3.5, mew=0.8, color=GREY, alpha=0.6,
            label=f"{shown.name} (closed form)", zorder=1,
        )  # fmt: skip
    low, high = 0.95 * float(np.min(solved)), 1.05 * float(np.max(solved))
    axes.plot([low, high], [low, high], color="0.2", lw=0.8, zorder=2)
    said = true[members] * (1.0 + points.errors["cop"][members])
    axes.plot(true[members], said, "o", ms=2.6, color=BLUE, label="surrogate", zorder=3)
    axes.set(
        xscale="log", yscale="log", xlim=(low, high), ylim=(0.8 * low, 1.25 * high),
        xlabel="COP, full solve", ylabel="COP, estimated",
    )  # fmt: skip
    _plain_ticks(axes, low, high)
    axes.grid(alpha=0.25)
    axes.legend(loc="upper left", frameon=False, markerscale=1.6)
    alt = (
        f"Estimated over solved COP from {low / 0.95:.1f} to {high / 1.05:.1f}: the surrogate's "
        f"{int(members.sum())} points lie on the diagonal"
    )
    if shown is not None:
        alt += f", those of {shown.name} scatter about it"
    return Figure(encoded(figure), alt, "Parity: estimated COP over that of the full solve.")


def _plain_ticks(axes: Any, low: float, high: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ticks = [t for t in (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50) if low <= t <= high]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())


def _beside(formulas: list[Against]) -> Against | None:
    """The closed form nearest to the full solve, over all points."""
    known = [f for f in formulas if np.isfinite(f.spread(False)[-1])]
    return min(known, key=lambda f: f.spread(False)[-1], default=None)


def _error_map(sampled: Sampled) -> Figure:
    """Size of the error over the two most telling coordinates; rims and misses marked."""
    points = sampled.inside
    x, y = telling(points)
    least, most = _decades(points.error("cop"))
    figure, axes = _axes()
    for part, marker, size in ((points, "o", 13), (sampled.edge, "s", 17)):
        members = part.answered
        order = np.argsort(np.abs(part.errors["cop"][members]))
        colour = _log(100.0 * part.errors["cop"][members])[order]
        drawn = axes.scatter(
            part.coordinates[x][members][order], part.coordinates[y][members][order], c=colour,
            s=size, marker=marker, cmap="cividis_r", vmin=least, vmax=most, linewidths=0.0,
        )  # fmt: skip
    missed = points.solved & ~points.answered
    axes.plot(points.coordinates[x][missed], points.coordinates[y][missed], "x", color=ORANGE, ms=5)
    axes.set(xlabel=label(x), ylabel=label(y))
    bar = figure.colorbar(drawn, ax=axes, ticks=range(least, most + 1))
    bar.ax.set_yticklabels([f"{10.0**n:g}" for n in range(least, most + 1)])
    bar.set_label("size of the COP error [%]")
    alt = f"Map of the COP error over {label(x)} and {label(y)}; dark points err most"
    caption = (
        "Where it errs, over the two coordinates that tell most about it; squares lie on the "
        "rims" + (", crosses are left to a solve." if missed.any() else ".")
    )
    return Figure(encoded(figure), alt, caption)


def _decades(errors: FloatArray) -> tuple[int, int]:
    """Powers of ten [%] between which most errors lie, at least two of them."""
    low, high = np.quantile(_log(100.0 * errors), (0.05, 1.0))
    most = int(np.ceil(high))
    return min(int(np.floor(low)), most - 2), most


def _distribution(sampled: Sampled, formulas: list[Against]) -> Figure:
    """Share of points within an error: the surrogate, its bound, closed forms and bars."""
    points, bars = sampled.inside, BARS[sampled.identity.kind]
    figure, axes = _axes()
    error = points.error("cop")
    axes.plot(*_cumulative(error), color=BLUE, lw=2.2, label="surrogate")
    bound = points.bound[points.answered]
    axes.plot(*_cumulative(bound), color=BLUE, lw=1.1, ls=":", label="error it promises")
    best = sorted(formulas, key=lambda f: np.nan_to_num(f.spread(False)[-1], nan=np.inf))
    for (colour, style), formula in zip(_LINES, best, strict=False):
        finite = formula.errors[np.isfinite(formula.errors)]
        axes.plot(*_cumulative(finite), color=colour, lw=1.3, ls=style, label=formula.name)
    for value, name, side in ((bars.p99, "p99 ", "right"), (bars.max, " max", "left")):
        axes.axvline(100.0 * value, color="0.45", lw=0.8, ls="--")
        axes.text(100.0 * value, 1.045, name, fontsize=9, color="0.3", ha=side)
    axes.set(
        xscale="log", xlim=(1e-5, 200.0), ylim=(0.0, 1.03),
        xlabel="size of the COP error [%]", ylabel="share of points within",
    )  # fmt: skip
    axes.set_xticks([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0])
    axes.set_xticklabels(["10⁻⁵", "10⁻⁴", "10⁻³", "0.01", "0.1", "1", "10", "100"])
    axes.grid(alpha=0.25)
    axes.legend(loc="best", fontsize=8.5, framealpha=0.85, edgecolor="none")
    middle = 100.0 * float(np.median(np.abs(error)))
    alt = f"Cumulative COP errors: half of the surrogate's lie within {middle:.2g} %"
    if best:
        usual = 100.0 * float(np.nanmedian(np.abs(best[0].errors)))
        alt += f", half of those of {best[0].name} within {usual:.2g} %"
    caption = "How many points err by how much; dashed lines are the bars for p99 and max."
    return Figure(encoded(figure), alt, caption)


def _cumulative(errors: FloatArray) -> tuple[FloatArray, FloatArray]:
    size = np.sort(np.maximum(100.0 * np.abs(errors), 100.0 * _LEAST))
    return size, np.arange(1, len(size) + 1) / max(len(size), 1)
