"""A plant's way to an answer: its own table, else the regressor, else full solves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.conditions import Conditions, Container, Operation
from surrogate.errors import InputError, OutsideTableError, TooManySolvesError
from surrogate.estimate import (
    ORIGIN_NONE,
    ORIGIN_REGRESSOR,
    ORIGIN_SOLVE,
    ORIGIN_TABLE,
    STATUS_INFEASIBLE,
    STATUS_NOT_CONVERGED,
    STATUS_OFF,
    STATUS_OK,
    STATUS_OUTSIDE,
)
from surrogate.identity import Identity
from surrogate.limits import Limits
from surrogate.operate import Operated, Reach, operate, reach_once
from surrogate.plantestimate import PLANT_QUANTITIES, PlantEstimate
from surrogate.plantmap import ANSWERED, Levels, PlantMap
from surrogate.query import SHOW_PROGRESS_AFTER, Ticker
from surrogate.solved import SolvedMap

METHODS = ("table", "regressor", "solve")
"""Where answers come from, in the order in which they are asked."""

SECONDS_PER_SOLVE = 0.4
"""Typical time of a point of a plant in full, its capacity included [s]."""

_ORIGINS = {"table": ORIGIN_TABLE, "regressor": ORIGIN_REGRESSOR, "solve": ORIGIN_SOLVE}

# Quantities of a running machine: those that are as they are, and those per heat load.
_STATES = (
    "t_evap", "t_cond", "t_discharge", "t_source_out", "p_evap", "p_cond", "superheat", "eta_s",
    "error",
)  # fmt: skip
_PER_LOAD = ("mass_flow", "ua_condenser", "ua_evaporator")
# What a plant that is off has none of.
_OFF = ("power", "heat_source", "mass_flow", "suction_volume_flow", "error")


class PlantRequest(NamedTuple):
    """How a caller wants to be answered.

    ``maps`` are the maps that may answer, each under its method and made
    only when it is asked; ``volume_flow`` and ``heat_load`` are the design's
    suction volume flow [m3/s] and heat load [W].
    """

    identity: Identity
    maps: dict[str, Callable[[], PlantMap | None]]
    heat_load: float
    volume_flow: float
    limits: Limits
    outside: str
    max_solves: int


def check_method(method: Any) -> None:
    """Check which way a caller wants answers to come.

    Raises
    ------
    InputError
        If it is none of :data:`METHODS`.
    """
    if method is not None and not (isinstance(method, str) and method in METHODS):
        raise InputError(
            f"method = {method!r}, but it must be one of {', '.join(METHODS)}, or None"
        )


def answer(request: PlantRequest, c: Operation, container: Container) -> PlantEstimate:
    """Answer checked operating points, arrays of shape (n,).

    Raises
    ------
    OutsideTableError
        If no map but a full solve has an answer and the request says ``"raise"``.
    TooManySolvesError
        If the points left to full solves are more than the request allows.
    """
    count = len(c.heat_load)
    values = {name: np.full(count, np.nan) for name in (*PLANT_QUANTITIES, "t_source_out", "eta_s")}
    values |= {name: np.array(column) for name, column in c._asdict().items()}
    codes = {
        "status": np.full(count, STATUS_OUTSIDE, dtype=np.int8),
        "limit": np.zeros(count, dtype=np.int8),
        "origin": np.full(count, ORIGIN_NONE, dtype=np.int8),
    }
    values["cycling"] = np.zeros(count, dtype=np.bool_)
    off = c.heat_load == 0.0
    codes["status"][off] = STATUS_OFF
    _rule_out(request, c, values, codes)
    for method in [m for m in METHODS if m in request.maps and m != "solve"]:
        _ask(request, method, c, values, codes)
    left = np.flatnonzero(codes["status"] == STATUS_OUTSIDE)
    if len(left) and request.outside == "raise":
        raise OutsideTableError(
            f"{c.point(int(left[0])).describe()} lies outside ({len(left)} of {count} points): "
            f"{_covered(request)}; leave outside='solve' for full solves"
        )
    if len(left) and request.outside == "solve" and "solve" in request.maps:
        _check_count(request, len(left))
        _ask(request, "solve", c, values, codes)
    _settle_off(request, c, values, codes)
    return PlantEstimate({**values, **codes}, container, request.limits).unwrapped()


def _rule_out(
    request: PlantRequest,
    c: Operation,
    values: dict[str, NDArray[Any]],
    codes: dict[str, NDArray[np.int8]],
) -> None:
    """Mark points whose temperatures alone break a limit: nothing can be delivered there."""
    sizing = request.identity.sizing
    assert sizing is not None
    held = sizing.source_control == "outlet"
    outlet = np.full(len(c.heat_load), sizing.t_source_out) if held else c.t_source_in
    conditions = Conditions(
        c.t_source_in, outlet, c.t_return, c.t_supply, c.heat_load, sizing.eta_s
    )
    limits_module.mark_broken_operations(
        request.limits, conditions, codes["limit"], sizing.source_control
    )
    broken = codes["limit"] > 0
    codes["status"][broken & (codes["status"] == STATUS_OUTSIDE)] = STATUS_INFEASIBLE
    values["capacity"][broken] = values["lowest_load"][broken] = 0.0


def _ask(
    request: PlantRequest,
    method: str,
    c: Operation,
    values: dict[str, NDArray[Any]],
    codes: dict[str, NDArray[np.int8]],
) -> None:
    """Let one map answer what is still open."""
    left = np.flatnonzero(codes["status"] == STATUS_OUTSIDE)
    if len(left) == 0:
        return
    plant_map = request.maps[method]()
    if plant_map is None:
        return
    part = c.take(left)
    levels = Levels(part.t_source_in, part.t_return, part.t_supply)
    load = part.heat_load / request.heat_load
    with _shown(plant_map, len(left)):
        # A full solve of a capacity is costly, and hours share their temperatures.
        far = reach_once(plant_map, levels, request.limits) if method == "solve" else None
        found = operate(plant_map, levels, load, request.limits, far)
    known = found.code == ANSWERED
    if method == "solve":
        failed = left[~known]
        codes["status"][failed] = STATUS_NOT_CONVERGED
        codes["origin"][failed] = ORIGIN_SOLVE
    _write_reach(request, left, found.reach, values, codes)
    _write(request, left[known], found.take(known), values, codes)
    codes["origin"][left[known]] = _ORIGINS[method]


def _write_reach(
    request: PlantRequest,
    index: NDArray[np.intp],
    far: Reach,
    values: dict[str, NDArray[Any]],
    codes: dict[str, NDArray[np.int8]],
) -> None:
    """Write how far the plant reaches wherever that is known, whatever becomes of the point."""
    known = far.code == ANSWERED
    values["capacity"][index[known]] = far.capacity[known] * request.heat_load
    values["lowest_load"][index[known]] = far.lowest[known] * request.heat_load
    codes["limit"][index[known]] = far.limit[known]


def _write(
    request: PlantRequest,
    index: NDArray[np.intp],
    found: Operated,
    values: dict[str, NDArray[Any]],
    codes: dict[str, NDArray[np.int8]],
) -> None:
    """Write what a map found, in the user's units."""
    size = request.heat_load
    runs = found.broken == 0
    codes["status"][index] = np.where(runs, STATUS_OK, STATUS_INFEASIBLE)
    codes["limit"][index] = np.where(runs, found.reach.limit, found.broken)
    good, running = index[runs], found.running.take(runs)
    for name in _STATES:
        values[name][good] = getattr(running, name)
    for name in _PER_LOAD:
        values[name][good] = getattr(running, name) * size
    values["suction_volume_flow"][good] = running.volume_flow * request.volume_flow
    values["cycling"][good] = found.cycling[runs]
    load, power = values["heat_load"][good], found.power[runs] * size
    values["power"][good], values["cop"][good] = power, load / power
    motor = request.identity.parameters.motor_efficiency
    values["heat_source"][good] = load - motor * power


def _settle_off(
    request: PlantRequest,
    c: Operation,
    values: dict[str, NDArray[Any]],
    codes: dict[str, NDArray[np.int8]],
) -> None:
    """A plant without a load is off; its capacity is told where that costs no full solve."""
    off = np.flatnonzero(codes["status"] == STATUS_OFF)
    for name in _OFF:
        values[name][off] = 0.0
    for method, make in request.maps.items():
        left = off[np.isnan(values["capacity"][off])]
        plant_map = make() if len(left) and (method != "solve" or len(request.maps) == 1) else None
        if plant_map is not None:
            part = c.take(left)
            levels = Levels(part.t_source_in, part.t_return, part.t_supply)
            far = reach_once(plant_map, levels, request.limits)
            _write_reach(request, left, far, values, codes)


def _covered(request: PlantRequest) -> str:
    """What table and regressor of a plant cover, in words."""
    sizing = request.identity.sizing
    assert sizing is not None
    said = []
    for method, make in request.maps.items():
        plant_map = make() if method != "solve" else None
        if plant_map is not None:
            ranges = plant_map.covers(sizing)
            words = ", ".join(f"{name} {low:.4g} to {high:.4g}" for name, low, high in ranges)
            said.append(f"the {method} covers {words}")
    return "; ".join(said) or "the plant has neither table nor regressor"


def _check_count(request: PlantRequest, count: int) -> None:
    if count <= request.max_solves:
        return
    points = "point needs full solves" if count == 1 else "points need full solves"
    raise TooManySolvesError(
        f"{count} {points}, some {count * SECONDS_PER_SOLVE:.0f} s in all and more near limits, "
        f"but max_solves = {request.max_solves}: {_covered(request)}. Make the plant's table, wide "
        "enough, with plant.tabulate() or `surrogate generate plant SPEC.toml`, or give a larger "
        "max_solves, or outside='nan' to leave them out"
    )


@contextmanager
def _shown(plant_map: PlantMap, points: int) -> Iterator[None]:
    """Show progress of full solves once they have taken a while."""
    if not isinstance(plant_map, SolvedMap):
        yield
        return
    # Most points take three solves; those at a limit, more.
    with Ticker("full solves of the plant", 3 * points, SHOW_PROGRESS_AFTER) as ticker:
        plant_map.tick = ticker.tick
        try:
            yield
        finally:
            plant_map.tick = lambda: None
