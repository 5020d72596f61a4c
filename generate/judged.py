"""Maps of plants set against full solves: the numbers that their files carry."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.plantmap import ANSWERED, SOLVED, Running, nothing

FloatArray = NDArray[np.float64]


class Judged(NamedTuple):
    """A map at full solves that it never saw; relative errors [1]."""

    points: int
    mean: float
    p95: float
    p99: float
    max: float
    bias: float
    within: float
    """Share of points inside the promised bound."""
    missed: float
    """Share of solved points without an answer."""
    load_p99: float
    """Error of the heat load at a given volume flow, and so of the capacity."""


def running_from(rows: FloatArray, found: NDArray[np.bool_]) -> Running:
    """Solved rows as a map's answers."""
    running = nothing(len(rows))
    running.code[found] = ANSWERED
    for name, column in zip(SOLVED, rows.T, strict=True):
        getattr(running, name)[:] = column
    running.error[:] = 0.0
    return running


def compare(said: Running, true: Running) -> Judged:
    """Errors of a map at full solves of the same volume flows."""
    both = (said.code == ANSWERED) & (true.code == ANSWERED)
    error = said.cop[both] / true.cop[both] - 1.0
    size = np.abs(error)
    load = np.abs(said.load[both] / true.load[both] - 1.0)
    return Judged(
        points=len(error),
        mean=float(size.mean()),
        p95=float(np.quantile(size, 0.95)),
        p99=float(np.quantile(size, 0.99)),
        max=float(size.max()),
        bias=float(error.mean()),
        within=float((size <= said.error[both]).mean()),
        missed=float(((true.code == ANSWERED) & ~both).sum() / (true.code == ANSWERED).sum()),
        load_p99=float(np.quantile(load, 0.99)),
    )
