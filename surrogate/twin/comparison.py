"""A machine's measured hours against its twin at the same temperatures and heat load."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.conditions import FloatArray, Operation
from surrogate.jsonready import json_ready
from surrogate.limits import DEFAULT_LIMITS, reason
from surrogate.plantestimate import PlantEstimate
from surrogate.twin.columns import COLUMNS, OPTIONAL
from surrogate.twin.measured import REASONS, Measured
from surrogate.twin.twin import Twin

QUANTITIES: dict[str, tuple[str, str]] = {
    "power": (COLUMNS["power"].unit, COLUMNS["power"].label),
    "cop": ("1", "COP"),
    **{name: (COLUMNS[name].unit, COLUMNS[name].label) for name in OPTIONAL},
}
"""What is compared, where it is measured: unit and label."""

_RELATIVE = ("power", "cop", "p_evap", "p_cond")
"""Quantities whose zero means something, so that shares of them do, too."""

_WORST = 20


class Deviation(NamedTuple):
    """How far a twin lies from what was measured; simulated less measured.

    Attributes
    ----------
    points : int
        Hours that were compared.
    measured, simulated : float
        Means over them.
    bias : float
        Mean deviation, in the quantity's unit.
    rmse : float
        Root of the mean squared deviation, in the quantity's unit.
    relative_bias : float or None
        Sum of the deviations over that of the measured values [1]: above 0
        where the twin has too much; None for temperatures.
    cv_rmse : float or None
        RMSE over the measured mean [1]; None for temperatures.

    Notes
    -----
    NMBE and CV(RMSE) of ASHRAE Guideline 14 are near these two, but not the
    same: there the bias is measured less simulated, and squares and bias are
    divided by the number of points less that of parameters, here by the number
    of points.
    """

    points: int
    measured: float
    simulated: float
    bias: float
    rmse: float
    relative_bias: float | None
    cv_rmse: float | None


def deviation(measured: FloatArray, simulated: FloatArray, relative: bool = True) -> Deviation:
    """Compare two series of the same hours, without gaps.

    Parameters
    ----------
    measured, simulated : array, shape (n,)
        At least one value each.
    relative : bool
        Whether shares of the values mean something.

    Examples
    --------
    >>> found = deviation(np.array([2.0, 4.0]), np.array([3.0, 4.0]))
    >>> found.bias, round(found.rmse, 4), round(found.relative_bias, 4), round(found.cv_rmse, 4)
    (0.5, 0.7071, 0.1667, 0.2357)
    """
    off = simulated - measured
    mean = float(measured.mean())
    rmse = math.sqrt(float((off * off).mean()))
    return Deviation(
        len(off),
        mean,
        float(simulated.mean()),
        float(off.mean()),
        rmse,
        float(off.mean()) / mean if relative else None,
        rmse / mean if relative else None,
    )


@dataclass(frozen=True)
class Comparison:
    """Measured hours against a twin.

    Attributes
    ----------
    measured : Measured
        The hours.
    estimate : PlantEstimate
        The twin at those of them that can be compared.
    reasons : array of str, shape (rows,)
        Why a row was left out: one of :data:`surrogate.twin.measured.REASONS`,
        ``infeasible: LIMIT``, ``outside``; empty where it was compared.
    simulated : dict of str to array, shape (rows,)
        Simulated quantities by name, NaN where there are none.
    deviations : dict of str to Deviation
        By quantity: ``power``, ``cop`` and whatever else was measured. While
        a machine cycles only power and COP are compared, since its states are
        those while it runs and measured ones are means over breaks. Empty
        where no hour could be compared.
    """

    measured: Measured = field(repr=False)
    estimate: PlantEstimate = field(repr=False)
    reasons: NDArray[np.str_] = field(repr=False)
    simulated: dict[str, FloatArray] = field(repr=False)
    deviations: dict[str, Deviation]

    @property
    def compared(self) -> int:
        """How many hours were compared."""
        return int(np.equal(self.reasons, "").sum())

    @property
    def left_out(self) -> dict[str, int]:
        """How many hours were left out, by reason, the most frequent first."""
        found = Counter(self.reasons[self.reasons != ""].tolist())
        return dict(found.most_common())

    @property
    def heat(self) -> float:
        """Sum of the heat loads of the hours that were compared [W]: Wh, if they are hours."""
        return float(self.measured.columns["heat_load"][self.reasons == ""].sum())

    def measured_values(self, name: str) -> FloatArray:
        """Measured values of a quantity, NaN where it was not, or where hours were left out."""
        return np.where(np.equal(self.reasons, ""), _measured(self.measured, name), np.nan)

    def worst(self, n: int = _WORST) -> list[dict[str, Any]]:
        """Return the hours whose power differs most, as a share of the measured one.

        Parameters
        ----------
        n : int
            How many at most.

        Returns
        -------
        list of dict
            Worst first: ``time``, ``line`` of the file, the conditions,
            measured and simulated power and COP, ``deviation`` of the power
            [1], and whether the twin cycles.
        """
        power = self.measured.columns["power"]
        with np.errstate(invalid="ignore", divide="ignore"):
            off = np.where(self.reasons == "", self.simulated["power"] / power - 1.0, np.nan)
        order = np.argsort(-np.abs(off), kind="stable")[: min(n, self.compared)]
        return [self._hour(place, float(off[place])) for place in order.tolist()]

    def _hour(self, place: int, off: float) -> dict[str, Any]:
        columns = self.measured.columns
        return {
            "time": self.measured.times[place],
            "line": int(self.measured.lines[place]),
            **{name: float(columns[name][place]) for name in Operation._fields},
            "measured_power": float(columns["power"][place]),
            "simulated_power": float(self.simulated["power"][place]),
            "measured_cop": float(columns["heat_load"][place] / columns["power"][place]),
            "simulated_cop": float(self.simulated["cop"][place]),
            "deviation": off,
            "cycling": bool(self.simulated["cycling"][place]),
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, None for gaps; ``series`` are those to plot."""
        return {
            "rows": len(self.reasons),
            "compared": self.compared,
            "left_out": [
                {"reason": name, "count": count, "in_words": in_words(name)}
                for name, count in self.left_out.items()
            ],
            "quantities": {
                name: {
                    "unit": QUANTITIES[name][0],
                    "label": QUANTITIES[name][1],
                    **one._asdict(),
                }
                for name, one in self.deviations.items()
            },
            "series": {
                "time": list(self.measured.times),
                "left_out": self.reasons.tolist(),
                **{
                    name: {
                        "measured": json_ready(_measured(self.measured, name).tolist()),
                        "simulated": json_ready(self.simulated[name].tolist()),
                    }
                    for name in ("power", "cop", *self._extras)
                },
            },
            "worst": self.worst(),
            "remarks": list(self.measured.remarks),
        }

    @property
    def _extras(self) -> list[str]:
        return [name for name in OPTIONAL if name in self.measured.columns]


def compare(twin: Twin, measured: Measured) -> Comparison:
    """Compare measured hours with a twin at their temperatures and heat loads.

    Parameters
    ----------
    twin : Twin
        As designed or calibrated.
    measured : Measured
        The hours.
    """
    places = np.flatnonzero(measured.usable)
    columns = measured.columns
    estimate = twin.run(**{name: columns[name][places] for name in Operation._fields})
    reasons = measured.reasons.astype(object)
    reasons[places] = [
        _why(status, limit)
        for status, limit in zip(estimate.status.tolist(), estimate.limit.tolist(), strict=True)
    ]
    found = estimate.to_dict()
    simulated = {
        name: _scattered(found[name], places, len(reasons)) for name in (*QUANTITIES, "cycling")
    }
    known = np.equal(reasons, "")
    steady = known & (simulated["cycling"] != 1.0)
    deviations = {}
    for name in QUANTITIES:
        values = _measured(measured, name)
        rows = (known if name in ("power", "cop") else steady) & np.isfinite(values)
        if rows.any():
            deviations[name] = deviation(
                values[rows], simulated[name][rows], relative=name in _RELATIVE
            )
    return Comparison(measured, estimate, reasons.astype(np.str_), simulated, deviations)


def in_words(name: str) -> str:
    """Why hours were left out, as a phrase.

    Examples
    --------
    >>> in_words("off")
    'the machine is off: heat and power are 0'
    """
    kind, _, limit = name.partition(": ")
    if kind == "infeasible":
        words = reason(limit, DEFAULT_LIMITS)
        return f"the twin cannot deliver this: {words}"
    return REASONS.get(name) or _UNKNOWN[name]


_UNKNOWN = {
    "outside": "neither the table nor the regressor covers this point",
    "not_converged": "a full solve found no solution",
}


def _why(status: str, limit: str) -> str:
    if status == "ok":
        return ""
    return f"infeasible: {limit}" if status == "infeasible" else status


def _scattered(values: Any, places: NDArray[np.intp], count: int) -> FloatArray:
    result = np.full(count, np.nan)
    result[places] = values
    return result


def _measured(measured: Measured, name: str) -> FloatArray:
    columns: Mapping[str, FloatArray] = measured.columns
    if name != "cop":
        return columns.get(name, np.full(len(measured.times), np.nan))
    heat, power = columns["heat_load"], columns["power"]
    running = (heat > 0.0) & (power > 0.0)
    result: FloatArray = np.divide(heat, power, out=np.full(len(heat), np.nan), where=running)
    return result
