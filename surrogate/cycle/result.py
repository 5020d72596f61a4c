"""The result of a full solve, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class StreamState(NamedTuple):
    """State of the refrigerant at one place of the cycle."""

    p: float
    """Pressure [bar]."""
    h: float
    """Specific enthalpy [J/kg]."""
    t: float
    """Temperature [degC]."""


@dataclass(frozen=True, slots=True)
class CycleResult:
    """A solved cycle.

    All temperatures in degC, pressures in bar, heat and power in W. COP and
    power are electric; ``cop = heat_load / power`` and
    ``heat_source = heat_load - motor_efficiency * power``.

    Attributes
    ----------
    heat_load, power, cop, heat_source : float
        Heat to the sink [W], electric power [W], their ratio [1], heat taken
        from the source [W].
    t_evap, t_cond : float
        Dew temperature at the evaporating and bubble temperature at the
        condensing pressure [degC].
    p_evap, p_cond : float
        Evaporating and condensing pressure [bar].
    t_discharge : float
        Temperature at the compressor outlet [degC].
    t_source_out : float
        Source water out of the evaporator [degC].
    eta_s : float
        Isentropic efficiency of the (first) compressor [1].
    superheat, discharge_superheat : float
        Superheat at the compressor's inlet and outlet [K].
    mass_flow, suction_volume_flow : float
        Refrigerant flow [kg/s] and its volume at the compressor inlet [m3/s].
    ua_condenser, ua_evaporator : float
        Heat transfer coefficient times area, summed over the phase sections [W/K].
    desuperheating_share, subcooling_share : float
        Shares of the condenser's heat before the dew and after the bubble point [1].
    superheating_share : float
        Share of the evaporator's heat after the dew point [1].
    condenser_glide, evaporator_glide : float
        Dew less bubble temperature in the condenser; dew temperature less
        inlet temperature in the evaporator [K]. 0 for pure fluids.
    streams : dict of str to StreamState
        The refrigerant's state at each place of the cycle.
    """

    heat_load: float
    power: float
    cop: float
    heat_source: float
    t_evap: float
    t_cond: float
    p_evap: float
    p_cond: float
    t_discharge: float
    t_source_out: float
    eta_s: float
    superheat: float
    discharge_superheat: float
    mass_flow: float
    suction_volume_flow: float
    ua_condenser: float
    ua_evaporator: float
    desuperheating_share: float
    subcooling_share: float
    superheating_share: float
    condenser_glide: float
    evaporator_glide: float
    streams: dict[str, StreamState] = field(repr=False)

    @property
    def pressure_ratio(self) -> float:
        """Condensing over evaporating pressure [1]."""
        return self.p_cond / self.p_evap
