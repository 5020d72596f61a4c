"""From a spec to a table: the whole way."""

from __future__ import annotations

import contextlib
import math
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.interpolate import make_interp_spline

from surrogate import fluids
from surrogate.limits import DEFAULT_LIMITS
from surrogate.table import NOT_CONVERGED, UNUSABLE, USABLE, read
from surrogate.tablemodel import Guess, Regions, Table
from surrogate.topology import BRANCHES, OUTPUTS, Output

from . import held_out, nodes, sweep
from .holes import fill
from .netcdf import now
from .sample import Box
from .spec import DesignSpec
from .water import excess_factors
from .write import Content, write

FloatArray = NDArray[np.float64]

_GLIDES = ("condenser_glide", "evaporator_glide")
# A glide that is rounding noise everywhere marks a pure fluid [K].
_NO_GLIDE = 1e-6
# Where machines run, with some room beyond the default limits, and what the rest counts.
_PRESSURE_RATIO, _T_DISCHARGE, _ELSEWHERE = 13.0, 190.0, 0.05


class Made(NamedTuple):
    """A finished table with what it cost and what it is worth."""

    path: Path
    table: Table
    summary: held_out.Summary
    solves: int


def make_table(
    spec: DesignSpec,
    folder: Path,
    *,
    workers: int | None = None,
    console: Console | None = None,
    work: Path | None = None,
) -> Made:
    """Generate a design table: sweep, fit, measure the error, write.

    Parameters
    ----------
    spec : DesignSpec
        What to make.
    folder : Path
        Where the table goes; its name follows from what it is a table of.
    workers : int, optional
        Processes; one for each core by default. The numbers do not depend on it.
    console : Console, optional
        Where progress is shown; nowhere by default.
    work : Path, optional
        Where unfinished work is kept, ``folder/.work`` by default. An
        interrupted run goes on from there; a finished one clears up.

    Returns
    -------
    Made
        The table and its error.
    """
    workers = workers or sweep.default_workers()
    place = (work or folder / ".work") / sweep.work_name(spec)
    content = solve_nodes(spec, place, workers=workers, console=console)
    draft_path = place / "draft.nc"
    write(draft_path, content)
    draft = read(draft_path)
    solved = held_out.solve_feasible(
        spec.identity,
        box(spec),
        spec.held_out.points,
        spec.held_out.seed,
        place,
        workers=workers,
        console=console,
    )
    comparison = held_out.compare(draft, solved)
    bounds = held_out.regions(draft, comparison)
    content = content._replace(regions=bounds)
    write(draft_path, content)
    comparison = held_out.compare(read(draft_path), solved)
    summary = held_out.summarise(comparison)
    path = folder / spec.identity.file_name
    write(path, content._replace(summary=summary))
    solves = len(solved.codes) + content.status.size
    shutil.rmtree(place)
    # The folder above goes too, unless another run works there.
    with contextlib.suppress(OSError):
        place.parent.rmdir()
    return Made(path, read(path, spec.identity), summary, solves)


def box(spec: DesignSpec) -> Box:
    """Conditions that a table of this spec is meant to answer."""
    pinch = spec.machine.pinch
    return Box(
        (0.5, spec.t_evap.high + pinch),
        spec.domain.source_glide,
        spec.domain.t_supply,
        spec.domain.sink_glide,
        (spec.eta_s.low, spec.eta_s.high),
    )


def solve_nodes(spec: DesignSpec, place: Path, *, workers: int, console: Console | None) -> Content:
    """Solve a table's nodes and fit its splines; its error is still unknown."""
    axes = spec.nodes()
    shape = tuple(len(axis) for axis in axes)
    values, status = [], []
    for branch, name in enumerate(BRANCHES):
        found, flags = _solve_branch(spec, branch, name, shape, place, workers, console)
        values.append(found)
        status.append(flags)
        if branch == 0 and not _needs_raising(spec, found, flags):
            break
    glides = max(
        float(np.nanmax(np.abs(v[..., _places(_GLIDES)][f == USABLE])))
        for v, f in zip(values, status, strict=True)
    )
    outputs = [o for o in OUTPUTS if glides > _NO_GLIDE or o.name not in _GLIDES]
    kept = _places(tuple(output.name for output in outputs))
    filled = np.stack(
        [fill(v[..., kept], f == USABLE) for v, f in zip(values, status, strict=True)]
    )
    return Content(
        spec=spec,
        axes=axes,
        outputs=tuple(outputs),
        values=filled,
        status=np.stack(status),
        coefficients=fit_splines(axes, np.concatenate(list(filled), axis=-1)),
        guess=_guesses(spec, axes, outputs, filled, np.stack(status)),
        water_excess=np.array(
            [
                excess_factors(spec.machine.p_source, DEFAULT_LIMITS.t_source_in_max),
                excess_factors(spec.machine.p_sink, spec.domain.t_supply[1]),
            ]
        ),
        t_critical=fluids.t_critical(spec.refrigerant),
        t_triple=fluids.t_lowest(spec.refrigerant),
        regions=Regions(
            np.array([0.0, 1.0]),
            np.array([spec.t_evap.low, spec.t_evap.high]),
            np.array([[np.inf]]),
        ),
        summary=None,
        made=now(),
    )


def _solve_branch(
    spec: DesignSpec,
    branch: int,
    name: str,
    shape: tuple[int, ...],
    place: Path,
    workers: int,
    console: Console | None,
) -> tuple[FloatArray, NDArray[np.int8]]:
    """Solve one branch's grid; values of shape (*grid, outputs) and a status for each node."""
    chunks, places = nodes.chunks(spec, branch)
    done = sweep.run(
        nodes.NodeJob(spec),
        chunks,
        place,
        label=f"{spec.identity.refrigerant} nodes, {name}",
        workers=workers,
        console=console,
    )
    values = np.full((*shape, len(OUTPUTS)), np.nan)
    status = np.full(shape, NOT_CONVERGED, dtype=np.int8)
    for (rows, found), where in zip(done, places, strict=True):
        index = tuple(where.T)
        values[index] = rows
        status[index] = np.where(
            ~found, NOT_CONVERGED, np.where(nodes.usable(rows), USABLE, UNUSABLE)
        )
    return values, status


def _needs_raising(spec: DesignSpec, values: FloatArray, status: NDArray[np.int8]) -> bool:
    """Whether the discharge is anywhere too wet at the normal suction superheat."""
    superheat = values[..., _places(("discharge_superheat",))[0]]
    needed = spec.machine.min_discharge_superheat
    return bool(((status != NOT_CONVERGED) & (superheat < needed)).any())


def fit_splines(axes: tuple[FloatArray, ...], values: FloatArray) -> FloatArray:
    """Coefficients of not-a-knot cubic splines, axis after axis."""
    result = values
    for number, axis in enumerate(axes):
        moved = np.moveaxis(result, number, 0)
        result = np.moveaxis(make_interp_spline(axis, moved, k=3).c, 0, number)
    return np.ascontiguousarray(result)


def _guesses(
    spec: DesignSpec,
    axes: tuple[FloatArray, ...],
    outputs: list[Output],
    values: FloatArray,
    status: NDArray[np.int8],
) -> FloatArray:
    """Where the search for the pinch starts, fitted to the branch that holds at each node."""
    names = [output.name for output in outputs]
    share, t_evap, eta_s = (grid.ravel() for grid in np.meshgrid(*axes, indexing="ij"))
    t_cond = nodes.t_cond_at(spec, share, t_evap)
    dry = values[0][..., names.index("discharge_superheat")].ravel()
    wet = (dry < spec.machine.min_discharge_superheat) & (len(values) > 1)
    usable = np.where(wet, status[-1].ravel(), status[0].ravel()) == USABLE

    def held(name: str) -> FloatArray:
        column = names.index(name)
        chosen = np.where(wet, values[-1][..., column].ravel(), values[0][..., column].ravel())
        result: FloatArray = chosen[usable]
        return result

    t_evap, t_cond, eta_s = t_evap[usable], t_cond[usable], eta_s[usable]
    # The guess should be good where machines can run.
    possible = (held("log_p_cond") - held("log_p_evap") < math.log(_PRESSURE_RATIO)) & (
        t_cond + held("discharge_superheat") < _T_DISCHARGE
    )
    weights = np.where(possible, 1.0, _ELSEWHERE)
    return np.array(
        [
            Guess.fit(t_evap, t_cond, eta_s, held(name), weights).factors
            for name in ("superheat", "desuperheating_share")
        ]
    )


def _places(names: tuple[str, ...]) -> list[int]:
    every = [output.name for output in OUTPUTS]
    return [every.index(name) for name in names]
