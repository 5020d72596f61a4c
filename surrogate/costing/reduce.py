"""Makes the network small for the solver, without losing an answer.

What no supply reaches and what leads to no demand takes no part; stretches
that only pass through are joined into chains.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from surrogate.costing.network import Network, Segment

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Chain:
    """Segments in a row, with nothing to decide between them.

    Parameters
    ----------
    u, v : int
        Nodes at its ends.
    segments : tuple of int
        From ``u`` to ``v``.
    """

    u: int
    v: int
    segments: tuple[int, ...]


@dataclass(frozen=True)
class Reduced:
    """What may be in a network.

    Parameters
    ----------
    chains : tuple of Chain
        All that may carry heat.
    unreachable : ndarray of bool
        Segments to which no supply has a way.
    peripheral : ndarray of bool
        Segments that lead to no demand.
    reached : frozenset of int
        Nodes to which a supply has a way.
    """

    chains: tuple[Chain, ...]
    unreachable: Bools
    peripheral: Bools
    reached: frozenset[int]


def reduce_network(network: Network) -> Reduced:
    """Find what may be in a network, and join it into chains.

    Parameters
    ----------
    network : Network
        All nodes and segments.
    """
    sources = {int(node) for node in network.supply_nodes if node >= 0}
    sinks = {int(node) for node in network.building_nodes if node >= 0}
    reached = _reached(network, sources)
    unreachable = np.array([segment.u not in reached for segment in network.segments], dtype=bool)
    useful = _between(network.segments, sources, sinks & reached)
    # Where no supply is, there is no telling in which direction a demand lies.
    stranded = _reached(network, sinks - reached)
    peripheral = np.array(
        [not (useful[i] or segment.u in stranded) for i, segment in enumerate(network.segments)],
        dtype=bool,
    )
    kept = [i for i in range(len(network.segments)) if useful[i]]
    return Reduced(
        _chains(network.segments, kept, sources | sinks), unreachable, peripheral, reached
    )


def _reached(network: Network, sources: set[int]) -> frozenset[int]:
    graph = nx.Graph((segment.u, segment.v) for segment in network.segments)
    graph.add_nodes_from(sources)
    found: set[int] = set()
    for source in sources - found:
        if source not in found:
            found |= nx.node_connected_component(graph, source)
    return frozenset(found)


def _between(segments: Iterable[Segment], sources: set[int], sinks: set[int]) -> list[bool]:
    """Whether each segment lies on a way from a source to a sink that meets no node twice.

    Such a way, closed by an edge between all sources and all sinks, is a
    cycle; two edges share a cycle exactly if they are in one block.
    """
    graph = nx.Graph((segment.u, segment.v) for segment in segments)
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    graph.add_edges_from(("source", node) for node in sources)
    graph.add_edges_from(("sink", node) for node in sinks)
    graph.add_edge("source", "sink")
    block: set[frozenset[object]] = set()
    for edges in nx.biconnected_component_edges(graph):
        found = {frozenset(edge) for edge in edges}
        if frozenset(("source", "sink")) in found:
            block = found
    return [frozenset((segment.u, segment.v)) in block for segment in segments]


def _chains(segments: tuple[Segment, ...], kept: list[int], ends: set[int]) -> tuple[Chain, ...]:
    """Join segments across nodes at which nothing else meets."""
    meeting: dict[int, list[int]] = {}
    for i in kept:
        for node in (segments[i].u, segments[i].v):
            meeting.setdefault(node, []).append(i)
    passed = {node for node, there in meeting.items() if len(there) == 2 and node not in ends}
    chains: list[Chain] = []
    done: set[int] = set()
    for node, there in meeting.items():
        if node in passed:
            continue
        for first in there:
            if first not in done:
                chains.append(_walk(segments, meeting, passed, node, first))
                done.update(chains[-1].segments)
    return tuple(chain for chain in chains if chain.u != chain.v)


def _walk(
    segments: tuple[Segment, ...],
    meeting: dict[int, list[int]],
    passed: set[int],
    start: int,
    first: int,
) -> Chain:
    """Follow a chain from a node at which it starts."""
    members = [first]
    node = segments[first].v if segments[first].u == start else segments[first].u
    while node in passed:
        one, other = meeting[node]
        following = other if one == members[-1] else one
        members.append(following)
        node = segments[following].v if segments[following].u == node else segments[following].u
    return Chain(start, node, tuple(members))
