"""The full solve of an off-design point."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from surrogate import limits as limits_module
from surrogate.conditions import Conditions, read_operation, read_point
from surrogate.cycle.design import HEAT_LOAD, new_model, solving
from surrogate.cycle.machine import Point, SizedMachine
from surrogate.cycle.result import CycleResult
from surrogate.errors import InfeasibleError, InputError, NotConvergedError
from surrogate.fluids import canonical_name
from surrogate.identity import SOURCE_CONTROLS
from surrogate.limits import Limits, State
from surrogate.parameters import ETA_S_DEFAULT, Parameters


def solve_offdesign(
    refrigerant: str,
    *,
    design: Mapping[str, float],
    t_source_in: float,
    t_return: float,
    t_supply: float,
    heat_load: float,
    source_control: str = "flow",
    topology: str = "single_stage",
    parameters: Parameters | None = None,
    limits: Limits | Mapping[str, float] | None = None,
) -> CycleResult:
    """Solve one off-design point of a machine with TESPy.

    UA of both exchangers follows from TESPy's characteristic lines over the
    mass flows, the compressor's efficiency from its line over the suction
    volume flow, all lines made smooth. The superheat is set as in design: at
    the suction, or where the discharge would be wet at the discharge. The
    machine runs without a break; a plant that cycles below its turndown is the
    business of :class:`surrogate.plant.Plant`.

    Parameters
    ----------
    refrigerant : str
        CoolProp's name of the refrigerant.
    design : mapping
        The design point that the machine is sized for: ``t_source_in``,
        ``t_source_out``, ``t_return``, ``t_supply`` [degC], and if they are
        not the usual ones ``heat_load`` [W] and ``eta_s`` [1].
    t_source_in : float
        Source water into the evaporator [degC].
    t_return, t_supply : float
        District-heating water into and out of the condenser [degC].
    heat_load : float
        Heat to the district-heating water [W], above 0.
    source_control : {"flow", "outlet"}
        What is held on the source side: the design's flow, or its outlet.
    topology : str
        Name of the cycle.
    parameters : Parameters, optional
        What is fixed about the machine.
    limits : Limits or mapping, optional
        What the machine must not exceed, in design and off it.

    Returns
    -------
    CycleResult
        The solved cycle; ``t_source_out`` and ``eta_s`` follow from the solve.

    Raises
    ------
    InputError, InputTypeError
        If a value makes no sense.
    InfeasibleError
        If the design or the point breaks a limit; its ``limit`` names it.
    NotConvergedError
        If TESPy finds no physical solution.

    Examples
    --------
    >>> design = dict(t_source_in=30, t_source_out=25, t_return=50, t_supply=80)
    >>> result = solve_offdesign(
    ...     "R717", design=design, t_source_in=25, t_return=45, t_supply=75, heat_load=6e5)
    >>> round(result.cop, 3), round(result.t_source_out, 2)
    (3.901, 22.02)
    """
    if source_control not in SOURCE_CONTROLS:
        raise InputError(
            f"source_control = {source_control!r}, but it must be one of "
            f"{', '.join(SOURCE_CONTROLS)}"
        )
    unknown = sorted(set(design) - set(Conditions._fields))
    if unknown:
        raise InputError(
            f"design has {unknown[0]!r}, but its fields are {', '.join(Conditions._fields)}"
        )
    missing = [name for name in Conditions._fields[:4] if name not in design]
    if missing:
        raise InputError(f"design lacks {', '.join(missing)}")
    sized_for = read_point({"heat_load": HEAT_LOAD, "eta_s": ETA_S_DEFAULT, **design})
    columns, _ = read_operation(
        {
            "t_source_in": t_source_in,
            "t_return": t_return,
            "t_supply": t_supply,
            "heat_load": heat_load,
        }
    )
    if len(columns.heat_load) != 1 or columns.heat_load[0] == 0.0:
        raise InputError("heat_load must be one number above 0 W: what is off is not solved")
    chosen = limits_module.as_limits(limits)
    point = columns.point(0)
    held = sized_for.t_source_out if source_control == "outlet" else point.t_source_in
    conditions = Conditions(
        point.t_source_in, held, point.t_return, point.t_supply, point.heat_load, sized_for.eta_s
    )
    codes = np.zeros(1, dtype=np.int8)
    limits_module.mark_broken_operations(
        chosen, Conditions(*np.array([conditions]).T), codes, source_control
    )
    _raise_if_broken(codes, chosen, conditions)
    chosen_parameters = parameters or Parameters()
    with solving:
        machine = _machine(
            topology,
            canonical_name(refrigerant),
            chosen_parameters,
            sized_for,
            source_control,
            chosen,
        )
        fixed = Point(
            point.t_source_in, point.t_return, point.t_supply, "heat_load", point.heat_load
        )
        try:
            result = machine.solve(fixed, patient=False)
        except NotConvergedError:
            # Told apart before patience: a source that would freeze never converges.
            _raise_if_frozen(machine, conditions, chosen)
            result = machine.solve(fixed)
    limits_module.mark_broken_plants(chosen, _state(machine, result), codes)
    _raise_if_broken(codes, chosen, conditions)
    return result


def _state(machine: SizedMachine, result: CycleResult) -> State:
    """What the limits look at."""
    state = State.of(result, machine.model.t_critical, machine.model.t_triple)
    return state._replace(
        t_source_out=result.t_source_out,
        volume_flow=result.suction_volume_flow / machine.design.suction_volume_flow,
    )


@functools.lru_cache(maxsize=8)
def _machine(
    topology: str,
    refrigerant: str,
    parameters: Parameters,
    design: Conditions,
    source_control: str,
    limits: Limits,
) -> SizedMachine:
    """Return the machine of this process, designed once."""
    return SizedMachine(
        new_model(topology, refrigerant, parameters), design, source_control, limits
    )


def _raise_if_frozen(machine: SizedMachine, c: Conditions, limits: Limits) -> None:
    """Tell a failed solve from one whose source would freeze: by the load at its limit."""
    if machine.source_control == "outlet" or c.t_source_in <= limits.t_source_out_min:
        return
    at_limit = Point(c.t_source_in, c.t_return, c.t_supply, "t_source_out", limits.t_source_out_min)
    try:
        largest = machine.solve(at_limit).heat_load
    except NotConvergedError:
        return
    if c.heat_load > largest:
        raise _infeasible("source_outlet", limits, c)


def _raise_if_broken(
    codes: np.ndarray[tuple[int], np.dtype[np.int8]], limits: Limits, c: Conditions
) -> None:
    if codes[0]:
        raise _infeasible(limits_module.NAMES[codes[0]], limits, c)


def _infeasible(name: str, limits: Limits, c: Conditions) -> InfeasibleError:
    return InfeasibleError(
        f"{limits_module.reason(name, limits)} (source {c.t_source_in:g} degC, sink "
        f"{c.t_return:g} -> {c.t_supply:g} degC, {c.heat_load:g} W)",
        name,
    )
