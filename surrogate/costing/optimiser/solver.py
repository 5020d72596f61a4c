"""A mixed-integer linear programme in arrays, and HiGHS that solves it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.extras import need

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

INFINITY = float("inf")

_EVERY = 0.5
"""Progress is told no more often [s]."""

_SLACK = 1e-2
"""A cut with more room than this is not needed."""

_IDLE = 1e-4
"""Cuts that improve the bound by less, relative, are not worth a further round."""

Terms = Iterable[tuple[int, float]]


Row = tuple[float, float, list[int], list[float]]
"""Lower and upper bound, columns and factors."""


@dataclass
class Programme:
    """Columns and rows, collected one after another; maximised."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def column(self, lower: float, upper: float, *, integer: bool = False) -> int:
        """Add a column; its number.

        Parameters
        ----------
        lower, upper : float
            Its bounds.
        integer : bool
            Whether it is integer.
        """
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.lower) - 1

    def binary(self, *, fixed: bool = False) -> int:
        """Add a column that is 0 or 1, or fixed to 1; its number."""
        return self.column(1.0 if fixed else 0.0, 1.0, integer=True)

    def row(self, lower: float, upper: float, terms: Terms) -> None:
        """Add ``lower <= terms <= upper``; terms in one column add up.

        Parameters
        ----------
        lower, upper : float
            Its bounds.
        terms : iterable of (column, factor)
            Its left side.
        """
        summed: dict[int, float] = {}
        for column, factor in terms:
            summed[column] = summed.get(column, 0.0) + factor
        kept = {column: factor for column, factor in summed.items() if factor != 0.0}
        if kept or lower > 0 or upper < 0:
            self.rows.append((lower, upper, list(kept), list(kept.values())))

    def at_most(self, terms: Terms, upper: float = 0.0) -> None:
        """Add ``terms <= upper``."""
        self.row(-INFINITY, upper, terms)

    def at_least(self, terms: Terms, lower: float = 0.0) -> None:
        """Add ``terms >= lower``."""
        self.row(lower, INFINITY, terms)

    def equal(self, terms: Terms, value: float = 0.0) -> None:
        """Add ``terms == value``."""
        self.row(value, value, terms)


_INTERIOR = 8000
"""With more columns a relaxation takes 6 to 9 s from the interior, 7 to 35 s along vertices."""


@dataclass(frozen=True)
class Outcome:
    """What a solve found.

    Parameters
    ----------
    status : str
        ``optimal`` (within the gap), ``stopped`` or ``infeasible``.
    values : ndarray or None
        Of all columns; None without a solution.
    objective : float
        Of these values.
    bound : float
        No solution has a larger objective.
    """

    status: str
    values: Floats | None
    objective: float
    bound: float


class Solver:
    """HiGHS with a programme that can grow by columns and rows.

    Parameters
    ----------
    programme : Programme
        What is solved; rows added to it later are passed on by :meth:`solve`.
    stopped : callable
        Asked now and then; true to stop with the best so far.
    """

    def __init__(self, programme: Programme, stopped: Callable[[], bool]) -> None:
        need("highspy", "costing")
        import highspy

        self.programme = programme
        self._highs = highspy.Highs()
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)
        self._passed_rows = 0
        self._passed_columns = 0
        self._stopped = stopped
        self._highs.cbMipInterrupt.subscribe(self._interrupt)
        self._told = 0.0
        self._report: Callable[[float, float], None] = lambda value, bound: None

    def _interrupt(self, event: Any) -> None:
        """Called by HiGHS many times a second."""
        if self._stopped():
            event.interrupt()
        now = time.monotonic()
        if now > self._told + _EVERY:
            self._told = now
            self._report(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)

    def solve(
        self,
        objective: Mapping[int, float],
        *,
        gap: float,
        seconds: float,
        start: Mapping[int, float] | None = None,
        report: Callable[[float, float], None] | None = None,
    ) -> Outcome:
        """Maximise an objective.

        Parameters
        ----------
        objective : mapping
            Factor of each column in it.
        gap : float
            Relative gap at which it may stop.
        seconds : float
            Time after which it stops.
        start : mapping, optional
            Values of integer columns to start from.
        report : callable, optional
            Told objective and bound now and then.
        """
        highs = self._highs
        self._pass_on()
        self._set_objective(objective)
        highs.setOptionValue("mip_rel_gap", float(gap))
        highs.setOptionValue("mip_abs_gap", 1e-7)
        # HiGHS counts the time of all its runs.
        highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.01))
        if start:
            columns = np.array(list(start), dtype=np.int32)
            highs.setSolution(len(columns), columns, np.array(list(start.values()), dtype=float))
        self._report = report or (lambda value, bound: None)
        highs.run()
        return self._outcome()

    def relax(
        self,
        objective: Mapping[int, float],
        broken: Callable[[Floats], Iterable[list[tuple[int, float]]]],
        *,
        seconds: float,
        rounds: int = 60,
        enough: Callable[[float, Floats], bool] | None = None,
    ) -> tuple[float, Floats | None]:
        """Strengthen the programme by cuts that its relaxation breaks.

        Parameters
        ----------
        objective : mapping
            Factor of each column in it.
        broken : callable
            Terms of rows ``terms <= 0`` that values break.
        seconds : float
            Time it may take.
        rounds : int
            Most relaxations solved.
        enough : callable, optional
            Told bound and values after each; true to end there.

        Returns
        -------
        bound : float
            The bound reached.
        values : ndarray or None
            Of the columns in the last relaxation.
        """
        left = deadline(seconds)
        bound, values, idle = INFINITY, None, 0
        first = len(self.programme.rows)
        with self._continuous():
            for _ in range(rounds):
                found = self._relaxation(objective, left())
                if found is None:
                    break
                before, (bound, values) = bound, found
                if enough is not None and enough(bound, values):
                    break
                if self._large:
                    self._drop_slack(first, values)
                idle = idle + 1 if before - bound < _IDLE * abs(bound) else 0
                cuts = list(broken(values))
                for terms in cuts:
                    self.programme.at_most(terms)
                if not cuts or idle > 2 or left() < 0:
                    break
            if values is not None:
                self._drop_slack(first, values)
        return bound, values

    def _drop_slack(self, first: int, values: Floats) -> None:
        """Drop cuts that a solution keeps with room to spare: they only slow down."""
        rows = self.programme.rows
        slack = [
            i
            for i in range(first, len(rows))
            if values[rows[i][2]] @ np.array(rows[i][3]) < rows[i][1] - _SLACK
        ]
        if not slack:
            return
        self._pass_on()
        self._highs.deleteRows(len(slack), np.array(slack, dtype=np.int32))
        dropped = set(slack)
        rows[:] = [row for i, row in enumerate(rows) if i not in dropped]
        self._passed_rows = len(rows)

    def extremes(
        self, column: int, objective: Mapping[int, float], least: float, *, seconds: float
    ) -> tuple[float, float] | None:
        """Range of a column in the relaxation where the objective is no less than a value.

        Parameters
        ----------
        column : int
            The column.
        objective : mapping
            Factor of each column in the objective.
        least : float
            The value.
        seconds : float
            Time it may take.

        Returns
        -------
        tuple or None
            Smallest and largest; None where time was too short.
        """
        row = len(self.programme.rows)
        self.programme.row(least, INFINITY, objective.items())
        if len(self.programme.rows) == row:
            return None
        with self._continuous():
            ends = [self._relaxation({column: sign}, seconds / 2) for sign in (-1.0, 1.0)]
        _, upper, columns, factors = self.programme.rows[row]
        self.programme.rows[row] = (-INFINITY, upper, columns, factors)
        self._highs.changeRowBounds(row, -INFINITY, INFINITY)
        low, high = ends
        return None if low is None or high is None else (-low[0], high[0])

    @contextmanager
    def _continuous(self) -> Iterator[None]:
        """Let integer columns be anything between their bounds meanwhile."""
        import highspy

        self._pass_on()
        integer = np.flatnonzero(self.programme.integer).astype(np.int32)
        kinds = highspy.HighsVarType
        self._highs.changeColsIntegrality(
            len(integer), integer, np.full(len(integer), kinds.kContinuous)
        )
        try:
            yield
        finally:
            self._pass_on()
            self._highs.changeColsIntegrality(
                len(integer), integer, np.full(len(integer), kinds.kInteger)
            )

    def _relaxation(
        self, objective: Mapping[int, float], seconds: float
    ) -> tuple[float, Floats] | None:
        """Objective and values of the relaxation; None if it was not solved."""
        import highspy

        highs = self._highs
        self._pass_on()
        self._set_objective(objective)
        highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.1))
        if self._large:
            highs.clearSolver()  # a basis would call for the simplex method
        highs.setOptionValue("solver", "ipm" if self._large else "choose")
        highs.run()
        highs.setOptionValue("solver", "choose")
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal or self._stopped():
            return None
        bound = float(highs.getInfo().objective_function_value)
        return bound, np.array(highs.getSolution().col_value)

    @property
    def _large(self) -> bool:
        """Whether relaxations are solved quicker from the interior than from vertex to vertex."""
        return len(self.programme.lower) > _INTERIOR

    def _set_objective(self, objective: Mapping[int, float]) -> None:
        cost = np.zeros(self._passed_columns)
        cost[list(objective)] = list(objective.values())
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def _pass_on(self) -> None:
        """Give HiGHS the columns and rows that it does not have yet."""
        import highspy

        programme, highs = self.programme, self._highs
        if not self._passed_columns:
            _accepted(highs.passModel(_whole(programme)))
        else:
            new = range(self._passed_columns, len(programme.lower))
            for i in new:
                _accepted(highs.addCol(0.0, programme.lower[i], programme.upper[i], 0, [], []))
                if programme.integer[i]:
                    highs.changeColIntegrality(i, highspy.HighsVarType.kInteger)
            for lower, upper, columns, factors in programme.rows[self._passed_rows :]:
                where, how = np.array(columns, dtype=np.int32), np.array(factors)
                _accepted(highs.addRow(lower, upper, len(columns), where, how))
        self._passed_columns = len(programme.lower)
        self._passed_rows = len(programme.rows)

    def _outcome(self) -> Outcome:
        import highspy

        highs = self._highs
        status = highs.getModelStatus()
        info = highs.getInfo()
        if status == highspy.HighsModelStatus.kModelEmpty and not self._passed_columns:
            # Without a column the rows say by themselves whether they hold.
            if any(lower > 0 or upper < 0 for lower, upper, *_ in self.programme.rows):
                return Outcome("infeasible", None, -INFINITY, -INFINITY)
            return Outcome("optimal", np.zeros(self._passed_columns), 0.0, 0.0)
        infeasible = (
            highspy.HighsModelStatus.kInfeasible,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        )
        if status in infeasible:
            return Outcome("infeasible", None, -INFINITY, -INFINITY)
        found = info.primal_solution_status == 2  # a feasible point
        values = np.array(highs.getSolution().col_value) if found else None
        objective = float(info.objective_function_value) if found else -INFINITY
        word = "optimal" if status == highspy.HighsModelStatus.kOptimal else "stopped"
        return Outcome(word, values, objective, float(info.mip_dual_bound))


def _accepted(status: Any) -> None:
    """Make sure that HiGHS took what it was given.

    Raises
    ------
    InputError
        If it did not: numbers are out of all proportion.
    """
    import highspy

    if status == highspy.HighsStatus.kError:
        raise InputError(
            "the solver refuses the numbers of this input; some are out of all proportion "
            "(capacities, costs or demands above 1e15, or too far apart)"
        )


def _whole(programme: Programme) -> Any:
    """A programme as HiGHS takes it at once."""
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(programme.lower), len(programme.rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.zeros(lp.num_col_)
    lp.col_lower_, lp.col_upper_ = np.array(programme.lower), np.array(programme.upper)
    lp.row_lower_ = np.array([row[0] for row in programme.rows])
    lp.row_upper_ = np.array([row[1] for row in programme.rows])
    sizes = [len(row[2]) for row in programme.rows]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    lp.a_matrix_.index_ = np.array([i for row in programme.rows for i in row[2]], dtype=np.int32)
    lp.a_matrix_.value_ = np.array([x for row in programme.rows for x in row[3]], dtype=float)
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[integer] for integer in programme.integer]
    return lp


def deadline(seconds: float) -> Callable[[], float]:
    """Return a clock that tells the seconds left."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()
