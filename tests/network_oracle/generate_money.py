"""Random instances: tariffs, connection costs, extra_pv."""

from __future__ import annotations

import dataclasses

import numpy as np

from .generate_features import Draw
from .instance import ConnectionCost, Instance, Tariff
from .search import Search


class Money(Draw):
    """Tariffs and connection costs, so that some buildings are worth it and some not."""

    def tariffs(self) -> tuple[Tariff, ...]:
        """Shares only; `priced` sets their height."""
        rng = self.rng
        return tuple(
            Tariff(
                tariff_id=i,
                annual_charge_fixed=float(rng.choice([0.0, rng.uniform(50, 300)])),
                annual_charge_per_kwh=float(rng.uniform(0.05, 0.2)),
                annual_charge_per_kw=float(rng.choice([0.0, rng.uniform(5, 60)])),
                connection_charge_fixed=float(rng.choice([0.0, rng.uniform(100, 3000)])),
                connection_charge_per_kw=float(rng.choice([0.0, rng.uniform(10, 200)])),
            )
            for i in range(1, 4)
        )

    def connection_costs(self) -> tuple[ConnectionCost, ...]:
        rng = self.rng
        height = {"capex": 1.0, "repex": 0.5, "opex": 0.02}
        rows = []
        for i in range(1, 3):
            values = {}
            for what, scale in height.items():
                values[f"{what}_fixed"] = float(scale * rng.uniform(300, 3000))
                values[f"{what}_per_connection"] = float(scale * rng.uniform(50, 600))
                values[f"{what}_per_kw"] = float(scale * rng.uniform(5, 120))
            rows.append(ConnectionCost(connection_cost_id=i, **values))
        return tuple(rows)

    def extras(self, instance: Instance) -> Instance:
        """extra_pv, paths at the default cost."""
        rng = self.rng
        edges, buildings = list(instance.edges), list(instance.buildings)
        for i, edge in enumerate(edges):
            if self.has("default-civil") and edge.civil_cost_id == instance.default_civil:
                edges[i] = dataclasses.replace(edge, civil_cost_id=None)
            if self.has("path-pv") and rng.random() < 0.5:
                pv = float(rng.normal(0.1, 1.0) * 250 * edge.length)
                edges[i] = dataclasses.replace(edges[i], extra_pv=pv)
        for i, building in enumerate(buildings):
            if self.has("building-pv") and rng.random() < 0.5:
                pv = float(rng.normal(0.0, 12_000))
                buildings[i] = dataclasses.replace(building, extra_pv=pv)
        return dataclasses.replace(instance, edges=tuple(edges), buildings=tuple(buildings))

    def priced(self, instance: Instance) -> Instance:
        """Tariffs as high as it takes for some buildings to be worth it, and some not."""
        rng = self.rng
        search = Search(instance)
        worth = np.full(2 ** len(instance.buildings), -np.inf)
        for batch in search.networks():
            np.maximum.at(worth, batch.table.masks, batch.table.worth[:, 0])
        if not np.isfinite(worth).any():
            return instance
        scales = np.exp(np.linspace(np.log(0.03), np.log(100), 60))
        picks = [int(np.argmax(worth + (scale - 1) * search.tariffs)) for scale in scales]
        reachable = max(picks, key=lambda mask: int(search.count[mask]))
        some = [s for s, mask in zip(scales, picks, strict=True) if mask not in (0, reachable)]
        rest = [s for s, mask in zip(scales, picks, strict=True) if mask == reachable]
        none = [s for s, mask in zip(scales, picks, strict=True) if mask == 0]
        order = [some, rest, none] if rng.random() < 0.85 else [rest, some, none]
        pool = next((scales for scales in order if scales), [1.0])
        scale = float(rng.choice(pool)) * rng.uniform(0.99, 1.01)
        tariffs = []
        for tariff in instance.tariffs:
            values = dataclasses.asdict(tariff)
            number = values.pop("tariff_id")
            tariffs.append(Tariff(number, **{k: float(v * scale) for k, v in values.items()}))
        return dataclasses.replace(instance, tariffs=tuple(tariffs))
