"""Where the worst points lie, and why: causes worked out from the numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.limits import DEFAULT_LIMITS
from surrogate.regressor import DOMAIN
from surrogate.search import lift_share

from .samples import Points, Sampled
from .words import LABELS

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

WORST = 10
"""Points that are shown."""

SOLVER = 5e-6
"""Relative COP error [1] up to which the solver's own tolerance explains all."""

# What counts as near: to the critical temperature and to the raised superheat [K], to freezing
# [degC], to a rim over the range, and the share of points whose lift counts as small.
_NEAR_CRITICAL, _NEAR_KINK, _NEAR_FREEZING, _NEAR_RIM, _SMALL_LIFT = 10.0, 1.0, 1.0, 0.02, 0.05
_HIGH_RATIO = 0.8
_ETA_S_LOW = 0.65
_UNKNOWN = "none of the known causes: interpolation alone"
# A cause is so many times more frequent among the worst points than among all.
_TELLING = 1.5
# Axes of a design table in words.
_DESIGN_AXES = ["the lift", "the evaporating temperature", "the isentropic efficiency"]
_TOLERANCE = "no more than the solver's own tolerance"


@dataclass(frozen=True)
class Worst:
    """One of the worst points.

    Attributes
    ----------
    place : str
        ``"inside"`` or ``"rim"``.
    coordinates : dict of str to float
        Where it lies.
    cop, error, bound : float
        COP of the full solve [1], relative error and promised error [1].
    causes : list of str
        Why.
    """

    place: str
    coordinates: dict[str, float]
    cop: float
    error: float
    bound: float
    causes: list[str]


@dataclass(frozen=True)
class Cause:
    """How often a cause is found: among the worst points and among all [1]."""

    name: str
    worst: float
    everywhere: float


def worst_points(sampled: Sampled) -> tuple[list[Worst], list[Cause]]:
    """Find the worst points inside and on the rims, and what sets them apart.

    Returns
    -------
    list of Worst
        The worst first.
    list of Cause
        All causes that any of them has; the most telling first.
    """
    parts = (sampled.inside, sampled.edge)
    known = [causes(sampled, points) for points in parts]
    names = list(dict.fromkeys(name for part in known for name in part))
    everywhere = {name: _share(name, parts, known) for name in names}
    found = [
        _worst(place, points, int(n), part)
        for place, points, part in zip(("inside", "rim"), parts, known, strict=True)
        for n in _largest(points)
    ]
    chosen = sorted(found, key=lambda point: -abs(point.error))[:WORST]
    counted = [
        Cause(name, sum(name in w.causes for w in chosen) / len(chosen), everywhere[name])
        for name in names
        if any(name in w.causes for w in chosen)
    ]
    # What holds as often anywhere else sets them not apart.
    kept = [c for c in counted if c.name == _TOLERANCE or c.worst >= _TELLING * c.everywhere]
    telling = {cause.name for cause in kept}
    explained = [
        replace(w, causes=[name for name in w.causes if name in telling] or [_UNKNOWN])
        for w in chosen
    ]
    return explained, sorted(kept, key=lambda c: -(c.worst - c.everywhere))


def _share(name: str, parts: tuple[Points, ...], known: list[dict[str, BoolArray]]) -> float:
    """Share of all answered points that have a cause [1]."""
    here = [
        part.get(name, np.zeros(len(points.answered), dtype=np.bool_))[points.answered]
        for points, part in zip(parts, known, strict=True)
    ]
    return float(np.concatenate(here).mean()) if sum(map(len, here)) else 0.0


def _largest(points: Points) -> NDArray[np.intp]:
    """The worst of some points."""
    members = np.flatnonzero(points.answered)
    return members[np.argsort(-np.abs(points.errors["cop"][members]))][:WORST]


def _worst(place: str, points: Points, n: int, known: dict[str, BoolArray]) -> Worst:
    names = [name for name, here in known.items() if here[n]]
    if _TOLERANCE in names:
        # Such an error needs no other cause.
        names = [_TOLERANCE]
    return Worst(
        place=place,
        coordinates={name: float(values[n]) for name, values in points.coordinates.items()},
        cop=float(points.true["cop"][n]),
        error=float(points.errors["cop"][n]),
        bound=float(points.bound[n]),
        causes=names,
    )


def causes(sampled: Sampled, points: Points) -> dict[str, BoolArray]:
    """Whether each point has each known cause of errors."""
    known = _of_machine(sampled, points)
    if sampled.identity.kind != "regressor":
        known |= _of_grid(sampled, points)
    rims = _rims(sampled, points)
    return {**known, **{name: here for name, here in rims.items() if here.any()}}


def _of_machine(sampled: Sampled, points: Points) -> dict[str, BoolArray]:
    """Causes that lie in the machine's state."""
    true, file = points.true, sampled.file
    with np.errstate(invalid="ignore"):
        lift = true["t_cond"] - true["t_evap"]
        inner = sampled.inside.true
        usual = inner["t_cond"] - inner["t_evap"]
        small = np.nanquantile(usual, _SMALL_LIFT)
        known = {
            _TOLERANCE: np.abs(points.errors["cop"]) <= SOLVER,
            f"small lift (below {small:.0f} K)": lift <= small,
            f"pressure ratio above {_HIGH_RATIO * DEFAULT_LIMITS.pressure_ratio_max:g}": (
                true["pressure_ratio"] >= _HIGH_RATIO * DEFAULT_LIMITS.pressure_ratio_max
            ),
            f"source outlet below {_NEAR_FREEZING:g} °C": true["t_source_out"] <= _NEAR_FREEZING,
            "near the kink where superheat is raised": _near_kink(sampled, true),
            "superheat raised for a dry discharge": (
                true["superheat"] > sampled.identity.parameters.superheat + _NEAR_KINK
            ),
        }
        if sampled.identity.kind == "regressor":
            known["efficiency below 0.65, where the design table is extrapolated"] = (
                true["eta_s"] < _ETA_S_LOW
            )
        critical = _critical(file)
        if np.isfinite(critical):
            known[f"within {_NEAR_CRITICAL:g} K of the critical temperature"] = (
                true["t_cond"] >= critical - _NEAR_CRITICAL
            )
    return known


def _critical(file: Any) -> float:
    """Critical temperature that a file names [degC]; a regressor names none."""
    return float(getattr(file, "t_critical", np.nan))


def _near_kink(sampled: Sampled, true: dict[str, FloatArray]) -> BoolArray:
    """Points where the suction superheat is, or nearly is, raised for a dry discharge.

    Where the full solve tells the discharge's superheat that says it from both
    sides; else the raised part of the suction's does, from one.
    """
    parameters = sampled.identity.parameters
    raised = true["superheat"] - parameters.superheat
    result: BoolArray = (raised > 1e-6) & (raised < _NEAR_KINK)
    if "discharge_superheat" in true:
        above = true["discharge_superheat"] - parameters.min_discharge_superheat
        result |= (above < _NEAR_KINK) & (raised < _NEAR_KINK)
    return result


def _of_grid(sampled: Sampled, points: Points) -> dict[str, BoolArray]:
    """Whether points lie beside cells of the grid that queries may not use."""
    places = _places(sampled, points)
    pieces = sampled.file.pieces
    # The branch that answers: superheat as it is, or raised.
    raised = points.true["superheat"] > sampled.identity.parameters.superheat + 1e-6
    branch = np.minimum(raised, len(pieces) - 1).astype(np.intp)
    beside = np.zeros(len(branch), dtype=np.bool_)
    for number, piece in enumerate(pieces):
        beside |= (branch == number) & _beside_closed(piece, places)
    return {"beside a hole of the grid": beside, **_outermost(sampled, places)}


def _outermost(sampled: Sampled, places: list[FloatArray]) -> dict[str, BoolArray]:
    """Points in the outermost cells of an axis: not-a-knot makes them twice as wide as others."""
    plant = sampled.identity.kind == "plant"
    names = [LABELS[name] for name in sampled.file.ranges] if plant else _DESIGN_AXES
    known = {}
    for name, axis, place in zip(names, sampled.file.pieces[0].grid.axes, places, strict=True):
        cell = axis.locate_many(place)
        known[f"in the first, wide cell of {name}"] = cell <= 0
        known[f"in the last, wide cell of {name}"] = cell >= axis.cells - 1
    return known


def _beside_closed(piece: Any, places: list[FloatArray]) -> BoolArray:
    """Points whose cell has a closed one among its neighbours."""
    cells = [
        np.clip(axis.locate_many(place), 0, axis.cells - 1)
        for axis, place in zip(piece.grid.axes, places, strict=True)
    ]
    closed = ~np.pad(piece.usable, 1, constant_values=True)
    result = np.zeros(len(places[0]), dtype=np.bool_)
    for shift in np.ndindex(*(3,) * len(cells)):
        result |= closed[tuple(cell + step for cell, step in zip(cells, shift, strict=True))]
    return result


def _places(sampled: Sampled, points: Points) -> list[FloatArray]:
    """Points in the coordinates of the file's grid; 0 where they are not solved."""
    if sampled.identity.kind == "plant":
        return [points.coordinates[name] for name in sampled.file.ranges]
    true = points.true
    share = lift_share(sampled.file, true["t_evap"], true["t_cond"])
    return [np.nan_to_num(x) for x in (share, true["t_evap"], true["eta_s"])]


def _rims(sampled: Sampled, points: Points) -> dict[str, BoolArray]:
    """Points within 2 % of an end of a coordinate's range."""
    known = {}
    for name, values in points.coordinates.items():
        low, high = _range(sampled, name)
        near = _NEAR_RIM * (high - low)
        text = LABELS.get(name, name)
        known[f"{text} at its lower end"] = values <= low + near
        known[f"{text} at its upper end"] = values >= high - near
    return known


def _range(sampled: Sampled, name: str) -> tuple[float, float]:
    """Range of a coordinate: the file's, or of a design table the one of its points."""
    if sampled.identity.kind == "regressor":
        low, high = sampled.file.domain[list(DOMAIN).index(name)]
        return float(low), float(high)
    if sampled.identity.kind == "plant":
        low, high = sampled.file.ranges[name]
        return float(low), float(high)
    parts = [part.coordinates[name] for part in (sampled.inside, sampled.edge)]
    both = np.concatenate(parts)
    return float(both.min()), float(both.max())
