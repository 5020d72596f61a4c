"""What invented towns are drawn with: chance, and geometry of the plane in metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Point = tuple[float, float]

LONG = 48.0
"""Longest straight piece of a street [m]."""


class Chance:
    """Random numbers that are the same on every machine and for every NumPy.

    Parameters
    ----------
    seed : int
        What they follow from.
    """

    def __init__(self, seed: int) -> None:
        self._next = np.random.default_rng(seed).random

    def between(self, low: float, high: float) -> float:
        """Give a number from a range, each as likely."""
        return low + (high - low) * float(self._next())

    def about(self, middle: float, spread: float) -> float:
        """Give a number near ``middle``, at most three times ``spread`` away."""
        return middle + spread * (self.between(-1, 1) + self.between(-1, 1) + self.between(-1, 1))

    def pick(self, low: int, high: int) -> int:
        """Give a whole number from ``low`` to ``high``, both included."""
        return min(high, low + int(self.between(0, high - low + 1)))

    def happens(self, share: float) -> bool:
        """Tell yes in that share of all cases."""
        return self.between(0, 1) < share


def part(p: Point, q: Point, t: float) -> Point:
    """Give the point at the share ``t`` of the way from p to q [m]."""
    return (round(p[0] + t * (q[0] - p[0]), 2), round(p[1] + t * (q[1] - p[1]), 2))


def inner(t: float) -> float:
    """Keep a share of an edge off its ends."""
    return min(0.85, max(0.15, t))


def hits(outline: Sequence[Point], p: Point, q: Point) -> list[tuple[int, float, float]]:
    """Find edges that the line through p and q crosses: which, where on it, where on the line.

    Both places are shares: of the edge, and of the way from p to q.
    """
    ends = np.asarray(outline)
    ways = np.roll(ends, -1, axis=0) - ends
    way = np.subtract(q, p)
    away = ends - np.asarray(p)
    across = way[0] * ways[:, 1] - way[1] * ways[:, 0]
    safe = np.where(np.abs(across) < 1e-9, np.inf, across)
    t = (away[:, 1] * way[0] - away[:, 0] * way[1]) / -safe
    s = (away[:, 0] * ways[:, 1] - away[:, 1] * ways[:, 0]) / safe
    crossed = np.isfinite(safe) & (t >= 0) & (t < 1)
    return [(int(i), float(t[i]), float(s[i])) for i in np.flatnonzero(crossed)]


def inside(outline: Sequence[Point], point: Point) -> bool:
    """Tell whether a point is inside an outline."""
    crossed = hits(outline, point, (point[0] + 1.0, point[1] + 1e-3))
    return sum(1 for _, _, s in crossed if s > 0) % 2 == 1


def covers(outline: Sequence[Point], line: Sequence[Point]) -> bool:
    """Tell whether a line between two places of an outline stays inside it."""
    pieces = list(pairwise(line))
    for k, (p, q) in enumerate(pieces):
        low = 1e-2 if k == 0 else 0.0
        high = 1 - 1e-2 if k == len(pieces) - 1 else 1.0
        if any(low < s < high for _, _, s in hits(outline, p, q)):
            return False
    return all(inside(outline, point) for point in line[1:-1])


def distance(point: Point, a: Point, b: Point) -> float:
    """Measure from a point to a piece of a line [m]."""
    way = (b[0] - a[0], b[1] - a[1])
    along = (point[0] - a[0]) * way[0] + (point[1] - a[1]) * way[1]
    t = min(1.0, max(0.0, along / (way[0] ** 2 + way[1] ** 2)))
    return math.dist(point, (a[0] + t * way[0], a[1] + t * way[1]))


def arc(p: Point, q: Point, bulge: float) -> list[Point]:
    """Give places between two on an arc, at most ``bulge`` of their distance off the line."""
    pieces = max(2, math.ceil(math.dist(p, q) / LONG))
    shares = [k / pieces for k in range(1, pieces)]
    dx, dy = q[0] - p[0], q[1] - p[1]
    return [
        (
            round(p[0] + t * dx - 4 * t * (1 - t) * bulge * dy, 2),
            round(p[1] + t * dy + 4 * t * (1 - t) * bulge * dx, 2),
        )
        for t in shares
    ]


def turn(a: Point, b: Point, c: Point) -> float:
    """Give the angle by which a way turns at b [rad]."""
    change = math.atan2(c[1] - b[1], c[0] - b[0]) - math.atan2(b[1] - a[1], b[0] - a[0])
    return (change + math.pi) % (2 * math.pi) - math.pi


def moments(outline: Sequence[Point]) -> tuple[float, Point, float]:
    """Give area [m2], middle [m] and direction of the longer axis [rad] of a polygon."""
    ends = np.asarray(outline)
    origin = ends[0]
    x, y = (ends - origin).T
    u, v = np.roll(x, -1), np.roll(y, -1)
    cross = x * v - u * y
    area = float(cross.sum()) / 2
    mx = float(((x + u) * cross).sum()) / (6 * area)
    my = float(((y + v) * cross).sum()) / (6 * area)
    xx = float(((x * x + x * u + u * u) * cross).sum()) / 12 - area * mx * mx
    yy = float(((y * y + y * v + v * v) * cross).sum()) / 12 - area * my * my
    xy = float(((2 * x * y + x * v + u * y + 2 * u * v) * cross).sum()) / 24 - area * mx * my
    middle = (float(origin[0]) + mx, float(origin[1]) + my)
    return area, middle, 0.5 * math.atan2(2 * xy, xx - yy)


def middle(outline: Sequence[Point]) -> Point:
    """Give the centre of a polygon's area [m]."""
    return moments(outline)[1]


def moved(point: Point, waves: Sequence[tuple[float, float, float, float]], angle: float) -> Point:
    """Shift a point by gentle waves, then turn it about the origin."""
    x, y = point
    for way, length, phase, height in waves:
        swing = math.sin((point[0] * math.cos(way) + point[1] * math.sin(way)) / length + phase)
        x -= height * math.sin(way) * swing
        y += height * math.cos(way) * swing
    cos, sin = math.cos(angle), math.sin(angle)
    return (round(cos * x - sin * y, 2), round(sin * x + cos * y, 2))
