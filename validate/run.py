"""The validation report, from what is asked to its files: ``surrogate validate``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from surrogate import fluids, store
from surrogate.errors import InputError, TableNotFoundError
from surrogate.extras import need
from surrogate.generate import kinds
from surrogate.generate.plantspec import shipped_specs
from surrogate.generate.regress import design_table
from surrogate.generate.sweep import default_workers
from surrogate.regressor import Regressor
from surrogate.tablemodel import Table

from . import clock, report
from .causes import worst_points
from .context import closed_forms
from .figures import draw
from .measures import Measured, judge, measure
from .plantsamples import sample_plant, sample_regressor
from .report import FileReport
from .samples import Sampled, Wanted, sample_design

SEED = 20260731
"""Seed of the sample, unless another is asked for; files measure themselves with seed 1."""

POINTS, LEAST_POINTS = {"design": 500, "plant": 400, "regressor": 200}, 20
"""Points inside a file of each kind, unless others are asked for, and the fewest that tell."""

WORK = Path("build/validate")
"""Where finished solves are kept, so that an interrupted run goes on."""

_ORDER = ("design", "plant", "regressor")


@dataclass(frozen=True)
class Verdict:
    """The outcome of a validation.

    Attributes
    ----------
    files : tuple of FileReport
        What was found of each file.
    html, markdown : Path
        The report, and its summary.
    """

    files: tuple[FileReport, ...]
    html: Path
    markdown: Path

    @property
    def kept(self) -> bool:
        """Whether every file keeps all of its bars."""
        return all(file.kept for file in self.files)

    @property
    def exit_code(self) -> int:
        """0 where all bars are kept, else 1."""
        return 0 if self.kept else 1

    @property
    def broken(self) -> list[str]:
        """Every broken bar in words."""
        return [
            f"{file.title}: {check.name} {check.reached}, but the bar is {check.bar}"
            for file in self.files
            for check in file.checks
            if not check.kept
        ]


def validate(
    refrigerant: str | None = None,
    plant: str | Path | None = None,
    tables: Path | None = None,
    *,
    points: int | None = None,
    seed: int = SEED,
    output: Path = Path("report.html"),
    workers: int | None = None,
    work: Path = WORK,
    console: Console | None = None,
) -> Verdict:
    """Set files against fresh full solves, and write the report.

    Parameters
    ----------
    refrigerant : str, optional
        All files of this refrigerant.
    plant : str or Path, optional
        One plant's table: by the plant's name, its spec file (TOML) or the
        table itself. With neither, everything that ships.
    tables : Path, optional
        A file, or a folder to look in instead of the user's and the shipped.
    points : int, optional
        Points inside each file, :data:`POINTS` by default; those on the rims, outside and of the
        capacity come on top.
    seed : int
        Seed of the points; not the one that a file was made with.
    output : Path
        The HTML file; the Markdown summary goes beside it.
    workers : int, optional
        Processes; one for each core by default.
    work : Path
        Where finished solves are kept.
    console : Console, optional
        Where progress is shown.

    Returns
    -------
    Verdict
        Whether all bars are kept, and what was found.

    Raises
    ------
    InputError
        If an argument makes no sense, or the seed is a file's own.
    TableNotFoundError
        If there is nothing to validate.
    TableError
        If a file must not be believed.
    MissingExtraError
        Without Jinja2 or Matplotlib.
    """
    need("jinja2", "report")
    need("matplotlib", "report")
    if refrigerant is not None and plant is not None:
        raise InputError("either a refrigerant or a plant can be validated, not both at once")
    if points is not None and points < LEAST_POINTS:
        raise InputError(f"points = {points}, but it must be {LEAST_POINTS} or more")
    if output.suffix == ".md":
        raise InputError(f"output = {output}: that is the summary's name; give one that ends .html")
    output.parent.mkdir(parents=True, exist_ok=True)
    if seed < 0:
        raise InputError(f"seed = {seed}, but it must not be negative")
    files = _chosen(refrigerant, plant, tables)
    found = []
    for file in files:
        count = points or POINTS[file.identity.kind]
        wanted = Wanted(count, seed, work, workers or default_workers(), console)
        if console is not None:
            console.print(f"[bold]{report.title_of(file)}[/bold]  {file.path.name}")
        found.append(_examined(file, wanted))
    markdown = output.with_suffix(".md")
    verdict = Verdict(tuple(found), output, markdown)
    asked = _asked(refrigerant, plant, tables)
    report.write(found, output, markdown, report.Request(asked, seed))
    return verdict


def _asked(refrigerant: str | None, plant: str | Path | None, tables: Path | None) -> str:
    """What was asked for, in words."""
    if refrigerant is not None:
        return f"All files of {fluids.canonical_name(refrigerant)}"
    if plant is not None:
        return f"Plant {plant}"
    return "Everything shipped" if tables is None else str(tables)


def _chosen(refrigerant: str | None, plant: str | Path | None, tables: Path | None) -> list[Any]:
    """Files to validate, read and checked: design tables, then plants, then regressors."""
    everything = _listed(tables, shipped_only=refrigerant is None and plant is None)
    if plant is not None:
        files = [_plant(plant, everything)]
    elif refrigerant is not None:
        name = fluids.canonical_name(refrigerant)
        files = [f for f in map(store.read_any, everything) if f.identity.refrigerant == name]
    else:
        files = [store.read_any(path) for path in everything]
    if not files:
        about = "" if refrigerant is None else f" of {refrigerant}"
        raise TableNotFoundError(f"there is no table{about} to validate; make one with generate")
    return sorted(files, key=lambda file: (_ORDER.index(file.identity.kind), file.path.name))


def _listed(tables: Path | None, shipped_only: bool) -> list[Path]:
    if tables is not None and tables.is_file():
        return [tables]
    if tables is not None and not tables.is_dir():
        raise TableNotFoundError(f"tables = {str(tables)!r}, but there is nothing of that name")
    if tables is None and shipped_only:
        tables = store.shipped_folder()
    paths: list[Path] = store.available_tables(tables)
    return paths


def _plant(plant: str | Path, everything: list[Path]) -> Any:
    """A plant's table by its file, its spec or its name."""
    path = Path(plant)
    if path.suffix == ".nc" and path.is_file():
        file = store.read_any(path)
        if file.identity.kind != "plant":
            raise InputError(f"{path} is no plant's table, but a {file.identity.kind} file")
        return file
    spec_path = path if path.suffix == ".toml" else shipped_specs().get(str(plant))
    if spec_path is not None:
        name = kinds.load(spec_path, "plant").identity.file_name
        for candidate in everything:
            if candidate.name == name:
                return store.read_any(candidate)
        raise TableNotFoundError(
            f"there is no table of the plant in {spec_path}; make it first: surrogate generate "
            f"plant {spec_path}"
        )
    files = [store.read_any(p) for p in everything if p.name.startswith("plant-")]
    named = [file for file in files if file.attributes.get("name") == str(plant)]
    if not named:
        known = sorted(str(file.attributes.get("name")) for file in files)
        raise TableNotFoundError(
            f"there is no plant named {str(plant)!r}; there are tables of "
            f"{', '.join(known) or 'none'}"
        )
    return named[0]


def _examined(file: Any, wanted: Wanted) -> FileReport:
    """Solve, measure and draw one file."""
    kind = file.identity.kind
    sampled, measured = measured_file(file, wanted)
    formulas = closed_forms(file.identity, sampled.inside)
    worst, causes = worst_points(sampled)
    regressor, table = (None, None) if kind == "design" else _beside(file)
    return FileReport(
        title=report.title_of(file),
        kind=kind,
        refrigerant=file.identity.refrigerant,
        path=file.path,
        digest=str(file.attributes["content_digest"]),
        made_from=str(file.attributes.get("source", "")),
        measured=measured,
        checks=judge(kind, measured),
        formulas=formulas,
        worst=worst,
        causes=causes,
        figures=draw(sampled, formulas),
        timings=clock.side_by_side(sampled, regressor, table),
        plants=sampled.plants,
        edge_points=int(sampled.edge.solved.sum()),
        unconverged=sampled.inside.unconverged,
    )


def measured_file(file: Any, wanted: Wanted) -> tuple[Sampled, Measured]:
    """Set one file against fresh full solves, as numbers.

    Parameters
    ----------
    file : Table, PlantTable or Regressor
        The file, read and checked.
    wanted : Wanted
        How many points of which sample.
    """
    sampler: dict[str, Callable[[], Sampled]] = {
        "design": lambda: sample_design(file, wanted),
        "plant": lambda: sample_plant(file, wanted),
        "regressor": lambda: sample_regressor(file, _stood_on(file), wanted),
    }
    sampled = sampler[file.identity.kind]()
    return sampled, measure(sampled)


def _stood_on(known: Regressor) -> Table:
    """The design table that a regressor belongs to.

    Raises
    ------
    InputError
        If the one that is found is another than it was fitted on.
    """
    table: Table = design_table(known.identity, known.path.parent)
    if known.table_digest != table.attributes["content_digest"]:
        raise InputError(f"{known.path} was made on another design table than {table.path}")
    return table


def _beside(file: Any) -> tuple[Regressor | None, Table | None]:
    """Regressor and design table of a plant's or regressor's refrigerant, if they are there."""
    identity = file.identity._replace(sizing=None)
    table: Table | None = store.load(identity._replace(kind="design"), file.path.parent)
    known: Regressor | None = store.load(identity._replace(kind="regressor"), file.path.parent)
    if table is None or known is None:
        return None, table
    fits = known.table_digest == table.attributes["content_digest"]
    return (known if fits else None), table
