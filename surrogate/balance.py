"""A plant's balance on its refrigerant's table: off-design states of any sized machine.

Whatever the water does, the refrigerant's side of the cycle at given
evaporating and condensing temperature and compressor efficiency stands in the
design table. Off design three more equations hold, the same that TESPy solves:
the UA of both exchangers follows from the characteristic lines over the mass
flows, the compressor's efficiency from its line over the suction volume flow.
They are solved here for many points at once, by Broyden's method, from a start
that fitted regressors give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.arithmetic import ARRAY
from surrogate.conditions import Conditions
from surrogate.identity import Sizing
from surrogate.pinch import (
    Waters,
    condenser_ends,
    condenser_ua,
    evaporator_ends,
    evaporator_ua,
    waters,
)
from surrogate.plantmap import ANSWERED, FloatArray, Levels, Running, nothing
from surrogate.search import lift_share
from surrogate.tablemodel import Table
from surrogate.units import KELVIN

BoolArray = NDArray[np.bool_]

SMALLEST_PINCH = 1e-3
"""Pinch [K] of an exchanger that is far larger than its load asks for."""

# What a kelvin of pinch counts beside a share of UA.
_STIFFNESS = 5.0

# A machine within this of all its equations is right to 1e-6 in its COP.
_CLOSED = 1e-7
# Steps on the same slopes, rounds with new ones, and halvings of a step.
_MOST_STEPS, _MOST_ROUNDS, _MOST_HALVINGS = 6, 10, 4
# Steps for the slopes, away from where exchangers cross over: kelvins, shares of the volume flow.
_PROBES = (-0.02, 0.02, 0.002)
# A step is no longer than this, in the same units, so that no exchanger crosses over.
_LONGEST = (3.0, 3.0, 0.15)
# Beyond the design table's efficiencies its cubics still hold this far [1].
_ETA_BELOW = 0.16
_RIM = 1e-6


class Line(NamedTuple):
    """A characteristic line: a factor over a flow, both relative to design."""

    x: FloatArray
    y: FloatArray

    def at(self, x: FloatArray) -> FloatArray:
        """Factor; beyond the ends the last one, as TESPy takes it."""
        return np.interp(x, self.x, self.y)


class Machine(NamedTuple):
    """Sizes of a machine relative to its design's heat load.

    Attributes
    ----------
    ua_condenser, ua_evaporator : float
        [1/K].
    mass_flow, suction_volume_flow : float
        Refrigerant [kg/J], [m3/J].
    source_flow, sink_flow : float
        Water flow over its heat capacity's inverse [1/K].
    t_evap, t_cond : float
        Of the design [degC].
    """

    ua_condenser: float
    ua_evaporator: float
    mass_flow: float
    suction_volume_flow: float
    source_flow: float
    sink_flow: float
    t_evap: float
    t_cond: float


Start = Callable[[Levels, FloatArray, str], FloatArray]
"""Levels, values and which (``"volume_flow"`` or ``"load"``) to starts, shape (3, n)."""


class Balance:
    """A map of one plant, made from its refrigerant's table.

    Parameters
    ----------
    table : Table
        The design table of its refrigerant.
    sizing : Sizing
        What the plant is sized for.
    machine : Machine
        The sizes that follow.
    lines : mapping of str to Line
        Characteristic lines by name.
    start : callable, optional
        Where the search starts; by default the design's temperature
        differences, scaled with the load.
    """

    volume_flows = (0.1, 1.22)

    def __init__(
        self,
        table: Table,
        sizing: Sizing,
        machine: Machine,
        lines: Mapping[str, Line],
        start: Start | None = None,
    ) -> None:
        self._table = table
        self._sizing = sizing
        self._machine = machine
        self._lines = lines
        self._start = start or (lambda levels, value, which: self._plain_start(levels, value))

    @property
    def t_critical(self) -> float:
        """Critical temperature of the refrigerant [degC]."""
        return self._table.t_critical

    @property
    def t_triple(self) -> float:
        """Lowest temperature of the refrigerant [degC]."""
        return self._table.t_triple

    def covers(self, sizing: Sizing) -> list[tuple[str, float, float]]:
        """Conditions that it covers: whatever its refrigerant's table does."""
        return [("t_evap", *self._table.t_evap)]

    def at_volume_flow(self, levels: Levels, volume_flow: FloatArray) -> Running:
        """What the machine does at some suction volume flows, relative to design."""
        return self._both_branches(levels, volume_flow, "volume_flow")

    def at_load(self, levels: Levels, load: FloatArray, near: FloatArray | None = None) -> Running:
        """What it does at some heat loads, relative to design."""
        return self._both_branches(levels, load, "load")

    def _plain_start(self, levels: Levels, value: FloatArray) -> FloatArray:
        """Start from the design's temperature differences, scaled with flow or load."""
        sizing, machine = self._sizing, self._machine
        share = np.clip(value, 0.05, 1.5)
        held = sizing.source_control == "outlet"
        source = sizing.t_source_out if held else levels.t_source_in
        design = sizing.t_source_out if held else sizing.t_source_in
        t_evap = source - (design - machine.t_evap) * (0.55 + 0.45 * share)
        t_cond = levels.t_supply + (machine.t_cond - sizing.t_supply) * (0.5 + 0.5 * share)
        return np.stack([t_evap, t_cond, share])

    def _both_branches(self, levels: Levels, value: FloatArray, which: str) -> Running:
        """Solve at the normal superheat, and again where the discharge would be wet."""
        if len(value) == 0:
            return nothing(0)
        found, dry = self._solve(0, levels, value, which)
        wet = np.flatnonzero(~dry)
        if len(wet) and len(self._table.pieces) > 1:
            found.put(wet, self._solve(1, levels.take(wet), value[wet], which)[0])
        return found

    def _solve(
        self, branch: int, levels: Levels, value: FloatArray, which: str
    ) -> tuple[Running, BoolArray]:
        """Solve one branch; says as well where its discharge is dry."""
        x = self._start(levels, value, which)
        if which == "volume_flow":
            x = x[:2]
        closed = np.zeros(len(value), dtype=np.bool_)
        for round_ in range(_MOST_ROUNDS):
            open_ = np.flatnonzero(~closed)
            if len(open_) == 0:
                break
            half = _MOST_ROUNDS // 2
            if round_ == half:
                # Once more, from the design's own differences.
                x[:, open_] = self._plain_start(levels, value)[: len(x), open_]
            state = self._state(branch, levels.take(open_))
            x[:, open_], closed[open_] = _broyden(
                partial(_residuals, state, value[open_]),
                x[:, open_],
                0.5 ** max(round_ % half - 1, 0),
            )
        state = self._state(branch, levels)
        running, _ = state.at(x[0], x[1], value if len(x) == 2 else x[2])
        return state.judged(running, closed)

    def _state(self, branch: int, levels: Levels) -> _State:
        return _State(self._table, self._sizing, self._machine, self._lines, branch, levels)


def _residuals(state: _State, value: FloatArray, x: FloatArray) -> FloatArray:
    """How far a guess is from closing: of two unknowns at a volume flow, of three at a load."""
    if len(x) == 2:
        return state.at(x[0], x[1], value)[1]
    running, gaps = state.at(*x)
    return np.stack([*gaps, np.log(running.load / value)])


class _State:
    """One branch of one plant at some levels."""

    def __init__(
        self,
        table: Table,
        sizing: Sizing,
        machine: Machine,
        lines: Mapping[str, Line],
        branch: int,
        levels: Levels,
    ) -> None:
        self.table, self.sizing, self.machine, self.lines = table, sizing, machine, lines
        self.piece = table.pieces[branch]
        self.levels = levels
        sink = table.sink_water
        self.sink_lift = sink.enthalpy(levels.t_supply) - sink.enthalpy(levels.t_return)
        self.source_in = table.source_water.enthalpy(levels.t_source_in)
        self.outputs: dict[str, FloatArray] = {}

    # A guess far off makes no sense of the splines; it is judged by what comes of it.
    @np.errstate(invalid="ignore", divide="ignore", over="ignore")
    def at(
        self, t_evap: FloatArray, t_cond: FloatArray, flow: FloatArray
    ) -> tuple[Running, FloatArray]:
        """The machine at some guess, and how far its exchangers are from closing."""
        table, machine = self.table, self.machine
        eta_s = self.sizing.eta_s * self.lines["eta_s"].at(flow)
        share = lift_share(table, t_evap, t_cond)
        rows = self.piece.grid.values_many((share, t_evap, eta_s))
        known = dict(zip(self.piece.outputs, rows, strict=True))
        if not self.piece.gliding:
            known["condenser_glide"] = known["evaporator_glide"] = np.zeros(len(flow))
        self.outputs = known
        inner = 1.0 + eta_s * known["quality"] * (t_evap + KELVIN) / (t_cond - t_evap)
        mass_flow = flow * machine.suction_volume_flow * np.exp(known["log_suction_density"])
        load = 1e3 * mass_flow * known["heat_per_mass"]
        taken = load * (1.0 - 1.0 / inner)
        streams, source_share = self._streams(taken)
        ends = (
            condenser_ends(table.parameters, streams.sink, t_cond, known),
            evaporator_ends(streams.source, t_evap, known),
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            condenser = load * condenser_ua(ARRAY, ends[0], known)
            evaporator = taken * evaporator_ua(ARRAY, ends[1], known)
        flow_share = mass_flow / machine.mass_flow
        sink_share = load / self.sink_lift / machine.sink_flow
        gaps = np.stack(
            [
                _gap(machine.ua_condenser / condenser * self._factor(
                    "condenser", flow_share, sink_share), ends[0]),
                _gap(machine.ua_evaporator / evaporator * self._factor(
                    "evaporator", source_share, flow_share), ends[1]),
            ]
        )  # fmt: skip
        running = Running(
            code=np.full(len(flow), ANSWERED, dtype=np.int8),
            volume_flow=flow.copy(),
            load=load,
            cop=table.parameters.motor_efficiency * inner,
            t_evap=t_evap,
            t_cond=t_cond,
            t_discharge=t_cond + known["condenser_glide"] + known["discharge_superheat"],
            t_source_out=streams.source.t_cold,
            p_evap=np.exp(known["log_p_evap"]),
            p_cond=np.exp(known["log_p_cond"]),
            superheat=known["superheat"],
            discharge_superheat=known["discharge_superheat"],
            eta_s=eta_s,
            mass_flow=mass_flow,
            ua_condenser=condenser,
            ua_evaporator=evaporator,
            error=np.zeros(len(flow)),
        )
        return running, gaps

    def _streams(self, taken: FloatArray) -> tuple[Waters, FloatArray]:
        """Water on both sides, and the source's flow over that of the design."""
        water, levels = self.table.source_water, self.levels
        if self.sizing.source_control == "flow":
            t_out = water.temperature(self.source_in - taken / self.machine.source_flow)
            flow = np.ones(len(taken))
        else:
            t_out = np.full(len(taken), self.sizing.t_source_out)
            drop = self.source_in - water.enthalpy(t_out)
            flow = taken / drop / self.machine.source_flow
        conditions = Conditions(
            levels.t_source_in, t_out, levels.t_return, levels.t_supply, None, None
        )
        return waters(water, self.table.sink_water, conditions), flow

    def _factor(self, name: str, hot_flow: FloatArray, cold_flow: FloatArray) -> FloatArray:
        """UA over that of the design, from both sides' lines, as TESPy joins them."""
        hot = self.lines[f"{name}_hot"].at(hot_flow)
        cold = self.lines[f"{name}_cold"].at(cold_flow)
        result: FloatArray = 2.0 / (1.0 / hot + 1.0 / cold)
        return result

    def judged(self, running: Running, closed: BoolArray) -> tuple[Running, BoolArray]:
        """Refuse what did not close or lies outside the design table; tell dry from wet."""
        table = self.table
        share = lift_share(table, running.t_evap, running.t_cond)
        low, high = table.t_evap
        inside = (
            closed
            & (share >= -_RIM) & (share <= 1.0 + _RIM)
            & (running.t_evap >= low - _RIM) & (running.t_evap <= high + _RIM)
            & (running.eta_s >= table.eta_s.low - _ETA_BELOW)
            & (running.eta_s <= table.eta_s.high + _RIM)
            & self._usable(share, running)
        )  # fmt: skip
        needed = table.parameters.min_discharge_superheat
        dry = self.outputs["discharge_superheat"] >= needed
        without = nothing(int((~inside).sum()))
        running.put(~inside, without)
        return running, dry

    def _usable(self, share: FloatArray, running: Running) -> BoolArray:
        places = [np.nan_to_num(x) for x in (share, running.t_evap, running.eta_s)]
        axes = self.piece.grid.axes
        cells = tuple(axis.locate_many(x) for axis, x in zip(axes, places, strict=True))
        result: BoolArray = self.piece.usable[cells]
        return result


def _gap(ua_share: FloatArray, ends: tuple[FloatArray, ...]) -> FloatArray:
    """How far an exchanger is from closing: above 0 where it is larger than it need be.

    ``ua_share`` is its UA over the one that the guess asks for. Where it is so
    large for the load that its pinch would fall below :data:`SMALLEST_PINCH`,
    that pinch closes it; and where streams would cross, and no UA is enough,
    the pinch leads back.
    """
    pinch: FloatArray = _STIFFNESS * (np.minimum.reduce(ends) - SMALLEST_PINCH)
    known = np.where(pinch > -_STIFFNESS * SMALLEST_PINCH, ua_share - 1.0, np.nan)
    result: FloatArray = np.fmin(known, pinch)
    return result


def _broyden(
    residuals: Callable[[FloatArray], FloatArray], start: FloatArray, reach: float
) -> tuple[FloatArray, BoolArray]:
    """Solve a few equations at many points, each on its own.

    Slopes are taken once, by differences, and then improved from the steps
    themselves (Broyden, Math. Comp. 19, 1965). ``reach`` shortens the longest
    step: across a kink a search may go to and fro. Where states make no sense at
    all, steps are halved.
    """
    size = len(start)
    longest = reach * np.array(_LONGEST[:size])[:, None]
    x = start.copy()
    gaps = residuals(x)
    slopes = np.empty((size, size, x.shape[1]))
    for number, probe in enumerate(_PROBES[:size]):
        moved = x.copy()
        moved[number] += probe
        slopes[:, number] = (residuals(moved) - gaps) / probe
    for _ in range(_MOST_STEPS):
        # Points that have closed stay where they are: steps of rounding would spoil their slopes.
        open_ = ~(np.abs(gaps).max(axis=0) <= _CLOSED)
        if not open_.any():
            break
        step = np.clip(_solve_small(slopes, -gaps), -longest, longest)
        step = np.where(np.isfinite(step) & open_, step, 0.0)
        tried = residuals(x + step)
        for _ in range(_MOST_HALVINGS):
            lost = ~np.isfinite(tried).all(axis=0)
            if not lost.any():
                break
            step[:, lost] *= 0.5
            tried = residuals(x + step)
        with np.errstate(invalid="ignore", divide="ignore"):
            miss = tried - gaps - np.einsum("ijn,jn->in", slopes, step)
            update = (miss / (step * step).sum(axis=0))[:, None] * step[None]
        slopes = np.where(np.isfinite(update), slopes + update, slopes)
        x, gaps = x + step, tried
    return x, np.abs(gaps).max(axis=0) <= _CLOSED


def _solve_small(slopes: FloatArray, right: FloatArray) -> FloatArray:
    """Solve a system of two or three unknowns at each point; NaN where it is singular."""
    matrices = np.moveaxis(slopes, -1, 0)
    bad = np.logical_not(np.isfinite(matrices).all(axis=(1, 2)))
    matrices = np.where(np.expand_dims(bad, (1, 2)), np.eye(len(right)), matrices)
    try:
        result = np.linalg.solve(matrices, right.T[..., None])[..., 0].T
    except np.linalg.LinAlgError:
        result = np.einsum("nij,jn->in", np.linalg.pinv(matrices), right)
    return np.where(bad, np.nan, result)
