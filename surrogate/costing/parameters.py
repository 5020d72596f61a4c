"""The parameters of a costing run: names, types, units, defaults, ranges."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Objective = Annotated[
    Literal["max-npv", "max-kwh"],
    BeforeValidator(lambda text: str(text).strip().removeprefix(":").lower()),
]

Method = Annotated[
    Literal["auto", "exact", "loop", "heuristic"],
    BeforeValidator(lambda text: str(text).strip().removeprefix(":").lower()),
]

Flag = Annotated[
    bool,
    # As a column of numbers has them.
    BeforeValidator(lambda value: {"1.0": "1", "0.0": "0"}.get(str(value).strip(), value)),
]


def _parameter(name: str, default: Any, description: str, unit: str = "", **limits: Any) -> Any:
    return Field(
        default,
        alias=name,
        description=description,
        json_schema_extra={"unit": unit},
        **limits,
    )


def _constraint(name: str, description: str, unit: str = "", **limits: Any) -> Any:
    return _parameter(f"constraint/{name}", None, description, unit, **limits)


def _use(name: str, description: str) -> Any:
    return _parameter(f"objective/use-{name}", True, description)


class Settings(BaseModel):
    """Every parameter, by the name it has in the table ``parameters``."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_by_name=True
    )

    npv_rate: float = _parameter("finance/npv-rate", 0.03, "Discount rate.", gt=-1)
    npv_term: int = _parameter("finance/npv-term", 40, "Years counted, year 0 included.", "a", ge=1)
    plant_lifetime: int = _parameter(
        "finance/plant-lifetime", 20, "Years between replacements of a supply.", "a", ge=1
    )
    distribution_lifetime: int = _parameter(
        "finance/distribution-lifetime", 50, "Years between replacements of a pipe.", "a", ge=1
    )
    building_hx_lifetime: int = _parameter(
        "finance/building-hx-lifetime",
        20,
        "Years between replacements of a connection.",
        "a",
        ge=1,
    )

    runtime_limit: float = _parameter(
        "optimiser/runtime-limit", 600.0, "The best network so far is returned then.", "s", gt=0
    )
    mip_gap: float = _parameter(
        "optimiser/mip-gap", 0.02, "Relative gap at which a solve may stop.", ge=0
    )
    param_gap: float = _parameter(
        "optimiser/param-gap",
        0.005,
        "Re-solving for diversity, losses and diameters stops when what the solve believed and "
        "the exact costs differ by less, relative.",
        ge=0,
    )
    iteration_limit: int = _parameter(
        "optimiser/iteration-limit", 20, "Most of those re-solves.", ge=0
    )
    flow_temperature: float = _parameter(
        "optimiser/flow-temperature", 70.0, "Flow of the network.", "degC", gt=0, lt=200
    )
    return_temperature: float = _parameter(
        "optimiser/return-temperature", 40.0, "Return of the network.", "degC", ge=0, lt=200
    )
    ground_temperature: float = _parameter(
        "optimiser/ground-temperature", 8.0, "Ground around the pipes.", "degC", ge=-50, le=50
    )
    objective: Objective = _parameter(
        "optimiser/objective",
        "max-npv",
        "max-npv; or max-kwh: most heat delivered, then the least cost for it.",
    )
    method: Method = _parameter(
        "optimiser/method",
        "auto",
        "exact: every pipe size a choice of its own; loop: pipes along straight lines, drawn "
        "anew until nothing changes; heuristic: a good network at once, next to nothing proven; "
        "auto: exact for small networks, loop for others.",
    )
    prevent_loops: Flag = _parameter(
        "optimiser/prevent-loops", True, "Every junction has one feed at most."
    )
    diversity_limit: float = _parameter(
        "network/diversity-limit", 0.62, "Diversity of very many connections.", gt=0, le=1
    )
    diversity_rate: float = _parameter(
        "network/diversity-rate", 1.0, "How fast diversity falls with connections.", ge=0
    )
    pumping_price: float | None = _parameter(
        "pumping/price-per-kwh",
        None,
        "Price of the pumps' electricity; without one it is reported, not paid.",
        "¤/kWh",
        ge=0,
    )

    min_linear_density: float | None = _constraint(
        "min-linear-density", "Heat delivered per length.", "kWh/(m a)", ge=0
    )
    max_linear_density: float | None = _constraint(
        "max-linear-density", "Heat delivered per length.", "kWh/(m a)", ge=0
    )
    min_kwh: float | None = _constraint("min-kwh", "Heat delivered.", "kWh/a", ge=0)
    max_kwh: float | None = _constraint("max-kwh", "Heat delivered.", "kWh/a", ge=0)
    min_network_length: float | None = _constraint(
        "min-network-length", "Length, connectors included.", "m", ge=0
    )
    max_network_length: float | None = _constraint(
        "max-network-length", "Length, connectors included.", "m", ge=0
    )
    min_npv: float | None = _constraint("min-npv", "NPV of the network, all costs in it.", "¤")
    max_npv: float | None = _constraint("max-npv", "NPV of the network, all costs in it.", "¤")
    max_emissions_factor: float | None = _constraint(
        "max-emissions-factor", "Emissions of the heat fed in, per heat delivered.", "kg/kWh", ge=0
    )
    min_buildings: int | None = _constraint("min-buildings", "Buildings connected.", ge=0)
    max_buildings: int | None = _constraint("max-buildings", "Buildings connected.", ge=0)
    min_connections: int | None = _constraint("min-connections", "End users connected.", ge=0)
    max_connections: int | None = _constraint("max-connections", "End users connected.", ge=0)
    max_supplies: int | None = _constraint("max-supplies", "Supplies used.", ge=0)

    use_connection_capex: Flag = _use("connection-capex", "Count connections' capex.")
    use_connection_repex: Flag = _use("connection-repex", "Count connections' replacement.")
    use_connection_opex: Flag = _use("connection-opex", "Count connections' opex.")
    use_supply_capex: Flag = _use("supply-capex", "Count supplies' capex.")
    use_supply_repex: Flag = _use("supply-repex", "Count supplies' replacement.")
    use_supply_opex: Flag = _use("supply-opex", "Count supplies' opex and heat.")
    use_pipe_capex: Flag = _use("pipe-capex", "Count pipes' capex.")
    use_pipe_repex: Flag = _use("pipe-repex", "Count pipes' replacement.")
    use_tariffs: Flag = _use("tariffs", "Count what customers pay.")

    def counts(self, part: str, cost: str) -> bool:
        """Whether a kind of cash flow counts in the objective.

        Parameters
        ----------
        part : str
            ``connection``, ``supply``, ``pipe`` or ``tariff``.
        cost : str
            ``capex``, ``opex``, ``repex``, ``heat``; others always count.
        """
        if part == "tariff":
            return self.use_tariffs
        name = f"use_{part}_{'opex' if cost == 'heat' else cost}"
        return bool(getattr(self, name, True))


NAMES: dict[str, str] = {str(field.alias): name for name, field in Settings.model_fields.items()}
"""Attribute of :class:`Settings` by the parameter's name in the table."""
