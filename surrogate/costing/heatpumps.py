"""Heat pumps as supplies: COP from the tables, and what follows for cost and limits."""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.costing.checking import Mistake
from surrogate.costing.parameters import Settings
from surrogate.costing.schema import Supply
from surrogate.errors import SurrogateError

_PROBE = 1e6
"""Heat load at which the COP is asked for [W]; a design's COP does not depend on it."""


@dataclass(frozen=True)
class HeatPumpSupply:
    """What a heat pump makes of its source.

    Parameters
    ----------
    cop : float
        Heat over electric power.
    heat_per_source : float
        Heat to the network over heat from the source.
    origin : str
        ``table``, ``regressor`` or ``solve``.
    error : float
        Relative error of the COP that 95 % of such answers stay within.
    """

    cop: float
    heat_per_source: float
    origin: str
    error: float


def heat_pump_of(supply: Supply, settings: Settings) -> HeatPumpSupply | str | None:
    """Ask for the COP of a supply that is a heat pump.

    Parameters
    ----------
    supply : Supply
        Its row.
    settings : Settings
        Flow and return of the network.

    Returns
    -------
    HeatPumpSupply, str or None
        None for a supply that is none; a message where there is no such heat pump.
    """
    if supply.heat_pump_refrigerant is None or supply.constraint == "forbidden":
        return None
    from surrogate.heatpump import HeatPump

    try:
        machine = HeatPump(
            supply.heat_pump_refrigerant, topology=supply.heat_pump_topology or "single_stage"
        )
        answer = machine.design(
            t_source_in=supply.t_source_in,
            t_source_out=supply.t_source_out,
            t_return=settings.return_temperature,
            t_supply=settings.flow_temperature,
            heat_load=_PROBE,
        )
        answer.raise_for_status()
    except SurrogateError as error:
        return (
            f"no such heat pump with {supply.t_source_in:g} to {supply.t_source_out:g} degC at its "
            f"source, optimiser/flow-temperature {settings.flow_temperature:g} and "
            f"optimiser/return-temperature {settings.return_temperature:g}: {error}"
        )
    return HeatPumpSupply(
        cop=float(answer.cop),
        heat_per_source=float(answer.heat_load / answer.heat_source),
        origin=str(answer.origin),
        error=float(answer.error),
    )


def heat_pumps_of(
    supplies: tuple[Supply, ...], settings: Settings
) -> tuple[dict[int, HeatPumpSupply], list[Mistake]]:
    """Heat pumps among the supplies, by row, and what is wrong with any.

    Parameters
    ----------
    supplies : tuple of Supply
        All supplies.
    settings : Settings
        Flow and return of the network.
    """
    found: dict[int, HeatPumpSupply] = {}
    problems = []
    for i, supply in enumerate(supplies):
        answer = heat_pump_of(supply, settings)
        if isinstance(answer, HeatPumpSupply):
            found[i] = answer
        elif answer is not None:
            problems.append(Mistake("supplies", i + 1, "heat_pump_refrigerant", answer))
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
    ``heat <= source * COP / (COP - motor efficiency)``.

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
