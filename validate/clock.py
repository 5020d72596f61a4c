"""Speed side by side: what a file takes for its answers, and what full solves take."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.conditions import Conditions, Container, Operation
from surrogate.cycle.design import new_model, solve_conditions
from surrogate.heatpump import HeatPump
from surrogate.identity import Identity, Sizing
from surrogate.limits import DEFAULT_LIMITS
from surrogate.plantmap import PlantMap
from surrogate.plantquery import PlantRequest, answer
from surrogate.regressor import Regressor
from surrogate.solved import DESIGN_LOAD, SolvedMap
from surrogate.tablemodel import Table

from .samples import Sampled

FloatArray = NDArray[np.float64]

HOURS = 8760
"""Hours of a year."""

_REPEATS, _CALLS = 7, 500
_YEARS, _SOLVED_HOURS = 3, 3
# A plant that all refrigerants can be.
_USUAL = Sizing(20.0, 15.0, 35.0, 55.0, 0.8)


class Timing(NamedTuple):
    """One comparison, medians of the same run [s].

    Attributes
    ----------
    task : str
        What is answered.
    surrogate, solve : float
        Time by the file, and by full solves [s].
    extrapolated : bool
        Whether only some of the full solves were made.
    """

    task: str
    surrogate: float
    solve: float
    extrapolated: bool

    @property
    def times(self) -> float:
        """How many times faster the file is."""
        return self.solve / self.surrogate


def side_by_side(
    sampled: Sampled, regressor: Regressor | None, table: Table | None
) -> list[Timing]:
    """Time a file against full solves.

    Parameters
    ----------
    sampled : Sampled
        The file.
    regressor : Regressor or None
        Of the same refrigerant, to time beside a plant table.
    table : Table or None
        The design table that the regressor stands on.
    """
    kind = sampled.identity.kind
    if kind == "design":
        return _design(sampled)
    if kind == "plant":
        sizing = sampled.identity.sizing
        assert sizing is not None
        maps: dict[str, PlantMap | None] = {"its table": sampled.file}
        if regressor is not None and table is not None:
            maps["the regressor"] = regressor.plant(table, sizing)
        return years(sampled.identity, sizing, maps)
    assert table is not None
    return years(sampled.identity, _USUAL, {"the regressor": sampled.file.plant(table, _USUAL)})


def _design(sampled: Sampled) -> list[Timing]:
    """One point by one call, and by one solve; at several points each."""
    _, topology, refrigerant, parameters, _ = sampled.identity
    pump = HeatPump(refrigerant, topology=topology, tables=sampled.path, **parameters.to_dict())
    members = np.flatnonzero(sampled.inside.answered)[:_REPEATS]
    if len(members) == 0:
        return []
    water, eta_s = sampled.inside.water, sampled.inside.true["eta_s"]
    points = [
        Conditions(*water, np.full(len(eta_s), DESIGN_LOAD), eta_s).point(int(n)) for n in members
    ]
    model = new_model(topology, refrigerant, parameters)
    solve_conditions(model, points[0])
    table = [_seconds(partial(pump.design, **p._asdict()), _CALLS) for p in points]
    solve = [_seconds(partial(solve_conditions, model, p), 1) for p in points]
    return [Timing("one design point", statistics.median(table), statistics.median(solve), False)]


def years(
    identity: Identity,
    sizing: Sizing,
    maps: Mapping[str, PlantMap | None],
    repeats: int = _YEARS,
) -> list[Timing]:
    """Time a year of hours by each map of a plant, and full solves of some of them.

    Parameters
    ----------
    identity : Identity
        Refrigerant and parameters.
    sizing : Sizing
        The plant.
    maps : mapping
        Its maps by name; None is left out.
    repeats : int
        Years of which the median is taken.
    """
    plant = identity._replace(kind="plant", sizing=sizing)
    hours = year(sizing)
    solved = SolvedMap(plant)
    # The plant is designed, and TESPy loaded, before the clock runs.
    _answered(plant, solved, hours.take(np.array([0])))
    some = np.linspace(0, HOURS - 1, _SOLVED_HOURS + 2).astype(np.intp)[1:-1]
    each = [_seconds(partial(_answered, plant, solved, hours.take(np.array([n]))), 1) for n in some]
    solve = HOURS * statistics.median(each)
    found = []
    for name, plant_map in maps.items():
        if plant_map is not None:
            times = [
                _seconds(partial(_answered, plant, plant_map, hours), 1) for _ in range(repeats)
            ]
            found.append(
                Timing(f"a year of {HOURS} h by {name}", statistics.median(times), solve, True)
            )
    return found


def year(sizing: Sizing) -> Operation:
    """Return a made-up year about a design: cold source, warm supply, much heat in winter.

    Parameters
    ----------
    sizing : Sizing
        The plant; its heat load is the one of tables.
    """
    hour = np.arange(HOURS)
    winter = 0.5 + 0.5 * np.cos(2.0 * np.pi * hour / HOURS)
    day = 0.1 * np.sin(2.0 * np.pi * hour / 24.0)
    t_source_in = sizing.t_source_in + 4.0 * (1.0 - winter) + 5.0 * day
    t_supply = sizing.t_supply - 8.0 * (1.0 - winter)
    glide = (sizing.t_supply - sizing.t_return) * (0.7 + 0.2 * winter)
    load = DESIGN_LOAD * np.clip(0.25 + 0.6 * winter + day, 0.1, 0.9)
    return Operation(t_source_in, t_supply - glide, t_supply, load)


def _answered(plant: Identity, plant_map: PlantMap, points: Operation) -> None:
    count = len(points.heat_load)
    maps: dict[str, Callable[[], PlantMap | None]] = {"table": lambda: plant_map}
    if isinstance(plant_map, SolvedMap):
        maps = {"solve": lambda: plant_map}
    request = PlantRequest(plant, maps, DESIGN_LOAD, 1.0, DEFAULT_LIMITS, "nan", count)
    if "solve" in maps:
        request = request._replace(outside="solve")
    answer(request, points, Container((count,), "numpy"))


def _seconds(call: Callable[[], object], number: int) -> float:
    """Seconds of one call; the first of many is not counted, where there are many."""
    if number > 1:
        call()
    return timeit.timeit(call, number=number) / number
