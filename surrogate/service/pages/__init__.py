"""Pages for people: rendered here, brought to life by a little JavaScript."""

from __future__ import annotations

from fastapi import FastAPI

from surrogate.service.pages import assess, assets, login, reference, twin


def include(app: FastAPI) -> None:
    """Add every page, and the files that they need, to an application."""
    for router in (assess.router, twin.router, login.router, reference.router, assets.router):
        app.include_router(router)
    app.mount("/static", assets.static_files())
