"""What a network must or must not hold, and the limits on its totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from .answer import Answer
from .instance import LIMITS, Instance
from .physics import SLACK


def forbidden(
    instance: Instance, connected: list[int], edges: list[int], feeding: list[int]
) -> list[str]:
    """Single things and groups that the network must or must not hold."""
    broken = []
    kinds: tuple[tuple[str, tuple[Any, ...], list[int]], ...] = (
        ("building", instance.buildings, connected),
        ("path", instance.edges, edges),
        ("supply", instance.supplies, feeding),
    )
    for name, things, used in kinds:
        for i, thing in enumerate(things):
            if thing.constraint == "forbidden" and i in used:
                broken.append(f"{name} {i} is forbidden")
            if thing.constraint == "required" and i not in used and name != "supply":
                broken.append(f"{name} {i} is required")
    for group, members in groups(instance).items():
        if 0 < len(members & set(connected)) < len(members):
            broken.append(f"group {group} is divided")
    return broken


def groups(instance: Instance) -> dict[str, set[int]]:
    groups: dict[str, set[int]] = defaultdict(set)
    for b, building in enumerate(instance.buildings):
        if building.demand_group:
            groups[building.demand_group].add(b)
    return groups


def totals(instance: Instance, answer: Answer) -> dict[str, Any]:
    """Of one network, by the names the constraints use."""
    return {
        "kwh": answer.network_kwh,
        "npv": answer.network_npv,
        "network-length": answer.network_length,
        "buildings": len(answer.connected),
        "connections": sum(instance.buildings[b].connections for b in answer.connected),
        "supplies": len(answer.supplies),
        "emissions": sum(
            f.load_kwh * (instance.supplies[f.supply].emissions_per_kwh or 0.0)
            for f in answer.supplies
        ),
    }


def limits(instance: Instance, totals: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every constraint that is set, and whether it holds; totals may be arrays."""
    for name in LIMITS:
        limit = instance.parameter(name)
        if limit is None:
            continue
        least, what = name.removeprefix("constraint/").split("-", 1)
        if what == "linear-density":
            left, right = totals["kwh"], limit * totals["network-length"]
        elif what == "emissions-factor":
            left, right = totals["emissions"], limit * totals["kwh"]
        else:
            left, right = totals[what], limit
        slack = SLACK * np.maximum(1.0, np.abs(right))
        yield name, left >= right - slack if least == "min" else left <= right + slack
