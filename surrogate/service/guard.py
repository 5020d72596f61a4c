"""What every request passes: who may call from where, how much it may send, what is sent back.

Plain ASGI layers, since each request of thousands a second passes them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from surrogate.service.problems import Broken, ProblemError

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # The empty style attribute, which plotly.js gives to some of its shapes; nothing else.
        "style-src-attr 'unsafe-hashes' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Nothing but the service's own files; no script or style inside a page."""

_HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_NOT_KEPT = (b"cache-control", b"no-store")

_SAFE = ("GET", "HEAD", "OPTIONS")


def header(scope: Scope, name: bytes) -> str:
    """Return a header of a request, or an empty text."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


class SecurityHeaders:
    """Adds the headers that keep browsers strict; answers are not cached unless they say so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = [*message["headers"], *_HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(_NOT_KEPT)
            await send(message)

        await self._app(scope, receive, sent)


class Origins:
    """Refuses requests by a foreign name, and changes that another site's page asks for.

    A page of another site can make a browser send requests here, and with a
    name of its own that leads here (DNS rebinding) even read the answers.

    Parameters
    ----------
    app : ASGI application
        What comes next.
    hosts : iterable of str
        Names that the service may be called by, without ports; ``*`` for any.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            problem = self._problem(scope)
            if problem is not None:
                await problem.response(scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> ProblemError | None:
        host = header(scope, b"host")
        name = _split(f"//{host}").hostname if host else None
        if "*" not in self._hosts and name not in self._hosts:
            detail = f"the service does not go by the name {(name or '')[:80]!r}; see --allow-host"
            return ProblemError("forbidden", 403, detail, [Broken(field="Host", detail=detail)])
        if scope["method"] in _SAFE:
            return None
        site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
        foreign = site not in ("", "same-origin", "none")
        if origin and _split(origin).netloc.lower() != host.lower():
            foreign = True
        if foreign:
            detail = "the request was made by a page of another site"
            return ProblemError("forbidden", 403, detail, [Broken(field="Origin", detail=detail)])
        return None


def _split(address: str) -> SplitResult:
    """Take an address apart; one that is none has no parts."""
    try:
        found = urlsplit(address)
        found.hostname  # noqa: B018  # some mistakes show only here
    except ValueError:
        return SplitResult("", "", "", "", "")
    return found


class BodyLimit:
    """Refuses bodies that are too large, whether they say so or not.

    Parameters
    ----------
    app : ASGI application
        What comes next.
    limit : callable
        Most bytes by path.
    """

    def __init__(self, app: ASGIApp, limit: Callable[[str], int]) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        said = header(scope, b"content-length")
        if said.isdecimal():
            # The server holds a body to the length that it says.
            if int(said) <= limit:
                await self._app(scope, receive, send)
                return
            body = None
        else:
            body = await _whole(receive, limit)
        if body is None:
            await _too_large(limit).response(scope["path"])(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)


async def _whole(receive: Receive, limit: int) -> bytes | None:
    """Read a body that does not say its length; None where it is too large."""
    parts: list[bytes] = []
    count, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        count += len(parts[-1])
        if count > limit:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read once more, then whatever comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _too_large(limit: int) -> ProblemError:
    detail = f"the body is larger than {limit} bytes"
    broken = Broken(field="body", limit=f"<= {limit} bytes", detail=detail)
    return ProblemError("too-large", 413, detail, [broken], {"Connection": "close"})
