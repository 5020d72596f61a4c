"""How the COP changes with one temperature, everything else held."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.assessment.points import asked, floats, json_ready, texts, why
from surrogate.assessment.question import CONDITIONS, FIELDS, Question
from surrogate.errors import InputError
from surrogate.estimate import Estimate
from surrogate.limits import DEFAULT_LIMITS
from surrogate.pumps import shared_pump

POINTS = 61
"""Points of a curve."""

# What has an answer is looked for on coarse steps, its ends on fine ones [K]; and how far the
# curve is shown beyond them [K].
_COARSE, _FINE, _BEYOND = 2.0, 0.1, 5.0


class Gap(NamedTuple):
    """A stretch of a curve without an answer.

    Attributes
    ----------
    low, high : float
        Its first and last point [degC].
    status : str
        Status of its points.
    reason : str
        Why there is no answer, in words.
    """

    low: float
    high: float
    status: str
    reason: str


@dataclass(frozen=True)
class Curve:
    """COP and power over one temperature.

    Attributes
    ----------
    name : str
        The condition that changes, ``t_supply`` or ``t_source_in``.
    label, unit : str
        Its name for people, and its unit.
    x : tuple of float
        Its values, rising [degC]; the question's own is among them.
    cop, power : tuple of float
        COP [1] and electric power [W]; NaN where there is no answer.
    status, limit, reason : tuple of str
        Of each point, as in an estimate, and in words.
    at, at_cop : float
        The question's own point [degC, 1].
    low, high : float
        The ends of what has an answer [degC]; NaN where nothing has.
    gaps : tuple of Gap
        Stretches without an answer, each with its reason.
    sentence : str
        How far it reaches and what stops it, in words.
    """

    name: str
    label: str
    unit: str
    x: tuple[float, ...]
    cop: tuple[float, ...]
    power: tuple[float, ...]
    status: tuple[str, ...]
    limit: tuple[str, ...]
    reason: tuple[str, ...]
    at: float
    at_cop: float
    low: float
    high: float
    gaps: tuple[Gap, ...]
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types; NaN becomes None, a gap a mapping."""
        gaps = [gap._asdict() for gap in self.gaps]
        found: dict[str, Any] = json_ready({**asdict(self), "gaps": gaps})
        return found


def supply_curve(question: Question, points: int = POINTS) -> Curve:
    """COP over the supply temperature, all else held.

    From just above the return to a little beyond what the refrigerant can.

    Parameters
    ----------
    question : Question
        What is held, and where the curve's own point lies.
    points : int
        How many.

    Raises
    ------
    InputError
        If there are fewer points than 3.

    Examples
    --------
    >>> curve = supply_curve(Question())
    >>> print(curve.sentence)
    Supply is possible from 51 to 88.3 degC; above, the gas leaving the compressor would be hotter \
than 180 degC.
    """
    low = question.t_return + DEFAULT_LIMITS.sink_glide_min
    table = shared_pump(question.refrigerant).table
    high = DEFAULT_LIMITS.t_supply_max if table is None else table.t_supply.high
    return _curve(question, "t_supply", _Span(low, max(high, low, question.t_supply)), points)


def source_curve(question: Question, points: int = POINTS) -> Curve:
    """COP over the waste heat's inlet temperature, its glide and all else held.

    From where the waste heat would freeze to where no heat pump is needed, and
    in between what the refrigerant can.

    Parameters
    ----------
    question : Question
        What is held, and where the curve's own point lies.
    points : int
        How many.

    Raises
    ------
    InputError
        If there are fewer points than 3.
    """
    glide = question.t_source_in - question.t_source_out
    low = DEFAULT_LIMITS.t_source_out_min + glide
    high = min(question.t_supply, DEFAULT_LIMITS.t_source_in_max)
    at = question.t_source_in
    return _curve(question, "t_source_in", _Span(min(low, at), max(high, low, at)), points)


class _Span(NamedTuple):
    """Lowest and highest temperature to look at [degC]."""

    low: float
    high: float


def _curve(question: Question, name: str, span: _Span, points: int) -> Curve:
    if points < 3:
        raise InputError(f"points = {points}, but a curve must have 3 at least")
    own = float(getattr(question, name))
    table = shared_pump(question.refrigerant).table
    lowest, highest = _reach(question, name, span, own)
    shown = _shown(span, lowest, highest, own)
    x = _grid(shown, points, own)
    found = _asked(question, name, x)
    status, limit = texts(found.status), texts(found.limit)
    reasons = tuple(
        why(status[i], limit[i], table, dict(zip(CONDITIONS, point, strict=True)))
        for i, point in enumerate(zip(*(getattr(found, c) for c in CONDITIONS), strict=True))
    )
    at = int(np.argmin(np.abs(x - own)))
    cop = floats(found.cop)
    return Curve(
        name=name,
        label=FIELDS[name].label,
        unit=FIELDS[name].unit,
        x=floats(x),
        cop=cop,
        power=floats(found.power),
        status=status,
        limit=limit,
        reason=reasons,
        at=own,
        at_cop=cop[at],
        low=lowest,
        high=highest,
        gaps=_gaps(x, status, reasons),
        sentence=_sentence(question, name, x, reasons, _Span(lowest, highest)),
    )


def _asked(question: Question, name: str, x: NDArray[np.float64]) -> Estimate:
    if name == "t_source_in":
        glide = question.t_source_in - question.t_source_out
        return asked(question, t_source_in=x, t_source_out=x - glide)
    return asked(question, t_supply=x)


def _reach(question: Question, name: str, span: _Span, own: float) -> tuple[float, float]:
    """The ends of what has an answer, NaN where nothing has [degC]."""
    coarse = np.union1d(np.arange(span.low, span.high, _COARSE), [span.high, own])
    good = np.flatnonzero(_asked(question, name, coarse).status == "ok")
    if len(good) == 0:
        return np.nan, np.nan
    before, after = max(good[0] - 1, 0), min(good[-1] + 1, len(coarse) - 1)
    fine = np.union1d(
        _tenths(coarse[before], coarse[good[0]]), _tenths(coarse[good[-1]], coarse[after])
    )
    fine = np.union1d(fine, coarse[good])
    ok = fine[_asked(question, name, fine).status == "ok"]
    return float(ok[0]), float(ok[-1])


def _tenths(low: float, high: float) -> NDArray[np.float64]:
    """Tenths of a kelvin between two temperatures."""
    return np.arange(np.ceil(low / _FINE), np.floor(high / _FINE) + 1) * _FINE


def _shown(span: _Span, lowest: float, highest: float, own: float) -> _Span:
    """The part of the span with answers, a little more, and the question's own point."""
    if np.isnan(lowest):
        return span
    low = max(span.low, min(lowest - _BEYOND, own))
    high = min(span.high, max(highest + _BEYOND, own))
    return _Span(low, high)


def _grid(shown: _Span, points: int, own: float) -> NDArray[np.float64]:
    """Equal steps, the nearest of them moved to the question's own value."""
    x = np.linspace(shown.low, shown.high, points)
    x[np.argmin(np.abs(x - own))] = own
    return x


def _gaps(
    x: NDArray[np.float64], status: tuple[str, ...], reasons: tuple[str, ...]
) -> tuple[Gap, ...]:
    """Neighbouring points without an answer for one and the same reason, together."""
    gaps: list[Gap] = []
    for index, (s, words) in enumerate(zip(status, reasons, strict=True)):
        if not words:
            continue
        here = float(x[index])
        joined = index > 0 and reasons[index - 1] == words
        if joined:
            gaps[-1] = gaps[-1]._replace(high=here)
        else:
            gaps.append(Gap(here, here, s, words))
    return tuple(gaps)


_SUBJECTS = {"t_supply": "Supply", "t_source_in": "Waste heat"}


def _sentence(
    question: Question, name: str, x: NDArray[np.float64], reasons: tuple[str, ...], reach: _Span
) -> str:
    """How far the curve reaches, and what stops it at either end."""
    if np.isnan(reach.low):
        table = shared_pump(question.refrigerant).table
        if table is None:
            return f"There is no table of {question.refrigerant}, so there is no curve."
        cause = Counter(reasons).most_common(1)[0][0]
        return f"Nothing on this curve has an answer: {cause}."
    ends = []
    below = [words for value, words in zip(x, reasons, strict=True) if value < reach.low and words]
    above = [words for value, words in zip(x, reasons, strict=True) if value > reach.high and words]
    if below:
        ends.append(f"below, {below[-1]}")
    if above:
        ends.append(f"above, {above[0]}")
    subject = f"{_SUBJECTS[name]} is possible from {reach.low:g} to {reach.high:g} degC"
    return "; ".join([subject, *ends]) + "."
