"""The log p-h diagram of a refrigerant: saturation dome, isotherms, isentropes, quality.

Everything comes from CoolProp's equations of state in the variables that they
are written in, temperature and density, wherever that is possible: those need
no search.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from surrogate.errors import InputError
from surrogate.fluids import canonical_name, t_lowest
from surrogate.jsonready import json_ready
from surrogate.twin.fluidstate import Fluid, fluid
from surrogate.units import KELVIN

# The coldest state that is drawn, as a share of the critical temperature [K/K]: below every
# evaporation of the tables that ship.
_COLDEST = 0.6
# The hottest gas that is drawn lies this far [K] above the critical temperature.
_HOTTER = 60.0
# Places along a line.
_DOME, _GAS, _LIQUID, _THROUGH, _ISENTROPE = 60, 24, 6, 48, 16
# Distance of the last saturated states from the critical temperature [K].
_NEAR_CRITICAL = 0.05
# Isentropes begin at the dew point this far [K] below it, where the dew line has turned back.
_BELOW_CRITICAL = 27.0
# Round steps between lines, the smallest that leaves no more than so many lines.
_STEPS, _MOST_LINES = (5.0, 10.0, 20.0, 25.0, 50.0), 12
_QUALITIES = (0.2, 0.4, 0.6, 0.8)
_ISENTROPES = 7


class Line(NamedTuple):
    """A line of the diagram.

    Attributes
    ----------
    label : str
        What is constant along it, for the reader; empty where nothing is.
    value : float or None
        Temperature [degC], entropy [kJ/(kg K)] or quality [1].
    h, p : tuple of float
        Specific enthalpy [kJ/kg] and pressure [bar]; NaN ends a piece.
    """

    label: str
    value: float | None
    h: tuple[float, ...]
    p: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, None as gaps."""
        return {
            "label": self.label,
            "value": self.value,
            "h": json_ready(self.h),
            "p": json_ready(self.p),
        }


@dataclass(frozen=True)
class Diagram:
    """What the log p-h diagram of a refrigerant shows beside a cycle.

    Attributes
    ----------
    refrigerant : str
        Its name.
    dome : Line
        Bubble line up to the critical point and dew line down from it.
    critical : tuple of float
        Enthalpy [kJ/kg] and pressure [bar] of the critical point.
    t_critical : float
        Its temperature [degC].
    isotherms, isentropes, qualities : tuple of Line
        Lines of constant temperature, entropy and quality.
    h_range, p_range : tuple of float
        Axis ranges that show all that a heat pump does [kJ/kg], [bar].
    """

    refrigerant: str
    dome: Line
    critical: tuple[float, float]
    t_critical: float
    isotherms: tuple[Line, ...]
    isentropes: tuple[Line, ...]
    qualities: tuple[Line, ...]
    h_range: tuple[float, float]
    p_range: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, None as gaps; h in kJ/kg, p in bar, t in degC."""
        return {
            "refrigerant": self.refrigerant,
            "dome": self.dome.to_dict(),
            "critical": {"h": self.critical[0], "p": self.critical[1], "t": self.t_critical},
            "isotherms": [line.to_dict() for line in self.isotherms],
            "isentropes": [line.to_dict() for line in self.isentropes],
            "qualities": [line.to_dict() for line in self.qualities],
            "h_range": list(self.h_range),
            "p_range": list(self.p_range),
            "units": {"h": "kJ/kg", "p": "bar", "t": "degC"},
        }


def diagram(refrigerant: str) -> Diagram:
    """Return the log p-h diagram of a refrigerant, computed once for each.

    Parameters
    ----------
    refrigerant : str
        Its name, however it is written.

    Raises
    ------
    UnknownRefrigerantError
        If CoolProp does not know it.

    Examples
    --------
    >>> ammonia = diagram("ammonia")
    >>> ammonia is diagram("R717"), round(ammonia.critical[1])
    (True, 114)
    """
    name = canonical_name(refrigerant)
    with _making:
        if name not in _made:
            _made[name] = _make(name)
        return _made[name]


_making = threading.Lock()
_made: dict[str, Diagram] = {}


class _Frame(NamedTuple):
    """What is drawn: temperatures [degC] and pressures [bar]."""

    t_low: float
    t_high: float
    p_low: float
    p_high: float


def _make(refrigerant: str) -> Diagram:
    known = fluid(refrigerant)
    t_critical = known.critical.t
    frame = _framed(known)
    bubble, dew = (_saturation(known, frame, quality) for quality in (0.0, 1.0))
    apex = known.at_density("", known.critical.density, t_critical, "supercritical")
    top = (apex.h / 1e3, apex.p)
    return Diagram(
        refrigerant=refrigerant,
        dome=_line("", None, [*bubble, top, *reversed(dew)]),
        critical=top,
        t_critical=t_critical,
        isotherms=tuple(_isotherm(known, t, frame) for t in _round_temperatures(frame)),
        isentropes=_isentropes(known, frame),
        qualities=_qualities(known, bubble, top),
        h_range=_h_range(known, frame, bubble[0][0]),
        p_range=(frame.p_low, frame.p_high),
    )


_Place = tuple[float, float]


def _framed(known: Fluid) -> _Frame:
    """Choose what is drawn: from cold evaporation to well above the critical point."""
    t_critical = known.critical.t
    lowest = t_lowest(known.refrigerant) + 1.0
    t_low = max(_COLDEST * (t_critical + KELVIN) - KELVIN, lowest)
    coldest = known.saturated_at("", t_low, 1.0).p
    p_low = _round_down(coldest)
    # Either way the dome reaches down to the axis.
    if p_low > known.saturated_at("", lowest, 1.0).p:
        t_low = known.saturated("", p_low, 1.0).t
    else:
        p_low = _round_up(coldest)
    return _Frame(t_low, t_critical + _HOTTER, p_low, _round_up(1.3 * known.critical.p))


def _saturation(known: Fluid, frame: _Frame, quality: float) -> list[_Place]:
    """Bubble or dew line from cold to warm, places crowded towards the critical point."""
    warmest = known.critical.t - _NEAR_CRITICAL
    t = warmest - (warmest - frame.t_low) * np.linspace(1.0, 0.0, _DOME) ** 2
    points = [known.saturated_at("", value, quality) for value in t.tolist()]
    return [(point.h / 1e3, point.p) for point in points]


def _qualities(known: Fluid, bubble: list[_Place], top: _Place) -> tuple[Line, ...]:
    """Lines of constant quality: at each pressure the lever rule."""
    dew = [known.saturated("", p, 1.0).h / 1e3 for _, p in bubble]
    return tuple(
        _line(
            f"x = {x:g}",
            x,
            [*((h + x * (gas - h), p) for (h, p), gas in zip(bubble, dew, strict=True)), top],
        )
        for x in _QUALITIES
    )


def _isotherm(known: Fluid, t: float, frame: _Frame) -> Line:
    """One isotherm, from liquid to thin gas."""
    label = f"{t:g} °C"
    if t >= known.critical.t:
        low, high = (known.density(p, t) for p in (frame.p_low, frame.p_high))
        return _line(label, t, _along(known, t, high, low, _THROUGH, "supercritical"))
    bubble, dew = (known.saturated_at("", t, quality) for quality in (0.0, 1.0))
    places: list[_Place] = []
    if bubble.p < frame.p_high:
        high = known.density(frame.p_high, t)
        places += _along(known, t, high, known.saturated_density(t, 0.0), _LIQUID, "liquid")
    places += [(bubble.h / 1e3, bubble.p), (dew.h / 1e3, dew.p)]
    if dew.p > frame.p_low:
        low = known.density(frame.p_low, t)
        places += _along(known, t, known.saturated_density(t, 1.0), low, _GAS, "gas")
    return _line(label, t, places)


def _along(
    known: Fluid, t: float, dense: float, thin: float, count: int, phase: str
) -> list[_Place]:
    """Places along an isotherm, from dense to thin."""
    points = [
        known.at_density("", density, t, phase)
        for density in np.geomspace(dense, thin, count).tolist()
    ]
    return [(point.h / 1e3, point.p) for point in points]


def _isentropes(known: Fluid, frame: _Frame) -> tuple[Line, ...]:
    """Lines of constant entropy in the gas: those that compressions run along."""
    cold, warm = (
        known.saturated_at("", t, 1.0).s for t in (frame.t_low, known.critical.t - _BELOW_CRITICAL)
    )
    thin = known.at_temperature("", frame.p_low, frame.t_high).s
    lines = []
    for s in _round_between(min(cold, warm) / 1e3, thin / 1e3, _ISENTROPES):
        pressures = np.geomspace(frame.p_low, frame.p_high, _ISENTROPE).tolist()
        found = [_gas(known, p, 1e3 * s, frame) for p in pressures]
        places = [place for place in found if place is not None]
        if len(places) > 1:
            lines.append(_line(f"s = {s:g} kJ/(kg K)", s, places))
    return tuple(lines)


def _gas(known: Fluid, p: float, s: float, frame: _Frame) -> _Place | None:
    """One place of an isentrope, where that is gas no hotter than what is drawn."""
    if p < known.critical.p and s < known.saturated("", p, 1.0).s:
        return None
    try:
        point = known.at_entropy("", p, s)
    except InputError:
        # Beyond the equation of state: it is not drawn there.
        return None
    return (point.h / 1e3, point.p) if point.t <= frame.t_high + _HOTTER else None


def _h_range(known: Fluid, frame: _Frame, coldest: float) -> tuple[float, float]:
    hottest = known.at_temperature("", frame.p_low, frame.t_high).h / 1e3
    step = 10.0 ** math.floor(math.log10(hottest - coldest)) / 5.0
    return math.floor(coldest / step) * step, math.ceil(hottest / step) * step


def _round_temperatures(frame: _Frame) -> list[float]:
    """Round temperatures [degC] within the frame."""
    run = frame.t_high - frame.t_low
    step = next((x for x in _STEPS if run / x <= _MOST_LINES), _STEPS[-1])
    first = math.ceil(frame.t_low / step) * step
    return [float(t) for t in np.arange(first, frame.t_high + 1e-9, step)]


def _round_between(low: float, high: float, most: int) -> list[float]:
    """No more than so many round values between two."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(x * power for x in (1.0, 2.0, 5.0, 10.0) if x * power >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(n * step, 9) for n in range(first, last + 1)]


def _round_down(p: float) -> float:
    """The next pressure below that is 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(p))
    return max(x * power for x in (1.0, 2.0, 5.0) if x * power <= p)


def _round_up(p: float) -> float:
    """The next pressure above that is round."""
    power = 10.0 ** math.floor(math.log10(p))
    return min(x * power for x in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0) if x * power >= p)


def _line(label: str, value: float | None, places: list[_Place]) -> Line:
    return Line(label, value, tuple(h for h, _ in places), tuple(p for _, p in places))
