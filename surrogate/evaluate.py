"""A table's answer: from conditions to the values of an estimate.

Conditions become the cycle's own temperatures (:mod:`surrogate.pinch`), the
spline gives the refrigerant's side there (:mod:`surrogate.interpolate`), and
everything a user asks for follows from that by arithmetic. One point runs on
Python floats, many run on arrays, through the same formulas.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.arithmetic import ARRAY, SCALAR, Arithmetic, Jet, Value
from surrogate.conditions import Conditions
from surrogate.interpolate import Axis, SplineGrid
from surrogate.limits import Limits
from surrogate.parameters import Parameters
from surrogate.pinch import (
    Waters,
    condenser_ua,
    evaporator_ua,
    step,
    uncoupled_evaporation,
    waters,
)
from surrogate.table import Piece, Table
from surrogate.units import KELVIN

OK, OUTSIDE = 0, -1
"""Codes of an answer; a positive one is the code of a broken limit."""

CRITICAL = limits_module.NAMES.index("critical_temperature")

# A Newton step of this size [K] leaves an error below a thousandth of a kelvin.
_LAST_STEP = 0.25
_MAX_STEPS = 8
# A search may pass through this many cells and branches, one after the other.
_MAX_PIECES = 12
# It may leave its cell by this many widths, and the grid by this many kelvins: cubics run away.
_STRAY, _STRAY_KELVIN = 1.0, 2.0
# Rounding alone must put a point neither outside the grid nor into another cell.
_RIM, _SLACK = 1e-9, 1e-6
# Superheat [K] within which either branch will do: more than interpolation errs.
_EITHER = 0.01


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


QUANTITIES = Values._fields[:-1]
"""Values that a full solve gives, too, under the same names: all but the error."""

PER_HEAT = ("mass_flow", "suction_volume_flow", "ua_condenser", "ua_evaporator")
"""Those of them that scale with the heat load."""


class _State(NamedTuple):
    """What the rules on states look at."""

    t_evap: Value
    t_cond: Value
    t_discharge: Value
    p_evap: Value
    p_cond: Value
    t_critical: float
    t_triple: float


class _Settled(NamedTuple):
    """The cycle's own temperatures for some conditions, and the outputs there.

    ``astray`` is true where the search left the piece that it ran in; it must
    then be taken up again in the piece that it led to, of branch ``branch``.
    """

    t_evap: Value
    t_cond: Value
    outputs: dict[str, Value]
    branch: Value
    astray: Value


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
    t_evap, t_cond, branch = _guess(SCALAR, table, c)
    for _ in range(_MAX_PIECES):
        piece = table.pieces[branch]
        cell = piece.grid.locate((lift_share(table, t_evap, t_cond), t_evap, c.eta_s))
        found = _settle(SCALAR, table, branch, cell, c, streams, t_evap, t_cond)
        t_cond, branch = found.t_cond, found.branch
        t_evap = _evaporation(SCALAR, table, branch, c, found.t_evap)
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
    code = limits_module.broken_state(limits, _state(table, values))
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
    t_evap, t_cond, branch = _guess(ARRAY, table, c if len(left) == count else c.take(left))
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
        t_evap = _evaporation(ARRAY, table, branch, c.take(left), t_evap[again])
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
    found = _settle(ARRAY, table, branch, cell, c, streams, t_evap, t_cond)
    share = lift_share(table, found.t_evap, found.t_cond)
    codes = _beyond(ARRAY, table, limits, found.t_evap, share).astype(np.int8)
    codes[found.astray] = OUTSIDE
    if not table.pieces[branch].usable[cell]:
        codes[codes == OK] = OUTSIDE
    # Where there is no answer, states may be nonsense; nothing is kept of them.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = table.regions.at_many(share, found.t_evap)
        values = _values(ARRAY, table, c.eta_s, streams, found, error)
        limits_module.mark_broken_states(limits, _state(table, values), codes)
        codes[(codes == OK) & ~_sound(found.outputs)] = OUTSIDE
    return _Group(codes, values, found.branch, found.astray)


def _sound(outputs: Mapping[str, Value]) -> Value:
    """Whether interpolated outputs are those of a machine that takes heat from its source.

    Far above the pressure ratios that machines run at, cells border on nodes
    without a state, and the spline runs into what they were filled with.
    """
    return (outputs["quality"] > 0.0) & (outputs["superheating_share"] < 1.0)


def _settle(
    xp: Arithmetic,
    table: Table,
    branch: int,
    cell: tuple[int, ...],
    c: Conditions,
    streams: Waters,
    t_evap: Value,
    t_cond: Value,
) -> _Settled:
    """Search the pinch with the polynomial of one cell of one branch."""
    piece = table.pieces[branch]
    axis, coupled = piece.grid.axes[0], piece.coupled
    start, scale = axis.place(cell[0])
    search = piece.closure_grid if coupled else piece.grid
    cubics = _cubics(xp, search, cell, t_evap, c.eta_s, coupled)
    top, room = table.t_cond_max, table.t_cond_max - table.min_lift
    # A point stays where its own last step took it, whatever others in its group still do.
    searching: Value = True
    for _ in range(_MAX_STEPS):
        per_kelvin = 1.0 / (room - t_evap)
        share = 1.0 + (t_cond - top) * per_kelvin
        s = xp.maximum(xp.minimum((share - start) * scale, 1.0 + _STRAY), -_STRAY)
        jets = _jets(piece, cubics, s, scale * per_kelvin, share - 1.0)
        d_evap, d_cond = step(xp, table.parameters, streams, t_evap, t_cond, jets, coupled)
        t_cond = t_cond + d_cond * searching
        far = (d_cond >= _LAST_STEP) | (d_cond <= -_LAST_STEP)
        if coupled:
            far = far | (d_evap >= _LAST_STEP) | (d_evap <= -_LAST_STEP)
            t_evap, t_cond = _inside(xp, table, t_evap + d_evap * searching, t_cond)
        searching = searching & far
        if not xp.any(searching):
            break
        if coupled:
            cubics = _cubics(xp, search, cell, t_evap, c.eta_s, True)
    # Two places of the pinch need no search: a last step across the kink to them stops there.
    p = table.parameters
    t_cond = xp.maximum(t_cond, c.t_return + p.pinch + p.subcooling)
    t_cond = xp.minimum(t_cond, top + _STRAY_KELVIN)
    if coupled and not piece.gliding:
        t_evap = xp.minimum(t_evap, uncoupled_evaporation(xp, p, c, p.superheat))
    if coupled:
        cubics = _cubics(xp, piece.grid, cell, t_evap, c.eta_s, False)
    s = (1.0 + (t_cond - top) / (room - t_evap) - start) * scale
    astray = searching | _astray(axis, cell[0], s)
    if coupled:
        low, per = piece.grid.axes[1].place(cell[1])
        astray = astray | _astray(piece.grid.axes[1], cell[1], (t_evap - low) * per)
    outputs = dict(zip(piece.outputs, piece.grid.all_along(cubics[0], s), strict=True))
    if len(table.pieces) == 1:
        return _Settled(t_evap, t_cond, outputs, branch, astray)
    here = _holds(table.parameters, branch, outputs)
    return _Settled(
        t_evap, t_cond, outputs, xp.where(here, branch, 1 - branch), astray | xp.negate(here)
    )


def _cubics(
    xp: Arithmetic,
    grid: SplineGrid,
    cell: tuple[int, ...],
    t_evap: Value,
    eta_s: Value,
    slope: bool,
) -> Any:
    if xp is SCALAR:
        return grid.cubics(cell, (t_evap, eta_s), slope)
    return grid.cubics_many(cell, (t_evap, eta_s), slope)


def _holds(parameters: Parameters, branch: int, outputs: Mapping[str, Value]) -> Value:
    """Whether a branch is the one that holds: both superheats are at least what is asked."""
    if branch == 0:
        return outputs["discharge_superheat"] >= parameters.min_discharge_superheat - _EITHER
    return outputs["superheat"] >= parameters.superheat - _EITHER


def _astray(axis: Axis, cell: int, s: Value) -> Value:
    """Whether a place lies beyond its cell, where another one follows."""
    low = -_SLACK if cell > 0 else -math.inf
    high = 1.0 + _SLACK if cell < axis.cells - 1 else math.inf
    return (s < low) | (s > high)


def _jets(piece: Piece, cubics: Any, s: Value, scale: Value, from_top: Value) -> dict[str, Jet]:
    """Outputs that the pinch depends on, with slopes over the two temperatures.

    ``scale`` turns a slope over the place in the cell into one over t_cond;
    ``from_top`` is lift_share less 1.
    """
    if not piece.coupled:
        grid, cubic = piece.grid, cubics[0]
        return {
            name: (grid.along(cubic, n, s), 0.0, grid.slope_along(cubic, n, s) * scale)
            for name, n in piece.closure
        }
    grid = piece.closure_grid
    jets = {}
    for n, (name, _) in enumerate(piece.closure):
        by_cond = grid.slope_along(cubics[0], n, s) * scale
        # At fixed t_cond, lift_share falls with t_evap: its lower bound rises.
        by_evap = grid.along(cubics[1], n, s) + by_cond * from_top
        jets[name] = (grid.along(cubics[0], n, s), by_evap, by_cond)
    return jets


def lift_share(table: Table, t_evap: Value, t_cond: Value) -> Value:
    """Coordinate of a condensing temperature between its bounds."""
    return 1.0 + (t_cond - table.t_cond_max) / (table.t_cond_max - table.min_lift - t_evap)


def _hopeless(table: Table, c: Conditions, limits: Limits) -> Any:
    """Whether the return alone asks for condensation beyond its limit, whatever the rest."""
    p = table.parameters
    lowest = c.t_return + p.pinch + p.subcooling
    return lowest > table.t_critical - limits.critical_margin + limits_module.TOLERANCE


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


def _guess(xp: Arithmetic, table: Table, c: Conditions) -> tuple[Value, Value, Any]:
    """Start of the search for the pinch: both temperatures [degC], and the branch."""
    p = table.parameters
    t_evap = uncoupled_evaporation(xp, p, c, p.superheat)
    highest = c.t_supply + p.pinch
    run = c.t_supply - c.t_return
    t_cond = highest - table.typical_desuperheating * run
    share = xp.maximum(table.guess_desuperheating.at(t_evap, t_cond, c.eta_s), 0.0)
    t_cond = xp.maximum(highest - share * run, c.t_return + p.pinch + p.subcooling)
    branch = 0 if xp is SCALAR else np.zeros(len(t_evap), dtype=np.int8)
    if len(table.pieces) > 1:
        for _ in range(2):
            superheat = table.guess_superheat.at(t_evap, t_cond, c.eta_s)
            t_evap = uncoupled_evaporation(xp, p, c, xp.maximum(superheat, p.superheat))
        branch = xp.where(superheat > p.superheat, 1, 0)
    return *_inside(xp, table, t_evap, t_cond), branch


def _evaporation(
    xp: Arithmetic, table: Table, branch: Value, c: Conditions, t_evap: Value
) -> Value:
    """Evaporating temperature to go on with: what is known for certain, else the one found."""
    if table.pieces[0].coupled:
        return t_evap
    p = table.parameters
    return xp.where(branch == 0, uncoupled_evaporation(xp, p, c, p.superheat), t_evap)


def _inside(xp: Arithmetic, table: Table, t_evap: Value, t_cond: Value) -> tuple[Value, Value]:
    """Keep a guess near the grid."""
    low, high = table.t_evap
    t_evap = xp.maximum(xp.minimum(t_evap, high + _STRAY_KELVIN), low - _STRAY_KELVIN)
    bottom = t_evap + (table.min_lift - _STRAY_KELVIN)
    return t_evap, xp.maximum(xp.minimum(t_cond, table.t_cond_max + _STRAY_KELVIN), bottom)


def _values(
    xp: Arithmetic,
    table: Table,
    eta_s: Value,
    streams: Waters,
    found: _Settled,
    error: Value,
) -> Values:
    """Everything an estimate holds, from the interpolated outputs."""
    p = table.parameters
    t_evap, t_cond = found.t_evap, found.t_cond
    known = found.outputs if "condenser_glide" in found.outputs else found.outputs | _PURE
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
        error=error,
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


def _beyond(xp: Arithmetic, table: Table, limits: Limits, t_evap: Value, share: Value) -> Any:
    """Codes of places beyond the grid.

    Where the grid ends at the limit on condensation itself, a point above is
    infeasible without any solve; where it ends before, only a solve can tell.
    """
    low, high = table.t_evap
    ends_at_limit = table.t_cond_max >= table.t_critical - limits.critical_margin - 1e-6
    outside = (t_evap < low - _RIM) | (t_evap > high + _RIM) | (share < -_RIM)
    above = xp.where(share > 1.0 + _RIM, CRITICAL if ends_at_limit else OUTSIDE, OK)
    return xp.where(outside, OUTSIDE, above)
