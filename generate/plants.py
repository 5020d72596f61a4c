"""Off-design solves of many plants: the sample that regressors are fitted and judged on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from surrogate.balance import Balance
from surrogate.conditions import Conditions
from surrogate.errors import InfeasibleError, NotConvergedError, SpecError
from surrogate.evaluate import OK, answer_many
from surrogate.identity import SOURCE_CONTROLS, Identity, Sizing
from surrogate.limits import DEFAULT_LIMITS, NO_LIMITS, Limits, mark_broken_conditions
from surrogate.plantmap import ANSWERED, SOLVED, Levels
from surrogate.regressor import machine
from surrogate.solved import DESIGN_LOAD
from surrogate.tablemodel import Table

from .regressorspec import OPERATING, Operating
from .sample import Box, sobol

if TYPE_CHECKING:
    from surrogate.cycle.machine import SizedMachine

FloatArray = NDArray[np.float64]


# Below this source outlet [degC] water freezes before a solve ends.
_LEAST_OUTLET = 0.3
# The least lift of supply over source inlet, in design and off it [K].
_LEAST_LIFT = 8.0


class Sample(NamedTuple):
    """Plants, each at some operating points; arrays of shape (n,).

    Attributes
    ----------
    plant : array of int
        Number of the plant.
    sizings : list of Sizing
        The plants.
    levels : Levels
        Temperatures.
    volume_flow : array
        Relative to design.
    """

    plant: NDArray[np.intp]
    sizings: list[Sizing]
    levels: Levels
    volume_flow: FloatArray
    start: FloatArray
    """Saturation temperatures [degC] to solve from, shape (2, n)."""

    def rows(self) -> FloatArray:
        """Points for :class:`PlantJob`."""
        control = [SOURCE_CONTROLS.index(s.source_control) for s in self.sizings]
        design = np.column_stack([np.array([s[:5] for s in self.sizings]), control])
        return np.column_stack([design[self.plant], *self.levels, self.volume_flow, *self.start])

    def take(self, index: NDArray[np.intp]) -> Sample:
        """Some of the points."""
        return self._replace(
            plant=self.plant[index],
            levels=self.levels.take(index),
            volume_flow=self.volume_flow[index],
            start=self.start[:, index],
        )


def draw(
    table: Table,
    plants: int,
    points: int,
    seed: int,
    *,
    sink_glide: tuple[float, float] = (5.0, 40.0),
    source_glide: tuple[float, float] = (2.0, 15.0),
    operating: Operating = OPERATING,
) -> Sample:
    """Spread plants over all that a refrigerant can do, and points over what each can meet.

    Parameters
    ----------
    table : Table
        The refrigerant's design table; says which designs are feasible.
    plants, points : int
        Number of plants, and of points of each before those are left out
        that make no sense.
    seed : int
        Seed of the sample; another seed gives other plants.
    sink_glide, source_glide : tuple of float
        Ranges of the designs [K].
    operating : Operating
        Ranges of the operating points.
    """
    pinch = table.parameters.pinch
    box = Box(
        (DEFAULT_LIMITS.t_source_out_min, table.t_evap.high + pinch),
        source_glide,
        table.t_supply,
        sink_glide,
        table.eta_s,
    )
    designs = _feasible(table, box, plants, seed)
    sizings = [
        _sizing(designs.point(number), SOURCE_CONTROLS[number % 3 == 2]) for number in range(plants)
    ]
    low, high = np.array(operating).T
    sampler = qmc.Sobol(len(operating), rng=np.random.default_rng([seed, 1]))
    count = 1 << int(np.ceil(np.log2(plants * points)))
    moves = (low + (high - low) * sampler.random(count))[: plants * points]
    plant = np.repeat(np.arange(plants), points)
    first = designs.take(plant)
    supply = first.t_supply + moves[:, 1]
    glide = (first.t_supply - first.t_return) * moves[:, 2]
    levels = Levels(first.t_source_in + moves[:, 0], supply - glide, supply)
    everything = Sample(plant, sizings, levels, moves[:, 3], np.full((2, len(plant)), np.nan))
    sensible = everything.take(np.flatnonzero(_sensible(levels, sizings, plant)))
    return _running(table, sensible)


def _running(table: Table, sample: Sample) -> Sample:
    """Keep the points at which the balance finds a machine whose source does not freeze."""
    kept = []
    for number, sizing in enumerate(sample.sizings):
        members = np.flatnonzero(sample.plant == number)
        found = plain_balance(table, sizing).at_volume_flow(
            sample.levels.take(members), sample.volume_flow[members]
        )
        sample.start[:, members] = found.t_evap, found.t_cond
        runs = (found.code == ANSWERED) & (found.t_source_out >= _LEAST_OUTLET)
        kept.append(members[runs])
    return sample.take(np.concatenate(kept))


def plain_balance(table: Table, sizing: Sizing, limits: Limits = DEFAULT_LIMITS) -> Balance:
    """Balance of a plant, started from its design's differences: regressors need none yet."""
    from surrogate.cycle.characteristics import lines

    sized = machine(table, sizing, limits)
    if sized is None:
        raise SpecError(f"the design table has no plant of {sizing.describe()}")

    return Balance(table, sizing, sized, lines())


def _sizing(c: Conditions, source_control: str) -> Sizing:
    return Sizing(c.t_source_in, c.t_source_out, c.t_return, c.t_supply, c.eta_s, source_control)


def _feasible(table: Table, box: Box, count: int, seed: int) -> Conditions:
    """Designs that keep all limits, by the design table."""
    wanted = 4 * count
    while True:
        everything = sobol(box, wanted, seed)
        lift = everything.t_supply - everything.t_source_in
        codes, _ = answer_many(table, everything, DEFAULT_LIMITS)
        found = np.flatnonzero((codes == OK) & (lift >= _LEAST_LIFT))
        if len(found) >= count:
            return everything.take(found[:count])
        wanted *= 2


def _sensible(levels: Levels, sizings: list[Sizing], plant: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Points whose temperatures break no rule and leave a lift."""
    held = np.array([s.t_source_out if s.source_control == "outlet" else -np.inf for s in sizings])
    outlet = np.maximum(held[plant], levels.t_source_in - 1.0)
    outlet = np.where(np.isfinite(held[plant]), held[plant], outlet)
    conditions = Conditions(
        levels.t_source_in,
        np.maximum(outlet, DEFAULT_LIMITS.t_source_out_min),
        levels.t_return,
        levels.t_supply,
        np.ones(len(plant)),
        np.full(len(plant), 0.8),
    )
    codes = np.zeros(len(plant), dtype=np.int8)
    mark_broken_conditions(DEFAULT_LIMITS, conditions, codes)
    result: NDArray[np.bool_] = (codes == 0) & (levels.t_supply - levels.t_source_in >= _LEAST_LIFT)
    return result


@dataclass(frozen=True)
class PlantJob:
    """Solve operating points of plants; a row is :data:`surrogate.plantmap.SOLVED`.

    Points are those of :meth:`Sample.rows`: the design, its source control,
    then temperatures and volume flow, and where to start, if that is known.
    Points of one plant should follow one another, since each plant is designed
    anew.
    """

    identity: Identity

    @property
    def columns(self) -> int:
        """Length of a row."""
        return len(SOLVED)

    def start(self) -> Callable[[FloatArray], FloatArray]:
        """Return a solver that keeps the plant it solved last."""
        from surrogate.cycle.machine import Point

        known: dict[tuple[float, ...], SizedMachine] = {}

        def solve(row: FloatArray) -> FloatArray:
            design = tuple(float(value) for value in row[:6])
            if design not in known:
                known.clear()
                known[design] = size(self.identity, design)
            sized = known[design]
            t_source_in, t_return, t_supply, flow, *start = (float(value) for value in row[6:])
            point = Point(t_source_in, t_return, t_supply, "volume_flow", flow)
            try:
                result = sized.solve_from(point, *start) if start else sized.solve(point)
            except NotConvergedError:
                result = sized.solve(point)
            return np.array(sized.relative(result))

        return solve


def size(identity: Identity, design: tuple[float, ...]) -> SizedMachine:
    """Design a plant with TESPy.

    Raises
    ------
    NotConvergedError
        If there is no such plant.
    """
    from surrogate.cycle.design import new_model
    from surrogate.cycle.machine import SizedMachine

    t_source_in, t_source_out, t_return, t_supply, eta_s, control = design
    conditions = Conditions(t_source_in, t_source_out, t_return, t_supply, DESIGN_LOAD, eta_s)
    model = new_model(identity.topology, identity.refrigerant, identity.parameters)
    try:
        return SizedMachine(model, conditions, SOURCE_CONTROLS[round(control)], NO_LIMITS)
    except InfeasibleError as error:
        raise NotConvergedError(str(error)) from error
