"""Calibration: what a machine has become, from measured hours.

Three factors on the design's compressor efficiency and UA of both exchangers
are fitted so that power, and whatever else was measured, comes out right. The
report says how well they are known, and what the data cannot tell apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.conditions import FloatArray
from surrogate.errors import InputError
from surrogate.twin.comparison import Comparison, compare, in_words
from surrogate.twin.design import Factors
from surrogate.twin.fit import NAMES, Fit, Hours, fit, inside
from surrogate.twin.measured import Measured
from surrogate.twin.twin import Twin

BOUNDS: dict[str, tuple[float, float]] = {
    "eta_s": (0.6, 1.2),
    "ua_condenser": (0.2, 2.0),
    "ua_evaporator": (0.2, 2.0),
}
"""Factors between which a machine is looked for."""

MOST_HOURS = 1000
"""Most hours that a fit runs at each trial, evenly over the heat load; all are judged."""

LEAST_HOURS = 12
"""Fewer hours say nothing of three factors."""

_MOST_ROUNDS = 3
# The hours are chosen anew unless fewer than this share of them would change.
_SETTLED = 0.01

# What a reader is told of: standard errors, correlations and conditions above these.
_UNCERTAIN, _ENTANGLED = 0.05, 0.9

_WORDS = {
    "eta_s": "the compressor's efficiency",
    "ua_condenser": "the condenser's UA",
    "ua_evaporator": "the evaporator's UA",
}
_CYCLING = "cycling"

# After so many trials half the way is said to be done.
_HALFWAY = 30.0

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Calibration:
    """What a calibration found.

    Attributes
    ----------
    factors : Factors
        On the design's efficiency and UA.
    standard_errors : dict of str to float or None
        Of each factor [1], from hours that err independently of each other;
        None for one that stands at a bound.
    correlation : dict of str to float
        Of each pair of factors, as ``"ua_condenser, ua_evaporator"``, from
        how the measured quantities depend on them; near 1 or -1 the data
        cannot tell the two apart.
    condition : float
        Condition number of that dependence.
    notes : tuple of str
        What the data cannot tell, and what else must be known, in words.
    before, after : Comparison
        All hours against the twin as it was given and as calibrated.
    fitted : tuple of str
        Measured quantities that took part.
    hours_used : int
        Hours that the fit ran.
    left_out : dict of str to int
        Hours that took no part, by reason: one of
        :data:`surrogate.twin.measured.REASONS`, ``outside``, ``cycling``, or
        ``not_drawn`` where there are more than :data:`MOST_HOURS`.
    converged : bool
        Whether the search came to an end by itself.
    evaluations : int
        How often the hours were run.
    """

    factors: Factors
    standard_errors: dict[str, float | None]
    correlation: dict[str, float]
    condition: float
    notes: tuple[str, ...]
    before: Comparison = field(repr=False)
    after: Comparison = field(repr=False)
    fitted: tuple[str, ...]
    hours_used: int
    left_out: dict[str, int]
    converged: bool
    evaluations: int

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values; of the comparisons the figures, not the series."""
        return {
            "factors": self.factors.model_dump(),
            "standard_errors": self.standard_errors,
            "correlation": self.correlation,
            "condition": self.condition,
            "notes": list(self.notes),
            "before": _figures(self.before),
            "after": _figures(self.after),
            "fitted": list(self.fitted),
            "hours_used": self.hours_used,
            "left_out": [
                {"reason": name, "count": count, "in_words": _in_words(name)}
                for name, count in self.left_out.items()
            ],
            "converged": self.converged,
            "evaluations": self.evaluations,
        }


def calibrate(
    twin: Twin,
    measured: Measured,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Fit a machine's factors to measured hours.

    Parameters
    ----------
    twin : Twin
        Where the search starts; its design is what the factors are relative to.
    measured : Measured
        The hours. Power always takes part, and of the optional columns each
        that is there.
    bounds : mapping of str to (float, float), optional
        Lowest and highest of a factor, where they differ from :data:`BOUNDS`.
    progress : callable, optional
        Called with a fraction and a text as it goes.

    Raises
    ------
    InputError
        If a bound makes no sense, or fewer than :data:`LEAST_HOURS` hours can
        be used.
    TableNotFoundError, OutsideTableError
        If there is no regressor of the refrigerant, or the design lies outside it.

    Notes
    -----
    Hours take part where the balance has an answer inside the regressor's
    domain and the machine runs without a break; a mean over breaks says little
    of the states while it runs. They are chosen at the factors that the fit
    starts from and fixed while it runs (see :mod:`surrogate.twin.fit` for what
    happens at trials where one has no answer), then chosen anew at the factors
    found, until they stay the same, three times at most. Where the data say next
    to nothing of a factor it stays near 1 (:data:`surrogate.twin.fit.HELD`);
    standard errors and correlations are those of the data alone. Limits and capacity
    play no part in the fit, for the machine did deliver what was measured;
    ``before`` and ``after`` apply them to all hours, cycling ones included.
    """
    tell = progress or (lambda fraction, text: None)
    chosen = _bounds(twin, bounds)
    tell(0.0, "comparing with the twin as it is")
    before = compare(twin, measured)
    x = inside(np.array([getattr(twin.factors, name) for name in NAMES]), chosen)
    everything = Hours(twin, measured, np.flatnonzero(measured.usable))
    evaluations = 0
    used, reasons = _choose(everything, x)
    for round_ in range(_MOST_ROUNDS):
        hours = Hours(twin, measured, _drawn(measured, used))
        found = fit(hours, x, chosen, _telling(tell, evaluations))
        x, evaluations = found.x, evaluations + found.evaluations
        again, _ = _choose(everything, x)
        settled = len(np.setxor1d(used, again)) <= _SETTLED * len(used)
        if settled or round_ == _MOST_ROUNDS - 1:
            break
        x = inside(x, chosen)
        used, reasons = _choose(everything, x)
    tell(0.9, "judging all hours")
    factors = Factors(**dict(zip(NAMES, x.tolist(), strict=True)))
    after = compare(Twin(twin.design, factors), measured)
    tell(1.0, "done")
    left_out = Counter(measured.reasons[~measured.usable].tolist()) + Counter(reasons)
    left_out += Counter({"not_drawn": len(used) - len(hours.places)})
    errors = np.sqrt(np.diag(found.covariance))
    return Calibration(
        factors=factors,
        standard_errors={
            name: float(error) if np.isfinite(error) else None
            for name, error in zip(NAMES, errors, strict=True)
        },
        correlation=_pairs(found.correlation),
        condition=found.condition,
        notes=_notes(found, errors, tuple(hours.measured), chosen),
        before=before,
        after=after,
        fitted=tuple(hours.measured),
        hours_used=len(hours.places),
        left_out=dict(left_out.most_common()),
        converged=found.converged,
        evaluations=evaluations,
    )


def _bounds(
    twin: Twin, given: Mapping[str, tuple[float, float]] | None
) -> dict[str, tuple[float, float]]:
    """Bounds of every factor; the table's highest efficiency bounds that of the compressor."""
    unknown = sorted(set(given or {}) - set(BOUNDS))
    if unknown:
        raise InputError(f"bounds of {unknown[0]!r}, but the factors are {', '.join(BOUNDS)}")
    chosen = {**BOUNDS, **(given or {})}
    highest = twin.table.eta_s.high / twin.design.eta_s
    low, high = chosen["eta_s"]
    chosen["eta_s"] = (low, min(high, highest))
    for name, (low, high) in chosen.items():
        field_low, field_high = (
            getattr(limit, bound)
            for limit, bound in zip(Factors.model_fields[name].metadata, ("ge", "le"), strict=True)
        )
        if not field_low <= low < high <= field_high:
            raise InputError(
                f"bounds of {name} = {low:g} to {high:g}, but they must rise, from {field_low:g} "
                f"to {min(field_high, highest) if name == 'eta_s' else field_high:g}"
            )
    return chosen


def _choose(everything: Hours, x: FloatArray) -> tuple[NDArray[np.intp], dict[str, int]]:
    """Rows that a fit can use at some factors, and how many cannot be, by reason."""
    answered, continuous = everything.steady(x)
    used = everything.places[answered & continuous]
    reasons = {
        "outside": int((~answered).sum()),
        _CYCLING: int((answered & ~continuous).sum()),
    }
    if len(used) < LEAST_HOURS:
        said = ", ".join(f"{count} {name}" for name, count in reasons.items() if count)
        raise InputError(
            f"{len(used)} measured hours can be used, but a calibration needs {LEAST_HOURS}"
            + (f"; left out: {said}" if said else "")
        )
    return used, reasons


def _drawn(measured: Measured, used: NDArray[np.intp]) -> NDArray[np.intp]:
    """No more rows than a fit runs: evenly over the heat load, the same every time."""
    if len(used) <= MOST_HOURS:
        return used
    by_load = used[np.argsort(measured.columns["heat_load"][used], kind="stable")]
    ranks = np.linspace(0, len(used) - 1, MOST_HOURS).round().astype(np.intp)
    return np.sort(by_load[ranks])


def _telling(tell: Progress, before: int) -> Callable[[int, float], None]:
    """Progress of a fit: nobody knows how many trials it will take."""

    def told(evaluations: int, rms: float) -> None:
        count = before + evaluations
        share = 1.0 - 0.5 ** (count / _HALFWAY)
        tell(0.1 + 0.8 * share, f"trial {count}: power off by {100.0 * rms:.2f} % (RMS)")

    return told


def _pairs(correlation: FloatArray) -> dict[str, float]:
    return {
        f"{NAMES[i]}, {NAMES[j]}": float(correlation[i, j])
        for i in range(len(NAMES))
        for j in range(i + 1, len(NAMES))
    }


def _notes(
    found: Fit,
    errors: FloatArray,
    fitted: tuple[str, ...],
    bounds: Mapping[str, tuple[float, float]],
) -> tuple[str, ...]:
    """What the data cannot tell, in words."""
    notes = []
    for place, name in enumerate(NAMES):
        if found.at_bound[place]:
            low, high = bounds[name]
            notes.append(
                f"The factor of {_WORDS[name]} stands at a bound ({low:g} to {high:g}): the data "
                "would have it beyond, or do not determine it."
            )
        elif errors[place] > _UNCERTAIN:
            notes.append(
                f"The factor of {_WORDS[name]} is known no better than to +-{2 * errors[place]:.2g}"
                " (two standard errors)."
            )
    entangled = False
    for i, name in enumerate(NAMES):
        for j in range(i + 1, len(NAMES)):
            if abs(found.correlation[i, j]) > _ENTANGLED:
                entangled = True
                notes.append(
                    f"The data hardly tell {_WORDS[name]} from {_WORDS[NAMES[j]]} (correlation "
                    f"{found.correlation[i, j]:.2f}): one may be lower and the other higher, and "
                    "what was measured comes out the same. Only their common effect is known."
                )
    lacking = [
        words
        for words, names in (
            ("evaporation", {"t_evap", "p_evap"}),
            ("condensation", {"t_cond", "p_cond"}),
        )
        if not names & set(fitted)
    ]
    if lacking and (entangled or (errors > _UNCERTAIN).any() or any(found.at_bound)):
        notes.append(
            f"Measured pressures or temperatures of {' and '.join(lacking)} would tell them apart."
        )
    if not found.converged:
        notes.append(
            "The search was ended before it had settled: the factors are the best that it had "
            "found, and may be farther off than their standard errors say."
        )
    return tuple(notes)


def _figures(comparison: Comparison) -> dict[str, Any]:
    known = comparison.to_dict()
    return {name: known[name] for name in ("rows", "compared", "left_out", "quantities")}


def _in_words(name: str) -> str:
    own = {
        _CYCLING: "the machine cycles at this load: a mean over its breaks says little of it",
        "not_drawn": f"a fit runs {MOST_HOURS} hours at most, evenly over the heat load",
    }
    return own.get(name) or in_words(name)
