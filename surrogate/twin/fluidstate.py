"""States of one refrigerant from CoolProp, one of its objects for each thread.

CoolProp's ``AbstractState`` is changed by every question that it is asked, so
threads must not share one. Pure fluids have one saturation temperature at a
pressure; pseudo-pure ones such as R410A have a bubble and a dew temperature,
and between them CoolProp's own rule holds: linear in the quality.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from surrogate.errors import InputError
from surrogate.fluids import canonical_name
from surrogate.units import KELVIN

PASCAL = 1e5
"""1 bar in Pa."""


class Point(NamedTuple):
    """State of the refrigerant at one place.

    Attributes
    ----------
    name : str
        Where in the cycle, or which corner; empty between them.
    p : float
        Pressure [bar].
    h : float
        Specific enthalpy [J/kg], with CoolProp's reference state.
    t : float
        Temperature [degC].
    s : float
        Specific entropy [J/(kg K)].
    quality : float or None
        Mass of vapour over all [1]; None where there is one phase.
    """

    name: str
    p: float
    h: float
    t: float
    s: float
    quality: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """All values by name, h in kJ/kg and s in kJ/(kg K) as the diagram has them."""
        return {
            "name": self.name,
            "p": self.p,
            "h": self.h / 1e3,
            "t": self.t,
            "s": self.s / 1e3,
            "quality": self.quality,
        }


class Critical(NamedTuple):
    """The critical point: temperature [degC], pressure [bar], density [kg/m3]."""

    t: float
    p: float
    density: float


class Fluid:
    """States of one refrigerant, for use by one thread.

    Get it with :func:`fluid`.

    Parameters
    ----------
    refrigerant : str
        CoolProp's name.
    """

    def __init__(self, refrigerant: str) -> None:
        import CoolProp.CoolProp as CP

        self.refrigerant = refrigerant
        self._cp: Any = CP
        self._state: Any = CP.AbstractState("HEOS", refrigerant)

    @functools.cached_property
    def critical(self) -> Critical:
        """Critical point."""
        state = self._state
        return Critical(
            state.T_critical() - KELVIN, state.p_critical() / PASCAL, state.rhomass_critical()
        )

    def at_temperature(self, name: str, p: float, t: float) -> Point:
        """State of one phase at a pressure [bar] and a temperature [degC]."""
        return self._updated(name, "PT_INPUTS", p * PASCAL, t + KELVIN)

    def at_entropy(self, name: str, p: float, s: float) -> Point:
        """State at a pressure [bar] and an entropy [J/(kg K)]."""
        return self._updated(name, "PSmass_INPUTS", p * PASCAL, s)

    def at_density(self, name: str, density: float, t: float, phase: str) -> Point:
        """State of a known phase (``gas``, ``liquid``, ``supercritical``): no search at all.

        Density in kg/m3, temperature in degC.
        """
        with self._known_phase(phase):
            return self._updated(name, "DmassT_INPUTS", density, t + KELVIN)

    def saturated(self, name: str, p: float, quality: float) -> Point:
        """Bubble (quality 0) or dew point (1) at a pressure [bar]."""
        point = self._updated(name, "PQ_INPUTS", p * PASCAL, quality)
        return point._replace(quality=quality)

    def saturated_at(self, name: str, t: float, quality: float) -> Point:
        """Bubble (quality 0) or dew point (1) at a temperature [degC]."""
        point = self._updated(name, "QT_INPUTS", quality, t + KELVIN)
        return point._replace(quality=quality)

    def at_enthalpy(self, name: str, p: float, h: float) -> Point:
        """State at a pressure below the critical [bar] and an enthalpy [J/kg].

        Between bubble and dew point by the lever rule.
        """
        bubble, dew = self.saturated("", p, 0.0), self.saturated("", p, 1.0)
        share = (h - bubble.h) / (dew.h - bubble.h)
        if not 0.0 <= share <= 1.0:
            return self._updated(name, "HmassP_INPUTS", h, p * PASCAL)
        t, s = (a + share * (b - a) for a, b in ((bubble.t, dew.t), (bubble.s, dew.s)))
        return Point(name, p, h, t, s, share)

    def density(self, p: float, t: float) -> float:
        """Density [kg/m3] at a pressure [bar] and a temperature [degC]."""
        self._updated("", "PT_INPUTS", p * PASCAL, t + KELVIN)
        return float(self._state.rhomass())

    def saturated_density(self, t: float, quality: float) -> float:
        """Density [kg/m3] of the bubble (quality 0) or dew point (1) at a temperature [degC]."""
        self.saturated_at("", t, quality)
        return float(self._state.rhomass())

    @contextmanager
    def _known_phase(self, phase: str) -> Iterator[None]:
        self._state.specify_phase(getattr(self._cp, f"iphase_{phase}"))
        try:
            yield
        finally:
            self._state.unspecify_phase()

    def _updated(self, name: str, inputs: str, first: float, second: float) -> Point:
        state = self._state
        try:
            state.update(getattr(self._cp, inputs), first, second)
        except ValueError as error:
            raise InputError(
                f"CoolProp has no state of {self.refrigerant} at {first:g}, {second:g} "
                f"({inputs}): {error}"
            ) from error
        return Point(
            name,
            state.p() / PASCAL,
            float(state.hmass()),
            state.T() - KELVIN,
            float(state.smass()),
        )


_threads = threading.local()


def fluid(refrigerant: str) -> Fluid:
    """Return this thread's states of a refrigerant.

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
    >>> water = fluid("water").saturated("", 1.01325, 1.0)
    >>> round(water.t, 1), round(water.h / 1e3)
    (100.0, 2676)
    """
    name = canonical_name(refrigerant)
    known: dict[str, Fluid] = _threads.__dict__.setdefault("fluids", {})
    if name not in known:
        known[name] = Fluid(name)
    return known[name]
