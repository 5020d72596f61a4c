"""Assessments: what waste heat is worth, now or saved, and as documents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from surrogate.assessment import Question, csv_report
from surrogate.assessment.assess import Assessment
from surrogate.assessment.assess import assess as assess_now
from surrogate.service import documents
from surrogate.service.access import caller_of
from surrogate.service.answers import answer
from surrogate.service.assessing import as_answer, assess, solved
from surrogate.service.desk import desk_of
from surrogate.service.estimates import Answered
from surrogate.service.names import Name
from surrogate.service.problems import Broken, ProblemError, described
from surrogate.service.schemas import SolveState

router = APIRouter(prefix="/api", tags=["assessments"])

ASKED = described(401, 403, 404, 409, 413, 422, 429)
STORED = described(401, 403, 404, 409, 413, 422, 429, 503, 507)
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document",
        "content": {kind: {} for kind in documents.MEDIA_TYPES.values()},
    }
}

_MOST_COMPARED = 50


class AssessmentAnswer(BaseModel):
    """A question and all of its answer, in plain words too."""

    model_config = ConfigDict(extra="allow")

    question: Question
    estimate: dict[str, Any]
    worth: dict[str, float | None] | None = Field(description="Money and CO2 of a year and a life.")
    sentence: str
    verdict: str
    version: str
    solve: SolveState | None = None


class NamedQuestion(BaseModel):
    """A question to be answered, and a name for the answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Data centre, north", "question": {"t_supply": 75}}]
        },
    )

    name: Name
    question: Question
    solve: str | None = Field(
        default=None,
        max_length=80,
        description="A finished full solve of this very question, so that none is made again.",
    )


class SavedRun(BaseModel):
    """A run as it was saved."""

    id: str
    name: str
    created: str
    assessment: AssessmentAnswer


class ShortRun(BaseModel):
    """A saved run in short."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    created: str
    refrigerant: str
    status: str
    cop: float | None


class RunList(BaseModel):
    """Saved runs, newest first."""

    runs: list[ShortRun]
    total: int


class Charts(BaseModel):
    """Curves and comparisons about a question."""

    supply: dict[str, Any]
    source: dict[str, Any]
    refrigerants: dict[str, Any]
    offdesign: dict[str, Any]


Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


@router.post(
    "/assess",
    response_model=AssessmentAnswer,
    responses={
        202: {"model": AssessmentAnswer, "description": "A full solve is under way"}, **ASKED,
    },
)  # fmt: skip
async def assess_question(question: Question, request: Request) -> Response:
    """Say what waste heat is worth: COP, power, cost and CO2 beside a gas boiler, payback."""
    found = await assess(question, desk_of(request), caller_of(request), as_answer)
    return answer(found.values, found.status, found.headers)


@router.post("/assess/charts", response_model=Charts, responses=ASKED)
async def charts(question: Question) -> Response:
    """Return the surroundings of a question: COP over temperatures, refrigerants, off-design."""
    return answer(await documents.charts(question))


@router.post("/assess/report.{form}", response_class=Response, responses={**FILES, **ASKED})
async def report_unsaved(form: documents.Form, body: NamedQuestion, request: Request) -> Response:
    """Return the answer to a question as a document, without saving it."""
    desk = desk_of(request)
    found = _solved(body, request) or assess_now(body.question)
    return await documents.document(desk.clerks, form, body.name, found, None)


@router.post(
    "/assessments",
    response_model=SavedRun,
    status_code=201,
    responses={
        202: {"model": AssessmentAnswer, "description": "Saved once its full solve is done"},
        **STORED,
    },
)
async def create(body: NamedQuestion, request: Request) -> Response:
    """Answer a question and save the run under a name."""
    desk, caller = desk_of(request), caller_of(request)

    async def saved(assessment: Assessment) -> dict[str, Any]:
        run = await run_in_threadpool(desk.runs.save, caller.owner, body.name, assessment)
        return run.to_dict()

    known = _solved(body, request)
    found = (
        Answered(await saved(known))
        if known is not None
        else await assess(body.question, desk, caller, saved)
    )
    if found.job is not None:
        return answer(found.values, found.status, found.headers)
    return answer(found.values, 201, {"Location": f"/api/assessments/{found.values['id']}"})


def _solved(body: NamedQuestion, request: Request) -> Assessment | None:
    """Return the full solve that a body points to."""
    if body.solve is None:
        return None
    found = solved(desk_of(request), caller_of(request), body.solve)
    if found.question != body.question:
        detail = f"solve = {body.solve!r} is of another question"
        raise ProblemError("conflict", 409, detail, [Broken(field="solve", detail=detail)])
    return found


@router.get("/assessments", response_model=RunList, responses=STORED)
async def list_runs(request: Request, limit: Limit = 100, offset: Offset = 0) -> Response:
    """List the saved runs, newest first."""
    desk, owner = desk_of(request), caller_of(request).owner
    runs, total = await run_in_threadpool(desk.runs.listed, owner, limit, offset)
    return answer({"runs": runs, "total": total})


@router.get("/assessments.csv", response_class=Response, responses={**FILES, **STORED})
async def compare(
    request: Request,
    run_ids: Annotated[
        list[Annotated[str, Query(max_length=80)]],
        Query(alias="id", min_length=1, max_length=_MOST_COMPARED),
    ],
) -> Response:
    """Return several saved runs side by side as CSV."""
    desk, owner = desk_of(request), caller_of(request).owner

    def read() -> str:
        runs = [desk.runs.get(owner, run_id) for run_id in run_ids]
        return csv_report([(run.name, run.assessment) for run in runs])

    return documents.download(await run_in_threadpool(read), "csv", "comparison")


@router.get("/assessments/{run_id}", response_model=SavedRun, responses=STORED)
async def get(run_id: str, request: Request) -> Response:
    """Return a saved run with the very numbers it was saved with."""
    desk, owner = desk_of(request), caller_of(request).owner
    run = await run_in_threadpool(desk.runs.get, owner, run_id)
    return answer(run.to_dict())


@router.delete("/assessments/{run_id}", status_code=204, responses=STORED)
async def delete(run_id: str, request: Request) -> None:
    """Delete a saved run."""
    desk, owner = desk_of(request), caller_of(request).owner
    await run_in_threadpool(desk.runs.delete, owner, run_id)


@router.get(
    "/assessments/{run_id}/report.{form}", response_class=Response, responses={**FILES, **STORED}
)
async def report(run_id: str, form: documents.Form, request: Request) -> Response:
    """Return a saved run as a document: text, CSV, or a PDF of two pages with charts."""
    desk, owner = desk_of(request), caller_of(request).owner
    run = await run_in_threadpool(desk.runs.get, owner, run_id)
    return await documents.document(desk.clerks, form, run.name, run.assessment, run.created)
