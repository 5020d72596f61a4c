"""The network of possible pipes: paths noded, buildings and supplies joined to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely.ops import linemerge, substring

from surrogate.costing.geometry import Geometries

SNAP = 0.01
"""Points nearer than this are one [m]."""

Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Segment:
    """A stretch between two nodes: a path, a part of one, or a connector.

    Parameters
    ----------
    path : int
        Row of the path; -1 for a connector.
    path_id : str
        Name in the results.
    geometry : shapely.LineString
        From node ``u`` to node ``v`` [m].
    u, v : int
        Nodes it joins.
    """

    path: int
    path_id: str
    geometry: shapely.LineString
    u: int
    v: int

    @property
    def length(self) -> float:
        """Length [m]."""
        return float(self.geometry.length)

    @property
    def connector(self) -> bool:
        """Whether the model made it."""
        return self.path < 0


@dataclass(frozen=True)
class Network:
    """Nodes, and the segments between them.

    Parameters
    ----------
    size : int
        Number of nodes.
    segments : tuple of Segment
        All that a pipe may be laid along.
    building_nodes, supply_nodes : ndarray of int
        Node of each building and supply; -1 for forbidden ones.
    """

    size: int
    segments: tuple[Segment, ...]
    building_nodes: Ints
    supply_nodes: Ints

    @cached_property
    def path_lengths(self) -> dict[int, float]:
        """Length of each path, its parts together [m]."""
        lengths: dict[int, float] = {}
        for segment in self.segments:
            lengths[segment.path] = lengths.get(segment.path, 0.0) + segment.length
        return lengths


@dataclass(frozen=True)
class _Piece:
    """A line of a path, and where it is cut."""

    path: int
    line: shapely.LineString
    cuts: list[float]

    def cut(self, point: shapely.Point) -> shapely.Point:
        """Cut at the place next to a point; the place."""
        at = float(self.line.project(point))
        at = 0.0 if at < SNAP else self.line.length if at > self.line.length - SNAP else at
        at = next((cut for cut in self.cuts if abs(cut - at) <= SNAP), at)
        self.cuts.append(at)
        return self.line.interpolate(at)

    def parts(self) -> list[shapely.LineString]:
        """The lines between the cuts."""
        at = [0.0]
        for cut in sorted(self.cuts):
            if at[-1] + SNAP < cut < self.line.length - SNAP:
                at.append(cut)
        if len(at) == 1:
            return [self.line]
        at.append(self.line.length)
        return [substring(self.line, a, b) for a, b in pairwise(at)]


def build_network(
    paths: Geometries,
    path_ids: Sequence[str],
    path_usable: Bools,
    buildings: Geometries,
    building_usable: Bools,
    supplies: Geometries,
    supply_usable: Bools,
) -> Network:
    """Node the paths, and join buildings and supplies to them.

    A path is split where an end of another one touches it and where a
    connector joins it. Each building and supply is joined, from the nearest
    point of its geometry, to the nearest path.

    Parameters
    ----------
    paths, buildings, supplies : ndarray of shapely geometries
        Where they are [m].
    path_ids : sequence of str
        Names of the paths, all different.
    path_usable, building_usable, supply_usable : ndarray of bool
        What is not forbidden; the rest takes no part.
    """
    pieces = _pieces(paths, path_usable)
    ties = _node_at_ends(pieces)
    places = [*buildings[building_usable], *supplies[supply_usable]]
    links = _links(places, pieces)
    lines, owners = [], []
    for piece in pieces:
        parts = piece.parts()
        lines += parts
        owners += [piece.path] * len(parts)
    ends = [line.coords[i] for line in lines for i in (0, -1)]
    joints = [point for link in links for point in (link.coords[0], link.coords[-1])]
    tied = [(point.x, point.y) for tie in ties for point in tie]
    points = np.array([point[:2] for point in (*ends, *joints, *tied)]).reshape(-1, 2)
    names = _clusters(points, len(tied) // 2)
    line_ends = names[: len(ends)].reshape(-1, 2)
    link_ends = names[len(ends) : len(ends) + len(joints)].reshape(-1, 2)
    segments = _split_segments(lines, owners, line_ends, path_ids)
    taken = {*path_ids, *(segment.path_id for segment in segments)}
    segments += _connectors(links, link_ends, taken)
    building_nodes = np.full(len(buildings), -1, dtype=np.intp)
    supply_nodes = np.full(len(supplies), -1, dtype=np.intp)
    count = int(building_usable.sum())
    building_nodes[building_usable] = link_ends[:count, 0]
    supply_nodes[supply_usable] = link_ends[count:, 0]
    return Network(int(names.max(initial=-1)) + 1, tuple(segments), building_nodes, supply_nodes)


def _pieces(paths: Geometries, usable: Bools) -> list[_Piece]:
    """The lines of usable paths; a path of several lines has several pieces."""
    pieces = []
    for i in np.flatnonzero(usable):
        shape = paths[i]
        if shape.geom_type == "MultiLineString":
            merged = linemerge(shape)
            lines = list(getattr(merged, "geoms", [merged]))
        else:
            lines = [shape]
        pieces += [_Piece(int(i), line, []) for line in lines if line.length > 0]
    return pieces


def _node_at_ends(pieces: list[_Piece]) -> list[tuple[shapely.Point, shapely.Point]]:
    """Cut pieces where the end of another one touches them; each end and its cut."""
    ties: list[tuple[shapely.Point, shapely.Point]] = []
    if not pieces:
        return ties
    tree = shapely.STRtree([piece.line for piece in pieces])
    ends = shapely.points([piece.line.coords[i][:2] for piece in pieces for i in (0, -1)])
    which, touched = tree.query(ends, predicate="dwithin", distance=SNAP)
    for end, piece in zip(which, touched, strict=True):
        if end // 2 != piece:
            ties.append((ends[end], pieces[piece].cut(ends[end])))
    return ties


def _links(places: list[shapely.Geometry], pieces: list[_Piece]) -> list[shapely.LineString]:
    """Shortest line from each place to a piece, which is cut there.

    Of no length where the place touches the piece. Without any piece a place
    is linked to itself.
    """
    if not places:
        return []
    if not pieces:
        spots = [place.representative_point() for place in places]
        return [shapely.LineString([spot, spot]) for spot in spots]
    tree = shapely.STRtree([piece.line for piece in pieces])
    which, near = tree.query_nearest(places)
    nearest = np.full(len(places), len(pieces))
    np.minimum.at(nearest, which, near)  # of several as near, the first
    links = []
    for place, index in zip(places, nearest, strict=True):
        shortest = shapely.shortest_line(place, pieces[index].line)
        joint = pieces[index].cut(shapely.Point(shortest.coords[-1]))
        start = shapely.Point(shortest.coords[0])
        touches = start.distance(joint) <= SNAP
        links.append(shapely.LineString([joint if touches else start, joint]))
    return links


def _clusters(points: npt.NDArray[np.float64], tied: int) -> Ints:
    """Number of the node that each point belongs to; the last are pairs tied together."""
    if not len(points):
        return np.empty(0, dtype=np.intp)
    pairs = cKDTree(points).query_pairs(SNAP, output_type="ndarray")
    ties = len(points) - 2 * tied + np.arange(2 * tied, dtype=pairs.dtype).reshape(-1, 2)
    pairs = np.concatenate([pairs, ties])
    ones = np.ones(len(pairs), dtype=bool)
    near = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    return np.asarray(connected_components(near, directed=False)[1], dtype=np.intp)


def _split_segments(
    lines: list[shapely.LineString], owners: list[int], ends: Ints, path_ids: Sequence[str]
) -> list[Segment]:
    """Segments of the paths; parts of one path get suffixes."""
    taken = set(path_ids)
    counts = np.bincount(owners, minlength=len(path_ids)) if owners else np.zeros(len(path_ids))
    suffix: dict[int, int] = {}
    segments = []
    for line, owner, (u, v) in zip(lines, owners, ends, strict=True):
        name = path_ids[owner]
        if counts[owner] > 1:
            suffix[owner] = suffix.get(owner, 0) + 1
            while f"{name}-{suffix[owner]}" in taken:
                suffix[owner] += 1
            name = f"{name}-{suffix[owner]}"
        segments.append(Segment(owner, name, line, int(u), int(v)))
    return segments


def _connectors(links: list[shapely.LineString], ends: Ints, taken: set[str]) -> list[Segment]:
    """Connectors C-1, C-2 ...; places at one point share theirs."""
    segments: list[Segment] = []
    seen: set[tuple[int, int]] = set()
    number = 0
    for link, (u, v) in zip(links, ends, strict=True):
        if u == v or (u, v) in seen:
            continue
        seen.add((int(u), int(v)))
        number += 1
        while f"C-{number}" in taken:
            number += 1
        segments.append(Segment(-1, f"C-{number}", link, int(u), int(v)))
    return segments
