"""Enthalpy of liquid water as tables keep it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surrogate.units import KELVIN

CP = 4190.0
"""Heat capacity that turns enthalpy into a temperature [J/(kg K)]."""

_DEGREE = 7
_LOWEST = 0.1


def excess_factors(pressure: float, highest: float) -> NDArray[np.float64]:
    """Fit ``h / cp - T`` of liquid water over T/100.

    Parameters
    ----------
    pressure : float
        Pressure [bar].
    highest : float
        Temperature up to which the fit must hold [degC], below boiling.

    Returns
    -------
    array, shape (8,)
        Factors of the polynomial [K], the constant first. The fit is good to
        1 mK up to 175 degC, and better where less is asked.
    """
    from CoolProp import CoolProp

    t = np.linspace(_LOWEST, highest, 400)
    h = np.array([CoolProp.PropsSI("H", "T", x + KELVIN, "P", pressure * 1e5, "water") for x in t])
    polynomial = np.polynomial.Polynomial.fit(0.01 * t, h / CP - t, _DEGREE)
    return np.asarray(polynomial.convert().coef)
