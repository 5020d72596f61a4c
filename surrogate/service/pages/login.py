"""Logging in with a token, where tokens are set."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from surrogate.service.access import COOKIE, cookie
from surrogate.service.desk import desk_of
from surrogate.service.pages.render import page

router = APIRouter(include_in_schema=False)


@router.get("/login")
def login_page(request: Request) -> Response:
    """Return the form that asks for a token."""
    if desk_of(request).keys.open:
        return RedirectResponse("/", 303)
    return page(request, "login.html.j2", {"to": _own(request.query_params.get("to")), "wrong": 0})


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Take a token; the browser is known from then on."""
    keys = desk_of(request).keys
    try:
        given = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=4)
    except ValueError:
        given = {}
    to = _own(given.get("to", [""])[0])
    owner = keys.owner_of_token(given.get("token", [""])[0].strip())
    if owner is None:
        return page(request, "login.html.j2", {"to": to, "wrong": 1}, 401)
    response = RedirectResponse(to, 303)
    response.set_cookie(
        COOKIE,
        keys.log_in(owner),
        max_age=int(keys.seconds),
        httponly=True,
        samesite="strict",
        secure=desk_of(request).settings.https,
    )
    return response


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """Forget the browser."""
    desk_of(request).keys.log_out(cookie(request.scope))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


def _own(path: str | None) -> str:
    """A path of this service, or its start: nobody is led elsewhere."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")):
        return "/"
    return path
