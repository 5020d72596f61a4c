"""Full solves that a request asks for: kept while they run, told as they go."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from surrogate.service.answers import encoded
from surrogate.service.problems import ProblemError, as_problem
from surrogate.service.work import Workers, WorkFailedError

KEPT_SECONDS = 3600.0
"""How long a finished job is kept [s]."""

MOST_RUNNING, MOST_OF_OWNER = 100, 20
"""Jobs that run at once: all, and those of one owner."""

MOST_KEPT, MOST_BYTES = 1000, 200_000_000
"""Finished jobs that are kept, and bytes of their results; the oldest go first."""

log = logging.getLogger("surrogate.service")

Step = Callable[[], Awaitable[Any]]
"""One piece of work; what it returns is handed to ``finish`` in the same order."""


class Failure(str):
    """What a piece of work says in place of a result."""

    __slots__ = ()


@dataclass
class Job:
    """Work on one request.

    Attributes
    ----------
    id : str
        Cannot be guessed.
    owner : str
        Who may see it.
    total, done : int
        Pieces of work, and how many are finished.
    state : str
        ``running``, ``done``, ``failed`` or ``cancelled``.
    answer : bytes
        What came of it, as JSON.
    problem : ProblemError or None
        Why it failed.
    """

    owner: str
    total: int
    id: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    done: int = 0
    state: str = "running"
    answer: bytes = b"null"
    problem: ProblemError | None = None
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    note: str = ""
    fraction: float | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    watch: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def result(self) -> Any:
        """What came of it; None where nothing did, or not yet."""
        return orjson.loads(self.answer)

    def told(self) -> dict[str, Any]:
        """State of the job, as it is told to whoever waits."""
        elapsed = (self.ended or time.monotonic()) - self.started
        share = self.fraction if self.fraction is not None else self.done / max(self.total, 1)
        left = None if not 0.0 < share < 1.0 else elapsed * (1.0 - share) / share
        return {
            "id": self.id,
            "state": self.state,
            "total": self.total,
            "done": self.done,
            "share": round(share, 4),
            "note": self.note,
            "elapsed_seconds": round(elapsed, 2),
            "remaining_seconds": None if left is None else round(left, 1),
            "url": f"/api/solves/{self.id}",
            "events": f"/api/solves/{self.id}/events",
        }

    def tell(self) -> None:
        """Wake whoever listens."""
        self.changed.set()
        self.changed = asyncio.Event()


class Jobs:
    """All jobs of a service.

    Parameters
    ----------
    workers : Workers
        Where their pieces run.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._jobs: dict[str, Job] = {}

    def start(
        self,
        owner: str,
        steps: Sequence[Step],
        finish: Callable[[list[Any]], Awaitable[Any]],
    ) -> Job:
        """Start a job of some pieces of work.

        Parameters
        ----------
        owner : str
            Who may see it.
        steps : sequence of callables
            Its pieces; each runs in the pool. One that fails leaves a
            :class:`Failure` in its place.
        finish : callable
            Makes the result from what the pieces returned.

        Raises
        ------
        ProblemError
            If too many jobs run already.
        """
        self.make_room(owner)
        job = Job(owner, len(steps))
        self._jobs[job.id] = job
        job.task = asyncio.create_task(self._run(job, steps, finish))
        # One that is cancelled before it begins never comes to its own end.
        job.task.add_done_callback(lambda _: _end(job, "cancelled"))
        return job

    def make_room(self, owner: str) -> None:
        """Make sure that a job may be started; forget finished ones that are too many.

        Raises
        ------
        ProblemError
            If too many run already.
        """
        self._forget()
        running = [job.owner for job in self._jobs.values() if job.state == "running"]
        mine = running.count(owner)
        if mine >= MOST_OF_OWNER or len(running) >= MOST_RUNNING:
            whose = f"{mine} of yours" if mine >= MOST_OF_OWNER else f"{len(running)}"
            raise ProblemError(
                "busy", 503,
                f"{whose} run already; stop some, or try again when they are done",
                headers={"Retry-After": "10"},
            )  # fmt: skip

    def get(self, owner: str, job_id: str) -> Job:
        """Return a job of somebody's.

        Raises
        ------
        ProblemError
            If there is none, or it is somebody else's.
        """
        job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise ProblemError(
                "not-found", 404,
                f"there is no job {job_id[:40]!r} of yours; finished ones are kept for "
                f"{KEPT_SECONDS / 3600:g} h",
            )  # fmt: skip
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job; its running pieces are ended."""
        if job.state == "running" and job.task is not None:
            job.task.cancel()

    def running(self) -> int:
        """How many jobs run."""
        return sum(job.state == "running" for job in self._jobs.values())

    async def close(self) -> None:
        """Stop all jobs."""
        both = [task for job in self._jobs.values() for task in (job.task, job.watch)]
        tasks = [task for task in both if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, job: Job, steps: Sequence[Step], finish: Callable[[list[Any]], Awaitable[Any]]
    ) -> None:
        found: list[Any] = [None] * len(steps)
        waiting = iter(enumerate(steps))

        async def work() -> None:
            # As many of these as there are processes: jobs take turns, none fills the queue.
            for number, step in waiting:
                found[number] = await _tried(step)
                job.done += 1
                job.tell()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._workers.processes, len(steps))):
                    group.create_task(work())
            job.answer = await asyncio.to_thread(encoded, await finish(found))
            job.fraction = None
            _end(job, "done")
        except asyncio.CancelledError:
            _end(job, "cancelled")
        except BaseExceptionGroup as group_error:
            _fail(job, group_error.exceptions[0])
        except Exception as error:
            _fail(job, error)

    def end(self) -> None:
        """Stop all jobs, and with them whoever listens."""
        for job in list(self._jobs.values()):
            self.cancel(job)

    def _forget(self) -> None:
        """Drop jobs that have been over for long, and the oldest of too many or too large ones."""
        now = time.monotonic()
        over = [job for job in self._jobs.values() if job.ended is not None]
        over.sort(key=lambda job: -(job.ended or 0.0))
        size = 0
        for number, job in enumerate(over):
            size += len(job.answer)
            age = now - (job.ended or now)
            if age > KEPT_SECONDS or number >= MOST_KEPT or size > MOST_BYTES:
                del self._jobs[job.id]


async def _tried(step: Step) -> Any:
    try:
        return await step()
    except WorkFailedError as error:
        return Failure(error)


def _end(job: Job, state: str) -> None:
    """Note how a job ended, once."""
    if job.state == "running":
        job.state, job.ended = state, time.monotonic()
        job.tell()


def _fail(job: Job, error: BaseException) -> None:
    job.problem = as_problem(error) if isinstance(error, Exception) else None
    if job.problem is None or job.problem.kind == "internal":
        log.error("job %s failed", job.id, exc_info=error)
    _end(job, "failed")


async def events(job: Job) -> AsyncIterator[dict[str, Any]]:
    """States of a job as they change, the last one when it is over."""
    while True:
        changed = job.changed
        yield job.told()
        if job.state != "running":
            return
        await changed.wait()
