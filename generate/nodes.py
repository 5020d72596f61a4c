"""The nodes of a design table: the refrigerant's side of the cycle, solved by TESPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surrogate.topology import BRANCHES, OUTPUTS
from surrogate.units import KELVIN

from .spec import DesignSpec
from .sweep import snake

if TYPE_CHECKING:
    from surrogate.cycle.result import CycleResult

FloatArray = NDArray[np.float64]

DRY = 0.2
"""Superheat at both ends of the compressor from which on a state counts as dry [K]."""

# What rounding may make of an evaporator inlet at the dew temperature [K].
_INLET_SUPERHEAT = 0.01


def t_cond_at(spec: DesignSpec, lift_share: Any, t_evap: Any) -> Any:
    """Condensing temperature [degC] at two coordinates."""
    lowest = t_evap + spec.min_lift
    return lowest + lift_share * (spec.t_cond_max - lowest)


def node_outputs(result: CycleResult, eta_s: float, motor_efficiency: float) -> FloatArray:
    """What a node holds, in the order of :data:`surrogate.topology.OUTPUTS`."""
    carnot = (result.t_evap + KELVIN) / (result.t_cond - result.t_evap)
    density = result.mass_flow / result.suction_volume_flow
    values = {
        "quality": (result.cop / motor_efficiency - 1.0) / (eta_s * carnot),
        "desuperheating_share": result.desuperheating_share,
        "subcooling_share": result.subcooling_share,
        "superheating_share": result.superheating_share,
        "discharge_superheat": result.discharge_superheat,
        "superheat": result.superheat,
        "log_p_evap": math.log(result.p_evap),
        "log_p_cond": math.log(result.p_cond),
        "heat_per_mass": result.heat_load / result.mass_flow / 1e3,
        "log_suction_density": math.log(density),
        "condenser_glide": result.condenser_glide,
        "evaporator_glide": result.evaporator_glide,
    }
    return np.array([values[output.name] for output in OUTPUTS])


def usable(outputs: FloatArray) -> NDArray[np.bool_]:
    """Whether states are ones that a machine can run at.

    Gas is dry at both ends of the compressor, heat is taken from the source,
    and the evaporator is fed with liquid: far above the pressure ratios that
    machines run at, dry fluids flash to gas altogether.

    Parameters
    ----------
    outputs : array, shape (..., outputs)
        Rows of :func:`node_outputs`; NaN is not usable.
    """
    column = {output.name: outputs[..., n] for n, output in enumerate(OUTPUTS)}
    result: NDArray[np.bool_] = (
        (column["discharge_superheat"] > DRY)
        & (column["superheat"] > DRY)
        & (column["quality"] > 0.0)
        & (column["evaporator_glide"] > -_INLET_SUPERHEAT)
    )
    return result


@dataclass(frozen=True)
class NodeJob:
    """Solve nodes given as (branch, lift share, evaporating temperature, eta_s)."""

    spec: DesignSpec

    @property
    def columns(self) -> int:
        """Length of a row: all outputs."""
        return len(OUTPUTS)

    def start(self) -> Callable[[FloatArray], FloatArray]:
        """Build a model and return its solver."""
        from surrogate.cycle.design import new_model, solve_states

        spec = self.spec
        identity, machine = spec.identity, spec.machine
        model = new_model(identity.topology, identity.refrigerant, machine)

        def solve(point: FloatArray) -> FloatArray:
            branch, lift_share, t_evap, eta_s = (float(value) for value in point)
            t_cond = t_cond_at(spec, lift_share, t_evap)
            result = solve_states(model, t_evap, t_cond, eta_s, BRANCHES[round(branch)])
            return node_outputs(result, eta_s, machine.motor_efficiency)

        return solve


def chunks(spec: DesignSpec, branch: int) -> tuple[list[FloatArray], list[NDArray[np.intp]]]:
    """Cut a branch's grid into chunks of neighbours, one for each evaporating temperature.

    Returns
    -------
    list of array, shape (n, 4)
        Points for :class:`NodeJob`.
    list of array, shape (n, 3)
        Their places in the grid.
    """
    lift_shares, t_evaps, etas = spec.nodes()
    plane = snake(len(etas), len(lift_shares))
    points, places = [], []
    for number, t_evap in enumerate(t_evaps):
        eta_index, lift_index = plane[:, 0], plane[:, 1]
        points.append(
            np.column_stack(
                [
                    np.full(len(plane), float(branch)),
                    lift_shares[lift_index],
                    np.full(len(plane), t_evap),
                    etas[eta_index],
                ]
            )
        )
        places.append(np.column_stack([lift_index, np.full(len(plane), number), eta_index]))
    return points, places
