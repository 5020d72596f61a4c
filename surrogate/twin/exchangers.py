"""Temperatures along both exchangers, from the cycle's states and the water's.

Water and refrigerant are compared where their difference can be smallest: at
the ends of an exchanger and where the refrigerant's phase changes, the places
that the full solve looks at, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from surrogate.conditions import Conditions
from surrogate.pinch import Stream, waters
from surrogate.tablemodel import Table
from surrogate.twin.fluidstate import Point
from surrogate.twin.states import Corners, States


class Place(NamedTuple):
    """A place along an exchanger.

    Attributes
    ----------
    name : str
        ``liquid``, ``bubble``, ``dew``, ``discharge``; ``mixture``, ``dew``, ``suction``.
    share : float
        Share of the heat that has passed from the exchanger's cold end [1].
    t_refrigerant, t_water : float
        Temperatures [degC].
    difference : float
        Warmer less colder side [K].
    """

    name: str
    share: float
    t_refrigerant: float
    t_water: float
    difference: float


@dataclass(frozen=True)
class Exchanger:
    """An exchanger at work.

    Attributes
    ----------
    heat : float
        Heat passed while the machine runs [W].
    ua : float
        UA, summed over the phase sections [W/K].
    t_water_in, t_water_out, t_refrigerant_in, t_refrigerant_out : float
        Temperatures at its ends [degC].
    smallest_difference : float
        Of all places [K].
    pinch_at : str
        Where that is.
    places : tuple of Place
        From the cold end to the warm one: the points of a temperature-heat
        diagram.
    """

    heat: float
    ua: float
    t_water_in: float
    t_water_out: float
    t_refrigerant_in: float
    t_refrigerant_out: float
    smallest_difference: float
    pinch_at: str
    places: tuple[Place, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, places as dictionaries."""
        return {**asdict(self), "places": [place._asdict() for place in self.places]}


def exchangers(
    values: Mapping[str, Any], found: States, crossings: Corners, table: Table
) -> dict[str, Exchanger]:
    """Return ``condenser`` and ``evaporator`` of a running machine.

    Parameters
    ----------
    values : mapping
        Quantities of an estimate: water temperatures [degC], ``mass_flow``
        [kg/s], ``ua_condenser`` and ``ua_evaporator`` [W/K].
    found, crossings
        The cycle's states, and where they cross the saturation lines.
    table : Table
        The refrigerant's design table, for the water at the machine's pressures.
    """
    ends = [float(values[name]) for name in Conditions._fields[:4]]
    temperatures = Conditions(ends[0], ends[1], ends[2], ends[3], None, None)
    streams = waters(table.source_water, table.sink_water, temperatures)
    flow = float(values["mass_flow"])
    cooled = (
        ("liquid", found.liquid),
        ("bubble", crossings.condenser_bubble),
        ("dew", crossings.condenser_dew),
        ("discharge", found.discharge),
    )
    warmed = (
        ("mixture", found.mixture),
        ("dew", crossings.evaporator_dew),
        ("suction", found.suction),
    )
    return {
        "condenser": _exchanger(cooled, streams.sink, flow, float(values["ua_condenser"]), 1.0),
        "evaporator": _exchanger(
            warmed, streams.source, flow, float(values["ua_evaporator"]), -1.0
        ),
    }


def _exchanger(
    points: tuple[tuple[str, Point], ...], water: Stream, flow: float, ua: float, sign: float
) -> Exchanger:
    """One exchanger; ``sign`` is 1 where the refrigerant is the warmer side."""
    first, last = points[0][1], points[-1][1]
    places = []
    for name, point in points:
        share = (point.h - first.h) / (last.h - first.h)
        t_water = float(water.temperature(share))
        places.append(Place(name, share, point.t, t_water, sign * (point.t - t_water)))
    pinch = min(places, key=lambda place: place.difference)
    cold, hot = (float(water.t_cold), first.t), (float(water.t_hot), last.t)
    # Water enters a condenser at its cold end, an evaporator at its hot one.
    (t_water_in, t_refrigerant_out), (t_water_out, t_refrigerant_in) = (
        (cold, hot) if sign > 0.0 else (hot, cold)
    )
    return Exchanger(
        heat=flow * (last.h - first.h),
        ua=ua,
        t_water_in=t_water_in,
        t_water_out=t_water_out,
        t_refrigerant_in=t_refrigerant_in,
        t_refrigerant_out=t_refrigerant_out,
        smallest_difference=pinch.difference,
        pinch_at=pinch.name,
        places=tuple(places),
    )
