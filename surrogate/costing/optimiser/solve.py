"""The way to a solution: which model for which size, and what is proven by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surrogate.costing.evaluate import Design, Evaluation, empty, evaluate
from surrogate.costing.optimiser.constraints import constrained
from surrogate.costing.optimiser.heuristic import Heuristic
from surrogate.costing.optimiser.large import Large
from surrogate.costing.optimiser.loop import Loop
from surrogate.costing.optimiser.model import Model
from surrogate.costing.optimiser.reasons import Reason, explain
from surrogate.costing.optimiser.search import Clock, Found, Goal, Progress, Search, gap_of
from surrogate.costing.optimiser.solver import INFINITY, Row
from surrogate.costing.problem import Problem

_EXACT, _STRAIGHT = "exact costs", "straight costs"

AT_ONCE = 60
"""Up to so many stretches between junctions every pipe size is a choice of its own at once."""

EXACTLY = 250
"""Up to so many it is after the outer loop, which says where to start."""


LARGE = 1500
"""Beyond so many branching is not worth its time any more."""


@dataclass(frozen=True)
class Solution:
    """What a run ended with.

    Parameters
    ----------
    best : Evaluation or None
        The network.
    value, bound : float
        Its objective, and what no network exceeds.
    gap : float
        Relative gap of the last solve.
    gap_of : str
        What that is a gap of: ``exact costs``, or ``straight costs`` of the outer
        loop's model.
    iterations : int
        Solves.
    ended : str
        Why it ended.
    reasons : list of Reason
        Why there is no network.
    """

    best: Evaluation | None
    value: float
    bound: float
    gap: float
    gap_of: str
    iterations: int
    ended: str
    reasons: list[Reason]


def solve(
    problem: Problem,
    clock: Clock,
    progress: Callable[[Progress], None],
    start: Design | None = None,
    cuts: list[Row] | None = None,
) -> Solution:
    """Find the best network of a problem in numbers.

    Parameters
    ----------
    problem : Problem
        The problem.
    clock : Clock
        Time and interruption.
    progress : callable
        Told where the search is.
    start : Design, optional
        A network to start from.
    cuts : list, optional
        What large problems that differ in temperatures alone learn from each other;
        empty at first.
    """
    if problem.impossible:
        return _none(problem, clock, 0)
    best = _best(problem, clock, progress, start, cuts)
    found = best.found
    if found.ended == "infeasible":
        return _none(problem, clock, found.iterations)
    bound = max(found.bound, found.value)  # not below by what sums of floats are off
    return Solution(
        found.best, found.value, bound, best.gap, best.gap_of, found.iterations, found.ended, []
    )


def _none(problem: Problem, clock: Clock, iterations: int) -> Solution:
    """No network, and why."""
    reasons = explain(problem, clock)
    return Solution(None, np.nan, np.nan, np.nan, _EXACT, iterations, "infeasible", reasons)


@dataclass(frozen=True)
class _Best:
    """What a way to a solution found, and the gap of its last solve."""

    found: Found
    gap: float
    gap_of: str = _EXACT


def _best(
    problem: Problem,
    clock: Clock,
    progress: Callable[[Progress], None],
    given: Design | None = None,
    cuts: list[Row] | None = None,
) -> _Best:
    """The best network, by the way that suits the size."""
    known = [empty(problem), *([evaluate(problem, given)] if given else [])]
    start = max((one for one in known if one.feasible), key=lambda one: one.objective, default=None)
    if not problem.settings.prevent_loops:
        # The best network without loops is one of those with them: nothing less will do.
        forest = problem.settings.model_copy(update={"prevent_loops": True})
        start = _best(replace(problem, settings=forest), clock, progress, given).found.best
    if problem.settings.method == "heuristic":
        return _quick(problem, clock, progress, start)
    bound = INFINITY
    method, links = problem.settings.method, len(problem.links)
    most_heat = problem.settings.objective == "max-kwh"
    if not most_heat and (method == "loop" or (method == "auto" and links > AT_ONCE)):
        loop: Loop | Large = Loop(problem, clock, progress, start)
        if links > LARGE and problem.settings.prevent_loops:
            loop = Large(problem, clock, progress, start, cuts)
        found = loop.run()
        if isinstance(loop, Large) and (found is None or not _any(found)):
            # Constraints that the heuristic does not know may be in its way.
            loop = Loop(problem, clock, progress, start)
            found = loop.run()
        if found is not None:
            proven = found.ended == "optimal" or clock.over()
            if proven or method == "loop" or links > EXACTLY:
                return _Best(found, loop.gap, _STRAIGHT)
            start, bound = found.best, found.bound
    if links > AT_ONCE and problem.settings.prevent_loops and not (start and start.feeds):
        quick = Heuristic(problem).run(clock.over)
        if quick is not None and quick.feasible:
            start = quick
    search = Search(constrained(Model(problem)), clock, progress)
    if most_heat:
        return _most_heat(search, start)
    found = _run(search, _worth(search.model), start)
    found = replace(found, bound=min(found.bound, bound))
    return _Best(found, gap_of(found.value, found.bound))


def _any(found: Found) -> bool:
    """Whether a network has a building."""
    return found.best is not None and bool(found.best.design.customers)


def _quick(
    problem: Problem,
    clock: Clock,
    progress: Callable[[Progress], None],
    start: Evaluation | None,
) -> _Best:
    """A good network by the heuristic alone, and a bound that costs nothing.

    Most heat comes first where buildings are worth more by their heat than all
    pipes and supplies together can cost.
    """
    most_heat = problem.settings.objective == "max-kwh"
    asked = _for_heat(problem) if most_heat else problem
    if most_heat and start is not None:
        start = evaluate(asked, start.design)
    found = Large(asked, clock, progress, start).quick()
    if found is None or found.best is None:
        return _Best(Found(None, -INFINITY, INFINITY, 0, "heuristic"), INFINITY)
    if most_heat:
        best = evaluate(problem, found.best.design)
        heat = sum(customer.kwh for customer in problem.customers)
        found = replace(found, best=best, value=best.kwh, bound=heat)
        if gap_of(best.kwh, heat) <= problem.settings.mip_gap:
            found = replace(found, ended="optimal")
    return _Best(found, gap_of(found.value, found.bound))


def _for_heat(problem: Problem) -> Problem:
    """The problem in which a kWh more is worth any pipe."""
    heat = max(min((customer.kwh for customer in problem.customers), default=1.0), 1e-3)
    pipes = sum(float(np.abs(link.objective).max()) for link in problem.links)
    plant = sum(float(np.abs(source.objective.costs).max()) for source in problem.sources)
    worth = 10 * (pipes + plant) / heat
    customers = tuple(
        replace(customer, objective=customer.objective + worth * customer.kwh)
        for customer in problem.customers
    )
    return replace(problem, customers=customers)


def _run(search: Search, goal: Goal, start: Evaluation | None, **further: Any) -> Found:
    settings = search.problem.settings
    return search.run(
        goal,
        gap=settings.mip_gap,
        param_gap=settings.param_gap,
        limit=settings.iteration_limit,
        best=start,
        **further,
    )


def _worth(model: Model) -> Goal:
    return Goal(model.money(objective=True), lambda network: network.objective, model.units.money)


def _most_heat(search: Search, start: Evaluation | None) -> _Best:
    """Most heat first, then the least cost for it; the gap is the larger of both."""
    model = search.model
    heat = Goal(model.delivered(), lambda network: network.kwh, model.units.kwh)
    first = _run(search, heat, start)
    if first.best is None:
        return _Best(first, INFINITY)
    if len(search.problem.links) > AT_ONCE:
        return _cheapest_for(first, search)
    least = first.best.kwh
    model.programme.at_least(list(model.delivered().items()), least / model.units.kwh - 1e-9)
    second = _run(
        search,
        _worth(model),
        first.best,
        feasible=lambda network: network.feasible and network.kwh >= least * (1 - 1e-9),
    )
    gap = max(gap_of(first.value, first.bound), gap_of(second.value, second.bound))
    ended = first.ended if first.ended != "optimal" else second.ended
    kwh = first.value if second.best is None else second.best.kwh
    best = second.best or first.best
    return _Best(Found(best, kwh, max(first.bound, kwh), second.iterations, ended), gap)


def _cheapest_for(first: Found, search: Search) -> _Best:
    """The least cost for the buildings that were found to take most heat."""
    assert first.best is not None
    problem, chosen = search.problem, first.best.design.customers
    customers = tuple(
        replace(customer, required=i in chosen) for i, customer in enumerate(problem.customers)
    )
    loop = Loop(replace(problem, customers=customers), search.clock, search.report, first.best)
    second = loop.run()
    best = first.best if second is None or second.best is None else second.best
    return _Best(
        Found(
            best,
            best.kwh,
            max(first.bound, best.kwh),
            first.iterations + loop.iterations,
            first.ended if second is None or first.ended != "optimal" else second.ended,
        ),
        max(gap_of(first.value, first.bound), loop.gap),
        _STRAIGHT,
    )
