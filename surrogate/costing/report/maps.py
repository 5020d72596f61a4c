"""The map of a network: pipes by diameter, buildings in or out, supplies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from surrogate import pages
from surrogate.costing.report.told import Told
from surrogate.costing.summary import grouped
from surrogate.pages import Figure

STREET, INK = "#d3d0c8", "#3b3b3b"
IN, OUT = "#e8a87c", "#e3e0d9"
USED, UNUSED = "#1f5f8b", "#8a8a8a"
REQUIRED, FORBIDDEN, SHORT = "#0b5f94", "#6b6b6b", "#009E73"
# From thin to thick pipes, as in QGIS.
_RAMP = ((240, 160, 48), (215, 38, 61), (106, 5, 114))

_WIDTH, _DPI = 7.4, 160
_TALLEST = 1.25  # of the width
_NAMED = 12  # more supplies are not named


@dataclass(frozen=True)
class Size:
    """How a diameter is drawn.

    Parameters
    ----------
    diameter : float
        Inner diameter [mm].
    colour : str
        Of its line.
    width : float
        Of its line [pt].
    """

    diameter: float
    colour: str
    width: float


def sizes(told: Told) -> list[Size]:
    """How each diameter of the network is drawn, from the smallest on.

    Parameters
    ----------
    told : Told
        The result.
    """
    laid = sorted(told.paths.loc[told.paths["in_network"], "diameter_mm"].dropna().unique())
    places = np.linspace(0.0, 1.0, len(laid)) if len(laid) > 1 else [0.5]
    return [
        Size(float(one), _colour(at), 1.2 + 3.6 * at) for one, at in zip(laid, places, strict=False)
    ]


def _colour(at: float) -> str:
    mixed = [np.interp(at, (0, 0.5, 1), channel) for channel in zip(*_RAMP, strict=True)]
    return "#" + "".join(f"{round(value):02x}" for value in mixed)


def draw(told: Told, short: Collection[str]) -> Figure | None:
    """Draw the map; None where nothing says where it is.

    Parameters
    ----------
    told : Told
        The result.
    short : collection of str
        IDs of buildings that just fell short, which are marked.
    """
    bounds = shapely.total_bounds(
        [*told.paths["shape"], *told.buildings["shape"], *told.supplies["shape"]]
    )
    if not np.isfinite(bounds).all():
        return None
    with pages.drawing():
        figure, axes = pages.axes(_WIDTH, _WIDTH * _ratio(bounds))
        _lines(axes, told)
        _buildings(axes, told, short)
        _supplies(axes, told.supplies, bounds)
        _frame(axes, bounds)
        axes.set_position((0.0, 0.0, 1.0, 1.0))
        uri = pages.encoded(figure, dpi=_DPI, tight=False, form="webp")
    return Figure(uri, _alt(told), "Connectors are drawn like pipes; north is up.")


def _ratio(bounds: Any) -> float:
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    return float(np.clip(height / width if width else 1.0, 0.35, _TALLEST))


def _alt(told: Told) -> str:
    paths, buildings = told.paths, told.buildings
    length = grouped(paths.loc[paths["in_network"], "length_m"].sum())
    inside = int(buildings["in_network"].sum())
    used = told.supplies.loc[told.supplies["in_network"], "supply_id"]
    fed = f", fed by {', '.join(used)}" if len(used) else ""
    if not inside:
        return f"Map of {len(buildings)} buildings and the streets; no network among them"
    return f"Map of the network: {length} m of pipe to {inside} of {len(buildings)} buildings{fed}"


def _lines(axes: Any, told: Told) -> None:
    paths = told.paths
    _collect(axes, paths.loc[~paths["in_network"] & ~paths["connector"]], STREET, 1.0, 1)
    for size in sizes(told):
        chosen = paths[paths["in_network"] & (paths["diameter_mm"] == size.diameter)]
        _collect(axes, chosen, size.colour, size.width, 4)


def _collect(axes: Any, paths: pd.DataFrame, colour: str, width: float, level: int) -> None:
    from matplotlib.collections import LineCollection

    shapes = [shape for shape in paths["shape"] if shape is not None]
    parts = shapely.get_parts(np.array(shapes, dtype=object))
    lines = [shapely.get_coordinates(part) for part in parts if not part.is_empty]
    axes.add_collection(
        LineCollection(
            lines, colors=colour, linewidths=width, zorder=level, capstyle="round",
            joinstyle="round",
        )
    )  # fmt: skip


def _buildings(axes: Any, told: Told, short: Collection[str]) -> None:
    table = told.buildings
    # Of thousands each is small, and so are its outline and its marks.
    small = float(np.clip((500 / max(len(table), 1)) ** 0.5, 0.3, 1.0))
    for inside, fill in ((False, OUT), (True, IN)):
        _filled(axes, table[table["in_network"] == inside], fill, INK, 0.4 * small)
    _filled(axes, table[table["constraint"] == "required"], "none", REQUIRED, 1.8 * small)
    forbidden = table[table["constraint"] == "forbidden"]
    _marked(axes, forbidden, marker="x", s=22 * small, color=FORBIDDEN, linewidths=1.2, zorder=8)
    near = table[table["building_id"].isin(short)]
    _marked(
        axes,
        near,
        marker="o",
        s=75 * small,
        facecolors="none",
        edgecolors=SHORT,
        linewidths=1.6,
        zorder=9,
    )


def _filled(axes: Any, table: pd.DataFrame, fill: str, edge: str, width: float) -> None:
    from matplotlib.collections import PolyCollection

    shapes = [shape for shape in table["shape"] if shape is not None and not shape.is_empty]
    parts = shapely.get_parts(np.array(shapes, dtype=object))
    polygons = [shapely.get_coordinates(p.exterior) for p in parts if p.geom_type == "Polygon"]
    axes.add_collection(
        PolyCollection(polygons, facecolors=fill, edgecolors=edge, linewidths=width, zorder=3)
    )
    points = np.array([(p.x, p.y) for p in parts if p.geom_type == "Point"]).reshape(-1, 2)
    axes.scatter(
        *points.T, s=22 if fill != "none" else 40, facecolors=fill, edgecolors=edge,
        linewidths=width, zorder=5,
    )  # fmt: skip


def _marked(axes: Any, table: pd.DataFrame, **how: Any) -> None:
    spots = [shape.representative_point() for shape in table["shape"] if shape is not None]
    points = np.array([(spot.x, spot.y) for spot in spots]).reshape(-1, 2)
    axes.scatter(*points.T, **how)


def _supplies(axes: Any, supplies: pd.DataFrame, bounds: Any) -> None:
    from matplotlib.patheffects import withStroke

    halls = supplies[[s is not None and "Polygon" in s.geom_type for s in supplies["shape"]]]
    for used, fill in ((False, "#dcdcdc"), (True, "#b9cfe0")):
        _filled(axes, halls[halls["in_network"] == used], fill, INK, 0.6)
    for _, row in supplies.iterrows():
        if row["shape"] is None:
            continue
        at, used = row["shape"].representative_point(), bool(row["in_network"])
        right = at.x > 0.3 * bounds[0] + 0.7 * bounds[2]  # its name then stands to the left
        axes.plot(
            at.x, at.y, "*" if used else "D", ms=17 if used else 7, mec="white", mew=1.1,
            color=USED if used else UNUSED, zorder=20,
        )  # fmt: skip
        if used or len(supplies) <= _NAMED:
            axes.annotate(
                # A dollar sign would begin a formula.
                row["supply_id"].replace("$", r"\$"), (at.x, at.y), va="center", zorder=21,
                xytext=(-10, 0) if right else (10, 0), ha="right" if right else "left",
                textcoords="offset points", fontsize=10.5, color=INK,
                weight="bold" if used else "normal",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )  # fmt: skip


def _frame(axes: Any, bounds: Any) -> None:
    left, bottom, right, top = (float(value) for value in bounds)
    room = 0.03 * max(right - left, top - bottom, 1.0)
    axes.set(xlim=(left - room, right + room), ylim=(bottom - 2.6 * room, top + room))
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    length = _nice(0.22 * (right - left + 2 * room))
    at = bottom - 1.6 * room
    axes.plot([left, left + length], [at, at], color=INK, lw=2.5, solid_capstyle="butt")
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.text(left + length / 2, at + 0.25 * room, text, ha="center", va="bottom", color=INK)


def _nice(length: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is no longer."""
    power = 10.0 ** np.floor(np.log10(max(length, 1e-3)))
    return float(max(factor * power for factor in (1, 2, 5) if factor * power <= length))
