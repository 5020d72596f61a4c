"""The measured bars: ``python -m surrogate.validate.bench``.

Accuracy at Sobol points that no table ever saw, and speed; printed beside the
bars. Finished solves are kept in ``build/bench``, so an interrupted run goes on.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table as Grid

from surrogate.generate.sweep import default_workers
from surrogate.store import shipped_folder
from surrogate.table import read

from . import accuracy, speed

SEED = 20261120
"""Seed of the sample; tables measure their own error with seed 1."""

THOROUGH = ("R717", "R290", "R1234ze(E)")
"""Refrigerants with the largest sample."""

POINTS, POINTS_OTHERS = 2000, 1000


@click.command()
@click.option(
    "--only", type=click.Choice(["accuracy", "speed"]), help="One half of the bars alone."
)
@click.option("--work", type=click.Path(path_type=Path), default=Path("build/bench"))
@click.option("--points", default=POINTS, show_default=True, help="Points of R717, R290, R1234ze.")
@click.option("--others", default=POINTS_OTHERS, show_default=True, help="Points of the others.")
@click.option("--seed", default=SEED, show_default=True, help="Another seed, other points.")
def main(only: str | None, work: Path, points: int, others: int, seed: int) -> None:
    """Measure every bar and print it beside what is reached."""
    console = Console(highlight=False, width=120)
    if only != "accuracy":
        console.print(_speed())
    if only != "speed":
        console.print(_accuracy(work / str(seed), points, others, seed))


_COLUMNS = (
    "table",
    "points",
    "mean %",
    "p99 %",
    "max %",
    "bias %",
    "within %",
    "missed %",
    "invented %",
    "unsolved",
)


def _speed() -> Grid:
    grid = Grid("speed, warm medians, one core", "bar", "reached", box=box.SIMPLE_HEAD)
    for refrigerant in ("R717", "R1336mzz(E)", "R410A"):
        table, solve = speed.scalar(refrigerant)
        grid.add_row(
            f"one hp.design(...), {refrigerant}",
            "<= 30 us",
            f"{1e6 * table:.1f} us; a full solve {1e3 * solve:.0f} ms, {solve / table:.0f} times",
        )
    for refrigerant in ("R717", "R1336mzz(E)", "R410A"):
        found = speed.million(refrigerant)
        grid.add_row(
            f"a million points, all outputs, {refrigerant}",
            "<= 1 s, <= 500 MB",
            f"{found['seconds']:.2f} s; process {found['peak']:.0f} MB, of which "
            f"{found['base']:.0f} MB before; {found['ok']} answered",
        )
    grid.add_row("import surrogate", "<= 0.15 s", f"{speed.import_seconds():.3f} s")
    grid.add_row(
        "first estimate of a process", "<= 0.5 s", f"{speed.first_estimate_seconds():.3f} s"
    )
    nodes, solves = speed.throughput()
    grid.add_row("sweep of nodes, solves/s and core", ">= 20", f"{nodes:.0f}")
    grid.add_row("sweep of full solves, random jumps", "reported", f"{solves:.0f}")
    return grid


def _accuracy(work: Path, points: int, others: int, seed: int) -> Grid:
    progress = Console(stderr=True)
    grid = Grid(*_COLUMNS, box=box.SIMPLE_HEAD)
    grid.add_row("bar", "", "", "0.1", "0.5", "", "93 to 98", "1", "", "")
    for path in sorted(shipped_folder().glob("*.nc")):
        table = read(path)
        count = points if table.identity.refrigerant in THOROUGH else others
        found = accuracy.measure(
            table, count, seed, work, workers=default_workers(), console=progress
        )
        s = found.summary
        grid.add_row(
            found.refrigerant,
            str(s.points),
            *(f"{100 * value:.5f}" for value in (s.mean, s.p99, s.max, s.bias)),
            f"{100 * s.within:.1f}",
            f"{100 * s.missed:.2f}",
            f"{100 * s.invented:.2f}",
            str(found.not_converged),
        )
        worst = max(found.worst, key=lambda name: found.worst[name])
        progress.print(
            f"{found.refrigerant}: worst of all quantities {worst} {100 * found.worst[worst]:.3f} %"
        )
    return grid


if __name__ == "__main__":
    main()
