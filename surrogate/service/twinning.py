"""Work on twins: states now, full solves and calibrations as jobs."""

from __future__ import annotations

import asyncio
import json
import secrets
from functools import partial
from pathlib import Path
from typing import Any

from surrogate.estimate import Estimate
from surrogate.plantestimate import PlantEstimate
from surrogate.service import tasks
from surrogate.service.access import Caller
from surrogate.service.desk import Desk
from surrogate.service.estimates import OPERATION, OUTSIDE, Answered
from surrogate.service.jobs import Failure, Job
from surrogate.service.problems import Broken, ProblemError
from surrogate.service.twins import TwinSession
from surrogate.twin import Comparison, Measured, Twin, compare, read_measured
from surrogate.twin.measured import MeasuredError

_CALIBRATION_COST = 20
"""Full solves that a calibration counts for: it takes a processor about as long."""

_LOOK_SECONDS = 0.25


def opened(session: TwinSession, desk: Desk, owner: str) -> dict[str, Any]:
    """Return a session with the machine at its design point and at its setting.

    Parameters
    ----------
    session : TwinSession
        The session.
    desk : Desk
        The service.
    owner : str
        Whose it is.
    """
    twin = session.twin
    return {
        **session.to_dict(),
        "state": twin.at(session.setting).to_dict(),
        "design_state": twin.design_state.to_dict(),
        "has_measured": desk.twins.has_measured(owner, session.id),
    }


async def state(session: TwinSession, desk: Desk, caller: Caller, *, solve: bool) -> Answered:
    """Return what the machine does at its setting.

    Parameters
    ----------
    session : TwinSession
        The session.
    desk : Desk
        The service.
    caller : Caller
        Who asks.
    solve : bool
        Whether to start a full solve where neither table nor regressor answers.

    Raises
    ------
    ProblemError, SurrogateError
        If nothing can be said of the machine.
    """
    twin = await asyncio.to_thread(lambda: session.twin)
    estimate = await asyncio.to_thread(partial(twin.run, **session.setting.model_dump()))

    def told(found: Estimate, failures: dict[str, str]) -> dict[str, Any]:
        values = twin.state_of(found).to_dict()
        return (
            {**values, "reason": f"The full solve failed: {failures['0']}."} if failures else values
        )

    if estimate.status != OUTSIDE or twin.calibrated or not solve:
        return Answered(await asyncio.to_thread(told, estimate, {}))
    work = partial(
        desk.solvers.run,
        tasks.solve_operation,
        session.design.refrigerant,
        {},
        {},
        session.design.conditions(),
    )
    return await desk.estimates.complete(estimate, OPERATION, work, told, caller)


def stepped(estimate: PlantEstimate) -> dict[str, Any]:
    """Return what the history keeps of a point; None where there is nothing to keep."""
    names = ("cop", "power", "heat_source", "t_evap", "t_cond", "t_discharge", "t_source_out")
    found = {name: getattr(estimate, name) for name in names}
    return {name: value if value == value else None for name, value in found.items()}  # noqa: PLR0124  # NaN


def measured_of(data: bytes | None) -> Measured:
    """Read measured hours.

    Raises
    ------
    ProblemError
        If there are none, or they cannot be read; names lines and columns.
    """
    if data is None:
        raise ProblemError(
            "not-found", 404, "this twin has no measured hours; upload them as CSV first"
        )
    try:
        return read_measured(data)
    except MeasuredError as error:
        errors = [
            Broken(
                field=f"line {one.line}" + (f", {one.column}" if one.column else ""),
                value=one.value,
                limit=one.allowed,
                detail=str(one),
            )
            for one in error.problems
        ]
        raise ProblemError("invalid-input", 422, str(error), errors) from None


def compared(twin: Twin, data: bytes | None) -> Comparison:
    """Compare a twin with measured hours.

    Raises
    ------
    ProblemError
        As :func:`measured_of`.
    """
    return compare(twin, measured_of(data))


def calibrate(session: TwinSession, data: bytes, desk: Desk, caller: Caller) -> Job:
    """Start to fit a twin to its measured hours.

    Parameters
    ----------
    session : TwinSession
        The session; the fit starts from the machine as designed.
    data : bytes
        Its measured hours.
    desk : Desk
        The service.
    caller : Caller
        Who asks.

    Raises
    ------
    ProblemError
        If the caller has asked for too much.
    """
    desk.jobs.make_room(caller.owner)
    what = f"a calibration counts as {_CALIBRATION_COST} full solves"
    desk.rates.charge(caller.client, _CALIBRATION_COST, what)
    progress = desk.scratch / f"{secrets.token_hex(12)}.json"
    step = partial(
        desk.fitters.run, tasks.calibrate, session.design.model_dump(), data, str(progress)
    )

    async def done(found: list[Any]) -> dict[str, Any]:
        if isinstance(found[0], Failure):
            raise ProblemError("not-converged", 422, f"the calibration failed: {found[0]}")
        values: dict[str, Any] = found[0]
        return {**values, "twin": session.id}

    job = desk.jobs.start(caller.owner, [step], done)
    job.watch = asyncio.create_task(_watch(job, progress))
    return job


async def _watch(job: Job, progress: Path) -> None:
    """Tell what a process writes of its progress while it works."""
    try:
        while job.state == "running":
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                told = json.loads(progress.read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue
            if (told["fraction"], told["note"]) != (job.fraction, job.note):
                job.fraction, job.note = told["fraction"], told["note"]
                job.tell()
    finally:
        progress.unlink(missing_ok=True)
