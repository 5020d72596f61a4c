"""Random instances: civil costs and paths."""

from __future__ import annotations

import dataclasses

import numpy as np

from .generate_features import Draw
from .generate_places import Layout
from .instance import DEFAULTS, Building, Edge
from .physics import capacity_kw

_SIZES = (10.0, 15.0, 20.0, 25.0, 32.0, 40.0, 50.0, 65.0, 80.0, 100.0, 125.0, 150.0, 200.0, 250.0)


class Pipes(Draw):
    """Civil costs and paths."""

    def _temperatures(self) -> tuple[float, float]:
        return tuple(
            self.parameters.get(f"optimiser/{which}-temperature")
            or DEFAULTS[f"optimiser/{which}-temperature"]
            for which in ("flow", "return")
        )

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
        self, layout: Layout, civil: tuple[tuple[int, float, float], ...], occupied: set[int]
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
