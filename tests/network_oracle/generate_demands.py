"""Random instances: buildings, their demands and constraints."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from .generate_features import Draw
from .instance import Building
from .physics import HOURS


class Demands(Draw):
    """What buildings ask for."""

    def demands(self, places: list[int]) -> list[Building]:
        rng = self.rng
        count = len(places)
        peaks = rng.lognormal(np.log(20), 0.8, count)
        hours = rng.uniform(1200, 3200, count)
        if self.has("mean-flow"):
            hours = rng.uniform(5000, 8500, count)
            peaks *= 0.5
        if self.has("big-peak"):
            peaks *= 0.4
            peaks[int(rng.integers(count))] = rng.uniform(60, 200)
        if self.has("tiny"):
            small = rng.random(count) < (1.0 if rng.random() < 0.2 else 0.5)
            peaks[small] = rng.uniform(0.03, 0.95, int(small.sum()))
        if self.has("zero"):
            peaks[int(rng.integers(count))] = 0.0
        several = self.has("connections")
        connections = rng.integers(1, 9, count) if several else np.ones(count, dtype=int)
        if several and rng.random() < 0.5:
            connections[rng.random(count) < 0.5] = 1
        return [
            Building(
                node=places[i],
                annual_demand_kwh=float(peaks[i] * hours[i]),
                peak_demand_kw=float(peaks[i]),
                connections=int(connections[i]),
                tariff_id=int(rng.integers(1, 4)),
                connection_cost_id=int(rng.integers(1, 3)),
            )
            for i in range(count)
        ]

    def total_kw(self, buildings: list[Building]) -> float:
        """About what all buildings together ask for."""
        total = sum(b.peak_demand_kw for b in buildings)
        floor = max(sum(b.annual_demand_kwh for b in buildings) / HOURS, 0.1)
        return max(0.75 * total, floor, *(b.peak_demand_kw for b in buildings))

    def constrained(self, buildings: list[Building]) -> Iterator[Building]:
        rng = self.rng
        groups: list[str | None] = [None] * len(buildings)
        if self.has("groups"):
            for name in ("g1", "g2")[: int(rng.integers(1, 3))]:
                size = min(int(rng.integers(2, 4)), len(buildings))
                for i in rng.choice(len(buildings), size, replace=False):
                    groups[int(i)] = groups[int(i)] or name
        for building, group in zip(buildings, groups, strict=True):
            constraint = "optional"
            if self.has("building-constraints"):
                shares = [0.65, 0.17, 0.18] if group is None else [0.9, 0.07, 0.03]
                constraint = str(rng.choice(["optional", "required", "forbidden"], p=shares))
            yield dataclasses.replace(building, constraint=constraint, demand_group=group)
