"""Heat networks by brute force: every network of a small instance, its cost, and the best one.

Nothing here comes from the optimiser under test. ``best`` enumerates all forests, all feeding
supplies and all sets of buildings, vectorised over the sets; ``evaluate`` works one network out
again, scalar and year by year, and must agree.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import geopandas
import numpy as np
import pandas as pd
from CoolProp.CoolProp import PropsSI
from shapely import LineString, Point

HOURS = 8760.0
CRS = "EPSG:32632"
ORIGIN = (500_000.0, 5_500_000.0)
SLACK = 1e-9
"""Relative, wherever a load meets a capacity or a total its limit."""

DEFAULTS: dict[str, Any] = {
    "finance/npv-rate": 0.03,
    "finance/npv-term": 40,
    "finance/plant-lifetime": 20,
    "finance/distribution-lifetime": 50,
    "finance/building-hx-lifetime": 20,
    "optimiser/flow-temperature": 70.0,
    "optimiser/return-temperature": 40.0,
    "optimiser/ground-temperature": 8.0,
    "optimiser/objective": "max-npv",
    "network/diversity-limit": 0.62,
    "network/diversity-rate": 1.0,
}
FLAGS = (
    "connection-capex",
    "connection-repex",
    "connection-opex",
    "supply-capex",
    "supply-repex",
    "supply-opex",
    "pipe-capex",
    "pipe-repex",
    "tariffs",
)
LIMITS = (
    "constraint/min-kwh",
    "constraint/max-kwh",
    "constraint/min-network-length",
    "constraint/max-network-length",
    "constraint/min-linear-density",
    "constraint/max-linear-density",
    "constraint/min-npv",
    "constraint/max-npv",
    "constraint/min-buildings",
    "constraint/max-buildings",
    "constraint/min-connections",
    "constraint/max-connections",
    "constraint/max-emissions-factor",
    "constraint/max-supplies",
)

Value = float | tuple[float, ...] | tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Edge:
    """A straight path between two nodes; no civil cost means the default one."""

    u: int
    v: int
    length: float
    civil_cost_id: int | None = 1
    constraint: str = "optional"
    existing_diameter: float | None = None
    extra_pv: float | None = None


@dataclass(frozen=True)
class Building:
    """A demand at a node."""

    node: int
    annual_demand_kwh: float
    peak_demand_kw: float
    connections: int = 1
    constraint: str = "optional"
    demand_group: str | None = None
    tariff_id: int = 1
    connection_cost_id: int = 1
    extra_pv: float | None = None


@dataclass(frozen=True)
class Supply:
    """A source of heat at a node."""

    node: int
    constraint: str = "optional"
    annual_capacity_kwh: float = 1e9
    peak_capacity_kw: float = 1e6
    capex_fixed: float = 0.0
    capex_per_kw: float = 0.0
    opex_fixed: float = 0.0
    opex_per_kw: float = 0.0
    repex_fixed: float = 0.0
    repex_per_kw: float = 0.0
    cost_per_kwh: float = 0.0
    emissions_per_kwh: float | None = None
    supply_cost_type: str | None = None


@dataclass(frozen=True)
class SupplyCost:
    """A row of supply_costs: a constant, a curve of (kW, total cost), or a price a year."""

    supply_cost_type: str
    type: str
    cost: str
    value: Value


@dataclass(frozen=True)
class Tariff:
    """A row of tariffs."""

    tariff_id: int = 1
    annual_charge_fixed: float = 0.0
    annual_charge_per_kwh: float = 0.0
    annual_charge_per_kw: float = 0.0
    connection_charge_fixed: float = 0.0
    connection_charge_per_kw: float = 0.0


@dataclass(frozen=True)
class ConnectionCost:
    """A row of connection_costs."""

    connection_cost_id: int = 1
    capex_fixed: float = 0.0
    capex_per_connection: float = 0.0
    capex_per_kw: float = 0.0
    repex_fixed: float = 0.0
    repex_per_connection: float = 0.0
    repex_per_kw: float = 0.0
    opex_fixed: float = 0.0
    opex_per_connection: float = 0.0
    opex_per_kw: float = 0.0


@dataclass(frozen=True)
class Instance:
    """A problem as an explicit graph; the index of a thing is the number in its ID."""

    nodes: tuple[tuple[float, float], ...]
    edges: tuple[Edge, ...]
    buildings: tuple[Building, ...]
    supplies: tuple[Supply, ...]
    tariffs: tuple[Tariff, ...]
    connection_costs: tuple[ConnectionCost, ...]
    civil_costs: tuple[tuple[int, float, float], ...]
    """(civil_cost_id, diameter_mm, cost_m)."""
    default_civil: int = 1
    supply_costs: tuple[SupplyCost, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    """What random_instance put in."""

    def parameter(self, name: str) -> Any:
        """The value that counts; None for a constraint that is not set."""
        value = self.parameters.get(name)
        if value is not None:
            return value
        return True if name.startswith("objective/use-") else DEFAULTS.get(name)


@dataclass(frozen=True)
class Pipe:
    """A path in use."""

    edge: int
    diameter_mm: float
    load_kw: float
    capacity_kw: float
    losses_kwh: float
    diversity: float
    cost_pv: float
    """Without extra_pv."""
    floor: str
    """What sets the load: "diversity", "peak" or "mean"."""
    kept: bool
    """The pipe was there and stays."""


@dataclass(frozen=True)
class Feed:
    """A supply in use; no load where it is only required."""

    supply: int
    load_kw: float
    load_kwh: float
    diversity: float | None
    plant_pv: float
    floor: str | None


@dataclass(frozen=True)
class Answer:
    """A network and what it is worth."""

    objective: float
    """NPV of the cash flows the objective counts, under max-kwh too."""
    network_npv: float
    network_kwh: float
    connected: tuple[int, ...]
    pipes: tuple[Pipe, ...]
    supplies: tuple[Feed, ...]
    losses_kwh: float
    network_length: float
    violations: tuple[str, ...] = ()
    margin: float = float("inf")
    """Of `objective` over the next best network (under max-kwh: among those of the same kWh)."""
    margin_kwh: float = float("inf")
    """Of `network_kwh` over the next best network that has less; max-kwh only."""

    @property
    def edges(self) -> tuple[int, ...]:
        """Indices of the paths in use."""
        return tuple(pipe.edge for pipe in self.pipes)


# Physics


def diversity(n: Any, limit: float, rate: float) -> Any:
    return limit + (1.0 - limit) / np.maximum(1.0, rate * np.asarray(n, dtype=float))


def capacity_kw(d_mm: float, t_flow: float, t_return: float) -> float:
    """What a pipe carries [kW]."""
    d = d_mm / 1000.0
    velocity = min(3.0, 4.7617 * d**0.3701 - 0.4834)
    density = PropsSI("D", "T", (t_flow + t_return) / 2 + 273.15, "P", 101325, "Water")
    return float(np.pi * d**2 / 4 * velocity * density * 4.18 * (t_flow - t_return))


def loss_w_m(d_mm: float, t_flow: float, t_return: float, t_ground: float) -> float:
    """Heat that flow and return lose together [W/m]."""
    d = d_mm / 1000.0
    return float(((t_flow + t_return) / 2 - t_ground) * (0.16807 * np.log(d) + 0.85684))


def total_cost(value: Value, kw: Any) -> Any:
    """Cost of a capacity under one _per_kw row of supply_costs, the supply being used."""
    if not isinstance(value, tuple):
        return value * np.asarray(kw, dtype=float)
    x, y = zip(*value, strict=True)
    if x[0] > 0:
        x, y = (0.0, *x), (0.0, *y)
    return np.interp(kw, x, y)


# What an instance comes to before any network is chosen


@dataclass(frozen=True)
class _Option:
    diameter: float
    capacity: float
    losses: float
    capex: float
    repex: float
    kept: bool


class _Model:
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


# One network, scalar, year by year


def evaluate(
    instance: Instance,
    connected: Iterable[int],
    edges: Iterable[int],
    feeding: Iterable[int],
    model: _Model | None = None,
) -> Answer:
    """Loads, cash flows and broken conditions of one network; ValueError if it is no forest."""
    model = model or _Model(instance)
    connected, edges, feeding = sorted(set(connected)), sorted(set(edges)), sorted(set(feeding))
    books: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(model.term))
    extra = 0.0
    for b in connected:
        _book_building(model, instance.buildings[b], books)
        extra += instance.buildings[b].extra_pv or 0.0
    pipes, loads, broken = _flows(model, connected, edges, feeding)
    for pipe in pipes.values():
        option = next(
            o
            for o in model.options[pipe.edge]
            if o.diameter == pipe.diameter_mm and o.kept == pipe.kept
        )
        books["pipe-capex"][0] -= option.capex
        books["pipe-repex"][model.years("distribution")] -= option.repex
        extra += instance.edges[pipe.edge].extra_pv or 0.0
    feeds = []
    for s, supply in enumerate(instance.supplies):
        if s not in loads and supply.constraint != "required":
            continue
        kw, kwh, d, floor = loads.get(s, (0.0, 0.0, None, None))
        mine = _supply_books(model, s, kw, kwh)
        for tag, flow in mine.items():
            books[tag] += flow
        pv = sum(float(flow @ model.factor) for flow in mine.values())
        feeds.append(Feed(s, kw, kwh, d, pv, floor))
        broken += [f"supply {s} kW"] * (kw > supply.peak_capacity_kw * (1 + SLACK))
        broken += [f"supply {s} kWh"] * (kwh > supply.annual_capacity_kwh * (1 + SLACK))
    worth = {tag: float(flow @ model.factor) for tag, flow in books.items()}
    answer = Answer(
        objective=extra + sum(pv for tag, pv in worth.items() if model.use[tag]),
        network_npv=extra + sum(worth.values()),
        network_kwh=sum(instance.buildings[b].annual_demand_kwh for b in connected),
        connected=tuple(connected),
        pipes=tuple(pipes[e] for e in edges if e in pipes),
        supplies=tuple(feeds),
        losses_kwh=sum(pipe.losses_kwh for pipe in pipes.values()),
        network_length=sum(instance.edges[e].length for e in edges),
    )
    broken += _forbidden(instance, connected, edges, feeding)
    broken += [name for name, ok in _limits(instance, _totals(instance, answer)) if not ok]
    return dataclasses.replace(answer, violations=tuple(broken))


def _book_building(model: _Model, building: Building, books: dict[str, np.ndarray]) -> None:
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


def _supply_books(model: _Model, s: int, kw: float, kwh: float) -> dict[str, np.ndarray]:
    supply = model.instance.supplies[s]
    books = {f"supply-{what}": np.zeros(model.term) for what in ("capex", "opex", "repex")}
    books["supply-capex"][0] -= model.plant(supply, "capex", kw)
    books["supply-opex"][1:] -= model.plant(supply, "opex", kw)
    books["supply-opex"] -= model.prices[s] * kwh
    books["supply-repex"][model.years("plant")] -= model.plant(supply, "repex", kw)
    return books


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


def _flows(
    model: _Model, connected: list[int], edges: list[int], feeding: list[int]
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


def _forbidden(
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
    for group, members in _groups(instance).items():
        if 0 < len(members & set(connected)) < len(members):
            broken.append(f"group {group} is divided")
    return broken


def _groups(instance: Instance) -> dict[str, set[int]]:
    groups: dict[str, set[int]] = defaultdict(set)
    for b, building in enumerate(instance.buildings):
        if building.demand_group:
            groups[building.demand_group].add(b)
    return groups


def _totals(instance: Instance, answer: Answer) -> dict[str, Any]:
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


def _limits(instance: Instance, totals: dict[str, Any]) -> Iterator[tuple[str, Any]]:
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


# All networks


@dataclass(frozen=True)
class _Table:
    """One tree under one supply: a row per set of buildings that uses all of it."""

    masks: np.ndarray
    worth: np.ndarray
    """Columns: objective, NPV, emissions; pipes and supply only."""

    def __add__(self, other: _Table) -> _Table:
        worth = self.worth[:, None, :] + other.worth[None, :, :]
        masks = self.masks[:, None] | other.masks[None, :]
        return _Table(masks.ravel(), worth.reshape(-1, 3))


@dataclass(frozen=True)
class _Batch:
    """Networks of the same pipes and supplies."""

    edges: tuple[int, ...]
    feeding: tuple[int, ...]
    length: float
    n_supplies: int
    table: _Table
    """With the buildings' own worth."""


class _Search:
    """Every physically possible network that honours building, path and supply constraints."""

    def __init__(self, instance: Instance):
        self.instance = instance
        self.model = _Model(instance)
        self.usable = [
            b for b, one in enumerate(instance.buildings) if one.constraint != "forbidden"
        ]
        self.required = self._mask("required")
        bits = (np.arange(2 ** len(instance.buildings))[:, None] >> self._all()) & 1
        self.kwh = bits @ self._column("annual_demand_kwh")
        self.connections = bits @ self._column("connections").astype(int)
        self.count = bits.sum(axis=1)
        self.valid = self._valid()
        self.worth, self.tariffs = self._buildings(bits)
        self.idle = self._idle()
        self._trees: dict[tuple[tuple[int, ...], int], _Table | None] = {}

    def _all(self) -> np.ndarray:
        return np.arange(len(self.instance.buildings))

    def _column(self, name: str) -> np.ndarray:
        values = np.zeros(len(self.instance.buildings))
        for b in self.usable:
            values[b] = getattr(self.instance.buildings[b], name)
        return values

    def _mask(self, constraint: str) -> int:
        return sum(
            1 << b for b, one in enumerate(self.instance.buildings) if one.constraint == constraint
        )

    def _valid(self) -> np.ndarray:
        masks = np.arange(2 ** len(self.instance.buildings))
        valid = (masks & self.required) == self.required
        valid &= (masks & self._mask("forbidden")) == 0
        for members in _groups(self.instance).values():
            group = sum(1 << b for b in members)
            valid &= ((masks & group) == 0) | ((masks & group) == group)
        return valid

    def _buildings(self, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Objective and NPV of each set; tariffs in the objective of each set."""
        model = self.model
        value = np.zeros((len(self.instance.buildings), 3))
        tariffs = np.zeros(len(self.instance.buildings))
        for b in self.usable:
            building = self.instance.buildings[b]
            books: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(model.term))
            _book_building(model, building, books)
            pv = {tag: float(flow @ model.factor) for tag, flow in books.items()}
            extra = building.extra_pv or 0.0
            value[b, 0] = extra + sum(v for tag, v in pv.items() if model.use[tag])
            value[b, 1] = extra + sum(pv.values())
            tariffs[b] = pv["tariffs"] * model.use["tariffs"]
        return bits @ value, bits @ tariffs

    def _plant(self, s: int, kw: np.ndarray, kwh: np.ndarray) -> np.ndarray:
        model, supply = self.model, self.instance.supplies[s]
        capex = model.plant(supply, "capex", kw)
        repex = model.plant(supply, "repex", kw) * model.replacement("plant")
        opex = model.plant(supply, "opex", kw) * model.annual
        opex = opex + kwh * float(model.prices[s] @ model.factor)
        use = model.use
        counted = use["supply-capex"] * capex + use["supply-opex"] * opex
        counted = counted + use["supply-repex"] * repex
        emissions = kwh * (supply.emissions_per_kwh or 0.0)
        return np.stack([-counted, -(capex + opex + repex), emissions], axis=1)

    def _idle(self) -> dict[int, np.ndarray]:
        """What a required supply costs that feeds nothing."""
        zero = np.zeros(1)
        return {
            s: self._plant(s, zero, zero)
            for s, supply in enumerate(self.instance.supplies)
            if supply.constraint == "required"
        }

    def tree(self, edges: tuple[int, ...], s: int) -> _Table | None:
        key = edges, s
        if key not in self._trees:
            self._trees[key] = self._tree(edges, s)
        return self._trees[key]

    def _directed(self, edges: tuple[int, ...], root: int) -> list[tuple[int, int, int]]:
        """(edge, from, to), downstream."""
        left, order, seen = set(edges), [], [root]
        for node in seen:
            for e in sorted(left):
                edge = self.instance.edges[e]
                if node in (edge.u, edge.v):
                    far = edge.v if edge.u == node else edge.u
                    order.append((e, node, far))
                    seen.append(far)
                    left.discard(e)
        return order

    def _sets(
        self, order: list[tuple[int, int, int]], root: int
    ) -> tuple[dict[int, list[int]], np.ndarray]:
        """Buildings by node, and the sets of them that leave no pipe empty."""
        nodes = [root, *(far for _, _, far in order)]
        here = {
            node: [b for b in self.usable if self.instance.buildings[b].node == node]
            for node in nodes
        }
        masks = np.zeros(1, dtype=int)
        for b in itertools.chain(*here.values()):
            with_it = masks | (1 << b)
            masks = with_it if self.required >> b & 1 else np.concatenate([masks, with_it])
        inner = {near for _, near, _ in order}
        keep = masks > 0
        for node in nodes:
            if node not in inner and node != root:
                keep &= (masks & sum(1 << b for b in here[node])) > 0
        return here, masks[keep]

    def _tree(self, edges: tuple[int, ...], s: int) -> _Table | None:
        model, supply = self.model, self.instance.supplies[s]
        root = supply.node
        order = self._directed(edges, root)
        here, masks = self._sets(order, root)
        if not len(masks):
            return None
        # Columns: connections, peaks summed, largest peak, kWh.
        below = {}
        for node, members in here.items():
            sums = np.zeros((len(masks), 4))
            for b in members:
                one = self.instance.buildings[b]
                on = (masks >> b & 1).astype(float)
                sums[:, 0] += on * one.connections
                sums[:, 1] += on * one.peak_demand_kw / model.diversity(one.connections)
                sums[:, 2] = np.maximum(sums[:, 2], on * one.peak_demand_kw)
                sums[:, 3] += on * one.annual_demand_kwh
            below[node] = sums
        worth = np.zeros((len(masks), 3))
        ok = np.ones(len(masks), dtype=bool)
        repex = model.replacement("distribution")
        for e, near, far in reversed(order):
            sums, options = below[far], model.options[e]
            losses = np.array([option.losses for option in options])
            capacity = np.array([option.capacity for option in options]) * (1 + SLACK)
            load = np.maximum(model.diversity(sums[:, 0]) * sums[:, 1], sums[:, 2])
            carried = capacity >= np.maximum(load[:, None], (sums[:, 3:] + losses) / HOURS)
            ok &= carried.any(axis=1)
            chosen = carried.argmax(axis=1)
            paid = np.array([[o.capex, o.repex * repex] for o in options])[chosen]
            extra = self.instance.edges[e].extra_pv or 0.0
            worth[:, 0] += extra - paid @ (model.use["pipe-capex"], model.use["pipe-repex"])
            worth[:, 1] += extra - paid.sum(axis=1)
            up = below[near]
            up[:, :2] += sums[:, :2]
            up[:, 2] = np.maximum(up[:, 2], sums[:, 2])
            up[:, 3] += sums[:, 3] + losses[chosen]
        total = below[root]
        kw = np.maximum(model.diversity(total[:, 0]) * total[:, 1], total[:, 2])
        kw = np.maximum(kw, total[:, 3] / HOURS)
        ok &= kw <= supply.peak_capacity_kw * (1 + SLACK)
        ok &= total[:, 3] <= supply.annual_capacity_kwh * (1 + SLACK)
        if not ok.any():
            return None
        worth += self._plant(s, kw, total[:, 3])
        return _Table(masks[ok], worth[ok])

    def forests(self) -> Iterator[list[tuple[tuple[int, ...], set[int]]]]:
        """Sets of paths without a loop, as trees of (edges, nodes), single nodes included."""
        edges = self.instance.edges
        free = [e for e, edge in enumerate(edges) if edge.constraint == "optional"]
        fixed = [e for e, edge in enumerate(edges) if edge.constraint == "required"]
        for size in range(len(free) + 1):
            for some in itertools.combinations(free, size):
                forest = self._forest(sorted((*fixed, *some)))
                if forest is not None:
                    yield forest

    def _forest(self, chosen: list[int]) -> list[tuple[tuple[int, ...], set[int]]] | None:
        n = len(self.instance.nodes)
        of = list(range(n))
        trees: dict[int, tuple[list[int], set[int]]] = {v: ([], {v}) for v in range(n)}
        for e in chosen:
            a, b = of[self.instance.edges[e].u], of[self.instance.edges[e].v]
            if a == b:
                return None
            gone = trees.pop(b)
            trees[a][0].extend([e, *gone[0]])
            trees[a][1].update(gone[1])
            for node in gone[1]:
                of[node] = a
        return [(tuple(sorted(es)), nodes) for es, nodes in trees.values()]

    def networks(self) -> Iterator[_Batch]:
        """All of them, the empty one included."""
        sources: dict[int, list[int]] = defaultdict(list)
        for s, supply in enumerate(self.instance.supplies):
            if supply.constraint != "forbidden":
                sources[supply.node].append(s)
        occupied = {self.instance.buildings[b].node for b in self.usable}
        for forest in self.forests():
            ways: list[list[tuple[tuple[int, ...], int] | None]] = []
            for edges, nodes in forest:
                feeds = [(edges, s) for node in nodes for s in sources.get(node, [])]
                if edges:
                    ways.append([*feeds])
                elif feeds and nodes & occupied:
                    ways.append([None, *feeds])
            used = tuple(sorted(e for edges, _ in forest for e in edges))
            for way in itertools.product(*ways):
                batch = self._batch(used, [one for one in way if one is not None])
                if batch is not None:
                    yield batch

    def _batch(
        self, edges: tuple[int, ...], fed: list[tuple[tuple[int, ...], int]]
    ) -> _Batch | None:
        table = _Table(np.zeros(1, dtype=int), np.zeros((1, 3)))
        for tree, s in fed:
            one = self.tree(tree, s)
            if one is None:
                return None
            table = table + one
        feeding = tuple(sorted(s for _, s in fed))
        idle = [cost for s, cost in self.idle.items() if s not in feeding]
        keep = self.valid[table.masks]
        if not keep.any():
            return None
        masks = table.masks[keep]
        return _Batch(
            edges=edges,
            feeding=feeding,
            length=sum(self.instance.edges[e].length for e in edges),
            n_supplies=len(feeding) + len(idle),
            table=_Table(masks, table.worth[keep] + self.worth[masks] + sum(idle)),
        )


def best(instance: Instance) -> Answer | None:
    """The best network of all; None where there is none."""
    search = _Search(instance)
    most_kwh = instance.parameter("optimiser/objective") == "max-kwh"
    found: list[tuple[float, float, _Batch, int]] = []
    less = -np.inf
    for batch in search.networks():
        masks, worth = batch.table.masks, batch.table.worth
        totals = {
            "kwh": search.kwh[masks],
            "npv": worth[:, 1],
            "network-length": batch.length,
            "buildings": search.count[masks],
            "connections": search.connections[masks],
            "supplies": batch.n_supplies,
            "emissions": worth[:, 2],
        }
        ok = np.ones(len(masks), dtype=bool)
        for _, holds in _limits(instance, totals):
            ok &= holds
        if not ok.any():
            continue
        first = search.kwh[masks] if most_kwh else np.zeros(len(masks))
        rows = np.flatnonzero(ok)
        rows = rows[np.lexsort((worth[rows, 0], first[rows]))]
        found += [(float(first[r]), float(worth[r, 0]), batch, int(masks[r])) for r in rows[-2:]]
        found.sort(key=lambda one: one[:2], reverse=True)
        lower = [k for k in {*first[rows], *(one[0] for one in found)} if k < found[0][0]]
        less = max([less, *lower])
        found = found[:2]
    if not found:
        return None
    kwh, objective, batch, mask = found[0]
    connected = [b for b in range(len(instance.buildings)) if mask >> b & 1]
    answer = evaluate(instance, connected, batch.edges, batch.feeding, search.model)
    assert not answer.violations, answer.violations
    assert np.isclose(answer.objective, objective, rtol=1e-9, atol=1e-4)
    second = [obj for k, obj, *_ in found[1:] if k == kwh]
    return dataclasses.replace(
        answer,
        margin=objective - second[0] if second else float("inf"),
        margin_kwh=kwh - less if most_kwh else float("inf"),
    )


# Tables of the schema


def tables(instance: Instance, **overrides: Any) -> dict[str, Any]:
    """What the optimiser reads; overrides are parameters, "__" for "/" and "_" for "-"."""
    more = {k.replace("__", "/").replace("_", "-"): v for k, v in overrides.items()}
    points = [Point(xy) for xy in instance.nodes]
    connection = pd.DataFrame([dataclasses.asdict(c) for c in instance.connection_costs])
    connection.insert(1, "name", [f"connection {i}" for i in connection["connection_cost_id"]])
    tariffs = pd.DataFrame([dataclasses.asdict(t) for t in instance.tariffs])
    tariffs.insert(1, "name", [f"tariff {i}" for i in tariffs["tariff_id"]])
    names = sorted({i for i, _, _ in instance.civil_costs})
    return {
        "buildings": _layer(
            "building_id",
            "B",
            instance.buildings,
            [points[b.node] for b in instance.buildings],
            ("demand_group",),
        ),
        "paths": _layer(
            "path_id",
            "P",
            instance.edges,
            [LineString([points[e.u], points[e.v]]) for e in instance.edges],
        ),
        "supplies": _layer(
            "supply_id",
            "S",
            instance.supplies,
            [points[s.node] for s in instance.supplies],
            ("supply_cost_type",),
        ),
        "supply_costs": pd.DataFrame(
            [
                (r.supply_cost_type, r.type, r.cost, json.dumps(r.value))
                for r in instance.supply_costs
            ],
            columns=["supply_cost_type", "type", "cost", "value"],
        ),
        "tariffs": tariffs,
        "connection_costs": connection,
        "parameters": pd.DataFrame(
            [(name, _text(value)) for name, value in {**instance.parameters, **more}.items()],
            columns=["parameter", "value"],
        ),
        "civil_costs": pd.DataFrame(
            [(d, i, cost) for i, d, cost in instance.civil_costs],
            columns=["diameter_mm", "civil_cost_id", "cost_m"],
        ),
        "civil_cost_names": pd.DataFrame(
            {
                "civil_cost_id": names,
                "name": [f"dig {i}" for i in names],
                "is_default": [i == instance.default_civil for i in names],
            }
        ),
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _layer(
    name: str, letter: str, things: tuple[Any, ...], shapes: list[Any], texts: tuple[str, ...] = ()
) -> geopandas.GeoDataFrame:
    """A table with geometry; an absent number is NaN, an absent text None."""
    rows: dict[str, Any] = {name: [f"{letter}{i}" for i in range(len(things))]}
    for column in (f.name for f in dataclasses.fields(things[0])) if things else ():
        values = [getattr(thing, column) for thing in things]
        if column in ("node", "u", "v", "length"):
            continue
        if None in values and column not in texts:
            values = [np.nan if value is None else float(value) for value in values]
        rows[column] = pd.Series(values, dtype=object) if column in texts else values
    return geopandas.GeoDataFrame(rows, geometry=shapes, crs=CRS)


# The reference's instance to check by hand


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


# Random instances

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

_SIZES = (10.0, 15.0, 20.0, 25.0, 32.0, 40.0, 50.0, 65.0, 80.0, 100.0, 125.0, 150.0, 200.0, 250.0)


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


def _distance(p: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Of a point from a line a-b."""
    t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0)
    return float(np.linalg.norm(p - a - t * (b - a)))


class _Layout:
    """Nodes in general position and straight edges between them."""

    def __init__(self, rng: np.random.Generator, crossings: bool, long: bool):
        self.rng, self.crossings, self.long = rng, crossings, long
        self.nodes: list[np.ndarray] = [np.round(np.array(ORIGIN) + rng.uniform(-50, 50, 2), 2)]
        self.part = [0]
        self.edges: list[tuple[int, int]] = []

    def degree(self, node: int) -> int:
        return sum(node in edge for edge in self.edges)

    def _clear(self, point: np.ndarray) -> bool:
        """Far enough from all nodes and edges."""
        near = [float(np.linalg.norm(point - other)) for other in self.nodes]
        near += [_distance(point, self.nodes[u], self.nodes[v]) for u, v in self.edges]
        return min(near, default=9.0) > 4.0

    def _open(self, u: int, v: int) -> bool:
        """An edge may lie here."""
        a, b = self.nodes[u], self.nodes[v]
        if (min(u, v), max(u, v)) in [(min(e), max(e)) for e in self.edges]:
            return False
        if any(_distance(p, a, b) < 2.0 for i, p in enumerate(self.nodes) if i not in (u, v)):
            return False
        line = LineString([a, b])
        return self.crossings or not any(
            line.crosses(LineString([self.nodes[i], self.nodes[j]])) for i, j in self.edges
        )

    def _join(self, point: np.ndarray, ends: tuple[int, ...]) -> bool:
        """Adds a node and edges to it, unless something is in the way."""
        if not self._clear(point):
            return False
        self.nodes.append(point)
        new = len(self.nodes) - 1
        if not all(self._open(end, new) for end in ends):
            self.nodes.pop()
            return False
        self.part.append(self.part[ends[0]] if ends else max(self.part) + 1)
        self.edges += [(end, new) if self.rng.random() < 0.5 else (new, end) for end in ends]
        return True

    def branch(self, part: int) -> None:
        rng = self.rng
        for _ in range(100):
            mine = [i for i, p in enumerate(self.part) if p == part]
            start = mine[-1] if rng.random() < 0.4 else int(rng.choice(mine))
            length = float(np.clip(rng.lognormal(np.log(50), 0.7), 6, 300))
            if self.long and rng.random() < 0.6:
                length *= rng.uniform(5, 20)
            turn = rng.uniform(0, 2 * np.pi)
            step = length * np.array([np.cos(turn), np.sin(turn)])
            if self._join(np.round(self.nodes[start] + step, 2), (start,)):
                return

    def detach(self) -> None:
        """Starts another component."""
        for _ in range(100):
            if self._join(np.round(self.nodes[0] + self.rng.uniform(-200, 200, 2), 2), ()):
                return

    def chord(self) -> None:
        for _ in range(30):
            u, v = (int(i) for i in self.rng.choice(len(self.nodes), 2, replace=False))
            if self.part[u] == self.part[v] and self._open(u, v):
                self.edges.append((u, v))
                return

    def detour(self) -> None:
        for _ in range(30):
            u, v = self.edges[int(self.rng.integers(len(self.edges)))]
            along = self.nodes[v] - self.nodes[u]
            aside = np.array([-along[1], along[0]]) * self.rng.choice([-1, 1])
            share = self.rng.uniform(0.1, 0.6)
            point = self.nodes[u] + self.rng.uniform(0.2, 0.8) * along + share * aside
            if self._join(np.round(point, 2), (u, v)):
                return


class _Maker:
    """Draws one instance."""

    def __init__(self, rng: np.random.Generator, features: set[str]):
        self.rng, self.features = rng, features

    def has(self, feature: str) -> bool:
        return feature in self.features

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

    # Where things are

    def layout(self) -> _Layout:
        rng = self.rng
        layout = _Layout(rng, self.has("crossings"), self.has("mean-flow"))
        for _ in range(int(rng.integers(4, 9))):
            layout.branch(0)
        if self.has("disconnected"):
            layout.detach()
            for _ in range(int(rng.integers(1, 3))):
                layout.branch(1)
        if self.has("mesh"):
            for _ in range(int(rng.integers(1, 4))):
                if len(layout.edges) < 10:
                    layout.chord()
        if self.has("parallel") and len(layout.edges) < 9:
            layout.detour()
        return layout

    def places_of_supplies(self, layout: _Layout) -> list[int]:
        rng = self.rng
        nodes = [i for i in range(len(layout.nodes)) if layout.degree(i)]
        count = 1 if not self.has("supplies") else int(rng.choice([2, 3], p=[0.75, 0.25]))
        main = [i for i in nodes if layout.part[i] == 0]
        places = [int(rng.choice(main))]
        while len(places) < min(count, len(nodes)):
            far = [i for i in nodes if layout.part[i] == 1 and i not in places]
            rest = far if far and rng.random() < 0.6 else [i for i in nodes if i not in places]
            places.append(int(rng.choice(rest)))
        if self.has("twin-supplies"):
            places.append(places[0])
        return places

    def places_of_buildings(self, layout: _Layout, supplies: list[int]) -> list[int]:
        rng = self.rng
        nodes = [i for i in range(len(layout.nodes)) if layout.degree(i) and i not in supplies]
        order = [int(i) for i in rng.permutation(nodes)]
        order.sort(key=lambda i: layout.degree(i) > 1)
        count = int(rng.choice([1, 2, 3, 4, 5, 6], p=[0.02, 0.08, 0.15, 0.25, 0.25, 0.25]))
        places = order[:count]
        if self.has("shared-node"):
            while len(places) < min(6, count + 2):
                places.append(int(rng.choice(order)))
        if self.has("supply-node") or not places:
            place = int(rng.choice(supplies))
            places = [*places, place] if len(places) < 6 else [*places[:-1], place]
        return places

    # What is asked for

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

    # Parameters

    def general(self) -> dict[str, Any]:
        rng = self.rng
        values: dict[str, Any] = {}
        if self.has("finance"):
            values["finance/npv-rate"] = float(rng.choice([0.0, 0.02, 0.035, 0.05, 0.08, 0.12]))
            values["finance/npv-term"] = int(rng.choice([1, 2, 5, 11, 20, 25, 40, 60]))
            for kind in ("plant", "distribution", "building-hx"):
                values[f"finance/{kind}-lifetime"] = int(rng.choice([1, 4, 10, 15, 20, 25, 40, 60]))
        if self.has("temperatures"):
            cold = float(rng.choice([25.0, 35.0, 40.0, 50.0]))
            values["optimiser/flow-temperature"] = cold + float(
                rng.choice([15.0, 20.0, 30.0, 45.0])
            )
            values["optimiser/return-temperature"] = cold
            values["optimiser/ground-temperature"] = float(rng.choice([4.0, 8.0, 10.0, 14.5]))
        if self.has("diversity"):
            values["network/diversity-limit"] = float(rng.choice([0.3, 0.5, 0.62, 0.8, 1.0]))
            values["network/diversity-rate"] = float(rng.choice([0.2, 0.5, 1.0, 1.0, 1.7, 3.0]))
        if self.has("max-kwh"):
            values["optimiser/objective"] = "max-kwh"
        if self.has("flags"):
            for flag in rng.choice(FLAGS, int(rng.integers(1, 4)), replace=False):
                if flag != "tariffs" or rng.random() < 0.3:
                    values[f"objective/use-{flag}"] = False
        if self.has("blanks"):
            absent = [name for name in (*DEFAULTS, *LIMITS) if name not in values]
            values |= {str(name): None for name in rng.choice(absent, 2, replace=False)}
        return values

    def _temperatures(self) -> tuple[float, float]:
        return tuple(
            self.parameters.get(f"optimiser/{which}-temperature")
            or DEFAULTS[f"optimiser/{which}-temperature"]
            for which in ("flow", "return")
        )

    # Pipes

    def civil(
        self, total: float, buildings: list[Building]
    ) -> tuple[tuple[int, float, float], ...]:
        rng = self.rng
        need = total * (rng.uniform(0.4, 0.9) if self.has("narrow") else rng.uniform(1.15, 2.0))
        if self.has("mean-flow"):
            need *= 1.5  # losses
        carried = [capacity_kw(d, *self._temperatures()) for d in _SIZES]
        top = next((i for i, kw in enumerate(carried) if kw > need), len(_SIZES) - 1)
        count = int(rng.integers(4, 7))
        top = max(top, count - 1)
        below = [i for i in range(top) if i >= top - count - 1]
        picked = sorted(int(i) for i in rng.choice(below, count - 1, replace=False))
        sizes = [_SIZES[i] for i in (*picked, top)]
        gap = int(rng.integers(1, 4))
        rows = []
        for i in range(1, 4):
            cost = rng.uniform(80, 500) + rng.uniform(2, 8) * np.array(sizes)
            cost += np.cumsum(rng.uniform(0, 30, count))
            own = list(zip(sizes, cost, strict=True))
            if self.has("gaps") and i == gap:
                del own[int(rng.integers(1, count - 1))]
                if rng.random() < 0.3 and len(own) > 3:
                    del own[-1]
            rows += [(i, float(d), float(c)) for d, c in own]
        return tuple(rows)

    def paths(
        self, layout: _Layout, civil: tuple[tuple[int, float, float], ...], occupied: set[int]
    ) -> tuple[Edge, ...]:
        rng = self.rng
        edges = []
        rows = [i for i, _, _ in civil]
        gappy = min(rows, key=rows.count)
        for u, v in layout.edges:
            constraint, existing, own = "optional", None, int(rng.integers(1, 4))
            if self.has("gaps") and rng.random() < 0.5:
                own = gappy
            if self.has("path-constraints"):
                shares = [0.76, 0.09, 0.15]
                constraint = str(rng.choice(["optional", "required", "forbidden"], p=shares))
            if self.has("existing") and rng.random() < 0.4:
                sizes = [d for i, d, _ in civil if i == own]
                existing = float(rng.choice(sizes))
                if rng.random() < 0.5:
                    existing = float(np.round(rng.uniform(min(sizes), max(sizes)), 1))
            length = float(np.hypot(*(layout.nodes[u] - layout.nodes[v])))
            edges.append(Edge(u, v, length, own, constraint, existing))
        # A building or supply that only touches forbidden paths would get a connector.
        for node in occupied:
            mine = [i for i, e in enumerate(edges) if node in (e.u, e.v)]
            if all(edges[i].constraint == "forbidden" for i in mine):
                edges[mine[0]] = dataclasses.replace(edges[mine[0]], constraint="optional")
        return tuple(edges)

    # Supplies

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

    # Money

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
        search = _Search(instance)
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

    # Limits

    def limited(self, instance: Instance) -> Instance:
        """Constraints that mostly bind: set around the optimum without them."""
        rng = self.rng
        names = [name for name in LIMITS if name in self.features]
        if self.has("limits") or (self.has("max-kwh") and rng.random() < 0.7):
            shares = np.array([0.15 if name == "constraint/max-npv" else 1.0 for name in LIMITS])
            if self.has("max-kwh"):
                shares *= [6.0 if name == "constraint/min-npv" else 1.0 for name in LIMITS]
                shares *= [1.0 if "max" in name or "npv" in name else 0.3 for name in LIMITS]
            count = int(rng.integers(1, 3))
            drawn = rng.choice(LIMITS, count, replace=False, p=shares / shares.sum())
            names += [str(name) for name in drawn if name not in names]
        if not names:
            return instance
        free = {**instance.parameters, "optimiser/objective": "max-npv"}
        reference = best(dataclasses.replace(instance, parameters=free))
        chosen = {name: self.limit(name, instance, reference) for name in names}
        return dataclasses.replace(instance, parameters={**instance.parameters, **chosen})

    def limit(self, name: str, instance: Instance, reference: Answer | None) -> float | int:
        rng = self.rng
        useful = [b for b in instance.buildings if b.constraint != "forbidden"]
        kwh = sum(b.annual_demand_kwh for b in useful) / 2 + 1.0
        length = sum(e.length for e in instance.edges) / 2
        totals: dict[str, float] = {
            "kwh": kwh,
            "network-length": length,
            "npv": 1000.0,
            "buildings": 2,
            "connections": sum(b.connections for b in useful) // 2,
            "emissions": 0.25 * kwh,
            "supplies": 1,
        }
        if reference is not None and reference.connected:
            totals = _totals(instance, reference)
        least, what = name.removeprefix("constraint/").split("-", 1)
        if what == "supplies":
            return int(max(1, totals["supplies"] - rng.integers(0, 2)))
        if what in ("buildings", "connections"):
            reach = 1 if what == "buildings" else 4
            step = int(rng.integers(0, reach + 1))
            value = totals[what] + (step if least == "min" else -step)
            if rng.random() < 0.85:
                possible = {
                    "buildings": len(useful),
                    "connections": sum(b.connections for b in useful),
                }
                value = min(value, possible[what])
            return int(max(value, 1))
        if what == "npv":
            value = totals["npv"]
            low, high = (-0.5, 0.95) if least == "min" else (0.3, 0.95)
            return float(value - abs(value) * (1 - rng.uniform(low, high)))
        value = {
            "linear-density": totals["kwh"] / max(totals["network-length"], 1.0),
            "emissions-factor": totals["emissions"] / max(totals["kwh"], 1.0),
        }.get(what, totals.get(what, 0.0))
        spread = {"min": (0.8, 1.3), "max": (0.6, 1.05)}[least]
        if what == "emissions-factor":
            spread = (0.85, 1.02)
        return float(value * rng.uniform(*spread))

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
