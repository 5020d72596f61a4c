"""Errors as problem documents (RFC 9457) that name field, value and limit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from surrogate.errors import (
    InfeasibleError,
    InputError,
    InputTypeError,
    MissingExtraError,
    NotConvergedError,
    OutsideTableError,
    SurrogateError,
    TableError,
    TableNotFoundError,
    TooManySolvesError,
)
from surrogate.service.answers import encoded
from surrogate.service.work import TooBusyError, WorkFailedError

MEDIA_TYPE = "application/problem+json"

KINDS: dict[str, tuple[str, str]] = {
    "invalid-input": ("The input makes no sense", "A field is missing, of the wrong kind, or "
                      "beyond its limit; `errors` names each one."),
    "infeasible": ("No machine can do this", "A limit of the machine is broken; `errors` names "
                   "it."),
    "outside": ("Outside every table", "No table or regressor answers, and no full solve was "
                "wanted."),
    "not-converged": ("The full solve found no solution", "TESPy came to no physical end."),
    "too-many-solves": ("Too many full solves", "The request needs more full solves than one may "
                        "ask for."),
    "rate-limited": ("Too many full solves in an hour", "Try again after the seconds of "
                     "Retry-After; table answers are not limited."),
    "too-large": ("The body is too large", "Send less at once."),
    "unauthorised": ("A token is needed", "Send `Authorization: Bearer TOKEN`."),
    "forbidden": ("Not from there", "The request comes from another site, or calls the service "
                  "by a name that is not its own."),
    "not-found": ("Nothing there", "There is no such thing, or it is not yours, or it expired."),
    "conflict": ("Not now", "The thing is not in a state that allows it."),
    "unsupported": ("Not that way", "The method or the kind of body is not known there."),
    "busy": ("Too much at once", "Too much such work waits already; try again after the seconds of "
             "Retry-After."),
    "failed": ("The work came to no end", "It took too long, or its process was ended; try again."),
    "storage-busy": ("The database is busy", "Somebody else writes to it; try again after the "
                     "seconds of Retry-After. Nothing was saved, and nothing was lost."),
    "storage-full": ("The disk is full", "Nothing was saved, and what was saved before is safe."),
    "storage-failed": ("The database fails", "What was saved before is safe."),
    "not-installed": ("Not installed", "The service lacks an optional package."),
    "internal": ("The service failed", "This is a bug; its log tells where."),
}  # fmt: skip
"""Kinds of problems: title, and what to make of it."""


class Broken(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Name of the field, with dots and numbers where it is nested.")
    value: Any = Field(default=None, description="What was given.")
    limit: str | None = Field(default=None, description="What is allowed.")
    detail: str = Field(description="The same as a sentence.")


class ProblemDocument(BaseModel):
    """A problem document, RFC 9457."""

    type: str = Field(description="Kind of the problem; leads to its description.")
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[Broken] = Field(default_factory=list)


class ProblemError(Exception):
    """A problem to answer with.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    status : int
        HTTP status.
    detail : str
        What is wrong with this request, and what to do.
    errors : sequence of Broken
        Fields that are wrong.
    headers : mapping
        Further headers, such as ``Retry-After``.
    """

    def __init__(
        self,
        kind: str,
        status: int,
        detail: str,
        errors: Sequence[Broken] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind, self.status, self.detail = kind, status, detail
        self.errors, self.headers = list(errors), dict(headers or {})

    def document(self, instance: str | None = None) -> ProblemDocument:
        """Return the document, of the request to a path."""
        return ProblemDocument(
            type=f"/api#problem-{self.kind}",
            title=KINDS[self.kind][0],
            status=self.status,
            detail=_sound(self.detail),
            instance=None if instance is None else _sound(instance),
            errors=self.errors,
        )

    def response(self, instance: str | None = None) -> Response:
        """Return a response with the document."""
        return Response(
            encoded(self.document(instance).model_dump(exclude_none=True)),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the problems that a path may answer with."""
    return {
        status: {
            "description": "Problem document",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in statuses
    }


def install(app: FastAPI, page: Callable[[Request, ProblemError], Response] | None = None) -> None:
    """Let an application answer every error with a problem document.

    Parameters
    ----------
    app : FastAPI
        The application.
    page : callable, optional
        Tells a problem as a page, to browsers that ask for one.
    """

    async def known(request: Request, error: Exception) -> Response:
        problem = as_problem(error)
        wants_page = "text/html" in request.headers.get("accept", "")
        if page is not None and wants_page and not request.url.path.startswith("/api/"):
            return page(request, problem)
        return problem.response(request.url.path)

    for kind in (ProblemError, RequestValidationError, SurrogateError, HTTPException, Exception):
        app.add_exception_handler(kind, known)


def as_problem(error: Exception) -> ProblemError:
    """Return the problem that an error is."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, TooBusyError):
        return ProblemError("busy", 503, str(error), headers={"Retry-After": "10"})
    if isinstance(error, WorkFailedError):
        return ProblemError("failed", 500, str(error))
    if isinstance(error, InfeasibleError):
        detail = str(error)
        broken = Broken(
            field=error.limit or "limits", limit=detail.split(" (", maxsplit=1)[0], detail=detail
        )
        return ProblemError("infeasible", 422, detail, [broken])
    if isinstance(error, HTTPException):
        return _plain(error)
    for cls, kind, status in _LIBRARY:
        if isinstance(error, cls):
            return ProblemError(kind, status, str(error))
    return ProblemError("internal", 500, "the service failed at this request; its log tells where")


def blamed(error: InputError, field: str = "", value: Any = None) -> ProblemError:
    """Return the problem of an argument that makes no sense.

    Parameters
    ----------
    error : InputError
        What the library says.
    field : str
        What the request calls the argument, where the library does not say.
    value : object
        What was given for it.
    """
    detail = str(error)
    broken = Broken(
        field=field or error.field or "body",
        value=_shown(error.value if value is None else value),
        limit=error.limit or None,
        detail=detail,
    )
    return ProblemError("invalid-input", 422, detail, [broken])


_LIBRARY: tuple[tuple[type[Exception], str, int], ...] = (
    (OutsideTableError, "outside", 422),
    (NotConvergedError, "not-converged", 422),
    (TooManySolvesError, "too-many-solves", 422),
    (MissingExtraError, "not-installed", 501),
    (TableNotFoundError, "outside", 422),
    (TableError, "internal", 500),
    (InputTypeError, "invalid-input", 422),
    (SurrogateError, "invalid-input", 422),
)


def _plain(error: HTTPException) -> ProblemError:
    """An error of the framework's own: no such path, no such method."""
    kind = {404: "not-found", 405: "unsupported", 415: "unsupported"}.get(
        error.status_code, "invalid-input"
    )
    detail = {404: "there is nothing at this path", 405: "this path does not know that method"}.get(
        error.status_code, str(error.detail)
    )
    return ProblemError(kind, error.status_code, detail, headers=error.headers)


def _invalid(error: RequestValidationError) -> ProblemError:
    """What pydantic found wrong with a body, a path or a query."""
    # A list is no number, says the other member of the union; its own words say more.
    told = [
        one
        for one in error.errors()[: 10 * _MOST_ERRORS]
        if not (one["type"] == "float_type" and isinstance(one.get("input"), list))
    ]
    errors = [_broken(one) for one in told or error.errors()[:1]]
    # A union says the same of each of its members; the first word on a field is enough.
    by_field: dict[str, Broken] = {}
    for one in errors:
        by_field.setdefault(one.field, one)
    found = list(by_field.values())[:_MOST_ERRORS]
    said = "; ".join(one.detail for one in found[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return ProblemError("invalid-input", 422, f"{said}{more}", found)


_MOST_ERRORS = 20
_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
# What pydantic calls the members of a union, among the names of fields.
_MEMBER = re.compile(r"(float|int|str|bool|(list|dict|constrained|function|nullable)[\[-].*)")


def _broken(error: Mapping[str, Any]) -> Broken:
    context = error.get("ctx") or {}
    if error["type"] == "json_invalid":
        return Broken(field="body", detail=f"the body is no JSON: {context.get('error', '')}")
    place = [
        str(part)
        for part in error["loc"]
        if part not in ("body", "query", "path") and not _MEMBER.fullmatch(str(part))
    ]
    field = str(context.get("field") or ".".join(place) or "body")
    value = context.get("value", error.get("input"))
    limits = [f"{sign} {context[name]:g}" for name, sign in _BOUNDS.items() if name in context]
    limit = context.get("limit") or " and ".join(limits) or None
    message = str(error["msg"])
    if message[1:2].islower():
        message = message[0].lower() + message[1:]
    shown = _shown(value)
    given = f" = {shown}" if isinstance(shown, (int, float, str)) and shown != "" else ""
    detail = message if "field" in context else f"{field}{given}: {message}"
    return Broken(
        field=_sound(field),
        value=shown,
        limit=None if limit is None else str(limit),
        detail=_sound(detail),
    )


def _shown(value: Any) -> Any:
    """A value as it may be given back: short, and without what JSON has no word for."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        # Integers beyond 64 bits have no place in everyone's JSON.
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)[:40]
    if isinstance(value, str):
        return _sound(value if len(value) <= 80 else value[:77] + "...")
    return None


def _sound(text: str) -> str:
    """A text without halves of signs, which have no place in UTF-8."""
    return text.encode("utf-8", "replace").decode()
