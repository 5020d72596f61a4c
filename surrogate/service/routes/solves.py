"""Full solves under way: their state, their progress as it comes, their result."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from surrogate.service.access import caller_of
from surrogate.service.answers import answer
from surrogate.service.desk import desk_of
from surrogate.service.jobs import events
from surrogate.service.problems import described
from surrogate.service.schemas import SolveResult, SolveState

router = APIRouter(prefix="/api/solves", tags=["full solves"])

PROBLEMS = described(401, 403, 404, 422)


@router.get("/{solve_id}", response_model=SolveResult, responses=PROBLEMS)
async def state(solve_id: str, request: Request) -> Response:
    """Return the state of full solves, and the whole answer when they are done."""
    job = desk_of(request).jobs.get(caller_of(request).owner, solve_id)
    problem = None if job.problem is None else job.problem.document().model_dump()
    return answer({**job.told(), "result": job.result, "problem": problem})


@router.get("/{solve_id}/events", response_class=EventSourceResponse, responses=PROBLEMS)
async def progress(solve_id: str, request: Request) -> AsyncIterator[ServerSentEvent]:
    """Tell the progress of full solves as server-sent events; the last one is called `end`."""
    job = desk_of(request).jobs.get(caller_of(request).owner, solve_id)
    async for told in events(job):
        yield ServerSentEvent(
            data=SolveState(**told), event="progress" if told["state"] == "running" else "end"
        )


@router.delete("/{solve_id}", status_code=204, responses=PROBLEMS)
async def cancel(solve_id: str, request: Request) -> None:
    """Stop full solves; what runs is ended."""
    desk = desk_of(request)
    desk.jobs.cancel(desk.jobs.get(caller_of(request).owner, solve_id))
