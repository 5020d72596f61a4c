"""What random instances may hold, and what every part of drawing one shares."""

from __future__ import annotations

from typing import Any

import numpy as np

FEATURES: dict[str, float] = {
    "mesh": 0.5,  # chords between nodes
    "parallel": 0.3,  # a second way round a path, over a middle node
    "crossings": 0.15,  # paths that cross without a junction
    "disconnected": 0.1,
    "supplies": 0.45,  # two or three
    "twin-supplies": 0.05,  # two on one node
    "shared-node": 0.25,  # several buildings on one node
    "supply-node": 0.12,  # a building on a supply's node
    "connections": 0.5,
    "tiny": 0.15,  # peaks below 1 kW
    "zero": 0.04,  # a building without demand
    "big-peak": 0.2,
    "mean-flow": 0.18,
    "building-constraints": 0.3,
    "path-constraints": 0.25,
    "supply-constraints": 0.25,
    "groups": 0.2,
    "existing": 0.25,
    "building-pv": 0.2,
    "path-pv": 0.2,
    "capacity-kw": 0.2,
    "capacity-kwh": 0.15,
    "narrow": 0.15,  # largest pipes that cannot carry everything
    "curves": 0.3,  # supply_costs
    "series": 0.15,  # heat_per_kwh by year
    "gaps": 0.3,  # diameters missing from a civil cost
    "default-civil": 0.2,  # paths without a civil cost
    "flags": 0.2,  # objective/use-*
    "max-kwh": 0.15,
    "diversity": 0.4,
    "finance": 0.6,
    "temperatures": 0.4,
    "nonsense": 0.4,  # forbidden buildings without sense
    "blanks": 0.2,  # parameters without a value
    "limits": 0.45,  # one or two of LIMITS
}
"""What an instance may hold, and how often; LIMITS may be asked for by name as well."""


class Draw:
    """Random numbers, the features asked for, and the parameters once `general` has drawn them."""

    parameters: dict[str, Any]

    def __init__(self, rng: np.random.Generator, features: set[str]):
        self.rng, self.features = rng, features

    def has(self, feature: str) -> bool:
        return feature in self.features
