"""Tables set against fresh full solves, as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from surrogate.evaluate import QUANTITIES
from surrogate.generate.build import box
from surrogate.generate.held_out import Summary, compare, solve_feasible, summarise
from surrogate.generate.spec import DesignSpec
from surrogate.tablemodel import Table
from surrogate.units import KELVIN

FloatArray = NDArray[np.float64]


class Accuracy(NamedTuple):
    """A table at points that it never saw."""

    refrigerant: str
    summary: Summary
    not_converged: int
    """Sampled points whose full solve came to no end."""
    worst: dict[str, float]
    """Largest relative error of each quantity [1]."""


def _largest(name: str, found: FloatArray, expected: FloatArray) -> float:
    """Largest relative error; of temperatures, over the absolute one."""
    offset = KELVIN if name.startswith("t_") else 0.0
    return float(np.max(np.abs(found - expected) / (expected + offset)))


def measure(
    table: Table,
    points: int,
    seed: int,
    work: Path,
    *,
    workers: int,
    console: Console | None = None,
) -> Accuracy:
    """Set a table against full solves at fresh Sobol points of its box.

    Parameters
    ----------
    table : Table
        The table.
    points : int
        Feasible points wanted.
    seed : int
        Seed of the sample; another than the one that the table's error came from.
    work : Path
        Where finished solves are kept.
    workers : int
        Processes.
    console : Console, optional
        Where progress is shown.

    Raises
    ------
    ValueError
        If the seed is the table's own.
    """
    spec = DesignSpec.model_validate_json(table.attributes["spec"])
    if seed == spec.held_out.seed:
        raise ValueError(f"seed {seed} is the one that the table's own error was measured with")
    solved = solve_feasible(
        table.identity,
        box(spec),
        points,
        seed,
        work / table.identity.refrigerant,
        workers=workers,
        console=console,
    )
    found = compare(table, solved)
    members = found.answered
    worst = {
        name: _largest(name, found.values[name][members], solved.values[name][members])
        for name in QUANTITIES
    }
    return Accuracy(
        table.identity.refrigerant, summarise(found), int((~solved.converged).sum()), worst
    )
