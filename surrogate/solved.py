"""A plant's map by full solves: slow, and right anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from surrogate import fluids
from surrogate.conditions import Conditions
from surrogate.errors import NotConvergedError
from surrogate.identity import Identity, Sizing
from surrogate.limits import NO_LIMITS
from surrogate.plantmap import ANSWERED, NOT_CONVERGED, FloatArray, Levels, Running, nothing

if TYPE_CHECKING:
    from surrogate.cycle.machine import SizedMachine

DESIGN_LOAD = 1e6
"""Heat load that plants are solved at [W]; all else scales with it."""


class SolvedMap:
    """A map of one plant whose every answer is a TESPy solve.

    TESPy and the design are loaded at the first question.

    Parameters
    ----------
    identity : Identity
        The plant.

    Attributes
    ----------
    tick : callable
        Called after every solve.
    """

    volume_flows = (0.05, 1.22)

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._machine: SizedMachine | None = None
        self.tick: Callable[[], None] = lambda: None

    @property
    def t_critical(self) -> float:
        """Critical temperature of the refrigerant [degC]."""
        return fluids.t_critical(self._identity.refrigerant)

    @property
    def t_triple(self) -> float:
        """Lowest temperature of the refrigerant [degC]."""
        return fluids.t_lowest(self._identity.refrigerant)

    def covers(self, sizing: Sizing) -> list[tuple[str, float, float]]:
        """Conditions that it covers: no bounds are known."""
        return []

    def at_volume_flow(self, levels: Levels, volume_flow: FloatArray) -> Running:
        """What the machine does at some suction volume flows, relative to design."""
        return self._solve(levels, "volume_flow", volume_flow)

    def at_load(self, levels: Levels, load: FloatArray, near: FloatArray | None = None) -> Running:
        """What it does at some heat loads, relative to design."""
        return self._solve(levels, "heat_load", load * DESIGN_LOAD)

    def _solve(self, levels: Levels, fixed: str, values: FloatArray) -> Running:
        # Imported here: TESPy takes two seconds, and most answers never need it.
        from surrogate.cycle.design import solving
        from surrogate.cycle.machine import Point

        found = nothing(len(values))
        for number, value in enumerate(values.tolist()):
            t_source_in, t_return, t_supply = (float(column[number]) for column in levels)
            point = Point(t_source_in, t_return, t_supply, fixed, value)
            with solving:
                machine = self._made()
                try:
                    row = machine.relative(machine.solve(point, patient=fixed == "heat_load"))
                except NotConvergedError:
                    found.code[number] = NOT_CONVERGED
                else:
                    one = [np.array([x]) for x in (ANSWERED, *row, 0.0)]
                    found.put(np.array([number]), Running(*one))
            self.tick()
        return found

    def _made(self) -> SizedMachine:
        if self._machine is None:
            from surrogate.cycle.design import new_model
            from surrogate.cycle.machine import SizedMachine

            _, topology, refrigerant, parameters, sizing = self._identity
            assert sizing is not None
            design = Conditions(
                sizing.t_source_in,
                sizing.t_source_out,
                sizing.t_return,
                sizing.t_supply,
                DESIGN_LOAD,
                sizing.eta_s,
            )
            self._machine = SizedMachine(
                new_model(topology, refrigerant, parameters),
                design,
                sizing.source_control,
                NO_LIMITS,
            )
        return self._machine
