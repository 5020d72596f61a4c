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

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Evaluation
from surrogate.costing.optimiser.model import Arc, Model, Sized
from surrogate.costing.optimiser.sides import Side
from surrogate.costing.problem import Link, Problem
from surrogate.costing.supplycosts import Costing

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Cost of a link, straight over the sum of the peaks beyond it.

    Parameters
    ----------
    fixed : float
        Present value at all, in the objective [¤].
    per_kw : float
        Present value per sum of peaks [¤/kW].
    loss_kwh : float
        Heat lost [kWh/a].
    """

    fixed: float
    per_kw: float
    loss_kwh: float


def lines_around(problem: Problem, found: Evaluation, kind: str) -> list[Line]:
    """A line for each link, through its cost at the load that it has or would have.

    Parameters
    ----------
    problem : Problem
        The problem.
    found : Evaluation
        The network.
    kind : str
        Which cost: ``npv`` or ``objective``.
    """
    laid = {one.pipe.segment: one for one in found.pipes}
    loads: dict[int, tuple[float, float]] = {}
    near: dict[int, float] = {}
    for i in found.design.links:
        link = problem.links[i]
        pipes = [laid[pipe.segment] for pipe in link.pipes]
        load = max(one.load_kw for one in pipes)
        loads[i] = load, pipes[0].diversity
        for node in (link.u, link.v):
            near[node] = max(near.get(node, 0.0), load)
    smallest = min((c.peak_kw for c in problem.customers), default=0.0)
    lines = []
    for i, link in enumerate(problem.links):
        beside = max(near.get(link.u, 0.0), near.get(link.v, 0.0), smallest)
        # Where no pipe is yet, one would take part of what passes beside it.
        load, diversity = loads.get(i, (0.3 * beside, problem.diversity.limit))
        lines.append(_line(link, load, diversity, kind))
    return lines


def _line(link: Link, load: float, diversity: float, kind: str) -> Line:
    """Line through the stair of a link's cost at a load."""
    costs = getattr(link, kind)
    last = len(link.capacity_kw) - 1
    k = min(int(np.searchsorted(link.capacity_kw, load * (1 - 1e-9))), last)
    low, high = max(k - 1, 0), min(k + 1, last)
    slope = 0.0
    if high > low:
        rise = costs[high] - costs[low]
        slope = min(float(rise / (link.capacity_kw[high] - link.capacity_kw[low])), 0.0)
    fixed = float(costs[k]) - slope * min(load, float(link.capacity_kw[k]))
    return Line(fixed, slope * diversity, float(link.loss_kwh[k]))


class LinearModel(Model):
    """A lean model with a line for each link's cost.

    Parameters
    ----------
    problem : Problem
        The problem.
    found : Evaluation
        The network around which costs are straight.
    """

    def __init__(self, problem: Problem, found: Evaluation) -> None:
        self.lines = {kind: lines_around(problem, found, kind) for kind in ("npv", "objective")}
        served = sum(problem.customers[i].connections for i in found.design.customers)
        self._served = max(served, 1)
        total = sum(feeding.load_kw for feeding in found.feeds.values())
        self._loads = {
            s: found.feeds[s].load_kw if s in found.design.sources else total
            for s in range(len(problem.sources))
        }
        super().__init__(problem, lean=True)

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
        return np.array([self.lines["npv"][i].loss_kwh])

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

    def money(self, *, objective: bool) -> dict[int, float]:
        """Present value in the programme's unit, by column, pipes along their lines."""
        terms = super().money(objective=objective)
        unit = self.units.money
        lines = self.lines["objective" if objective else "npv"]
        for sized, line in zip(self.sized, lines, strict=True):
            terms[sized.columns[0]] = line.fixed / unit
        for arc in self.arcs:
            terms[arc.spread] = lines[arc.link].per_kw * self.units.kw / unit
        return terms
