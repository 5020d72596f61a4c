"""What the service has and how it is."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from surrogate.report import describe_tables
from surrogate.service.answers import answer
from surrogate.service.desk import desk_of
from surrogate.service.problems import described

router = APIRouter(tags=["about"])


class Health(BaseModel):
    """How the service is."""

    status: Literal["ok"]
    version: str
    solves_running: int = Field(description="Full solves and calibrations under way.")


class TableRow(BaseModel):
    """What a table, a plant's map or a regressor covers, and its measured error."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["design", "plant", "regressor"]
    refrigerant: str


class Tables(BaseModel):
    """Everything that answers without a full solve."""

    tables: list[TableRow]
    problems: list[str] = Field(description="Files that must not be believed, and why.")


@router.get("/health", response_model=Health, responses=described(503))
async def health(request: Request) -> Response:
    """Say whether the service answers and its database does."""
    desk = desk_of(request)
    await run_in_threadpool(desk.database.check)
    return answer(
        {
            "status": "ok",
            "version": version("heatpump-surrogate"),
            "solves_running": desk.jobs.running(),
        }
    )


@router.get("/api/tables", response_model=Tables, responses=described(401, 403))
async def tables() -> Response:
    """List the tables that answer: what they cover, and the error measured on held-out solves."""
    rows, problems = await run_in_threadpool(describe_tables)
    # Paths of this machine are nobody's business.
    found: list[dict[str, Any]] = [
        {name: value for name, value in row.items() if name != "path"} for row in rows
    ]
    return answer(
        {"tables": found, "problems": [problem.rsplit("/", 1)[-1] for problem in problems]}
    )
