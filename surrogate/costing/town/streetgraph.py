"""Streets and blocks as one planar graph, so that streets meet exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from surrogate.costing.town.drawing import Point, middle, moments, turn


@dataclass(frozen=True)
class Street:
    """A street between two junctions; ``kind`` is main, street, lane, footpath or bridge."""

    kind: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Block:
    """An area between streets.

    Parameters
    ----------
    outline : tuple of Point
        Its corners, counterclockwise [m].
    sides : tuple of Street
        Streets along which it can be built on, the block to their left.
    spurs : tuple of Street
        Lanes that end inside.
    distance : float
        Of its middle from the centre, 1 is the edge of the town.
    use : str
        Water, park, or empty.
    """

    outline: tuple[Point, ...]
    sides: tuple[Street, ...]
    spurs: tuple[Street, ...]
    distance: float
    use: str

    @property
    def middle(self) -> Point:
        """Centre of its area [m]."""
        return middle(self.outline)

    @property
    def area(self) -> float:
        """Its area [m2]."""
        return moments(self.outline)[0]


@dataclass(frozen=True)
class Plan:
    """Streets and blocks of a town, its centre [m] and its radius [m]."""

    streets: tuple[Street, ...]
    blocks: tuple[Block, ...]
    centre: Point
    radius: float


@dataclass
class StreetGraph:
    """A planar graph that is cut; blocks are loops of nodes, counterclockwise.

    An edge has a kind (see :class:`Street`), or none where it is no street.

    Parameters
    ----------
    radius : float
        Of the town [m].
    centre : Point
        Of the town [m].
    """

    radius: float
    centre: Point = (0.0, 0.0)

    points: list[Point] = field(default_factory=list)
    edges: dict[tuple[int, int], str] = field(default_factory=dict)
    ends: dict[int, set[int]] = field(default_factory=dict)
    loops: list[list[int]] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)
    left: dict[tuple[int, int], int] = field(default_factory=dict)
    spurs: dict[int, list[list[int]]] = field(default_factory=dict)

    def node(self, point: Point) -> int:
        """Add a node, to the centimetre."""
        self.points.append((round(point[0], 2), round(point[1], 2)))
        self.ends[len(self.points) - 1] = set()
        return len(self.points) - 1

    def join(self, u: int, v: int, kind: str) -> None:
        """Add an edge between two nodes."""
        self.edges[min(u, v), max(u, v)] = kind
        self.ends[u].add(v)
        self.ends[v].add(u)

    def kind(self, u: int, v: int) -> str:
        """Give the kind of an edge."""
        return self.edges[min(u, v), max(u, v)]

    def split(self, u: int, v: int, point: Point) -> int:
        """Put a node on an edge, in the loops on both sides of it, too."""
        kind = self.edges.pop((min(u, v), max(u, v)))
        self.ends[u].discard(v)
        self.ends[v].discard(u)
        w = self.node(point)
        self.join(u, w, kind)
        self.join(w, v, kind)
        for a, b in ((u, v), (v, u)):
            block = self.left.pop((a, b), None)
            if block is not None:
                loop = self.loops[block]
                loop.insert(loop.index(a) + 1, w)
                self.left[a, w] = self.left[w, b] = block
        return w

    def add_block(self, loop: list[int], use: str = "", block: int | None = None) -> int:
        """Add a block, or give one another loop."""
        if block is None:
            block = len(self.loops)
            self.loops.append(loop)
            self.uses.append(use)
        self.loops[block] = loop
        for u, v in pairwise([*loop, loop[0]]):
            self.left[u, v] = block
        return block

    def cut(self, block: int, start: int, end: int, via: Sequence[Point], kind: str) -> int:
        """Cut a block; it keeps what is left of the cut, the new one has the rest."""
        loop = self.loops[block]
        nodes = [start, *(self.node(point) for point in via), end]
        for u, v in pairwise(nodes):
            self.join(u, v, kind)
        i, j = loop.index(start), loop.index(end)
        ahead = (loop + loop)[i + 1 : i + 1 + (j - i) % len(loop) - 1]
        behind = (loop + loop)[j + 1 : j + 1 + (i - j) % len(loop) - 1]
        self.add_block([*nodes, *behind], block=block)
        return self.add_block([*reversed(nodes), *ahead], self.uses[block])

    def outline(self, block: int) -> list[Point]:
        """Give the corners of a block [m]."""
        return [self.points[node] for node in self.loops[block]]

    def streets_at(self, node: int) -> int:
        """Count the streets that meet at a node."""
        return sum(1 for other in self.ends[node] if self.kind(node, other))

    def count(self) -> int:
        """Count the pieces of street between junctions and dead ends."""
        degrees = (self.streets_at(node) for node in self.ends)
        return sum(degree for degree in degrees if degree != 2) // 2

    def pieces(self) -> list[set[int]]:
        """Give the nodes that streets join, the largest piece first."""
        left = {node for node in self.ends if self.streets_at(node)}
        found = []
        while left:
            piece, todo = set(), [min(left)]
            while todo:
                node = todo.pop()
                if node not in piece:
                    piece.add(node)
                    todo += [n for n in self.ends[node] if self.kind(node, n)]
            found.append(piece)
            left -= piece
        return sorted(found, key=lambda piece: (-len(piece), min(piece)))

    def drawn(self) -> Plan:
        """Give streets and blocks as they are now."""
        blocks = [self._block(block) for block in range(len(self.loops))]
        return Plan(tuple(self._streets()), tuple(blocks), self.centre, self.radius)

    def _streets(self) -> list[Street]:
        """Chains of edges from junction to junction."""
        found = []
        seen: set[tuple[int, int]] = set()
        for start in self.ends:
            if self.streets_at(start) == 2:
                continue
            for first in sorted(self.ends[start]):
                kind = self.kind(start, first)
                if not kind or (start, first) in seen:
                    continue
                chain = [start, first]
                while self.streets_at(chain[-1]) == 2:
                    ways = (n for n in sorted(self.ends[chain[-1]]) if n != chain[-2])
                    chain.append(next(n for n in ways if self.kind(chain[-1], n)))
                seen.add((chain[-1], chain[-2]))
                found.append(Street(kind, tuple(self.points[node] for node in chain)))
        return found

    def _block(self, block: int) -> Block:
        outline = self.outline(block)
        spurs = [tuple(self.points[n] for n in nodes) for nodes in self.spurs.get(block, [])]
        return Block(
            tuple(outline),
            tuple(self._sides(block)),
            tuple(Street("lane", points) for points in spurs),
            math.dist(middle(outline), self.centre) / self.radius,
            self.uses[block],
        )

    def _sides(self, block: int) -> list[Street]:
        """Streets along a block, broken at its corners."""
        loop, sides = self.loops[block], []
        corners = [
            abs(turn(*(self.points[loop[k % len(loop)]] for k in (i - 1, i, i + 1)))) > 0.5
            for i in range(len(loop))
        ]
        first = corners.index(True) if True in corners else 0
        around = [loop[(first + k) % len(loop)] for k in range(len(loop) + 1)]
        chain: list[int] = []
        for k, (u, v) in enumerate(pairwise(around)):
            corner = corners[(first + k) % len(loop)]
            if chain and (corner or self.kind(*chain[-2:]) != self.kind(u, v)):
                sides.append(chain)
                chain = []
            chain = [*(chain or [u]), v]
        sides.append(chain)
        streets = [(self.kind(*nodes[:2]), tuple(self.points[n] for n in nodes)) for nodes in sides]
        return [Street(kind, points) for kind, points in streets if kind in ("main", "street")]
