"""The commands ``surrogate cost`` and ``surrogate district``: heat networks from and to files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surrogate.clioptions import (
    EXIT_INFEASIBLE,
    EXIT_INTERRUPTED,
    EXIT_NO_ANSWER,
    as_json,
    by_name,
    fail,
    plain,
)
from surrogate.clisweep import sweep_of, swept
from surrogate.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_EVERY = 20.0
"""Where the error stream is no terminal, progress is told so often [s]."""


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    "target",
    metavar="RESULT",
    type=click.Path(path_type=Path),
    help="GeoPackage (.gpkg) to write, or a folder for CSV and GeoJSON.",
)
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Page (.html) to write for people, beside RESULT or in its place.",
)
@click.option(
    "--crs", help="Coordinates of geometry whose file does not say it, such as EPSG:25832."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter, in place of its row in the table; such as optimiser/mip-gap=0.01.",
)
@click.option("--run", metavar="NAME", default="", help="A name for the run, kept in the result.")
@swept
@as_json
@click.option("--quiet", "-q", is_flag=True, help="Print neither progress nor summary.")
def cost(
    source: Path,
    target: Path | None,
    report: Path | None,
    crs: str | None,
    settings: tuple[str, ...],
    run: str,
    flow: str | None,
    return_: str | None,
    plot: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Find the best heat network in INPUT, and cost it.

    INPUT is a GeoPackage, or a folder of CSV and GeoJSON files. Ctrl-C ends the
    search; the best network so far is written. The exit code is 3 where no
    network keeps all limits; RESULT says why. With --flow or --return there is
    a network for each pair of them, and RESULT has the best one. One of
    --output and --report is needed.
    """
    written = [path for path in (target, report) if path is not None]
    if not written:
        raise InputError("nothing would be written; give --output, --report, or both")
    for path in written:
        if _same(source, path):
            raise InputError(f"{path} is the input; give another name for the result")
    values = _texts(settings)
    from surrogate.costing.installed import installed

    installed()
    sweep = sweep_of(flow, return_, plot, values, (source, *written))
    from rich.console import Console

    from surrogate import costing
    from surrogate.costing.files import check_writable
    from surrogate.costing.interrupt import ctrl_c
    from surrogate.costing.overrides import override
    from surrogate.costing.report.page import check_report
    from surrogate.costing.summary import telling

    words = {} if sweep is None else {"words": sweep.words}
    with telling(None if quiet else Console(stderr=True), _EVERY, **words) as told:
        given = override(costing.read(source, crs), values)
        if target is not None:
            check_writable(given.tables, target)
        if report is not None:
            check_report(report)
        with ctrl_c(once=False) as stop:  # until what has been found is in its file
            with given.named("--set"):
                how = costing.optimise if sweep is None else sweep.run
                result = how(given.tables, run=run, progress=told, stop=stop)
            if target is not None:
                costing.write(result, target)
            if report is not None:
                costing.write_report(result, report)
            if sweep is not None:
                sweep.draw(result)
    where = " and ".join(map(str, written))
    if sweep is not None:
        sweep.say(result, where, as_json=as_json, quiet=quiet)
        return
    _say(result, where, as_json=as_json, quiet=quiet)


@click.command()
@click.argument("target", metavar="RESULT", type=click.Path(path_type=Path))
@click.option("--buildings", type=int, default=220, show_default=True, help="How many.")
@click.option(
    "--seed", type=int, default=7, show_default=True, help="The same one gives the same district."
)
def district(target: Path, buildings: int, seed: int) -> None:
    """Write the tables of an invented district, ready for `surrogate cost`.

    RESULT is a GeoPackage (.gpkg) to write, or a folder for CSV and GeoJSON.
    """
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise InputError(f"{target} is there already; give another name")
    from surrogate import costing

    tables = costing.district(buildings, seed)
    costing.write(tables, target)
    counts = ", ".join(f"{len(tables[name])} {name}" for name in ("buildings", "paths", "supplies"))
    click.echo(f"{target}: {counts}")


def _same(source: Path, target: Path) -> bool:
    """Whether two paths are one file or folder, whatever they are called."""
    if source.exists() and target.exists():
        return source.samefile(target)
    return source.resolve() == target.resolve()


def _texts(pairs: tuple[str, ...]) -> dict[str, str]:
    """Texts by name from NAME=VALUE options.

    Raises
    ------
    InputError
        If one is not of that form, or has no name.
    """
    values = by_name(pairs, str.strip, "VALUE")
    if "" in values:
        raise InputError(f"{'=' + values['']!r} is not NAME=VALUE")
    return values


def _say(result: Mapping[str, pd.DataFrame], target: str, *, as_json: bool, quiet: bool) -> None:
    """Say what has been found, and end with the exit code that fits."""
    row: dict[str, Any] = {
        str(name): cell.item() if hasattr(cell, "item") else cell
        for name, cell in result["solution_summary"].iloc[0].items()
    }
    state = str(row["state"])
    reasons = (
        result["infeasible_reasons"].message.tolist() if "infeasible_reasons" in result else []
    )
    found = not reasons and not state.startswith("no network")
    if as_json:
        told = {"infeasible_reasons": reasons} if reasons else {}
        click.echo(json.dumps(plain(row | told)))
    elif found and not quiet:
        from rich.console import Console

        from surrogate.costing.summary import print_summary

        print_summary(result, Console(highlight=False))
        click.echo(f"\nwritten to {target}")
    if reasons:
        sentences = "".join(f"\n  {reason}" for reason in reasons)
        fail(f"infeasible: no network keeps all limits{sentences}", EXIT_INFEASIBLE)
    if state.endswith("(interrupted)"):
        what = f"the best network so far is in {target}" if found else "no network was found so far"
        fail(f"interrupted; {what}", EXIT_INTERRUPTED)
    if not found:
        from surrogate.costing.summary import way_on

        fail(f"{state}; {way_on(state)}", EXIT_NO_ANSWER)
