"""What connecting a building is worth: tariffs against the costs of the connection."""

from __future__ import annotations

from surrogate.costing.economics import Horizon
from surrogate.costing.parameters import Settings
from surrogate.costing.schema import Building, ConnectionCost, Tariff


def connection_amount(connection: ConnectionCost, cost: str, building: Building) -> float:
    """Cost of a connection, when it is paid: fixed + per connection + per kW [¤].

    Parameters
    ----------
    connection : ConnectionCost
        Its rates.
    cost : str
        ``capex``, ``opex`` or ``repex``.
    building : Building
        What is connected.
    """
    return float(
        getattr(connection, f"{cost}_fixed")
        + getattr(connection, f"{cost}_per_connection") * building.connections
        + getattr(connection, f"{cost}_per_kw") * building.peak_demand_kw
    )


def tariff_amounts(tariff: Tariff, building: Building) -> tuple[float, float]:
    """What a customer pays once, in year 0, and in every later year [¤].

    Parameters
    ----------
    tariff : Tariff
        The rates.
    building : Building
        The customer.
    """
    once = (
        tariff.connection_charge_fixed + tariff.connection_charge_per_kw * building.peak_demand_kw
    )
    yearly = (
        tariff.annual_charge_fixed
        + tariff.annual_charge_per_kwh * building.annual_demand_kwh
        + tariff.annual_charge_per_kw * building.peak_demand_kw
    )
    return once, yearly


def connection_pv(
    building: Building,
    connection: ConnectionCost,
    settings: Settings,
    horizon: Horizon,
    objective: bool = False,
) -> float:
    """Present value of what a connection costs, negative [¤].

    Parameters
    ----------
    building : Building
        What is connected.
    connection : ConnectionCost
        Its rates.
    settings : Settings
        Lifetimes, and what counts in the objective.
    horizon : Horizon
        The years.
    objective : bool
        Only what counts in the objective.
    """
    weights = {
        "capex": 1.0,
        "opex": horizon.annual,
        "repex": horizon.replacement(settings.building_hx_lifetime),
    }
    return -sum(
        weight * connection_amount(connection, cost, building)
        for cost, weight in weights.items()
        if not objective or settings.counts("connection", cost)
    )


def tariff_pv(building: Building, tariff: Tariff, horizon: Horizon) -> float:
    """Present value of what a customer pays [¤].

    Parameters
    ----------
    building : Building
        The customer.
    tariff : Tariff
        The rates.
    horizon : Horizon
        The years.
    """
    once, yearly = tariff_amounts(tariff, building)
    return once + horizon.annual * yearly


def customer_value(
    building: Building,
    tariff: Tariff,
    connection: ConnectionCost,
    settings: Settings,
    horizon: Horizon,
    objective: bool,
) -> float:
    """Present value of connecting a building, without pipes and heat [¤].

    Parameters
    ----------
    building, tariff, connection
        Its rows.
    settings : Settings
        Lifetimes, and what counts in the objective.
    horizon : Horizon
        The years.
    objective : bool
        Only what counts in the objective.
    """
    paid = 0.0
    if not objective or settings.counts("tariff", "charge"):
        paid = tariff_pv(building, tariff, horizon)
    costs = connection_pv(building, connection, settings, horizon, objective)
    return paid + costs + (building.extra_pv or 0.0)
