"""Networks of thousands of streets: a relaxation with straight costs and the heuristic in turn.

At that size branching does not pay any more. The relaxation of the model with
straight costs (:mod:`~surrogate.costing.optimiser.linear`), cut by cut nearer to the truth,
says which streets and buildings are worth it; the heuristic makes a network of
them; the best network says where the lines of the next relaxation are drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Evaluation, empty
from surrogate.costing.optimiser.constraints import constrained
from surrogate.costing.optimiser.cuts import Cuts
from surrogate.costing.optimiser.heuristic import Heuristic
from surrogate.costing.optimiser.linear import LinearModel, LowerModel
from surrogate.costing.optimiser.model import Units
from surrogate.costing.optimiser.search import Clock, Found, Progress, gap_of
from surrogate.costing.optimiser.sides import sides_of
from surrogate.costing.optimiser.solver import INFINITY, Row, Solver
from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]

_ROUNDS = 8
"""Relaxations along the same lines."""

_AFTER = 1
"""Relaxations where what was cut off before is known: a pair of a sweep after the first."""

_GAINED = 0.05
"""Cuts that close less of the gap than this share, twice, are not worth their time."""

_FOR_BOUND = 0.15
"""Share of the time that is kept for the bound of the exact costs."""


def first_bound(problem: Problem) -> float:
    """What no network is worth more than: each building pays for its own heat at least.

    Parameters
    ----------
    problem : Problem
        The problem.
    """
    if not problem.sources:
        return max(sum(c.objective for c in problem.customers if c.required), 0.0)
    price = min(source.objective.per_kwh for source in problem.sources)
    gains = [(c.objective - price * c.kwh, c.required) for c in problem.customers]
    opened = sum(source.objective.fixed for source in problem.sources if source.required)
    return float(sum(gain for gain, required in gains if gain > 0 or required)) - opened


def _alike(problem: Problem) -> bool:
    """Whether cuts hold at other temperatures too: by peaks alone, which fit every street."""
    largest = max((customer.peak_kw for customer in problem.customers), default=0.0)
    peaks = sum(customer.spread_kw for customer in problem.customers)
    by_peaks = np.isclose(Units(problem).kw * 1000, peaks, rtol=1e-12)
    return bool(by_peaks) and all(link.capacity_kw[-1] >= largest for link in problem.links)


class Large:
    """Looks for the best network of a large problem.

    Parameters
    ----------
    problem : Problem
        The problem.
    clock : Clock
        Time and interruption.
    report : callable
        Told the progress.
    best : Evaluation, optional
        A network to start from.
    cuts : list, optional
        What was cut off in a problem that differs in temperatures alone; what is cut
        off here is put in its place.
    """

    def __init__(
        self,
        problem: Problem,
        clock: Clock,
        report: Callable[[Progress], None],
        best: Evaluation | None = None,
        cuts: list[Row] | None = None,
    ) -> None:
        self.problem = problem
        self.clock = clock
        self.report = report
        self.heuristic = Heuristic(problem)
        self.best = best
        self.iterations = 0
        self.gap = INFINITY
        self.lasted = 0.0
        self.bound = first_bound(problem)
        self.rounds = _AFTER if cuts else _ROUNDS
        self.cuts = cuts if cuts is not None and _alike(problem) else []

    def quick(self) -> Found | None:
        """The heuristic alone; None where it found no network."""
        self._keep(empty(self.problem))
        self._tell()
        if self.best is not None and self.best.design.customers:
            self._keep(self.heuristic.polished(self.best, self.clock.over))
        else:
            self._keep(self.heuristic.run(self.clock.over, self._keep))
        self._tell()
        return self._found("heuristic")

    def run(self) -> Found | None:
        """Relax and round until the gap is small or nothing changes; None without a network.

        The gap of the last relaxation stands in :attr:`gap`; the bound of what is
        returned holds for the exact costs.
        """
        settings = self.problem.settings
        self.quick()
        if self.best is None:
            return None
        sides, ended = sides_of(self.problem), "iteration-limit"
        while self.iterations <= settings.iteration_limit:
            base = self.best
            model = LinearModel(self.problem, base, sides)
            self._relaxed(model, settings.mip_gap)
            if self.clock.over() or self._left() <= 0:
                ended = self.clock.why()
                break
            if gap_of(base.objective, self._value) <= settings.param_gap:
                ended = "param-gap"
                break
        self._relaxed(LowerModel(self.problem, self.best, sides), 0.0)
        return self._found(ended)

    def _found(self, ended: str) -> Found | None:
        if self.best is None:
            return None
        if self.clock.interrupted():
            ended = self.clock.why()
        if gap_of(self._value, self.bound) <= self.problem.settings.mip_gap:
            ended = "optimal"
        return Found(self.best, self._value, self.bound, self.iterations, ended)

    @property
    def _value(self) -> float:
        return -INFINITY if self.best is None else self.best.objective

    def _left(self) -> float:
        """Time but for what is kept for the bound [s]."""
        return self.clock.left - _FOR_BOUND * self.clock.seconds

    def _keep(self, found: Evaluation | None) -> None:
        if found is not None and found.feasible and found.objective > self._value:
            self.best = found

    def _tell(self) -> None:
        self.report(Progress(self.iterations, self._value, self.bound, self.clock.spent, self.gap))

    def _relaxed(self, model: LinearModel, goal: float) -> None:
        """Relax a model, cut by cut; networks along what it uses."""
        exact = isinstance(model, LowerModel)
        programme = constrained(model).programme
        first = len(programme.rows)
        # What was cut off once is cut off in every model with the same columns; but cuts
        # make it slow, and a bound without them is better than none.
        ample = self.rounds == _ROUNDS and self.clock.left > 2 * self.lasted
        if not exact or ample:
            programme.rows += self.cuts
        terms, unit = model.money(objective=True), model.units.money
        gaps: list[float] = []
        began = self.clock.spent

        def enough(bound: float, values: Floats) -> bool:
            if exact:
                self.bound = min(self.bound, max(bound * unit, self._value))
                return True
            nonlocal began
            self.lasted, began = self.clock.spent - began, self.clock.spent
            self.iterations += 1
            self._keep(self._guided(model, values))
            self.gap = gap_of(self._value, max(bound * unit, self._value))
            gaps.append(self.gap)
            self._tell()
            slow = len(gaps) > 2 and gaps[-1] > (1 - _GAINED) * gaps[-3]
            return self.gap <= goal or slow

        seconds = self.clock.left if exact else self._left()
        solver = Solver(programme, self.clock.over)
        solver.relax(
            terms,
            Cuts(model, self.clock.over).broken,
            seconds=max(seconds, 1.0),
            rounds=self.rounds,
            enough=enough,
        )
        if not exact:
            self.cuts[:] = programme.rows[first:]
        self._tell()

    def _guided(self, model: LinearModel, values: Floats) -> Evaluation | None:
        """A network along the links that a relaxation uses."""
        used, wanted, sources = model.shares(values)
        return self.heuristic.guided(used, wanted, sources, self.clock.over)
