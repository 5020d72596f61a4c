"""Steiner trees over some nodes of a network, hung from the supplies.

Grown by Mehlhorn's construction [1]_.

References
----------
.. [1] K. Mehlhorn, A faster approximation algorithm for the Steiner problem in
   graphs, Information Processing Letters 27 (1988) 125-128.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra, minimum_spanning_tree

from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

LEAST = 1e-3
"""Weight of a link that costs nothing: sparse graphs take 0 for no link."""


@dataclass(frozen=True)
class Tree:
    """A forest, hung from its supplies.

    Parameters
    ----------
    order : list of int
        Nodes, each after the one it is fed from.
    parent : dict
        Node that each is fed from, and the link between; supplies have none.
    source : dict
        Supply that feeds at a node.
    """

    order: list[int]
    parent: dict[int, tuple[int, int]]
    source: dict[int, int]


class Trees:
    """Grows trees in a network.

    Parameters
    ----------
    problem : Problem
        The problem.
    """

    def __init__(self, problem: Problem) -> None:
        self.u = np.array([link.u for link in problem.links], dtype=np.intp)
        self.v = np.array([link.v for link in problem.links], dtype=np.intp)
        self.root = problem.nodes
        self.sources = [source.node for source in problem.sources]
        self.opening = np.array([source.objective.fixed for source in problem.sources])
        self.open = list(range(len(self.sources)))

    def tree_over(self, nodes: Iterable[int], weights: Floats) -> Tree:
        """A Steiner tree over nodes and the supplies that it pays to open.

        Parameters
        ----------
        nodes : iterable of int
            Nodes to reach.
        weights : ndarray
            Of the links.
        """
        matrix = self._matrix(np.arange(len(weights)), weights)
        terminals = np.array([self.root, *nodes], dtype=np.int32)
        distance, before, nearest = dijkstra(
            matrix, directed=False, indices=terminals, return_predecessors=True, min_only=True
        )
        ends = matrix.tocoo()
        bridging = nearest[ends.row] != nearest[ends.col]
        a, b = ends.row[bridging], ends.col[bridging]
        span = distance[a] + ends.data[bridging] + distance[b]
        keep = np.isfinite(span)
        a, b, span = a[keep], b[keep], span[keep]
        order = np.argsort(-span, kind="stable")
        place = {}
        for i in order:  # the shortest of each pair is written last
            place[nearest[a[i]], nearest[b[i]]] = i
        chosen = np.fromiter(place.values(), dtype=np.intp, count=len(place))
        size = self.root + 1
        between = coo_array(
            (np.maximum(span[chosen], LEAST), (nearest[a[chosen]], nearest[b[chosen]])),
            shape=(size, size),
        )
        spanning = minimum_spanning_tree(between.tocsr()).tocoo()
        members = {self.root}
        for s, t in zip(spanning.row, spanning.col, strict=True):
            i = place.get((s, t), place.get((t, s)))
            for node in (a[i], b[i]):
                at = int(node)
                while at >= 0 and at not in members:
                    members.add(at)
                    at = int(before[at])
        members |= {int(node) for node in terminals}
        return self.spanning(members, weights)

    def _matrix(self, links: Ints, weights: Floats) -> csr_array:
        """Graph of some links, with the root joined to each supply."""
        sources = [self.sources[s] for s in self.open]
        rows = np.concatenate([self.u[links], np.full(len(sources), self.root)])
        columns = np.concatenate([self.v[links], np.array(sources, dtype=np.intp)])
        data = np.concatenate([weights[links], np.maximum(self.opening[self.open], LEAST)])
        size = self.root + 1
        # Of links side by side the cheapest counts.
        order = np.lexsort((data, np.maximum(rows, columns), np.minimum(rows, columns)))
        low, high = np.minimum(rows, columns)[order], np.maximum(rows, columns)[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        return coo_array(
            (data[order][first], (low[first], high[first])), shape=(size, size)
        ).tocsr()

    def spanning(self, members: set[int], weights: Floats) -> Tree:
        """Spanning tree of what lies between some nodes, hung from the supplies.

        Parameters
        ----------
        members : set of int
            Nodes, the root among them.
        weights : ndarray
            Of the links.
        """
        inside = np.zeros(self.root + 1, dtype=bool)
        inside[list(members)] = True
        links = np.flatnonzero(inside[self.u] & inside[self.v])
        matrix = minimum_spanning_tree(self._matrix(links, weights))
        order, before = breadth_first_order(matrix, self.root, directed=False)
        between = {}
        for i in links[np.argsort(-weights[links], kind="stable")]:
            u, v = int(self.u[i]), int(self.v[i])
            between[u, v] = between[v, u] = int(i)
        parent, source = {}, {}
        feeding = {self.sources[s]: s for s in reversed(self.open)}
        nodes = [int(node) for node in order[1:]]
        for node in nodes:
            up = int(before[node])
            if up == self.root:
                source[node] = feeding[node]
            else:
                parent[node] = (up, between[up, node])
        return Tree(nodes, parent, source)
