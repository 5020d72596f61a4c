"""Estimates: design points, a plant's operation, its capacity."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from surrogate.service.access import caller_of
from surrogate.service.answers import answer_of
from surrogate.service.desk import desk_of
from surrogate.service.problems import described
from surrogate.service.schemas import (
    CapacityAnswer,
    CapacityQuestion,
    DesignAnswer,
    DesignQuestion,
    OperationAnswer,
    OperationQuestion,
)

router = APIRouter(prefix="/api", tags=["estimates"])

PROBLEMS = described(400, 401, 403, 413, 422, 429)


@router.post(
    "/design",
    response_model=DesignAnswer,
    responses={
        202: {"model": DesignAnswer, "description": "Full solves are under way"},
        **PROBLEMS,
    },
)
async def design(question: DesignQuestion, request: Request) -> Response:
    """Estimate heat pumps sized for the very conditions given.

    Answers from the tables at once. Points outside them are solved in full
    where `outside` is `solve`: the answer is then 202, holds what is known,
    and `solve` says where the rest will be.
    """
    found = await desk_of(request).estimates.design(question, caller_of(request))
    return await answer_of(found.values, found.status, found.headers)


@router.post(
    "/operate",
    response_model=OperationAnswer,
    responses={
        202: {"model": OperationAnswer, "description": "Full solves are under way"}, **PROBLEMS,
    },
)  # fmt: skip
async def operate(question: OperationQuestion, request: Request) -> Response:
    """Run a plant that is sized for one design point at others: points, or a whole year."""
    found = await desk_of(request).estimates.operate(question, caller_of(request))
    return await answer_of(found.values, found.status, found.headers)


@router.post(
    "/capacity",
    response_model=CapacityAnswer,
    responses={
        202: {"model": CapacityAnswer, "description": "Full solves are under way"}, **PROBLEMS,
    },
)  # fmt: skip
async def capacity(question: CapacityQuestion, request: Request) -> Response:
    """Say how much heat a plant can give at some temperatures, and what sets it."""
    found = await desk_of(request).estimates.capacity(question, caller_of(request))
    return await answer_of(found.values, found.status, found.headers)
