"""The command ``surrogate``."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import click

from surrogate.clicost import cost, district
from surrogate.clioptions import (
    EXIT_BAD_INPUT,
    EXIT_INFEASIBLE,
    EXIT_INTERRUPTED,
    EXIT_NO_ANSWER,
    as_json,
    fail,
    limit,
    named,
    plain,
    setting,
)
from surrogate.cliplant import operate
from surrogate.cliserve import serve, token
from surrogate.errors import (
    InfeasibleError,
    InputError,
    NotConvergedError,
    OutsideTableError,
    SpecError,
    SurrogateError,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="heatpump-surrogate", prog_name="surrogate")
def app() -> None:
    """COP and power of large heat pumps, at once, and the heat networks they feed."""


@app.command()
@click.option("--refrigerant", required=True, help="Refrigerant, such as R717.")
@click.option("--t-source-in", type=float, required=True, help="Source inlet [degC].")
@click.option("--t-source-out", type=float, required=True, help="Source outlet [degC].")
@click.option("--t-return", type=float, required=True, help="Return of the network [degC].")
@click.option("--t-supply", type=float, required=True, help="Supply of the network [degC].")
@click.option("--heat-load", type=float, required=True, help="Heat to the network [W].")
@click.option("--eta-s", type=float, default=0.80, show_default=True, help="Isentropic efficiency.")
@click.option("--topology", default="single_stage", show_default=True, help="The cycle.")
@setting
@limit
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
@as_json
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

    heat_pump = HeatPump(refrigerant, topology=topology, tables=tables, **named(settings))
    result = heat_pump.design(
        t_source_in=t_source_in,
        t_source_out=t_source_out,
        t_return=t_return,
        t_supply=t_supply,
        heat_load=heat_load,
        eta_s=eta_s,
        limits=named(limits) or None,
        outside=outside,
    )
    if as_json:
        click.echo(json.dumps({"refrigerant": heat_pump.refrigerant, **plain(result.to_dict())}))
    try:
        result.raise_for_status()
    except (NotConvergedError, OutsideTableError) as error:
        fail(str(error), EXIT_NO_ANSWER)
    if not as_json:
        from surrogate.report import print_estimate

        print_estimate(heat_pump, result)


app.add_command(operate)
app.add_command(cost)
app.add_command(district)
app.add_command(serve)
app.add_command(token)


@app.command("tables")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@as_json
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
@click.argument("what", metavar="[design|plant|regressor] REFRIGERANT|PLANT|SPEC.toml", nargs=-1)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Folder for what is made, instead of your data folder.",
)
@setting
@click.option("--points", type=int, help="Full solves from which the error is measured.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core.")
@click.option("--show-spec", is_flag=True, help="Print the whole spec as TOML; make nothing.")
def generate(
    what: tuple[str, ...],
    output: Path | None,
    settings: tuple[str, ...],
    points: int | None,
    workers: int | None,
    show_spec: bool,
) -> None:
    """Make a design table, a plant's table or a regressor.

    A design table or a regressor from a refrigerant's name alone, a shipped
    plant's table from the plant's name, and any of the three from a spec. An
    interrupted run goes on where it stopped when it is started again.
    """
    from surrogate.generate import kinds
    from surrogate.store import user_folder

    chosen = _chosen_spec(what, named(settings), points)
    if show_spec:
        import tomli_w

        click.echo(tomli_w.dumps(chosen.model_dump(mode="json")), nl=False)
        return
    from rich.console import Console

    from surrogate.report import print_made

    folder = output or user_folder()
    print_made(kinds.make(chosen, folder, workers=workers, console=Console(stderr=True)))


def _chosen_spec(what: tuple[str, ...], parameters: dict[str, float], points: int | None) -> Any:
    """Spec of what is to be generated, from a name or a file."""
    from surrogate.generate import kinds

    kind = what[0] if len(what) == 2 and what[0] in kinds.KINDS else None
    if len(what) != (1 if kind is None else 2):
        raise SpecError(
            "give a refrigerant or a SPEC.toml, after design, plant or regressor if you like"
        )
    name = what[-1]
    if kind == "plant":
        from surrogate.generate.plantspec import spec_path

        name = str(spec_path(name))
    if name.endswith(".toml"):
        if parameters or points is not None:
            raise SpecError("with a spec file, --set and --points belong into the file")
        return kinds.load(Path(name), kind)
    values: dict[str, Any] = {"refrigerant": name}
    if parameters:
        values["parameters"] = parameters
    if points is not None:
        values |= {"points": points} if kind == "regressor" else {"held_out": {"points": points}}
    return kinds.complete(kind or "design", values)


@app.command()
@click.option("--refrigerant", help="All files of this refrigerant.")
@click.option("--plant", help="One plant's table: its name, its spec (TOML), or the file.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="HTML file; a Markdown summary goes beside it.",
)
@click.option("--points", type=int, help="Points in each file; 500 to 2000 by its kind.")
@click.option("--seed", type=int, default=20260731, show_default=True, help="Seed of the points.")
@click.option(
    "--tables", type=click.Path(path_type=Path), help="A file, or a folder to look in instead."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core.")
def validate(
    refrigerant: str | None,
    plant: str | None,
    output: Path,
    points: int | None,
    seed: int,
    tables: Path | None,
    workers: int | None,
) -> None:
    """Set tables and regressors against fresh full solves, and write a report.

    Without --refrigerant or --plant, everything that ships. The exit code is 1
    if a bar is broken.
    """
    from rich.console import Console

    from surrogate.validate.run import validate as run

    verdict = run(
        refrigerant,
        plant,
        tables,
        points=points,
        seed=seed,
        output=output,
        workers=workers,
        console=Console(stderr=True),
    )
    click.echo(f"{verdict.html} and {verdict.markdown}: {len(verdict.files)} files")
    if not verdict.kept:
        fail("; ".join(verdict.broken), EXIT_NO_ANSWER)
    click.echo("All bars are kept.")


def main() -> None:
    """Run the command; errors become one sentence and an exit code."""
    warnings.showwarning = lambda message, *_: click.echo(f"surrogate: {message}", err=True)
    try:
        code = app(prog_name="surrogate", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(EXIT_BAD_INPUT)
    except click.ClickException as error:
        fail(error.format_message(), EXIT_BAD_INPUT)
    except InfeasibleError as error:
        fail(f"infeasible, limit {error.limit}: {error}", EXIT_INFEASIBLE)
    except SurrogateError as error:
        fail(str(error), EXIT_BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        fail("interrupted", EXIT_INTERRUPTED)
    except OSError as error:
        fail(f"{error.filename or 'file system'}: {error.strerror}", EXIT_BAD_INPUT)
    sys.exit(code if isinstance(code, int) else 0)
