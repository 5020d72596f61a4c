"""Twin: a heat pump beside its model, as designed or as calibration found it."""

from __future__ import annotations

import shlex
from typing import Any

from surrogate.estimate import Estimate
from surrogate.plantestimate import PlantEstimate
from surrogate.plantmap import PlantMap
from surrogate.twin.design import Design, Factors, Setting
from surrogate.twin.machine import (
    ChangedPlant,
    changed_map,
    covered,
    design_table,
    maps_of,
    sized_plant,
)
from surrogate.twin.state import TwinState

AS_DESIGNED = Factors()
"""Factors of a machine that is what its design says."""


class Twin:
    """The digital twin of a heat pump.

    It never makes a full solve: what neither table nor regressor covers has
    the status ``outside``. Several threads may ask one twin.

    Parameters
    ----------
    design : Design
        What the machine is sized for.
    factors : Factors, optional
        What a calibration found. As designed (all 1), the plant's own table
        answers, then its refrigerant's regressor. Any other factor makes the
        twin *calibrated*: the balance on the design table answers, with
        efficiency and UA scaled.

    Raises
    ------
    TableNotFoundError
        If the refrigerant has no design table or, calibrated, no regressor;
        says which command makes it.
    InfeasibleError
        If the design breaks a limit; its ``limit`` names it.
    OutsideTableError
        If the design lies outside the table or, calibrated, outside the
        regressor's domain.

    Notes
    -----
    ``error`` of a calibrated twin is that of the regressor's balance: how far
    the balance lies from full solves of *unchanged* machines at the same
    efficiency and lift, for 95 % of them. It covers the interpolation of the
    design table and the closing of the equations, which scaling changes little:
    of 108 full solves of R410A and R717 machines whose sizes were changed inside
    TESPy (efficiency by 0.80 to 1.08, UA by 0.5 to 1.3) 98 % lay within it, at most
    0.011 % off in COP and 0.02 K in evaporation and condensation. The discharge
    temperature was off by up to 0.5 K where the efficiency fell below that of the
    design table. It does not cover how well three factors describe a worn or fouled machine,
    nor how well they are known (:mod:`surrogate.twin.calibration` states that).

    Examples
    --------
    >>> twin = Twin(Design())
    >>> state = twin.at(Setting(t_source_in=8, t_return=30, t_supply=40, heat_load=1.5e4))
    >>> state.status, state.origin, round(state.values["cop"], 2)
    ('ok', 'table', 4.52)
    """

    def __init__(self, design: Design, factors: Factors = AS_DESIGNED) -> None:
        self.design = design
        self.factors = factors
        self.plant = sized_plant(design)
        self.table = design_table(design.refrigerant)
        self._machine: ChangedPlant | None = None
        if factors.changed:
            self._machine = ChangedPlant(self.plant, changed_map(self.plant, design, factors))

    @property
    def calibrated(self) -> bool:
        """Whether any factor differs from 1."""
        return self.factors.changed

    def run(
        self, *, t_source_in: Any, t_return: Any, t_supply: Any, heat_load: Any
    ) -> PlantEstimate:
        """Run the machine at some temperatures and heat loads.

        Parameters
        ----------
        t_source_in : float or array
            Source water into the evaporator [degC].
        t_return, t_supply : float or array
            Heating water into and out of the condenser [degC].
        heat_load : float or array
            Heat to the heating water [W]; 0 is off.

        Returns
        -------
        PlantEstimate
            As :meth:`surrogate.plant.Plant.operate`.

        Raises
        ------
        InputError, InputTypeError
            If an argument makes no sense.
        TableError
            If a file of this plant must not be believed.
        """
        values = {
            "t_source_in": t_source_in,
            "t_return": t_return,
            "t_supply": t_supply,
            "heat_load": heat_load,
        }
        if self._machine is not None:
            return self._machine.operate(**values)
        return self.plant.operate(**values, outside="nan")

    def at(self, setting: Setting) -> TwinState:
        """Return the machine at one point."""
        return self.state_of(self.run(**setting.model_dump()))

    def state_of(self, estimate: Estimate) -> TwinState:
        """Make a state of a scalar estimate of this plant from elsewhere, as of a full solve.

        Raises
        ------
        InputTypeError
            If it holds more than one point.
        """
        return TwinState.of(estimate, self.design.refrigerant, self.table, lambda: self.covered)

    @property
    def design_state(self) -> TwinState:
        """The design point of the machine as it was sized, whatever the factors."""
        return self.state_of(self.plant.design)

    @property
    def covered(self) -> str:
        """What the twin answers for, in words."""
        maps: dict[str, PlantMap] = (
            maps_of(self.plant, self.design)
            if self._machine is None
            else {"regressor": self._machine.map}
        )
        if not maps:
            name = shlex.quote(self.design.refrigerant)
            return (
                "neither a table of this plant nor a regressor of its refrigerant covers its "
                f"design (`surrogate generate regressor {name}` makes one)"
            )
        return covered(self.plant, maps)

    def __repr__(self) -> str:
        how = "calibrated" if self.calibrated else "as designed"
        return f"<Twin: {self.design.refrigerant}, {self.design.sizing().describe()}, {how}>"
