"""The reference's instance to check by hand."""

from __future__ import annotations

from .instance import ORIGIN, Building, ConnectionCost, Edge, Instance, Supply, Tariff


def hand_instance() -> Instance:
    """Optimum: A and B by P2, NPV 37,693.94; P2 is two paths here, as paths are straight."""
    x, y = ORIGIN
    nodes = ((0, 0), (100, 0), (50, 1725**0.5), (120, 0), (100, -30), (100, 150))
    edges = (
        Edge(0, 1, 100.0, 1),
        Edge(0, 2, 65.0, 2),
        Edge(2, 1, 65.0, 2),
        Edge(1, 3, 20.0, 2),
        Edge(1, 4, 30.0, 2),
        Edge(1, 5, 150.0, 2),
    )
    sizes = (20.0, 25.0, 32.0, 40.0, 50.0)
    costs = {1: (600.0, 620.0, 660.0, 700.0, 760.0), 2: (300.0, 320.0, 360.0, 400.0, 460.0)}
    return Instance(
        nodes=tuple((x + a, y + b) for a, b in nodes),
        edges=edges,
        buildings=(
            Building(3, 60_000.0, 25.0),
            Building(4, 60_000.0, 25.0),
            Building(5, 30_000.0, 15.0),
        ),
        supplies=(
            Supply(
                0,
                capex_fixed=10_000.0,
                capex_per_kw=500.0,
                repex_per_kw=200.0,
                opex_per_kw=10.0,
                cost_per_kwh=0.04,
            ),
        ),
        tariffs=(
            Tariff(
                annual_charge_fixed=100.0, annual_charge_per_kwh=0.20, connection_charge_fixed=500.0
            ),
        ),
        connection_costs=(
            ConnectionCost(capex_fixed=2000.0, capex_per_kw=50.0, repex_fixed=1000.0),
        ),
        civil_costs=tuple(
            (i, d, c) for i, row in costs.items() for d, c in zip(sizes, row, strict=True)
        ),
        default_civil=2,
        parameters={
            "finance/npv-rate": 0.05,
            "finance/npv-term": 11,
            "finance/plant-lifetime": 10,
            "finance/distribution-lifetime": 40,
            "finance/building-hx-lifetime": 20,
            "optimiser/flow-temperature": 60.0,
            "optimiser/return-temperature": 40.0,
            "optimiser/ground-temperature": 8.0,
            "network/diversity-limit": 0.62,
            "network/diversity-rate": 1.0,
        },
    )
