"""The machine behind a twin: a plant as designed, or the same as calibration found it.

As designed it is a :class:`surrogate.plant.Plant`: its own table, then its
refrigerant's regressor. Changed by factors it is the balance on the design
table (:mod:`surrogate.balance`), the equations that TESPy solves off design,
with the compressor's efficiency and both UA scaled. Limits, capacity, part
load and cycling come from the same rules either way. Nothing here ever makes
a full solve.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from surrogate.conditions import read_operation
from surrogate.errors import (
    InfeasibleError,
    OutsideTableError,
    TableNotFoundError,
)
from surrogate.limits import DEFAULT_LIMITS, reason
from surrogate.plant import Plant
from surrogate.plantestimate import PlantEstimate
from surrogate.plantmap import PlantMap
from surrogate.plantquery import PlantRequest, answer
from surrogate.pumps import shared_pump
from surrogate.regressor import RegressorMap
from surrogate.tablemodel import RIM, Table
from surrogate.twin.design import Design, Factors


def design_table(refrigerant: str) -> Table:
    """Return the design table of a refrigerant.

    Raises
    ------
    TableNotFoundError
        If there is none; says which command makes it.
    """
    pump = shared_pump(refrigerant)
    if pump.table is None:
        raise TableNotFoundError(
            f"there is no design table of {refrigerant}; make one in some minutes with "
            f"`surrogate generate {shlex.quote(refrigerant)}`"
        )
    return pump.table


def sized_plant(design: Design) -> Plant:
    """Size the plant of a design from its refrigerant's table, without a full solve.

    Raises
    ------
    TableNotFoundError
        If the refrigerant has no design table.
    InfeasibleError
        If the design breaks a limit; its ``limit`` names it.
    OutsideTableError
        If the design lies outside the table.
    """
    table = design_table(design.refrigerant)
    pump = shared_pump(design.refrigerant)
    conditions = design.conditions()
    found = pump.design(**conditions, outside="nan")
    what = f"{design.refrigerant}, {design.sizing().describe()}"
    if found.status == "infeasible":
        raise InfeasibleError(
            f"no such machine can be built: {reason(found.limit)} ({what})", found.limit
        )
    if found.status != "ok":
        raise OutsideTableError(
            f"the design lies outside the table of {design.refrigerant} ({what}): it covers "
            f"{covered_designs(table)}"
        )
    return pump.plant(**conditions)


def covered_designs(table: Table) -> str:
    """What a design table covers, in words."""
    ranges = (
        ("evaporation", table.t_evap, " degC"),
        ("supply", table.t_supply, " degC"),
        ("source glide", table.source_glide, " K"),
        ("sink glide", table.sink_glide, " K"),
        ("eta_s", table.eta_s, ""),
    )
    return ", ".join(f"{name} {low:g} to {high:g}{unit}" for name, (low, high), unit in ranges)


def changed_map(plant: Plant, design: Design, factors: Factors) -> RegressorMap:
    """Return the balance of a plant whose efficiency and UA are scaled.

    Parameters
    ----------
    plant : Plant
        The plant as designed.
    design : Design
        Its design.
    factors : Factors
        What differs from it; all 1 is the plant itself.

    Raises
    ------
    TableNotFoundError
        If the refrigerant has no regressor; says which command makes it.
    OutsideTableError
        If the plant lies outside the regressor's domain, or its efficiency
        above that of the design table.
    """
    table = design_table(design.refrigerant)
    eta_s, highest = factors.eta_s * design.eta_s, table.eta_s.high
    if eta_s > highest + RIM:
        raise OutsideTableError(
            f"eta_s = {design.eta_s:g} times its factor {factors.eta_s:g} is {eta_s:.4g}, but the "
            f"design table of {design.refrigerant} ends at {highest:g}"
        )
    known = plant.regressor
    if known is None:
        raise TableNotFoundError(
            f"a calibrated twin needs the regressor of {design.refrigerant}, and there is none; "
            f"make it with `surrogate generate regressor {shlex.quote(design.refrigerant)}`"
        )
    found = known.plant(table, design.sizing(), **factors.model_dump())
    if found is None:
        low, high = known.domain[:5].T.tolist()
        names = ("t_source_in", "source glide", "t_supply", "sink glide", "eta_s")
        said = ", ".join(f"{n} {a:g} to {b:g}" for n, a, b in zip(names, low, high, strict=True))
        raise OutsideTableError(
            f"a calibrated twin needs the regressor of {design.refrigerant}, which covers designs "
            f"of {said}, not {design.sizing().describe()}"
        )
    return found


class ChangedPlant(NamedTuple):
    """A plant changed by factors, asked as a plant is."""

    plant: Plant
    map: RegressorMap

    def operate(self, **values: Any) -> PlantEstimate:
        """As :meth:`surrogate.plant.Plant.operate` with ``outside="nan"``."""
        operation, container = read_operation(values)
        return answer(self._request(), operation, container)

    def _request(self) -> PlantRequest:
        return PlantRequest(
            self.plant.identity,
            {"regressor": lambda: self.map},
            self.plant.heat_load,
            float(self.plant.design.suction_volume_flow),
            DEFAULT_LIMITS,
            "nan",
            0,
        )


# Names of what a map covers, for the reader, each with its unit.
_COVERED = {
    "volume_flow": ("suction volume flow", " of the design's"),
    "t_source_in": ("source inlet", " degC"),
    "t_supply": ("supply", " degC"),
    "sink_glide": ("supply less return", " K"),
    "t_evap": ("evaporation", " degC"),
}


def covered(plant: Plant, maps: Mapping[str, PlantMap]) -> str:
    """What the maps of a plant cover, in words; see :func:`maps_of`."""
    sizing = plant.identity.sizing
    assert sizing is not None  # by construction of every plant
    said = []
    for method, plant_map in maps.items():
        ranges = []
        for name, low, high in plant_map.covers(sizing):
            words, unit = _COVERED[name]
            ranges.append(f"{words} {low:.4g} to {high:.4g}{unit}")
        said.append(f"the {method} covers {', '.join(ranges)}")
    return "; ".join(said)


def maps_of(plant: Plant, design: Design) -> dict[str, PlantMap]:
    """Return the maps that answer for a plant as designed: its table, its regressor."""
    maps: dict[str, PlantMap] = {}
    if plant.table is not None:
        maps["table"] = plant.table
    if plant.regressor is not None:
        known = plant.regressor.plant(design_table(design.refrigerant), design.sizing())
        if known is not None:
            maps["regressor"] = known
    return maps
