"""The search for the pinch within a table: the cycle's own temperatures for some water.

It runs in one cell of one branch at a time, on the cubics that the spline is
there. Where it leaves the cell, or where another branch holds, it says so and
is taken up again from there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from surrogate.arithmetic import SCALAR, Arithmetic, Jet, Value
from surrogate.conditions import Conditions
from surrogate.interpolate import Axis, SplineGrid
from surrogate.parameters import Parameters
from surrogate.pinch import Waters, step, uncoupled_evaporation
from surrogate.tablemodel import Piece, Table

# A Newton step of this size [K] leaves an error below a thousandth of a kelvin.
_LAST_STEP = 0.25
_MAX_STEPS = 8
# A search may leave its cell by this many widths, and the grid by this many kelvins: beyond,
# cubics run away.
_STRAY, _STRAY_KELVIN = 1.0, 2.0
# Rounding alone must not put a point into another cell.
_SLACK = 1e-6
# Superheat [K] within which either branch will do: more than interpolation errs.
_EITHER = 0.01


class Settled(NamedTuple):
    """The cycle's own temperatures for some conditions, and the outputs there.

    ``astray`` is true where the search left the piece that it ran in; it must
    then be taken up again in the piece that it led to, of branch ``branch``.
    """

    t_evap: Value
    t_cond: Value
    outputs: dict[str, Value]
    branch: Value
    astray: Value


def lift_share(table: Table, t_evap: Value, t_cond: Value) -> Value:
    """Coordinate of a condensing temperature between its bounds."""
    return 1.0 + (t_cond - table.t_cond_max) / (table.t_cond_max - table.min_lift - t_evap)


def guess(xp: Arithmetic, table: Table, c: Conditions) -> tuple[Value, Value, Any]:
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


def settle(
    xp: Arithmetic,
    table: Table,
    branch: int,
    cell: tuple[int, ...],
    c: Conditions,
    streams: Waters,
    t_evap: Value,
    t_cond: Value,
) -> Settled:
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
    s = (lift_share(table, t_evap, t_cond) - start) * scale
    astray = searching | _astray(axis, cell[0], s)
    if coupled:
        low, per = piece.grid.axes[1].place(cell[1])
        astray = astray | _astray(piece.grid.axes[1], cell[1], (t_evap - low) * per)
    outputs = dict(zip(piece.outputs, piece.grid.all_along(cubics[0], s), strict=True))
    if not piece.gliding:
        # Tables of pure fluids leave them out.
        outputs["condenser_glide"] = outputs["evaporator_glide"] = 0.0
    if len(table.pieces) == 1:
        return Settled(t_evap, t_cond, outputs, branch, astray)
    here = _holds(table.parameters, branch, outputs)
    return Settled(
        t_evap, t_cond, outputs, xp.where(here, branch, 1 - branch), astray | xp.negate(here)
    )


def known_evaporation(
    xp: Arithmetic, table: Table, branch: Value, c: Conditions, t_evap: Value
) -> Value:
    """Evaporating temperature to go on with: what is known for certain, else the one found."""
    if table.pieces[0].coupled:
        return t_evap
    p = table.parameters
    return xp.where(branch == 0, uncoupled_evaporation(xp, p, c, p.superheat), t_evap)


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


def _inside(xp: Arithmetic, table: Table, t_evap: Value, t_cond: Value) -> tuple[Value, Value]:
    """Keep a guess near the grid."""
    low, high = table.t_evap
    t_evap = xp.maximum(xp.minimum(t_evap, high + _STRAY_KELVIN), low - _STRAY_KELVIN)
    bottom = t_evap + (table.min_lift - _STRAY_KELVIN)
    return t_evap, xp.maximum(xp.minimum(t_cond, table.t_cond_max + _STRAY_KELVIN), bottom)
