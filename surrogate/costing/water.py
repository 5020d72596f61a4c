"""Density and viscosity of liquid water, without the two seconds that importing CoolProp takes.

Chebyshev series fitted to CoolProp 8 (IAPWS-95): at 1 atm up to boiling, at
saturation above; a test holds them against it.
"""

from __future__ import annotations

import numpy as np

LOWEST, BOILING, HIGHEST = 0.5, 99.9742958477, 200.0
"""Range of the fits, and where one hands over to the other [degC]."""

_DENSITY = (
    (
        983.62241305441,
        -21.247954540117,
        -4.3985526187346,
        0.47299281613172,
        -0.097789452893172,
        0.020176534210091,
        -0.0046810967766508,
        0.0011105526318109,
        -0.00027349609024419,
        6.9240712532302e-05,
        -1.785785858046e-05,
        4.6321289608175e-06,
    ),
    (
        914.28074683568,
        -46.819849575477,
        -2.7533729664554,
        -0.034760716661639,
        -0.01447373974243,
        -8.7668857805381e-05,
        -9.9491435967972e-05,
        6.6908664617935e-07,
        -1.0732673416707e-06,
        2.7195800135603e-08,
        -1.331723932581e-08,
        5.2984124623019e-10,
    ),
)
_VISCOSITY = (
    (
        -7.3917393809851,
        -0.89352536906265,
        0.12855774866638,
        -0.021850935991179,
        0.0045915240399874,
        -0.0010377692345629,
        0.00022622431855488,
        -4.7128836041258e-05,
        9.5978917130256e-06,
        -1.9793132830022e-06,
        4.2621473844484e-07,
        -9.7167775055596e-08,
    ),
    (
        -8.5762564819141,
        -0.36623279595687,
        0.031994160909741,
        -0.002999750566386,
        0.00019128048190004,
        -1.9162162144034e-05,
        1.9189575547425e-06,
        -2.5591114888839e-07,
        3.1338956669197e-08,
        -4.2765468137383e-09,
        5.1956521593789e-10,
        -6.451564900017e-11,
    ),
)


def density(t: float) -> float:
    """Density of liquid water [kg/m3]; to 1e-8 of CoolProp.

    Parameters
    ----------
    t : float
        Temperature [degC], from 0.5 to 200.
    """
    return _series(_DENSITY, t)


def viscosity(t: float) -> float:
    """Dynamic viscosity of liquid water [Pa s]; to 1e-6 of CoolProp.

    Parameters
    ----------
    t : float
        Temperature [degC], from 0.5 to 200.
    """
    return float(np.exp(_series(_VISCOSITY, t)))


def _series(fits: tuple[tuple[float, ...], ...], t: float) -> float:
    low, high = (LOWEST, BOILING) if t < BOILING else (BOILING, HIGHEST)
    reduced = (2 * t - low - high) / (high - low)
    return float(np.polynomial.chebyshev.chebval(reduced, fits[int(t >= BOILING)]))
