"""Work that takes long, off the request path: a bounded pool of niced processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as PoolTimeout
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

T = TypeVar("T")

NICENESS = 19
"""Full solves give way to everything else: answers from tables do not wait for them."""

# Processes are replaced after so many tasks: whatever leaks in them stays small.
_TASKS_A_PROCESS = 2000

# How often a piece of work is begun whose process somebody ends.
_TRIES = 3


class WorkFailedError(RuntimeError):
    """Work that came to no result, told in words."""


class TooBusyError(WorkFailedError):
    """Work that was not begun, since too much waits already."""


class Workers:
    """A pool of processes that starts when it is first needed.

    Tasks wait their turn, first come first served; one that takes too long,
    or whose process dies, fails alone.

    Parameters
    ----------
    processes : int
        How many.
    seconds : float
        Time that one task may take [s].
    waiting : int, optional
        Tasks that may wait; any number by default, for whoever counts them.
    niceness : int
        How far the processes give way to all others.
    """

    def __init__(
        self,
        processes: int,
        seconds: float,
        waiting: int | None = None,
        niceness: int = NICENESS,
    ) -> None:
        self._processes, self._seconds = processes, seconds
        self._most, self._here = waiting, 0
        self._niceness = niceness
        self._slots = asyncio.Semaphore(processes)
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._closed = False

    @property
    def processes(self) -> int:
        """How many tasks run at once."""
        return self._processes

    async def run(
        self,
        function: Callable[..., T],
        *args: Any,
        **kwargs: Any,
    ) -> T:
        """Run a function in one of the processes.

        Parameters
        ----------
        function : callable
            Importable by name, as are its arguments and what it returns.

        Raises
        ------
        TooBusyError
            If too many tasks wait already.
        WorkFailedError
            If it takes too long, or its process dies again and again.
        Exception
            Whatever the function raises.
        """
        if self._most is not None and self._here >= self._processes + self._most:
            raise TooBusyError(f"{self._most} pieces of such work wait already")
        self._here += 1
        try:
            return await self._patiently(function, args, kwargs)
        finally:
            self._here -= 1

    async def _patiently(
        self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> T:
        """Run a function, again where somebody ends its process."""
        async with self._slots:
            for _ in range(_TRIES):
                try:
                    return await self._once(function, args, kwargs)
                except (ProcessExpired, BrokenProcessPool) as error:
                    # Somebody ended the process: what it did has no effect elsewhere, so again.
                    code = getattr(error, "exitcode", None)
        raise WorkFailedError(
            f"the process that worked on it ended unexpectedly, {_TRIES} times"
            + ("" if code is None else f" (exit code {code})")
        )

    async def _once(
        self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> T:
        pool = self._running()
        try:
            future = pool.schedule(function, args, kwargs, timeout=self._seconds)
        except RuntimeError as error:  # it broke since it was looked at
            raise BrokenProcessPool(str(error)) from None
        try:
            return await asyncio.wrap_future(future)
        except (TimeoutError, PoolTimeout):
            raise WorkFailedError(f"it was stopped after {self._seconds:g} s") from None

    def _running(self) -> ProcessPool:
        with self._lock:
            if self._closed:
                raise WorkFailedError("the service is shutting down")
            # A pool whose processes all ended at once is broken for good.
            if self._pool is None or not self._pool.active:
                self._pool = ProcessPool(
                    max_workers=self._processes,
                    max_tasks=_TASKS_A_PROCESS,
                    initializer=_settle_in,
                    initargs=(self._niceness,),
                    context=multiprocessing.get_context("spawn"),
                )
            return self._pool

    def close(self) -> None:
        """End the processes, whatever they do."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]  # Pebble leaves it out
            pool.join()


def _settle_in(niceness: int) -> None:
    """Give way to everything else, and leave Ctrl-C to the service."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    compute_alone()


def compute_alone() -> None:
    """Keep linear algebra to the thread that asks, unless the environment says otherwise.

    Its matrices are small. Threads of BLAS would wait for one another on
    processors that are busy: a year of a plant then takes ten times as long.
    Only what is loaded later keeps to it.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
