"""Answers set against full solves: the numbers that files carry."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from surrogate.plantmap import ANSWERED, SOLVED, Running, nothing

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Errors:
    """Signed relative errors [1] in few numbers; NaN where there are none."""

    points: int
    mean: float
    p95: float
    p99: float
    max: float
    bias: float


@dataclass(frozen=True)
class HeldOut(Errors):
    """Errors of the COP at full solves that a file never saw, and how far it can be relied on."""

    within: float
    """Share of points inside the promised bound."""
    missed: float
    """Share of feasible points without an answer."""

    def attributes(self) -> dict[str, float]:
        """All of them by the names that files keep them under."""
        return {f"held_out_{name}": value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Judged(HeldOut):
    """A map of plants at full solves that it never saw."""

    load_p99: float
    """Error of the heat load at a given volume flow, and so of the capacity."""


def errors_of(values: FloatArray) -> Errors:
    """Reduce signed relative errors.

    Examples
    --------
    >>> errors_of(np.array([-0.02, 0.01])).max
    0.02
    """
    if len(values) == 0:
        return Errors(0, *[float("nan")] * 5)
    size = np.abs(values)
    return Errors(
        points=len(size),
        mean=float(size.mean()),
        p95=float(np.quantile(size, 0.95)),
        p99=float(np.quantile(size, 0.99)),
        max=float(size.max()),
        bias=float(values.mean()),
    )


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
    return Judged(
        **asdict(errors_of(error)),
        within=float((np.abs(error) <= said.error[both]).mean()),
        missed=float(((true.code == ANSWERED) & ~both).sum() / (true.code == ANSWERED).sum()),
        load_p99=errors_of(said.load[both] / true.load[both] - 1.0).p99,
    )
