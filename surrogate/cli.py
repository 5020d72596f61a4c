"""The command ``surrogate``."""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path
from typing import Any

import click

from surrogate.errors import (
    InfeasibleError,
    InputError,
    NotConvergedError,
    OutsideTableError,
    SpecError,
    SurrogateError,
)

EXIT_NO_ANSWER, EXIT_BAD_INPUT, EXIT_INFEASIBLE, EXIT_INTERRUPTED = 1, 2, 3, 130

_settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the machine that differs from its default, such as pinch=3.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="heatpump-surrogate", prog_name="surrogate")
def app() -> None:
    """COP and power of large heat pumps, at once, from tables of TESPy solves."""


@app.command()
@click.option("--refrigerant", required=True, help="Refrigerant, such as R717.")
@click.option("--t-source-in", type=float, required=True, help="Source inlet [degC].")
@click.option("--t-source-out", type=float, required=True, help="Source outlet [degC].")
@click.option("--t-return", type=float, required=True, help="Return of the network [degC].")
@click.option("--t-supply", type=float, required=True, help="Supply of the network [degC].")
@click.option("--heat-load", type=float, required=True, help="Heat to the network [W].")
@click.option("--eta-s", type=float, default=0.80, show_default=True, help="Isentropic efficiency.")
@click.option("--topology", default="single_stage", show_default=True, help="The cycle.")
@_settings
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="A limit that differs from its default, such as pressure_ratio_max=15.",
)
@click.option(
    "--outside",
    type=click.Choice(["solve", "raise", "nan"]),
    default="solve",
    show_default=True,
    help="Outside the table: a full solve, an error, or no answer.",
)
@click.option(
    "--tables", type=click.Path(path_type=Path), help="A table, or a folder to look in first."
)
@_as_json
def estimate(
    refrigerant: str,
    t_source_in: float,
    t_source_out: float,
    t_return: float,
    t_supply: float,
    heat_load: float,
    eta_s: float,
    topology: str,
    settings: tuple[str, ...],
    limits: tuple[str, ...],
    outside: str,
    tables: Path | None,
    as_json: bool,
) -> None:
    """Estimate a heat pump sized for these conditions."""
    from surrogate.heatpump import HeatPump

    heat_pump = HeatPump(refrigerant, topology=topology, tables=tables, **_named(settings))
    result = heat_pump.design(
        t_source_in=t_source_in,
        t_source_out=t_source_out,
        t_return=t_return,
        t_supply=t_supply,
        heat_load=heat_load,
        eta_s=eta_s,
        limits=_named(limits) or None,
        outside=outside,
    )
    if as_json:
        click.echo(json.dumps({"refrigerant": heat_pump.refrigerant, **_plain(result.to_dict())}))
    try:
        result.raise_for_status()
    except (NotConvergedError, OutsideTableError) as error:
        _fail(str(error), EXIT_NO_ANSWER)
    if not as_json:
        from surrogate.report import print_estimate

        print_estimate(heat_pump, result)


@app.command("tables")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@_as_json
def list_tables(folder: Path | None, as_json: bool) -> None:
    """List the tables that answer: yours and the shipped, or those in FOLDER."""
    from surrogate.report import describe_tables, print_tables

    if folder is not None and not folder.is_dir():
        raise InputError(f"{folder} is no folder")
    rows, problems = describe_tables(folder)
    if as_json:
        click.echo(json.dumps(rows))
    else:
        print_tables(rows)
    for problem in problems:
        click.echo(f"surrogate: {problem}", err=True)


@app.command()
@click.argument("what", metavar="REFRIGERANT|SPEC.toml")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Folder for the table, instead of your data folder.",
)
@_settings
@click.option("--points", type=int, help="Full solves from which the error is measured.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core.")
@click.option("--show-spec", is_flag=True, help="Print the whole spec as TOML; make nothing.")
def generate(
    what: str,
    output: Path | None,
    settings: tuple[str, ...],
    points: int | None,
    workers: int | None,
    show_spec: bool,
) -> None:
    """Make a table: from a refrigerant's name alone, or from a spec.

    An interrupted run goes on where it stopped when it is started again.
    """
    from surrogate.generate import spec as specs
    from surrogate.store import user_folder

    overrides: dict[str, Any] = {}
    if settings:
        overrides["parameters"] = _named(settings)
    if points is not None:
        overrides["held_out"] = {"points": points}
    if what.endswith(".toml"):
        if overrides:
            raise SpecError("with a spec file, --set and --points belong into the file")
        chosen = specs.load(Path(what))
    else:
        chosen = specs.derive(what, **overrides)
    if show_spec:
        import tomli_w

        click.echo(tomli_w.dumps(chosen.model_dump(mode="json")), nl=False)
        return
    from rich.console import Console

    from surrogate.generate.build import make_table
    from surrogate.report import print_made

    folder = output or user_folder()
    made = make_table(chosen, folder, workers=workers, console=Console(stderr=True))
    print_made(made)


def _named(pairs: tuple[str, ...]) -> dict[str, float]:
    """Numbers by name from NAME=VALUE options."""
    result = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not math.isfinite(number):
            raise InputError(f"{pair!r} is not NAME=NUMBER")
        result[name.strip()] = number
    return result


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON knows them: no NaN."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def main() -> None:
    """Run the command; errors become one sentence and an exit code."""
    warnings.showwarning = lambda message, *_: click.echo(f"surrogate: {message}", err=True)
    try:
        code = app(prog_name="surrogate", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(EXIT_BAD_INPUT)
    except click.ClickException as error:
        _fail(error.format_message(), EXIT_BAD_INPUT)
    except InfeasibleError as error:
        _fail(f"infeasible, limit {error.limit}: {error}", EXIT_INFEASIBLE)
    except SurrogateError as error:
        _fail(str(error), EXIT_BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted", EXIT_INTERRUPTED)
    except OSError as error:
        _fail(f"{error.filename or 'file system'}: {error.strerror}", EXIT_BAD_INPUT)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    click.echo(f"surrogate: {message}", err=True)
    sys.exit(code)
