"""Discounting, pipe options, prices, and the books of one building or supply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .instance import FLAGS, Building, Edge, Instance, Supply, SupplyCost, Value
from .physics import HOURS, capacity_kw, diversity, loss_w_m


def total_cost(value: Value, kw: Any) -> Any:
    """Cost of a capacity under one _per_kw row of supply_costs, the supply being used."""
    if not isinstance(value, tuple):
        return value * np.asarray(kw, dtype=float)
    x, y = zip(*value, strict=True)
    if x[0] > 0:
        x, y = (0.0, *x), (0.0, *y)
    return np.interp(kw, x, y)


@dataclass(frozen=True)
class _Option:
    diameter: float
    capacity: float
    losses: float
    capex: float
    repex: float
    kept: bool


class Model:
    """Discounting, pipe options and building values of an instance."""

    def __init__(self, instance: Instance):
        self.instance = instance
        get = instance.parameter
        self.rate, self.term = float(get("finance/npv-rate")), int(get("finance/npv-term"))
        self.factor = (1.0 + self.rate) ** -np.arange(self.term, dtype=float)
        self.annual = float(self.factor[1:].sum())
        self.use = {flag: bool(get(f"objective/use-{flag}")) for flag in FLAGS}
        self.limit, self.div_rate = get("network/diversity-limit"), get("network/diversity-rate")
        self.temperatures = tuple(
            float(get(f"optimiser/{which}-temperature")) for which in ("flow", "return", "ground")
        )
        self.options = [self._options(edge) for edge in instance.edges]
        self.prices = [self._prices(supply) for supply in instance.supplies]

    def years(self, kind: str) -> list[int]:
        """Years of replacement; kind as in the parameter's name."""
        lifetime = int(self.instance.parameter(f"finance/{kind}-lifetime"))
        return [y for y in range(1, self.term) if y % lifetime == 0]

    def replacement(self, kind: str) -> float:
        return float(sum(self.factor[y] for y in self.years(kind)))

    def diversity(self, n: Any) -> Any:
        return diversity(n, self.limit, self.div_rate)

    def _options(self, edge: Edge) -> list[_Option]:
        """Pipes that may lie in a path, in order of preference."""
        civil = edge.civil_cost_id
        civil = self.instance.default_civil if civil is None else civil
        own = sorted((d, cost) for i, d, cost in self.instance.civil_costs if i == civil)
        low, high = own[0][0], own[-1][0]
        sizes = sorted({d for _, d, _ in self.instance.civil_costs if low <= d <= high})
        hot, cold, ground = self.temperatures

        def option(d: float, kept: bool) -> _Option:
            if not low <= d <= high:
                raise ValueError(f"{d} mm lies outside civil cost {civil}")
            cost = edge.length * float(np.interp(d, [x for x, _ in own], [y for _, y in own]))
            return _Option(
                diameter=d,
                capacity=capacity_kw(d, hot, cold),
                losses=edge.length * loss_w_m(d, hot, cold, ground) * HOURS / 1000.0,
                capex=0.0 if kept else cost,
                repex=cost,
                kept=kept,
            )

        there = edge.existing_diameter
        return [*([option(there, True)] if there else []), *(option(d, False) for d in sizes)]

    def _prices(self, supply: Supply) -> np.ndarray:
        """Price of a kWh in each year; year 0 delivers nothing."""
        prices = np.full(self.term, supply.cost_per_kwh)
        for row in self.rows(supply, "heat_per_kwh"):
            value: Any = row.value
            if isinstance(value, tuple) and len(value) < self.term:
                raise ValueError("heat_per_kwh is shorter than the term")
            prices += value[: self.term] if isinstance(value, tuple) else value
        prices[0] = 0.0
        return prices

    def rows(self, supply: Supply, cost: str) -> list[SupplyCost]:
        kind = supply.supply_cost_type
        return [
            row
            for row in self.instance.supply_costs
            if kind is not None and row.supply_cost_type == kind and row.cost == cost
        ]

    def plant(self, supply: Supply, what: str, kw: Any) -> Any:
        """Capex, opex or repex of a used supply, undiscounted."""
        total = getattr(supply, f"{what}_fixed") + getattr(supply, f"{what}_per_kw") * kw
        for row in self.rows(supply, f"{what}_fixed"):
            total = total + row.value
        for row in self.rows(supply, f"{what}_per_kw"):
            total = total + total_cost(row.value, kw)
        return total


def book_building(model: Model, building: Building, books: dict[str, np.ndarray]) -> None:
    instance = model.instance
    tariff = next(t for t in instance.tariffs if t.tariff_id == building.tariff_id)
    cost = next(
        c for c in instance.connection_costs if c.connection_cost_id == building.connection_cost_id
    )
    kw, n = building.peak_demand_kw, building.connections
    books["tariffs"][0] += tariff.connection_charge_fixed + tariff.connection_charge_per_kw * kw
    books["tariffs"][1:] += (
        tariff.annual_charge_fixed
        + tariff.annual_charge_per_kwh * building.annual_demand_kwh
        + tariff.annual_charge_per_kw * kw
    )
    years = {
        "capex": [0],
        "opex": list(range(1, model.term)),
        "repex": model.years("building-hx"),
    }
    for what, when in years.items():
        fixed, each, per_kw = (
            getattr(cost, f"{what}_{part}") for part in ("fixed", "per_connection", "per_kw")
        )
        books[f"connection-{what}"][when] -= fixed + each * n + per_kw * kw


def supply_books(model: Model, s: int, kw: float, kwh: float) -> dict[str, np.ndarray]:
    supply = model.instance.supplies[s]
    books = {f"supply-{what}": np.zeros(model.term) for what in ("capex", "opex", "repex")}
    books["supply-capex"][0] -= model.plant(supply, "capex", kw)
    books["supply-opex"][1:] -= model.plant(supply, "opex", kw)
    books["supply-opex"] -= model.prices[s] * kwh
    books["supply-repex"][model.years("plant")] -= model.plant(supply, "repex", kw)
    return books
