"""What can pass a link at most, in each direction: tight bounds make the solver fast.

A link whose loss would cut the network in two carries at most what lies behind
it; any other carries at most what its part of the network takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from surrogate.costing.problem import Customer, Problem


@dataclass(frozen=True)
class Side:
    """What lies behind one end of a link.

    Parameters
    ----------
    connections : int
        End users.
    spread_kw : float
        Sum of their own peaks [kW].
    kwh : float
        Their heat, and the most that pipes there can lose [kWh/a].
    smallest_kw, largest_kw : float
        Smallest and largest peak demand of a building [kW].
    least_spread_kw : float
        Smallest sum of a building's end users' own peaks [kW].
    customers : int
        Buildings.
    fed : bool
        Whether a supply is among it.
    """

    connections: int = 0
    spread_kw: float = 0.0
    kwh: float = 0.0
    smallest_kw: float = np.inf
    largest_kw: float = 0.0
    least_spread_kw: float = np.inf
    customers: int = 0
    fed: bool = False

    def plus(self, other: Side) -> Side:
        """Both together."""
        return Side(
            self.connections + other.connections,
            self.spread_kw + other.spread_kw,
            self.kwh + other.kwh,
            min(self.smallest_kw, other.smallest_kw),
            max(self.largest_kw, other.largest_kw),
            min(self.least_spread_kw, other.least_spread_kw),
            self.customers + other.customers,
            self.fed or other.fed,
        )


Sides = list[tuple[Side, Side]]
"""For each link, what lies behind its end ``u`` and behind its end ``v``."""


def side_of(customer: Customer) -> Side:
    """What a building alone adds.

    Parameters
    ----------
    customer : Customer
        The building.
    """
    return Side(
        customer.connections,
        customer.spread_kw,
        customer.kwh,
        customer.peak_kw,
        customer.peak_kw,
        customer.spread_kw,
        1,
    )


def sides_of(problem: Problem) -> Sides:
    """For each link, what lies behind its end ``u`` and behind its end ``v``.

    Parameters
    ----------
    problem : Problem
        The problem.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(problem.nodes))
    counted: dict[frozenset[int], int] = {}
    for link in problem.links:
        graph.add_edge(link.u, link.v)
        pair = frozenset((link.u, link.v))
        counted[pair] = counted.get(pair, 0) + 1
    bridges = {frozenset(edge) for edge in nx.bridges(graph) if counted[frozenset(edge)] == 1}
    blocks = graph.copy()
    blocks.remove_edges_from(tuple(edge) for edge in bridges)
    block_of = {
        node: number
        for number, nodes in enumerate(nx.connected_components(blocks))
        for node in nodes
    }
    own = _own(problem, block_of)
    below, whole = _below(problem, block_of, bridges, own)
    return [
        _sides(link.u, link.v, block_of, bridges, below, whole, problem) for link in problem.links
    ]


def _own(problem: Problem, block_of: dict[int, int]) -> list[Side]:
    """What each block holds itself."""
    own = [Side() for _ in range(max(block_of.values(), default=-1) + 1)]

    def add(node: int, side: Side) -> None:
        own[block_of[node]] = own[block_of[node]].plus(side)

    for customer in problem.customers:
        add(customer.node, side_of(customer))
    for source in problem.sources:
        add(source.node, Side(fed=True))
    for link in problem.links:
        # Where a link joins two blocks its loss is counted with one: bounds stay
        # bounds, since it is added again where the link itself is bounded.
        add(link.u, Side(kwh=float(link.loss_kwh[-1])))
        if block_of[link.u] != block_of[link.v]:
            add(link.v, Side(kwh=float(link.loss_kwh[-1])))
    return own


def _below(
    problem: Problem,
    block_of: dict[int, int],
    bridges: set[frozenset[int]],
    own: list[Side],
) -> tuple[dict[tuple[int, int], Side], list[Side]]:
    """What lies behind a bridge seen from each of its blocks, and all of each part."""
    tree = nx.Graph()
    tree.add_nodes_from(range(len(own)))
    tree.add_edges_from(tuple(block_of[node] for node in edge) for edge in bridges)
    below: dict[tuple[int, int], Side] = {}
    whole = [Side()] * len(own)
    for part in nx.connected_components(tree):
        root = min(part)
        order = [(root, root), *nx.bfs_edges(tree, root)]
        total = {block: own[block] for block in part}
        for parent, child in reversed(order[1:]):
            below[parent, child] = total[child]
            total[parent] = total[parent].plus(total[child])
        for block in part:
            whole[block] = total[root]
        for parent in (root, *(child for _, child in order[1:])):
            _above(parent, list(tree[parent]), own, below)
    return below, whole


def _above(
    block: int, around: list[int], own: list[Side], below: dict[tuple[int, int], Side]
) -> None:
    """What lies beyond a block, seen from each of its neighbours that hang from it.

    All others together: those before it in a row, and those after.
    """
    after = [own[block]]
    for other in reversed(around):
        after.append(after[-1].plus(below[block, other]))
    before = Side()
    for other, rest in zip(around, reversed(after[:-1]), strict=True):
        below.setdefault((other, block), before.plus(rest))
        before = before.plus(below[block, other])


def _sides(
    u: int,
    v: int,
    block_of: dict[int, int],
    bridges: set[frozenset[int]],
    below: dict[tuple[int, int], Side],
    whole: list[Side],
    problem: Problem,
) -> tuple[Side, Side]:
    if frozenset((u, v)) in bridges:
        return below[block_of[v], block_of[u]], below[block_of[u], block_of[v]]
    return whole[block_of[u]], whole[block_of[v]]
