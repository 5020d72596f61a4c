"""Branches that it pays to add to a tree of pipes.

All nodes that are not in the tree are hung from it along their cheapest ways;
from the leaves on, what does not earn its own pipes and what it adds further up
is left out. So whole streets come in at once where no single building would.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from surrogate.costing.evaluate import TOLERANCE
from surrogate.costing.optimiser.settling import Branch, Settling
from surrogate.costing.optimiser.trees import LEAST, Tree
from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]


class Growing:
    """Adds branches to trees.

    Parameters
    ----------
    problem : Problem
        The problem.
    settling : Settling
        Its costs.
    """

    def __init__(self, problem: Problem, settling: Settling) -> None:
        self.settling = settling
        self.root = problem.nodes
        self.u = np.array([link.u for link in problem.links], dtype=np.intp)
        self.v = np.array([link.v for link in problem.links], dtype=np.intp)
        self.between: dict[tuple[int, int], int] = {}
        for i in np.argsort(-settling.least, kind="stable").tolist():
            ends = int(self.u[i]), int(self.v[i])
            self.between[ends] = self.between[ends[::-1]] = i

    def grow(
        self,
        tree: Tree,
        margins: Mapping[int, float],
        discount: float,
        noise: Floats | None,
    ) -> Tree:
        """Add every branch that pays.

        Parameters
        ----------
        tree : Tree
            The tree.
        margins : mapping
            What more load at each of its nodes costs further up [¤/kW].
        discount : float
            What pipes are taken to cost, over what they cost: below 1 more is added
            than pays by itself.
        noise : ndarray, optional
            Factor on each link's cost, for choosing ways.
        """
        before, order = self._hung(tree, margins, noise)
        inside = set(tree.order)
        feeds = self.settling.feeds(tree)
        foot: dict[int, int] = {}
        for node in order:
            foot[node] = before[node] if before[node] in inside else foot[before[node]]
        below: dict[int, Branch] = {}
        reached: dict[int, list[int]] = {}
        added: set[int] = set()
        for node in reversed(order):
            branch = self._branch(node, feeds[foot[node]], margins[foot[node]], below)
            if branch is None:
                continue
            up = before[node]
            link = self.between[up, node]
            load = self.settling.load(branch)
            cost, _, share = self.settling.pipe(link, feeds[foot[node]], load)
            branch.value -= discount * cost
            nodes = [*reached.pop(node, ()), node]
            if (branch.value <= 0 or share > 1 + TOLERANCE) and not branch.required:
                continue
            if up in inside:
                added.update(nodes)
                continue
            reached[up] = (
                [*reached.get(up, ()), *nodes]
                if len(nodes) < 4
                else nodes + list(reached.get(up, ()))
            )
            if up in below:
                below[up].take(branch)
            else:
                below[up] = branch
        parent = dict(tree.parent)
        new = [node for node in order if node in added]
        parent.update((node, (before[node], self.between[before[node], node])) for node in new)
        return Tree([*tree.order, *new], parent, tree.source)

    def _branch(
        self, node: int, source: int, margin: float, below: dict[int, Branch]
    ) -> Branch | None:
        """What would hang from a node, worth less what its load costs further up."""
        branch = below.pop(node, None)
        if node in self.settling.at:
            own = self.settling.own(node, source, margin, None)
            own.value -= margin * own.spread_kw
            if branch is None:
                branch = own
            else:
                branch.take(own)
        return branch if branch is not None and branch.connections else None

    def _hung(
        self, tree: Tree, margins: Mapping[int, float], noise: Floats | None
    ) -> tuple[list[int], list[int]]:
        """For each node the one before it on its way, and the nodes outside from near to far."""
        inside = np.zeros(self.root + 1, dtype=bool)
        inside[tree.order] = True
        outside = ~(inside[self.u] & inside[self.v])
        weights = self.settling.least if noise is None else self.settling.least * noise
        # Where to join hangs on what a typical building costs further up.
        feet = np.array(tree.order, dtype=np.intp)
        price = self.settling.typical_kw * np.array([margins[node] for node in tree.order])
        matrix = self._matrix(
            np.concatenate([self.u[outside], np.full(len(feet), self.root)]),
            np.concatenate([self.v[outside], feet]),
            np.concatenate([weights[outside], price - price.min()]),
        )
        distance, before = dijkstra(
            matrix, directed=False, indices=self.root, return_predecessors=True
        )
        order = np.argsort(distance, kind="stable")
        known = np.isfinite(distance[order]) & ~inside[order] & (order != self.root)
        return before.tolist(), order[known].tolist()

    def _matrix(
        self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], data: Floats
    ) -> csr_array:
        """Graph; of links side by side the cheapest counts."""
        low, high = np.minimum(rows, columns), np.maximum(rows, columns)
        order = np.lexsort((data, high, low))
        low, high, data = low[order], high[order], np.maximum(data[order], LEAST)
        first = np.ones(len(order), dtype=bool)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        size = self.root + 1
        return coo_array((data[first], (low[first], high[first])), shape=(size, size)).tocsr()
