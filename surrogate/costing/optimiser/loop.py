"""The outer loop for large networks: solve with straight costs, cost exactly, draw them anew.

The model in which every pipe size is a choice of its own cannot be solved to a
small gap for hundreds of streets. Here each pipe costs what a line says that
is drawn through its exact cost at its load in the best network so far
(:mod:`surrogate.costing.optimiser.linear`); networks that the lines favour are costed
exactly, and new lines drawn, until that changes nothing. A relaxation of the
exact costs gives the bound that is reported with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Design, Evaluation, empty, evaluate
from surrogate.costing.optimiser.constraints import constrained
from surrogate.costing.optimiser.cuts import Cuts
from surrogate.costing.optimiser.heuristic import Heuristic
from surrogate.costing.optimiser.linear import LinearModel
from surrogate.costing.optimiser.model import Model
from surrogate.costing.optimiser.search import Clock, Found, Progress, gap_of
from surrogate.costing.optimiser.sides import sides_of
from surrogate.costing.optimiser.solver import INFINITY, Outcome, Solver, deadline
from surrogate.costing.optimiser.translate import design_of, start_of
from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]

_SHARE = 0.15
"""No step before or beside a whole solve takes more of the time limit.

What a step does is bounded by counts, so that as a rule the answer does not
hang on the machine; this is for networks that are large for the limit.
"""

_BOUNDING = 0.005
"""Time for the bound, for each link [s]: it says how good the network is, and changes nothing."""

_ROUNDS = 12
"""Rounds of cuts."""

_REDRAWN = 1
"""Times that lines are drawn anew after a relaxation alone, before a whole solve."""


class Loop:
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
    """

    def __init__(
        self,
        problem: Problem,
        clock: Clock,
        report: Callable[[Progress], None],
        best: Evaluation | None = None,
    ) -> None:
        self.problem = problem
        self.clock = clock
        self.report = report
        self.heuristic = Heuristic(problem)
        self.sides = sides_of(problem)
        self.best = best
        self.iterations = 0
        self.gap = INFINITY
        self.stuck = False
        self.step = _SHARE * clock.seconds

    def run(self) -> Found | None:
        """Solve and redraw until nothing changes; None where no network was found.

        The gap of the last solve stands in :attr:`gap`; the bound of what is
        returned holds for the exact costs.
        """
        settings = self.problem.settings
        bare = empty(self.problem)
        self._keep(bare)
        if self.best is None or not self.best.design.customers:
            bare = self.heuristic.run(self._until(self.step)) or bare
            self._keep(bare)
        base = self.best or bare
        ended, redrawn = "iteration-limit", 0
        while self.iterations <= settings.iteration_limit:
            before = self._value
            whole = redrawn >= _REDRAWN
            base = self._solve(base, whole=whole) or base
            if self.stuck:
                ended = "param-gap"
                break
            self._tell()
            if self.clock.interrupted() or self.clock.left < 2 * self.step:
                ended = self.clock.why()
                break
            gained = gap_of(before, self._value)
            if gained > settings.param_gap:
                redrawn = redrawn if whole else redrawn + 1
            elif whole:
                ended = "param-gap"
                break
            else:
                redrawn = _REDRAWN
        if self.best is None:
            return None
        bound = self._bound()
        if gap_of(self._value, bound) <= settings.mip_gap:
            ended = "optimal"
        return Found(self.best, self._value, bound, self.iterations, ended)

    @property
    def _value(self) -> float:
        return -INFINITY if self.best is None else self.best.objective

    def _until(self, seconds: float) -> Callable[[], bool]:
        """A clock for a step."""
        end = self.clock.spent + seconds
        return lambda: self.clock.over() or self.clock.spent > end

    def _keep(self, found: Evaluation | None) -> None:
        if found is not None and found.feasible and found.objective > self._value:
            self.best = found

    def _tell(self, running: float = INFINITY) -> None:
        self.report(Progress(self.iterations, self._value, INFINITY, self.clock.spent, running))

    def _solve(self, base: Evaluation, *, whole: bool) -> Evaluation | None:
        """Solve with lines around a network; the best network that comes of it."""
        model = constrained(LinearModel(self.problem, base, self.sides))
        solver = Solver(model.programme, self.clock.over)
        terms = model.money(objective=True)
        bound, values = self._relaxed(model, solver, terms, self.step)
        if values is not None:
            self._keep(self._guided(model, values))
        if not whole or self.clock.over():
            return self.best
        self.iterations += 1
        gap = gap_of(self._value, max(bound * model.units.money, self._value))
        if gap <= self.problem.settings.mip_gap:
            self.gap = gap
            return self.best
        outcome = solver.solve(
            terms,
            gap=self.problem.settings.mip_gap,
            seconds=max(self.clock.left - 2 * self.step, 1.0),  # to improve it, for the bound
            start=None if self.best is None else start_of(model, self.best),
            report=lambda value, bound: self._tell(gap_of(value, bound)),
        )
        if outcome.values is not None:
            self.gap = gap_of(outcome.objective, outcome.bound)
        # Along lines drawn elsewhere no network may keep all limits; exactly, one may.
        self.stuck = outcome.status == "infeasible"
        return self._costed(model, outcome)

    def _relaxed(
        self, model: Model, solver: Solver, terms: dict[int, float], seconds: float
    ) -> tuple[float, Floats | None]:
        """Bound and values of a relaxation, with cuts and with narrow ranges for supplies.

        A supply whose cost flattens with its capacity looks cheap where a
        fraction of a large one is taken, so capacities that no better network
        has are ruled out.
        """
        cuts, left = Cuts(model, self.clock.over), deadline(min(seconds, self.clock.left))
        bound, values = solver.relax(terms, cuts.broken, seconds=left(), rounds=_ROUNDS)
        for s, fed in enumerate(model.fed):
            if not fed.pieces or self.best is None or left() < 0:
                continue
            least = self.best.objective / model.units.money
            ends = solver.extremes(fed.capacity, terms, least - 1e-6, seconds=max(left(), 0.1))
            if ends is not None:
                model.narrow(s, *ends)
        if self.best is not None and left() > 0:
            tighter, more = solver.relax(terms, cuts.broken, seconds=left(), rounds=_ROUNDS)
            if more is not None:
                bound, values = tighter, more
        return bound, values

    def _guided(self, model: LinearModel, values: Floats) -> Evaluation | None:
        """A network along the links that a relaxation uses."""
        used, wanted, sources = model.shares(values)
        return self.heuristic.guided(used, wanted, sources, self._until(self.step))

    def _costed(self, model: LinearModel, outcome: Outcome) -> Evaluation | None:
        """The network of a solution, exactly, and improved."""
        if outcome.values is None:
            return None
        design = trimmed(self.problem, design_of(model, outcome.values))
        found = evaluate(self.problem, design)
        self._keep(found)
        if found.feasible and self.problem.settings.prevent_loops:
            self._keep(self.heuristic.polished(found, self._until(self.step)))
        return self.best or found

    def _bound(self) -> float:
        """What no network exceeds, by a relaxation of the exact costs."""
        if self.best is None or self.clock.over():
            return INFINITY
        model = constrained(Model(self.problem, lean=True, sides=self.sides))
        solver = Solver(model.programme, self.clock.over)
        terms = model.money(objective=True)
        seconds = min(self.step, max(_BOUNDING * len(self.problem.links), 1.0))
        bound, _ = self._relaxed(model, solver, terms, seconds)
        return max(bound * model.units.money, self._value)


def trimmed(problem: Problem, design: Design) -> Design:
    """A network without the links that lead to no building.

    Parameters
    ----------
    problem : Problem
        The problem.
    design : Design
        The network.
    """
    into: dict[int, list[int]] = {}
    for i, forward in design.links.items():
        link = problem.links[i]
        into.setdefault(link.v if forward else link.u, []).append(i)
    kept: set[int] = set()
    ahead = [problem.customers[i].node for i in design.customers]
    fed = set(ahead)
    while ahead:
        for i in into.get(ahead.pop(), ()):
            kept.add(i)
            link = problem.links[i]
            start = link.u if design.links[i] else link.v
            if start not in fed:
                fed.add(start)
                ahead.append(start)
    links = {i: forward for i, forward in design.links.items() if i in kept}
    sources = frozenset(s for s in design.sources if problem.sources[s].node in fed)
    return replace(design, links=links, sources=sources)
