"""Buildings of an invented town: what stands where along its streets."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from surrogate.costing.town.drawing import Chance, Point
from surrogate.costing.town.streetgraph import Block, Plan, Street

# Half of a street's width [m], pavements included.
_HALF = {"main": 8.5, "street": 5.5, "lane": 4.0}
_EDGE = 4.0  # m to what bounds a block, at least
_BESIDE = 3.0  # m between buildings that do not touch

# Use: distance from the centre it would like, buildings of a town for one.
_SPECIAL = {
    "hospital": (0.6, 2500),
    "data_centre": (0.8, 10**9),
    "town_hall": (0.1, 10**9),
    "school": (0.4, 400),
    "swimming_pool": (0.5, 1000),
    "care_home": (0.45, 220),
    "supermarket": (0.55, 160),
}
SPECIAL = tuple(_SPECIAL)
"""Uses of which a town has one, or one for so many buildings."""


@dataclass(frozen=True)
class Footprint:
    """A building on the ground.

    Parameters
    ----------
    use : str
        As in the data file.
    points : tuple of Point
        Its corners, counterclockwise [m].
    row : int
        Buildings of one row touch.
    """

    use: str
    points: tuple[Point, ...]
    row: int


@cache
def data() -> Mapping[str, Any]:
    """Give what the data file says of buildings, money and supplies."""
    path = Path(__file__).parents[2] / "data" / "district.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def build(town: Plan, buildings: int, chance: Chance) -> list[list[Footprint]]:
    """Put buildings along all streets of a town.

    Parameters
    ----------
    town : Plan
        Its streets and blocks.
    buildings : int
        How many there are to be; large towns have more schools.
    chance : Chance
        Where what is random comes from.

    Returns
    -------
    list of list of Footprint
        Rows, as many as there is room for; the special buildings first.
    """
    blocks = [block for block in town.blocks if not block.use and block.sides]
    sites = [_Site(block) for block in blocks]
    for use, (away, one_for) in _SPECIAL.items():
        _place(use, 1 + buildings // one_for, away, sites, chance)
    for site, uses in zip(sites, _uses(blocks, town, chance), strict=True):
        site.fill(uses, chance)
    rows = [row for site in sites for row in site.rows]
    rows.sort(key=lambda row: SPECIAL.index(row[0]) if row[0] in SPECIAL else len(SPECIAL))
    return [[Footprint(use, shape, i) for shape in shapes] for i, (use, shapes) in enumerate(rows)]


def _place(use: str, count: int, away: float, sites: list[_Site], chance: Chance) -> None:
    """Place special buildings, each in a block of its own where that goes."""
    for _ in range(count):
        off = {id(site): abs(site.distance - away) + chance.between(0, 0.25) for site in sites}
        for site in sorted(sites, key=lambda site: (len(site.rows), off[id(site)])):
            if site.place(use, chance):
                break


def _uses(blocks: Sequence[Block], town: Plan, chance: Chance) -> list[tuple[str, ...]]:
    """Say what is built in each block, in the proportion of the names."""
    turns = [(chance.between(0, 6.283), chance.between(0, 6.283)) for _ in range(3)]

    def wave(block: Block) -> float:
        """Vary smoothly, so that neighbours are alike."""
        x, y = (part / (0.3 * town.radius) for part in block.middle)
        swings = (math.sin(x * math.cos(a) + y * math.sin(a) + b) for a, b in turns)
        return sum(swings) / 3 + chance.about(0, 0.1)

    order = sorted(range(len(blocks)), key=lambda i: blocks[i].distance)
    rank = {i: place / len(blocks) for place, i in enumerate(order)}
    offices = _office_quarter(blocks)
    found: list[tuple[str, ...]] = []
    for i, block in enumerate(blocks):
        kind = wave(block)
        if i in offices:
            found.append(("office",))
        elif rank[i] < 0.16:
            found.append(("mixed",))
        elif rank[i] < 0.5:
            dense = ("apartments",) if kind > -0.1 else ("apartments", "terrace")
            found.append(dense if kind > -0.4 else ("semi", "terrace"))
        elif kind > 0.35:
            found.append(("apartments", "terrace", "detached"))
        else:
            found.append(("detached", "semi", "detached", "terrace") if kind > 0 else ("detached",))
    return found


def _office_quarter(blocks: Sequence[Block]) -> set[int]:
    """Choose large blocks outside that lie together."""
    outer = [i for i, block in enumerate(blocks) if 0.5 < block.distance < 0.95]
    if not outer:
        return set()
    first = max(outer, key=lambda i: blocks[i].area)
    near = sorted(outer, key=lambda i: math.dist(blocks[i].middle, blocks[first].middle))
    return set(near[: max(1, len(blocks) // 16)])


class _Site:
    """A block that is being built on; ``rows`` are use and outlines."""

    def __init__(self, block: Block) -> None:
        import shapely

        self.distance = block.distance
        self.lines = [(side, _HALF[side.kind]) for side in (*block.sides, *block.spurs)]
        self.lines += [(_back(spur), _HALF["lane"]) for spur in block.spurs]
        self.area = shapely.Polygon(block.outline)
        self.keep = [(self.area.exterior, _EDGE)]
        self.keep += [(shapely.LineString(line.points), half + 0.3) for line, half in self.lines]
        self.built: list[Any] = []
        self.rows: list[tuple[str, list[tuple[Point, ...]]]] = []

    def fill(self, uses: Sequence[str], chance: Chance) -> None:
        """Build along all streets around and inside."""
        for line, half in sorted(self.lines, key=lambda pair: -_length(pair[0].points)):
            use = uses[chance.pick(0, len(uses) - 1)]
            spec = data()["uses"][use]
            low, high = spec.get("row", (1, 1))
            at, length = _HALF["street"] + spec["set_back"][0], _length(line.points)
            while at < length - spec["front"][0] - 6:
                count = chance.pick(low, high)
                while count and not (width := self.build(use, line, half, at, count, chance)):
                    count -= 1 if count > low else count
                at += width + chance.between(*spec["gap"]) if width else 4.0

    def place(self, use: str, chance: Chance) -> bool:
        """Build a single building, in the middle of a side where it fits."""
        front = data()["uses"][use]["front"][1]
        for line, half in sorted(self.lines, key=lambda pair: -_length(pair[0].points)):
            spare = _length(line.points) - front
            for share in (0.5, 0.35, 0.65) if spare > 0 else ():
                if self.build(use, line, half, share * spare, 1, chance):
                    return True
        return False

    def build(
        self, use: str, line: Street, half: float, at: float, count: int, chance: Chance
    ) -> float:
        """Build a row, ``at`` metres along a street; give its width, 0 if there is no room."""
        import shapely

        spec = data()["uses"][use]
        across = not chance.happens(spec.get("along", 1.0))
        fronts = [chance.between(*spec["depth" if across else "front"]) for _ in range(count)]
        start, end = _at(line.points, at), _at(line.points, at + sum(fronts))
        angle = math.atan2(end[1] - start[1], end[0] - start[0])
        if count == 1:
            angle += chance.about(0, 0.015)
        back, x = half + chance.between(*spec["set_back"]), 0.0
        shapes = []
        for front in fronts:
            depth = chance.between(*spec["front" if across else "depth"])
            kinds = spec.get("shapes", ["rectangle"])
            local = _shape(kinds[chance.pick(0, len(kinds) - 1)], front, depth)
            shapes.append(_laid(local, start, angle, x, back))
            x += front
        polygons = [shapely.Polygon(shape) for shape in shapes]
        whole = polygons[0] if count == 1 else shapely.union_all(polygons)
        beside = max(_BESIDE, 0.6 * spec["gap"][0])
        free = (
            self.area.contains(whole)
            and all(whole.distance(line) >= room for line, room in self.keep)
            and all(whole.distance(other) >= beside for other in self.built)
        )
        if free:
            self.built.append(whole)
            self.rows.append((use, shapes))
        return x if free else 0.0


def _back(street: Street) -> Street:
    return Street(street.kind, tuple(reversed(street.points)))


def _length(points: Sequence[Point]) -> float:
    return sum(math.dist(p, q) for p, q in pairwise(points))


def _at(points: Sequence[Point], at: float) -> Point:
    """Give the place so many metres along a line, or its end."""
    for p, q in pairwise(points):
        step = math.dist(p, q)
        if at <= step:
            return (p[0] + at / step * (q[0] - p[0]), p[1] + at / step * (q[1] - p[1]))
        at -= step
    return points[-1]


def _shape(kind: str, w: float, d: float) -> list[Point]:
    """Give a building's outline, its front from (0, 0) to (w, 0)."""
    if kind == "wing":
        return [(0, 0), (w, 0), (w, 0.6 * d), (0.55 * w, 0.6 * d), (0.55 * w, d), (0, d)]
    t = 0.32 * d
    if kind == "angle":
        return [(0, 0), (w, 0), (w, 1.7 * d), (w - d, 1.7 * d), (w - d, d), (0, d)]
    if kind == "court":
        return [(0, 0), (w, 0), (w, d), (w - t, d), (w - t, t), (t, t), (t, d), (0, d)]
    if kind == "double":
        low, high = 0.4 * d, 0.66 * d
        left = [(0, d), (0, 0), (t, 0), (t, low)]
        right = [(w - t, low), (w - t, 0), (w, 0), (w, d), (w - t, d), (w - t, high)]
        return [*left, *right, (t, high), (t, d)]
    return [(0, 0), (w, 0), (w, d), (0, d)]


def _laid(
    local: Sequence[Point], start: Point, angle: float, along: float, back: float
) -> tuple[Point, ...]:
    """Lay an outline beside a street, to its left."""
    cos, sin = math.cos(angle), math.sin(angle)
    return tuple(
        (
            round(start[0] + (x + along) * cos - (y + back) * sin, 2),
            round(start[1] + (x + along) * sin + (y + back) * cos, 2),
        )
        for x, y in local
    )
