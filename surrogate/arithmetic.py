"""One formula for one point and for a million: the few functions that differ.

The physics between table and answer is written once, over plain operators and
an :class:`Arithmetic`. With :data:`SCALAR` it runs on Python floats, many
times faster for a single point than NumPy; with :data:`ARRAY` on arrays.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Value = Any
"""A float or an array of float64, alike for every value of one formula."""

Jet = tuple[Value, Value, Value]
"""A value with its slopes over evaporating and condensing temperature."""


class Arithmetic(NamedTuple):
    """Functions over floats or over arrays."""

    log: Callable[[Value], Value]
    exp: Callable[[Value], Value]
    minimum: Callable[[Value, Value], Value]
    maximum: Callable[[Value, Value], Value]
    where: Callable[[Value, Value, Value], Value]
    negate: Callable[[Value], Value]
    larger: Callable[[Jet, Jet], Jet]
    any: Callable[[Value], bool]
    log_mean: Callable[[Value, Value], Value]


def _choose(condition: bool, yes: Value, no: Value) -> Value:
    return yes if condition else no


def _larger(a: Jet, b: Jet) -> Jet:
    return a if a[0] >= b[0] else b


def _larger_many(a: Jet, b: Jet) -> Jet:
    which = a[0] >= b[0]
    return (
        np.where(which, a[0], b[0]),
        np.where(which, a[1], b[1]),
        np.where(which, a[2], b[2]),
    )


# Below this ratio less one the quotient loses digits; the midpoint is then exact to 1e-13.
_NEARLY_EQUAL = 1e-6


def _log_mean(a: float, b: float) -> float:
    ratio = b / a
    if abs(ratio - 1.0) < _NEARLY_EQUAL:
        return 0.5 * (a + b)
    return (b - a) / math.log(ratio) if ratio > 0.0 else math.nan


def _log_mean_many(a: Value, b: Value) -> Value:
    ratio = b / a
    near = np.abs(ratio - 1.0) < _NEARLY_EQUAL
    if not near.any():
        return (b - a) / np.log(ratio)
    return np.where(near, 0.5 * (a + b), (b - a) / np.log(np.where(near, 2.0, ratio)))


SCALAR = Arithmetic(math.log, math.exp, min, max, _choose, operator.not_, _larger, bool, _log_mean)
ARRAY = Arithmetic(
    np.log,
    np.exp,
    np.minimum,
    np.maximum,
    np.where,
    np.logical_not,
    _larger_many,
    np.any,
    _log_mean_many,
)
