"""Questions to heat pumps and plants: answered from tables at once, by full solves as a job."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from surrogate.conditions import CONDITIONS, read_operation
from surrogate.errors import InputError
from surrogate.estimate import STATUS, STATUS_OUTSIDE, Estimate
from surrogate.fluids import canonical_name
from surrogate.heatpump import HeatPump
from surrogate.identity import Sizing
from surrogate.limits import as_limits
from surrogate.plant import Plant
from surrogate.plantestimate import PlantEstimate
from surrogate.plantquery import PlantRequest
from surrogate.plantquery import answer as answer_plant
from surrogate.pumps import shared_pump
from surrogate.service import tasks
from surrogate.service.access import Caller
from surrogate.service.answers import LABELS, columns, names_of
from surrogate.service.jobs import Failure, Job, Jobs, Step
from surrogate.service.problems import Broken, ProblemError, blamed
from surrogate.service.rates import SolveRates
from surrogate.service.schemas import (
    Asked,
    CapacityQuestion,
    DesignQuestion,
    OperationQuestion,
    PlantDesign,
)
from surrogate.service.work import Workers

OUTSIDE = STATUS[STATUS_OUTSIDE]

POINT = tuple(CONDITIONS)
OPERATION = ("t_source_in", "t_return", "t_supply", "heat_load")


Finish = Callable[[Estimate, dict[str, str]], Awaitable[dict[str, Any]] | dict[str, Any]]
"""Makes an answer from an estimate and the reasons of the points that have none."""


class Answered(NamedTuple):
    """An answer, and the job that will complete it."""

    values: dict[str, Any]
    job: Job | None = None

    @property
    def status(self) -> int:
        """HTTP status: 202 where full solves are under way."""
        return 200 if self.job is None else 202

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers: where the rest will be."""
        return {} if self.job is None else {"Location": f"/api/solves/{self.job.id}"}


class Estimates:
    """Answers questions; tables never wait for full solves.

    Parameters
    ----------
    workers : Workers
        Where full solves run.
    jobs : Jobs
        Keeps them.
    rates : SolveRates
        How many of them a client may ask for.
    """

    def __init__(self, workers: Workers, jobs: Jobs, rates: SolveRates) -> None:
        self._workers, self._jobs, self._rates = workers, jobs, rates

    async def design(self, question: DesignQuestion, caller: Caller) -> Answered:
        """Answer design points.

        Raises
        ------
        ProblemError, SurrogateError
            If the question makes no sense.
        """
        pump = pump_of(question)
        given = {name: getattr(question, name) for name in POINT}
        ask = partial(
            pump.design,
            **given,
            limits=question.limits or None,
            outside="raise" if question.outside == "raise" else "nan",
        )
        with naming_fields(question):
            estimate = await self._asked(ask, given)
        finish = partial(_design_answer, pump)
        if question.outside != "solve" or not _is_outside(estimate):
            return Answered(await _finished(finish, estimate, {}))
        solve = partial(
            self._workers.run,
            tasks.solve_design,
            pump.refrigerant,
            question.parameters,
            question.limits,
        )
        return await self.complete(estimate, POINT, solve, finish, caller)

    async def operate(self, question: OperationQuestion, caller: Caller) -> Answered:
        """Answer operating points of a plant.

        Raises
        ------
        ProblemError, SurrogateError
            If the question makes no sense, or there is no such plant.
        """
        wanted = _checked(question.quantities)
        pump = pump_of(question)
        given = {name: getattr(question, name) for name in OPERATION}
        finish = partial(_operation_answer, pump, wanted)
        return await self._plant(question, given, finish, caller)

    async def capacity(self, question: CapacityQuestion, caller: Caller) -> Answered:
        """Answer how much heat a plant can give.

        Raises
        ------
        ProblemError, SurrogateError
            As :meth:`operate`.
        """
        given = {name: getattr(question, name) for name in OPERATION[:3]}
        given["heat_load"] = question.design.heat_load
        finish = partial(_capacity_answer, pump_of(question))
        return await self._plant(question, given, finish, caller)

    async def _plant(
        self,
        question: CapacityQuestion,
        given: dict[str, Any],
        finish: Callable[[Estimate, dict[str, str]], dict[str, Any]],
        caller: Caller,
    ) -> Answered:
        with naming_fields(question):
            plant = plant_of(question)
            if plant is None and question.outside != "solve":
                raise ProblemError(
                    "outside", 422,
                    "the plant's design point lies outside every table, and outside = "
                    f"{question.outside!r} allows no full solve",
                    [Broken(field="design", detail="outside every table")],
                )  # fmt: skip
            ask = (
                partial(_nothing_known, question, given)
                if plant is None
                else partial(
                    plant.operate,
                    **given,
                    outside="raise" if question.outside == "raise" else "nan",
                )
            )
            estimate = await self._asked(ask, given)
        if question.outside != "solve" or not _is_outside(estimate):
            return Answered(await _finished(finish, estimate, {}))
        solve = partial(
            self._workers.run,
            tasks.solve_operation,
            canonical_name(question.refrigerant),
            question.parameters,
            question.limits,
            question.design.model_dump(),
        )
        return await self.complete(estimate, OPERATION, solve, finish, caller)

    async def complete(
        self,
        estimate: Estimate,
        names: tuple[str, ...],
        solve: Callable[[dict[str, float]], Awaitable[Estimate]],
        finish: Finish,
        caller: Caller,
        then: Finish | None = None,
    ) -> Answered:
        """Answer with what is known, and start full solves of the rest.

        Parameters
        ----------
        estimate : Estimate
            With points outside.
        names : tuple of str
            Conditions that make up a point.
        solve : callable
            Solves one point in full.
        finish : callable
            Makes the answer.
        caller : Caller
            Who asks.
        then : callable, optional
            Makes the answer once all is solved, where that is another.

        Raises
        ------
        ProblemError
            If the points are more than the caller may have.
        """
        left = np.flatnonzero(np.atleast_1d(estimate.status) == OUTSIDE).tolist()
        self._jobs.make_room(caller.owner)
        self._rates.charge(caller.client, len(left))
        values = {name: np.atleast_1d(getattr(estimate, name)).ravel() for name in names}
        steps: list[Step] = [
            partial(solve, {name: float(column[place]) for name, column in values.items()})
            for place in left
        ]

        async def done(found: list[Any]) -> dict[str, Any]:
            solved = {n: x for n, x in zip(left, found, strict=True) if not isinstance(x, Failure)}
            failures = {
                str(n): str(x) for n, x in zip(left, found, strict=True) if isinstance(x, Failure)
            }
            whole = await asyncio.to_thread(estimate.with_points, solved)
            return await _finished(then or finish, whole, failures)

        job = self._jobs.start(caller.owner, steps, done)
        known = await _finished(finish, estimate, {})
        return Answered({**known, "solve": job.told()}, job)

    @staticmethod
    async def _asked(ask: Callable[[], Estimate], given: Mapping[str, Any]) -> Estimate:
        """Ask a pump or a plant; lists in a thread, so that single points need not wait."""
        many = any(isinstance(value, list) for value in given.values())
        return await asyncio.to_thread(ask) if many else ask()


def pump_of(question: Asked) -> HeatPump:
    """Return the heat pump that a question is about.

    Raises
    ------
    ProblemError
        If the refrigerant is unknown, or a parameter makes no sense.
    """
    try:
        if not question.parameters:
            return shared_pump(question.refrigerant)
        name = canonical_name(question.refrigerant)
    except InputError as error:
        raise blamed(error, "refrigerant", question.refrigerant) from None
    try:
        return _changed_pump(name, tuple(sorted(question.parameters.items())))
    except InputError as error:
        raise blamed(error, "parameters") from None


def plant_of(question: CapacityQuestion) -> Plant | None:
    """Return the plant that a question is about, or None where its design needs a full solve.

    Raises
    ------
    ProblemError, InfeasibleError
        If there is no such plant.
    """
    return _plant(pump_of(question), question.design, tuple(sorted(question.limits.items())))


@functools.lru_cache(maxsize=256)
def _plant(
    pump: HeatPump, design: PlantDesign, limits: tuple[tuple[str, float], ...]
) -> Plant | None:
    values = design.model_dump()
    control = values.pop("source_control")
    chosen = dict(limits) or None
    estimate = pump.design(**values, limits=chosen, outside="nan")
    if estimate.status == OUTSIDE:
        return None
    estimate.raise_for_status()
    return pump.plant(**values, source_control=control, limits=chosen)


@functools.lru_cache(maxsize=64)
def _changed_pump(name: str, parameters: tuple[tuple[str, float], ...]) -> HeatPump:
    changed: dict[str, Any] = dict(parameters)
    return HeatPump(name, **changed)


@contextmanager
def naming_fields(question: Asked) -> Iterator[None]:
    """Let errors of the library name the field of the request that is to blame."""
    try:
        yield
    except InputError as error:
        # What is wrong with a limit does not name it as a field.
        limits = "limits" if "limit" in str(error) and question.limits else ""
        raise blamed(error, error.field or limits) from None


def _is_outside(estimate: Estimate) -> bool:
    return bool(np.any(estimate.status == OUTSIDE))


def _nothing_known(question: CapacityQuestion, given: Mapping[str, Any]) -> PlantEstimate:
    """Return an estimate of points of which only the limits on conditions are known."""
    design = question.design
    sizing = Sizing(
        design.t_source_in,
        design.t_source_out,
        design.t_return,
        design.t_supply,
        design.eta_s,
        design.source_control,
    )
    pump = pump_of(question)
    identity = pump.identity._replace(kind="plant", sizing=sizing)
    request = PlantRequest(
        identity, {}, design.heat_load, float("nan"), as_limits(question.limits), "nan", 0
    )
    return answer_plant(request, *read_operation(given))


def _checked(quantities: list[str] | None) -> list[str] | None:
    known = names_of(PlantEstimate)
    for name in quantities or ():
        if name not in known:
            detail = f"quantities: {name!r} is no quantity; they are {', '.join(known)}"
            limit = f"one of {', '.join(known)}"
            broken = Broken(field="quantities", value=name, limit=limit, detail=detail)
            raise ProblemError("invalid-input", 422, detail, [broken])
    return quantities


def _design_answer(pump: HeatPump, estimate: Estimate, failures: dict[str, str]) -> dict[str, Any]:
    found = {"refrigerant": pump.refrigerant, "topology": pump.topology, **columns(estimate)}
    return {**found, "failures": failures} if failures else found


def _operation_answer(
    pump: HeatPump, wanted: list[str] | None, estimate: Estimate, failures: dict[str, str]
) -> dict[str, Any]:
    assert isinstance(estimate, PlantEstimate)
    return {
        "refrigerant": pump.refrigerant,
        "topology": pump.topology,
        **columns(estimate, wanted),
        "summary": estimate.summary(),
        "failures": failures,
    }


def _capacity_answer(
    pump: HeatPump, estimate: Estimate, failures: dict[str, str]
) -> dict[str, Any]:
    found = columns(estimate, ("capacity", "lowest_load"))
    kept = {name: found[name] for name in ("capacity", "lowest_load", *LABELS)}
    return {
        "refrigerant": pump.refrigerant,
        "topology": pump.topology,
        **kept,
        "failures": failures,
    }


async def _finished(finish: Finish, estimate: Estimate, failures: dict[str, str]) -> dict[str, Any]:
    """Make an answer; of many points in a thread, so that others need not wait."""
    if estimate.shape:
        found = await asyncio.to_thread(finish, estimate, failures)
    else:
        found = finish(estimate, failures)
    return found if isinstance(found, dict) else await found
