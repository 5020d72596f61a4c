"""Tables in, the best network and its cash flow out."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from surrogate.costing.evaluate import Design
from surrogate.costing.installed import installed
from surrogate.costing.interrupt import Stop, interruptible
from surrogate.costing.margins import margins_table
from surrogate.costing.optimiser.reasons import reasons_table
from surrogate.costing.optimiser.search import Clock, Progress, gap_of
from surrogate.costing.optimiser.solve import Solution, solve
from surrogate.costing.optimiser.solver import Row
from surrogate.costing.prepare import Prepared, prepare
from surrogate.costing.results import result_tables


def optimise(
    tables: Mapping[str, pd.DataFrame],
    *,
    run: str = "",
    user: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Stop | None = None,
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
    stop : threading.Event or the like, optional
        Once it is set, the best network so far is returned; Ctrl-C does the same.

    Returns
    -------
    dict
        The input tables, ``buildings``, ``supplies`` and ``paths`` with result
        columns, and ``cashflow``, ``solution_summary`` and ``building_margins``;
        where there is no network, ``infeasible_reasons`` in place of the last.

    Raises
    ------
    InputTablesError
        If anything in the input is wrong; it lists all that is.
    MissingExtraError
        If the extra ``costing`` is not installed.
    """
    return optimised(tables, run=run, user=user, progress=progress, stop=stop).tables


@dataclass(frozen=True)
class Optimised:
    """A run with what it was made from.

    Parameters
    ----------
    tables : dict
        As :func:`optimise` returns them.
    prepared : Prepared
        The problem.
    solution : Solution
        What it ended with.
    """

    tables: dict[str, pd.DataFrame]
    prepared: Prepared
    solution: Solution


def optimised(
    tables: Mapping[str, pd.DataFrame],
    *,
    run: str = "",
    user: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Stop | None = None,
    start: Design | None = None,
) -> Optimised:
    """As :func:`optimise`, for those who go on with the solution.

    Parameters
    ----------
    tables, run, user, progress, stop
        As for :func:`optimise`.
    start : Design, optional
        A network of a problem with the same buildings, supplies and paths, to start from.
    """
    installed()
    tables = without_connectors(tables)
    prepared = prepare(tables)
    with interruptible(stop) as over:
        done = optimised_at(
            tables, prepared, run=run, user=user, progress=progress, interrupted=over, start=start
        )
        return with_margins(done, over)


def optimised_at(
    tables: Mapping[str, pd.DataFrame],
    prepared: Prepared,
    *,
    run: str,
    user: str | None,
    progress: Callable[[Progress], None] | None,
    interrupted: Callable[[], bool],
    start: Design | None,
    cuts: list[Row] | None = None,
) -> Optimised:
    """As :func:`optimised`, for tables that have been checked already; without margins.

    Parameters
    ----------
    tables, run, user, progress, start
        As for :func:`optimised`; the tables without connectors.
    prepared : Prepared
        The tables in numbers.
    interrupted : callable
        True once the user wants an end.
    cuts : list, optional
        What runs that differ in temperatures alone learn from each other; empty at first.
    """
    began = datetime.now(UTC)
    clock = Clock(prepared.problem.settings.runtime_limit, interrupted)
    solution = solve(prepared.problem, clock, progress or (lambda where: None), start, cuts)
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
    return Optimised(result, prepared, solution)


def with_margins(done: Optimised, hurry: Callable[[], bool]) -> Optimised:
    """Add the table ``building_margins`` to a run that found a network.

    Parameters
    ----------
    done : Optimised
        The run.
    hurry : callable
        Once it is true, what is left is estimated.
    """
    best = done.solution.best
    if best is None:
        return done
    margins = margins_table(done.prepared, best, hurry)
    return replace(done, tables={**done.tables, "building_margins": margins})


def without_connectors(tables: Mapping[str, pd.DataFrame]) -> Mapping[str, pd.DataFrame]:
    """Leave out connectors, where a result is an input: they are made anew.

    Parameters
    ----------
    tables : mapping
        The input tables by name.
    """
    paths = tables.get("paths") if isinstance(tables, Mapping) else None
    if not isinstance(paths, pd.DataFrame) or "connector" not in paths.columns:
        return tables
    made = paths["connector"].map(lambda value: str(value).strip().lower() in ("true", "1", "1.0"))
    return {**tables, "paths": paths[~made.astype(bool).to_numpy()]}


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
        "mip_gap_of": solution.gap_of if network else "",
        "lower_bound": solution.value if network else np.nan,
        "upper_bound": solution.bound,
        "bound_gap": gap_of(solution.value, solution.bound) if network else np.nan,
        "network_building_count": 0,
        "network_connection_count": 0,
        "network_length": 0.0,
        "network_linear_density": np.nan,
        "network_kwh": 0.0,
        "network_losses_kwh": 0.0,
        "network_npv": 0.0 if network else np.nan,
        "network_pump_kwh": 0.0,
        "network_emissions_kg": 0.0 if network else np.nan,
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
            "network_emissions_kg": sum(
                problem.sources[s].emissions * feeding.load_kwh
                for s, feeding in network.feeds.items()
                if feeding.load_kwh
            ),
        }
    row |= {name: facts[name] for name in ("git_rev", "user", "run", "start_date")}
    return pd.DataFrame([row])


def _state(solution: Solution) -> str:
    if solution.ended in ("optimal", "infeasible"):
        return solution.ended
    if solution.best is None:
        return f"no network found ({solution.ended})"
    return f"non-optimal ({solution.ended})"
