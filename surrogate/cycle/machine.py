"""A sized machine: what a design left behind, solved off design.

The design is solved once; its state stays in memory and gives TESPy the sizes.
UA follows from the characteristic lines over the mass flows on both sides,
the compressor's efficiency from its line over the suction volume flow. What a
user sets (temperatures, load, source flow) stands in neither the design nor
the off-design list of any component, or TESPy would put it back.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from surrogate.balance import SMALLEST_PINCH
from surrogate.conditions import Conditions
from surrogate.cycle.characteristics import char_line
from surrogate.cycle.design import lorenz_cop, solve_conditions
from surrogate.cycle.model import CycleModel, Water
from surrogate.cycle.result import CycleResult
from surrogate.errors import NotConvergedError
from surrogate.limits import DEFAULT_LIMITS, Limits

# From the design towards a point that fails, in so many steps.
_MARCHES = (4, 16)
_MAX_SWITCHES = 4
# A solve that ends at all ends within some six iterations; failures would take ten times as long.
_MOST_ITERATIONS = 16
# A source outlet estimated to lie below this [degC], less what the estimate may err by.
_FROZEN, _DOUBT = -0.5, 0.15


class Point(NamedTuple):
    """One off-design point: temperatures [degC], and the one quantity that sets the load.

    ``fixed`` is ``"heat_load"`` [W], ``"volume_flow"`` (suction volume flow
    relative to design [1]) or ``"t_source_out"`` [degC].
    """

    t_source_in: float
    t_return: float
    t_supply: float
    fixed: str
    value: float


class SizedMachine:
    """A machine of fixed size in TESPy.

    Parameters
    ----------
    model : CycleModel
        A model of its own.
    design : Conditions
        What the machine is sized for.
    source_control : {"flow", "outlet"}
        Whether the source's flow or its outlet temperature is held.
    limits : Limits, optional
        Limits that the design must keep.

    Raises
    ------
    InfeasibleError, NotConvergedError
        If there is no such design.
    """

    def __init__(
        self,
        model: CycleModel,
        design: Conditions,
        source_control: str = "flow",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.model = model
        self.conditions = design
        self.source_control = source_control
        self.design = solve_conditions(model, design, limits)
        self._flow = float(model.source.inlet.m.val_SI)
        self._state: dict[str, Any] = model.sheet.network.save(as_dict=True)
        self._install()

    def _install(self) -> None:
        """Turn the design network into the off-design one."""
        model = self.model
        for exchanger, name in ((model.condenser, "condenser"), (model.evaporator, "evaporator")):
            exchanger.set_attr(
                UA_char1={"char_func": char_line(f"{name}_hot"), "param": "m"},
                UA_char2={"char_func": char_line(f"{name}_cold"), "param": "m"},
                td_pinch=None,
                design=["td_pinch"],
                offdesign=["UA_char"],
            )
        for compressor in model.compressors:
            # Over volume flow, as capacity and turndown are volume flows.
            compressor.set_attr(
                eta_s_char={"char_func": char_line("eta_s"), "param": "v"},
                design=["eta_s"],
                offdesign=["eta_s_char"],
            )
        model.stream("suction").set_attr(T_dew=None)
        model.stream("liquid").set_attr(T_bubble=None)
        model.condenser.set_attr(Q=None)
        if self.source_control == "flow":
            model.source.outlet.set_attr(T=None)
            model.source.inlet.set_attr(m=self._flow)
        else:
            model.source.outlet.set_attr(T=self.conditions.t_source_out)

    def relative(self, result: CycleResult) -> tuple[float, ...]:
        """A solved point over the design, as :data:`surrogate.plantmap.SOLVED` has it."""
        load = self.design.heat_load
        return (
            result.suction_volume_flow / self.design.suction_volume_flow,
            result.heat_load / load,
            result.cop,
            result.t_evap,
            result.t_cond,
            result.t_discharge,
            result.t_source_out,
            result.p_evap,
            result.p_cond,
            result.superheat,
            result.discharge_superheat,
            result.eta_s,
            result.mass_flow / load,
            result.ua_condenser / load,
            result.ua_evaporator / load,
        )

    def solve(self, point: Point, patient: bool = True) -> CycleResult:
        """Solve one point.

        From an estimate of both saturation temperatures first; if that fails
        and the caller is patient, step by step from the design point.

        Raises
        ------
        NotConvergedError
            If TESPy finds no physical solution either way, or the source
            would freeze through and through.
        """
        self._raise_if_frozen(point)
        try:
            return self.solve_from(point, *self._guess(point))
        except NotConvergedError as error:
            if not patient:
                raise
            failure = error
        for steps in _MARCHES:
            try:
                for share in np.linspace(0.0, 1.0, steps + 1)[1:]:
                    result = self.solve_near(self._between(point, float(share)))
                return result
            except NotConvergedError:
                continue
        raise failure

    def solve_from(self, point: Point, t_evap: float, t_cond: float) -> CycleResult:
        """Solve one point from given saturation temperatures [degC].

        They are held in a first solve, which is nearly linear, and released in
        a second.
        """
        self._set(point)
        self._hold_saturation(t_evap, t_cond)
        self._solve()
        self._release_saturation()
        return self._finish(point)

    def solve_near(self, point: Point) -> CycleResult:
        """Solve one point from the solution before."""
        self._set(point)
        return self._finish(point)

    def solve_branch(self, point: Point, superheat_at: str, *, near: bool) -> CycleResult:
        """Solve one point with the superheat set at one end of the compressor, whatever follows.

        Parameters
        ----------
        point : Point
            What to solve.
        superheat_at : str
            ``"suction"`` or ``"discharge"``.
        near : bool
            Whether to start from the solution before.
        """
        self.model.fix_superheat(superheat_at)
        self._set(point)
        if not near:
            self._hold_saturation(*self._guess(point))
            self._solve()
            self._release_saturation()
        self._solve()
        self._widen()
        return self._checked(point)

    def _set(self, point: Point) -> None:
        model = self.model
        self._release_saturation()
        model.source.inlet.set_attr(T=point.t_source_in)
        model.sink.set_temperatures(point.t_return, point.t_supply)
        given = {point.fixed: point.value}
        load, flow = given.get("heat_load"), given.get("volume_flow")
        model.condenser.set_attr(Q=None if load is None else -load)
        model.stream("suction").set_attr(
            v=None if flow is None else flow * self.design.suction_volume_flow
        )
        held = self.conditions.t_source_out if self.source_control == "outlet" else None
        model.source.outlet.set_attr(T=given.get("t_source_out", held))

    def _hold_saturation(self, t_evap: float, t_cond: float) -> None:
        for exchanger in self._exchangers():
            _release_size(exchanger)
        self.model.stream("suction").set_attr(T_dew=t_evap)
        self.model.stream("liquid").set_attr(T_bubble=t_cond)

    def _release_saturation(self) -> None:
        for exchanger in self._exchangers():
            exchanger.set_attr(td_pinch=None, design=["td_pinch"], offdesign=["UA_char"])
        self.model.stream("suction").set_attr(T_dew=None)
        self.model.stream("liquid").set_attr(T_bubble=None)

    def _exchangers(self) -> tuple[Any, Any]:
        return self.model.condenser, self.model.evaporator

    def _finish(self, point: Point) -> CycleResult:
        """Solve, the superheat raised where the discharge would be wet, as in design."""
        model = self.model
        for _ in range(_MAX_SWITCHES):
            self._solve()
            self._widen()
            where = model.superheat_needed()
            if where == model.superheat_at:
                return self._checked(point)
            model.fix_superheat(where)
        raise NotConvergedError("the suction superheat found no value that fits the machine")

    def _widen(self) -> None:
        """Put the pinch of an exchanger that is far larger than its load asks for.

        Such a pinch would be a tiny fraction of a kelvin, where the solver ends
        on either side of nothing.
        """
        large = [e for e in self._exchangers() if not e.td_pinch.val >= 0.5 * SMALLEST_PINCH]
        if large:
            for exchanger in large:
                _release_size(exchanger)
                exchanger.set_attr(td_pinch=SMALLEST_PINCH)
            self._solve()

    def _solve(self) -> None:
        try:
            self.model.solve("offdesign", design_path=self._state, max_iter=_MOST_ITERATIONS)
        except NotConvergedError:
            # The model was built afresh, as a design.
            self._install()
            raise

    def _checked(self, point: Point) -> CycleResult:
        """Refuse what TESPy calls converged but no machine can be."""
        model = self.model
        result = model.result()
        water = Water(point.t_source_in, result.t_source_out, point.t_return, point.t_supply)
        pinch = min(model.evaporator.td_pinch.val, model.condenser.td_pinch.val)
        problems = {
            f"terminal differences fall to {pinch:.4g} K": not pinch > 0.0,
            f"the COP is {result.cop:.4g}": not 0.0 < result.cop < lorenz_cop(water),
            f"the evaporator would take up {result.heat_source:.4g} W": result.heat_source <= 0.0,
            "the energy balance is open": not model.is_balanced(),
        }
        for problem, found in problems.items():
            if found:
                model.reset()
                self._install()
                raise NotConvergedError(f"TESPy converged to something unphysical: {problem}")
        return result

    def _raise_if_frozen(self, point: Point) -> None:
        """Spare the solves whose source would freeze by far: TESPy fails at them slowly.

        The heat taken follows load or suction gas, and that thickens by some
        3.5 % a kelvin of source.
        """
        if self.source_control == "outlet" or point.fixed == "t_source_out":
            return
        c = self.conditions
        share = point.value
        if point.fixed == "heat_load":
            share /= self.design.heat_load
        else:
            share *= math.exp(0.035 * (point.t_source_in - c.t_source_in))
        drop = share * (c.t_source_in - c.t_source_out)
        if point.t_source_in - drop < _FROZEN - _DOUBT * drop:
            raise NotConvergedError("the source water would freeze")

    def _guess(self, point: Point) -> tuple[float, float]:
        """Scale the design's temperature differences with the load."""
        c, design = self.conditions, self.design
        share = {
            "heat_load": point.value / design.heat_load,
            "volume_flow": point.value,
            "t_source_out": (point.t_source_in - point.value) / (c.t_source_in - c.t_source_out),
        }[point.fixed]
        share = min(max(share, 0.05), 1.5)
        t_evap = point.t_source_in - (c.t_source_in - design.t_evap) * (0.55 + 0.45 * share)
        if self.source_control == "outlet":
            t_evap = c.t_source_out - (c.t_source_out - design.t_evap) * (0.5 + 0.5 * share)
        t_cond = point.t_supply + (design.t_cond - c.t_supply) * (0.5 + 0.5 * share)
        highest = self.model.t_critical - 1.0
        return max(t_evap, self.model.t_triple + 2.0), min(t_cond, highest)

    def _between(self, point: Point, share: float) -> Point:
        """A point on the straight way from the design."""
        c, design = self.conditions, self.design
        start = {
            "heat_load": design.heat_load,
            "volume_flow": 1.0,
            "t_source_out": c.t_source_out,
        }[point.fixed]
        first = (c.t_source_in, c.t_return, c.t_supply, start)
        last = (*point[:3], point.value)
        if share == 1.0:
            return point
        way = [a + share * (b - a) for a, b in zip(first, last, strict=True)]
        return Point(way[0], way[1], way[2], point.fixed, way[3])


def _release_size(exchanger: Any) -> None:
    """Let an exchanger be of any size in the next solve."""
    exchanger.set_attr(design=[], offdesign=[])
    exchanger.UA_char.is_set = False
