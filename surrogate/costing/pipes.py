"""Pipes: what they carry, lose and need to be pumped through.

Diameters are inner diameters in metres, temperatures in degC; every function
takes scalars or arrays, which broadcast.

References
----------
.. [1] CIBSE, CP1: Heat networks: Code of Practice for the UK, 2020, table 4.
.. [2] EN 253, district heating pipes, insulation series 2.
.. [3] S. E. Haaland, Simple and explicit formulas for the friction factor in
   turbulent pipe flow, J. Fluids Eng. 105 (1983) 89-90.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from surrogate.costing.water import density, viscosity

HOURS = 8760.0
"""Hours of a year [h]."""

HEAT_CAPACITY = 4.18
"""Heat capacity of water [kJ/(kg K)]."""

LARGEST_VELOCITY = 3.0
"""No pipe is sized for more [m/s]."""

ROUGHNESS = 1e-4
"""Of a steel pipe's wall, aged [m]."""

PUMP_EFFICIENCY = 0.7

_LAMINAR = 2300.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Regime:
    """The temperatures that pipes are sized for.

    Parameters
    ----------
    t_flow, t_return, t_ground : float
        Of the flow, the return and the ground [degC].
    """

    t_flow: float
    t_return: float
    t_ground: float

    @property
    def t_mean(self) -> float:
        """Mean of flow and return [degC]."""
        return (self.t_flow + self.t_return) / 2

    @cached_property
    def density(self) -> float:
        """Density of the water at the mean temperature [kg/m3]."""
        return density(self.t_mean)

    @cached_property
    def viscosity(self) -> float:
        """Dynamic viscosity of the water at the mean temperature [Pa s]."""
        return viscosity(self.t_mean)


def velocity(diameter: npt.ArrayLike) -> Floats:
    """Velocity that a pipe is sized for [m/s], after [1].

    Parameters
    ----------
    diameter : array_like
        Inner diameter [m], at least 0.01.

    Examples
    --------
    >>> round(float(velocity(0.1)), 3)
    1.547
    """
    d = np.asarray(diameter, dtype=float)
    return np.asarray(np.minimum(LARGEST_VELOCITY, 4.7617 * d**0.3701 - 0.4834))


def capacity_kw(diameter: npt.ArrayLike, regime: Regime) -> Floats:
    """Heat that a pipe carries at most [kW].

    Parameters
    ----------
    diameter : array_like
        Inner diameter [m].
    regime : Regime
        Temperatures.

    Examples
    --------
    >>> round(float(capacity_kw(0.05, Regime(60, 40, 8))), 1)
    176.4
    """
    d = np.asarray(diameter, dtype=float)
    volume = np.pi * d**2 / 4 * velocity(d)
    spread = regime.t_flow - regime.t_return
    return np.asarray(volume * regime.density * HEAT_CAPACITY * spread)


def loss_w_per_m(diameter: npt.ArrayLike, regime: Regime) -> Floats:
    """Heat lost per metre, flow and return together [W/m], after [2].

    Parameters
    ----------
    diameter : array_like
        Inner diameter [m].
    regime : Regime
        Temperatures.

    Examples
    --------
    >>> round(float(loss_w_per_m(0.05, Regime(60, 40, 8))), 2)
    14.84
    """
    d = np.asarray(diameter, dtype=float)
    return np.asarray((regime.t_mean - regime.t_ground) * (0.16807 * np.log(d) + 0.85684))


def pressure_gradient(diameter: npt.ArrayLike, load_kw: npt.ArrayLike, regime: Regime) -> Floats:
    """Pressure lost per metre of one pipe [Pa/m], friction factor after [3].

    Parameters
    ----------
    diameter : array_like
        Inner diameter [m].
    load_kw : array_like
        Heat carried [kW].
    regime : Regime
        Temperatures.
    """
    d = np.asarray(diameter, dtype=float)
    speed = _volume_flow(load_kw, regime) / (np.pi * d**2 / 4)
    reynolds = np.maximum(regime.density * speed * d / regime.viscosity, 1e-9)
    rough = -1.8 * np.log10((ROUGHNESS / d / 3.7) ** 1.11 + 6.9 / np.maximum(reynolds, _LAMINAR))
    friction = np.where(reynolds < _LAMINAR, 64 / reynolds, rough**-2)
    return np.asarray(friction / d * regime.density / 2 * speed**2)


def _volume_flow(load_kw: npt.ArrayLike, regime: Regime) -> Floats:
    """Water that carries a load [m3/s]."""
    spread = regime.t_flow - regime.t_return
    return np.asarray(load_kw, dtype=float) / (regime.density * HEAT_CAPACITY * spread)


def pump_kwh(
    diameter: npt.ArrayLike,
    length: npt.ArrayLike,
    load_kw: npt.ArrayLike,
    heat_kwh: npt.ArrayLike,
    regime: Regime,
) -> Floats:
    """Electricity that pumps the water through flow and return [kWh/a].

    The pipe is taken to run at its peak load for heat_kwh / load_kw hours and
    to rest otherwise: the most that any course of the load over the year with
    this peak and this sum can need.

    Parameters
    ----------
    diameter : array_like
        Inner diameter [m].
    length : array_like
        Length of the trench [m].
    load_kw : array_like
        Peak load [kW].
    heat_kwh : array_like
        Heat carried in a year [kWh/a].
    regime : Regime
        Temperatures.
    """
    pressure = 2 * np.asarray(length) * pressure_gradient(diameter, load_kw, regime)
    heat = np.asarray(heat_kwh, dtype=float)
    # Power over load does not need the load itself, so a load of 0 does no harm.
    spread = regime.t_flow - regime.t_return
    per_kwh = pressure / PUMP_EFFICIENCY / (regime.density * HEAT_CAPACITY * spread) / 1000
    return np.asarray(per_kwh * heat)
