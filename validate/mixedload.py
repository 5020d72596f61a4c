"""Many twins at once: sessions, estimates, assessments and pages in a seeded mix."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from .serving import Server

SESSIONS, CALLERS = 200, 20
WARM_SECONDS = 15.0
"""Time after which memory must not grow any more [s]."""

# About as many of each as of each other in a hundred.
_MIX = {
    "setting": 25, "step": 25, "history": 12, "design": 20, "assess": 10, "charts": 2, "page": 6,
}  # fmt: skip
_RECENT = 50
# Source in and out, return, supply [degC] and heat load [W], about which machines are sized.
_DESIGNS = {
    "R410A": (10.0, 5.0, 30.0, 45.0, 2e4),
    "R717": (30.0, 25.0, 50.0, 80.0, 1e6),
    "R290": (8.0, 4.0, 40.0, 65.0, 1e6),
    "R1234ze(E)": (28.0, 22.0, 45.0, 70.0, 5e5),
    "R600a": (45.0, 35.0, 60.0, 95.0, 2e5),
}


@dataclass
class Mixed:
    """What came of a mix.

    Attributes
    ----------
    seconds : float
        How long it took, the sessions' making not counted [s].
    latencies : dict of str to list of float
        By what was asked [s].
    errors : Counter
        What went wrong, in words.
    memory : list of (float, float)
        Time since the start [s], and resident memory of the server [MB].
    """

    seconds: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were answered."""
        return sum(len(times) for times in self.latencies.values())

    def quantile(self, share: float, kind: str | None = None) -> float:
        """Latency that a share of the answers, or of one kind of them, stay within [s]."""
        wanted = self.latencies.values() if kind is None else [self.latencies[kind]]
        return float(np.quantile(np.concatenate([np.asarray(times) for times in wanted]), share))

    def growth(self) -> tuple[float, float, float]:
        """Memory after the warm-up and at the end [MB], and its slope between [MB/min]."""
        after = np.array([sample for sample in self.memory if sample[0] >= WARM_SECONDS])
        slope = 60.0 * float(np.polyfit(after[:, 0], after[:, 1], 1)[0])
        return float(np.median(after[:3, 1])), float(np.median(after[-3:, 1])), slope


@dataclass
class _Session:
    """A twin as its user knows it."""

    url: str
    design: dict[str, Any]
    steps: int = 0


class _Wrong(Exception):  # noqa: N818  # an answer that is wrong, told in words
    """An answer that no user should get."""


class _Users:
    """Callers who take turns with all sessions.

    Parameters
    ----------
    client : httpx.AsyncClient
        Connected to the service.
    seed : int
        Of everything that is drawn.
    """

    def __init__(self, client: httpx.AsyncClient, seed: int) -> None:
        self._client = client
        self._random = np.random.default_rng(seed)
        self._sessions: list[_Session] = []
        self.found = Mixed()
        self._kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "setting": self._set, "step": self._step, "history": self._history,
            "design": self._design, "assess": self._assess, "charts": self._charts,
            "page": self._page,
        }  # fmt: skip
        self._shares = np.array([_MIX[name] for name in self._kinds]) / sum(_MIX.values())

    async def open(self, count: int) -> None:
        """Begin sessions, each with a machine of its own."""
        for number in range(count):
            refrigerant = list(_DESIGNS)[number % len(_DESIGNS)]
            names = ("t_source_in", "t_source_out", "t_return", "t_supply")
            *temperatures, load = _DESIGNS[refrigerant]
            shift = float(self._random.uniform(0.0, 2.0))
            design = {name: t + shift for name, t in zip(names, temperatures, strict=True)}
            design["heat_load"] = load * float(self._random.uniform(0.5, 2.0))
            machine = {"refrigerant": refrigerant, **design}
            body = {"name": f"twin {number}", "design": machine}
            made = await self._ask("POST", "/api/twins", 201, body)
            self._sessions.append(_Session(f"/api/twins/{made.json()['id']}", machine))

    async def work(self, until: float) -> None:
        """Ask one thing after another until a time."""
        names = list(self._kinds)
        while time.perf_counter() < until:
            name = names[int(self._random.choice(len(names), p=self._shares))]
            start = time.perf_counter()
            try:
                await self._kinds[name]()
            except (httpx.HTTPError, _Wrong) as error:
                self.found.errors[f"{name}: {error or type(error).__name__}"] += 1
            else:
                self.found.latencies.setdefault(name, []).append(time.perf_counter() - start)

    async def _ask(
        self, method: str, path: str, expected: int = 200, body: Any = None
    ) -> httpx.Response:
        answer = await self._client.request(method, path, json=body)
        if answer.status_code != expected:
            raise _Wrong(f"{answer.status_code} {answer.text[:200]}")
        return answer

    def _session(self) -> _Session:
        return self._sessions[int(self._random.integers(len(self._sessions)))]

    def _about(self, value: float, width: float) -> float:
        return float(value + self._random.uniform(-width, width))

    async def _set(self) -> None:
        session = self._session()
        design = session.design
        setting = {
            "t_source_in": self._about(design["t_source_in"], 4.0),
            "t_return": self._about(design["t_return"], 3.0),
            "t_supply": self._about(design["t_supply"] - 2.0, 4.0),
            "heat_load": design["heat_load"] * float(self._random.uniform(0.3, 1.1)),
        }
        told = await self._ask("PUT", f"{session.url}/setting", body={**setting, "outside": "nan"})
        if told.json()["status"] not in ("ok", "infeasible", "outside"):
            raise _Wrong(f"a twin's status is {told.json()['status']}")

    async def _step(self) -> None:
        session = self._session()
        told = await self._ask("POST", f"{session.url}/step", body={"hours": 1.0})
        session.steps = max(session.steps, told.json()["number"])

    async def _history(self) -> None:
        session = self._session()
        known = session.steps
        after = max(known - _RECENT, 0)
        told = await self._ask("GET", f"{session.url}/history?after={after}")
        numbers = [step["number"] for step in told.json()["steps"]]
        # Others may have stepped meanwhile; what was acknowledged must be there, in order.
        if numbers != list(range(after + 1, after + 1 + len(numbers))):
            raise _Wrong("a history is out of order")
        if after + len(numbers) < known:
            raise _Wrong("a history lacks a step that was acknowledged")

    async def _design(self) -> None:
        told = await self._ask("POST", "/api/design", body=self._question())
        if told.json()["status"] != "ok":
            raise _Wrong(f"a design point is {told.json()['status']}")

    async def _assess(self) -> None:
        told = await self._ask("POST", "/api/assess", body=self._question())
        if not told.json()["sentence"]:
            raise _Wrong("an assessment has no sentence")

    async def _charts(self) -> None:
        await self._ask("POST", "/api/assess/charts", body=self._question())

    async def _page(self) -> None:
        page = await self._ask("GET", f"/?t_supply={self._about(75.0, 5.0):.1f}")
        if 'data-name="cop"' not in page.text:
            raise _Wrong("the page has no COP")

    def _question(self) -> dict[str, Any]:
        source = self._about(32.0, 5.0)
        return {
            "refrigerant": ("R717", "R600a")[int(self._random.integers(2))],
            "t_source_in": source,
            "t_source_out": source - float(self._random.uniform(3.0, 8.0)),
            "t_return": self._about(50.0, 5.0),
            "t_supply": self._about(75.0, 5.0),
            "heat_load": 1e6,
        }


def mixed_load(server: Server, seconds: float, seed: int) -> Mixed:
    """Let callers take turns with all that a service does, and watch its memory.

    Parameters
    ----------
    server : Server
        The service; it should be fresh.
    seconds : float
        How long [s].
    seed : int
        Of what is asked.
    """
    return asyncio.run(_mixed_load(server, seconds, seed))


async def _mixed_load(server: Server, seconds: float, seed: int) -> Mixed:
    limits = httpx.Limits(max_connections=CALLERS, max_keepalive_connections=CALLERS)
    async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=30) as client:
        users = _Users(client, seed)
        await users.open(SESSIONS)
        start = time.perf_counter()
        watching = asyncio.create_task(_watch(server, users.found, start))
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(users.work(start + seconds))
        users.found.seconds = time.perf_counter() - start
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return users.found


async def _watch(server: Server, found: Mixed, start: float) -> None:
    """Note the server's memory every second."""
    while True:
        found.memory.append((time.perf_counter() - start, server.memory()))
        await asyncio.sleep(1.0)
