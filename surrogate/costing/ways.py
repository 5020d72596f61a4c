"""Cheapest ways of further pipes from a network to what it does not reach."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from math import inf

import networkx as nx
import numpy as np

from surrogate.costing.problem import Link, Problem

Way = tuple[tuple[int, bool], ...]
"""Links from a network to a node, each with whether it is used from ``u`` to ``v``."""


class Ways:
    """The cheapest ways by the cost of the pipes that a load needs, and of the heat they lose.

    Parameters
    ----------
    problem : Problem
        The problem.
    price : float
        Present value of a yearly kilowatt-hour of heat [¤ a/kWh].
    """

    def __init__(self, problem: Problem, price: float) -> None:
        self.problem = problem
        self.price = price
        self.graph = nx.Graph()
        for i, link in enumerate(problem.links):
            self.graph.add_edge(link.u, link.v)
            self.graph.edges[link.u, link.v].setdefault("links", []).append(i)
        capacities = [link.capacity_kw for link in problem.links]
        self.sizes = np.unique(np.concatenate(capacities)).tolist() if capacities else []
        self._found: dict[tuple[frozenset[int], frozenset[int], int], _Nearest] = {}

    def to(
        self, node: int, starts: Iterable[int], load_kw: float, closed: Iterable[int] = ()
    ) -> tuple[float, Way] | None:
        """The cheapest way to a node.

        Parameters
        ----------
        node : int
            Where it leads.
        starts : iterable of int
            Nodes that it may start from.
        load_kw : float
            What it carries [kW].
        closed : iterable of int
            Nodes that it may not meet.

        Returns
        -------
        tuple or None
            What its pipes cost [¤] and its links from the start on; None where there
            is no way, or none whose pipes carry so much.
        """
        # All loads between two sizes need the same pipes.
        size = bisect_left(self.sizes, load_kw * (1 - 1e-12))
        key = frozenset(starts), frozenset(closed), size
        if key not in self._found:
            self._found[key] = self._nearest(*key)
        costs, nodes = self._found[key]
        if node not in costs:
            return None
        steps = zip(nodes[node], nodes[node][1:], strict=False)
        return costs[node], tuple(self._step(u, v, size) for u, v in steps)

    def _nearest(self, starts: frozenset[int], closed: frozenset[int], size: int) -> _Nearest:
        def weight(u: int, v: int, edge: dict[str, list[int]]) -> float | None:
            if u in closed or v in closed:
                return None
            cost = min(self._cost(i, size) for i in edge["links"])
            return None if cost == inf else cost

        known = {node for node in starts if node in self.graph}
        if not known:
            return dict.fromkeys(starts, 0.0), {node: [node] for node in starts}
        costs, nodes = nx.multi_source_dijkstra(self.graph, known, weight=weight)
        return costs, nodes

    def _cost(self, i: int, size: int) -> float:
        """Cost of a link for loads of a size; what would pay for itself costs nothing."""
        if size >= len(self.sizes):
            return inf
        return max(self.cost(self.problem.links[i], self.sizes[size]), 0.0)

    def cost(self, link: Link, load_kw: float) -> float:
        """What a link's pipes cost with the heat that they lose [¤]; inf where none carry a load.

        Parameters
        ----------
        link : Link
            The link.
        load_kw : float
            What it carries [kW].
        """
        step = int(np.searchsorted(link.capacity_kw, load_kw * (1 - 1e-12)))
        if step >= len(link.capacity_kw):
            return inf
        return float(self.price * link.loss_kwh[step] - link.npv[step])

    def _step(self, u: int, v: int, size: int) -> tuple[int, bool]:
        links = self.graph.edges[u, v]["links"]
        best = min(links, key=lambda i: self._cost(i, size))
        return best, bool(self.problem.links[best].u == u)


_Nearest = tuple[dict[int, float], dict[int, list[int]]]
