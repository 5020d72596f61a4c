"""The assessment page: a form, and what it asks for answered beside it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from surrogate import fluids
from surrogate.assessment import FIELDS
from surrogate.assessment.assess import Assessment, assess
from surrogate.assessment.compare import tabulated
from surrogate.assessment.worth import payback_words
from surrogate.service.access import caller_of
from surrogate.service.answers import answer
from surrogate.service.assessing import solved
from surrogate.service.desk import desk_of
from surrogate.service.pages.forms import Asked, address, read
from surrogate.service.pages.render import fragment, page
from surrogate.service.problems import Broken, ProblemError
from surrogate.service.runs import Run

router = APIRouter(include_in_schema=False)


@router.get("/")
def assessment_page(request: Request) -> Response:
    """Return the page with the answer to what its address asks."""
    asked = read(request.query_params)
    return page(request, "assess.html.j2", _values(asked))


@router.get("/answer")
async def answer_fragment(request: Request) -> Response:
    """Return the answer alone, as one types; or that of a full solve which is done."""
    solve_id = request.query_params.get("solve")
    asked = read(request.query_params)
    if solve_id is None:
        return fragment("answer.html.j2", answered(asked))
    found = solved(desk_of(request), caller_of(request), solve_id)
    return fragment("answer.html.j2", answered(asked, found))


@router.get("/question")
async def question_of_form(request: Request) -> Response:
    """Return what the form asks, as the API takes it."""
    asked = read(request.query_params)
    if asked.question is None:
        errors = [Broken(field=name, detail=text) for name, text in asked.errors.items()]
        raise ProblemError("invalid-input", 422, "the form has mistakes", errors)
    return answer(asked.question.model_dump())


@router.get("/runs/{run_id}")
def saved_page(run_id: str, request: Request) -> Response:
    """Return a saved run, with the very numbers it was saved with."""
    run = desk_of(request).runs.get(caller_of(request).owner, run_id)
    asked = read(address(run.assessment.question))
    return page(request, "assess.html.j2", _values(asked, run))


@router.get("/runs")
def runs_page(request: Request) -> Response:
    """Return the list of saved runs."""
    rows, total = desk_of(request).runs.listed(caller_of(request).owner, 500)
    return page(request, "runs.html.j2", {"runs": rows, "total": total})


@router.get("/compare")
async def compare_page(request: Request) -> Response:
    """Return saved runs side by side."""
    desk, owner = desk_of(request), caller_of(request).owner
    chosen = request.query_params.getlist("id")[:8]

    def runs() -> list[Run]:
        return [desk.runs.get(owner, run_id) for run_id in chosen]

    return page(request, "compare.html.j2", {"runs": await run_in_threadpool(runs)})


def answered(asked: Asked, found: Assessment | None = None) -> dict[str, Any]:
    """Return what the answer's template needs.

    Parameters
    ----------
    asked : Asked
        The form.
    found : Assessment, optional
        The answer, where it is there already.
    """
    if found is None and asked.question is not None:
        found = assess(asked.question)
    paybacks = {}
    if found is not None and found.worth is not None:
        worth, lifetime = found.worth, found.question.lifetime
        paybacks = {
            "sales": payback_words(worth.payback_sales, worth.surplus_sales, lifetime),
            "boiler": payback_words(worth.payback_boiler, worth.surplus_boiler, lifetime),
        }
    return {
        "assessment": found,
        "errors": asked.errors,
        "labels": {name: field.label for name, field in FIELDS.items()},
        "paybacks": paybacks,
    }


def _values(asked: Asked, run: Run | None = None) -> dict[str, Any]:
    return {
        "groups": asked.groups,
        "more": asked.more,
        "refrigerants": [(name, chemical(name)) for name in tabulated()],
        "run": run,
        **answered(asked, None if run is None else run.assessment),
    }


def chemical(refrigerant: str) -> str:
    """Return a refrigerant's name in chemistry, where it is short."""
    known = fluids.facts(refrigerant)
    # The long ones say nothing to whoever does not know the number.
    return known.chemical if known is not None and len(known.chemical) <= 16 else ""
