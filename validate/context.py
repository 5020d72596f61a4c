"""What the surrogate buys: closed-form COPs at the same points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surrogate.identity import Identity

from .closed_form import FORMULAS, Formula
from .samples import Points

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SHAFT = "Jensen"
"""Formulas whose name begins so count the power at the shaft: their COP is multiplied by the
motor's efficiency."""


@dataclass(frozen=True)
class Against:
    """One formula against full solves; signed relative errors of the COP [1].

    Attributes
    ----------
    name, reference : str
        The formula.
    errors : array, shape (n,)
        At all solved points; NaN where it says nothing.
    valid : array of bool
        Where its author means it to hold.
    """

    name: str
    reference: str
    errors: FloatArray
    valid: BoolArray

    def spread(self, valid: bool) -> tuple[int, float, float, float, float]:
        """Points, median, 5th and 95th percentile of the errors, and mean size of them."""
        errors = self.errors[self.valid] if valid else self.errors
        errors = errors[np.isfinite(errors)]
        if len(errors) == 0:
            return 0, np.nan, np.nan, np.nan, np.nan
        low, middle, high = (float(q) for q in np.quantile(errors, (0.05, 0.5, 0.95)))
        return len(errors), middle, low, high, float(np.abs(errors).mean())


def closed_forms(identity: Identity, points: Points) -> list[Against]:
    """Set all formulas that can speak of a refrigerant against full solves."""
    solved = points.solved
    water = tuple(np.asarray(t)[solved] for t in points.water)
    true = points.true["cop"][solved]
    motor = identity.parameters.motor_efficiency
    found = []
    for formula in _fitting(identity.refrigerant):
        cop = formula.function(*water) * (motor if formula.name.startswith(SHAFT) else 1.0)
        found.append(
            Against(formula.name, formula.reference, cop / true - 1.0, formula.valid(*water))
        )
    return found


def _fitting(refrigerant: str) -> list[Formula]:
    """All formulas, but of those made for one refrigerant only its own, if there is one."""
    own = [f for f in FORMULAS if f.name.startswith(SHAFT) and f.name.endswith(refrigerant)]
    return [f for f in FORMULAS if not f.name.startswith(SHAFT) or f in own or not own]
