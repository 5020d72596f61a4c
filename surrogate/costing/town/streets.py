"""Street plan of an invented town: blocks, streets and a river, from a seed.

The town's outline is cut by a river with two bridges and by main roads, then its
blocks are cut again and again, the largest first and across their longer
direction, as towns grow. Streets meet exactly, since they are the edges of one
planar graph.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from surrogate.costing.town.drawing import (
    LONG,
    Chance,
    Point,
    arc,
    covers,
    distance,
    hits,
    inner,
    inside,
    moments,
    moved,
    part,
    turn,
)
from surrogate.costing.town.streetgraph import Plan, StreetGraph

_BLOCKS_PER_PATH = 0.36
_BLOCK_AREA = 7400.0  # m2, the mean
_RIVER_WIDTH = 34.0  # m
_NEAR = 30.0  # m between junctions, at least
_SNAP = 36.0  # m within which a street goes on across a junction
_PARK = 15_000.0  # m2
_LARGE = 160_000.0  # m2: what divides a larger block is a main road


def plan(paths: int, chance: Chance) -> Plan:
    """Draw the streets of a town.

    Parameters
    ----------
    paths : int
        How many pieces of street between junctions, to within about two.
    chance : Chance
        Where what is random comes from.
    """
    town = _Town(paths, chance)
    town.found()
    town.grow(int(0.4 * paths))
    town.make_park()
    town.grow(int(0.9 * paths))
    town.add_lanes(paths)
    town.grow(paths)
    town.join_up()
    town.bend()
    return town.drawn()


class _Town(StreetGraph):
    """A town that grows; ``done`` are the blocks that are cut no more."""

    def __init__(self, paths: int, chance: Chance) -> None:
        super().__init__(math.sqrt(paths * _BLOCKS_PER_PATH * _BLOCK_AREA / math.pi))
        self.chance = chance
        self.done: set[int] = set()

    # --- the large features

    def found(self) -> None:
        """Lay outline, river, bridges and main roads."""
        chance, sides, ring = self.chance, 16, []
        turns = [chance.between(0, 2 * math.pi) for _ in range(2)]
        for i in range(sides):
            angle = 2 * math.pi * i / sides
            waves = 0.13 * math.cos(2 * angle + turns[0]) + 0.06 * math.cos(3 * angle + turns[1])
            radius = self.radius * chance.about(1 + waves, 0.015)
            ring.append(self.node((radius * math.cos(angle), radius * math.sin(angle))))
        for i, (u, v) in enumerate(pairwise([*ring, ring[0]])):
            # Half of the edge is a street; elsewhere streets leave the map.
            self.join(u, v, "street" if i % 4 < 2 else "")
        water = self._river(self.add_block(ring))
        first = self._bridge(water, chance.about(0.05, 0.05) * self.radius, "main")
        self._main_street(first)
        side = -1 if chance.happens(0.5) else 1
        self._bridge(water, side * chance.about(0.58, 0.03) * self.radius, "street")

    def _river(self, town: int) -> int:
        """Cut a strip of water out of the town, below its centre."""
        offset = -self.chance.between(0.36, 0.44) * self.radius
        bend = self.chance.between(0.06, 0.09) * self.radius
        phase = self.chance.between(0, 2 * math.pi)
        steps = [s * self.radius for s in np.linspace(-1.5, 1.5, 61).tolist()]
        line = [(x, offset + bend * math.sin(2.6 * x / self.radius + phase)) for x in steps]
        half = _RIVER_WIDTH / 2
        below = self._cut_along(town, [(x, y + half) for x, y in line], "street")
        self._cut_along(below, [(x, y - half) for x, y in line], "footpath")
        self.uses[below] = "water"
        self.done.add(below)
        return below

    def _cut_along(self, block: int, line: list[Point], kind: str) -> int:
        """Cut a block by a line that crosses it; give the block to its right."""
        outline, loop = self.outline(block), list(self.loops[block])
        found = [
            (k, t, i)
            for k, (p, q) in enumerate(pairwise(line))
            for i, t, s in hits(outline, p, q)
            if 0 <= s < 1
        ]
        nodes = []
        for _, t, i in (found[0], found[-1]):
            u, v = loop[i], loop[(i + 1) % len(loop)]
            nodes.append(self.split(u, v, part(self.points[u], self.points[v], t)))
        return self.cut(block, nodes[0], nodes[1], line[found[0][0] + 2 : found[-1][0] : 2], kind)

    def _bridge(self, water: int, x: float, kind: str) -> int:
        """Cross the water, and go on at both sides; give the end on the town's side."""
        wet = [block for block, use in enumerate(self.uses) if use == "water"]
        p, q = (x, -2 * self.radius), (x, 2 * self.radius)
        for block in wet:
            loop, banks = list(self.loops[block]), hits(self.outline(block), p, q)
            if len(banks) == 2:
                break
        nodes = []
        for i, t, _ in sorted(banks, key=lambda hit: hit[2]):
            u, v = loop[i], loop[(i + 1) % len(loop)]
            nodes.append(self.split(u, v, part(self.points[u], self.points[v], inner(t))))
        low, high = nodes
        self.done.add(self.cut(block, low, high, (), "bridge"))
        tilt = self.chance.about(0.0, 0.06)
        self._road(high, math.pi / 2 + tilt, kind, 0.05)
        self._road(low, -math.pi / 2 + tilt, kind, 0.03)
        return high

    def _main_street(self, bridge: int) -> None:
        """Lay the main street across the main road; the centre is where they cross."""
        last, walk = bridge, bridge
        while math.dist(self.points[walk], self.points[bridge]) < 0.38 * self.radius:
            near = sorted(self.ends[walk] - {last})
            onward = next((n for n in near if self.kind(n, walk) == "main"), None)
            if onward is None:
                break
            last, walk = walk, onward
        self.centre = self.points[walk]
        tilt = self.chance.about(0.05, 0.07)
        self._road(walk, tilt, "main", 0.04)
        self._road(walk, math.pi + tilt + self.chance.about(0, 0.1), "main", -0.05)

    def _road(self, start: int, angle: float, kind: str, bulge: float) -> None:
        """Lead a road from a node to the far side of the block it points into."""
        p, far = self.points[start], 3 * self.radius
        q = (p[0] + far * math.cos(angle), p[1] + far * math.sin(angle))
        for block, loop in enumerate(self.loops):
            outline = self.outline(block)
            if start not in loop or self.uses[block] or not inside(outline, part(p, q, 2 / far)):
                continue
            _, i, t = min((s, i, t) for i, t, s in hits(outline, p, q) if s > 1 / far)
            u, v = loop[i], loop[(i + 1) % len(loop)]
            end = self.split(u, v, part(self.points[u], self.points[v], inner(t)))
            self.cut(block, start, end, arc(p, self.points[end], bulge), kind)
            return

    # --- growth

    def grow(self, paths: int) -> None:
        """Cut the largest blocks until there are that many pieces of street."""
        open_blocks = (block for block in range(len(self.loops)) if block not in self.done)
        sizes = {block: self._size(block) for block in open_blocks}
        sure = 0
        while sizes:
            # A cut makes three pieces at most; counting takes longer than cutting.
            sure -= 1
            if sure < 0:
                sure = (paths - self.count()) // 3 - 1
                if sure < -1 or self.count() >= paths:
                    return
            block = max(sizes, key=lambda b: (sizes[b], -b))
            large = moments(self.outline(block))[0] > _LARGE
            new = self._halve(block, "main" if large else "street")
            if new is None:
                self.done.add(block)
                del sizes[block]
            else:
                sizes[block], sizes[new] = self._size(block), self._size(new)

    def _size(self, block: int) -> float:
        """Area over what it should be there: small blocks in the centre."""
        area, within, _ = moments(self.outline(block))
        away = math.dist(within, self.centre) / self.radius
        return area / (0.5 + min(1.0, away)) * self.chance.about(1, 0.12)

    def _halve(self, block: int, kind: str) -> int | None:
        """Cut a block across its longer direction, somewhere in the middle."""
        outline = self.outline(block)
        area, within, axis = moments(outline)
        for trial in range(16):
            shift = self.chance.about(0, 0.05 + 0.01 * trial) * math.sqrt(area)
            through = (within[0] + shift * math.cos(axis), within[1] + shift * math.sin(axis))
            angle = axis + self.chance.about(math.pi / 2, 0.07 + 0.02 * trial)
            if trial > 11:
                angle += math.pi / 2
            new = self._cut_through(block, through, angle, kind)
            if new is not None:
                return new
        return None

    def _cut_through(self, block: int, through: Point, angle: float, kind: str) -> int | None:
        """Cut a block along a line through a point, if that makes a good street."""
        outline = self.outline(block)
        q = (through[0] + math.cos(angle), through[1] + math.sin(angle))
        edges = [(s, i, t) for i, t, s in hits(outline, through, q)]
        ahead, back = [e for e in edges if e[0] > 0], [e for e in edges if e[0] < 0]
        if not (ahead and back and inside(outline, through)):
            return None
        places = [self._landing(block, *hit[1:], angle) for hit in (max(back), min(ahead))]
        if None in places:
            return None
        start, end = (place for place in places if place is not None)
        via = arc(start.point, end.point, self.chance.about(0, 0.022))
        line = [start.point, *via, end.point]
        if math.dist(start.point, end.point) < 1.4 * _NEAR or not covers(outline, line):
            return None
        return self.cut(block, self._arrive(start), self._arrive(end), via, kind)

    def _landing(self, block: int, i: int, t: float, angle: float) -> _Landing | None:
        """Say where a street may end at an edge of a block: across a junction, or well off one."""
        loop = self.loops[block]
        u, v = loop[i], loop[(i + 1) % len(loop)]
        p, q = self.points[u], self.points[v]
        point = part(p, q, t)
        if abs(math.sin(math.atan2(q[1] - p[1], q[0] - p[0]) - angle)) < 0.8:
            return None
        close = [n for n in loop if self._is_junction(n)]
        close = sorted(close, key=lambda n: math.dist(self.points[n], point))[:1]
        if close and math.dist(self.points[close[0]], point) < _SNAP:
            node = close[0]
            if len(self.ends[node]) == 3 and self._is_straight(block, node):
                return _Landing(self.points[node], node, (u, v))
            if math.dist(self.points[node], point) < _NEAR:
                return None
        for node in (u, v):
            if math.dist(self.points[node], point) < 8 and not self._is_junction(node):
                return _Landing(self.points[node], node, (u, v))
        return _Landing(point, None, (u, v))

    def _is_junction(self, node: int) -> bool:
        return len(self.ends[node]) > 2

    def _is_straight(self, block: int, node: int) -> bool:
        """Tell whether the block's edge does not turn at a node."""
        loop = self.loops[block]
        i = loop.index(node)
        a, b, c = (self.points[loop[k % len(loop)]] for k in (i - 1, i, i + 1))
        return abs(turn(a, b, c)) < 0.6

    def _arrive(self, place: _Landing) -> int:
        if place.node is not None:
            return place.node
        return self.split(*place.edge, place.point)

    def make_park(self) -> None:
        """Leave a block beside the centre green, with footpaths through it."""
        blocks = [block for block in range(len(self.loops)) if block not in self.done]

        def off(block: int) -> float:
            area, within, _ = moments(self.outline(block))
            away = math.dist(within, self.centre) / self.radius
            return abs(away - 0.45) + 0.4 * abs(math.log(area / _PARK))

        park = min(blocks, key=off)
        self.uses[park] = "park"
        green = [park]
        for block in green[:2]:
            new = self._halve(block, "footpath")
            green += [] if new is None else [new]
        self.done.update(green)

    def add_lanes(self, paths: int) -> None:
        """Lead lanes into large blocks, where they end."""
        blocks = [block for block, use in enumerate(self.uses) if not use]
        blocks.sort(key=lambda block: -moments(self.outline(block))[0])
        most = max(2, round(0.05 * paths))
        for block in blocks:
            if len(self.spurs) == most or self.count() >= paths:
                break
            for _ in range(12):
                if self._lane(block):
                    self.done.add(block)
                    break

    def _lane(self, block: int) -> bool:
        outline, loop = self.outline(block), self.loops[block]
        i = self.chance.pick(0, len(loop) - 1)
        u, v = loop[i], loop[(i + 1) % len(loop)]
        p, q = self.points[u], self.points[v]
        start = part(p, q, self.chance.between(0.3, 0.7))
        angle = math.atan2(q[1] - p[1], q[0] - p[0]) + self.chance.about(math.pi / 2, 0.06)
        junctions = [n for n in loop if self._is_junction(n)]
        if self.kind(u, v) != "street" or any(
            math.dist(self.points[n], start) < _NEAR for n in junctions
        ):
            return False
        beyond = (start[0] + math.cos(angle), start[1] + math.sin(angle))
        depth = min(s for _, _, s in hits(outline, start, beyond) if s > 1)
        length = min(95.0, 0.62 * depth)
        end = part(start, beyond, length)
        line = [start, *arc(start, end, self.chance.about(0, 0.06)), end]
        if length < 42 or any(
            distance(end, a, b) < 26 for a, b in pairwise([*outline, outline[0]])
        ):
            return False
        nodes = [self.split(u, v, start), *(self.node(point) for point in line[1:])]
        for a, b in pairwise(nodes):
            self.join(a, b, "lane")
        self.spurs.setdefault(block, []).append(nodes)
        return True

    # --- what comes out

    def join_up(self) -> None:
        """Make streets of the town's edge where pieces hang together by nothing else."""
        while len(pieces := self.pieces()) > 1:
            for node in pieces[-1]:
                for other in self.ends[node]:
                    if not self.kind(node, other):
                        self.join(node, other, "street")

    def bend(self) -> None:
        """Bend everything a little: no street is as straight as it was cut."""
        for (u, v), kind in list(self.edges.items()):
            length = math.dist(self.points[u], self.points[v])
            pieces = 1 if kind in ("lane", "bridge") else math.ceil(length / LONG)
            last = u
            for k in range(1, pieces):
                point = part(self.points[u], self.points[v], k / pieces)
                last = self.split(last, v, point)
        waves = [
            (
                self.chance.between(0, 2 * math.pi),
                self.chance.between(330, 620) / (2 * math.pi),
                self.chance.between(0, 2 * math.pi),
                self.chance.between(6, 11),
            )
            for _ in range(4)
        ]
        angle = self.chance.between(0, 2 * math.pi)
        self.points = [moved(point, waves, angle) for point in self.points]
        self.centre = moved(self.centre, waves, angle)


@dataclass(frozen=True)
class _Landing:
    """Where a street ends: at a node, or at a new one on an edge."""

    point: Point
    node: int | None
    edge: tuple[int, int]
