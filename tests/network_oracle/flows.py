"""The loads and pipes of one network, from its supplies downstream."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .answer import Pipe
from .instance import Building
from .money import Model
from .physics import HOURS, SLACK


@dataclass
class _Below:
    """What lies downstream."""

    n: int = 0
    summed: float = 0.0
    peak: float = 0.0
    kwh: float = 0.0

    def add(self, n: int, summed: float, peak: float, kwh: float) -> None:
        self.n += n
        self.summed += summed
        self.peak = max(self.peak, peak)
        self.kwh += kwh

    def load(self, d: float, own_kwh: float = 0.0) -> tuple[float, str]:
        parts = {
            "diversity": d * self.summed,
            "peak": self.peak,
            "mean": (self.kwh + own_kwh) / HOURS,
        }
        load = max(parts.values())
        return load, next(name for name, kw in parts.items() if kw >= load * (1 - 1e-12))


def flows(
    model: Model, connected: list[int], edges: list[int], feeding: list[int]
) -> tuple[dict[int, Pipe], dict[int, tuple[float, float, float | None, str | None]], list[str]]:
    instance = model.instance
    at: dict[int, list[Building]] = defaultdict(list)
    for b in connected:
        at[instance.buildings[b].node].append(instance.buildings[b])
    touching: dict[int, list[int]] = defaultdict(list)
    for e in edges:
        touching[instance.edges[e].u].append(e)
        touching[instance.edges[e].v].append(e)
    pipes: dict[int, Pipe] = {}
    broken: list[str] = []
    visited: set[int] = set()

    def descend(node: int, entered: int | None) -> _Below:
        if node in visited:
            raise ValueError(f"node {node} is fed twice")
        visited.add(node)
        below = _Below()
        for building in at[node]:
            peak = building.peak_demand_kw
            below.add(
                building.connections,
                peak / float(model.diversity(building.connections)),
                peak,
                building.annual_demand_kwh,
            )
        for e in touching[node]:
            if e == entered:
                continue
            edge = instance.edges[e]
            more = descend(edge.v if edge.u == node else edge.u, e)
            lost = install(e, more)
            below.add(more.n, more.summed, more.peak, more.kwh + lost)
        return below

    def install(e: int, below: _Below) -> float:
        if below.n == 0:
            broken.append(f"path {e} carries nothing")
        d = float(model.diversity(below.n))
        for option in model.options[e]:
            load, floor = below.load(d, option.losses)
            if option.capacity * (1 + SLACK) >= load:
                break
        else:
            broken.append(f"path {e} is too small")
        pv = -option.capex - option.repex * model.replacement("distribution")
        pipes[e] = Pipe(
            edge=e,
            diameter_mm=option.diameter,
            load_kw=load,
            capacity_kw=option.capacity,
            losses_kwh=option.losses,
            diversity=d,
            cost_pv=pv,
            floor=floor,
            kept=option.kept,
        )
        return option.losses

    loads: dict[int, tuple[float, float, float | None, str | None]] = {}
    for s in feeding:
        below = descend(instance.supplies[s].node, None)
        if below.n == 0:
            broken.append(f"supply {s} feeds nothing")
        d = float(model.diversity(below.n))
        load, floor = below.load(d)
        loads[s] = (load, below.kwh, d, floor)
    broken += [f"path {e} is not fed" for e in edges if e not in pipes]
    broken += [
        f"building {b} is not fed" for b in connected if instance.buildings[b].node not in visited
    ]
    return pipes, loads, broken
