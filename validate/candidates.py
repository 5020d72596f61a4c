"""Regressors set beside what else one would choose: ``python -m surrogate.validate.candidates``.

All candidates learn from the same full off-design solves, those that the
shipped regressor is fitted to, and are judged on the same plants that none of
them ever saw. All know the same of a point: the five numbers and the source
control of its design, three temperatures, and the suction volume flow as the
measure of its load. Black boxes are not left to find the physics by
themselves: their features hold the design's approach temperatures and
exchangers (:func:`surrogate.regressor.machine`) and the compressor's own
characteristic line, and they only learn the grade of the COP on Carnot's
between shifted temperatures. Finished solves are kept in ``build/candidates``.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from surrogate.extras import need
from surrogate.generate import regress, sweep
from surrogate.generate.judged import Errors, errors_of
from surrogate.generate.regress import RegressorSpec, Solved
from surrogate.identity import Sizing
from surrogate.limits import DEFAULT_LIMITS
from surrogate.plantmap import ANSWERED, Levels
from surrogate.regressor import Regressor, RegressorMap, machine, read
from surrogate.store import user_folder
from surrogate.tablemodel import Regions, Table

from .blackboxes import BEST, BLACK_BOXES, grade, view
from .closed_form import carnot

FloatArray = NDArray[np.float64]

SHIPPED = "grey box, corrected (shipped)"
"""Name of the shipped regressor."""

_TIMED_PLANTS, _TIMED_POINTS = 3, 1000

Predict = Callable[[Levels, FloatArray], FloatArray]
"""COPs [1] of one plant at some levels and volume flows or loads; NaN without an answer."""

Plants = Callable[[Sizing], Predict | None]
"""A fitted candidate: makes its plants; None where it has none."""


class Candidate(NamedTuple):
    """A fitted candidate.

    Attributes
    ----------
    name : str
        What the table calls it.
    points : int
        Points that it was fitted to.
    plants : callable
        Makes its plants.
    by_load : bool
        Whether it is asked at heat loads in place of volume flows.
    """

    name: str
    points: int
    plants: Plants
    by_load: bool = False


@dataclass(frozen=True)
class Result(Errors):  # type: ignore[misc]  # generate/ is checked by its path, so unknown here
    """A candidate at full solves of unseen plants, by its errors of the COP.

    Attributes
    ----------
    name : str
        What the table calls it.
    fitted : int
        Points that it was fitted to.
    missed : float
        Share of the solved points that it has no answer for [1].
    seconds : float
        Median time of a point, of many at once on one plant [s].
    seconds_alone : float
        Median time of a point asked alone [s].
    """

    name: str
    fitted: int
    missed: float
    seconds: float
    seconds_alone: float


def compare(
    spec: RegressorSpec, table: Table, solved: Solved, place: Path, repeats: int = 7
) -> list[Result]:
    """Fit all candidates to some plants and judge them on others.

    Parameters
    ----------
    spec : RegressorSpec
        What the shipped regressor is made of.
    table : Table
        Design table of its refrigerant.
    solved : Solved
        Full solves of plants; divided as ``regress.make_regressor`` does.
    place : Path
        Folder for the shipped regressor's draft.
    repeats : int
        How often each of the plants that are timed is asked.

    Returns
    -------
    list of Result
        At volume flows, then those at loads. All errors are over the solved
        points that every candidate answers.
    """
    fitting, judging, rest = split(solved)
    candidates = _fitted(spec, table, (fitting, rest), place)
    said = [_answers(candidate, judging) for candidate in candidates]
    cop = judging.running.cop
    solved_ones = judging.running.code == ANSWERED
    common = solved_ones & np.isfinite(said).all(axis=0)
    return [
        _result(
            candidate,
            answer[common] / cop[common] - 1.0,
            float(np.isnan(answer[solved_ones]).mean()),
            _seconds(candidate, judging, repeats),
        )
        for candidate, answer in zip(candidates, said, strict=True)
    ]


def _fitted(
    spec: RegressorSpec, table: Table, samples: tuple[Solved, Solved], place: Path
) -> list[Candidate]:
    """All candidates, fitted to the first sample; some black boxes also to the second."""
    fitting, more = samples
    grey = partial(_grey_plant, _grey(spec, table, fitting, place), table)
    count = _solved_count(fitting)
    return [
        _closed_form(fitting),
        _black_box("constant grade, shifted temperatures", grade, table, fitting),
        *(_black_box(name, make, table, fitting) for name, make in BLACK_BOXES.items()),
        *(
            _black_box(f"{name}, twice the data", make, table, more)
            for name, make in BLACK_BOXES.items()
        ),
        Candidate("grey box, not corrected", count, partial(grey, _draft)),
        Candidate(SHIPPED, count, partial(grey, _corrected)),
        _black_box(BEST, BLACK_BOXES[BEST], table, fitting, by_load=True),
        Candidate(f"{SHIPPED}, at a load", count, partial(grey, _at_load), by_load=True),
    ]


def split(solved: Solved) -> tuple[Solved, Solved, Solved]:
    """Plants to fit to, to judge on, and all but the latter.

    The first two are those of ``regress.make_regressor``; what it calibrates
    with in between stands in the third alone.
    """
    fitting, rest = regress._split(solved, regress._FIT)
    _, judging = regress._split(rest, regress._CALIBRATE / (1.0 - regress._FIT))
    others = np.flatnonzero(~np.isin(solved.sample.plant, judging.sample.plant))
    return fitting, judging, Solved(solved.sample.take(others), solved.running.take(others))


def _solved_count(solved: Solved) -> int:
    return int((solved.running.code == ANSWERED).sum())


def _closed_form(solved: Solved) -> Candidate:
    """One quality grade on Carnot's COP between supply and source inlet, for all plants."""
    done = solved.running.code == ANSWERED
    levels = solved.sample.levels.take(np.flatnonzero(done))
    grade = float(np.exp(np.mean(np.log(solved.running.cop[done] / _carnot(1.0, levels)))))

    def plants(sizing: Sizing) -> Predict:
        return lambda levels, share: _carnot(grade, levels)

    return Candidate(f"constant quality grade ({grade:.3f})", int(done.sum()), plants)


def _carnot(grade: float, levels: Levels) -> FloatArray:
    source, supply = levels.t_source_in, levels.t_supply
    return carnot(source, source, levels.t_return, supply, quality_grade=grade)


def _black_box(
    name: str, make: Callable[[], Any], table: Table, solved: Solved, *, by_load: bool = False
) -> Candidate:
    """Fit a scikit-learn estimator to the logarithm of the grade on Carnot's refrigerator."""
    motor = table.parameters.motor_efficiency
    x, y = _learnt(table, solved, by_load)
    estimator = make()
    with warnings.catch_warnings():
        # Fits that stop at their last step are judged by what they reach.
        warnings.simplefilter("ignore")
        estimator.fit(x, y)

    def plants(sizing: Sizing) -> Predict | None:
        sized = machine(table, sizing, DEFAULT_LIMITS)
        if sized is None:
            return None

        def predict(levels: Levels, share: FloatArray) -> FloatArray:
            seen = view(sizing, sized, levels, share)
            cop: FloatArray = motor * (1.0 + np.exp(estimator.predict(seen.features)) * seen.carnot)
            return cop

        return predict

    points = min(len(y), getattr(estimator, "most_points", len(y)))
    return Candidate(f"{name}, at a load" if by_load else name, points, plants, by_load)


def _learnt(table: Table, solved: Solved, by_load: bool) -> tuple[FloatArray, FloatArray]:
    """Features and what is to be learnt, of all solved points."""
    motor = table.parameters.motor_efficiency
    x, y = [], []
    for sizing, everyone in regress._by_plant(solved):
        members = everyone[solved.running.code[everyone] == ANSWERED]
        sized = machine(table, sizing, DEFAULT_LIMITS)
        if sized is None or len(members) == 0:
            continue
        true = solved.running.take(members)
        share = true.load if by_load else true.volume_flow
        seen = view(sizing, sized, solved.sample.levels.take(members), share)
        x.append(seen.features)
        y.append(np.log((true.cop / motor - 1.0) / seen.carnot))
    return np.concatenate(x), np.concatenate(y)


def _grey(spec: RegressorSpec, table: Table, solved: Solved, place: Path) -> Regressor:
    """The shipped regressor, fitted anew and without a bound of its error."""
    infinite = Regions(np.array([0.0, 1.0]), np.array([0.0, 500.0]), np.array([[np.inf]]))
    place.mkdir(parents=True, exist_ok=True)
    path = place / "candidate.nc"
    regress._write(path, spec, table, regress._fit(spec, table, solved), infinite, None)
    return read(path)


def _grey_plant(
    grey: Regressor,
    table: Table,
    predict: Callable[[Table, RegressorMap, Levels, FloatArray], FloatArray],
    sizing: Sizing,
) -> Predict | None:
    """A plant of the grey box, asked in one of three ways."""
    plant = grey.plant(table, sizing)
    return None if plant is None else partial(predict, table, plant)


def _corrected(table: Table, plant: RegressorMap, levels: Levels, flow: FloatArray) -> FloatArray:
    """COP of the shipped regressor at volume flows."""
    return plant.at_volume_flow(levels, flow).cop


def _at_load(table: Table, plant: RegressorMap, levels: Levels, load: FloatArray) -> FloatArray:
    """COP of the shipped regressor at heat loads."""
    return plant.at_load(levels, load).cop


def _draft(table: Table, plant: RegressorMap, levels: Levels, flow: FloatArray) -> FloatArray:
    """COP of the design table at the predicted temperatures, before they are corrected."""
    t_evap, t_cond, _ = plant._start(levels, flow, "volume_flow")
    state = plant._state(0, levels)
    cop = state.at(t_evap, t_cond, flow)[0].cop
    wet = state.outputs["discharge_superheat"] < table.parameters.min_discharge_superheat
    if wet.any() and len(table.pieces) > 1:
        second = plant._state(1, levels).at(t_evap, t_cond, flow)[0].cop
        cop = np.where(wet, second, cop)
    return cop


def _answers(candidate: Candidate, solved: Solved) -> FloatArray:
    """COPs of a candidate at all points of a sample."""
    cop = np.full(len(solved.sample.plant), np.nan)
    for sizing, everyone in regress._by_plant(solved):
        members = everyone[solved.running.code[everyone] == ANSWERED]
        predict = candidate.plants(sizing)
        if predict is not None and len(members):
            cop[members] = predict(*_asked(candidate, solved, members))
    return cop


def _asked(
    candidate: Candidate, solved: Solved, members: NDArray[np.intp]
) -> tuple[Levels, FloatArray]:
    running = solved.running
    share = running.load if candidate.by_load else running.volume_flow
    return solved.sample.levels.take(members), share[members]


def _result(
    candidate: Candidate, error: FloatArray, missed: float, seconds: tuple[float, float]
) -> Result:
    return Result(
        **asdict(errors_of(error)),
        name=candidate.name,
        fitted=candidate.points,
        missed=missed,
        seconds=seconds[0],
        seconds_alone=seconds[1],
    )


def _seconds(candidate: Candidate, judging: Solved, repeats: int) -> tuple[float, float]:
    """Median seconds a point: of many on one plant, and of one alone; plants stand ready."""
    many, alone = [], []
    for sizing, everyone in regress._by_plant(judging):
        members = everyone[judging.running.code[everyone] == ANSWERED]
        predict = candidate.plants(sizing)
        if predict is None or len(members) == 0:
            continue
        asked = _asked(candidate, judging, np.resize(members, _TIMED_POINTS))
        many += _times(partial(predict, *asked), repeats)
        alone += _times(partial(predict, *_asked(candidate, judging, members[:1])), repeats)
        if len(many) >= _TIMED_PLANTS * repeats:
            break
    return statistics.median(many) / _TIMED_POINTS, statistics.median(alone)


def _times(call: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of some calls, warm."""
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds


_HEADS = (
    "candidate",
    "fitted to",
    "mean %",
    "p95 %",
    "p99 %",
    "max %",
    "bias %",
    "missed %",
    "us/point",
    "ratio",
    "us alone",
)


def markdown(results: Sequence[Result]) -> str:
    """Show results as a Markdown table; times as well over those of the shipped regressor."""
    shipped = next(r for r in results if r.name == SHIPPED)
    rows = [_HEADS, ("---", *("---:" for _ in _HEADS[1:]))]
    rows += [_cells(result, shipped) for result in results]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cells(r: Result, shipped: Result) -> tuple[str, ...]:
    errors = (f"{100 * value:.4f}" for value in (r.mean, r.p95, r.p99, r.max))
    return (
        r.name,
        str(r.fitted),
        *errors,
        f"{100 * r.bias:+.4f}",
        f"{100 * r.missed:.2f}",
        f"{1e6 * r.seconds:.2f}",
        f"{r.seconds / shipped.seconds:.2f}",
        f"{1e6 * r.seconds_alone:.0f}",
    )


@click.command()
@click.argument("refrigerant", default="R717")
@click.option("--work", type=click.Path(path_type=Path), default=Path("build/candidates"))
def main(refrigerant: str, work: Path) -> None:
    """Measure all candidates for REFRIGERANT and print them as a Markdown table."""
    need("sklearn", "fit")
    progress = Console(stderr=True)
    spec = RegressorSpec(refrigerant=refrigerant)
    table = regress.design_table(spec.identity, user_folder())
    place = work / f"regressor-{sweep.work_name(spec)}"
    solved = regress.solve(spec, table, spec.seed, place, console=progress)
    results = compare(spec, table, solved, place)
    click.echo(
        f"{spec.identity.refrigerant}: {_solved_count(solved)} full solves of {spec.plants} "
        f"plants, judged on {results[0].points} of plants that no candidate saw\n"
    )
    click.echo(markdown(results))


if __name__ == "__main__":
    main()
