"""Random instances: supplies, their costs and constraints."""

from __future__ import annotations

import dataclasses

import numpy as np

from .generate_features import Draw
from .instance import DEFAULTS, Building, Instance, Supply, SupplyCost, Value


class Supplies(Draw):
    """Supplies and what they cost."""

    def curve(self, total: float, scale: float) -> Value:
        """Total cost over capacity, which never falls."""
        rng = self.rng
        count = int(rng.integers(1, 5))
        kw = np.sort(rng.uniform(0.05, 1.3, count)) * total
        if rng.random() < 0.4:
            kw[-1] *= 0.6  # flat well before the total
            kw = np.sort(kw)
        slopes = rng.uniform(50, 600, count)
        shape = rng.choice(["convex", "concave", "any"])
        if shape != "any":
            slopes = np.sort(slopes) if shape == "convex" else np.sort(slopes)[::-1]
        step = rng.uniform(500, 8000) if rng.random() < 0.35 else 0.0
        cost = step + np.cumsum(slopes * np.diff(kw, prepend=0.0))
        points = [(float(x), float(y)) for x, y in zip(kw, scale * cost, strict=True)]
        if step:
            points.insert(0, (0.0, float(scale * step)))
        elif rng.random() < 0.2:
            points.insert(0, (0.0, 0.0))
        return tuple(points)

    def supply_costs(self, total: float) -> tuple[SupplyCost, ...]:
        rng = self.rng
        rows = []
        for kind in ("boiler", "pump"):
            if self.has("curves"):
                for i in range(int(rng.integers(1, 4))):
                    what = str(rng.choice(["capex", "capex", "opex", "repex"]))
                    scale = {"capex": 1.0, "repex": 0.4, "opex": 0.05}[what]
                    value: Value = self.curve(total, scale)
                    if rng.random() < 0.15:
                        value = float(rng.uniform(10, 150))
                    rows.append(SupplyCost(kind, f"part {i}", f"{what}_per_kw", value))
                if rng.random() < 0.4:
                    what = str(rng.choice(["capex", "opex", "repex"]))
                    value = float(rng.uniform(100, 4000))
                    rows.append(SupplyCost(kind, "house", f"{what}_fixed", value))
                if rng.random() < 0.2:
                    value = float(rng.uniform(0.001, 0.02))
                    rows.append(SupplyCost(kind, "levy", "heat_per_kwh", value))
            if self.has("series"):
                given = self.parameters.get("finance/npv-term")
                term = int(given if given is not None else DEFAULTS["finance/npv-term"])
                series = rng.uniform(0.005, 0.06, term + int(rng.integers(0, 3)))
                rows.append(
                    SupplyCost(kind, "heat", "heat_per_kwh", tuple(float(x) for x in series))
                )
        return tuple(rows)

    def supply(
        self, node: int, total: float, buildings: list[Building], types: tuple[SupplyCost, ...]
    ) -> Supply:
        rng = self.rng
        kwh = sum(b.annual_demand_kwh for b in buildings)
        kw_room = (
            rng.uniform(0.35, 1.0) if self.has("capacity-kw") else rng.choice([2.5, 20.0, 1e4])
        )
        kwh_room = rng.uniform(0.4, 1.0) if self.has("capacity-kwh") else rng.choice([5.0, 50.0])
        if self.has("mean-flow") and not self.has("capacity-kwh"):
            kwh_room *= 5
        share = rng.uniform(0.1, 1.5) * min(1.0, total / 20)
        if self.has("supplies") and rng.random() < 0.5:
            share *= 0.1  # so that it may pay to have two
        return Supply(
            node=node,
            annual_capacity_kwh=float(kwh_room * max(kwh, 100.0)),
            peak_capacity_kw=float(kw_room * total),
            capex_fixed=float(share * rng.uniform(2000, 20000)),
            capex_per_kw=float(rng.uniform(50, 700)),
            opex_fixed=float(share * rng.uniform(0, 300)),
            opex_per_kw=float(rng.uniform(0, 15)),
            repex_fixed=float(share * rng.uniform(0, 4000)),
            repex_per_kw=float(rng.uniform(0, 300)),
            cost_per_kwh=float(rng.uniform(0.01, 0.08)),
            emissions_per_kwh=float(rng.uniform(0.02, 0.3)),
            supply_cost_type=str(rng.choice(["boiler", "pump"]))
            if types and rng.random() < 0.85
            else None,
        )

    def supply_constraints(self, instance: Instance) -> Instance:
        if not self.has("supply-constraints"):
            return instance
        rng = self.rng
        drawn = [
            str(rng.choice(["optional", "required", "forbidden"], p=[0.4, 0.4, 0.2]))
            for _ in instance.supplies
        ]
        if "required" not in drawn and "optional" not in drawn and rng.random() < 0.8:
            drawn[0] = "required"
        supplies = [
            dataclasses.replace(s, constraint=c)
            for s, c in zip(instance.supplies, drawn, strict=True)
        ]
        return dataclasses.replace(instance, supplies=tuple(supplies))
