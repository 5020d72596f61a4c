"""Running the service: one process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import FrameType

import click
import uvicorn

from surrogate.errors import InputError
from surrogate.service.settings import Settings
from surrogate.service.work import compute_alone

_GRACE_SECONDS = 3
_MOST_CONNECTIONS = 2048


def serve(settings: Settings) -> None:
    """Run the service until it is interrupted.

    Parameters
    ----------
    settings : Settings
        How it runs.

    Raises
    ------
    InputError
        If the port is taken, or the database cannot be used.
    """
    import uvicorn

    compute_alone()
    # Imported here: with it comes NumPy, which looks but once how many threads it may have.
    from surrogate.service.app import build

    listener = _listener(settings)
    port = listener.getsockname()[1]
    app = build(settings)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        # Whoever is asked about is who connects, whatever headers say.
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    click.echo(f"surrogate: listening at {settings.url_at(port)} (Ctrl-C ends it)", err=True)
    with listener:
        _Server(config, app.state.desk.jobs.end).run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server that ends full solves when it is told to end, and with them whoever listens."""

    def __init__(self, config: uvicorn.Config, end: Callable[[], None]) -> None:
        super().__init__(config)
        self._end = end

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        asyncio.get_running_loop().call_soon_threadsafe(self._end)
        super().handle_exit(sig, frame)


def _listener(settings: Settings) -> socket.socket:
    """Take the port, before anything is made."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise InputError(
            f"host = {settings.host!r}, port = {settings.port} cannot be listened at: "
            f"{error.strerror}; give another --port"
        ) from None
    return listener
