"""Heat pumps as supplies: COP from the tables, and what follows for cost and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surrogate.costing.checking import Mistake, Rows
from surrogate.costing.parameters import Settings
from surrogate.costing.schema import HeatPumpProfile, Supply, as_key
from surrogate.errors import SurrogateError
from surrogate.estimate import Estimate

_PROBE = 1e6
"""Heat load at which the COP is asked for [W]; a design's COP does not depend on it."""


@dataclass(frozen=True)
class HeatPumpSupply:
    """What a heat pump makes of its source.

    Parameters
    ----------
    cop : float
        Heat over electric power, of the whole year.
    heat_per_source : float
        Heat to the network over heat from the source, both at most.
    source_share : float
        Heat from the source over heat to the network, of the whole year.
    power : float
        Largest electric power over the largest heat to the network.
    origin : str
        ``table``, ``regressor``, ``solve``, or several of them.
    error : float
        Relative error of the COP that 95 % of such answers stay within.
    design_cop : float
        COP at the design point: that of the year where there is no profile.
    unserved : float or None
        Share of the heat asked for in its profile that is above its capacity; None
        without a profile.
    """

    cop: float
    heat_per_source: float
    source_share: float
    power: float
    origin: str
    error: float
    design_cop: float
    unserved: float | None = None


def heat_pump_of(
    number: int, supply: Supply, seasons: Mapping[int, HeatPumpProfile], settings: Settings
) -> HeatPumpSupply | list[Mistake] | None:
    """Ask for the COP of a supply that is a heat pump.

    Parameters
    ----------
    number : int
        Number of its row, the first is 1.
    supply : Supply
        Its row.
    seasons : mapping of int to HeatPumpProfile
        Its rows of heat_pump_profiles, by number; without any its design point holds
        the whole year.
    settings : Settings
        Flow and return of the network.

    Returns
    -------
    HeatPumpSupply, list of Mistake or None
        None for a supply that is none; mistakes where there is no such heat pump, or
        it cannot run as its profile says.
    """
    if supply.heat_pump_refrigerant is None or supply.constraint == "forbidden":
        return None
    from surrogate.heatpump import HeatPump

    point: dict[str, Any] = {
        "t_source_in": supply.t_source_in,
        "t_source_out": supply.t_source_out,
        "t_return": settings.return_temperature,
        "t_supply": settings.flow_temperature,
        "heat_load": _PROBE,
    }

    def wrong(what: str) -> list[Mistake]:
        return [Mistake("supplies", number, "heat_pump_refrigerant", what)]

    try:
        machine = HeatPump(
            supply.heat_pump_refrigerant, topology=supply.heat_pump_topology or "single_stage"
        )
        if not seasons:
            return _at_design(machine.design(**point).raise_for_status())
        plant = machine.plant(**point)
    except SurrogateError as error:
        return wrong(
            f"no such heat pump with {supply.t_source_in:g} to {supply.t_source_out:g} degC at its "
            f"source, optimiser/flow-temperature {settings.flow_temperature:g} and "
            f"optimiser/return-temperature {settings.return_temperature:g}: {error}"
        )
    from surrogate.costing.seasons import year_of

    try:
        year = year_of(plant, seasons, settings)
    except SurrogateError as error:
        return wrong(f"cannot be asked for its seasons: {error}")
    if isinstance(year, list):
        return year
    return HeatPumpSupply(
        cop=year.cop,
        heat_per_source=year.heat_per_source,
        source_share=year.source_share,
        power=year.power,
        origin=year.origin,
        error=year.error,
        design_cop=float(plant.design.cop),
        unserved=year.unserved,
    )


def _at_design(answer: Estimate) -> HeatPumpSupply:
    """One design point for the whole year."""
    return HeatPumpSupply(
        cop=float(answer.cop),
        heat_per_source=float(answer.heat_load / answer.heat_source),
        source_share=float(answer.heat_source / answer.heat_load),
        power=1.0 / float(answer.cop),
        origin=str(answer.origin),
        error=float(answer.error),
        design_cop=float(answer.cop),
    )


def heat_pumps_of(rows: Rows) -> tuple[dict[int, HeatPumpSupply], list[Mistake]]:
    """Heat pumps among the supplies, by row, and what is wrong with any.

    Parameters
    ----------
    rows : Rows
        The input, checked.
    """
    found: dict[int, HeatPumpSupply] = {}
    problems: list[Mistake] = []
    seasons: dict[int | str, dict[int, HeatPumpProfile]] = {}
    for number, row in enumerate(rows.heat_pump_profiles, start=1):
        seasons.setdefault(as_key(row.supply_id), {})[number] = row
    for i, supply in enumerate(rows.supplies):
        own = {} if supply.supply_id is None else seasons.get(as_key(supply.supply_id), {})
        answer = heat_pump_of(i + 1, supply, own, rows.settings)
        if isinstance(answer, HeatPumpSupply):
            found[i] = answer
        elif answer is not None:
            problems += answer
    return found, problems


def heat_price(supply: Supply, heat_pump: HeatPumpSupply | None) -> float:
    """Price of a supply's heat, electricity included [¤/kWh].

    Parameters
    ----------
    supply : Supply
        Its row.
    heat_pump : HeatPumpSupply or None
        What it makes of its source.
    """
    electricity = supply.electricity_price_per_kwh
    if heat_pump is None or electricity is None:
        return supply.cost_per_kwh
    return supply.cost_per_kwh + electricity / heat_pump.cop


def heat_emissions(supply: Supply, heat_pump: HeatPumpSupply | None) -> float | None:
    """Emissions of a supply's heat, electricity included [kg/kWh]; None where not known.

    Parameters
    ----------
    supply : Supply
        Its row.
    heat_pump : HeatPumpSupply or None
        What it makes of its source.
    """
    electricity = supply.electricity_emissions_per_kwh
    if heat_pump is None or electricity is None:
        return supply.emissions_per_kwh
    return (supply.emissions_per_kwh or 0.0) + electricity / heat_pump.cop


def heat_limit(supply: Supply, heat_pump: HeatPumpSupply | None) -> float:
    """Largest output of a supply [kW]: its own, or what its source is good for.

    Heat pumps lift heat from the source by adding power, so
    ``heat <= source * COP / (COP - motor efficiency)``; with a profile the strictest
    row holds, each at its relative load.

    Parameters
    ----------
    supply : Supply
        Its row.
    heat_pump : HeatPumpSupply or None
        What it makes of its source.
    """
    if heat_pump is None or supply.source_capacity_kw is None:
        return supply.peak_capacity_kw
    return min(supply.peak_capacity_kw, supply.source_capacity_kw * heat_pump.heat_per_source)
