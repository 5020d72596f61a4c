"""Full solves that a table never saw, and the error of the table at them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from surrogate import limits as limits_module
from surrogate.conditions import Conditions
from surrogate.errors import InfeasibleError, SpecError
from surrogate.evaluate import OK, PER_HEAT, QUANTITIES, answer_many
from surrogate.identity import Identity
from surrogate.limits import DEFAULT_LIMITS
from surrogate.search import lift_share
from surrogate.tablemodel import Regions, Table

from . import sweep
from .judged import HeldOut, errors_of
from .sample import Box, sobol

FloatArray = NDArray[np.float64]

COVERAGE = 0.95
"""Share of solves that a table's error bound promises to hold for."""

_CHUNK = 50
# With fewer points than this in a region the bound would be the largest error seen.
_MIN_REGION = 60
_LIFT_REGIONS, _EVAP_REGIONS = 5, 3
# With a smaller share of feasible points a box is not worth its solves.
_LEAST_FEASIBLE = 0.05


@dataclass(frozen=True)
class SolveJob:
    """Solve conditions in full; a row is the limit's code, then :data:`QUANTITIES`."""

    identity: Identity

    @property
    def columns(self) -> int:
        """Length of a row."""
        return 1 + len(QUANTITIES)

    def start(self) -> Callable[[FloatArray], FloatArray]:
        """Build a model and return its solver."""
        from surrogate.cycle.design import new_model, solve_conditions

        model = new_model(
            self.identity.topology, self.identity.refrigerant, self.identity.parameters
        )

        def solve(point: FloatArray) -> FloatArray:
            conditions = Conditions(*(float(value) for value in point))
            try:
                result = solve_conditions(model, conditions)
            except InfeasibleError as error:
                code = limits_module.NAMES.index(error.limit)
                return np.array([float(code)] + [math.nan] * len(QUANTITIES))
            return np.array([0.0] + [getattr(result, name) for name in QUANTITIES])

        return solve


class Solved(NamedTuple):
    """Conditions with their full solves.

    Attributes
    ----------
    conditions : Conditions
        Arrays of shape (n,).
    codes : array of int8, shape (n,)
        0, or the code of the limit that the full solve broke.
    converged : array of bool, shape (n,)
        Where the full solve came to an end at all.
    values : dict of str to array, shape (n,)
        :data:`QUANTITIES`, NaN where infeasible or not converged.
    """

    conditions: Conditions
    codes: NDArray[np.int8]
    converged: NDArray[np.bool_]
    values: dict[str, FloatArray]

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Where a full solve found a machine within its limits."""
        result: NDArray[np.bool_] = self.converged & (self.codes == 0)
        return result


def solve_all(
    identity: Identity,
    conditions: Conditions,
    folder: Path,
    *,
    label: str,
    workers: int,
    console: Console | None = None,
) -> Solved:
    """Solve many conditions in full, in processes; see :func:`sweep.run`."""
    points = np.column_stack(conditions)
    parts = [points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK)]
    done = sweep.run(
        SolveJob(identity), parts, folder, label=label, workers=workers, console=console
    )
    rows = np.concatenate([part for part, _ in done])
    found = np.concatenate([flags for _, flags in done])
    codes = np.where(found, rows[:, 0], 0).astype(np.int8)
    values = {name: rows[:, n + 1] for n, name in enumerate(QUANTITIES)}
    return Solved(conditions, codes, found, values)


def solve_feasible(
    identity: Identity,
    box: Box,
    count: int,
    seed: int,
    folder: Path,
    *,
    workers: int,
    console: Console | None = None,
) -> Solved:
    """Solve Sobol points until enough of them are feasible.

    A share of the box breaks limits that only a solve shows, so it takes more
    points than are wanted: each round adds as many as the share so far asks for.
    """
    rounds: list[Solved] = []
    start, feasible, wanted = 0, 0, count
    while feasible < count:
        if start and feasible < _LEAST_FEASIBLE * start:
            raise SpecError(
                f"of {start} points in the spec's box only {feasible} are feasible; narrow its "
                "domain to what the refrigerant can do"
            )
        everything = sobol(box, start + wanted, seed)
        part = everything.take(slice(start, start + wanted))
        label = f"held out {seed}.{len(rounds) + 1}"
        rounds.append(
            solve_all(identity, part, folder, label=label, workers=workers, console=console)
        )
        start += wanted
        feasible += int(rounds[-1].feasible.sum())
        share = max(feasible / start, _LEAST_FEASIBLE)
        wanted = max(math.ceil((count - feasible) / share), _CHUNK)
    return Solved(
        Conditions(
            *(
                np.concatenate(column)
                for column in zip(*(r.conditions for r in rounds), strict=True)
            )
        ),
        np.concatenate([r.codes for r in rounds]),
        np.concatenate([r.converged for r in rounds]),
        {name: np.concatenate([r.values[name] for r in rounds]) for name in QUANTITIES},
    )


class Comparison(NamedTuple):
    """A table set against full solves at the same conditions.

    Attributes
    ----------
    answered : array of bool, shape (n,)
        Feasible points that the table answers itself.
    missed : array of bool, shape (n,)
        Feasible points that it leaves to a solve, or calls infeasible.
    invented : array of bool, shape (n,)
        Points that it answers although the full solve finds no machine.
    values : dict of str to array, shape (n,)
        The table's values, NaN where it has none.
    error : array, shape (n,)
        Relative error of the COP [1], signed, NaN where not answered.
    bound : array, shape (n,)
        The error that the table promises [1].
    """

    answered: NDArray[np.bool_]
    missed: NDArray[np.bool_]
    invented: NDArray[np.bool_]
    values: dict[str, FloatArray]
    error: FloatArray
    bound: FloatArray


def compare(table: Table, solved: Solved) -> Comparison:
    """Set a table against full solves."""
    codes, values = answer_many(table, solved.conditions, DEFAULT_LIMITS)
    load = solved.conditions.heat_load
    found = {
        name: getattr(values, name) * (load if name in PER_HEAT else 1.0) for name in QUANTITIES
    }
    answered = solved.feasible & (codes == OK)
    error = np.where(answered, found["cop"] / solved.values["cop"] - 1.0, np.nan)
    return Comparison(
        answered,
        solved.feasible & ~answered,
        ~solved.feasible & (codes == OK),
        found,
        error,
        values.error,
    )


def conformal_half_width(errors: FloatArray, coverage: float = COVERAGE) -> float:
    """Half-width that a new error stays within with a given probability.

    The split-conformal bound: of n exchangeable errors, the one of rank
    ceil((n + 1) * coverage) by size. Vovk, Gammerman and Shafer, Algorithmic
    Learning in a Random World (2005).

    Examples
    --------
    >>> conformal_half_width(np.arange(1.0, 100.0))
    95.0
    """
    size = np.sort(np.abs(errors))
    rank = math.ceil((len(size) + 1) * coverage)
    return float(size[min(rank, len(size)) - 1])


def regions(table: Table, comparison: Comparison) -> Regions:
    """Bound the error region by region.

    The edges are quantiles of where the points lie, so each region has its
    share of them; one with too few takes the bound of all points.
    """
    t_evap = comparison.values["t_evap"][comparison.answered]
    t_cond = comparison.values["t_cond"][comparison.answered]
    errors = comparison.error[comparison.answered]
    return bound_regions(
        errors,
        (lift_share(table, t_evap, t_cond), 0.0, 1.0, _LIFT_REGIONS),
        (t_evap, *table.t_evap, _EVAP_REGIONS),
    )


def bound_regions(
    errors: FloatArray,
    rows: tuple[FloatArray, float, float, int],
    columns: tuple[FloatArray, float, float, int],
) -> Regions:
    """Bound errors region by region of two coordinates.

    Parameters
    ----------
    errors : array, shape (n,)
        Relative errors.
    rows, columns : tuple
        A coordinate of each error, its lowest and highest value, and how many
        regions it is cut into.
    """
    row_edges, column_edges = (
        _edges(place, count, low, high) for place, low, high, count in (rows, columns)
    )
    half_width = np.full((len(row_edges) - 1, len(column_edges) - 1), conformal_half_width(errors))
    i = np.searchsorted(row_edges[1:-1], rows[0], side="right")
    j = np.searchsorted(column_edges[1:-1], columns[0], side="right")
    for place in np.ndindex(half_width.shape):
        members = errors[(i == place[0]) & (j == place[1])]
        if len(members) >= _MIN_REGION:
            half_width[place] = conformal_half_width(members)
    return Regions(row_edges, column_edges, half_width)


def _edges(values: FloatArray, count: int, low: float, high: float) -> FloatArray:
    inner = np.quantile(values, np.arange(1, count) / count)
    return np.concatenate([[low], inner, [high]])


@dataclass(frozen=True)
class Summary(HeldOut):
    """A design table at full solves that it never saw."""

    invented: float
    """Points that the table answers although a full solve does not, over feasible points."""


def summarise(comparison: Comparison) -> Summary:
    """Reduce a comparison to the numbers that a table carries."""
    error = comparison.error[comparison.answered]
    total = len(error) + int(comparison.missed.sum())
    return Summary(
        **asdict(errors_of(error)),
        within=float((np.abs(error) <= comparison.bound[comparison.answered]).mean()),
        missed=int(comparison.missed.sum()) / total,
        invented=int(comparison.invented.sum()) / total,
    )
