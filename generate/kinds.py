"""The kinds of what can be generated: their specs, and what makes each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from surrogate.errors import SpecError

from . import plantspec, spec
from .build import Made, make_table
from .judged import HeldOut
from .plantbuild import MadePlant, make_plant
from .plantspec import PlantSpec
from .regress import MadeRegressor, RegressorSpec, make_regressor
from .spec import DesignSpec

KINDS = ("design", "plant", "regressor")

AnySpec = DesignSpec | PlantSpec | RegressorSpec
AnyMade = Made | MadePlant | MadeRegressor


def load(path: Path, kind: str | None = None) -> AnySpec:
    """Read a spec from TOML; fields it does not give are derived.

    Parameters
    ----------
    path : Path
        The file. Its field ``kind`` says what it is a spec of, a design table
        by default.
    kind : str, optional
        What it must be a spec of.

    Raises
    ------
    SpecError
        If the file cannot be read or the spec is wrong.
    """
    values = spec.read_toml(path)
    found = values.pop("kind", kind or "design")
    if found not in KINDS:
        raise SpecError(f"{path}: kind = {found!r}, but it must be one of {', '.join(KINDS)}")
    if kind is not None and found != kind:
        raise SpecError(f"{path} is the spec of a {found}, not of a {kind}")
    try:
        return complete(found, values)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from error


def complete(kind: str, values: dict[str, Any]) -> AnySpec:
    """Complete a spec of a kind from what is given; see the kinds' own ``derive``.

    Raises
    ------
    SpecError
        If a field is wrong.
    """
    if kind == "plant":
        return plantspec.derive(values)
    if kind == "regressor":
        return spec.validated(RegressorSpec, values)
    return spec.derive(**values)


def make(
    chosen: AnySpec,
    folder: Path,
    *,
    workers: int | None = None,
    console: Console | None = None,
    work: Path | None = None,
) -> AnyMade:
    """Make what a spec describes; see the kinds' own makers for what they raise."""
    if isinstance(chosen, PlantSpec):
        return make_plant(chosen, folder, workers=workers, console=console, work=work)
    if isinstance(chosen, RegressorSpec):
        return make_regressor(chosen, folder, workers=workers, console=console, work=work)
    return make_table(chosen, folder, workers=workers, console=console, work=work)


class Result(NamedTuple):
    """What has been made, in words and few numbers; relative COP errors [1]."""

    described: str
    points: int
    mean: float
    p99: float
    max: float
    missed: float


def result_of(made: AnyMade) -> Result:
    """Sum up what has been made."""
    if isinstance(made, Made):
        described, judged = made.table.identity.refrigerant, made.summary
        return Result(described, *_few(judged))
    if isinstance(made, MadePlant):
        sizing = made.table.identity.sizing
        assert sizing is not None
        described = f"{made.table.identity.refrigerant} plant, {sizing.describe()}"
        return Result(described, *_few(made.judged))
    return Result(f"{made.regressor.identity.refrigerant} regressor", *_few(made.judged))


def _few(judged: HeldOut) -> tuple[int, float, float, float, float]:
    return judged.points, judged.mean, judged.p99, judged.max, judged.missed
