"""The outer loop: solve, cost exactly, refine the model where it was too optimistic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from surrogate.costing.evaluate import Evaluation, evaluate
from surrogate.costing.optimiser.cuts import Cuts
from surrogate.costing.optimiser.model import Model
from surrogate.costing.optimiser.refine import Refiner
from surrogate.costing.optimiser.solver import INFINITY, Outcome, Solver
from surrogate.costing.optimiser.translate import design_of, start_of
from surrogate.costing.problem import Problem

_SMALL = 30
"""Up to so many links HiGHS needs no help."""

_STRENGTHENED = 0.1
"""Share of the time that is left for rows that fractional solutions break."""

CLOSE = 1e-7
"""Relative: a gap of less is none."""


@dataclass(frozen=True)
class Progress:
    """Where a search is.

    Parameters
    ----------
    iteration : int
        Solves so far.
    value : float
        Of the best network so far; -inf without one.
    bound : float
        No network has more.
    seconds : float
        Time spent.
    running : float
        Relative gap of the solve that is running; inf where that says nothing.
    """

    iteration: int
    value: float
    bound: float
    seconds: float
    running: float = INFINITY

    @property
    def gap(self) -> float:
        """Relative gap between value and bound; of the running solve where there is no bound."""
        return self.running if self.bound == INFINITY else gap_of(self.value, self.bound)


@dataclass(frozen=True)
class Found:
    """What a search ended with.

    Parameters
    ----------
    best : Evaluation or None
        The best network; None if there is none.
    value, bound : float
        Its value, and what no network exceeds.
    iterations : int
        Solves.
    ended : str
        ``optimal``, ``infeasible``, ``param-gap``, ``iteration-limit``,
        ``runtime-limit`` or ``interrupted``.
    """

    best: Evaluation | None
    value: float
    bound: float
    iterations: int
    ended: str


class Clock:
    """Time and interruption of a whole run.

    Parameters
    ----------
    seconds : float
        Time allowed.
    interrupted : callable
        True once the user wants an end.
    """

    def __init__(self, seconds: float, interrupted: Callable[[], bool]) -> None:
        self.began = time.monotonic()
        self.seconds = seconds
        self.interrupted = interrupted

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.seconds - self.spent

    def over(self) -> bool:
        """Whether to stop."""
        return self.left <= 0 or self.interrupted()

    def why(self) -> str:
        """Why it is over."""
        return "interrupted" if self.interrupted() else "runtime-limit"


def gap_of(value: float, bound: float) -> float:
    """Relative gap of a value and its bound."""
    if value == -INFINITY or bound == INFINITY:
        return INFINITY
    room = bound - value
    if room <= 1e-12 * abs(value):
        return 0.0
    return room / abs(value) if value else INFINITY


@dataclass(frozen=True)
class Goal:
    """What is maximised.

    Parameters
    ----------
    terms : dict
        Factor of each column of the model.
    value : callable
        The same of an exact network, in the user's unit.
    unit : float
        One of the model in the user's unit.
    """

    terms: dict[int, float]
    value: Callable[[Evaluation], float]
    unit: float


class Search:
    """Looks for the best network in one model.

    Parameters
    ----------
    model : Model
        The model; it grows.
    clock : Clock
        Time.
    report : callable
        Told the progress.
    """

    def __init__(self, model: Model, clock: Clock, report: Callable[[Progress], None]) -> None:
        self.model = model
        self.problem: Problem = model.problem
        self.clock = clock
        self.report = report
        self.refiner = Refiner(model)
        self.solver = Solver(model.programme, clock.over)
        self.iterations = 0

    def run(
        self,
        goal: Goal,
        *,
        gap: float,
        param_gap: float,
        limit: int,
        best: Evaluation | None = None,
        feasible: Callable[[Evaluation], bool] = lambda found: found.feasible,
        hold: bool = True,
    ) -> Found:
        """Solve and refine until value and bound meet.

        Parameters
        ----------
        goal : Goal
            What is maximised.
        gap : float
            Relative gap to reach.
        param_gap : float
            Relative difference between model and exact costs at which to end.
        limit : int
            Most solves after the first.
        best : Evaluation, optional
            A network to start from.
        feasible : callable
            Which networks count.
        hold : bool
            Hold a network that no row refines to its exact value; else end there.
        """
        state = _State(goal, best, -INFINITY if best is None else goal.value(best))
        if len(self.problem.links) > _SMALL and hold:
            self._strengthen(goal)
        inner = gap
        for _ in range(limit + 1):
            outcome = self._solve(state, inner)
            self.iterations += 1
            if outcome.status == "infeasible":
                return self._infeasible(state)
            state.bound = min(state.bound, outcome.bound * goal.unit)
            found = self._consider(outcome, state, feasible)
            self._tell(state)
            if state.gap <= max(gap, CLOSE) or state.bound - state.value <= CLOSE * goal.unit:
                return self._end(state, "optimal")
            if self.clock.over():
                return self._end(state, self.clock.why())
            if outcome.values is None or found is None:
                return self._end(state, "stopped")
            claimed = outcome.objective * goal.unit
            off = gap_of(goal.value(found), claimed)
            if feasible(found) and CLOSE < off <= param_gap and outcome.status == "optimal":
                return self._end(state, "param-gap")
            if not self._improve(outcome, found, state, feasible, hold):
                return self._end(state, "param-gap")
            inner = float(np.clip(gap - off, 0.3 * gap, gap)) if feasible(found) else gap
        return self._end(state, "iteration-limit")

    def _strengthen(self, goal: Goal) -> None:
        """Add rows that fractional solutions break."""
        cuts = Cuts(self.model, self.clock.over)
        self.solver.relax(
            goal.terms,
            lambda values: [*cuts.broken(values), *self.refiner.tighten(values)],
            seconds=_STRENGTHENED * self.clock.left,
        )
        self.refiner.forget()

    def _solve(self, state: _State, gap: float) -> Outcome:
        unit = state.goal.unit

        def told(value: float, bound: float) -> None:
            self.report(
                Progress(
                    self.iterations, state.value, min(state.bound, bound * unit), self.clock.spent
                )
            )

        start = start_of(self.model, state.best) if state.best is not None else None
        return self.solver.solve(
            state.goal.terms, gap=gap, seconds=self.clock.left, start=start, report=told
        )

    def _consider(
        self, outcome: Outcome, state: _State, feasible: Callable[[Evaluation], bool]
    ) -> Evaluation | None:
        """Cost a solution exactly and keep it if it is the best."""
        if outcome.values is None:
            return None
        found = evaluate(self.problem, design_of(self.model, outcome.values))
        value = state.goal.value(found)
        if feasible(found) and value > state.value:
            state.best, state.value = found, value
        return found

    def _improve(
        self,
        outcome: Outcome,
        found: Evaluation,
        state: _State,
        feasible: Callable[[Evaluation], bool],
        hold: bool,
    ) -> bool:
        """Refine the model at a solution; where no row does it, hold the solution to its cost."""
        assert outcome.values is not None
        if self.model.lean:
            return False
        if self.refiner.refine(outcome.values, found):
            return True
        if not hold or not self.problem.settings.prevent_loops:
            return False
        unit = state.goal.unit
        worth = state.goal.terms if feasible(found) else None
        self.refiner.exclude(found, worth, state.goal.value(found) / unit, state.bound / unit)
        return True

    def _tell(self, state: _State) -> None:
        self.report(Progress(self.iterations, state.value, state.bound, self.clock.spent))

    def _end(self, state: _State, why: str) -> Found:
        return Found(state.best, state.value, state.bound, self.iterations, why)

    def _infeasible(self, state: _State) -> Found:
        if state.best is None:
            return Found(None, -INFINITY, -INFINITY, self.iterations, "infeasible")
        # What is found is feasible, so this says no more than that there is nothing better
        # to find by this model.
        return self._end(state, "param-gap")


@dataclass
class _State:
    goal: Goal
    best: Evaluation | None
    value: float
    bound: float = INFINITY

    @property
    def gap(self) -> float:
        return gap_of(self.value, self.bound)
