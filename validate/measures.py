"""Errors reduced to numbers, and numbers held against the bars.

Nothing here solves or reads anything: arrays go in, numbers and verdicts come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from surrogate.generate.judged import Errors, errors_of

from .samples import FallBack, Sampled
from .words import percent

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CONFIDENCE = 0.95
"""Of intervals that are shown and judged."""

RARE = 0.01
"""A share breaks its bar only where chance alone would do so with less than this probability."""

COVERAGE_LOW, COVERAGE_HIGH = 0.93, 0.98
"""Share of points that must lie inside the promised bound [1]."""

FALL_BACK = 1e-6
"""Largest relative difference of a fall back to the full solve [1]."""

_RESAMPLES = 2000


class Bars(NamedTuple):
    """What a kind of file must keep; relative errors and shares [1], None where nothing is asked.

    Attributes
    ----------
    p95, p99, max : float or None
        Error of the COP.
    bias : float or None
        Its mean, with the whole confidence interval.
    capacity_p99 : float or None
        Error of the capacity.
    missed : float or None
        Share of feasible points that the file does not answer.
    """

    p95: float | None
    p99: float
    max: float
    bias: float | None
    capacity_p99: float | None
    missed: float | None


BARS = {
    "design": Bars(None, 1e-3, 5e-3, None, None, 0.01),
    "plant": Bars(None, 2e-3, 1e-2, None, 3e-3, None),
    "regressor": Bars(3e-3, 6e-3, 2e-2, 5e-4, 3e-3, None),
}
"""Bars by kind of file."""


@dataclass(frozen=True)
class Coverage:
    """How many points lie inside the promised bound.

    ``effective`` is the number of independent points that would tell as much:
    points of one plant err alike.
    """

    inside: int
    points: int
    effective: float

    @property
    def share(self) -> float:
        """Share of points inside [1]."""
        return self.inside / self.points if self.points else float("nan")


@dataclass(frozen=True)
class Check:
    """One bar, and what is reached."""

    name: str
    bar: str
    reached: str
    kept: bool


@dataclass(frozen=True)
class Measured:
    """All numbers of one file.

    Attributes
    ----------
    errors : dict of str to Errors
        Inside, by quantity: ``cop``, ``power``, and of plants ``load`` and
        ``capacity``; ``edge`` is the COP on the rims.
    bias : tuple of float
        Confidence interval of the COP's mean error [1].
    coverage : Coverage
        Points inside the promised bound.
    feasible, missed, edge_missed, invented : int
        Feasible points inside; those of them without an answer; those on the
        rims; points that are answered although no machine can run there.
    fall_back : FallBack
        Points outside.
    """

    errors: dict[str, Errors]
    bias: tuple[float, float]
    coverage: Coverage
    feasible: int
    missed: int
    edge_missed: int
    invented: int
    fall_back: FallBack


def bias_interval(values: FloatArray, group: NDArray[np.intp]) -> tuple[float, float]:
    """Confidence interval of a mean: the percentile bootstrap over groups of values.

    Whole groups are drawn, since values of one plant err alike (Efron and
    Tibshirani, An Introduction to the Bootstrap, 1993).

    Parameters
    ----------
    values : array, shape (n,)
        Signed relative errors [1].
    group : array of int, shape (n,)
        Group of each.
    """
    if len(values) == 0:
        return float("nan"), float("nan")
    _, place = np.unique(group, return_inverse=True)
    sums, counts = np.bincount(place, values), np.bincount(place)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(sums), (_RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.5 - 0.5 * CONFIDENCE, 0.5 + 0.5 * CONFIDENCE))
    return float(low), float(high)


def coverage_of(within: BoolArray, group: NDArray[np.intp]) -> Coverage:
    """Count points inside their bound; the effective number follows from the design effect.

    That is the variance of the share between groups over the one that
    independent points would have (Kish, Survey Sampling, 1965).
    """
    count, inside = len(within), int(within.sum())
    share = inside / count if count else 0.0
    independent = share * (1.0 - share) / max(count, 1)
    _, place = np.unique(group, return_inverse=True)
    grouped = float((np.bincount(place, within - share) ** 2).sum()) / max(count, 1) ** 2
    effect = grouped / independent if independent > 0.0 else 1.0
    return Coverage(inside, count, count / max(effect, 1.0))


def share_too_low(successes: float, count: float, bar: float) -> bool:
    """Whether a share lies below its bar by more than its count explains.

    The one-sided binomial test: broken only where, were the true share the
    bar, so few successes had a probability below :data:`RARE`.

    Examples
    --------
    >>> share_too_low(36, 40, 0.93), share_too_low(900, 1000, 0.93)
    (False, True)
    """
    successes, count = round(successes), round(count)
    return bool(successes < bar * count and binom.cdf(successes, count, bar) < RARE)


def share_too_high(successes: float, count: float, bar: float) -> bool:
    """Whether a share lies above its bar by more than its count explains."""
    return share_too_low(round(count) - round(successes), count, 1.0 - bar)


def measure(sampled: Sampled) -> Measured:
    """Reduce a file's fresh points to numbers."""
    inside, edge = sampled.inside, sampled.edge
    answered = inside.answered
    error, group = inside.errors["cop"][answered], inside.group[answered]
    errors = {name: errors_of(inside.error(name)) for name in inside.errors}
    if sampled.capacity is not None:
        errors["capacity"] = errors_of(sampled.capacity)
    errors["edge"] = errors_of(edge.error("cop"))
    return Measured(
        errors=errors,
        bias=bias_interval(error, group),
        coverage=coverage_of(np.abs(error) <= inside.bound[answered], group),
        feasible=int(inside.solved.sum()),
        missed=inside.missed,
        edge_missed=edge.missed,
        invented=inside.invented + edge.invented,
        fall_back=sampled.fall_back,
    )


def judge(kind: str, m: Measured) -> list[Check]:
    """Hold a file's numbers against the bars of its kind."""
    bars, cop = BARS[kind], m.errors["cop"]
    checks = [
        _below(f"COP error, {name}", getattr(cop, name), bar)
        for name, bar in (("p95", bars.p95), ("p99", bars.p99), ("max", bars.max))
        if bar is not None
    ]
    checks.append(_below("COP error on the rims, max", m.errors["edge"].max, bars.max))
    if bars.bias is not None:
        checks.append(_bias(m, bars.bias))
    if bars.capacity_p99 is not None:
        checks.append(_below("capacity error, p99", m.errors["capacity"].p99, bars.capacity_p99))
    if bars.missed is not None:
        checks.append(_missed(m, bars.missed))
    return [*checks, _covered(m.coverage), _fallen_back(m.fall_back)]


def _below(name: str, value: float, bar: float) -> Check:
    # NaN, where nothing was answered, keeps no bar.
    return Check(name, f"≤ {100 * bar:g} %", percent(value), bool(value <= bar))


def _bias(m: Measured, bar: float) -> Check:
    low, high = m.bias
    reached = f"{percent(m.errors['cop'].bias)} ({percent(low)} to {percent(high)})"
    kept = bool(-bar <= low and high <= bar)
    return Check("COP bias with its interval", f"within ± {100 * bar:g} %", reached, kept)


def _missed(m: Measured, bar: float) -> Check:
    reached = f"{m.missed} of {m.feasible}"
    kept = m.feasible > 0 and not share_too_high(m.missed, m.feasible, bar)
    return Check("feasible points not answered", f"≤ {100 * bar:g} %", reached, kept)


def _covered(c: Coverage) -> Check:
    successes = c.share * c.effective if c.points else 0.0
    low = share_too_low(successes, c.effective, COVERAGE_LOW)
    high = share_too_high(successes, c.effective, COVERAGE_HIGH)
    bar = f"{100 * COVERAGE_LOW:g} to {100 * COVERAGE_HIGH:g} %"
    reached = f"{100 * c.share:.1f} % ({c.inside} of {c.points})"
    outside = not COVERAGE_LOW <= c.share <= COVERAGE_HIGH
    kept = c.points > 0 and not low and not high
    if outside and kept:
        reached += ", which so few points explain"
    return Check("points inside the promised bound", bar, reached, kept)


def _fallen_back(f: FallBack) -> Check:
    reached = f"{f.largest:.1g} at {f.feasible} points"
    if f.elsewhere:
        reached += f", {f.elsewhere} others not answered by a solve"
    elif f.points > f.feasible:
        reached += f", {f.points - f.feasible} others rightly infeasible"
    kept = f.points > 0 and f.elsewhere == 0 and f.largest <= FALL_BACK
    return Check("outside, against the full solve", "≤ 0.000001", reached, kept)
