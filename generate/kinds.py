"""The kinds of what can be generated: their specs, and what makes each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from surrogate.errors import SpecError

from . import plantspec, spec
from .plantspec import PlantSpec
from .regressorspec import RegressorSpec
from .spec import DesignSpec

if TYPE_CHECKING:
    from rich.console import Console

    from .build import Made
    from .judged import HeldOut
    from .plantbuild import MadePlant
    from .regress import MadeRegressor

    AnyMade = Made | MadePlant | MadeRegressor

KINDS = ("design", "plant", "regressor")

AnySpec = DesignSpec | PlantSpec | RegressorSpec


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
    # Imported here: reading a spec needs nothing of what it takes to make one.
    if isinstance(chosen, PlantSpec):
        from .plantbuild import make_plant

        return make_plant(chosen, folder, workers=workers, console=console, work=work)
    if isinstance(chosen, RegressorSpec):
        from .regress import make_regressor

        return make_regressor(chosen, folder, workers=workers, console=console, work=work)
    from .build import make_table

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
    from .build import Made
    from .plantbuild import MadePlant

    if isinstance(made, Made):
        return Result(made.table.identity.refrigerant, *_few(made.summary))
    if isinstance(made, MadePlant):
        sizing = made.table.identity.sizing
        assert sizing is not None
        described = f"{made.table.identity.refrigerant} plant, {sizing.describe()}"
        return Result(described, *_few(made.judged))
    return Result(f"{made.regressor.identity.refrigerant} regressor", *_few(made.judged))


def _few(judged: HeldOut) -> tuple[int, float, float, float, float]:
    return judged.points, judged.mean, judged.p99, judged.max, judged.missed
