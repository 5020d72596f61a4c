"""A service that runs, for tests to talk to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from surrogate.service.app import build
from surrogate.service.settings import Settings

POINT = {"t_source_in": 30, "t_source_out": 25, "t_return": 50, "t_supply": 80, "heat_load": 1e6}
"""A design point in the table of R717."""

OUTSIDE = {"t_source_in": 30, "t_source_out": 25, "t_return": 20, "t_supply": 34, "heat_load": 1e6}
"""One below the table's supply temperatures: a full solve takes some 0.1 s."""

HOPELESS = {"t_source_in": 25, "t_source_out": 20, "t_return": 20, "t_supply": 26, "heat_load": 1e6}

TOKENS = {"alice": "alices-token-of-32-characters-xx", "bob": "bobs-token-of-32-characters-yyyy"}


class Client(httpx.Client):
    """A client of an application in the same process, which runs its own event loop.

    Requests go through the whole application, its guards included.
    """

    def __init__(self, settings: Settings, **headers: str) -> None:
        self.app = build(settings)
        self._runner = asyncio.Runner()
        self._life = self.app.router.lifespan_context(self.app)
        self._runner.run(self._life.__aenter__())
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000", headers=headers
        )
        super().__init__(base_url="http://127.0.0.1:8000")

    def request(self, method: str, url: Any, **how: Any) -> httpx.Response:  # type: ignore[override]
        """Ask the application."""
        return self._runner.run(self._client.request(method, url, **how))

    def as_user(self, owner: str) -> None:
        """Send a user's token from now on."""
        self._client.headers["authorization"] = f"Bearer {TOKENS[owner]}"

    def settle(self, seconds: float = 0.05) -> None:
        """Let the event loop run for a while: jobs go on meanwhile."""
        self._runner.run(asyncio.sleep(seconds))

    def solved(self, url: str, seconds: float = 60.0) -> dict[str, Any]:
        """Wait for a job's end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found: dict[str, Any] = self.get(url).json()
            if found["state"] != "running":
                return found
            self.settle()
        raise TimeoutError(url)

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.close()

    def close(self) -> None:
        """End the application and its loop."""
        self._runner.run(self._client.aclose())
        self._runner.run(self._life.__aexit__(None, None, None))
        self._runner.close()


@dataclass
class Server:
    """A service in a process of its own."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def served(folder: Path, *options: str) -> Iterator[Server]:
    """Run ``surrogate serve`` as its users do."""
    port = free_port()
    log = folder / f"serve-{port}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            # Other tests keep the processors busy: what gives way to them would never end.
            [sys.executable, "-m", "surrogate", "serve", "--port", str(port), "--niceness", "0",
             "--database", str(folder / "runs.sqlite"), *options],
            stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    server = Server(port, process, log)
    try:
        _wait(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(server: Server) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(server.log.read_text())
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.url}/health").status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(server.log.read_text())
