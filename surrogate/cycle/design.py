"""The full solve of a design point."""

from __future__ import annotations

import functools
import importlib
import threading
from collections.abc import Mapping

from surrogate import limits as limits_module
from surrogate import topology as topologies
from surrogate.arithmetic import SCALAR
from surrogate.conditions import Conditions, check_point
from surrogate.cycle.model import DISCHARGE, SUCTION, CycleModel, Water
from surrogate.cycle.result import CycleResult
from surrogate.errors import InfeasibleError, NotConvergedError
from surrogate.fluids import canonical_name
from surrogate.limits import DEFAULT_LIMITS, Limits, State
from surrogate.parameters import ETA_S_DEFAULT, Parameters
from surrogate.pinch import uncoupled_evaporation
from surrogate.units import KELVIN

HEAT_LOAD = 1e6
"""Heat load where none is given [W]; a design point scales with it."""

# Nearer to the critical point than this [K] no phases are told apart.
_NEAREST = 0.1

# Pinch and superheat move together by at most this often before the solve is given up.
_MAX_SWITCHES = 4


def solve_design(
    refrigerant: str,
    *,
    t_source_in: float,
    t_source_out: float,
    t_return: float,
    t_supply: float,
    heat_load: float = HEAT_LOAD,
    eta_s: float = ETA_S_DEFAULT,
    topology: str = "single_stage",
    parameters: Parameters | None = None,
    limits: Limits | Mapping[str, float] | None = None,
) -> CycleResult:
    """Solve one design point with TESPy.

    Parameters
    ----------
    refrigerant : str
        CoolProp's name of the refrigerant.
    t_source_in, t_source_out : float
        Source water into and out of the evaporator [degC].
    t_return, t_supply : float
        District-heating water into and out of the condenser [degC].
    heat_load : float
        Heat to the district-heating water [W], above 0.
    eta_s : float
        Isentropic efficiency of the compressor [1].
    topology : str
        Name of the cycle.
    parameters : Parameters, optional
        What is fixed about the machine.
    limits : Limits or mapping, optional
        What the machine must not exceed.

    Returns
    -------
    CycleResult
        The solved cycle.

    Raises
    ------
    InputError
        If a value makes no sense.
    InfeasibleError
        If the point breaks a limit; its ``limit`` names it.
    NotConvergedError
        If TESPy finds no physical solution.

    Examples
    --------
    >>> result = solve_design("R717", t_source_in=30, t_source_out=25, t_return=50, t_supply=80)
    >>> round(result.cop, 3)
    3.975
    """
    conditions = Conditions(
        float(t_source_in), float(t_source_out), float(t_return), float(t_supply),
        float(heat_load), float(eta_s),
    )  # fmt: skip
    check_point(conditions)
    chosen = limits_module.as_limits(limits)
    _raise_if_broken(limits_module.broken_condition(chosen, conditions), chosen, conditions)
    return solve_shared(
        topology, canonical_name(refrigerant), parameters or Parameters(), conditions, chosen
    )


# TESPy solves one network at a time, and it silences warnings for the whole process meanwhile.
solving = threading.Lock()
"""Held by whoever solves."""


def solve_shared(
    topology: str,
    refrigerant: str,
    parameters: Parameters,
    conditions: Conditions,
    limits: Limits = DEFAULT_LIMITS,
) -> CycleResult:
    """Solve one point, its conditions already checked, on the model of this process.

    Threads take turns.

    Raises
    ------
    InfeasibleError, NotConvergedError
        As :func:`solve_design`.
    """
    with solving:
        return solve_conditions(
            _shared_model(topology, refrigerant, parameters), conditions, limits
        )


@functools.lru_cache(maxsize=8)
def _shared_model(topology: str, refrigerant: str, parameters: Parameters) -> CycleModel:
    """Return the model of this process, built once, since building costs 40 ms."""
    return new_model(topology, refrigerant, parameters)


def new_model(topology: str, refrigerant: str, parameters: Parameters) -> CycleModel:
    """Build a model that shares nothing with earlier solves."""
    module, _, name = topologies.get(topology).model.partition(":")
    cls: type[CycleModel] = getattr(importlib.import_module(module), name)
    return cls(refrigerant, parameters)


def solve_conditions(
    model: CycleModel, conditions: Conditions, limits: Limits = DEFAULT_LIMITS
) -> CycleResult:
    """Solve one point, its conditions already checked, on a given model.

    Both saturation temperatures are estimated and fixed first, which TESPy
    solves without iterating; from there it finds the pinch. Where a dry fluid
    would leave the compressor wet, the superheat is set at the discharge.

    Raises
    ------
    InfeasibleError, NotConvergedError
        As :func:`solve_design`.
    """
    water = Water(
        conditions.t_source_in, conditions.t_source_out, conditions.t_return, conditions.t_supply
    )
    load = conditions.heat_load if conditions.heat_load > 0 else HEAT_LOAD
    t_evap, t_cond = _estimate(model, conditions, limits)
    _raise_if_supercritical(model, water, conditions, limits, t_evap)
    try:
        result = _solve_pinch(model, water, load, conditions.eta_s, t_evap, t_cond)
    except NotConvergedError:
        _raise_if_too_cold(model, conditions, limits)
        raise
    _check_physics(result, model, water)
    state = State.of(result, model.t_critical, model.t_triple)
    _raise_if_broken(limits_module.broken_state(limits, state), limits, conditions)
    return result


def solve_states(
    model: CycleModel, t_evap: float, t_cond: float, eta_s: float, superheat_at: str
) -> CycleResult:
    """Solve the refrigerant's side alone, at given saturation temperatures [degC].

    The water is put at temperatures that never touch the refrigerant's, since
    they change nothing on its side.

    Raises
    ------
    NotConvergedError
        If TESPy finds no solution.
    """
    model.set_conditions(
        Water(max(t_evap, 0.0) + 40.0, max(t_evap, 0.0) + 10.0, *_cool_sink(t_cond)),
        HEAT_LOAD,
        eta_s,
    )
    model.fix_superheat(superheat_at)
    model.fix_saturation(t_evap, t_cond)
    model.solve()
    return model.result()


def _cool_sink(t_cond: float) -> tuple[float, float]:
    """Return and supply [degC] of water that stays below a condensing temperature."""
    t_supply = max(t_cond - 10.0, 1.0)
    return max(t_supply - 20.0, 0.5), t_supply


def _estimate(model: CycleModel, c: Conditions, limits: Limits) -> tuple[float, float]:
    """Estimate the saturation temperatures to start from [degC]."""
    p = model.parameters
    t_evap = uncoupled_evaporation(SCALAR, p, c, p.superheat)
    t_cond = max(
        c.t_return + p.pinch + p.subcooling,
        c.t_supply + p.pinch - 0.1 * (c.t_supply - c.t_return),
    )
    margin = max(limits.critical_margin, _NEAREST)
    return max(t_evap, model.t_triple + 2.0), min(t_cond, model.t_critical - margin)


def _solve_pinch(
    model: CycleModel, water: Water, load: float, eta_s: float, t_evap: float, t_cond: float
) -> CycleResult:
    model.set_conditions(water, load, eta_s)
    _solve_at(model, t_evap, t_cond)
    model.fix_pinch()
    for _ in range(_MAX_SWITCHES):
        model.solve()
        where = model.superheat_needed()
        if where == model.superheat_at:
            return model.result()
        model.fix_superheat(where)
    raise NotConvergedError("the suction superheat found no value that fits the pinch")


def _raise_if_too_cold(model: CycleModel, conditions: Conditions, limits: Limits) -> None:
    """Tell a failed solve from one whose evaporation would have to be too cold."""
    warmest = uncoupled_evaporation(
        SCALAR, model.parameters, conditions, model.parameters.superheat
    )
    if warmest < max(limits.t_evap_min, model.t_triple + limits_module.TRIPLE_MARGIN):
        raise _infeasible("evaporation_temperature", limits, conditions)


def _raise_if_supercritical(
    model: CycleModel, water: Water, conditions: Conditions, limits: Limits, t_evap: float
) -> None:
    """Find out before the search whether condensation would have to be too hot.

    The condenser's pinch grows with the condensing temperature. If it is too
    small even at the highest one allowed, no solution lies below, and the
    search for one would fail slowly. Far below the critical point, or where
    the return alone is too hot, no solve is needed to know.
    """
    p = model.parameters
    highest = model.t_critical - limits.critical_margin
    lowest = conditions.t_return + p.pinch + p.subcooling
    if max(conditions.t_supply + p.pinch, lowest) <= highest:
        return
    if lowest <= highest:
        model.set_conditions(water, HEAT_LOAD, conditions.eta_s)
        _solve_at(model, t_evap, min(highest, model.t_critical - _NEAREST))
        if model.condenser.td_pinch.val >= p.pinch:
            return
    raise _infeasible("critical_temperature", limits, conditions)


def _solve_at(model: CycleModel, t_evap: float, t_cond: float) -> None:
    """Solve at given saturation temperatures, the superheat set where it must be."""
    model.fix_superheat(SUCTION)
    model.fix_saturation(t_evap, t_cond)
    model.solve()
    if model.superheat_needed() == DISCHARGE:
        model.fix_superheat(DISCHARGE)
        model.solve()


def _infeasible(name: str, limits: Limits, conditions: Conditions) -> InfeasibleError:
    return InfeasibleError(f"{limits_module.reason(name, limits)} ({conditions.describe()})", name)


def _raise_if_broken(code: int, limits: Limits, conditions: Conditions) -> None:
    if code:
        raise _infeasible(limits_module.NAMES[code], limits, conditions)


def _check_physics(result: CycleResult, model: CycleModel, water: Water) -> None:
    """Refuse what TESPy calls converged but no machine can be."""
    pinches = (model.evaporator.td_pinch.val, model.condenser.td_pinch.val)
    wanted = model.parameters.pinch
    problems = {
        f"the pinch is {min(pinches):.4g} K instead of {wanted:g} K": any(
            abs(pinch - wanted) > 1e-3 for pinch in pinches
        ),
        f"the COP is {result.cop:.4g}": not 0.0 < result.cop < lorenz_cop(water),
        f"the evaporator would take up {result.heat_source:.4g} W": result.heat_source <= 0.0,
        "the energy balance is open": not model.is_balanced(),
    }
    for problem, found in problems.items():
        if found:
            model.reset()
            raise NotConvergedError(f"TESPy converged to something unphysical: {problem}")


def lorenz_cop(water: Water) -> float:
    """Highest COP between two glides, from their logarithmic mean temperatures [1].

    Lorenz, Z. ges. Kaelte-Industrie 1 (1894).
    """
    hot = SCALAR.log_mean(water.t_return + KELVIN, water.t_supply + KELVIN)
    cold = SCALAR.log_mean(water.t_source_out + KELVIN, water.t_source_in + KELVIN)
    return hot / (hot - cold) if hot > cold else float("inf")
