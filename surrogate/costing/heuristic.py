"""A good network fast: prize-collecting Steiner trees, grown, pruned and improved.

Links are weighed by what their pipe costs at the load it last had; a Steiner
tree over the buildings worth connecting is grown by Mehlhorn's construction
[1]_, branches that earn less than they cost are cut, and nodes are added and
taken away while that helps. What comes out is costed exactly.

References
----------
.. [1] K. Mehlhorn, A faster approximation algorithm for the Steiner problem in
   graphs, Information Processing Letters 27 (1988) 125-128.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra, minimum_spanning_tree

from surrogate.costing.evaluate import Design
from surrogate.costing.pipes import HOURS
from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_LEAST = 1e-3
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


class Heuristic:
    """Finds good networks for a problem in which every junction has one feed.

    Parameters
    ----------
    problem : Problem
        The problem.
    seed : int
        Of the perturbations.
    """

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        self.problem = problem
        self.random = np.random.default_rng(seed)
        links = problem.links
        self.u = np.array([link.u for link in links], dtype=np.intp)
        self.v = np.array([link.v for link in links], dtype=np.intp)
        self.capacity = [link.capacity_kw.tolist() for link in links]
        self.heat_price = [source.objective.per_kwh for source in problem.sources]
        cheapest = min(self.heat_price, default=0.0)
        self.cost = [
            (-link.objective + cheapest * link.loss_kwh).tolist() for link in links
        ]
        self.loss = [link.loss_kwh.tolist() for link in links]
        self.least = np.array([min(cost) for cost in self.cost])
        self.at: dict[int, list[int]] = {}
        for i, customer in enumerate(problem.customers):
            self.at.setdefault(customer.node, []).append(i)
        self.root = problem.nodes
        self.opening = [source.objective.fixed for source in problem.sources]

    # -- trees -----------------------------------------------------------------

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
            (np.maximum(span[chosen], _LEAST), (nearest[a[chosen]], nearest[b[chosen]])),
            shape=(size, size),
        )
        spanning = minimum_spanning_tree(between.tocsr()).tocoo()
        members = {self.root}
        for s, t in zip(spanning.row, spanning.col, strict=True):
            i = place.get((s, t), place.get((t, s)))
            for node in (a[i], b[i]):
                while node >= 0 and node not in members:
                    members.add(int(node))
                    node = before[node]
        members |= {int(node) for node in terminals}
        return self.spanning(members, weights)

    def _matrix(self, links: Ints, weights: Floats) -> csr_array:
        """Graph of some links, with the root joined to each supply."""
        sources = [source.node for source in self.problem.sources]
        rows = np.concatenate([self.u[links], np.full(len(sources), self.root)])
        columns = np.concatenate([self.v[links], np.array(sources, dtype=np.intp)])
        data = np.concatenate([weights[links], np.maximum(self.opening, _LEAST)])
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
        feeding = {s.node: n for n, s in reversed(list(enumerate(self.problem.sources)))}
        nodes = [int(node) for node in order[1:]]
        for node in nodes:
            up = int(before[node])
            if up == self.root:
                source[node] = feeding[node]
            else:
                parent[node] = (up, between[up, node])
        return Tree(nodes, parent, source)

    # -- worth -----------------------------------------------------------------

    def settle(self, tree: Tree, wanted: set[int]) -> tuple[float, set[int], dict[int, float]]:
        """Cut branches of a tree that earn less than they cost.

        Parameters
        ----------
        tree : Tree
            The tree.
        wanted : set of int
            Customers that may be connected.

        Returns
        -------
        value : float
            What the rest is worth, nearly [¤].
        customers : set of int
            Those left in.
        loads : dict
            Load of each link used [kW].
        """
        diversity = self.problem.diversity
        customers = self.problem.customers
        worth: dict[int, float] = {}
        flow: dict[int, tuple[int, float, float, float]] = {}
        inside: dict[int, list[int]] = {}
        loads: dict[int, float] = {}
        used: dict[int, list[int]] = {}
        feeds = self._feeds(tree)
        total, kept = 0.0, set()
        for node in reversed(tree.order):
            price = self.heat_price[feeds[node]]
            value, members = worth.pop(node, 0.0), inside.pop(node, [])
            links = used.pop(node, [])
            n, spread, single, kwh = flow.pop(node, (0, 0.0, 0.0, 0.0))
            for i in self.at.get(node, ()):
                customer = customers[i]
                gain = customer.objective - price * customer.kwh
                if i in wanted and (gain > 0 or customer.required):
                    value += gain
                    members.append(i)
                    n += customer.connections
                    spread += customer.spread_kw
                    single = max(single, customer.peak_kw)
                    kwh += customer.kwh
            if not n:
                continue
            load = max(diversity(n) * spread, single, kwh / HOURS)
            if node in tree.source:
                source = self.problem.sources[tree.source[node]]
                value -= source.objective.at(min(load, source.objective.kilowatts[-1]), 0.0)
                if value > 0 or any(customers[i].required for i in members):
                    total += value
                    kept.update(members)
                    for link in links:
                        loads.setdefault(link, 0.0)
                continue
            up, link = tree.parent[node]
            step = bisect_left(self.capacity[link], load * (1 - 1e-12))
            over = step >= len(self.capacity[link])
            step = min(step, len(self.capacity[link]) - 1)
            loads[link] = load
            value -= self.cost[link][step] + (1e12 if over else 0.0)
            required = any(customers[i].required for i in members)
            if value <= 0 and not required:
                continue
            worth[up] = worth.get(up, 0.0) + value
            inside.setdefault(up, []).extend(members)
            used.setdefault(up, []).extend([*links, link])
            m, s, g, k = flow.get(up, (0, 0.0, 0.0, 0.0))
            flow[up] = (m + n, s + spread, max(g, single), k + kwh + self.loss[link][step])
        return total, kept, loads

    def _feeds(self, tree: Tree) -> dict[int, int]:
        """Supply that feeds each node of a tree."""
        feeds: dict[int, int] = {}
        for node in tree.order:
            feeds[node] = (
                tree.source[node] if node in tree.source else feeds[tree.parent[node][0]]
            )
        return feeds

    def design(self, tree: Tree, kept: set[int]) -> Design:
        """A tree's part that serves some customers.

        Parameters
        ----------
        tree : Tree
            The tree.
        kept : set of int
            The customers.
        """
        links: dict[int, bool] = {}
        sources = set()
        for i in kept:
            node = self.problem.customers[i].node
            while node in tree.parent:
                up, link = tree.parent[node]
                if link in links:
                    break
                links[link] = bool(self.problem.links[link].u == up)
                node = up
            else:
                sources.add(tree.source[node])
        return Design(frozenset(kept), links, frozenset(sources))

    # -- search ----------------------------------------------------------------

    def run(self, over: Callable[[], bool], rounds: int = 30) -> tuple[float, Design] | None:
        """Look for a good network.

        Parameters
        ----------
        over : callable
            True when it is time to end.
        rounds : int
            Trees grown.

        Returns
        -------
        tuple or None
            What it is worth, nearly [¤], and the network; None where nothing pays.
        """
        if not self.problem.links or not self.problem.sources:
            return None
        best: tuple[float, Tree, set[int], dict[int, float]] | None = None
        everyone = set(range(len(self.problem.customers)))
        weights = np.maximum(self.least, _LEAST)
        wanted = everyone
        for turn in range(rounds):
            if over():
                break
            tree = self.tree_over({self.problem.customers[i].node for i in wanted}, weights)
            value, kept, loads = self.settle(tree, everyone)
            if best is None or value > best[0]:
                best = value, tree, kept, loads
                wanted = kept or everyone
                weights = self._weights(loads)
            else:
                wanted = self._shaken(best[2], everyone)
                noise = self.random.uniform(0.8, 1.25, len(weights))
                weights = self._weights(best[3]) * noise
        if best is None:
            return None
        value, tree, kept, loads = self._improved(best, over)
        return value, self.design(tree, kept)

    def _weights(self, loads: dict[int, float]) -> Floats:
        """Cost of each link at the load it has, or with its smallest pipe."""
        weights = self.least.copy()
        for link, load in loads.items():
            step = min(bisect_left(self.capacity[link], load), len(self.capacity[link]) - 1)
            weights[link] = 0.5 * (weights[link] + self.cost[link][step])
        return np.maximum(weights, _LEAST)

    def _shaken(self, kept: set[int], everyone: set[int]) -> set[int]:
        """Nearly the same customers."""
        chance = self.random.random(len(everyone))
        near = {i for i in everyone if (chance[i] > 0.05 if i in kept else chance[i] < 0.15)}
        return near or kept or everyone

    def _improved(
        self,
        best: tuple[float, Tree, set[int], dict[int, float]],
        over: Callable[[], bool],
    ) -> tuple[float, Tree, set[int], dict[int, float]]:
        """Add or take away a node at a time while that helps."""
        everyone = set(range(len(self.problem.customers)))
        neighbours: dict[int, set[int]] = {}
        for u, v in zip(self.u.tolist(), self.v.tolist(), strict=True):
            neighbours.setdefault(u, set()).add(v)
            neighbours.setdefault(v, set()).add(u)
        improved = True
        while improved and not over():
            improved = False
            value, tree, kept, loads = best
            weights = self._weights(loads)
            members = self._members(tree, kept)
            beside = {n for m in members for n in neighbours.get(m, ())} - members
            for node in [*self.random.permutation(sorted(beside | members))]:
                if over():
                    break
                if node in members and int(node) in self.at:
                    continue
                changed = (members ^ {int(node)}) | {self.root}
                if node not in members:
                    changed |= {n for n in neighbours[int(node)] if n in self.at}
                tried = self.spanning(changed, weights)
                found = self.settle(tried, everyone)
                if found[0] > best[0] * (1 + 1e-9):
                    best = (found[0], tried, *found[1:])
                    members = self._members(tried, found[1])
                    improved = True
        return best

    def _members(self, tree: Tree, kept: set[int]) -> set[int]:
        """Nodes on the ways to customers."""
        members: set[int] = set()
        for i in kept:
            node = self.problem.customers[i].node
            while node not in members:
                members.add(node)
                if node not in tree.parent:
                    break
                node = tree.parent[node][0]
        return members
