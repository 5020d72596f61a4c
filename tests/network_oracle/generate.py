"""Random instances, put together from what the generate_* modules draw."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from .generate_demands import Demands
from .generate_features import FEATURES
from .generate_money import Money
from .generate_parameters import Parameters
from .generate_pipes import Pipes
from .generate_places import Places
from .generate_supplies import Supplies
from .instance import LIMITS, Instance


def random_instance(seed: int, features: Iterable[str] | None = None) -> Instance:
    """A small instance; of a random set of features, or of exactly those named."""
    rng = np.random.default_rng(seed)
    if features is None:
        chosen = {name for name, share in FEATURES.items() if rng.random() < share}
    else:
        chosen = set(features)
        unknown = chosen - {*FEATURES, *LIMITS}
        if unknown:
            raise ValueError(f"unknown features: {sorted(unknown)}")
    return _Maker(rng, chosen).make()


class _Maker(Places, Demands, Parameters, Pipes, Supplies, Money):
    """Draws one instance."""

    def make(self) -> Instance:
        layout = self.layout()
        supplies = self.places_of_supplies(layout)
        buildings = self.demands(self.places_of_buildings(layout, supplies))
        self.parameters = self.general()
        total = self.total_kw(buildings)
        civil = self.civil(total, buildings)
        types = self.supply_costs(total)
        instance = Instance(
            nodes=tuple((float(x), float(y)) for x, y in layout.nodes),
            edges=self.paths(layout, civil, {*supplies, *(b.node for b in buildings)}),
            buildings=tuple(self.constrained(buildings)),
            supplies=tuple(self.supply(node, total, buildings, types) for node in supplies),
            tariffs=self.tariffs(),
            connection_costs=self.connection_costs(),
            civil_costs=civil,
            default_civil=int(self.rng.choice(sorted({i for i, _, _ in civil}))),
            supply_costs=types,
            parameters=self.parameters,
            features=tuple(sorted(self.features)),
        )
        instance = self.supply_constraints(self.extras(instance))
        instance = self.limited(self.priced(instance))
        return self.spoilt(instance)

    def spoilt(self, instance: Instance) -> Instance:
        """Forbidden buildings are not validated."""
        if not self.has("nonsense"):
            return instance
        nonsense: list[dict[str, Any]] = [
            {"annual_demand_kwh": -500.0},
            {"peak_demand_kw": -3.0},
            {"annual_demand_kwh": float("nan")},
            {"connections": 0},
            {"tariff_id": 99},
            {"connection_cost_id": 99},
        ]
        buildings = [
            dataclasses.replace(b, **nonsense[int(self.rng.integers(len(nonsense)))])
            if b.constraint == "forbidden"
            else b
            for b in instance.buildings
        ]
        return dataclasses.replace(instance, buildings=tuple(buildings))
