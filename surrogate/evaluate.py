"""A table's answer: from conditions to the values of an estimate.

Conditions become the cycle's own temperatures (:mod:`surrogate.pinch`), the
spline gives the refrigerant's side there (:mod:`surrogate.interpolate`), and
everything a user asks for follows from that by arithmetic. One point runs on
Python floats, many run on arrays, through the same formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.arithmetic import ARRAY, SCALAR, Arithmetic, Jet, Value
from surrogate.conditions import Conditions
from surrogate.limits import Limits
from surrogate.pinch import Waters, condenser_ua, evaporator_ua, step, waters
from surrogate.table import Table

KELVIN = 273.15

OK, OUTSIDE = 0, -1
"""Codes of an answer; a positive one is the code of a broken limit."""

CRITICAL = limits_module.NAMES.index("critical_temperature")

# A Newton step of this size [K] leaves an error below a thousandth of a kelvin.
_LAST_STEP = 0.3
_MAX_STEPS = 12
# Guesses are kept this near to the grid [K]: far outside, cubics run away.
_STRAY = 2.0
# Rounding alone must not put a point at the rim outside.
_RIM = 1e-9

# Arrays are answered in parts of this many points, which bounds the memory.
_PART = 250_000


# Outputs that tables of pure fluids leave out.
_PURE = {"condenser_glide": 0.0, "evaporator_glide": 0.0}


class Values(NamedTuple):
    """What a table says of one point or many, per watt of heat load.

    Attributes
    ----------
    cop : float or array
        Heat load over electric power [1].
    t_evap, t_cond, t_discharge : float or array
        Temperatures [degC].
    p_evap, p_cond : float or array
        Pressures [bar].
    superheat : float or array
        Superheat of the suction gas [K].
    mass_flow, suction_volume_flow : float or array
        Refrigerant flow per heat load [kg/J], [m3/J].
    ua_condenser, ua_evaporator : float or array
        UA per heat load [1/K].
    error : float or array
        Relative error of the COP that 95 % of held-out solves stay within [1].
    """

    cop: Value
    t_evap: Value
    t_cond: Value
    t_discharge: Value
    p_evap: Value
    p_cond: Value
    superheat: Value
    mass_flow: Value
    suction_volume_flow: Value
    ua_condenser: Value
    ua_evaporator: Value
    error: Value


class _State(NamedTuple):
    """What the rules on states look at."""

    t_evap: Value
    t_cond: Value
    t_discharge: Value
    p_evap: Value
    p_cond: Value
    t_critical: float
    t_triple: float


def answer_point(table: Table, c: Conditions, limits: Limits) -> tuple[int, Values | None]:
    """Answer one point from a table.

    Parameters
    ----------
    table : Table
        The table.
    c : Conditions
        Checked conditions that break no rule on conditions.
    limits : Limits
        Limits to apply to the interpolated state.

    Returns
    -------
    int
        0, :data:`OUTSIDE`, or the code of the limit that the point breaks.
    Values or None
        The values where the code is 0.
    """
    if not _in_domain(table, c):
        return OUTSIDE, None
    streams = waters(table.source_water, table.sink_water, c)
    t_evap, t_cond = _guess(SCALAR, table, c)
    slopes = 2 if table.branches > 1 or "evaporator_glide" in table.closure_outputs else 1
    for _ in range(_MAX_STEPS):
        width = table.t_cond_max - t_evap - table.min_lift
        share = 1.0 + (t_cond - table.t_cond_max) / width
        jet = table.closure.jet((share, t_evap, c.eta_s), slopes)
        outputs = _point_jets(table, jet, share, width)
        d_evap, d_cond = step(SCALAR, table.parameters, streams, t_evap, t_cond, outputs)
        t_evap, t_cond = _inside(SCALAR, table, t_evap + d_evap, t_cond + d_cond)
        if -_LAST_STEP < d_evap < _LAST_STEP and -_LAST_STEP < d_cond < _LAST_STEP:
            break
    else:
        return OUTSIDE, None
    width = table.t_cond_max - t_evap - table.min_lift
    share = 1.0 + (t_cond - table.t_cond_max) / width
    code = _outside_point(table, limits, t_evap, share)
    if code:
        return code, None
    place = (share, t_evap, c.eta_s)
    cell = table.grid.locate(place)
    row = table.grid.jet(place, 0)[0]
    branch = _branch_point(table, row)
    if not table.usable_list[branch][cell[0]][cell[1]][cell[2]]:
        return OUTSIDE, None
    start = branch * len(table.outputs)
    known = dict(zip(table.outputs, row[start : start + len(table.outputs)], strict=True))
    values = _values(SCALAR, table, c.eta_s, streams, t_evap, t_cond, known)
    code = limits_module.broken_state(limits, _state(table, values))
    if code:
        return code, None
    return OK, values._replace(error=table.regions.at(share, t_evap))


def answer_many(
    table: Table, c: Conditions, limits: Limits
) -> tuple[NDArray[np.int8], Values]:
    """Answer many points from a table.

    Parameters
    ----------
    table, limits
        As for :func:`answer_point`.
    c : Conditions
        As there, arrays of shape (n,).

    Returns
    -------
    array of int8, shape (n,)
        Codes as there.
    Values
        Arrays of shape (n,), NaN where the code is not 0.
    """
    count = len(c.eta_s)
    codes = np.empty(count, dtype=np.int8)
    values = Values(*(np.full(count, np.nan) for _ in Values._fields))
    for start in range(0, count, _PART):
        part = slice(start, start + _PART)
        _answer_part(table, c.take(part), limits, codes[part], Values(*(v[part] for v in values)))
    return codes, values


def _answer_part(
    table: Table, c: Conditions, limits: Limits, codes: NDArray[np.int8], into: Values
) -> None:
    """Answer a bounded number of points, into arrays that are given."""
    codes[:] = OUTSIDE
    inside = np.flatnonzero(_in_domain(table, c))
    if len(inside) == 0:
        return
    c = c if len(inside) == len(codes) else c.take(inside)
    streams = waters(table.source_water, table.sink_water, c)
    t_evap, t_cond, settled = _settle(table, c, streams)
    width = table.t_cond_max - t_evap - table.min_lift
    share = 1.0 + (t_cond - table.t_cond_max) / width
    result = np.where(settled, _outside_many(table, limits, t_evap, share), OUTSIDE)
    rows, cells = table.grid.jet_many((share, t_evap, c.eta_s), 0)
    half = len(table.outputs)
    if table.branches == 1:
        chosen, usable = rows[0], table.usable[0].ravel()[cells]
    else:
        wet = rows[0][table.discharge_superheat] < _needed(table)
        chosen = np.where(wet, rows[0][half:], rows[0][:half])
        usable = np.where(
            wet, table.usable[1].ravel()[cells], table.usable[0].ravel()[cells]
        )
    result[(result == OK) & ~usable] = OUTSIDE
    # Where there is no answer, states may be nonsense; they are dropped below.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        known = dict(zip(table.outputs, chosen, strict=True))
        values = _values(ARRAY, table, c.eta_s, streams, t_evap, t_cond, known)
        limits_module.mark_broken_states(limits, _state(table, values), result)
    values = values._replace(error=table.regions.at_many(share, t_evap))
    good = result == OK
    codes[inside] = result
    for source, target in zip(values, into, strict=True):
        target[inside] = np.where(good, source, np.nan)


def _in_domain(table: Table, c: Conditions) -> Any:
    """Whether the conditions lie in the ranges that the table was made for."""
    source_glide = c.t_source_in - c.t_source_out
    sink_glide = c.t_supply - c.t_return
    # Not chained: this must work on arrays as on floats.
    return (
        (c.t_supply >= table.t_supply.low - _RIM)
        & (c.t_supply <= table.t_supply.high + _RIM)
        & (source_glide >= table.source_glide.low - _RIM)
        & (source_glide <= table.source_glide.high + _RIM)
        & (sink_glide >= table.sink_glide.low - _RIM)
        & (sink_glide <= table.sink_glide.high + _RIM)
        & (c.eta_s >= table.eta_s.low - _RIM)
        & (c.eta_s <= table.eta_s.high + _RIM)
    )


def _guess(xp: Arithmetic, table: Table, c: Conditions) -> tuple[Value, Value]:
    """Start of the search for the pinch [degC]."""
    p = table.parameters
    t_cond = c.t_supply + p.pinch
    t_evap = c.t_source_out - p.pinch
    superheat = table.guess_superheat.at(t_evap, t_cond, c.eta_s)
    t_evap = xp.minimum(t_evap, c.t_source_in - p.pinch - superheat)
    run = c.t_supply - c.t_return
    for _ in range(2):
        share = table.guess_desuperheating.at(t_evap, t_cond, c.eta_s)
        t_cond = c.t_supply + p.pinch - xp.maximum(share, 0.0) * run
    return _inside(xp, table, t_evap, xp.maximum(t_cond, c.t_return + p.pinch + p.subcooling))


def _inside(xp: Arithmetic, table: Table, t_evap: Value, t_cond: Value) -> tuple[Value, Value]:
    """Keep a guess near the grid."""
    low, high = table.t_evap
    t_evap = xp.maximum(xp.minimum(t_evap, high + _STRAY), low - _STRAY)
    bottom = t_evap + (table.min_lift - _STRAY)
    return t_evap, xp.maximum(xp.minimum(t_cond, table.t_cond_max + _STRAY), bottom)


def _settle(
    table: Table, c: Conditions, streams: Waters
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Evaporating and condensing temperature of many points, and whether they were found."""
    t_evap, t_cond = _guess(ARRAY, table, c)
    slopes = 2 if table.branches > 1 or "evaporator_glide" in table.closure_outputs else 1
    open_points = np.arange(len(t_evap))
    everything = True
    for _ in range(_MAX_STEPS):
        te = t_evap if everything else t_evap[open_points]
        tc = t_cond if everything else t_cond[open_points]
        eta_s = c.eta_s if everything else c.eta_s[open_points]
        water = streams if everything else streams.take(open_points)
        width = table.t_cond_max - te - table.min_lift
        share = 1.0 + (tc - table.t_cond_max) / width
        jet, _ = table.closure.jet_many((share, te, eta_s), slopes)
        outputs = _many_jets(table, jet, share, width)
        d_evap, d_cond = step(ARRAY, table.parameters, water, te, tc, outputs)
        t_evap[open_points], t_cond[open_points] = _inside(ARRAY, table, te + d_evap, tc + d_cond)
        far = (np.abs(d_evap) >= _LAST_STEP) | (np.abs(d_cond) >= _LAST_STEP)
        open_points = open_points[far]
        everything = False
        if len(open_points) == 0:
            break
    settled = np.ones(len(t_evap), dtype=bool)
    settled[open_points] = False
    return t_evap, t_cond, settled


def _jets(
    names: tuple[str, ...], value: Any, by_share: Any, by_evap: Any, share: Value, width: Value
) -> dict[str, Jet]:
    """Slopes over the two temperatures from those over the coordinates."""
    per_kelvin = 1.0 / width
    # At fixed t_cond, lift_share falls with t_evap: its lower bound rises.
    lean = (share - 1.0) * per_kelvin
    return {
        name: (value[n], by_evap[n] + by_share[n] * lean, by_share[n] * per_kelvin)
        for n, name in enumerate(names)
    }


def _point_jets(
    table: Table, jet: list[list[float]], share: float, width: float
) -> dict[str, Jet]:
    names = table.closure_outputs
    value, by_share = jet[0], jet[1]
    if len(jet) < 3:
        # One branch of a pure fluid: evaporation does not depend on condensation.
        zeros = [0.0] * len(names)
        return _jets(names, value, by_share, zeros, share, width)
    by_evap = jet[2]
    if table.branches > 1 and value[table.closure_discharge_superheat] < _needed(table):
        half = len(names)
        value, by_share, by_evap = value[half:], by_share[half:], by_evap[half:]
    return _jets(names, value, by_share, by_evap, share, width)


def _many_jets(
    table: Table, jet: NDArray[np.float64], share: Value, width: Value
) -> dict[str, Jet]:
    names = table.closure_outputs
    half = len(names)
    if table.branches > 1:
        wet = jet[0, table.closure_discharge_superheat] < _needed(table)
        jet = np.where(wet, jet[:, half:], jet[:, :half])
    by_evap = jet[2] if len(jet) > 2 else [0.0] * half
    return _jets(names, jet[0], jet[1], by_evap, share, width)


def _needed(table: Table) -> float:
    return table.parameters.min_discharge_superheat


def _branch_point(table: Table, row: list[float]) -> int:
    if table.branches == 1:
        return 0
    return int(row[table.discharge_superheat] < _needed(table))


def _values(
    xp: Arithmetic,
    table: Table,
    eta_s: Value,
    streams: Waters,
    t_evap: Value,
    t_cond: Value,
    outputs: Mapping[str, Value],
) -> Values:
    """Everything an estimate holds, from the interpolated outputs."""
    p = table.parameters
    known = {**_PURE, **outputs}
    lift = t_cond - t_evap
    # COP of the cycle alone, before the motor's loss.
    inner = 1.0 + eta_s * known["quality"] * (t_evap + KELVIN) / lift
    mass_flow = 1e-3 / known["heat_per_mass"]
    return Values(
        cop=p.motor_efficiency * inner,
        t_evap=t_evap,
        t_cond=t_cond,
        t_discharge=t_cond + known["condenser_glide"] + known["discharge_superheat"],
        p_evap=xp.exp(known["log_p_evap"]),
        p_cond=xp.exp(known["log_p_cond"]),
        superheat=known["superheat"],
        mass_flow=mass_flow,
        suction_volume_flow=mass_flow * xp.exp(-known["log_suction_density"]),
        ua_condenser=condenser_ua(xp, p, streams.sink, t_cond, known),
        ua_evaporator=(1.0 - 1.0 / inner) * evaporator_ua(xp, streams.source, t_evap, known),
        error=0.0,
    )


def _state(table: Table, values: Values) -> _State:
    return _State(
        values.t_evap,
        values.t_cond,
        values.t_discharge,
        values.p_evap,
        values.p_cond,
        table.t_critical,
        table.t_triple,
    )


def _beyond_top(table: Table, limits: Limits) -> int:
    """What it means that condensation lies above the grid.

    Where the grid ends at the limit itself, the point is infeasible without
    any solve; where it ends before, only a solve can tell.
    """
    ends_at_limit = table.t_cond_max >= table.t_critical - limits.critical_margin - 1e-6
    return CRITICAL if ends_at_limit else OUTSIDE


def _outside_point(table: Table, limits: Limits, t_evap: float, share: float) -> int:
    low, high = table.t_evap
    if not low - _RIM <= t_evap <= high + _RIM or share < -_RIM:
        return OUTSIDE
    return _beyond_top(table, limits) if share > 1.0 + _RIM else OK


def _outside_many(
    table: Table, limits: Limits, t_evap: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.int8]:
    low, high = table.t_evap
    outside = (t_evap < low - _RIM) | (t_evap > high + _RIM) | (share < -_RIM)
    above = np.where(share > 1.0 + _RIM, _beyond_top(table, limits), OK)
    return np.where(outside, OUTSIDE, above).astype(np.int8)
