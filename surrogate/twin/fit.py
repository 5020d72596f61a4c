"""Fitting a machine's factors to measured hours: residuals, slopes, least squares.

The hours are fixed while a fit runs. The balance is asked at the measured heat
load, whatever the limits say, since the machine did deliver it. At trial
factors where it has no answer for an hour, the hour's residuals go on in a
straight line from the last accepted factors, along their slopes there: smooth,
and never better than what led away from an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.conditions import FloatArray
from surrogate.limits import DEFAULT_LIMITS
from surrogate.plantmap import ANSWERED, Levels, Running
from surrogate.regressor import RegressorMap
from surrogate.twin.design import Factors
from surrogate.twin.machine import changed_map
from surrogate.twin.measured import Measured
from surrogate.twin.twin import Twin

NAMES = tuple(Factors.model_fields)
"""Factors in the order of a fit's unknowns."""

SCALES: dict[str, float] = {
    "power": 0.02,
    "t_source_out": 0.5,
    "t_evap": 0.5,
    "t_cond": 0.5,
    "t_discharge": 1.0,
    "p_evap": 0.02,
    "p_cond": 0.02,
}
"""What deviations are counted in, about what good sensors err by: shares of power and
pressures [1], kelvins of temperatures."""

ROBUST = 3.0
"""Residuals beyond so many of them count less than squared: a start-up, a defrosting."""

HELD = 0.3
"""How far from 1 a factor may go for free: the pull that holds one of which the data say next to
nothing weighs as one hour whose power is off by its scale."""

# Step for the slopes; the balance is closed to 1e-7, so slopes are good to a thousandth.
_STEP = 2e-3
_MOST_TRIALS = 40

BoolArray = NDArray[np.bool_]


class Hours:
    """Measured hours at any factors of a twin's machine.

    Parameters
    ----------
    twin : Twin
        Its design is what the factors are relative to.
    measured : Measured
        The hours.
    places : array of int
        Rows that are used, usable ones.
    """

    def __init__(self, twin: Twin, measured: Measured, places: NDArray[np.intp]) -> None:
        columns = {name: column[places] for name, column in measured.columns.items()}
        self._twin = twin
        self._levels = Levels(columns["t_source_in"], columns["t_return"], columns["t_supply"])
        self._heat = columns["heat_load"]
        self._load = columns["heat_load"] / twin.plant.heat_load
        self.measured = {name: columns[name] for name in SCALES if name in columns}
        self.places = places

    def running(self, x: FloatArray) -> Running:
        """The machine at the measured heat loads, at some factors; NaN without an answer."""
        return self._map(x).at_load(self._levels, self._load)

    def steady(self, x: FloatArray) -> tuple[BoolArray, BoolArray]:
        """Hours that are answered at some factors, and those whose load needs no cycling."""
        plant_map = self._map(x)
        running = plant_map.at_load(self._levels, self._load)
        turndown = np.full(len(self._load), DEFAULT_LIMITS.turndown)
        least = plant_map.at_volume_flow(self._levels, turndown)
        with np.errstate(invalid="ignore"):
            continuous = ~(self._load < least.load)
        return running.code == ANSWERED, continuous

    def simulated(self, x: FloatArray) -> dict[str, FloatArray]:
        """What is measured, at some factors."""
        running = self.running(x)
        found = {"power": self._heat / running.cop}
        return {
            name: found[name] if name in found else getattr(running, name) for name in self.measured
        }

    def _map(self, x: FloatArray) -> RegressorMap:
        factors = Factors(**dict(zip(NAMES, x.tolist(), strict=True)))
        return changed_map(self._twin.plant, self._twin.design, factors)


class Residuals:
    """Deviations of all that is measured, over their scales, as a function of the factors.

    Parameters
    ----------
    hours : Hours
        Hours that are answered at the factors that the fit starts from.
    tell : callable
        Called at each trial with their number and the RMS deviation of the
        power [1].
    """

    def __init__(self, hours: Hours, tell: Callable[[int, float], None]) -> None:
        self._hours = hours
        self._tell = tell
        self._known = np.stack([~np.isnan(column) for column in hours.measured.values()])
        self._anchor: tuple[FloatArray, FloatArray, FloatArray] | None = None
        self.evaluations = 0
        self.hour = np.broadcast_to(np.arange(len(hours.places)), self._known.shape)[self._known]

    def at(self, x: FloatArray) -> FloatArray:
        """Residuals, shape (rows,)."""
        found = self._raw(x)
        self._tell(self.evaluations, _rms(found[: len(self._hours.places)] * SCALES["power"]))
        return self._continued(found, x)

    def slopes(self, x: FloatArray) -> FloatArray:
        """Slopes of the residuals over the factors, shape (rows, 3); asked at accepted ones."""
        here = self._continued(self._raw(x), x)
        slopes = np.stack([self._slope(x, here, place) for place in range(len(x))], axis=1)
        lost = ~np.isfinite(slopes).all(axis=1)
        if lost.any():
            # Amid what has no answer: those of the last accepted factors, or none yet.
            slopes[lost] = 0.0 if self._anchor is None else self._anchor[2][lost]
        self._anchor = (x.copy(), here, slopes)
        return slopes

    def _slope(self, x: FloatArray, here: FloatArray, place: int) -> FloatArray:
        """Slopes over one factor; the other way where a step has no answer."""
        step = np.zeros(len(x))
        step[place] = _STEP
        slope = (self._raw(x + step) - here) / _STEP
        lost = ~np.isfinite(slope)
        if lost.any():
            slope[lost] = ((here - self._raw(x - step)) / _STEP)[lost]
        return slope

    def _continued(self, found: FloatArray, x: FloatArray) -> FloatArray:
        lost = ~np.isfinite(found)
        if lost.any():
            if self._anchor is None:
                raise ValueError("an hour without an answer at the start of a fit")
            start, values, slopes = self._anchor
            found[lost] = values[lost] + slopes[lost] @ (x - start)
        return found

    def _raw(self, x: FloatArray) -> FloatArray:
        self.evaluations += 1
        simulated = self._hours.simulated(x)
        rows = [
            _off(name, column, simulated[name]) / SCALES[name]
            for name, column in self._hours.measured.items()
        ]
        result: FloatArray = np.stack(rows)[self._known]
        return result


class Fit(NamedTuple):
    """What least squares found.

    Attributes
    ----------
    x : array, shape (3,)
        The factors.
    covariance : array, shape (3, 3)
        Of the factors, from hours that err independently of each other,
        however they do (the sandwich estimator, clustered by hour); NaN for
        those that stand at a bound.
    correlation : array, shape (3, 3)
        Of the factors, from the slopes, each row of which weighs as the loss
        curves at its residual: what the data cannot tell apart.
    condition : float
        Condition number of these slopes, each factor's column of length 1.
    at_bound : tuple of bool
        Which factors stand at a bound.
    converged : bool
        Whether the search came to an end by itself.
    evaluations : int
        How often all hours were run.
    """

    x: FloatArray
    covariance: FloatArray
    correlation: FloatArray
    condition: float
    at_bound: tuple[bool, ...]
    converged: bool
    evaluations: int


def inside(x: FloatArray, bounds: Mapping[str, tuple[float, float]]) -> FloatArray:
    """Factors a hundredth of the way inside their bounds, where a search can start."""
    low, high = np.array([bounds[name] for name in NAMES]).T
    inner = 0.01 * (high - low)
    return np.clip(x, low + inner, high - inner)


def fit(
    hours: Hours,
    start: FloatArray,
    bounds: Mapping[str, tuple[float, float]],
    tell: Callable[[int, float], None],
) -> Fit:
    """Fit the factors to measured hours by bounded least squares.

    Residuals beyond :data:`ROBUST` count as their size, not as its square
    (``soft_l1``). Three more rows hold factors that the data leave open near 1
    (:data:`HELD`); what is said of the result leaves them out.

    Parameters
    ----------
    hours : Hours
        All of them answered at ``start``.
    start : array, shape (3,)
        Where the search starts, :func:`inside` the bounds.
    bounds : mapping of str to (float, float)
        Lowest and highest of each factor.
    tell : callable
        As of :class:`Residuals`.
    """
    from scipy.optimize import least_squares

    low, high = np.array([bounds[name] for name in NAMES]).T
    residuals = Residuals(hours, tell)
    found = least_squares(
        lambda x: np.append(residuals.at(x), (x - 1.0) / HELD),
        start,
        jac=lambda x: np.vstack([residuals.slopes(x), np.eye(len(x)) / HELD]),
        x_scale="jac",
        bounds=(low, high),
        loss="soft_l1",
        f_scale=ROBUST,
        xtol=1e-5,
        ftol=1e-6,
        gtol=1e-6,
        max_nfev=_MOST_TRIALS,
    )
    x = np.asarray(found.x, dtype=np.float64)
    values, slopes = residuals.at(x), residuals.slopes(x)
    near = 1e-3 * (high - low)
    at_bound = (x - low < near) | (high - x < near)
    bent = np.sqrt(_curvature(values))[:, None] * slopes
    lengths = np.linalg.norm(bent, axis=0)
    return Fit(
        x,
        _covariance(slopes, values, residuals.hour, ~at_bound),
        _correlation(bent),
        float(np.linalg.cond(bent / np.where(lengths > 0.0, lengths, 1.0))),
        tuple(at_bound.tolist()),
        bool(found.status > 0),
        residuals.evaluations,
    )


def _covariance(
    slopes: FloatArray, values: FloatArray, hour: NDArray[Any], free: BoolArray
) -> FloatArray:
    """Sandwich estimator of the covariance of the free factors; rows of an hour belong together.

    P. J. Huber, Robust Statistics, Wiley (1981), section 7.6: the curvature of
    the loss outside, the pulls of the hours between.
    """
    result = np.full((len(free), len(free)), np.nan)
    own = slopes[:, free]
    bread = np.linalg.pinv(own.T @ (_curvature(values)[:, None] * own))
    pulls = np.zeros((int(hour.max()) + 1, own.shape[1]))
    np.add.at(pulls, hour, own * _pull(values)[:, None])
    result[np.ix_(free, free)] = bread @ (pulls.T @ pulls) @ bread
    return result


def _pull(values: FloatArray) -> FloatArray:
    """First derivative of the loss of a residual, half of ``soft_l1``."""
    return values / np.sqrt(1.0 + (values / ROBUST) ** 2)


def _curvature(values: FloatArray) -> FloatArray:
    """Second derivative of the same loss."""
    result: FloatArray = (1.0 + (values / ROBUST) ** 2) ** -1.5
    return result


def _correlation(bent: FloatArray) -> FloatArray:
    inverse = np.linalg.pinv(bent.T @ bent)
    spread = np.sqrt(np.diag(inverse))
    result: FloatArray = inverse / np.outer(spread, spread)
    return result


def _off(name: str, measured: FloatArray, simulated: FloatArray) -> FloatArray:
    """Simulated less measured: a share of power and pressures, kelvins of temperatures."""
    off = simulated - measured
    return off if name.startswith("t_") else off / measured


def _rms(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt((known * known).mean())) if len(known) else float("nan")
