"""The answer to a question about a plant: an estimate with capacity and cycling."""

from __future__ import annotations

from typing import Any

import numpy as np

from surrogate.conditions import Operation
from surrogate.estimate import QUANTITIES, Estimate, Quantity

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
