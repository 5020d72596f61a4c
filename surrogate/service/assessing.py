"""Questions about waste heat: answered from tables at once, by a full solve as a job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from surrogate.assessment import Question
from surrogate.assessment.assess import Assessment, judged
from surrogate.estimate import Estimate
from surrogate.pumps import shared_pump
from surrogate.service import tasks
from surrogate.service.access import Caller
from surrogate.service.desk import Desk
from surrogate.service.estimates import OUTSIDE, POINT, Answered
from surrogate.service.problems import ProblemError

Then = Callable[[Assessment], Awaitable[dict[str, Any]]]
"""What is to be done with an assessment once it is there; returns the answer."""


async def assess(question: Question, desk: Desk, caller: Caller, then: Then) -> Answered:
    """Answer a question, with a full solve where no table has it.

    Parameters
    ----------
    question : Question
        What is asked.
    desk : Desk
        The service.
    caller : Caller
        Who asks.
    then : callable
        What is done with the assessment.

    Raises
    ------
    ProblemError
        If the caller has no full solves left.
    """
    estimate = shared_pump(question.refrigerant).design(**question.conditions(), outside="nan")
    if estimate.status != OUTSIDE:
        return Answered(await then(judged(question, estimate)))
    solve = partial(desk.solvers.run, tasks.solve_design, question.refrigerant, {}, {})

    async def done(found: Estimate, failures: dict[str, str]) -> dict[str, Any]:
        if failures:
            raise ProblemError("not-converged", 422, f"the full solve failed: {failures['0']}")
        return await then(judged(question, found))

    def known(found: Estimate, _: dict[str, str]) -> dict[str, Any]:
        return judged(question, found).to_dict()

    return await desk.estimates.complete(estimate, POINT, solve, known, caller, done)


def solved(desk: Desk, caller: Caller, solve_id: str) -> Assessment:
    """Return the assessment that a full solve came to.

    Parameters
    ----------
    desk : Desk
        The service.
    caller : Caller
        Who asks.
    solve_id : str
        The job of :func:`assess`.

    Raises
    ------
    ProblemError
        If there is none, it is not done, or it is one of something else.
    """
    job = desk.jobs.get(caller.owner, solve_id)
    found = job.result
    if job.state != "done" or not isinstance(found, dict) or "sentence" not in found:
        raise ProblemError(
            "conflict",
            409,
            f"the full solve {solve_id[:40]!r} has no assessment: it is {job.state}",
        )
    return Assessment.from_dict(found)


async def as_answer(assessment: Assessment) -> dict[str, Any]:
    """Only tell an assessment."""
    return assessment.to_dict()
