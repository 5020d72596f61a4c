"""Ctrl-C as a wish to end: what has been found so far is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Stop(Protocol):
    """What is asked whether to stop, such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether to stop."""


class Flag:
    """What is set once and stays so.

    Without a lock: a signal may come while the handler of the one before it is
    still at work, and ``threading.Event.set`` would then wait for itself.
    """

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Set it."""
        self._set = True

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._set


@contextmanager
def ctrl_c(*, once: bool) -> Iterator[Flag]:
    """Let Ctrl-C set a flag; in any thread but the main one nothing does.

    Parameters
    ----------
    once : bool
        Whether a second Ctrl-C is taken as it was before.

    Yields
    ------
    Flag
        What Ctrl-C sets.
    """
    flag = Flag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = signal.getsignal(signal.SIGINT) or signal.default_int_handler

    def pressed(*_: Any) -> None:
        flag.set()
        if once:
            signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, pressed)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interruptible(stop: Stop | None) -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C end what runs, once; a second one is taken as it was before.

    Parameters
    ----------
    stop : Stop or None
        What else may end it.

    Yields
    ------
    callable
        Whether to end.
    """
    with ctrl_c(once=True) as pressed:
        wishes = [one for one in (pressed, stop) if one is not None]
        yield lambda: any(one.is_set() for one in wishes)
