"""All networks of an instance, vectorised over sets of buildings, and the best of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import conditions
from .answer import Answer
from .evaluation import evaluate
from .instance import Instance
from .money import Model, book_building
from .physics import HOURS, SLACK


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


class Search:
    """Every physically possible network that honours building, path and supply constraints."""

    def __init__(self, instance: Instance):
        self.instance = instance
        self.model = Model(instance)
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
        for members in conditions.groups(self.instance).values():
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
            book_building(model, building, books)
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
    search = Search(instance)
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
        for _, holds in conditions.limits(instance, totals):
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
