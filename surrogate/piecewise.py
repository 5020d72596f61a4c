"""Power over load as a piecewise-linear function, as linear optimisation needs it.

MILP tools (linopy, PyPSA, oemof) take straight lines only. :func:`fit` finds
the continuous function of some segments whose largest relative error against
samples is the smallest that there is, and does so exactly: within a given
error every sample is a gate, from a little below its power to a little above,
and the fewest straight lines through all gates are found by going as far as
one line can go, then turning as late as the next line allows. Halving the
interval of errors then gives the smallest error for a number of segments.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from surrogate.conditions import FloatArray
from surrogate.errors import InputError, InputTypeError

SEGMENTS = 3
"""Segments where the caller says neither how many nor how exact."""

LEAST_TOLERANCE = 1e-9
"""Smallest tolerance [1] that can be asked for: below, rounding decides."""

# Slopes [1, relative to the steepest] closer than this are one slope.
_SAME_SLOPE = 1e-9

# A load this far [1, relative to the highest] outside is one at the end.
_SLACK = 1e-6

# The smallest error is found to this, relative and absolute [1].
_CLOSE, _ZERO = 1e-10, 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class PiecewiseLinear:
    """A continuous function of straight segments: electric power over heat load.

    Parameters
    ----------
    load : numpy.ndarray
        Heat load at the breakpoints [W], increasing; one more than segments.
    power : numpy.ndarray
        Electric power at the breakpoints [W].
    max_error : float
        Largest absolute difference [W] to the samples it was fitted to, joined
        by straight lines.
    max_relative_error : float
        Largest difference relative to their power [1].

    Examples
    --------
    >>> pwl = PiecewiseLinear(np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.5, 3.5]), 0.0, 0.0)
    >>> pwl.slope, pwl.offset
    (array([0.5, 1. ]), array([ 0.5, -0.5]))
    >>> pwl.at([1.5, 3.0, 5.0])
    array([1.25, 2.5 ,  nan])
    >>> pwl.convex
    True
    """

    load: FloatArray
    power: FloatArray
    max_error: float
    max_relative_error: float

    @property
    def slope(self) -> FloatArray:
        """Power per heat load in each segment [W/W]."""
        return np.diff(self.power) / np.diff(self.load)

    @property
    def offset(self) -> FloatArray:
        """Power [W] where each segment's line meets load 0: power = slope * load + offset."""
        return self.power[:-1] - self.slope * self.load[:-1]

    @property
    def convex(self) -> bool:
        """Whether slopes increase, so that a minimising LP needs no binaries for the segments."""
        slope = self.slope
        return bool(np.all(np.diff(slope) >= -_SAME_SLOPE * np.abs(slope).max()))

    def at(self, load: Any) -> Any:
        """Electric power [W] at a heat load.

        Parameters
        ----------
        load : float or array_like
            Heat load [W].

        Returns
        -------
        float or numpy.ndarray
            Power, in the shape of ``load``; NaN outside the breakpoints, but for
            the millionth by which solvers may overstep a bound.
        """
        x = _numbers("load", load)
        slack = _SLACK * float(np.abs(self.load).max())
        within = (x >= self.load[0] - slack) & (x <= self.load[-1] + slack)
        power = np.where(within, np.interp(x, self.load, self.power), np.nan)
        return power if x.ndim else float(power)

    def to_dict(self) -> dict[str, Any]:
        """All values by name, arrays as plain lists."""
        return {
            "load": self.load.tolist(),
            "power": self.power.tolist(),
            "slope": self.slope.tolist(),
            "offset": self.offset.tolist(),
            "max_error": self.max_error,
            "max_relative_error": self.max_relative_error,
            "convex": self.convex,
        }


def fit(
    load: Any, power: Any, *, segments: int | None = None, tolerance: float | None = None
) -> PiecewiseLinear:
    """Fit a piecewise-linear function to samples of power over load.

    No continuous function of so many segments has a smaller largest relative
    error against the samples, joined by straight lines. It swings about them,
    half as far off as chords of the curve would be: its ends are off as well,
    and its breakpoints lie between samples where that is best. Samples should
    be dense on a smooth curve: 50 are plenty and take about 20 ms.

    Parameters
    ----------
    load : array_like
        Heat load of the samples [W], increasing.
    power : array_like
        Electric power of the samples [W], above 0.
    segments : int, optional
        Number of segments, 3 if ``tolerance`` is not given either. It is kept
        even where fewer would do, so that the curves of all hours have the
        same shape: the longest segments are halved.
    tolerance : float, optional
        Largest relative error [1]; the fewest segments that keep it are used,
        and then the smallest error that these reach.

    Returns
    -------
    PiecewiseLinear
        From the first sample's load to the last one's.

    Raises
    ------
    InputError
        If samples are too few, not finite or not in order, power is not above
        0, both ``segments`` and ``tolerance`` are given, or one is beyond its
        range.
    InputTypeError
        If something is not a number.

    Examples
    --------
    >>> load = np.linspace(0.5e6, 1e6, 51)
    >>> share = load / 1e6
    >>> power = load / (3.2 + 1.2 * share - 0.7 * share**2)
    >>> pwl = fit(load, power, segments=2)
    >>> print(pwl.load.round(), pwl.power.round())
    [ 500000.  808976. 1000000.] [137800. 217690. 270013.]
    >>> round(pwl.max_relative_error, 5), pwl.convex
    (0.00095, True)
    >>> fit(load, power, tolerance=0.0005).load.size - 1
    3
    """
    x, y = _samples(load, power)
    if segments is not None and tolerance is not None:
        raise InputError(
            f"segments = {segments!r} and tolerance = {tolerance!r} are given, but one follows "
            "from the other; leave one out"
        )
    if tolerance is None:
        count = _checked_segments(SEGMENTS if segments is None else segments, x.size)
    else:
        # A little more, so that the error of an earlier fit gives its segments again.
        allowed = _checked_tolerance(tolerance) * (1.0 + 2.0 * _CLOSE)
        count = len(_lines(x, y, allowed, x.size))
    at, values = _breakpoints(x, _best_lines(x, y, count))
    at, values = _halved(at, values, count)
    return PiecewiseLinear(at, values, *_largest_errors(x, y, at, values))


class _Line(NamedTuple):
    """A line, and the loads [W] between which the next one may take over."""

    slope: float
    offset: float
    earliest: float
    latest: float

    def at(self, load: float) -> float:
        return self.slope * load + self.offset


class _Gates(NamedTuple):
    """What a line must pass: from ``low`` to ``high`` [W] at each load ``x`` [W]."""

    x: FloatArray
    low: FloatArray
    high: FloatArray


def _best_lines(x: FloatArray, y: FloatArray, count: int) -> list[_Line]:
    """Lines, ``count`` at most, of the smallest largest relative error."""
    # At an error of 1 every gate begins at 0, and one line passes them all.
    low, high, lines = 0.0, 1.0, _lines(x, y, 1.0, count)
    while high - low > _CLOSE * high + _ZERO:
        middle = 0.5 * (low + high)
        found = _lines(x, y, middle, count)
        if found:
            high, lines = middle, found
        else:
            low = middle
    return lines


def _lines(x: FloatArray, y: FloatArray, error: float, most: int) -> list[_Line]:
    """Fewest lines within a relative error of all samples; none if that takes more than ``most``.

    To go as far as possible with each line gives the fewest. Say the farthest
    one leaves through the upper ends. From where it last touches a lower end,
    nothing within the error runs below it, so whatever goes on must cross it
    downwards, and may as well have come along it. The next line therefore lies
    above the lower ends from there on, and below the upper ends only from
    where the farthest line leaves: before they cross it is not used.
    """
    gates = _Gates(x, (1.0 - error) * y, (1.0 + error) * y)
    lines: list[_Line] = []
    start = 0
    while len(lines) < most:
        line, first, end, upwards = _farthest(gates, start)
        lines.append(line)
        if end == gates.x.size:
            return lines
        leave = _leave(gates.x, gates.high if upwards else gates.low, line, end)
        if leave <= gates.x[end - 1]:
            end -= 1
        elif leave < gates.x[end]:
            gates = _with_gate(gates, end, leave)
        lines[-1] = line._replace(latest=float(gates.x[end]))
        if upwards:
            gates.high[first:end] = np.inf
        else:
            gates.low[first:end] = -np.inf
        start = first
    return []


def _farthest(gates: _Gates, start: int) -> tuple[_Line, int, int, bool]:
    """The line that passes the most gates one after another, from gate ``start`` on.

    Slopes that pass some gates lie between two bounds: the steepest rise from
    an upper end to a later lower end, and the steepest fall likewise. Where a
    further gate would put them in the wrong order, the bound it breaks is the
    line that comes nearest to it.

    Returns
    -------
    _Line
        The line; it may be left from the last gate it touches on.
    int
        That gate.
    int
        The first gate it misses, or their number.
    bool
        Whether it misses that gate above.
    """
    x, low, high = gates
    least, least_at, most, most_at = -math.inf, start, math.inf, start
    for i in range(start + 1, x.size):
        run = x[i] - x[start:i]
        rise = float(((low[i] - high[start:i]) / run).max())
        fall = float(((high[i] - low[start:i]) / run).min())
        if rise > most:
            return _through(most, x[most_at], high[most_at]), most_at, i, False
        if fall < least:
            return _through(least, x[least_at], low[least_at]), least_at, i, True
        if rise > least:
            least, least_at = rise, i
        if fall < most:
            most, most_at = fall, i
    slope = _between(least, most)
    lowest, highest = low[start:] - slope * x[start:], high[start:] - slope * x[start:]
    offset = _between(float(lowest.max()), float(highest.min()))
    return _Line(slope, offset, float(x[start]), float(x[-1])), start, x.size, False


def _through(slope: float, load: float, power: float) -> _Line:
    return _Line(slope, float(power - slope * load), float(load), math.inf)


def _leave(x: FloatArray, edge: FloatArray, line: _Line, end: int) -> float:
    """Load [W] at which a line crosses the edge that it is within before gate ``end``."""
    before, after = float(x[end - 1]), float(x[end])
    inside, outside = edge[end - 1] - line.at(before), edge[end] - line.at(after)
    return float(before + (after - before) * inside / (inside - outside))


def _with_gate(gates: _Gates, end: int, load: float) -> _Gates:
    """The gates and one more, straight between its neighbours."""
    low, high = (np.interp(load, gates.x, ends) for ends in (gates.low, gates.high))
    return _Gates(
        np.insert(gates.x, end, load),
        np.insert(gates.low, end, low),
        np.insert(gates.high, end, high),
    )


def _between(low: float, high: float) -> float:
    """The middle, or the bound that is finite."""
    finite = [bound for bound in (low, high) if math.isfinite(bound)]
    return sum(finite) / len(finite)


def _breakpoints(x: FloatArray, lines: list[_Line]) -> tuple[FloatArray, FloatArray]:
    """Load and power where the lines begin, meet and end."""
    load = [float(x[0])]
    power = [lines[0].at(load[0])]
    for line, following in itertools.pairwise(lines):
        meet = (following.offset - line.offset) / (line.slope - following.slope)
        # They meet between these, but for rounding.
        load.append(min(max(meet, line.earliest), line.latest))
        power.append(line.at(load[-1]))
    load.append(float(x[-1]))
    power.append(lines[-1].at(load[-1]))
    return np.array(load), np.array(power)


def _largest_errors(
    x: FloatArray, y: FloatArray, load: FloatArray, power: FloatArray
) -> tuple[float, float]:
    """Largest absolute [W] and relative error [1]: they are at a sample or at a breakpoint."""
    everywhere = np.concatenate((x, load))
    wanted = np.interp(everywhere, x, y)
    error = np.abs(np.interp(everywhere, load, power) - wanted)
    return float(error.max()), float((error / wanted).max())


def _halved(load: FloatArray, power: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """The same function in ``count`` segments."""
    while load.size <= count:
        after = int(np.argmax(np.diff(load))) + 1
        load = np.insert(load, after, load[after - 1 : after + 1].mean())
        power = np.insert(power, after, power[after - 1 : after + 1].mean())
    return load, power


def _samples(load: Any, power: Any) -> tuple[FloatArray, FloatArray]:
    x, y = _numbers("load", load), _numbers("power", power)
    if x.ndim != 1 or x.shape != y.shape:
        raise InputError(
            f"load has shape {x.shape} and power {y.shape}, but they must be two lists of equal "
            "length; give one curve at a time, a power for each load"
        )
    if x.size < 2:
        raise InputError(
            f"there are {x.size} samples, but a line takes 2 at least; sample the curve at more "
            "loads, say 50"
        )
    for name, values in (("load", x), ("power", y)):
        _check(np.isfinite(values), name, values, "finite; leave out where there is no answer")
    _check(y > 0.0, "power", y, "above 0; leave out loads at which the machine is off")
    _check(
        np.diff(x, prepend=-np.inf) > 0.0,
        "load",
        x,
        "above the one before; sort by load, each once",
    )
    return x, y


def _check(good: Any, name: str, values: FloatArray, rule: str) -> None:
    if not good.all():
        at = int(np.argmin(good))
        raise InputError(f"{name} = {values[at]:g} W at sample {at}, but it must be {rule}")


def _numbers(name: str, values: Any) -> FloatArray:
    try:
        array = np.asarray(values)
    except ValueError:  # ragged
        array = np.array(None)
    if array.dtype.kind not in "iuf":
        text = repr(values)
        raise InputTypeError(
            f"{name} = {text if len(text) < 60 else text[:57] + '...'}, but it must be real "
            "numbers [W]; give a list or a NumPy array of them"
        )
    return array.astype(np.float64)


def _checked_segments(segments: Any, samples: int) -> int:
    if isinstance(segments, bool) or not isinstance(segments, Integral):
        raise InputTypeError(
            f"segments = {segments!r}, but it must be a whole number; give {SEGMENTS}, say"
        )
    count = int(segments)
    if not 1 <= count < samples:
        raise InputError(
            f"segments = {count}, but it must be from 1 to {samples - 1} for {samples} samples; "
            + (f"give {SEGMENTS}, say" if count < 1 else "give fewer segments or more samples")
        )
    return count


def _checked_tolerance(tolerance: Any) -> float:
    if isinstance(tolerance, bool) or not isinstance(tolerance, Real):
        raise InputTypeError(
            f"tolerance = {tolerance!r}, but it must be a number; give 0.01 for 1 %, say"
        )
    allowed = float(tolerance)
    if not LEAST_TOLERANCE <= allowed < 1.0:
        raise InputError(
            f"tolerance = {allowed:g}, but it must be from {LEAST_TOLERANCE:g} to below 1; give "
            "0.01 for 1 %, say"
        )
    return allowed
