"""Capacity, part load and cycling of a plant, from any map of it.

The rules of :mod:`surrogate.limits` decide; nothing here knows where a map's
numbers come from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.limits import Limits, State
from surrogate.plantmap import ANSWERED, OUTSIDE, FloatArray, Levels, PlantMap, Running

SOURCE_OUTLET = limits_module.NAMES.index("source_outlet")
VOLUME_FLOW = limits_module.NAMES.index("suction_volume_flow")

DEGRADATION = 0.9
"""Factor Cc of a machine that cycles, EN 14825."""

# Places between the least and the largest volume flow at which limits are looked for.
_SCAN = 6
# The binding place is closed in to this width of the relative volume flow.
_CLOSE, _MOST_STEPS = 1e-6, 40
# Where in a bracket to look when the secant's place has no answer.
_ASIDE = 0.38
# A load this little above capacity is at it: no map knows its capacity better, and nobody
# wants a plant to fail its own design by rounding.
_AT_CAPACITY = 5e-4


class Reach(NamedTuple):
    """How far a plant reaches at some temperatures; loads relative to design.

    Attributes
    ----------
    code : array of int8, shape (n,)
        Whether the map has an answer, as in :class:`Running`.
    capacity : array
        Largest heat load [1]; 0 where no load is possible.
    limit : array of int8
        Code of the limit that sets it.
    lowest : array
        Lowest load at which the machine runs without a break [1].
    least, top : Running
        The machine at the turndown, as it runs while it cycles, and at its
        capacity.
    """

    code: NDArray[np.int8]
    capacity: FloatArray
    limit: NDArray[np.int8]
    lowest: FloatArray
    least: Running
    top: Running

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Reach:
        """Some of the points."""
        return Reach(
            self.code[index],
            self.capacity[index],
            self.limit[index],
            self.lowest[index],
            self.least.take(index),
            self.top.take(index),
        )


class Operated(NamedTuple):
    """A plant at work.

    Attributes
    ----------
    code : array of int8, shape (n,)
        Whether the map has an answer.
    broken : array of int8
        Code of the limit that an infeasible point breaks, else 0.
    power : array
        Electric power over the design's heat load [1], cycling included.
    cycling : array of bool
        Whether the machine cycles.
    running : Running
        The machine while it runs.
    reach : Reach
        Its capacity.
    """

    code: NDArray[np.int8]
    broken: NDArray[np.int8]
    power: FloatArray
    cycling: NDArray[np.bool_]
    running: Running
    reach: Reach

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Operated:
        """Some of the points."""
        return Operated(
            self.code[index],
            self.broken[index],
            self.power[index],
            self.cycling[index],
            self.running.take(index),
            self.reach.take(index),
        )


def part_load_factor(ratio: FloatArray) -> FloatArray:
    """Share of its COP that a cycling machine keeps [1].

    EN 14825: CR / (Cc CR + 1 - Cc) with Cc = 0.9 and ``ratio`` CR, the load
    over the lowest continuous load.

    Examples
    --------
    >>> part_load_factor(np.array([1.0, 0.5, 0.1])).round(4).tolist()
    [1.0, 0.9091, 0.5263]
    """
    result: FloatArray = ratio / (DEGRADATION * ratio + 1.0 - DEGRADATION)
    return result


def reach(plant_map: PlantMap, levels: Levels, limits: Limits) -> Reach:
    """How far a plant reaches: the load at which the first limit binds.

    Going up from the least load that keeps all limits. At most temperatures
    that is the suction volume flow at ``overspeed``; only where another limit
    is broken there, or the map ends before, is it looked for in between.

    Parameters
    ----------
    plant_map : PlantMap
        The plant.
    levels : Levels
        Temperatures that break no rule on conditions.
    limits : Limits
        What it must not exceed.
    """
    count = len(levels.t_source_in)
    top = plant_map.at_volume_flow(levels, np.full(count, limits.overspeed))
    limit = np.full(count, VOLUME_FLOW, dtype=np.int8)
    flow = np.full(count, limits.overspeed)
    with np.errstate(invalid="ignore"):
        kept = _excess(plant_map, top, limits).max(axis=0) <= limits_module.TOLERANCE
    broken = ~kept | (top.code != ANSWERED)
    if broken.any():
        members = np.flatnonzero(broken)
        part, which, place = _first_binding(plant_map, levels.take(members), limits)
        top.put(members, part)
        limit[members], flow[members] = which, place
    capacity = np.where(flow > 0.0, top.load, 0.0)
    least = plant_map.at_volume_flow(levels, np.full(count, limits.turndown))
    continuous = flow < limits.turndown - limits_module.TOLERANCE
    lowest = np.where(continuous, 0.0, np.minimum(least.load, capacity))
    code = np.where(continuous, top.code, np.maximum(top.code, least.code)).astype(np.int8)
    return Reach(code, capacity, limit, lowest, least, top)


def reach_once(plant_map: PlantMap, levels: Levels, limits: Limits) -> Reach:
    """As :func:`reach`, each set of temperatures once: for maps whose answers are costly."""
    table = np.column_stack(levels)
    different, place = np.unique(table, axis=0, return_inverse=True)
    found = reach(plant_map, Levels(*different.T.copy()), limits)
    return found.take(place.reshape(-1))


def operate(
    plant_map: PlantMap,
    levels: Levels,
    load: FloatArray,
    limits: Limits,
    far: Reach | None = None,
) -> Operated:
    """Run a plant at some heat loads.

    Parameters
    ----------
    plant_map : PlantMap
        The plant.
    levels : Levels
        Temperatures that break no rule on conditions.
    load : array, shape (n,)
        Heat loads relative to design, above 0.
    limits : Limits
        What it must not exceed.
    far : Reach, optional
        How far it reaches, where that is known already.
    """
    if far is None:
        far = reach(plant_map, levels, limits)
    known = far.code == ANSWERED
    above = known & (load > far.capacity * (1.0 + _AT_CAPACITY))
    cycling = known & (load < far.lowest) & ~above
    full = known & (load >= far.capacity) & ~above
    running = far.least.take(np.arange(len(load)))
    running.put(full, far.top.take(full))
    asked = np.flatnonzero(known & ~above & ~cycling & ~full)
    near = _near(load, far, limits)[asked]
    running.put(asked, plant_map.at_load(levels.take(asked), load[asked], near))
    code = np.maximum(far.code, running.code)
    code[above] = ANSWERED
    broken = np.where(above, far.limit, 0).astype(np.int8)
    inside = (code == ANSWERED) & ~above
    _mark(plant_map, running, limits, broken, inside)
    ratio = np.divide(load, far.lowest, out=np.ones(len(load)), where=cycling)
    # Power over that of the machine at its lowest load is CR over the factor: no COP of 0 in it.
    demand = np.where(cycling, far.lowest * (DEGRADATION * ratio + 1.0 - DEGRADATION), load)
    return Operated(code, broken, demand / running.cop, cycling, running, far)


def _near(load: FloatArray, far: Reach, limits: Limits) -> FloatArray:
    """Volume flows by a straight line through the least and the largest one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (load - far.least.load) / (far.top.load - far.least.load)
        flow = far.least.volume_flow + share * (far.top.volume_flow - far.least.volume_flow)
    return np.where(np.isfinite(flow), flow, load)


def state_of(plant_map: PlantMap, running: Running) -> State:
    """What the limits look at."""
    state = State.of(running, plant_map.t_critical, plant_map.t_triple)
    return state._replace(t_source_out=running.t_source_out, volume_flow=running.volume_flow)


def _mark(
    plant_map: PlantMap,
    running: Running,
    limits: Limits,
    broken: NDArray[np.int8],
    inside: NDArray[np.bool_],
) -> None:
    """Write the code of the first limit that each running machine breaks."""
    found = np.zeros(len(broken), dtype=np.int8)
    with np.errstate(invalid="ignore"):
        limits_module.mark_broken_plants(limits, state_of(plant_map, running), found)
    # A machine at its capacity stands at a limit, which rounding must not break.
    broken[inside] = found[inside]


def _excess(plant_map: PlantMap, running: Running, limits: Limits) -> FloatArray:
    """By how much each limit is exceeded, shape (limits, n); NaN without an answer."""
    return limits_module.plant_excess(limits, state_of(plant_map, running))


def _first_binding(
    plant_map: PlantMap, levels: Levels, limits: Limits
) -> tuple[Running, NDArray[np.int8], FloatArray]:
    """Find the volume flow at which the first limit binds; 0 where all are broken anyhow."""
    count = len(levels.t_source_in)
    low = plant_map.volume_flows[0]
    flows = np.linspace(low, limits.overspeed, _SCAN)
    excess = np.full((_SCAN, count), np.nan)
    which = np.zeros((_SCAN, count), dtype=np.int8)
    for number, flow in enumerate(flows):
        running = plant_map.at_volume_flow(levels, np.full(count, flow))
        each = _excess(plant_map, running, limits)
        each[:, running.code != ANSWERED] = np.nan
        excess[number] = each.max(axis=0)
        worst = np.where(np.isnan(each), -np.inf, each).argmax(axis=0)
        which[number] = limits_module.PLANT_CODES[worst]
    feasible = excess <= 0.0
    start = feasible.argmax(axis=0)
    after = np.arange(_SCAN)[:, None] > start
    # A place without an answer ends it only where no limit is seen to bind beyond.
    binds, blind = after & (excess > 0.0), after & np.isnan(excess)
    ends = np.where(binds.any(axis=0), binds, blind)
    stop = np.where(ends.any(axis=0), ends.argmax(axis=0), _SCAN - 1)
    keeping = np.where(feasible & (np.arange(_SCAN)[:, None] < stop), np.arange(_SCAN)[:, None], 0)
    before = keeping.max(axis=0)
    everyone = np.arange(count)
    possible = feasible.any(axis=0)
    close, limit = np.full(count, low), np.zeros(count, dtype=np.int8)
    found = np.zeros(count, dtype=np.bool_)
    some = np.flatnonzero(possible)
    close[some], limit[some], found[some] = _close_in(
        plant_map,
        levels.take(some),
        limits,
        (flows[before[some]], flows[stop[some]]),
        (excess[before[some], some], excess[stop[some], some]),
    )
    place = np.where(possible, close, 0.0)
    running = plant_map.at_volume_flow(levels, close)
    # What ends where the map does, not at a limit, is unknown.
    unseen = possible & ~found
    running.code[unseen] = np.maximum(running.code[unseen], OUTSIDE)
    # Nothing possible: the limit broken at the least flow that the map knows. Were it the source's
    # outlet, still less flow would do.
    known = ~np.isnan(excess)
    limit = np.where(possible, limit, which[known.argmax(axis=0), everyone]).astype(np.int8)
    hopeless = ~possible & known.any(axis=0) & (limit != SOURCE_OUTLET)
    running.code[hopeless] = ANSWERED
    running.code[~possible & ~hopeless] = np.maximum(running.code[~possible & ~hopeless], OUTSIDE)
    return running, limit, place


def _close_in(
    plant_map: PlantMap,
    levels: Levels,
    limits: Limits,
    bracket: tuple[FloatArray, FloatArray],
    excess: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, NDArray[np.int8], NDArray[np.bool_]]:
    """Close in on where the largest excess is 0, from a flow that keeps and one that breaks.

    The Illinois method (Dowell and Jarratt, BIT 11, 1971) on all points at
    once; returns the flow on the side that keeps the limits, the limit, and
    whether one was found at all.
    """
    low, high, below, above = (values.copy() for values in (*bracket, *excess))
    limit = np.zeros(len(low), dtype=np.int8)
    side = np.zeros(len(low), dtype=np.int8)
    blind = np.zeros(len(low), dtype=np.bool_)
    open_ = np.arange(len(low))
    for _ in range(_MOST_STEPS):
        if len(open_) == 0:
            break
        a, b, f, g = low[open_], high[open_], below[open_], above[open_]
        with np.errstate(invalid="ignore", divide="ignore"):
            place = np.clip(a - f * (b - a) / (g - f), a, b)
        # Where a map had no answer amid places that have one, another place is tried.
        place = np.where(np.isfinite(place) & ~blind[open_], place, a + _ASIDE * (b - a))
        running = plant_map.at_volume_flow(levels.take(open_), place)
        each = _excess(plant_map, running, limits)
        largest = each.max(axis=0)
        worst = np.where(np.isnan(each), -np.inf, each).argmax(axis=0)
        limit[open_] = limits_module.PLANT_CODES[worst]
        blind[open_] = np.isnan(largest) & np.isfinite(g) & ~blind[open_]
        open_, seen = open_[~blind[open_]], ~blind[open_]
        a, b, f, g = a[seen], b[seen], f[seen], g[seen]
        place, largest = place[seen], largest[seen]
        keeps = largest <= 0.0
        # Halving the far side's excess keeps the secant from creeping.
        above[open_] = np.where(keeps, np.where(side[open_] == 1, 0.5 * g, g), largest)
        below[open_] = np.where(keeps, largest, np.where(side[open_] == -1, 0.5 * f, f))
        near = np.abs(largest) <= _CLOSE
        low[open_] = np.where(keeps | near, place, a)
        high[open_] = np.where(keeps, b, place)
        side[open_] = np.where(keeps, 1, -1)
        done = near | (high[open_] - low[open_] <= _CLOSE)
        open_ = np.concatenate([open_[~done], np.flatnonzero(blind)])
    return low, limit, np.isfinite(above)
