"""The refrigerant's states around the cycle, from what an estimate says of it.

An estimate holds pressures, saturation temperatures and superheats; the four
states of the cycle follow, with CoolProp, by what they mean:

* ``suction``: gas at the evaporating pressure, ``superheat`` above ``t_evap``,
  which is its dew temperature;
* ``discharge``: gas at the condensing pressure and ``t_discharge``;
* ``liquid``: condensate, ``subcooling`` below ``t_cond``, which is the bubble
  temperature at the condensing pressure;
* ``mixture``: after the valve, with the liquid's enthalpy at the evaporating
  pressure.

Exchangers and pipes have no pressure drop, as in the full solve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from surrogate.errors import InputError
from surrogate.parameters import Parameters
from surrogate.twin.fluidstate import Point, fluid

NEEDED = ("p_evap", "p_cond", "t_evap", "t_cond", "t_discharge", "superheat")
"""Quantities of an estimate that the states follow from."""

_COMPRESSION = 8
"""Places along the compression that are drawn."""


class States(NamedTuple):
    """States around the cycle, each a :class:`surrogate.twin.fluidstate.Point`."""

    suction: Point
    discharge: Point
    liquid: Point
    mixture: Point


class Corners(NamedTuple):
    """Where the cycle crosses the saturation lines."""

    condenser_dew: Point
    condenser_bubble: Point
    evaporator_dew: Point


def states(refrigerant: str, values: Mapping[str, Any], parameters: Parameters) -> States:
    """Return the four states of a cycle.

    Parameters
    ----------
    refrigerant : str
        Its name.
    values : mapping
        Those of :data:`NEEDED`, one point: pressures in bar, temperatures in
        degC, superheat in K.
    parameters : Parameters
        Of the machine; its subcooling sets the liquid.

    Raises
    ------
    InputError
        If a value is missing or not finite, or there is no such state.

    Examples
    --------
    >>> from surrogate.pumps import shared_pump
    >>> est = shared_pump("R410A").design(t_source_in=10, t_source_out=5, t_return=30,
    ...                                   t_supply=45, heat_load=2e4)
    >>> found = states("R410A", est.to_dict(), Parameters())
    >>> round(found.discharge.h - found.liquid.h) == round(est.heat_load / est.mass_flow)
    True
    """
    given = {name: _number(name, values) for name in NEEDED}
    known = fluid(refrigerant)
    suction = known.at_temperature("suction", given["p_evap"], given["t_evap"] + given["superheat"])
    discharge = known.at_temperature("discharge", given["p_cond"], given["t_discharge"])
    liquid = known.at_temperature(
        "liquid", given["p_cond"], given["t_cond"] - parameters.subcooling
    )
    mixture = known.at_enthalpy("mixture", given["p_evap"], liquid.h)
    return States(suction, discharge, liquid, mixture)


def corners(refrigerant: str, found: States) -> Corners:
    """Return where a cycle crosses the saturation lines."""
    known = fluid(refrigerant)
    return Corners(
        known.saturated("condenser_dew", found.discharge.p, 1.0),
        known.saturated("condenser_bubble", found.liquid.p, 0.0),
        known.saturated("evaporator_dew", found.suction.p, 1.0),
    )


def path(refrigerant: str, found: States, crossings: Corners) -> list[Point]:
    """Return the closed path of a cycle for the log p-h diagram.

    It begins and ends at the suction. The compression is drawn with one
    isentropic efficiency from the suction pressure to every pressure on its
    way, the one that leads to the discharge.

    Parameters
    ----------
    refrigerant : str
        Its name.
    found : States
        The four states.
    crossings : Corners
        Where they cross the saturation lines.
    """
    return [
        *_compression(refrigerant, found),
        crossings.condenser_dew,
        crossings.condenser_bubble,
        found.liquid,
        found.mixture,
        crossings.evaporator_dew,
        found.suction,
    ]


def _compression(refrigerant: str, found: States) -> list[Point]:
    """From suction to discharge."""
    known, (start, end) = fluid(refrigerant), found[:2]
    ideal = known.at_entropy("", end.p, start.s)
    eta_s = (ideal.h - start.h) / (end.h - start.h)
    points = [start]
    for p in np.geomspace(start.p, end.p, _COMPRESSION + 2)[1:-1].tolist():
        h = start.h + (known.at_entropy("", p, start.s).h - start.h) / eta_s
        points.append(known.at_enthalpy("", p, h))
    return [*points, end]


def _number(name: str, values: Mapping[str, Any]) -> float:
    value = float(values.get(name, np.nan))
    if not np.isfinite(value):
        raise InputError(f"{name} = {value}, but the states of a cycle need a finite number")
    return value
