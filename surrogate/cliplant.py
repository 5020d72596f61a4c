"""The command ``surrogate operate``: a plant's point, or its hours from a CSV file."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surrogate.clioptions import EXIT_NO_ANSWER, as_json, fail, limit, named, plain, setting
from surrogate.errors import InputError, NotConvergedError, OutsideTableError
from surrogate.identity import SOURCE_CONTROLS
from surrogate.parameters import ETA_S_DEFAULT, MAX_SOLVES

if TYPE_CHECKING:
    import pandas as pd

    from surrogate.plant import Plant
    from surrogate.plantestimate import PlantEstimate

# Answers that a CSV gets, beside all columns that it came with.
_ANSWERS = (
    "cop", "power", "heat_source", "t_source_out", "capacity", "lowest_load", "cycling",
    "error", "status", "limit", "origin",
)  # fmt: skip
_HEAD_AND_ROW = 2
_DESIGN = ("t_source_in", "t_source_out", "t_return", "t_supply")
_POINT = ("t_source_in", "t_return", "t_supply", "heat_load")


@click.command()
@click.option("--plant", "plant_name", help="A plant's spec (TOML), or the name of a shipped one.")
@click.option("--refrigerant", help="Refrigerant, where no --plant is given.")
@click.option(
    "--design",
    metavar="IN,OUT,RETURN,SUPPLY",
    help="Design of the plant [degC], where no --plant is given, such as 30,25,50,80.",
)
@click.option("--design-load", type=float, help="Heat load of the design [W].")
@click.option("--eta-s", type=float, help=f"Isentropic efficiency; {ETA_S_DEFAULT} if not given.")
@click.option(
    "--source-control",
    type=click.Choice(SOURCE_CONTROLS),
    help="What is held on the source side; its flow if not given.",
)
@click.option("--t-source-in", type=float, help="Source inlet [degC].")
@click.option("--t-return", type=float, help="Return of the network [degC].")
@click.option("--t-supply", type=float, help="Supply of the network [degC].")
@click.option("--heat-load", type=float, help="Heat to the network [W].")
@click.option(
    "--hours",
    type=click.Path(path_type=Path),
    help="CSV of hours with columns of those four names; options fill in missing columns.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="CSV of answers to write.")
@click.option(
    "--method",
    type=click.Choice(["table", "regressor", "solve"]),
    help="The only way to answer by.",
)
@setting
@limit
@click.option(
    "--outside",
    type=click.Choice(["solve", "raise", "nan"]),
    default="solve",
    show_default=True,
    help="Outside table and regressor: full solves, an error, or no answer.",
)
@click.option(
    "--max-solves",
    type=int,
    default=MAX_SOLVES,
    show_default=True,
    help="Most points to answer by full solves.",
)
@click.option("--tables", type=click.Path(path_type=Path), help="A folder to look in first.")
@as_json
def operate(
    plant_name: str | None,
    refrigerant: str | None,
    design: str | None,
    design_load: float | None,
    eta_s: float | None,
    source_control: str | None,
    t_source_in: float | None,
    t_return: float | None,
    t_supply: float | None,
    heat_load: float | None,
    hours: Path | None,
    output: Path | None,
    method: str | None,
    settings: tuple[str, ...],
    limits: tuple[str, ...],
    outside: str,
    max_solves: int,
    tables: Path | None,
    as_json: bool,
) -> None:
    """Run a plant at one point, or through the hours of a CSV file."""
    chosen: dict[str, Any] = {"limits": named(limits) or None, "tables": tables}
    if plant_name is not None:
        if settings or any(x is not None for x in (refrigerant, design, eta_s, source_control)):
            raise InputError(
                "--plant says refrigerant, design, efficiency, source control and parameters; "
                "give it without those"
            )
        plant = _named_plant(plant_name, design_load, chosen)
    else:
        plant = _designed_plant(
            refrigerant,
            design,
            design_load,
            ETA_S_DEFAULT if eta_s is None else eta_s,
            source_control or "flow",
            named(settings),
            chosen,
        )
    given: dict[str, Any] = dict(
        zip(_POINT, (t_source_in, t_return, t_supply, heat_load), strict=True)
    )
    how: dict[str, Any] = {"method": method, "outside": outside, "max_solves": max_solves}
    if hours is None and output is not None:
        raise InputError("--output is for the answers to --hours; a single point is printed")
    if hours is not None and as_json:
        raise InputError("--json is for a single point; the answers to --hours are CSV")
    if hours is not None:
        _operate_hours(plant, hours, given, output, how)
        return
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise InputError(f"give --{missing[0].replace('_', '-')}, or a CSV of hours with --hours")
    _operate_point(plant, plant.operate(**given, **how), as_json)


def _named_plant(name: str, design_load: float | None, chosen: dict[str, Any]) -> Plant:
    """Plant of a spec file, or of a shipped spec."""
    from surrogate.generate.kinds import load
    from surrogate.generate.plantspec import PlantSpec, spec_path
    from surrogate.heatpump import HeatPump

    path = spec_path(name)
    spec = load(path, "plant")
    assert isinstance(spec, PlantSpec)
    parameters: dict[str, Any] = spec.parameters
    pump = HeatPump(spec.refrigerant, topology=spec.topology, tables=chosen["tables"], **parameters)
    values = spec.design.model_dump()
    if design_load is not None:
        values["heat_load"] = design_load
    return pump.plant(**values, limits={**spec.limits, **(chosen["limits"] or {})})


def _designed_plant(
    refrigerant: str | None,
    design: str | None,
    design_load: float | None,
    eta_s: float,
    source_control: str,
    parameters: dict[str, Any],
    chosen: dict[str, Any],
) -> Plant:
    """Plant of a design given on the command line."""
    from surrogate.heatpump import HeatPump

    if refrigerant is None or design is None or design_load is None:
        raise InputError("give --plant, or --refrigerant with --design and --design-load")
    try:
        temperatures = [float(part) for part in design.split(",")]
    except ValueError:
        temperatures = []
    if len(temperatures) != len(_DESIGN):
        raise InputError(
            f"--design {design}: give four temperatures, source in, source out, return, supply, "
            "such as 30,25,50,80"
        )
    pump = HeatPump(refrigerant, tables=chosen["tables"], **parameters)
    return pump.plant(
        **dict(zip(_DESIGN, temperatures, strict=True)),
        heat_load=design_load,
        eta_s=eta_s,
        source_control=source_control,
        limits=chosen["limits"],
    )


def _operate_point(plant: Plant, result: PlantEstimate, as_json: bool) -> None:
    if as_json:
        text = plain(result.to_dict())
        click.echo(json.dumps({"refrigerant": plant.identity.refrigerant, **text}))
    try:
        result.raise_for_status()
    except (NotConvergedError, OutsideTableError) as error:
        fail(str(error), EXIT_NO_ANSWER)
    if not as_json:
        from surrogate.report import print_operation

        print_operation(plant, result)


def _operate_hours(
    plant: Plant,
    hours: Path,
    given: dict[str, Any],
    output: Path | None,
    how: dict[str, Any],
) -> None:
    """Answer every row of a CSV; each keeps its place and all its columns."""
    frame = _read_hours(hours)
    values: dict[str, Any] = {
        name: _numbers(hours, frame, name) if name in frame else value
        for name, value in given.items()
    }
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise InputError(
            f"{hours} has no column {missing[0]}; add it, or give --{missing[0].replace('_', '-')}"
        )
    try:
        result = plant.operate(**values, **how)
    except InputError as error:
        # Rows are told by their line of the file, whose header is line 1.
        said = re.sub(r"at point (\d+)", lambda m: f"in line {int(m[1]) + 2}", str(error))
        raise InputError(f"{hours}: {said}") from error
    answers = result.to_frame()
    for name in (*(n for n in _POINT if n not in frame), *_ANSWERS):
        frame[name] = answers[name].to_numpy()
    text = io.StringIO()
    frame.to_csv(text, index=False, float_format="%.8g")
    if output is None:
        sys.stdout.write(text.getvalue())
    else:
        from surrogate.files import written_whole

        with written_whole(output) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")
    click.echo(_summed_up(result), err=True)


def _summed_up(result: PlantEstimate) -> str:
    """The hours together, in one line."""
    found = result.summary()
    parts = [f"{count} {status}" for status, count in found["status"].items()]
    parts += [f"{count} by {name}" for name, count in found["limits"].items()]
    if found["cycling"]:
        parts.append(f"{found['cycling']} cycling")
    return (
        f"{found['points']} rows: {', '.join(parts)}; COP {found['cop']:.3f} (heat over power of "
        f"the rows that run), {found['unserved'] / 1e6:.4g} MW x rows not served"
    )


def _read_hours(path: Path) -> pd.DataFrame:
    """Read the CSV as text, row by row and column by column as it stands there.

    Raises
    ------
    InputError
        If it is no table; the line is named.
    """
    import pandas as pd

    if not path.is_file():
        raise InputError(f"--hours {path}: there is no such file")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV: {error}") from error
    if len(rows) < _HEAD_AND_ROW:
        raise InputError(f"{path} has no rows below its header")
    names = [name.strip() for name in rows[0]]
    if len(names) == 1 and ";" in names[0]:
        raise InputError(f"{path} separates its columns by semicolons; commas are needed")
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path} has more than one column {name!r}")
        if name in _ANSWERS:
            raise InputError(
                f"{path} has a column {name!r}, which an answer would overwrite; rename it"
            )
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise InputError(
                f"{path}, line {line}: {len(row)} fields, but the header has {len(names)}"
            )
    return pd.DataFrame(rows[1:], columns=names, dtype=object)


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> list[float]:
    """A column as numbers.

    Raises
    ------
    InputError
        If a cell is none; the line is named.
    """
    numbers = []
    for line, text in enumerate(frame[name], 2):
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            what = f"{text!r}, no number" if text.strip() else "empty"
            raise InputError(f"{path}, line {line}: {name} is {what}")
        numbers.append(number)
    return numbers
