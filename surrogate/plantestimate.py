"""The answer to a question about a plant: an estimate with capacity and cycling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.conditions import Operation
from surrogate.estimate import (
    QUANTITIES,
    STATUS,
    STATUS_INFEASIBLE,
    STATUS_OK,
    Estimate,
    Quantity,
)

PLANT_QUANTITIES: dict[str, Quantity] = {
    **QUANTITIES,
    "capacity": Quantity("W", "largest heat load at these temperatures"),
    "lowest_load": Quantity("W", "lowest heat load at which the machine runs without a break"),
}
"""Numeric quantities by name."""


class PlantEstimate(Estimate):
    """What a plant does at some temperatures and heat loads.

    All of :class:`Estimate`, and more. ``t_source_out`` and ``eta_s`` are
    answers here. ``limit`` names what sets the capacity or, where a point is
    infeasible, what it breaks. While the machine cycles (``cycling``), COP,
    power and heat from the source are those of the whole cycle, temperatures,
    pressures and flows those of the machine while it runs.

    Attributes
    ----------
    capacity : float or array
        Largest heat load at these temperatures [W].
    lowest_load : float or array
        Lowest heat load at which the machine runs without a break [W]; below
        it the machine cycles. 0 where it never does.
    cycling : bool or array
        Whether it cycles.
    """

    __slots__ = ()

    capacity: Any
    lowest_load: Any
    cycling: Any

    _quantities = PLANT_QUANTITIES
    _flags = ("cycling",)

    def summary(self) -> dict[str, Any]:
        """The points together, as of a year of equally long hours.

        Returns
        -------
        dict
            ``cop``: heat over power of the points that run; ``heat_load`` and
            ``power``: their sums [W], which are Wh of hourly points;
            ``unserved``: the heat that was asked for at all others [W];
            ``points``, ``cycling``, and how many have each ``status``;
            ``limits``: how many infeasible points break each limit.

        Examples
        --------
        >>> from surrogate import HeatPump
        >>> plant = HeatPump("R717").plant(t_source_in=30, t_source_out=25, t_return=50,
        ...                                t_supply=80, heat_load=1e6)
        >>> est = plant.operate(t_source_in=28, t_return=48, t_supply=75,
        ...                     heat_load=[0, 2e5, 8e5, 2e6])
        >>> found = est.summary()
        >>> round(found["cop"], 2), found["status"], found["limits"]
        (3.95, {'ok': 2, 'off': 1, 'infeasible': 1}, {'suction_volume_flow': 1})
        """
        values = {name: np.atleast_1d(column) for name, column in self._values.items()}
        ok = values["status"] == STATUS_OK
        heat, power = values["heat_load"][ok].sum(), values["power"][ok].sum()
        broken = values["limit"][values["status"] == STATUS_INFEASIBLE]
        return {
            "cop": float(heat / power) if power > 0.0 else float("nan"),
            "heat_load": float(heat),
            "power": float(power),
            "unserved": float(values["heat_load"][~ok].sum()),
            "points": len(ok),
            "cycling": int(values["cycling"].sum()),
            "status": _counted(values["status"], STATUS),
            "limits": _counted(broken, limits_module.NAMES),
        }

    def unwrapped(self) -> PlantEstimate:
        """The same with plain numbers, where arrays of length 1 stand for one point."""
        if self._container.kind != "scalar":
            return self
        values = {name: column.item() for name, column in self._values.items()}
        return PlantEstimate(values, self._container, self._limits)

    def _describe(self, index: int) -> str:
        values = (float(np.atleast_1d(self._values[name])[index]) for name in Operation._fields)
        text = Operation(*values).describe()
        capacity = float(np.atleast_1d(self._values["capacity"])[index])
        return f"{text}, capacity {capacity:.6g} W" if np.isfinite(capacity) else text


def _counted(codes: NDArray[np.int8], names: tuple[str, ...]) -> dict[str, int]:
    """How often each name occurs."""
    counts = np.bincount(codes, minlength=len(names))
    return {name: int(n) for name, n in zip(names, counts, strict=True) if n}
