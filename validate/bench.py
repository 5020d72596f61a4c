"""The measured bars: ``python -m surrogate.validate.bench``.

Accuracy at Sobol points that no table ever saw, and speed; printed beside the
bars. Finished solves are kept in ``build/bench``, so an interrupted run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from surrogate.generate.sweep import default_workers
from surrogate.store import read_any, shipped_folder
from surrogate.table import read

from . import accuracy, networks, speed
from .run import measured_file
from .samples import Wanted

SEED = 20261120
"""Seed of the sample; tables measure their own error with seed 1."""

THOROUGH = ("R717", "R290", "R1234ze(E)")
"""Refrigerants with the largest sample."""

POINTS, POINTS_OTHERS = 2000, 1000
OFFDESIGN_POINTS = {"plant": 2000, "regressor": 1000}
MIXED_SECONDS = 60.0


@click.command()
@click.option(
    "--only",
    type=click.Choice(["accuracy", "speed", "offdesign", "costing", "towns", "service"]),
    help="A part of the bars alone.",
)
@click.option("--work", type=click.Path(path_type=Path), default=Path("build/bench"))
@click.option("--points", default=POINTS, show_default=True, help="Points of R717, R290, R1234ze.")
@click.option("--others", default=POINTS_OTHERS, show_default=True, help="Points of the others.")
@click.option("--seed", default=SEED, show_default=True, help="Another seed, other points.")
@click.option(
    "--mixed-seconds",
    type=click.FloatRange(min=30),
    default=MIXED_SECONDS,
    show_default=True,
    help="Time of the mixed load on the service; 600 shows slow leaks.",
)
def main(
    only: str | None, work: Path, points: int, others: int, seed: int, mixed_seconds: float
) -> None:
    """Measure every bar and print it beside what is reached."""
    console = Console(highlight=False, width=120)
    if only in (None, "speed"):
        console.print(_speed())
    if only in (None, "accuracy"):
        console.print(_accuracy(work / str(seed), points, others, seed))
    if only in (None, "offdesign"):
        console.print(_offdesign(work / "offdesign", seed))
    if only in (None, "costing"):
        console.print(_networks(networks.measure()))
        console.print(_sweep())
    if only in (None, "service"):
        console.print(_service(mixed_seconds))
    if only == "towns":  # half an hour for one line: only when asked for
        console.print(_networks([networks.measure_large()]))


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
    for name in ("data-centre", "river"):
        for method, (seconds, solved) in speed.years(name).items():
            grid.add_row(
                f"a year of 8760 h, {name}, by {method}",
                "<= 20 ms",
                f"{1e3 * seconds:.1f} ms; by full solves {solved / 60:.0f} min "
                f"(from three hours of it), {solved / seconds:.0f} times",
            )
    minutes = speed.tabulate_seconds() / 60
    grid.add_row("plant.tabulate(), all cores", "<= 5 min", f"{minutes:.1f} min")
    nodes, solves = speed.throughput()
    grid.add_row("sweep of nodes, solves/s and core", ">= 20", f"{nodes:.0f}")
    grid.add_row("sweep of full solves, random jumps", "reported", f"{solves:.0f}")
    return grid


def _accuracy(work: Path, points: int, others: int, seed: int) -> Grid:
    progress = Console(stderr=True)
    grid = Grid(*_COLUMNS, box=box.SIMPLE_HEAD)
    grid.add_row("bar", "", "", "0.1", "0.5", "", "93 to 98", "1", "", "")
    for path in sorted(shipped_folder().glob("design-*.nc")):
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


_OFFDESIGN = (
    "file", "points", "mean %", "p95 %", "p99 %", "max %", "bias %", "capacity p99 %",
    "within %", "missed %", "lost %", "outside = solve",
)  # fmt: skip


def _offdesign(work: Path, seed: int) -> Grid:
    """Plant tables and regressors; lost are points that even a patient solve did not do."""
    progress = Console(stderr=True)
    grid = Grid(*_OFFDESIGN, box=box.SIMPLE_HEAD)
    grid.add_row(
        "bar, plants", "2000", "", "", "0.2", "1", "", "0.3", "93 to 98", "", "0.1", "1e-6"
    )
    grid.add_row(
        "bar, regressors", "", "", "0.3", "0.6", "2", "0.05", "0.3", "93 to 98", "", "0.1", "1e-6"
    )
    for kind in ("plant", "regressor"):
        for path in sorted(shipped_folder().glob(f"{kind}-*.nc")):
            wanted = Wanted(OFFDESIGN_POINTS[kind], seed, work, default_workers(), progress)
            file = read_any(path)
            sampled, found = measured_file(file, wanted)
            cop, capacity = found.errors["cop"], found.errors["capacity"]
            title = file.attributes.get("name") or file.identity.refrigerant
            lost = sampled.inside.unconverged / (found.feasible + sampled.inside.unconverged)
            grid.add_row(
                title,
                str(cop.points),
                *(f"{100 * x:.4f}" for x in (cop.mean, cop.p95, cop.p99, cop.max, cop.bias)),
                f"{100 * capacity.p99:.4f}",
                f"{100 * found.coverage.share:.1f}",
                f"{100 * found.missed / max(found.feasible, 1):.2f}",
                f"{100 * lost:.2f}",
                f"{found.fall_back.largest:.0e}",
            )
    return grid


def _sweep() -> Grid:
    """Pairs of temperatures one after another; each beside the first."""
    grid = Grid("flow/return", "bar", "time", "of the first", box=box.SIMPLE_HEAD)
    times = networks.measure_sweep()
    for i, (name, seconds) in enumerate(times):
        share = f"{100 * seconds / times[0][1]:.0f} %"
        grid.add_row(name, "<= 50 %" if i else "", f"{seconds:.1f} s", share)
    return grid


def _service(mixed_seconds: float) -> Grid:
    """The service over HTTP; each line is told as it comes, since they take minutes."""
    from . import service  # what talks HTTP is there for tests alone

    progress = Console(stderr=True, highlight=False)
    grid = Grid("service", "bar", "reached", box=box.SIMPLE_HEAD)
    for row in service.measure(mixed_seconds):
        progress.print(": ".join(filter(None, row)), markup=False)
        grid.add_row(*map(escape, row))
    return grid


def _networks(runs: Iterable[networks.Timed]) -> Grid:
    """Networks: the last solve's gap, and the gap to the bound that holds for exact costs."""
    grid = Grid("network", "bar", "time", "gap", "to bound", "state", box=box.SIMPLE_HEAD)
    for run in runs:
        grid.add_row(
            run.name,
            run.bar,
            f"{run.seconds:.1f} s",
            f"{100 * run.last_gap:.2f} %",
            f"{100 * run.bound_gap:.1f} %",
            run.state,
        )
    return grid


if __name__ == "__main__":
    main()
