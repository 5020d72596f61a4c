"""Full solves under way: their state, their progress as it comes, their result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from surrogate.service.access import caller_of
from surrogate.service.answers import answer
from surrogate.service.desk import desk_of
from surrogate.service.jobs import Job, events
from surrogate.service.problems import described
from surrogate.service.schemas import SolveResult, SolveState

router = APIRouter(prefix="/api/solves", tags=["full solves"])

PROBLEMS = described(401, 403, 404, 422)


def _job(solve_id: str, request: Request) -> Job:
    """Return the job that a path names; before the answer begins, so that it can be a problem."""
    return desk_of(request).jobs.get(caller_of(request).owner, solve_id)


@router.get("/{solve_id}", response_model=SolveResult, responses=PROBLEMS)
async def state(job: Annotated[Job, Depends(_job)]) -> Response:
    """Return the state of full solves, and the whole answer when they are done."""
    problem = None if job.problem is None else job.problem.document().model_dump()
    return answer({**job.told(), "result": orjson.Fragment(job.answer), "problem": problem})


@router.get("/{solve_id}/events", response_class=EventSourceResponse, responses=PROBLEMS)
async def progress(job: Annotated[Job, Depends(_job)]) -> AsyncIterator[ServerSentEvent]:
    """Tell the progress of full solves as server-sent events; the last one is called `end`."""
    async for told in events(job):
        yield ServerSentEvent(
            data=SolveState(**told), event="progress" if told["state"] == "running" else "end"
        )


@router.delete("/{solve_id}", status_code=204, responses=PROBLEMS)
async def cancel(job: Annotated[Job, Depends(_job)], request: Request) -> None:
    """Stop full solves; what runs is ended."""
    desk_of(request).jobs.cancel(job)
