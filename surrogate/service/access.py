"""Who asks: tokens, the sessions of browsers that gave one, and what is open to all."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from surrogate.service.guard import header
from surrogate.service.problems import ProblemError
from surrogate.service.settings import LOCAL_OWNER

COOKIE = "surrogate_session"
"""Name of the cookie that a browser is known by."""

_OPEN = ("/health", "/login", "/static/", "/vendor/")
_MOST_LOGINS = 10_000


class Caller(NamedTuple):
    """Who asks.

    Attributes
    ----------
    owner : str
        Whose runs and jobs they see.
    client : str
        Whose full solves are counted.
    """

    owner: str
    client: str


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Keys:
    """Tokens, and the logins of browsers.

    Secrets are kept and compared as digests: the time a look-up takes tells
    nothing of them.

    Parameters
    ----------
    tokens : mapping of str to str
        Tokens by owner; without any, everyone is :data:`LOCAL_OWNER`.
    hours : float
        Hours that a login lasts.
    """

    def __init__(self, tokens: Mapping[str, str], hours: float) -> None:
        self._owners = {_digest(token): owner for owner, token in tokens.items()}
        self._seconds = 3600.0 * hours
        self._logins: dict[bytes, tuple[str, float]] = {}

    @property
    def open(self) -> bool:
        """Whether no token is needed."""
        return not self._owners

    @property
    def seconds(self) -> float:
        """How long a login lasts [s]."""
        return self._seconds

    def owner_of_token(self, token: str) -> str | None:
        """Return whose token it is, or None."""
        return self._owners.get(_digest(token))

    def log_in(self, owner: str) -> str:
        """Begin a login; return the secret that the browser keeps."""
        now = time.monotonic()
        if len(self._logins) >= _MOST_LOGINS:
            self._logins = {k: v for k, v in self._logins.items() if v[1] > now}
        secret = secrets.token_urlsafe(32)
        self._logins[_digest(secret)] = (owner, now + self._seconds)
        return secret

    def log_out(self, secret: str) -> None:
        """End a login."""
        self._logins.pop(_digest(secret), None)

    def owner_of(self, scope: Scope) -> str | None:
        """Return who makes a request, or None where nobody known does."""
        if not self._owners:
            return LOCAL_OWNER
        scheme, _, token = header(scope, b"authorization").partition(" ")
        if scheme.lower() == "bearer":
            return self.owner_of_token(token.strip())
        owner, until = self._logins.get(_digest(cookie(scope)), ("", 0.0))
        return owner if owner and until > time.monotonic() else None


def cookie(scope: Scope) -> str:
    """Return the secret of a browser's login, or an empty text."""
    return cookie_parser(header(scope, b"cookie")).get(COOKIE, "")


class Access:
    """Lets known callers pass, and tells the application who they are.

    Parameters
    ----------
    app : ASGI application
        What comes next.
    keys : Keys
        Tokens and logins.
    """

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        owner = self._keys.owner_of(scope)
        if owner is None and not path.startswith(_OPEN):
            await self._refusal(scope, path)(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else "unknown"
        client = address if self._keys.open else owner or address
        scope.setdefault("state", {})["caller"] = Caller(owner or "", client)
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, path: str) -> ASGIApp:
        # A page's own script asks for parts of it, and would show a login in their place.
        asks = header(scope, b"sec-fetch-mode") not in ("", "navigate")
        if path.startswith("/api/") or scope["method"] != "GET" or asks:
            return ProblemError(
                "unauthorised", 401,
                "this service needs a token: send `Authorization: Bearer TOKEN`",
                headers={"WWW-Authenticate": "Bearer"},
            ).response(path)  # fmt: skip
        query = scope["query_string"].decode("latin-1")
        to = quote(f"{path}?{query}" if query else path, safe="/")
        return RedirectResponse(f"/login?to={to}", status_code=303)


def owner_of(request: HTTPConnection) -> str | None:
    """Return who makes a request, or None where that is not known."""
    found = request.scope.get("state", {}).get("caller")
    return found.owner or None if found is not None else None


def caller_of(request: HTTPConnection) -> Caller:
    """Return who makes a request; a dependency of paths."""
    found: Caller = request.scope["state"]["caller"]
    return found
