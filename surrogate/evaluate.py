"""A table's answer: from conditions to the values of an estimate.

Conditions become the cycle's own temperatures and the refrigerant's side there
(:mod:`surrogate.search`), and everything a user asks for follows from that by
arithmetic. One point runs on Python floats, many run on arrays, through the
same formulas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.arithmetic import ARRAY, SCALAR, Arithmetic, Value
from surrogate.conditions import Conditions
from surrogate.limits import Limits, State
from surrogate.pinch import (
    Waters,
    condenser_ends,
    condenser_ua,
    evaporator_ends,
    evaporator_ua,
    waters,
)
from surrogate.search import Settled, guess, known_evaporation, lift_share, settle
from surrogate.tablemodel import RIM, Table
from surrogate.units import KELVIN

OK, OUTSIDE = 0, -1
"""Codes of an answer; a positive one is the code of a broken limit."""

CRITICAL = limits_module.NAMES.index("critical_temperature")

# A search may pass through this many cells and branches, one after the other.
_MAX_PIECES = 12


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


QUANTITIES = Values._fields[:-1]
"""Values that a full solve gives, too, under the same names: all but the error."""

PER_HEAT = ("mass_flow", "suction_volume_flow", "ua_condenser", "ua_evaporator")
"""Those of them that scale with the heat load."""


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
    if _hopeless(table, c, limits):
        return CRITICAL, None
    if not _in_domain(table, c):
        return OUTSIDE, None
    streams = waters(table.source_water, table.sink_water, c)
    t_evap, t_cond, branch = guess(SCALAR, table, c)
    for _ in range(_MAX_PIECES):
        piece = table.pieces[branch]
        cell = piece.grid.locate((lift_share(table, t_evap, t_cond), t_evap, c.eta_s))
        found = settle(SCALAR, table, branch, cell, c, streams, t_evap, t_cond)
        t_cond, branch = found.t_cond, found.branch
        t_evap = known_evaporation(SCALAR, table, branch, c, found.t_evap)
        if not found.astray:
            break
    else:
        return OUTSIDE, None
    share = lift_share(table, t_evap, t_cond)
    code = _beyond(SCALAR, table, limits, t_evap, share)
    if code:
        return code, None
    if not piece.usable_list[cell[0]][cell[1]][cell[2]]:
        return OUTSIDE, None
    values = _values(SCALAR, table, c.eta_s, streams, found, table.regions.at(share, t_evap))
    code = limits_module.broken_state(limits, State.of(values, table.t_critical, table.t_triple))
    if code:
        return code, None
    return (OK, values) if _sound(found.outputs) else (OUTSIDE, None)


def answer_many(table: Table, c: Conditions, limits: Limits) -> tuple[NDArray[np.int8], Values]:
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
    codes = np.where(_hopeless(table, c, limits), CRITICAL, OUTSIDE).astype(np.int8)
    # A row for each point: its values are scattered to one place in memory, not to twelve.
    rows = np.full((count, len(Values._fields)), np.nan)
    given = np.column_stack(c)
    left = np.flatnonzero(_in_domain(table, c) & (codes == OUTSIDE))
    t_evap, t_cond, branch = guess(ARRAY, table, c if len(left) == count else c.take(left))
    for _ in range(_MAX_PIECES):
        if len(left) == 0:
            break
        places = (lift_share(table, t_evap, t_cond), t_evap, c.eta_s[left])
        again = np.zeros(len(left), dtype=bool)
        for number, cell, members in _groups(table, branch, places):
            points = left[members]
            found = _answer_group(
                table,
                number,
                cell,
                Conditions(*given[points].T.copy()),
                limits,
                t_evap[members],
                t_cond[members],
            )
            codes[points], again[members] = found.codes, found.astray
            if found.astray.any():
                t_evap[members], t_cond[members] = found.values.t_evap, found.values.t_cond
                branch[members] = found.branch
            good = found.codes == OK
            rows[points[good]] = np.stack(found.values, axis=1)[good]
        left, t_cond, branch = left[again], t_cond[again], branch[again]
        t_evap = known_evaporation(ARRAY, table, branch, c.take(left), t_evap[again])
    return codes, Values(*rows.T)


def _groups(
    table: Table, branch: NDArray[np.int8], places: Sequence[NDArray[np.float64]]
) -> Iterator[tuple[int, tuple[int, ...], NDArray[np.intp]]]:
    """Occupied cells of each branch, with the points in them."""
    if len(table.pieces) == 1:
        for cell, members in table.pieces[0].grid.groups(places):
            yield 0, cell, members
        return
    for number, piece in enumerate(table.pieces):
        mine = np.flatnonzero(branch == number)
        for cell, members in piece.grid.groups([place[mine] for place in places]):
            yield number, cell, mine[members]


class _Group(NamedTuple):
    """Answers to the points of one cell."""

    codes: NDArray[np.int8]
    values: Values
    branch: NDArray[np.int8]
    astray: NDArray[np.bool_]


def _answer_group(
    table: Table,
    branch: int,
    cell: tuple[int, ...],
    c: Conditions,
    limits: Limits,
    t_evap: NDArray[np.float64],
    t_cond: NDArray[np.float64],
) -> _Group:
    """Answer points whose search starts in one cell."""
    streams = waters(table.source_water, table.sink_water, c)
    found = settle(ARRAY, table, branch, cell, c, streams, t_evap, t_cond)
    share = lift_share(table, found.t_evap, found.t_cond)
    codes = _beyond(ARRAY, table, limits, found.t_evap, share).astype(np.int8)
    codes[found.astray] = OUTSIDE
    if not table.pieces[branch].usable[cell]:
        codes[codes == OK] = OUTSIDE
    # Where there is no answer, states may be nonsense; nothing is kept of them.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = table.regions.at_many(share, found.t_evap)
        values = _values(ARRAY, table, c.eta_s, streams, found, error)
        limits_module.mark_broken_states(
            limits, State.of(values, table.t_critical, table.t_triple), codes
        )
        codes[(codes == OK) & ~_sound(found.outputs)] = OUTSIDE
    return _Group(codes, values, found.branch, found.astray)


def _sound(outputs: Mapping[str, Value]) -> Value:
    """Whether interpolated outputs are those of a machine that takes heat from its source.

    Far above the pressure ratios that machines run at, cells border on nodes
    without a state, and the spline runs into what they were filled with.
    """
    return (outputs["quality"] > 0.0) & (outputs["superheating_share"] < 1.0)


def _hopeless(table: Table, c: Conditions, limits: Limits) -> Any:
    """Whether the return alone asks for condensation beyond its limit, whatever the rest."""
    p = table.parameters
    lowest = c.t_return + p.pinch + p.subcooling
    return lowest > table.t_critical - limits.critical_margin + limits_module.TOLERANCE


def _in_domain(table: Table, c: Conditions) -> Any:
    """Whether the conditions lie in the ranges that the table was made for."""
    source_glide = c.t_source_in - c.t_source_out
    sink_glide = c.t_supply - c.t_return
    supply, source, sink, eta_s = table.rims
    # Not chained: this must work on arrays as on floats.
    return (
        (c.t_supply >= supply.low)
        & (c.t_supply <= supply.high)
        & (source_glide >= source.low)
        & (source_glide <= source.high)
        & (sink_glide >= sink.low)
        & (sink_glide <= sink.high)
        & (c.eta_s >= eta_s.low)
        & (c.eta_s <= eta_s.high)
    )


def _values(
    xp: Arithmetic,
    table: Table,
    eta_s: Value,
    streams: Waters,
    found: Settled,
    error: Value,
) -> Values:
    """Everything an estimate holds, from the interpolated outputs."""
    p = table.parameters
    t_evap, t_cond = found.t_evap, found.t_cond
    known = found.outputs
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
        ua_condenser=condenser_ua(xp, condenser_ends(p, streams.sink, t_cond, known), known),
        ua_evaporator=(1.0 - 1.0 / inner)
        * evaporator_ua(xp, evaporator_ends(streams.source, t_evap, known), known),
        error=error,
    )


def _beyond(xp: Arithmetic, table: Table, limits: Limits, t_evap: Value, share: Value) -> Any:
    """Codes of places beyond the grid.

    Where the grid ends at the limit on condensation itself, a point above is
    infeasible without any solve; where it ends before, only a solve can tell.
    """
    low, high = table.t_evap
    ends_at_limit = table.t_cond_max >= table.t_critical - limits.critical_margin - 1e-6
    outside = (t_evap < low - RIM) | (t_evap > high + RIM) | (share < -RIM)
    above = xp.where(share > 1.0 + RIM, CRITICAL if ends_at_limit else OUTSIDE, OK)
    return xp.where(outside, OUTSIDE, above)
