"""Full solves of the service kept under way, as many as it has processes for them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import psutil

from .serving import Server

POINTS = 160
"""Points of one job, each a full solve."""

_LOW, _START_SECONDS, _LOOK_SECONDS = 60, 120.0, 0.25


@dataclass
class Watched:
    """What was seen of full solves while they ran.

    Attributes
    ----------
    left : list of int
        Solves asked for and not done, at each look.
    busy : list of int
        Processes that had used the processor since the look before, or waited for it.
    solved : int
        Solves that were done.
    """

    left: list[int] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    solved: int = 0


@contextmanager
def solving(server: Server, processes: int, seed: int) -> Iterator[Solving]:
    """Keep every process for full solves at work; stop them all afterwards.

    Parameters
    ----------
    server : Server
        The service.
    processes : int
        Its processes for full solves.
    seed : int
        Of the points: never the same ones.

    Raises
    ------
    RuntimeError
        If they were not all at work all the time.
    """
    solves = Solving(server, seed)
    solves.start()
    try:
        solves.wait_for(processes)
        yield solves
    finally:
        solves.stop()
    if min(solves.watched.left) < processes:
        raise RuntimeError(f"only {min(solves.watched.left)} full solves were under way")


class Solving:
    """Asks for more points, in a thread, before the last ones are solved.

    Parameters
    ----------
    server : Server
        The service.
    seed : int
        Of the points.

    Attributes
    ----------
    watched : Watched
        What was seen while nothing was paused.
    """

    def __init__(self, server: Server, seed: int) -> None:
        self.watched = Watched()
        self._server = server
        self._random = np.random.default_rng(seed)
        self._client = httpx.Client(base_url=server.url, timeout=30)
        self._over, self._paused = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure: Exception | None = None
        self._jobs: list[str] = []
        self._done: dict[str, int] = {}
        self._spent: dict[int, float] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop what is under way, and wait until the server is idle.

        Raises
        ------
        httpx.HTTPError, RuntimeError
            Whatever went wrong meanwhile.
        """
        self._over.set()
        self._thread.join()
        with closing(self._client):
            for url in self._jobs:
                self._client.delete(url)
        self._server.settle()
        if self._failure is not None:
            raise self._failure

    def wait_for(self, processes: int) -> None:
        """Wait until that many work, and have done the first of what they do.

        Raises
        ------
        TimeoutError
            If that takes two minutes.
        """
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._thread.is_alive():
            seen = self.watched
            if seen.solved >= 2 * processes and seen.busy[-1] >= processes:
                seen.left, seen.busy, seen.solved = [], [], 0
                return
            time.sleep(_LOOK_SECONDS)
        raise TimeoutError("full solves do not get under way")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the processes hold still, as if there were nothing to solve."""
        self._paused.set()
        held = self._server.children()
        _signal(held, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(held, signal.SIGCONT)
            self._paused.clear()

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                if not self._paused.is_set() and self._look() < _LOW:
                    self._ask()
                self._over.wait(_LOOK_SECONDS)
        except (httpx.HTTPError, RuntimeError) as error:
            self._failure = error

    def _ask(self) -> None:
        """Ask for points below the tables' supply temperatures."""
        supply = self._random.uniform(30.0, 34.5, POINTS).tolist()
        point = {"t_source_in": 20, "t_source_out": 15, "t_return": 20, "heat_load": 1e6}
        answer = self._client.post("/api/design", json={**point, "t_supply": supply})
        if answer.status_code != httpx.codes.ACCEPTED:
            raise RuntimeError(f"full solves were refused: {answer.text[:300]}")
        self._jobs.append(answer.json()["solve"]["url"])

    def _look(self) -> int:
        """Note how much is left to do and how many are at it."""
        left, running = 0, []
        for url in self._jobs:
            told: dict[str, Any] = self._client.get(url).raise_for_status().json()
            self.watched.solved += told["done"] - self._done.get(url, 0)
            self._done[url] = told["done"]
            if told["state"] == "running":
                left += told["total"] - told["done"]
                running.append(url)
            elif told["state"] != "done":
                raise RuntimeError(f"full solves ended as {told['state']}: {told['problem']}")
        self._jobs = running
        if running:
            self.watched.left.append(left)
            self.watched.busy.append(self._busy())
        return left

    def _busy(self) -> int:
        count = 0
        for process in self._server.children():
            try:
                spent = sum(process.cpu_times()[:2])
                waits = process.status() == psutil.STATUS_RUNNING
            except psutil.NoSuchProcess:
                continue
            count += waits or spent > self._spent.get(process.pid, spent)
            self._spent[process.pid] = spent
        return count


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to those that are still there: a process may be replaced at any time."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
