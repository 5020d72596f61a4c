"""Points of one plant: where its source would freeze, and held-out solves of its box."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.stats import qmc

from surrogate import store
from surrogate.limits import DEFAULT_LIMITS, NO_LIMITS
from surrogate.plantmap import ANSWERED, Levels, Running
from surrogate.planttable import AXES

from . import sweep
from .judged import running_from
from .plants import PlantJob, plain_balance
from .plantspec import PlantSpec

FloatArray = NDArray[np.float64]

_CHUNK = 50


def source_outlets(spec: PlantSpec, levels: Levels, flow: FloatArray) -> FloatArray:
    """Source outlets [degC] of some points, before any of them is solved.

    By the balance on the refrigerant's design table where there is one, else
    from the design's heat balance: the heat taken follows the suction gas, and
    that thickens by 3 to 4 % a kelvin.
    """
    design = spec.design
    if design.source_control == "outlet":
        return np.full(len(flow), design.t_source_out)
    taken = flow * np.exp(0.035 * (levels.t_source_in - design.t_source_in))
    outlet = levels.t_source_in - (design.t_source_in - design.t_source_out) * taken
    table = store.load(spec.identity._replace(kind="design", sizing=None))
    if table is not None and spec.identity.sizing is not None:
        balance = plain_balance(table, spec.identity.sizing, NO_LIMITS)
        found = balance.at_volume_flow(levels, flow)
        outlet = np.where(found.code == ANSWERED, found.t_source_out, outlet)
    return outlet


def solve_held_out(
    spec: PlantSpec,
    points: int,
    seed: int,
    place: Path,
    *,
    workers: int,
    console: Console | None,
) -> tuple[Levels, Running]:
    """Solve Sobol points of a plant's box in full.

    Those whose source would freeze are left out beforehand.
    """
    levels, flow = _sobol(spec, points, seed)
    rows = np.column_stack([np.tile(spec.row(), (len(flow), 1)), *levels, flow])
    chunks = [rows[n : n + _CHUNK] for n in range(0, len(rows), _CHUNK)]
    done = sweep.run(
        PlantJob(spec.identity),
        chunks,
        place,
        label=f"held out {seed}",
        workers=workers,
        console=console,
    )
    solved = running_from(*(np.concatenate(part) for part in zip(*done, strict=True)))
    solved.volume_flow[:] = np.where(solved.code == ANSWERED, solved.volume_flow, flow)
    return levels, solved


def _sobol(spec: PlantSpec, count: int, seed: int) -> tuple[Levels, FloatArray]:
    low, high = np.array(
        [(axis.low, axis.high) for axis in (getattr(spec, name) for name in AXES)]
    ).T
    sampler = qmc.Sobol(len(AXES), rng=np.random.default_rng(seed))
    design = spec.design
    kept: list[FloatArray] = []
    while sum(len(rows) for rows in kept) < count:
        rows = low + (high - low) * sampler.random(256)
        flow, t_source_in, t_supply, glide = rows.T
        sensible = (t_supply - glide >= DEFAULT_LIMITS.t_return_min) & (t_supply > t_source_in)
        if design.source_control == "outlet":
            least = design.t_source_out + DEFAULT_LIMITS.source_glide_min
            sensible &= t_source_in >= least
        levels = Levels(t_source_in, t_supply - glide, t_supply)
        sensible &= source_outlets(spec, levels, flow) >= DEFAULT_LIMITS.t_source_out_min
        kept.append(rows[sensible])
    flow, t_source_in, t_supply, glide = np.concatenate(kept)[:count].T
    return Levels(t_source_in, t_supply - glide, t_supply), flow
