"""Fresh points of a design table, solved in full: inside its box, on its rims and beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from surrogate.conditions import Conditions
from surrogate.errors import InputError
from surrogate.generate.build import box
from surrogate.generate.held_out import Solved, compare, solve_all, solve_feasible
from surrogate.generate.sample import Box, sobol
from surrogate.generate.spec import DesignSpec
from surrogate.generate.sweep import work_name
from surrogate.heatpump import HeatPump
from surrogate.identity import Identity
from surrogate.limits import DEFAULT_LIMITS, mark_broken_conditions
from surrogate.tablemodel import Table

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

EDGE_SHARE, CAPACITY_SHARE, OUTSIDE_SHARE = 0.05, 0.05, 0.02
"""Points on the rims, of the capacity and beyond the file, over those inside."""

# How far beyond a range points outside lie, over its width.
_BEYOND = (0.02, 0.12)
_ON_THE_RIM = (0.0, 0.0)


@dataclass(frozen=True)
class Points:
    """Points of one file, solved in full and answered by it; arrays of shape (n,).

    Attributes
    ----------
    coordinates : dict of str to array
        Where they lie, in the coordinates that were sampled.
    water : tuple of array
        Source inlet and outlet, return and supply [degC]; the outlet of a
        plant is the full solve's.
    true : dict of str to array
        What the full solve found: ``cop`` and the machine's state.
    solved, answered : array of bool
        Where the full solve found a machine within its limits; where the file
        answers that point, too.
    errors : dict of str to array
        Signed relative errors [1] of ``cop``, ``power`` and, of plants, of the
        heat ``load`` at a given volume flow; NaN where not answered.
    bound : array
        The error of the COP that the file promises [1].
    group : array of int
        Plant that each point belongs to; points of one plant err alike.
    invented : int
        Points that the file answers although the full solve finds no machine.
    unconverged : int
        Points whose full solve came to no end.
    """

    coordinates: dict[str, FloatArray]
    water: tuple[FloatArray, FloatArray, FloatArray, FloatArray]
    true: dict[str, FloatArray]
    solved: BoolArray
    answered: BoolArray
    errors: dict[str, FloatArray]
    bound: FloatArray
    group: NDArray[np.intp]
    invented: int = 0
    unconverged: int = 0

    @property
    def missed(self) -> int:
        """Solved points that the file does not answer."""
        return int((self.solved & ~self.answered).sum())

    def error(self, name: str) -> FloatArray:
        """Errors of one quantity where there are any."""
        values = self.errors[name]
        return values[np.isfinite(values)]


class FallBack(NamedTuple):
    """Points outside a file, asked of the library, beside independent full solves."""

    points: int
    elsewhere: int
    """Points that were not answered by a full solve, or with another status."""
    feasible: int
    """Points whose COPs could be compared."""
    largest: float
    """Largest relative difference of the COP [1]."""


@dataclass(frozen=True)
class Sampled:
    """A file with its fresh points.

    Attributes
    ----------
    path : Path
        The file.
    identity : Identity
        What it is of.
    file : Table, PlantTable or Regressor
        The file as read.
    inside, edge : Points
        Points inside, and on the rims of what the file covers.
    capacity : array or None
        Signed relative errors of the capacity [1]; None for design tables.
    fall_back : FallBack
        Points outside.
    plants : int
        Plants among the points inside.
    """

    path: Path
    identity: Identity
    file: Any
    inside: Points
    edge: Points
    capacity: FloatArray | None
    fall_back: FallBack
    plants: int = 0


class Wanted(NamedTuple):
    """How many points of which sample, and how they are solved."""

    points: int
    seed: int
    work: Path
    workers: int
    console: Console | None = None

    @property
    def edge(self) -> int:
        """Points on the rims: a few for each of them."""
        return max(round(EDGE_SHARE * self.points), 8)

    @property
    def capacity(self) -> int:
        """Temperatures at which the capacity is looked for."""
        return max(round(CAPACITY_SHARE * self.points), 4)

    @property
    def outside(self) -> int:
        """Points outside; each costs a solve more than others."""
        return min(max(round(OUTSIDE_SHARE * self.points), 4), 40)

    def place(self, kind: str, spec: Any) -> Path:
        """Where finished solves of a file's points are kept; another spec starts anew."""
        return self.work / f"{kind}-{work_name(spec)}-{self.seed}"


def refuse_seed(seed: int, own: int, path: Path) -> None:
    """Refuse the seed that a file's own points were drawn with.

    Raises
    ------
    InputError
        If it is the same: the points would not be fresh.
    """
    if seed == own:
        raise InputError(
            f"seed = {seed}, but {path.name} was made with points of that seed; give another one"
        )


def pushed(
    rows: FloatArray,
    low: FloatArray,
    high: FloatArray,
    beyond: tuple[float, float],
    dimensions: tuple[int, ...],
) -> FloatArray:
    """Move points onto a rim of their box or beyond it, one coordinate each, in turn.

    Parameters
    ----------
    rows : array, shape (n, d)
        Points inside.
    low, high : array, shape (d,)
        The box.
    beyond : tuple of float
        How far beyond, least and most, over the width of the range [1].
    dimensions : tuple of int
        Coordinates that are moved.

    Examples
    --------
    >>> low, high = np.zeros(2), np.ones(2)
    >>> pushed(np.full((4, 2), 0.5), low, high, (0.0, 0.0), (0, 1)).tolist()
    [[0.0, 0.5], [0.5, 0.0], [1.0, 0.5], [0.5, 1.0]]
    """
    result = rows.copy()
    number = np.arange(len(rows))
    column = np.array(dimensions)[number % len(dimensions)]
    upper = (number // len(dimensions)) % 2 == 1
    width = (high - low)[column]
    share = (rows[number, column] - low[column]) / width
    step = width * (beyond[0] + (beyond[1] - beyond[0]) * share)
    result[number, column] = np.where(upper, high[column] + step, low[column] - step)
    return result


def on_rims(rows: FloatArray, low: FloatArray, high: FloatArray, *dimensions: int) -> FloatArray:
    """Move points onto the rims of their box; see :func:`pushed`."""
    return pushed(rows, low, high, _ON_THE_RIM, dimensions or tuple(range(len(low))))


def beyond(rows: FloatArray, low: FloatArray, high: FloatArray, *dimensions: int) -> FloatArray:
    """Move points out of their box; see :func:`pushed`."""
    return pushed(rows, low, high, _BEYOND, dimensions or tuple(range(len(low))))


def sample_design(table: Table, wanted: Wanted) -> Sampled:
    """Solve fresh points of a design table.

    Raises
    ------
    InputError
        If the seed is the table's own.
    """
    spec = DesignSpec.model_validate_json(table.attributes["spec"])
    refuse_seed(wanted.seed, spec.held_out.seed, table.path)
    place, ranges = wanted.place("design", spec), box(spec)
    inside = solve_feasible(
        table.identity,
        ranges,
        wanted.points,
        wanted.seed,
        place,
        workers=wanted.workers,
        console=wanted.console,
    )
    low, high = np.array(ranges, dtype=np.float64).T
    drawn = _coordinates(sobol(ranges, 4 * wanted.edge, wanted.seed + 1))
    rim = _kept(on_rims(drawn, low, high), wanted.edge)
    drawn = _coordinates(sobol(ranges, 6 * wanted.outside, wanted.seed + 2))
    # A warmer source outlet may leave evaporation inside the grid; the others end the file.
    far = _kept(beyond(drawn, low, high, 1, 2, 3, 4), wanted.outside)
    return Sampled(
        path=table.path,
        identity=table.identity,
        file=table,
        inside=_design_points(table, inside),
        edge=_design_points(table, _solve(table, rim, place, "rims", wanted)),
        capacity=None,
        fall_back=_design_fall_back(table, _solve(table, far, place, "outside", wanted)),
    )


def _solve(table: Table, points: Conditions, place: Path, label: str, wanted: Wanted) -> Solved:
    return solve_all(
        table.identity, points, place, label=label, workers=wanted.workers, console=wanted.console
    )


def _coordinates(c: Conditions) -> FloatArray:
    """Conditions in the coordinates of :class:`Box`, shape (n, 5)."""
    return np.column_stack(
        [
            c.t_source_out,
            c.t_source_in - c.t_source_out,
            c.t_supply,
            c.t_supply - c.t_return,
            c.eta_s,
        ]
    )


def _kept(rows: FloatArray, count: int) -> Conditions:
    """The first points that break no rule on conditions."""
    t_source_out, source_glide, t_supply, sink_glide, eta_s = rows.T
    conditions = Conditions(
        t_source_out + source_glide,
        t_source_out,
        t_supply - sink_glide,
        t_supply,
        np.full(len(rows), 1e6),
        eta_s,
    )
    codes = np.zeros(len(rows), dtype=np.int8)
    mark_broken_conditions(DEFAULT_LIMITS, conditions, codes)
    return conditions.take(np.flatnonzero(codes == 0)[:count])


def _design_points(table: Table, solved: Solved) -> Points:
    c = solved.conditions
    found = compare(table, solved)
    # The heat load is given: power errs by what the COP errs the other way.
    power = 1.0 / (1.0 + found.error) - 1.0
    values = solved.values
    true = {
        "cop": values["cop"],
        "t_evap": values["t_evap"],
        "t_cond": values["t_cond"],
        "t_discharge": values["t_discharge"],
        "pressure_ratio": values["p_cond"] / values["p_evap"],
        "superheat": values["superheat"],
        "eta_s": np.asarray(c.eta_s),
        "t_source_out": np.asarray(c.t_source_out),
    }
    return Points(
        coordinates=dict(zip(Box._fields, _coordinates(c).T, strict=True)),
        water=(c.t_source_in, c.t_source_out, c.t_return, c.t_supply),
        true=true,
        solved=solved.feasible,
        answered=found.answered,
        errors={"cop": found.error, "power": power},
        bound=found.bound,
        group=np.arange(len(found.error)),
        invented=int(found.invented.sum()),
        unconverged=int((~solved.converged).sum()),
    )


def _design_fall_back(table: Table, solved: Solved) -> FallBack:
    """Ask the library for points outside, as a user does."""
    _, topology, refrigerant, parameters, _ = table.identity
    pump = HeatPump(refrigerant, topology=topology, tables=table.path, **parameters.to_dict())
    came = np.flatnonzero(solved.converged)
    est = pump.design(**solved.conditions.take(came)._asdict(), max_solves=len(came))
    feasible = solved.feasible[came]
    right = np.where(
        feasible, (est.status == "ok") & (est.origin == "solve"), est.status == "infeasible"
    )
    difference = np.abs(est.cop / solved.values["cop"][came] - 1.0)[feasible & right]
    return FallBack(
        len(came), int((~right).sum()), len(difference), float(difference.max(initial=0.0))
    )
