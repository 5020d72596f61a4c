"""COPs in closed form, as planners use them: what the surrogate stands beside.

All of them take the same four temperatures of the water and give a COP.
Beyond its validity a formula still gives a number, so that a reader sees what
it says there; :data:`FORMULAS` tells where it is meant to hold.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.limits import TOLERANCE
from surrogate.units import KELVIN

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class Formula(NamedTuple):
    """A formula, ready to be called with t_source_in, t_source_out, t_return, t_supply."""

    name: str
    reference: str
    """Author and year, what it is, and where it was published."""
    function: Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], FloatArray]
    """COP [1] from the four temperatures [degC]."""
    valid: Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], BoolArray]
    """Where its author means it to hold, from the same temperatures."""


class _Water(NamedTuple):
    """The four temperatures of the water [degC], of one shape."""

    t_source_in: FloatArray
    t_source_out: FloatArray
    t_return: FloatArray
    t_supply: FloatArray

    @property
    def lift(self) -> FloatArray:
        """From the source inlet to the supply [K]."""
        return self.t_supply - self.t_source_in


def _water(*temperatures: ArrayLike) -> _Water:
    """Broadcast all four, also those that a formula does without: its answer has their shape."""
    return _Water(*np.broadcast_arrays(*(np.asarray(t, dtype=float) for t in temperatures)))


def _positive(values: FloatArray) -> FloatArray:
    """NaN for what is not positive: what divides by it, or takes powers, is silent then."""
    return np.where(values > 0.0, values, np.nan)


def _kelvin(celsius: FloatArray) -> FloatArray:
    return _positive(celsius + KELVIN)


def _between(low: float, values: FloatArray, high: float) -> BoolArray:
    """Whether values lie in a range, both its ends included."""
    return (values >= low - TOLERANCE) & (values <= high + TOLERANCE)


def carnot(
    t_source_in: ArrayLike,
    t_source_out: ArrayLike,
    t_return: ArrayLike,
    t_supply: ArrayLike,
    *,
    quality_grade: float,
) -> FloatArray:
    """COP of Carnot's cycle between supply and source inlet, times a quality grade.

    The way of oemof-thermal (its `calc_cops`), where grades from 0.35 to 0.55 are usual.

    Parameters
    ----------
    t_source_in, t_source_out, t_return, t_supply : array_like
        Temperatures of the water [degC]; source outlet and return do not enter.
    quality_grade : float
        Share of Carnot's COP that is reached [1].

    Returns
    -------
    FloatArray
        COP [1]; valid where the supply is warmer than the source inlet, NaN elsewhere.
    """
    water = _water(t_source_in, t_source_out, t_return, t_supply)
    return quality_grade * _kelvin(water.t_supply) / _positive(water.lift)


def staffell_ground(
    t_source_in: ArrayLike, t_source_out: ArrayLike, t_return: ArrayLike, t_supply: ArrayLike
) -> FloatArray:
    """COP of domestic ground-source heat pumps after Staffell et al. (2012).

    A quadratic in the lift, from a review of domestic heat pumps. It has its
    minimum at 102 K; beyond, the COP rises with the lift.

    Parameters
    ----------
    t_source_in, t_source_out, t_return, t_supply : array_like
        Temperatures of the water [degC]; source outlet and return do not enter.

    Returns
    -------
    FloatArray
        COP [1]; valid from 20 to 60 K from source inlet to supply.
    """
    lift = _water(t_source_in, t_source_out, t_return, t_supply).lift
    return 8.77 - 0.150 * lift + 0.000734 * lift**2


def staffell_air(
    t_source_in: ArrayLike, t_source_out: ArrayLike, t_return: ArrayLike, t_supply: ArrayLike
) -> FloatArray:
    """COP of domestic air-source heat pumps after Staffell et al. (2012).

    A quadratic in the lift, from a review of domestic heat pumps. It has its
    minimum at 96 K; beyond, the COP rises with the lift.

    Parameters
    ----------
    t_source_in, t_source_out, t_return, t_supply : array_like
        Temperatures of the source, here taken for the air, and of the water [degC];
        source outlet and return do not enter.

    Returns
    -------
    FloatArray
        COP [1]; valid from 15 to 60 K from source inlet to supply.
    """
    lift = _water(t_source_in, t_source_out, t_return, t_supply).lift
    return 6.81 - 0.121 * lift + 0.000630 * lift**2


def when2heat_water(
    t_source_in: ArrayLike,
    t_source_out: ArrayLike,
    t_return: ArrayLike,
    t_supply: ArrayLike,
    *,
    exchanger: float = 0.0,
) -> FloatArray:
    """COP of domestic groundwater heat pumps after when2heat (Ruhnau et al., 2019).

    A quadratic in the lift through manufacturers' data, times 0.85 for what is lost in
    the field. A lift below 15 K counts as 15 K. It has its minimum at 82 K; beyond, the
    COP rises with the lift.

    Parameters
    ----------
    t_source_in, t_source_out, t_return, t_supply : array_like
        Temperatures of the water [degC]; source outlet and return do not enter.
    exchanger : float
        What an exchanger between groundwater and heat pump takes from the source [K].
        when2heat takes 5 K off its groundwater; here none stands between.

    Returns
    -------
    FloatArray
        COP [1]; taken as valid from 15 to 60 K from source inlet to supply. The authors
        say no more than that it is for domestic machines; 60 K is what Staffell says of such.
    """
    lift = _water(t_source_in, t_source_out, t_return, t_supply).lift
    lift = np.maximum(lift + exchanger, 15.0)
    return 0.85 * (9.99 - 0.2049 * lift + 0.001249 * lift**2)


# Up to this supply, standard and high-temperature machines; above, the very-high ones.
_JESPER_STANDARD_MAX = 100.0


def jesper(
    t_source_in: ArrayLike, t_source_out: ArrayLike, t_return: ArrayLike, t_supply: ArrayLike
) -> FloatArray:
    """COP of large heat pumps on the market after Jesper et al. (2021).

    Powers fitted to manufacturers' data of 33 machines above 50 kW: one of the lift for
    supply up to 100 degC, one of lift and supply above. There the COP jumps.

    Parameters
    ----------
    t_source_in, t_source_out, t_return, t_supply : array_like
        Temperatures of the water [degC]; source outlet and return do not enter.

    Returns
    -------
    FloatArray
        COP [1]; valid from 10 to 78 K from source inlet to supply up to 100 degC, and
        from 25 to 95 K for supply from 100 to 160 degC. NaN where there is no lift.
    """
    water = _water(t_source_in, t_source_out, t_return, t_supply)
    lift = _positive(water.lift)
    standard = 1.4480e12 * (lift + 177.46) ** -4.946
    supply = _kelvin(water.t_supply) + 0.044189
    very_high = 1.9118 * (lift + 0.088378) ** -0.89094 * supply**0.67895
    return np.where(_jesper_standard(water), standard, very_high)


def _jesper_standard(water: _Water) -> BoolArray:
    return water.t_supply <= _JESPER_STANDARD_MAX + TOLERANCE


class _Jensen(NamedTuple):
    """Jensen's coefficients of a refrigerant: each a plane over total lift and sink glide.

    Slopes [K/K] or [1/K], then the constant [K] or [1].
    """

    sink_difference: tuple[float, float, float]
    """Mean difference of refrigerant and sink, beyond the pinch [K]."""
    work_ratio: tuple[float, float, float]
    """Work that isentropic expansion would give back, over that of compression [1]."""


JENSEN_REFRIGERANTS: dict[str, _Jensen] = {
    "R717": _Jensen((0.2, 0.2, 0.016), (0.0014, -0.0015, 0.039)),
    "R600a": _Jensen((-0.0011, 0.3, 2.4), (0.0035, -0.0033, 0.053)),
}
"""Refrigerants that :func:`jensen` knows."""


def jensen(
    t_source_in: ArrayLike,
    t_source_out: ArrayLike,
    t_return: ArrayLike,
    t_supply: ArrayLike,
    *,
    refrigerant: str,
    eta_s: float = 0.8,
    pinch: float = 5.0,
    heat_loss: float = 0.0,
) -> FloatArray:
    """COP of a single-stage cycle after Jensen et al. (2018), as PyPSA-Eur has it.

    A Lorenz COP from logarithmic means, with pinches, compressor and throttle brought in
    through planes fitted for each refrigerant. The defaults are PyPSA-Eur's, for district
    heating. It counts the power at the shaft: there is no motor in it.

    Parameters
    ----------
    t_source_in, t_source_out, t_return, t_supply : array_like
        Temperatures of the water [degC].
    refrigerant : str
        R717 or R600a.
    eta_s : float
        Isentropic efficiency of the compressor [1].
    pinch : float
        Smallest temperature difference inside evaporator and condenser [K].
    heat_loss : float
        Heat that the compressor loses, over its power [1].

    Returns
    -------
    FloatArray
        COP [1]; valid where the means of sink and source lie 10 K or more apart, NaN
        where that of the sink is not above that of the source.
    """
    water = _water(t_source_in, t_source_out, t_return, t_supply)
    coefficients = JENSEN_REFRIGERANTS[refrigerant]
    total_lift = water.t_supply - water.t_source_out + 2.0 * pinch
    sink_glide = water.t_supply - water.t_return
    a = _plane(coefficients.sink_difference, total_lift, sink_glide)
    b = 0.5 * (water.t_source_in - water.t_source_out)
    r = _plane(coefficients.work_ratio, total_lift, sink_glide)
    # Jensen's L (1 + (a + p)/Th) / (1 + (a + b + 2p)/dTm): the Lorenz COP of the refrigerant.
    t_hot = _mean(water.t_return, water.t_supply) + a + pinch
    lorenz = t_hot / _positive(_positive(_mean_lift(water)) + a + b + 2.0 * pinch)
    return lorenz * eta_s * (1.0 - r) + 1.0 - eta_s - heat_loss


def _plane(slopes: tuple[float, float, float], x: FloatArray, y: FloatArray) -> FloatArray:
    along_x, along_y, constant = slopes
    return along_x * x + along_y * y + constant


def _mean(t_one: FloatArray, t_other: FloatArray) -> FloatArray:
    """Logarithmic mean [K] of temperatures [degC], the temperature itself where they are one."""
    one = _kelvin(t_one)
    change = _kelvin(t_other) / one - 1.0
    return one * np.divide(change, np.log1p(change), out=np.ones_like(change), where=change != 0.0)


def _mean_lift(water: _Water) -> FloatArray:
    """From the mean of the source to the mean of the sink [K]."""
    return _mean(water.t_return, water.t_supply) - _mean(water.t_source_out, water.t_source_in)


def _valid_lift(
    low: float, high: float
) -> Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], BoolArray]:
    """Where the lift from source inlet to supply lies in a range [K]."""
    return lambda *temperatures: _between(low, _water(*temperatures).lift, high)


def _valid_carnot(*temperatures: ArrayLike) -> BoolArray:
    return _water(*temperatures).lift > 0.0


def _valid_jesper(*temperatures: ArrayLike) -> BoolArray:
    water = _water(*temperatures)
    return np.where(
        _jesper_standard(water),
        _between(10.0, water.lift, 78.0),
        _between(25.0, water.lift, 95.0) & (water.t_supply <= 160.0 + TOLERANCE),
    )


def _valid_jensen(*temperatures: ArrayLike) -> BoolArray:
    return _mean_lift(_water(*temperatures)) >= 10.0 - TOLERANCE


_CARNOT = "Carnot with a quality grade, as in oemof-thermal"
_STAFFELL = "Staffell et al. 2012, review of domestic heat pumps, doi:10.1039/C2EE22653G"
_RUHNAU = "Ruhnau et al. 2019, domestic heat pumps of when2heat, doi:10.1038/s41597-019-0199-y"
_JESPER = "Jesper et al. 2021, large heat pumps on the market, Renew. Sust. Energ. Rev. 137, 110646"
_JENSEN = "Jensen et al. 2018, generalised COP as in PyPSA-Eur, doi:10.18462/iir.gl.2018.1386"

FORMULAS: tuple[Formula, ...] = (
    Formula("Carnot x 0.4", _CARNOT, partial(carnot, quality_grade=0.4), _valid_carnot),
    Formula("Carnot x 0.5", _CARNOT, partial(carnot, quality_grade=0.5), _valid_carnot),
    Formula("Staffell, ground", _STAFFELL, staffell_ground, _valid_lift(20.0, 60.0)),
    Formula("Staffell, air", _STAFFELL, staffell_air, _valid_lift(15.0, 60.0)),
    Formula("when2heat, water", _RUHNAU, when2heat_water, _valid_lift(15.0, 60.0)),
    Formula("Jesper", _JESPER, jesper, _valid_jesper),
    Formula("Jensen, R717", _JENSEN, partial(jensen, refrigerant="R717"), _valid_jensen),
    Formula("Jensen, R600a", _JENSEN, partial(jensen, refrigerant="R600a"), _valid_jensen),
)
"""All of them, from the simplest to the one that knows most of the machine."""
