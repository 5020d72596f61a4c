"""The application: the API and the pages behind their guards."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from surrogate.service import api, pages, problems
from surrogate.service.access import Access
from surrogate.service.desk import Desk
from surrogate.service.guard import BodyLimit, Origins, SecurityHeaders
from surrogate.service.pages.render import problem_page
from surrogate.service.settings import Settings, is_loopback

_TIDY_SECONDS = 3600.0
_LOGIN_BYTES = 4096

log = logging.getLogger("surrogate.service")

_OWN_NAMES = ("localhost", "127.0.0.1", "::1")


def build(settings: Settings) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings : Settings
        How it runs.

    Raises
    ------
    InputError
        If its database cannot be used.
    """
    desk = Desk(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(_warmed())
        tidying = asyncio.create_task(_tidy(desk))
        try:
            yield
        finally:
            tidying.cancel()
            await asyncio.gather(warming, tidying, return_exceptions=True)
            await desk.close()

    app = Service(
        title="surrogate",
        version=version("heatpump-surrogate"),
        description=api.DESCRIPTION,
        openapi_tags=api.TAGS,
        openapi_url="/api/openapi.json",
        # Their scripts would come from elsewhere; /api shows the same from here.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk = desk
    problems.install(app, problem_page)
    api.include(app)
    pages.include(app)
    _guard(app, desk)
    return app


class Service(FastAPI):
    """The application, every answer of which keeps browsers strict, failures included."""

    def build_middleware_stack(self) -> ASGIApp:
        """Put the headers before everything, the answer to a failure among it."""
        return SecurityHeaders(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        """Describe the API."""
        if self.openapi_schema is None:
            self.openapi_schema = api.completed(super().openapi())
        return self.openapi_schema


def _guard(app: FastAPI, desk: Desk) -> None:
    """Put the guards before the application; the last one added is met first."""
    settings = desk.settings

    def limit(path: str) -> int:
        if path == "/login":  # open to all
            return _LOGIN_BYTES
        return settings.upload_bytes if path.endswith("/measured") else settings.body_bytes

    # A service that others reach is called by names that only its operator knows.
    names = settings.hosts or (() if is_loopback(settings.host) else ("*",))
    app.add_middleware(BodyLimit, limit=limit)
    app.add_middleware(Access, keys=desk.keys)
    app.add_middleware(Origins, hosts=(*_OWN_NAMES, settings.host, *names))


async def _warmed() -> None:
    try:
        await asyncio.to_thread(_warm)
    except Exception:  # whoever asks for the same is told what is wrong
        log.exception("the tables could not be read beforehand")


def _warm() -> None:
    """Read every table, and draw the page, before somebody waits for them."""
    from surrogate.assessment import Question
    from surrogate.report import describe_tables
    from surrogate.service.documents import charts_of
    from surrogate.twin import Design, Twin

    describe_tables()
    charts_of(Question())
    Twin(Design()).design_state.to_dict()
    # What is there now stays: looked through again and again, it would stop all answers for 0.1 s.
    gc.collect()
    gc.freeze()


async def _tidy(desk: Desk) -> None:
    """Delete what has expired, now and every hour."""
    while True:
        try:
            await asyncio.to_thread(desk.twins.purge)
        except Exception:  # it goes on next time, whatever was wrong
            log.exception("expired twins are kept for now")
        await asyncio.sleep(_TIDY_SECONDS)
