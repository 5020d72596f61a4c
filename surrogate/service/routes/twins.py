"""Digital twins: sessions, steps, measured hours, calibration."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from surrogate.service import twinning
from surrogate.service.access import caller_of
from surrogate.service.answers import answer
from surrogate.service.desk import Desk, desk_of
from surrogate.service.names import Name
from surrogate.service.problems import Broken, ProblemError, described
from surrogate.service.schemas import SolveState
from surrogate.service.twins import twin_of
from surrogate.twin import Design, Factors, Setting, diagram, example_csv
from surrogate.twin.diagram import Diagram

router = APIRouter(prefix="/api", tags=["twins"])

PROBLEMS = described(401, 403, 404, 409, 413, 422, 429, 503, 507)
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}, "description": "CSV"}}


class NewTwin(BaseModel):
    """A machine to make a twin of."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Workshop", "design": {"refrigerant": "R410A"}}]},
    )

    name: Name = "Digital twin"
    design: Design = Design()


class TwinAnswer(BaseModel):
    """A session as it stands."""

    id: str
    name: str
    created: str
    used: str
    expires: str
    design: Design
    setting: Setting
    factors: Factors | None
    hours: float
    steps: int


class StateAnswer(BaseModel):
    """What a machine does: quantities, the refrigerant's four states, its exchangers."""

    model_config = ConfigDict(extra="allow")

    status: str
    reason: str
    values: dict[str, float | None]
    points: dict[str, Any]
    path: list[dict[str, Any]]
    solve: SolveState | None = None


class OpenTwin(TwinAnswer):
    """A session with the machine at its design point and at its setting."""

    state: StateAnswer
    design_state: StateAnswer
    has_measured: bool


class TwinList(BaseModel):
    """Sessions, last used first."""

    twins: list[TwinAnswer]
    total: int


class Wanted(Setting):
    """What the machine meets, and whether a full solve may be made for it."""

    outside: Literal["solve", "nan"] = "solve"


class Step(BaseModel):
    """How long the machine runs at its setting."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    hours: float = Field(default=1.0, gt=0, le=8760)


class HistoryStep(BaseModel):
    """One step of a history."""

    number: int
    hour: float
    setting: dict[str, float]
    status: str
    values: dict[str, float | None]


class History(BaseModel):
    """Steps of a session, oldest first."""

    steps: list[HistoryStep]


class KeptFactors(BaseModel):
    """Factors to keep: given, or those that a calibration found."""

    model_config = ConfigDict(extra="forbid")

    factors: Factors | None = None
    solve: str | None = Field(default=None, max_length=80, description="A finished calibration.")


After = Annotated[int, Query(ge=0, le=10**9)]
Limit = Annotated[int, Query(ge=1, le=20_000)]
Few = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


@router.post("/twins", response_model=OpenTwin, status_code=201, responses=PROBLEMS)
async def create(body: NewTwin, request: Request) -> Response:
    """Begin a session: a machine sized for its design point, and set to it."""
    desk, owner = desk_of(request), caller_of(request).owner

    def made() -> dict[str, Any]:
        twin_of(body.design, None)  # a machine that cannot be is no session
        return twinning.opened(desk.twins.create(owner, body.name, body.design), desk, owner)

    values = await run_in_threadpool(made)
    return answer(values, 201, {"Location": f"/api/twins/{values['id']}"})


@router.get("/twins", response_model=TwinList, responses=PROBLEMS)
async def list_twins(request: Request, limit: Few = 100, offset: Offset = 0) -> Response:
    """List the sessions, last used first."""
    desk, owner = desk_of(request), caller_of(request).owner
    found, total = await run_in_threadpool(desk.twins.listed, owner, limit, offset)
    return answer({"twins": [one.to_dict() for one in found], "total": total})


@router.get("/twins/{twin_id}", response_model=OpenTwin, responses=PROBLEMS)
async def get(twin_id: str, request: Request) -> Response:
    """Return a session with the machine at its design point and at its setting."""
    desk, owner = desk_of(request), caller_of(request).owner

    def found_open() -> dict[str, Any]:
        return twinning.opened(desk.twins.open(owner, twin_id), desk, owner)

    return answer(await run_in_threadpool(found_open))


@router.delete("/twins/{twin_id}", status_code=204, responses=PROBLEMS)
async def delete(twin_id: str, request: Request) -> None:
    """End a session; its history and its measured hours go with it."""
    desk, owner = desk_of(request), caller_of(request).owner
    await run_in_threadpool(desk.twins.delete, owner, twin_id)


@router.put(
    "/twins/{twin_id}/setting",
    response_model=StateAnswer,
    responses={
        202: {"model": StateAnswer, "description": "A full solve is under way"}, **PROBLEMS,
    },
)  # fmt: skip
async def set_conditions(twin_id: str, body: Wanted, request: Request) -> Response:
    """Set what the machine meets; answers with what it does."""
    desk, caller = desk_of(request), caller_of(request)
    setting = Setting(**body.model_dump(exclude={"outside"}))
    session = await run_in_threadpool(desk.twins.set, caller.owner, twin_id, setting)
    found = await twinning.state(session, desk, caller, solve=body.outside == "solve")
    return answer(found.values, found.status, found.headers)


@router.post("/twins/{twin_id}/step", response_model=HistoryStep, responses=PROBLEMS)
async def step(twin_id: str, body: Step, request: Request) -> Response:
    """Let time pass at the setting; what the machine did goes into the history."""
    desk, owner = desk_of(request), caller_of(request).owner

    def stepped() -> dict[str, Any]:
        session = desk.twins.get(owner, twin_id)
        found = session.twin.run(**session.setting.model_dump())
        values = twinning.stepped(found)
        after = desk.twins.step(owner, twin_id, body.hours, session.setting, found.status, values)
        return {
            "number": after.steps,
            "hour": after.hours,
            "setting": session.setting.model_dump(),
            "status": found.status,
            "values": values,
        }

    return answer(await run_in_threadpool(stepped))


@router.get("/twins/{twin_id}/history", response_model=History, responses=PROBLEMS)
async def history(
    twin_id: str, request: Request, after: After = 0, limit: Limit = 20_000
) -> Response:
    """List the steps after a number, oldest first."""
    desk, owner = desk_of(request), caller_of(request).owner
    steps = await run_in_threadpool(desk.twins.history, owner, twin_id, after, limit)
    return answer({"steps": steps})


@router.put(
    "/twins/{twin_id}/measured",
    responses=PROBLEMS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"text/csv": {"schema": {"type": "string"}, "example": "time,t_source_in,"
            "t_return,t_supply,heat_load,power\n2026-01-05T00:00,9.8,31.2,44.6,18200,4710\n"}},
        }
    },
)  # fmt: skip
async def measure(twin_id: str, request: Request) -> Response:
    """Upload measured hours as CSV: time, temperatures, power, heat; answers with a comparison."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("text/csv", "text/plain", "application/octet-stream"):
        raise ProblemError(
            "unsupported", 415, f"measured hours come as text/csv, not as {kind[:60] or 'nothing'}"
        )
    data = await request.body()
    desk, owner = desk_of(request), caller_of(request).owner

    def kept() -> dict[str, Any]:
        session = desk.twins.get(owner, twin_id)
        found = twinning.compared(session.twin, data).to_dict()
        desk.twins.set_measured(owner, twin_id, data)
        return found

    return answer(await run_in_threadpool(kept))


@router.delete("/twins/{twin_id}/measured", status_code=204, responses=PROBLEMS)
async def forget(twin_id: str, request: Request) -> None:
    """Forget the measured hours."""
    desk, owner = desk_of(request), caller_of(request).owner
    await run_in_threadpool(desk.twins.set_measured, owner, twin_id, None)


@router.get("/twins/{twin_id}/comparison", responses=PROBLEMS)
async def comparison(twin_id: str, request: Request) -> Response:
    """Compare measured hours with the twin: bias, RMSE, series, and the hours that differ most."""
    desk, owner = desk_of(request), caller_of(request).owner

    def found() -> dict[str, Any]:
        session = desk.twins.get(owner, twin_id)
        data = desk.twins.measured(owner, twin_id)
        return twinning.compared(session.twin, data).to_dict()

    return answer(await run_in_threadpool(found))


@router.post(
    "/twins/{twin_id}/calibration",
    status_code=202,
    response_model=SolveState,
    responses=PROBLEMS,
)
async def calibrate(twin_id: str, request: Request) -> Response:
    """Fit the compressor's efficiency and both UA to the measured hours; follow `events`."""
    desk, caller = desk_of(request), caller_of(request)
    session = await run_in_threadpool(desk.twins.get, caller.owner, twin_id)
    data = await run_in_threadpool(desk.twins.measured, caller.owner, twin_id)
    await run_in_threadpool(twinning.measured_of, data)
    assert data is not None  # measured_of refuses none
    job = twinning.calibrate(session, data, desk, caller)
    return answer(job.told(), 202, {"Location": f"/api/solves/{job.id}"})


@router.get("/twins/{twin_id}/calibration", responses=PROBLEMS)
async def kept_calibration(twin_id: str, request: Request) -> Response:
    """Return the calibration that is kept, or null."""
    desk, owner = desk_of(request), caller_of(request).owner
    return answer(await run_in_threadpool(desk.twins.calibration, owner, twin_id))


@router.put("/twins/{twin_id}/factors", response_model=OpenTwin, responses=PROBLEMS)
async def keep_factors(twin_id: str, body: KeptFactors, request: Request) -> Response:
    """Keep the calibrated twin: factors that are given, or those that a calibration found."""
    desk, owner = desk_of(request), caller_of(request).owner
    factors, found = body.factors, None
    if (factors is None) == (body.solve is None):
        detail = "give either factors or solve"
        raise ProblemError("invalid-input", 422, detail, [Broken(field="factors", detail=detail)])
    if body.solve is not None:
        found = _calibrated(desk, owner, twin_id, body.solve)
        factors = Factors.model_validate(found["factors"])

    def kept() -> dict[str, Any]:
        session = desk.twins.get(owner, twin_id)
        twin_of(session.design, factors)  # what nothing answers for is not kept
        return twinning.opened(desk.twins.set_factors(owner, twin_id, factors, found), desk, owner)

    return answer(await run_in_threadpool(kept))


@router.delete("/twins/{twin_id}/factors", response_model=OpenTwin, responses=PROBLEMS)
async def forget_factors(twin_id: str, request: Request) -> Response:
    """Return to the machine as designed."""
    desk, owner = desk_of(request), caller_of(request).owner

    def forgotten() -> dict[str, Any]:
        return twinning.opened(desk.twins.set_factors(owner, twin_id, None), desk, owner)

    return answer(await run_in_threadpool(forgotten))


@router.get("/diagrams/{refrigerant}", responses=described(401, 403, 422))
async def ph_diagram(refrigerant: str) -> Response:
    """Return what the log p-h diagram of a refrigerant shows beside a cycle."""
    found: Diagram = await run_in_threadpool(diagram, refrigerant)
    return answer(found.to_dict(), headers={"Cache-Control": "private, max-age=86400"})


@router.get("/twins/{twin_id}/example.csv", response_class=Response, responses={**CSV, **PROBLEMS})
async def example(twin_id: str, request: Request) -> Response:
    """Return invented measured hours of a machine like this one, somewhat worn: to try with."""
    desk, owner = desk_of(request), caller_of(request).owner
    session = await run_in_threadpool(desk.twins.get, owner, twin_id)
    text = await asyncio.to_thread(partial(example_csv, design=session.design))
    return Response(text, media_type="text/csv; charset=utf-8")


def _calibrated(desk: Desk, owner: str, twin_id: str, solve_id: str) -> dict[str, Any]:
    """Return what a calibration of this very twin found."""
    job = desk.jobs.get(owner, solve_id)
    found = job.result
    if job.state != "done" or not isinstance(found, dict) or found.get("twin") != twin_id:
        detail = f"solve = {solve_id[:40]!r} is no finished calibration of this twin"
        raise ProblemError("conflict", 409, detail, [Broken(field="solve", detail=detail)])
    return found
