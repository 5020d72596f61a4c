"""Tables in, the best network and its cash flow out."""

from __future__ import annotations

import getpass
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from surrogate.costing.evaluate import Evaluation
from surrogate.costing.loop import Loop
from surrogate.costing.model import Model
from surrogate.costing.prepare import Prepared, prepare
from surrogate.costing.problem import Problem
from surrogate.costing.reasons import Reason, explain, reasons_table
from surrogate.costing.results import result_tables
from surrogate.costing.search import (
    Clock,
    Found,
    Goal,
    Progress,
    Search,
    empty,
    gap_of,
)
from surrogate.costing.solver import INFINITY
from surrogate.extras import need

AT_ONCE = 60
"""Up to so many stretches between junctions every pipe size is a choice of its own at once."""

EXACTLY = 250
"""Up to so many it is after the outer loop, which says where to start."""


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
        Relative gap between them.
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
    iterations: int
    ended: str
    reasons: list[Reason]


def optimise(
    tables: Mapping[str, pd.DataFrame],
    *,
    run: str = "",
    user: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, pd.DataFrame]:
    """Find the best heat network and its cash flow.

    Parameters
    ----------
    tables : mapping
        The input tables by name, as :mod:`surrogate.costing.schema` declares
        them; geometries as shapely objects or WKT.
    run : str
        A name for the run, kept in the result.
    user : str, optional
        Who runs it; the login name by default.
    progress : callable, optional
        Told where the search is, now and then.
    stop : threading.Event, optional
        Once set, the best network so far is returned; Ctrl-C does the same.

    Returns
    -------
    dict
        The input tables, ``buildings``, ``supplies`` and ``paths`` with result
        columns, and ``cashflow``, ``solution_summary`` and, where there is no
        network, ``infeasible_reasons``.

    Raises
    ------
    InputTablesError
        If anything in the input is wrong; it lists all that is.
    MissingExtraError
        If the extra ``costing`` is not installed.
    """
    for module in ("geopandas", "networkx", "highspy"):
        need(module, "costing")
    began = datetime.now(UTC)
    with _interruptible(stop or threading.Event()) as interrupted:
        prepared = prepare(tables)
        clock = Clock(prepared.problem.settings.runtime_limit, interrupted)
        solution = solve(prepared.problem, clock, progress or (lambda where: None))
    result = result_tables(tables, prepared, solution.best)
    facts = {
        "runtime": clock.spent,
        "git_rev": version("heatpump-surrogate"),
        "user": _login() if user is None else user,
        "run": run,
        "start_date": began.isoformat(timespec="seconds"),
    }
    result["solution_summary"] = _summary(prepared, solution, facts)
    if solution.reasons:
        result["infeasible_reasons"] = reasons_table(solution.reasons)
    return result


def solve(problem: Problem, clock: Clock, progress: Callable[[Progress], None]) -> Solution:
    """Find the best network of a problem in numbers.

    Parameters
    ----------
    problem : Problem
        The problem.
    clock : Clock
        Time and interruption.
    progress : callable
        Told where the search is.
    """
    found: Found | None = None
    gap = INFINITY
    if not problem.impossible:
        found, gap = _found(problem, clock, progress)
    if found is None or found.ended == "infeasible":
        iterations = 0 if found is None else found.iterations
        reasons = explain(problem, clock)
        return Solution(None, np.nan, np.nan, np.nan, iterations, "infeasible", reasons)
    bound = max(found.bound, found.value)  # not below by what sums of floats are off
    return Solution(found.best, found.value, bound, gap, found.iterations, found.ended, [])


def _found(
    problem: Problem, clock: Clock, progress: Callable[[Progress], None]
) -> tuple[Found, float]:
    """What a search ends with, and its gap."""
    bare = empty(problem)
    start = bare if bare.feasible else None
    if not problem.settings.prevent_loops:
        # The best network without loops is one of those with them: nothing less will do.
        forest = problem.settings.model_copy(update={"prevent_loops": True})
        start = _found(replace(problem, settings=forest), clock, progress)[0].best
    method, links = problem.settings.method, len(problem.links)
    if problem.settings.objective == "max-kwh":
        method = "exact"
    if method == "loop" or (method == "auto" and links > AT_ONCE):
        loop = Loop(problem, clock, progress, start)
        found = loop.run()
        if found is not None:
            proven = found.ended == "optimal" or clock.over()
            if proven or method == "loop" or links > EXACTLY:
                return found, loop.gap
            start = found.best
    search = Search(Model(problem), clock, progress)
    if problem.settings.objective == "max-kwh":
        return _most_heat(search, start)
    found = _run(search, _worth(search.model), start)
    return found, gap_of(found.value, found.bound)


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


def _most_heat(search: Search, start: Evaluation | None) -> tuple[Found, float]:
    """Most heat first, then the least cost for it; the gap is the larger of both."""
    model = search.model
    heat = Goal(model.delivered(), lambda network: network.kwh, model.units.kwh)
    first = _run(search, heat, start)
    if first.best is None:
        return first, INFINITY
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
    return Found(best, kwh, max(first.bound, kwh), second.iterations, ended), gap


def _cheapest_for(first: Found, search: Search) -> tuple[Found, float]:
    """The least cost for the buildings that were found to take most heat."""
    assert first.best is not None
    problem, chosen = search.problem, first.best.design.customers
    customers = tuple(
        replace(customer, required=i in chosen) for i, customer in enumerate(problem.customers)
    )
    loop = Loop(replace(problem, customers=customers), search.clock, search.report, first.best)
    second = loop.run()
    best = first.best if second is None or second.best is None else second.best
    return (
        Found(
            best,
            best.kwh,
            max(first.bound, best.kwh),
            first.iterations + loop.iterations,
            first.ended if second is None or first.ended != "optimal" else second.ended,
        ),
        max(gap_of(first.value, first.bound), loop.gap),
    )


@contextmanager
def _interruptible(stop: threading.Event) -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C set the event, so that the best so far can be returned."""
    if threading.current_thread() is not threading.main_thread():
        yield stop.is_set
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for the user's number, as in some containers
        return ""


def _summary(prepared: Prepared, solution: Solution, facts: dict[str, Any]) -> pd.DataFrame:
    """The table ``solution_summary``."""
    problem, network = prepared.problem, solution.best
    row: dict[str, Any] = {
        "state": _state(solution),
        "objective": solution.value if network else np.nan,
        "mip_gap": solution.gap if network else np.nan,
        "runtime": facts["runtime"],
        "iterations": solution.iterations,
        "lower_bound": solution.value if network else np.nan,
        "upper_bound": solution.bound,
        "network_building_count": 0,
        "network_connection_count": 0,
        "network_length": 0.0,
        "network_linear_density": np.nan,
        "network_kwh": 0.0,
        "network_losses_kwh": 0.0,
        "network_npv": 0.0 if network else np.nan,
        "network_pump_kwh": 0.0,
    }
    if network is not None:
        inside = [problem.customers[i] for i in network.design.customers]
        row |= {
            "network_building_count": len(inside),
            "network_connection_count": sum(customer.connections for customer in inside),
            "network_length": network.length,
            "network_linear_density": network.kwh / network.length if network.length else np.nan,
            "network_kwh": network.kwh,
            "network_losses_kwh": network.loss_kwh,
            "network_npv": network.npv,
            "network_pump_kwh": sum(laid.pump_kwh for laid in network.pipes),
        }
    row |= {name: facts[name] for name in ("git_rev", "user", "run", "start_date")}
    return pd.DataFrame([row])


def _state(solution: Solution) -> str:
    if solution.ended in ("optimal", "infeasible"):
        return solution.ended
    if solution.best is None:
        return f"no network found ({solution.ended})"
    return f"non-optimal ({solution.ended})"
