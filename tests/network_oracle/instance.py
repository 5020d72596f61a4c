"""An instance and its records; the names and defaults of its parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ORIGIN = (500_000.0, 5_500_000.0)
DEFAULTS: dict[str, Any] = {
    "finance/npv-rate": 0.03,
    "finance/npv-term": 40,
    "finance/plant-lifetime": 20,
    "finance/distribution-lifetime": 50,
    "finance/building-hx-lifetime": 20,
    "optimiser/flow-temperature": 70.0,
    "optimiser/return-temperature": 40.0,
    "optimiser/ground-temperature": 8.0,
    "optimiser/objective": "max-npv",
    "network/diversity-limit": 0.62,
    "network/diversity-rate": 1.0,
}
FLAGS = (
    "connection-capex",
    "connection-repex",
    "connection-opex",
    "supply-capex",
    "supply-repex",
    "supply-opex",
    "pipe-capex",
    "pipe-repex",
    "tariffs",
)
LIMITS = (
    "constraint/min-kwh",
    "constraint/max-kwh",
    "constraint/min-network-length",
    "constraint/max-network-length",
    "constraint/min-linear-density",
    "constraint/max-linear-density",
    "constraint/min-npv",
    "constraint/max-npv",
    "constraint/min-buildings",
    "constraint/max-buildings",
    "constraint/min-connections",
    "constraint/max-connections",
    "constraint/max-emissions-factor",
    "constraint/max-supplies",
)

Value = float | tuple[float, ...] | tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Edge:
    """A straight path between two nodes; no civil cost means the default one."""

    u: int
    v: int
    length: float
    civil_cost_id: int | None = 1
    constraint: str = "optional"
    existing_diameter: float | None = None
    extra_pv: float | None = None


@dataclass(frozen=True)
class Building:
    """A demand at a node."""

    node: int
    annual_demand_kwh: float
    peak_demand_kw: float
    connections: int = 1
    constraint: str = "optional"
    demand_group: str | None = None
    tariff_id: int = 1
    connection_cost_id: int = 1
    extra_pv: float | None = None


@dataclass(frozen=True)
class Supply:
    """A source of heat at a node."""

    node: int
    constraint: str = "optional"
    annual_capacity_kwh: float = 1e9
    peak_capacity_kw: float = 1e6
    capex_fixed: float = 0.0
    capex_per_kw: float = 0.0
    opex_fixed: float = 0.0
    opex_per_kw: float = 0.0
    repex_fixed: float = 0.0
    repex_per_kw: float = 0.0
    cost_per_kwh: float = 0.0
    emissions_per_kwh: float | None = None
    supply_cost_type: str | None = None


@dataclass(frozen=True)
class SupplyCost:
    """A row of supply_costs: a constant, a curve of (kW, total cost), or a price a year."""

    supply_cost_type: str
    type: str
    cost: str
    value: Value


@dataclass(frozen=True)
class Tariff:
    """A row of tariffs."""

    tariff_id: int = 1
    annual_charge_fixed: float = 0.0
    annual_charge_per_kwh: float = 0.0
    annual_charge_per_kw: float = 0.0
    connection_charge_fixed: float = 0.0
    connection_charge_per_kw: float = 0.0


@dataclass(frozen=True)
class ConnectionCost:
    """A row of connection_costs."""

    connection_cost_id: int = 1
    capex_fixed: float = 0.0
    capex_per_connection: float = 0.0
    capex_per_kw: float = 0.0
    repex_fixed: float = 0.0
    repex_per_connection: float = 0.0
    repex_per_kw: float = 0.0
    opex_fixed: float = 0.0
    opex_per_connection: float = 0.0
    opex_per_kw: float = 0.0


@dataclass(frozen=True)
class Instance:
    """A problem as an explicit graph; the index of a thing is the number in its ID."""

    nodes: tuple[tuple[float, float], ...]
    edges: tuple[Edge, ...]
    buildings: tuple[Building, ...]
    supplies: tuple[Supply, ...]
    tariffs: tuple[Tariff, ...]
    connection_costs: tuple[ConnectionCost, ...]
    civil_costs: tuple[tuple[int, float, float], ...]
    """(civil_cost_id, diameter_mm, cost_m)."""
    default_civil: int = 1
    supply_costs: tuple[SupplyCost, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    """What random_instance put in."""

    def parameter(self, name: str) -> Any:
        """The value that counts; None for a constraint that is not set."""
        value = self.parameters.get(name)
        if value is not None:
            return value
        return True if name.startswith("objective/use-") else DEFAULTS.get(name)
