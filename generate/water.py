"""Enthalpy of liquid water as tables keep it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CP = 4190.0
"""Heat capacity that turns enthalpy into a temperature [J/(kg K)]."""

_DEGREE = 7
_LOW, _HIGH, _MARGIN = 0.1, 177.0, 2.0


def excess_factors(pressure: float) -> NDArray[np.float64]:
    """Fit ``h / cp - T`` of liquid water over T/100.

    Parameters
    ----------
    pressure : float
        Pressure [bar].

    Returns
    -------
    array, shape (8,)
        Factors of the polynomial [K], the constant first. The fit is good to
        1 mK between 0.1 degC and 177 degC, or 2 K below boiling.
    """
    from CoolProp import CoolProp

    boiling = CoolProp.PropsSI("T", "P", pressure * 1e5, "Q", 0, "water") - 273.15
    t = np.linspace(_LOW, min(_HIGH, boiling - _MARGIN), 400)
    h = np.array([CoolProp.PropsSI("H", "T", x + 273.15, "P", pressure * 1e5, "water") for x in t])
    polynomial = np.polynomial.Polynomial.fit(0.01 * t, h / CP - t, _DEGREE)
    return np.asarray(polynomial.convert().coef)
