"""Fresh points of plant tables and of regressors: inside, on the rims, beyond, and capacities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.generate.plantpoints import solve_held_out
from surrogate.generate.plants import Sample, plain_balance
from surrogate.generate.plantspec import PlantSpec
from surrogate.generate.regress import RegressorSpec, solve
from surrogate.identity import Identity
from surrogate.limits import DEFAULT_LIMITS, Limits, as_limits
from surrogate.plantmap import ANSWERED, Levels, Running, nothing
from surrogate.planttable import AXES, PlantTable
from surrogate.regressor import Regressor
from surrogate.tablemodel import Table

from .plantchecks import (
    RUNNING,
    MapOf,
    by_plant,
    capacity_errors,
    fall_back,
    first,
    sensible,
    solve_points,
)
from .samples import (
    BoolArray,
    FloatArray,
    Points,
    Sampled,
    Wanted,
    beyond,
    on_rims,
    refuse_seed,
)

_MOVES = ("source_change", "supply_change", "glide_ratio", "volume_flow")
# Below this source outlet [degC] water freezes before a solve ends.
_LEAST_OUTLET = 0.3


def sample_plant(table: PlantTable, wanted: Wanted) -> Sampled:
    """Solve fresh points of a plant table.

    Raises
    ------
    InputError
        If the seed is the table's own.
    """
    spec = PlantSpec.model_validate_json(table.attributes["spec"])
    refuse_seed(wanted.seed, spec.held_out.seed, table.path)
    place = wanted.place("plant", spec)
    levels, true = solve_held_out(
        spec, wanted.points, wanted.seed, place, workers=wanted.workers, console=wanted.console
    )
    sizing = spec.identity.sizing
    assert sizing is not None
    sample = Sample(
        np.zeros(len(true.code), dtype=np.intp),
        [sizing],
        levels,
        true.volume_flow,
        np.stack([true.t_evap, true.t_cond]),
    )
    low, high = np.array([tuple(span) for span in table.ranges.values()]).T
    rows = np.column_stack(
        [true.volume_flow, levels.t_source_in, levels.t_supply, levels.t_supply - levels.t_return]
    )

    def moved(places: FloatArray) -> Sample:
        flow, t_source_in, t_supply, glide = places.T
        return _without_starts(
            sample._replace(levels=Levels(t_source_in, t_supply - glide, t_supply)), flow
        )

    return _sampled(
        table,
        (sample, true),
        (moved(on_rims(rows, low, high)), moved(beyond(rows, low, high, 1, 2, 3))),
        lambda _: table,
        lambda part, _: dict(zip(AXES, _plant_places(part), strict=True)),
        _flows_freely,
        as_limits(spec.limits),
        (place, wanted),
    )


def sample_regressor(known: Regressor, table: Table, wanted: Wanted) -> Sampled:
    """Solve fresh plants, each at fresh points, for a refrigerant's regressor.

    Raises
    ------
    InputError
        If the seed is the regressor's own.
    """
    spec = RegressorSpec.model_validate_json(known.attributes["spec"])
    refuse_seed(wanted.seed, spec.seed, known.path)
    place = wanted.place("regressor", spec)
    # A third of the points makes no sense and is left out again.
    fewer = spec.model_copy(update={"plants": max(3 * wanted.points // (2 * spec.points), 4)})
    solved = solve(fewer, table, wanted.seed, place, workers=wanted.workers, console=wanted.console)
    sample = solved.sample
    low, high = np.array(spec.operating, dtype=np.float64).T
    rows = np.column_stack(list(_moves(sample).values()))

    def moved(places: FloatArray) -> Sample:
        return _without_starts(
            sample._replace(levels=_levels(sample, places)), np.array(places[:, 3])
        )

    return _sampled(
        known,
        (sample, solved.running),
        (moved(on_rims(rows, low, high)), moved(beyond(rows, low, high, 0, 1, 2))),
        lambda sizing: known.plant(table, sizing),
        lambda part, true: {**_moves(part), **_designs(part)},
        lambda part: _flows_by_balance(part, table),
        DEFAULT_LIMITS,
        (place, wanted),
    )


def _sampled(
    file: Any,
    inside: tuple[Sample, Running],
    moved: tuple[Sample, Sample],
    map_of: MapOf,
    coordinates: Callable[[Sample, Running], dict[str, FloatArray]],
    flows: Callable[[Sample], BoolArray],
    limits: Limits,
    work: tuple[Path, Wanted],
) -> Sampled:
    """Solve what is moved onto the rims and beyond, and set all of it against the file."""
    place, wanted = work
    identity = file.identity
    sample, true = inside

    def points(part: Sample, running: Running) -> Points:
        return _points(identity, part, running, map_of, coordinates(part, running))

    rim = first(moved[0], sensible(moved[0]) & flows(moved[0]), wanted.edge)
    rim_true = solve_points(identity, rim, place, "rims", wanted)
    slower = moved[1]._replace(volume_flow=np.clip(moved[1].volume_flow, *RUNNING))
    far = first(slower, sensible(slower) & flows(slower), wanted.outside)
    far_true = solve_points(identity, far, place, "outside", wanted)
    return Sampled(
        path=file.path,
        identity=identity,
        file=file,
        inside=points(sample, true),
        edge=points(rim, rim_true),
        capacity=capacity_errors(identity, sample, map_of, limits, work),
        fall_back=fall_back(identity, far, far_true, map_of),
        plants=len(np.unique(sample.plant)),
    )


def _without_starts(sample: Sample, flow: FloatArray) -> Sample:
    return sample._replace(volume_flow=flow, start=np.full_like(sample.start, np.nan))


def _moves(sample: Sample) -> dict[str, FloatArray]:
    """How far each point lies from its plant's design."""
    design = np.array([s[:4] for s in sample.sizings])[sample.plant]
    t_source_in, t_return, t_supply = sample.levels
    glide = (t_supply - t_return) / (design[:, 3] - design[:, 2])
    values = (t_source_in - design[:, 0], t_supply - design[:, 3], glide, sample.volume_flow)
    return dict(zip(_MOVES, values, strict=True))


def _levels(sample: Sample, moves: FloatArray) -> Levels:
    """Temperatures of plants that are moved from their designs."""
    design = np.array([s[:4] for s in sample.sizings])[sample.plant]
    t_supply = design[:, 3] + moves[:, 1]
    glide = (design[:, 3] - design[:, 2]) * moves[:, 2]
    return Levels(design[:, 0] + moves[:, 0], t_supply - glide, t_supply)


def _designs(sample: Sample) -> dict[str, FloatArray]:
    """Designs of the points' plants, as far as they tell where a point lies."""
    design = np.array([s[:5] for s in sample.sizings])[sample.plant]
    names = ("t_source_in", "source_glide", "t_supply", "sink_glide", "eta_s")
    values = (design[:, 0], design[:, 0] - design[:, 1], design[:, 3], design[:, 3] - design[:, 2])
    return {
        f"{name}_design": column
        for name, column in zip(names, (*values, design[:, 4]), strict=True)
    }


def _plant_places(sample: Sample) -> tuple[FloatArray, ...]:
    t_source_in, t_return, t_supply = sample.levels
    return sample.volume_flow, t_source_in, t_supply, t_supply - t_return


def _flows_freely(sample: Sample) -> BoolArray:
    """Points whose source does not freeze, as far as the design's heat balance tells."""
    sizing = sample.sizings[0]
    if sizing.source_control == "outlet":
        return np.ones(len(sample.plant), dtype=np.bool_)
    change = sample.levels.t_source_in - sizing.t_source_in
    # Heat taken follows the suction gas, and that thickens by 3 to 4 % a kelvin.
    taken = sample.volume_flow * np.exp(0.035 * change)
    drop = (sizing.t_source_in - sizing.t_source_out) * taken
    result: BoolArray = sample.levels.t_source_in - drop >= _LEAST_OUTLET
    return result


def _flows_by_balance(sample: Sample, table: Table) -> BoolArray:
    """Points at which a balance without any regressor finds a machine that does not freeze."""
    result = np.zeros(len(sample.plant), dtype=np.bool_)
    for number, sizing in enumerate(sample.sizings):
        members = np.flatnonzero(sample.plant == number)
        found = plain_balance(table, sizing).at_volume_flow(
            sample.levels.take(members), sample.volume_flow[members]
        )
        result[members] = (found.code == ANSWERED) & (found.t_source_out >= _LEAST_OUTLET)
    return result


def _points(
    identity: Identity,
    sample: Sample,
    true: Running,
    map_of: MapOf,
    coordinates: dict[str, FloatArray],
) -> Points:
    """Set a file against full solves: at the same volume flows, and at the same heat loads."""
    said, asked = nothing(len(true.code)), nothing(len(true.code))
    for sizing, members in by_plant(sample):
        plant_map = map_of(sizing)
        solved = members[true.code[members] == ANSWERED]
        if plant_map is None or len(solved) == 0:
            continue
        levels, flow = sample.levels.take(solved), true.volume_flow[solved]
        said.put(solved, plant_map.at_volume_flow(levels, flow))
        asked.put(solved, plant_map.at_load(levels, true.load[solved], flow))
    solved = true.code == ANSWERED
    answered = solved & (said.code == ANSWERED)
    t_source_in, t_return, t_supply = sample.levels

    def error(found: FloatArray, expected: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore"):
            return np.where(answered, found / expected - 1.0, np.nan)

    state = {name: getattr(true, name) for name in _STATES}
    return Points(
        coordinates=coordinates,
        water=(t_source_in, true.t_source_out, t_return, t_supply),
        true={**state, "pressure_ratio": true.p_cond / true.p_evap},
        solved=solved,
        answered=answered,
        errors={
            "cop": error(said.cop, true.cop),
            # At the same heat load the power errs by what the COP there errs the other way.
            "power": error(true.cop, asked.cop),
            "load": error(said.load, true.load),
        },
        bound=said.error,
        group=sample.plant if identity.kind == "regressor" else np.arange(len(solved)),
        unconverged=int((~solved).sum()),
    )


_STATES = (
    "cop", "load", "t_evap", "t_cond", "t_discharge", "t_source_out", "superheat",
    "discharge_superheat", "eta_s",
)  # fmt: skip
