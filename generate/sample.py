"""Conditions to solve: Sobol points in the box that a table is made for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from surrogate.conditions import Conditions
from surrogate.errors import SpecError
from surrogate.limits import DEFAULT_LIMITS, Limits, mark_broken_conditions

FloatArray = NDArray[np.float64]


# Draws of 256 points: enough for 25 000 points of a box of which a twentieth is kept.
_MAX_DRAWS = 2000


class Box(NamedTuple):
    """Ranges of conditions: lowest and highest value of each."""

    t_source_out: tuple[float, float]
    source_glide: tuple[float, float]
    t_supply: tuple[float, float]
    sink_glide: tuple[float, float]
    eta_s: tuple[float, float]


def sobol(box: Box, count: int, seed: int, limits: Limits = DEFAULT_LIMITS) -> Conditions:
    """Spread conditions evenly over a box, without those that limits rule out unsolved.

    Parameters
    ----------
    box : Box
        The ranges.
    count : int
        Number of points wanted.
    seed : int
        Seed of the scrambling; another seed gives other points.
    limits : Limits
        Limits whose rules on conditions the points keep.

    Returns
    -------
    Conditions
        Arrays of shape (count,). The first points are the same for any count.
    """
    sampler = qmc.Sobol(len(box), rng=np.random.default_rng(seed))
    low, high = np.array(box, dtype=np.float64).T
    kept: list[FloatArray] = []
    total = 0
    for _ in range(_MAX_DRAWS):
        if total >= count:
            break
        rows = low + (high - low) * sampler.random(256)
        codes = np.zeros(len(rows), dtype=np.int8)
        mark_broken_conditions(limits, _conditions(rows), codes)
        kept.append(rows[codes == 0])
        total += len(kept[-1])
    if total < count:
        raise SpecError(
            "hardly a point of the box keeps the limits on its conditions; check that its supply "
            "lies above its source, and its return above freezing"
        )
    return _conditions(np.concatenate(kept)[:count])


def _conditions(rows: FloatArray) -> Conditions:
    t_source_out, source_glide, t_supply, sink_glide, eta_s = rows.T
    return Conditions(
        t_source_out + source_glide,
        t_source_out,
        t_supply - sink_glide,
        t_supply,
        np.full(len(rows), 1e6),
        eta_s,
    )
