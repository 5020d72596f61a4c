"""What plants can do at most, and what the library says of them beyond a file, by full solves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surrogate import limits as limits_module
from surrogate.conditions import Conditions, Container, Operation
from surrogate.errors import SpecError
from surrogate.generate import sweep
from surrogate.generate.judged import running_from
from surrogate.generate.plants import PlantJob, Sample
from surrogate.identity import SOURCE_CONTROLS, Identity, Sizing
from surrogate.limits import DEFAULT_LIMITS, Limits
from surrogate.operate import reach, state_of
from surrogate.plantestimate import PlantEstimate
from surrogate.plantmap import ANSWERED, Levels, PlantMap, Running
from surrogate.plantquery import PlantRequest, answer
from surrogate.solved import DESIGN_LOAD, SolvedMap

from .samples import BoolArray, FallBack, FloatArray, Wanted

MapOf = Callable[[Sizing], PlantMap | None]
"""A plant's map by a file, or None where the file has none."""

RUNNING = (0.55, 0.95)
"""Relative volume flows at which plants run beyond a file: neither cycling nor at capacity."""

_CHUNK = 30


@dataclass(frozen=True)
class CapacityJob:
    """Find capacities by full solves alone; a row is the capacity over the design's load [1].

    Points are those of :class:`PlantJob`, of which the volume flow is not
    looked at. A row is NaN where solves come to no end.
    """

    identity: Identity
    limits: Limits

    @property
    def columns(self) -> int:
        """Length of a row."""
        return 1

    def start(self) -> Callable[[FloatArray], FloatArray]:
        """Return a solver that keeps the plant it solved last."""
        known: dict[tuple[float, ...], SolvedMap] = {}

        def find(row: FloatArray) -> FloatArray:
            design = tuple(float(value) for value in row[:6])
            if design not in known:
                known.clear()
                sizing = _sizing(design)
                known[design] = SolvedMap(self.identity._replace(kind="plant", sizing=sizing))
            levels = Levels(*(np.array([value]) for value in row[6:9]))
            found = reach(known[design], levels, self.limits)
            return np.where(found.code == ANSWERED, found.capacity, np.nan)

        return find


def _sizing(design: tuple[float, ...]) -> Sizing:
    t_source_in, t_source_out, t_return, t_supply, eta_s, control = design
    held = SOURCE_CONTROLS[round(control)]
    return Sizing(t_source_in, t_source_out, t_return, t_supply, eta_s, held)


def sensible(sample: Sample) -> BoolArray:
    """Points whose temperatures break no rule."""
    result = np.zeros(len(sample.plant), dtype=np.bool_)
    levels = sample.levels
    for number, sizing in enumerate(sample.sizings):
        members = np.flatnonzero(sample.plant == number)
        held = sizing.source_control == "outlet"
        t_source_in, t_return, t_supply = levels.take(members)
        outlet = np.full(len(members), sizing.t_source_out) if held else t_source_in
        conditions = Conditions(
            t_source_in, outlet, t_return, t_supply, np.ones(len(members)), sizing.eta_s
        )
        codes = np.zeros(len(members), dtype=np.int8)
        limits_module.mark_broken_operations(
            DEFAULT_LIMITS, conditions, codes, sizing.source_control
        )
        result[members] = codes == 0
    return result


def first(sample: Sample, keep: BoolArray, count: int) -> Sample:
    """As many of the points to keep as are wanted, evenly from the whole sample."""
    members = np.flatnonzero(keep)
    if len(members) == 0:
        raise SpecError("no point on the rims, or none beyond them, can be run; ask for more")
    chosen = members[np.unique(np.linspace(0, len(members) - 1, count).round().astype(np.intp))]
    return sample.take(chosen)


def solve_points(
    identity: Identity, sample: Sample, place: Path, label: str, wanted: Wanted
) -> Running:
    """Solve points in full, from no start but TESPy's own estimate."""
    rows = sample.rows()[:, :-2]
    done = sweep.run(
        PlantJob(identity),
        _chunks(rows),
        place,
        label=f"{identity.refrigerant} {identity.kind} {label}",
        workers=wanted.workers,
        console=wanted.console,
    )
    result: Running = running_from(*(np.concatenate(part) for part in zip(*done, strict=True)))
    return result


def _chunks(rows: FloatArray) -> list[FloatArray]:
    return [rows[n : n + _CHUNK] for n in range(0, len(rows), _CHUNK)]


def by_plant(sample: Sample) -> list[tuple[Sizing, NDArray[np.intp]]]:
    """Plants of a sample, each with its points."""
    found = [
        (sizing, np.flatnonzero(sample.plant == number))
        for number, sizing in enumerate(sample.sizings)
    ]
    return [(sizing, members) for sizing, members in found if len(members)]


def capacity_errors(
    identity: Identity, sample: Sample, map_of: MapOf, limits: Limits, work: tuple[Path, Wanted]
) -> FloatArray:
    """Signed relative errors of the capacity, where both ways know it."""
    place, wanted = work
    part = first(sample, sensible(sample), wanted.capacity)
    done = sweep.run(
        CapacityJob(identity, limits),
        _chunks(part.rows()[:, :-2]),
        place,
        label=f"{identity.refrigerant} {identity.kind} capacity",
        workers=wanted.workers,
        console=wanted.console,
    )
    true = np.concatenate([rows[:, 0] for rows, _ in done])
    said = np.full(len(true), np.nan)
    for sizing, members in by_plant(part):
        plant_map = map_of(sizing)
        if plant_map is not None:
            far = reach(plant_map, part.levels.take(members), limits)
            said[members] = np.where(far.code == ANSWERED, far.capacity, np.nan)
    # Where only one of both says that nothing can be delivered, the error is the whole capacity.
    known = np.isfinite(true) & np.isfinite(said) & ((true > 0.0) | (said > 0.0))
    result: FloatArray = np.where(true > 0.0, said / np.where(true > 0.0, true, 1.0) - 1.0, 1.0)
    kept: FloatArray = result[known]
    return kept


def fall_back(identity: Identity, sample: Sample, true: Running, map_of: MapOf) -> FallBack:
    """Ask for the heat loads that solves at given volume flows found outside the file."""
    keeps = _within_limits(identity, true)
    count, elsewhere, largest = 0, 0, 0.0
    for sizing, everyone in by_plant(sample):
        members = everyone[keeps[everyone]]
        if len(members) == 0:
            continue
        est = _asked(identity, sizing, sample.levels.take(members), true.load[members], map_of)
        right = (est.status == "ok") & (est.origin == "solve")
        count += len(members)
        elsewhere += int((~right).sum())
        difference = np.abs(est.cop / true.cop[members] - 1.0)[right]
        largest = max(largest, float(difference.max(initial=0.0)))
    return FallBack(count, elsewhere, count - elsewhere, largest)


def _within_limits(identity: Identity, true: Running) -> BoolArray:
    """Solved points whose machine keeps all limits."""
    solved = SolvedMap(identity)
    state = state_of(solved, true)
    codes = np.zeros(len(true.code), dtype=np.int8)
    with np.errstate(invalid="ignore"):
        limits_module.mark_broken_plants(DEFAULT_LIMITS, state, codes)
    result: BoolArray = (true.code == ANSWERED) & (codes == 0)
    return result


def _asked(
    identity: Identity, sizing: Sizing, levels: Levels, load: FloatArray, map_of: MapOf
) -> PlantEstimate:
    """What the library says where it has this file and full solves, and nothing else."""
    plant = identity._replace(kind="plant", sizing=sizing)
    maps: dict[str, Callable[[], PlantMap | None]] = {
        "table": lambda: map_of(sizing),
        "solve": lambda: SolvedMap(plant),
    }
    request = PlantRequest(plant, maps, DESIGN_LOAD, 1.0, DEFAULT_LIMITS, "solve", len(load))
    asked = Operation(*levels, load * DESIGN_LOAD)
    return answer(request, asked, Container((len(load),), "numpy"))
