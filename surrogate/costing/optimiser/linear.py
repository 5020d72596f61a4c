"""The model with pipes that cost so much at all and so much per kW, around a network.

A pipe's cost over its load is a stair that flattens. A straight line through
the stair at the load that a pipe has now lies above it at most other loads, so
a network that is better by the lines is as a rule better by the stairs: solve,
cost exactly, draw new lines, until nothing changes. The lines also stand for
diversity, which is taken as it is now, and for the curves of supplies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Evaluation, laid_by_link
from surrogate.costing.optimiser.model import Arc, Model, Sized
from surrogate.costing.optimiser.sides import Side, Sides
from surrogate.costing.problem import Link, Problem
from surrogate.costing.supplycosts import Costing

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Cost of a link, straight over the sum of the peaks beyond it.

    Parameters
    ----------
    fixed : float
        Present value at all [¤].
    per_kw : float
        Present value per sum of peaks [¤/kW].
    """

    fixed: float
    per_kw: float


@dataclass(frozen=True)
class Expected:
    """What a link carries, or would carry.

    Parameters
    ----------
    load_kw : float
        Peak load [kW].
    diversity : float
        Of the peaks beyond it.
    """

    load_kw: float
    diversity: float


def expected_around(problem: Problem, found: Evaluation) -> list[Expected]:
    """For each link the load that it has or would have.

    Parameters
    ----------
    problem : Problem
        The problem.
    found : Evaluation
        The network.
    """
    laid = laid_by_link(problem, found)
    near: dict[int, float] = {}
    for i, one in laid.items():
        for node in (problem.links[i].u, problem.links[i].v):
            near[node] = max(near.get(node, 0.0), one.load_kw)
    smallest = min((c.peak_kw for c in problem.customers), default=0.0)
    expected = []
    for i, link in enumerate(problem.links):
        if i in laid:
            expected.append(Expected(laid[i].load_kw, laid[i].diversity))
            continue
        # Where no pipe is yet, one would take part of what passes beside it.
        beside = max(near.get(link.u, 0.0), near.get(link.v, 0.0), smallest)
        expected.append(Expected(0.3 * beside, problem.diversity.limit))
    return expected


def _step(link: Link, load_kw: float) -> int:
    """The step of a link that carries a load."""
    step = int(np.searchsorted(link.capacity_kw, load_kw * (1 - 1e-9)))
    return min(step, len(link.capacity_kw) - 1)


def _line(link: Link, expected: Expected, costs: Floats) -> Line:
    """Line through the stair of a link's cost at a load."""
    k = _step(link, expected.load_kw)
    low, high = max(k - 1, 0), min(k + 1, len(link.capacity_kw) - 1)
    slope = 0.0
    if high > low:
        rise = costs[high] - costs[low]
        slope = min(float(rise / (link.capacity_kw[high] - link.capacity_kw[low])), 0.0)
    fixed = float(costs[k]) - slope * min(expected.load_kw, float(link.capacity_kw[k]))
    return Line(fixed, slope * expected.diversity)


def lower_edge(x: Floats, y: Floats, at: float) -> tuple[float, float]:
    """Line below points, as high as can be at a place.

    Parameters
    ----------
    x, y : ndarray
        The points, x rising.
    at : float
        The place.

    Returns
    -------
    tuple
        Its value at 0, and its slope.

    Examples
    --------
    >>> lower_edge(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 4.0]), 0.5)
    (1.0, 1.5)
    """
    hull: list[tuple[float, float]] = []
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2:]
            if (by - ay) * (px - ax) < (py - ay) * (bx - ax):
                break
            hull.pop()
        if not hull or px > hull[-1][0]:
            hull.append((px, py))
    if len(hull) == 1:
        return hull[0][1], 0.0
    edges = list(pairwise(hull))
    (ax, ay), (bx, by) = next((edge for edge in edges if at <= edge[1][0]), edges[-1])
    slope = (by - ay) / (bx - ax)
    return ay - slope * ax, slope


_MOSTLY, _PARTLY = 0.5, 0.3
"""Shares from which a relaxation means to connect a building, and to feed from a supply."""


class LinearModel(Model):
    """A lean model with a line for each link's cost.

    Parameters
    ----------
    problem : Problem
        The problem.
    found : Evaluation
        The network around which costs are straight.
    sides : Sides, optional
        As for :class:`~surrogate.costing.optimiser.model.Model`.
    """

    def __init__(self, problem: Problem, found: Evaluation, sides: Sides | None = None) -> None:
        self.expected = expected_around(problem, found)
        served = sum(problem.customers[i].connections for i in found.design.customers)
        self._served = max(served, 1)
        total = sum(feeding.load_kw for feeding in found.feeds.values())
        self._loads = {
            s: found.feeds[s].load_kw if s in found.design.sources else total
            for s in range(len(problem.sources))
        }
        super().__init__(problem, lean=True, sides=sides)

    @property
    def least_diversity(self) -> float:
        """Diversity of all that are connected now."""
        return self.problem.diversity(self._served)

    def _sized(self, link: Link, sides: list[Side]) -> Sized:
        column = self.programme.column(0.0, 1.0)
        last = len(link.capacity_kw) - 1
        return Sized((column,), np.array([last]), link.capacity_kw[[last]] / self.units.kw)

    def _carry(self, i: int, arcs: list[Arc]) -> None:
        inverse = self.problem.diversity.inverse
        for arc in arcs:
            widest = float(inverse(arc.most.connections))
            most = min(
                arc.most.spread_kw / self.units.kw, float(self.sized[i].capacity[0]) * widest
            )
            self.programme.at_most([(arc.spread, 1.0), (arc.used, -most)])
            if self.problem.settings.prevent_loops:
                least = arc.most.least_spread_kw / self.units.kw
                self.programme.at_least([(arc.spread, 1.0), (arc.used, -min(least, most))])

    def losses(self, i: int) -> Floats:
        """What a link loses with each of its pipes [kWh/a]."""
        link = self.problem.links[i]
        return link.loss_kwh[[_step(link, self.expected[i].load_kw)]]

    def _pieces(
        self, s: int, used: int, capacity: int, within: float
    ) -> tuple[tuple[int, int], ...]:
        return ()

    def supply_cost(self, s: int, costs: Costing) -> Iterator[tuple[int, float]]:
        """What a supply costs, by column, along the stretch of its curve where it is now [¤].

        Parameters
        ----------
        s : int
            Number of the supply; one that does not feed is taken to feed all that
            is fed now.
        costs : Costing
            Its costs.
        """
        fed, load = self.fed[s], self._loads[s]
        stretches = list(costs.segments())
        low, _, start, slope = next(
            (stretch for stretch in stretches if load <= stretch[1]), stretches[-1]
        )
        yield fed.used, costs.fixed + start - slope * low
        yield fed.heat, costs.per_kwh * self.units.kwh
        yield fed.capacity, slope * self.units.kw

    def _line(self, i: int, costs: Floats) -> Line:
        return _line(self.problem.links[i], self.expected[i], costs)

    def shares(self, values: Floats) -> tuple[Floats, set[int], list[int]]:
        """How much of each link is used, who is connected and which supplies feed.

        Parameters
        ----------
        values : ndarray
            Of all columns, in a relaxation.
        """
        used = np.zeros(len(self.problem.links))
        for arc in self.arcs:
            used[arc.link] += values[arc.used]
        wanted = {i for i, column in enumerate(self.served) if values[column] > _MOSTLY}
        sources = [s for s, fed in enumerate(self.fed) if values[fed.feeds] > _PARTLY]
        return used, wanted, sources

    def money(self, *, objective: bool) -> dict[int, float]:
        """Present value in the programme's unit, by column, pipes along their lines."""
        terms = super().money(objective=objective)
        unit = self.units.money
        lines = [
            self._line(i, link.objective if objective else link.npv)
            for i, link in enumerate(self.problem.links)
        ]
        for sized, line in zip(self.sized, lines, strict=True):
            terms[sized.columns[0]] = line.fixed / unit
        for arc in self.arcs:
            terms[arc.spread] = lines[arc.link].per_kw * self.units.kw / unit
        return terms


class LowerModel(LinearModel):
    """A model with lines that lie below the exact costs: its bound holds for them.

    It has the columns of :class:`LinearModel`, so what is cut off there is cut off
    here. The lines touch the exact costs as near as they can at the loads of a
    network.

    Parameters
    ----------
    problem : Problem
        The problem.
    found : Evaluation
        The network.
    sides : Sides, optional
        As for :class:`~surrogate.costing.optimiser.model.Model`.
    """

    @property
    def least_diversity(self) -> float:
        """Diversity of all connections together."""
        return self.problem.diversity(max(self.total.connections, 1))

    def losses(self, i: int) -> Floats:
        """The least that a link loses [kWh/a]."""
        return self.problem.links[i].loss_kwh[[0]]

    def _line(self, i: int, costs: Floats) -> Line:
        link, least = self.problem.links[i], self.least_diversity
        # No pipe carries more than its capacity over the least diversity.
        most = np.concatenate(([0.0], link.capacity_kw)) / least
        amounts = -np.concatenate((costs[:1], costs))
        at = self.expected[i].load_kw / self.expected[i].diversity
        fixed, slope = lower_edge(most, amounts, at)
        return Line(-fixed, -slope)

    def supply_cost(self, s: int, costs: Costing) -> Iterator[tuple[int, float]]:
        """What a supply costs at least, by column [¤].

        Parameters
        ----------
        s : int
            Number of the supply.
        costs : Costing
            Its costs.
        """
        fed = self.fed[s]
        points = [
            (x, y)
            for low, high, start, slope in costs.segments()
            for x, y in ((low, start), (high, start + slope * (high - low)))
        ]
        points.sort()
        x, y = (np.array(values) for values in zip(*points, strict=True))
        fixed, slope = lower_edge(x, y, self._loads[s])
        yield fed.used, costs.fixed + fixed
        yield fed.heat, costs.per_kwh * self.units.kwh
        yield fed.capacity, slope * self.units.kw
