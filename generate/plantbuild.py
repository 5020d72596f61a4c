"""From a plant's spec to its table: the whole way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from surrogate import fluids, planttable
from surrogate.errors import NotConvergedError, SpecError
from surrogate.identity import Identity
from surrogate.limits import DEFAULT_LIMITS
from surrogate.pinch import Water
from surrogate.plantmap import ANSWERED, SOLVED, Levels, Running
from surrogate.planttable import AXES, OUTPUTS, PlantTable
from surrogate.tablemodel import Regions
from surrogate.topology import BRANCHES
from surrogate.units import KELVIN

from . import sweep
from .build import fit_splines
from .held_out import bound_regions
from .holes import fill
from .judged import Judged, compare, running_from
from .netcdf import common_attributes, now, write_checked
from .plantpoints import solve_held_out, source_outlets
from .plants import size
from .plantspec import PlantSpec
from .water import excess_factors

if TYPE_CHECKING:
    from surrogate.cycle.machine import SizedMachine

FloatArray = NDArray[np.float64]

_FLOW_REGIONS, _SOURCE_REGIONS = 3, 3
# Water of this outlet temperature [degC] still solves; what would be colder is taken as frozen.
_COLDEST_OUTLET = 0.2


class MadePlant(NamedTuple):
    """A finished plant table with what it cost and what it is worth."""

    path: Path
    table: PlantTable
    judged: Judged
    solves: int


@dataclass(frozen=True)
class PlantNodeJob:
    """Solve nodes of a plant's grid, given as branch and the four coordinates.

    A row is :data:`surrogate.plantmap.SOLVED`.
    """

    identity: Identity
    design: tuple[float, ...]

    @property
    def columns(self) -> int:
        """Length of a row."""
        return len(SOLVED)

    def start(self) -> Callable[[FloatArray], FloatArray]:
        """Design the plant and return its solver."""
        machine = size(self.identity, self.design)

        def solve(node: FloatArray) -> FloatArray:
            branch, *place = (float(value) for value in node)
            return np.array(solve_node(machine, BRANCHES[round(branch)], place))

        return solve


def solve_node(machine: SizedMachine, branch: str, place: list[float]) -> tuple[float, ...]:
    """Solve one node from the solution before, or else from an estimate.

    Raises
    ------
    NotConvergedError
        If neither leads anywhere.
    """
    from surrogate.cycle.machine import Point

    flow, t_source_in, t_supply, glide = place
    point = Point(t_source_in, t_supply - glide, t_supply, "volume_flow", flow)
    try:
        return machine.relative(machine.solve_branch(point, branch, near=True))
    except NotConvergedError:
        return machine.relative(machine.solve_branch(point, branch, near=False))


def make_plant(
    spec: PlantSpec,
    folder: Path,
    *,
    workers: int | None = None,
    console: Console | None = None,
    work: Path | None = None,
) -> MadePlant:
    """Generate a plant table: sweep, fit, measure the error, write.

    Parameters
    ----------
    spec : PlantSpec
        What to make.
    folder : Path
        Where the table goes; its name follows from the plant.
    workers : int, optional
        Processes; one for each core by default. The numbers do not depend on it.
    console : Console, optional
        Where progress is shown; nowhere by default.
    work : Path, optional
        Where unfinished work is kept, ``folder/.work`` by default.

    Raises
    ------
    SpecError
        If the plant's design is not feasible.
    """
    workers = workers or sweep.default_workers()
    place = (work or folder / ".work") / f"plant-{sweep.work_name(spec)}"
    try:
        size(spec.identity, spec.row())
    except NotConvergedError as error:
        raise SpecError(f"the plant's design is not feasible: {error}") from error
    arrays, attributes = _content(spec, place, workers, console)
    draft = place / "draft.nc"
    infinite = Regions(np.array([0.0, 2.0]), np.array([-100.0, 400.0]), np.array([[np.inf]]))
    _write(draft, arrays, attributes, infinite, None)
    seed, points = spec.held_out.seed, spec.held_out.points
    levels, true = solve_held_out(spec, points, seed, place, workers=workers, console=console)
    table = planttable.read(draft)
    said = table.at_volume_flow(levels, true.volume_flow)
    bounds = _regions(said, true, levels, table)
    _write(draft, arrays, attributes, bounds, None)
    said = planttable.read(draft).at_volume_flow(levels, true.volume_flow)
    judged = compare(said, true)
    path = folder / spec.identity.file_name
    _write(path, arrays, attributes, bounds, judged)
    shutil.rmtree(place)
    solves = arrays["status"][1].size + len(true.code)
    return MadePlant(path, planttable.read(path, spec.identity), judged, solves)


def _content(
    spec: PlantSpec, place: Path, workers: int, console: Console | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Solve the nodes of all branches that are needed, and fit their splines."""
    axes = spec.nodes()
    values, status = [], []
    for branch, name in enumerate(BRANCHES):
        running, flags = _solve_branch(spec, branch, name, axes, place, workers, console)
        values.append(_outputs(spec, running).reshape(*flags.shape, -1))
        status.append(flags)
        needed = spec.identity.parameters.min_discharge_superheat
        solved = running.code == ANSWERED
        if not (running.discharge_superheat[solved] < needed).any():
            break
    filled = [fill(v, f == planttable.SOLVED) for v, f in zip(values, status, strict=True)]
    branches = BRANCHES[: len(filled)]
    usable = np.stack(status) == planttable.SOLVED
    arrays: dict[str, Any] = {
        name: (name, axis, {"units": unit, "long_name": long_name})
        for (name, (unit, long_name)), axis in zip(AXES.items(), axes, strict=True)
    }
    arrays["branch"] = ("branch", np.array(branches), {"long_name": "where superheat is set"})
    arrays["status"] = (
        ("branch", *AXES),
        np.stack(status),
        {
            "long_name": "status of the node",
            "flag_values": np.array(
                [planttable.SOLVED, planttable.FROZEN, planttable.UNSOLVED], dtype=np.int8
            ),
            "flag_meanings": "solved source_would_freeze not_solved",
        },
    )
    for number, (name, (unit, long_name)) in enumerate(OUTPUTS.items()):
        if name in AXES:
            continue
        arrays[name] = (
            ("branch", *AXES),
            np.where(usable, np.stack(filled)[..., number], np.nan).astype(np.float32),
            {"units": unit, "long_name": long_name, "ancillary_variables": "status"},
        )
    columns = [f"{branch}.{name}" for branch in branches for name in OUTPUTS]
    arrays["column"] = ("column", np.array(columns), {"long_name": "branch and output"})
    arrays["coefficients"] = (
        (*(f"{name}_coefficient" for name in AXES), "column"),
        fit_splines(axes, np.concatenate(filled, axis=-1)),
        {"units": "1", "long_name": "B-spline coefficients on not-a-knot knots"},
    )
    water = excess_factors(spec.identity.parameters.p_source, DEFAULT_LIMITS.t_source_in_max)
    arrays["water_excess"] = (
        "power",
        water,
        {"units": "K", "long_name": "factors of h / (4190 J/(kg K)) - T of source water"},
    )
    return arrays, _attributes(spec, Water(tuple(water.tolist())))


def _attributes(spec: PlantSpec, water: Water) -> dict[str, Any]:
    identity = spec.identity
    sizing = identity.sizing
    assert sizing is not None
    design = size(identity, spec.row()).design
    drop = water.enthalpy(sizing.t_source_in) - water.enthalpy(sizing.t_source_out)
    attributes = common_attributes(
        identity,
        f"Off-design map of a {identity.topology} plant with {identity.refrigerant}, "
        f"{sizing.describe()}",
        now(),
    )
    return attributes | {
        "name": spec.name,
        "sizing": json.dumps(sizing._asdict()),
        "spec": spec.model_dump_json(),
        "design_cop": design.cop,
        "source_flow": design.heat_source / design.heat_load / float(drop),
        "t_critical": fluids.t_critical(identity.refrigerant),
        "t_triple": fluids.t_lowest(identity.refrigerant),
    }


def _solve_branch(
    spec: PlantSpec,
    branch: int,
    name: str,
    axes: tuple[FloatArray, ...],
    place: Path,
    workers: int,
    console: Console | None,
) -> tuple[Running, NDArray[np.int8]]:
    """Solve one branch's grid: its nodes in the order of the grid, and their status."""
    shape = tuple(len(axis) for axis in axes)
    frozen = _frozen(spec, axes)
    plane = sweep.snake(shape[1], shape[0])
    chunks, places = [], []
    for supply, glide in np.ndindex(shape[2:]):
        index = np.column_stack(
            [plane[:, 1], plane[:, 0], *(np.full(len(plane), n) for n in (supply, glide))]
        )
        index = index[~frozen[tuple(index.T)]]
        columns = [axis[n] for axis, n in zip(axes, index.T, strict=True)]
        chunks.append(np.column_stack([np.full(len(index), float(branch)), *columns]))
        places.append(np.ravel_multi_index(tuple(index.T), shape))
    done = sweep.run(
        PlantNodeJob(spec.identity, spec.row()),
        chunks,
        place,
        label=f"{spec.refrigerant} plant, {name}",
        workers=workers,
        console=console,
    )
    rows = np.full((frozen.size, len(SOLVED)), np.nan)
    found = np.zeros(frozen.size, dtype=np.bool_)
    for (part, flags), where in zip(done, places, strict=True):
        rows[where], found[where] = part, flags
    running = running_from(rows, found)
    unsolved = np.where(frozen.ravel(), planttable.FROZEN, planttable.UNSOLVED)
    status = np.where(found, planttable.SOLVED, unsolved)
    return running, status.reshape(shape).astype(np.int8)


def _frozen(spec: PlantSpec, axes: tuple[FloatArray, ...]) -> NDArray[np.bool_]:
    """Nodes whose source would freeze, shape of the grid: they cannot be solved."""
    flow, t_source_in, t_supply, glide = np.meshgrid(*axes, indexing="ij")
    levels = Levels(t_source_in.ravel(), (t_supply - glide).ravel(), t_supply.ravel())
    outlet = source_outlets(spec, levels, flow.ravel())
    result: NDArray[np.bool_] = (outlet < _COLDEST_OUTLET).reshape(flow.shape)
    return result


def _outputs(spec: PlantSpec, running: Running) -> FloatArray:
    """What a node holds, in the order of :data:`surrogate.planttable.OUTPUTS`."""
    motor = spec.identity.parameters.motor_efficiency
    carnot = (running.t_evap + KELVIN) / (running.t_cond - running.t_evap)
    values = {
        "load_per_flow": running.load / running.volume_flow,
        "quality": (running.cop / motor - 1.0) / (running.eta_s * carnot),
        "log_p_evap": np.log(running.p_evap),
        "log_p_cond": np.log(running.p_cond),
        "mass_per_flow": running.mass_flow / running.volume_flow,
    }
    same = {name: getattr(running, name) for name in OUTPUTS if name not in values}
    return np.column_stack([{**values, **same}[name] for name in OUTPUTS])


def _regions(said: Running, true: Running, levels: Levels, table: PlantTable) -> Regions:
    both = (said.code == ANSWERED) & (true.code == ANSWERED)
    ranges = table.ranges
    return bound_regions(
        (said.cop / true.cop - 1.0)[both],
        (true.volume_flow[both], *ranges["volume_flow"], _FLOW_REGIONS),
        (levels.t_source_in[both], *ranges["t_source_in"], _SOURCE_REGIONS),
    )


def _write(
    path: Path,
    arrays: dict[str, Any],
    attributes: dict[str, Any],
    bounds: Regions,
    judged: Judged | None,
) -> None:
    edges = {"volume_flow": bounds.row_edges, "t_source_in": bounds.column_edges}
    full = arrays | {
        "error": (
            ("error_volume_flow", "error_t_source_in"),
            bounds.half_width,
            {
                "units": "1",
                "long_name": "relative error of the COP that 95 % of held-out solves in "
                "the region stay within",
            },
        )
    }
    for name, values in edges.items():
        full[f"error_{name}_edges"] = (
            f"error_{name}_edge",
            values,
            {"units": AXES[name][0], "long_name": f"edges of the regions in {name}"},
        )
    said = {} if judged is None else judged.attributes()
    write_checked(path, full, attributes | said)
