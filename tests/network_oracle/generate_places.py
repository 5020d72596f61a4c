"""Random instances: nodes, edges, and where supplies and buildings are."""

from __future__ import annotations

import numpy as np
from shapely import LineString

from .generate_features import Draw
from .instance import ORIGIN


def _distance(p: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Of a point from a line a-b."""
    t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0)
    return float(np.linalg.norm(p - a - t * (b - a)))


class Layout:
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


class Places(Draw):
    """Where things are."""

    def layout(self) -> Layout:
        rng = self.rng
        layout = Layout(rng, self.has("crossings"), self.has("mean-flow"))
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

    def places_of_supplies(self, layout: Layout) -> list[int]:
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

    def places_of_buildings(self, layout: Layout, supplies: list[int]) -> list[int]:
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
