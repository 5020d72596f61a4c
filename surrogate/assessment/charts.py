"""The charts of a document, as SVG: COP over supply, over source, off design, by refrigerant."""

from __future__ import annotations

import io
import threading
from typing import Any, NamedTuple

import numpy as np

from surrogate.assessment.assess import Assessment
from surrogate.assessment.compare import Candidate, Comparison, compare_refrigerants
from surrogate.assessment.curves import Curve, source_curve, supply_curve
from surrogate.assessment.offdesign import OffDesignMap, offdesign_map
from surrogate.assessment.words import named, scaled
from surrogate.extras import need
from surrogate.palette import BLUE, GREEN, GREY, ORANGE

_STYLE: dict[Any, Any] = {
    "font.size": 7.5,
    "font.family": "DejaVu Sans",  # comes with Matplotlib: the same everywhere
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": GREY,
    "axes.labelcolor": "#333333",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.4,
    "svg.fonttype": "path",
    "svg.hashsalt": "surrogate",  # identifiers in the picture are the same every time
}
_SIZE = (3.3, 2.3)
_VOID = "#e6e9ec"
_LOW_GWP = 150.0

# The look is set for the whole process while a chart is drawn: one at a time.
_drawing = threading.Lock()


class Chart(NamedTuple):
    """A chart of a document.

    Attributes
    ----------
    title : str
        What it shows.
    svg : str
        The picture; empty where there is none.
    sentence : str
        What it says, in words, or why there is no picture.
    """

    title: str
    svg: str
    sentence: str


def charts(assessment: Assessment) -> tuple[Chart, ...]:
    """Draw the four charts of an assessment.

    Curves, map and comparison are asked from today's tables; the marked point
    is the assessment's own.

    Parameters
    ----------
    assessment : Assessment
        What is drawn.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    need("matplotlib", "service")
    import matplotlib

    question = assessment.question
    own = float(assessment.estimate.cop)
    supply, source = supply_curve(question), source_curve(question)
    around, others = offdesign_map(question), compare_refrigerants(question)
    with _drawing, matplotlib.rc_context(_STYLE):
        return (
            Chart("COP over the supply temperature", _curve(supply, own), supply.sentence),
            Chart("COP over the waste heat's temperature", _curve(source, own), source.sentence),
            Chart("The plant at other temperatures and loads", _map(around), _map_words(around)),
            Chart("Other refrigerants at this point", _bars(others), _bars_words(others)),
        )


def _axes() -> tuple[Any, Any]:
    # Without pyplot, whose figures would pile up in a server.
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained", facecolor="none")
    axes = figure.subplots()
    axes.set_facecolor("none")
    return figure, axes


def _svg(figure: Any) -> str:
    buffer = io.StringIO()
    # No date, and no program's name with its version: the same picture every time.
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _curve(curve: Curve, own: float) -> str:
    """A curve with its gaps shaded and the own point marked."""
    cop = np.array(curve.cop)
    if len(cop) < 2 or not np.isfinite(cop).any():
        return ""
    figure, axes = _axes()
    half = 0.5 * (curve.x[1] - curve.x[0])
    for gap in curve.gaps:
        axes.axvspan(gap.low - half, gap.high + half, facecolor=_VOID, edgecolor="none", zorder=0)
    axes.plot(curve.x, cop, color=BLUE, linewidth=1.6, zorder=2)
    _point(axes, curve.at, own, rising=curve.name == "t_source_in")
    axes.set_xlim(curve.x[0], curve.x[-1])
    axes.set_ylim(0.0, 1.12 * max(np.nanmax(cop), own if np.isfinite(own) else 0.0))
    axes.set_xlabel(f"{curve.label} [\N{DEGREE SIGN}C]")
    axes.set_ylabel("COP")
    axes.grid(axis="y", color="#dddddd", linewidth=0.5, zorder=1)
    return _svg(figure)


def _point(axes: Any, x: float, cop: float, *, rising: bool) -> None:
    """Mark the own point, or where it would lie; its number stands clear of the curve."""
    if np.isfinite(cop):
        axes.plot([x], [cop], "o", color=ORANGE, markersize=5, zorder=4, clip_on=False)
        axes.annotate(
            f"{cop:.2f}",
            (x, cop),
            textcoords="offset points",
            xytext=(-4 if rising else 5, 5),
            ha="right" if rising else "left",
            color=ORANGE,
            fontweight="bold",
        )
    else:
        axes.axvline(x, color=ORANGE, linewidth=1.2, linestyle="--", zorder=3)


def _map(around: OffDesignMap) -> str:
    """COP as colour over source temperature and load, with the capacity."""
    if not around.available:
        return ""
    figure, axes = _axes()
    x, y = np.array(around.t_source_in), 100.0 * np.array(around.share)
    half = 0.5 * np.array([x[1] - x[0], y[1] - y[0]])
    axes.set_facecolor(_VOID)
    image = axes.imshow(
        np.ma.masked_invalid(np.array(around.cop)),
        origin="lower",
        aspect="auto",
        cmap="viridis",
        interpolation="nearest",
        extent=(x[0] - half[0], x[-1] + half[0], y[0] - half[1], y[-1] + half[1]),
    )
    design = around.heat_load[0] / around.share[0]
    axes.plot(x, 100.0 * np.array(around.capacity) / design, color=ORANGE, linewidth=1.4)
    lowest = 100.0 * np.array(around.lowest_load) / design
    axes.plot(x, lowest, color="white", linewidth=1.4, linestyle=":")
    axes.plot(around.at, 100.0, "o", color=ORANGE, markersize=5, zorder=4)
    axes.set_ylim(y[0] - half[1], y[-1] + half[1])
    axes.set_xlabel("Waste heat, inlet [\N{DEGREE SIGN}C]")
    axes.set_ylabel(f"Heat [% of {scaled(design, 'W')}]")
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_label("COP")
    bar.outline.set_linewidth(0.0)
    return _svg(figure)


def _map_words(around: OffDesignMap) -> str:
    if not around.available:
        return around.sentence
    return (
        f"{around.sentence} It delivers no more than the orange line, and runs with breaks below "
        "the dotted one; where it is grey, there is no answer."
    )


def _bars(others: Comparison) -> str:
    """The COP of each refrigerant, its own marked."""
    if not others.rows:
        return ""
    figure, axes = _axes()
    places = np.arange(len(others.rows))
    cop = np.array([row.cop for row in others.rows])
    axes.barh(
        places,
        np.nan_to_num(cop),
        height=0.72,
        color=[ORANGE if row.own else GREEN if _benign(row) else BLUE for row in others.rows],
    )
    for place, row in zip(places, others.rows, strict=True):
        known = np.isfinite(row.cop)
        axes.text(
            row.cop if known else 0.0,
            place,
            f" {row.cop:.2f}" if known else " no answer here",
            va="center",
            fontsize=6,
            color="#333333" if known else GREY,
        )
    axes.set_yticks(places, [named(row.refrigerant) for row in others.rows], fontsize=6)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.0, 1.15 * np.nanmax(cop) if np.isfinite(cop).any() else 1.0)
    axes.set_xlabel("COP")
    return _svg(figure)


def _bars_words(others: Comparison) -> str:
    return f"{others.sentence} Orange: the chosen one; green: no PFAS and a GWP below {_LOW_GWP:g}."


def _benign(row: Candidate) -> bool:
    """Whether a refrigerant is known to be no PFAS and hardly warms the climate."""
    return row.pfas is False and row.gwp100 is not None and row.gwp100 < _LOW_GWP
