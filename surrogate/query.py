"""A point's way to an answer: limits on the conditions, the table, else the full solve."""

from __future__ import annotations

import shlex
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.conditions import CONDITIONS, SCALAR, Conditions, Container
from surrogate.errors import (
    InfeasibleError,
    InputError,
    InputTypeError,
    NotConvergedError,
    OutsideTableError,
    TooManySolvesError,
)
from surrogate.estimate import (
    ORIGIN_NONE,
    ORIGIN_SOLVE,
    ORIGIN_TABLE,
    QUANTITIES,
    STATUS_INFEASIBLE,
    STATUS_NOT_CONVERGED,
    STATUS_OFF,
    STATUS_OK,
    STATUS_OUTSIDE,
    Estimate,
    no_values,
)
from surrogate.evaluate import OK, OUTSIDE, PER_HEAT, Values, answer_many, answer_point
from surrogate.evaluate import QUANTITIES as SOLVED
from surrogate.identity import Identity
from surrogate.limits import Limits
from surrogate.parameters import MAX_SOLVES, Parameters
from surrogate.tablemodel import Table

OUTSIDE_CHOICES = ("solve", "raise", "nan")

SECONDS_PER_SOLVE = 0.06
"""Typical time of a full solve of a design point, for estimates [s]."""

SHOW_PROGRESS_AFTER = 2.0
"""Seconds of full solves before a progress bar appears."""


class _Answers(NamedTuple):
    """Answers to many points while they are found, written in place."""

    values: dict[str, NDArray[np.float64]]
    status: NDArray[np.int8]
    limit: NDArray[np.int8]
    origin: NDArray[np.int8]


class Request(NamedTuple):
    """How a caller wants to be answered."""

    identity: Identity
    table: Table | None
    limits: Limits
    outside: str = "solve"
    max_solves: int = MAX_SOLVES


def check_request(outside: Any, max_solves: Any) -> None:
    """Check the options of a query.

    Raises
    ------
    InputError, InputTypeError
        If ``outside`` is none of the choices or ``max_solves`` no count.
    """
    if outside not in OUTSIDE_CHOICES:
        raise InputError(
            f"outside = {outside!r}, but it must be one of {', '.join(OUTSIDE_CHOICES)}"
        )
    if isinstance(max_solves, bool) or not isinstance(max_solves, (int, np.integer)):
        raise InputTypeError(f"max_solves = {max_solves!r}, but it must be a whole number")
    if max_solves < 0:
        raise InputError(f"max_solves = {max_solves}, but it must not be negative")


def answer(request: Request, conditions: Conditions, container: Container) -> Estimate:
    """Answer checked conditions.

    Raises
    ------
    OutsideTableError
        If a point lies outside the table and the request says ``"raise"``.
    TooManySolvesError
        If the points outside the table are more than the request allows.
    """
    if container.kind == "scalar":
        return _answer_point(request, conditions)
    return _answer_many(request, conditions, container)


def _answer_point(request: Request, c: Conditions) -> Estimate:
    limits = request.limits
    if c.heat_load == 0.0:
        return _without_answer(c, limits, STATUS_OFF)
    code = limits_module.broken_condition(limits, c)
    if code:
        return _without_answer(c, limits, STATUS_INFEASIBLE, code)
    if request.table is not None:
        code, values = answer_point(request.table, c, limits)
        if values is not None:
            return _table_estimate(c, values, request)
        if code > 0:
            return _without_answer(c, limits, STATUS_INFEASIBLE, code, ORIGIN_TABLE)
    if request.outside == "raise":
        raise OutsideTableError(_outside_message(request, c))
    if request.outside == "nan":
        return _without_answer(c, limits, STATUS_OUTSIDE)
    _check_count(request, 1)
    status, code, found = _solve(request, c)
    if status != STATUS_OK:
        return _without_answer(c, limits, status, code, ORIGIN_SOLVE)
    power = c.heat_load / found["cop"]
    found["power"] = power
    found["heat_source"] = c.heat_load - request.identity.parameters.motor_efficiency * power
    return Estimate(
        {**c._asdict(), **found, "status": STATUS_OK, "limit": 0, "origin": ORIGIN_SOLVE},
        SCALAR,
        limits,
    )


def _table_estimate(c: Conditions, v: Values, request: Request) -> Estimate:
    """Make the estimate of one point; written out, since it is the hot path."""
    load = c.heat_load
    power = load / v.cop
    return Estimate(
        {
            "t_source_in": c.t_source_in,
            "t_source_out": c.t_source_out,
            "t_return": c.t_return,
            "t_supply": c.t_supply,
            "heat_load": load,
            "eta_s": c.eta_s,
            "cop": v.cop,
            "power": power,
            "heat_source": load - request.identity.parameters.motor_efficiency * power,
            "t_evap": v.t_evap,
            "t_cond": v.t_cond,
            "t_discharge": v.t_discharge,
            "p_evap": v.p_evap,
            "p_cond": v.p_cond,
            "superheat": v.superheat,
            "mass_flow": v.mass_flow * load,
            "suction_volume_flow": v.suction_volume_flow * load,
            "ua_condenser": v.ua_condenser * load,
            "ua_evaporator": v.ua_evaporator * load,
            "error": v.error,
            "status": STATUS_OK,
            "limit": 0,
            "origin": ORIGIN_TABLE,
        },
        SCALAR,
        request.limits,
    )


def _without_answer(
    c: Conditions, limits: Limits, status: int, limit: int = 0, origin: int = ORIGIN_NONE
) -> Estimate:
    values: dict[str, Any] = {**c._asdict(), **no_values()}
    if status == STATUS_OFF:
        values.update(_OFF)
    return Estimate({**values, "status": status, "limit": limit, "origin": origin}, SCALAR, limits)


# A machine that is off takes nothing and moves nothing.
_OFF = {
    "power": 0.0,
    "heat_source": 0.0,
    "mass_flow": 0.0,
    "suction_volume_flow": 0.0,
    "error": 0.0,
}


def _answer_many(request: Request, c: Conditions, container: Container) -> Estimate:
    count = len(c.eta_s)
    limits = request.limits
    answers = _Answers(
        {},
        np.full(count, STATUS_OUTSIDE, dtype=np.int8),
        np.zeros(count, dtype=np.int8),
        np.full(count, ORIGIN_NONE, dtype=np.int8),
    )
    limits_module.mark_broken_conditions(limits, c, answers.limit)
    answers.status[answers.limit > 0] = STATUS_INFEASIBLE
    off = c.heat_load == 0.0
    answers.status[off], answers.limit[off] = STATUS_OFF, 0
    _ask_table(request, c, answers)
    left = np.flatnonzero(answers.status == STATUS_OUTSIDE)
    if len(left) and request.outside == "raise":
        first = _outside_message(request, c.point(int(left[0])))
        raise OutsideTableError(f"{first}; {len(left)} of {count} points lie outside")
    if len(left) and request.outside == "solve":
        _solve_many(request, c, left, answers)
    values = answers.values
    for name in QUANTITIES:
        if name not in values:
            values[name] = np.full(count, np.nan)
    running = ~off
    np.divide(c.heat_load, values["cop"], out=values["power"], where=running)
    shaft = request.identity.parameters.motor_efficiency * values["power"]
    np.subtract(c.heat_load, shaft, out=values["heat_source"], where=running)
    for name, value in _OFF.items():
        values[name][off] = value
    columns = {**c._asdict(), **values}
    codes = {"status": answers.status, "limit": answers.limit, "origin": answers.origin}
    return Estimate({**columns, **codes}, container, limits)


def _ask_table(request: Request, c: Conditions, answers: _Answers) -> None:
    """Answer from the table what neither limits nor a load of 0 have settled."""
    asked = np.flatnonzero(answers.status == STATUS_OUTSIDE)
    if request.table is None or len(asked) == 0:
        return
    everything = len(asked) == len(answers.status)
    part = c if everything else c.take(asked)
    codes, found = answer_many(request.table, part, request.limits)
    for name, column in zip(Values._fields, found, strict=True):
        if name in PER_HEAT:
            np.multiply(column, part.heat_load, out=column)
        if everything:
            answers.values[name] = column
        else:
            _scatter(answers.values, name, asked, column, len(answers.status))
    answers.limit[asked] = np.maximum(codes, 0)
    answers.status[asked] = np.select(
        [codes == OK, codes == OUTSIDE], [STATUS_OK, STATUS_OUTSIDE], STATUS_INFEASIBLE
    )
    answers.origin[asked] = np.where(codes == OUTSIDE, ORIGIN_NONE, ORIGIN_TABLE)


def _solve_many(request: Request, c: Conditions, left: NDArray[np.intp], answers: _Answers) -> None:
    """Solve the points that are left in full."""
    _check_count(request, len(left))
    label = "full solves outside the table"
    with Ticker(label, len(left), SHOW_PROGRESS_AFTER) as ticker:
        for index in left.tolist():
            answers.status[index], answers.limit[index], found = _solve(request, c.point(index))
            answers.origin[index] = ORIGIN_SOLVE
            for name, value in found.items():
                _scatter(answers.values, name, index, value, len(answers.status))
            ticker.tick()


def _scatter(
    values: dict[str, NDArray[np.float64]], name: str, where: Any, found: Any, count: int
) -> None:
    """Write some points of a quantity; the others are NaN until they are written."""
    if name not in values:
        values[name] = np.full(count, np.nan)
    values[name][where] = found


def _solve(request: Request, c: Conditions) -> tuple[int, int, dict[str, float]]:
    """Solve one point in full: status, code of the limit, values."""
    # Imported here: TESPy takes two seconds, and most answers never need it.
    from surrogate.cycle.design import solve_shared

    _, topology, refrigerant, parameters, _ = request.identity
    try:
        result = solve_shared(topology, refrigerant, parameters, c, request.limits)
    except InfeasibleError as error:
        return STATUS_INFEASIBLE, limits_module.NAMES.index(error.limit), {}
    except NotConvergedError:
        return STATUS_NOT_CONVERGED, 0, {}
    found = {name: float(getattr(result, name)) for name in SOLVED}
    return STATUS_OK, 0, {**found, "error": 0.0}


def generate_command(identity: Identity) -> str:
    """Return the command that makes the table of an identity.

    Examples
    --------
    >>> generate_command(Identity("design", "single_stage", "R1234ze(E)", Parameters(pinch=3)))
    "surrogate generate 'R1234ze(E)' --set pinch=3.0"
    """
    usual = Parameters().to_dict()
    settings = [
        f" --set {name}={value!r}"
        for name, value in identity.parameters.to_dict().items()
        if value != usual[name]
    ]
    return f"surrogate generate {shlex.quote(identity.refrigerant)}{''.join(settings)}"


def _check_count(request: Request, count: int) -> None:
    if count <= request.max_solves:
        return
    points = "point needs a full solve" if count == 1 else "points need a full solve each"
    way = (
        f"make a table of it with `{generate_command(request.identity)}`"
        if request.table is None
        else "make a wider table from a spec with `surrogate generate SPEC.toml`"
    )
    raise TooManySolvesError(
        f"{count} {points}, about {count * SECONDS_PER_SOLVE:.0f} s in all, but max_solves = "
        f"{request.max_solves}; {way}, or give a larger max_solves, or outside='nan' to leave "
        "them out"
    )


class Ticker:
    """A progress bar that appears once the work has taken a while.

    Parameters
    ----------
    label : str
        What it says.
    total : int
        Ticks that are expected.
    after : float
        Seconds before it appears.
    """

    def __init__(self, label: str, total: int, after: float) -> None:
        self._label, self._total = label, total
        self._shown_from = time.monotonic() + after
        self._done = 0
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> Ticker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def tick(self) -> None:
        """Count one piece of work."""
        self._done += 1
        if self._progress is None and time.monotonic() > self._shown_from:
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(self._label, total=self._total)
        if self._progress is not None:
            total = max(self._total, self._done)
            self._progress.update(self._task, completed=self._done, total=total)


def _outside_message(request: Request, c: Conditions) -> str:
    if request.table is None:
        return (
            f"there is no table of {request.identity.refrigerant} for these parameters; make it "
            f"with `{generate_command(request.identity)}`, or leave outside='solve'"
        )
    table = request.table
    return (
        f"{c.describe()} lies outside the table, which covers evaporation {table.t_evap.low:g} to "
        f"{table.t_evap.high:g} degC, supply {table.t_supply.low:g} to {table.t_supply.high:g} "
        f"degC, source glide {table.source_glide.low:g} to {table.source_glide.high:g} K, sink "
        f"glide {table.sink_glide.low:g} to {table.sink_glide.high:g} K, eta_s "
        f"{table.eta_s.low:g} to {table.eta_s.high:g}; leave outside='solve' for a full solve"
    )


assert tuple(CONDITIONS) == Conditions._fields  # the table estimate is written out by name
