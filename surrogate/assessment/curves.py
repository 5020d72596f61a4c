"""How the COP changes with one temperature, everything else held."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from surrogate.assessment.fields import FIELDS
from surrogate.assessment.points import asked, floats, texts, why
from surrogate.assessment.question import Question
from surrogate.errors import InputError
from surrogate.jsonready import json_ready
from surrogate.limits import DEFAULT_LIMITS
from surrogate.pumps import shared_pump

POINTS = 61
"""Points of a curve."""

# All in K: steps on which what has an answer is looked for; how far the curve is shown beyond it,
# and beyond its own point; the width below which there is no curve but a point.
_COARSE, _BEYOND, _ASIDE, _NARROW = 2.0, 5.0, 2.0, 1e-6


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
        Its values, rising [degC]; the question's own is among them, and all
        there is where no other is possible.
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
    cold, own = question.t_return, question.t_supply
    low = cold + DEFAULT_LIMITS.sink_glide_min
    table = shared_pump(question.refrigerant).table
    high = DEFAULT_LIMITS.t_supply_max if table is None else table.t_supply.high
    span = _Span(low if low < own else 0.5 * (cold + own), max(high, own))
    return _curve(question, "t_supply", span, points)


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
    own = question.t_source_in
    return _curve(question, "t_source_in", _Span(min(low, own), max(high, own)), points)


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
    x = _grid(_shown(span, lowest, highest, own), points, own)
    found = [asked(question, name, value) for value in x]
    status, limit = texts(f.status for f in found), texts(f.limit for f in found)
    reasons = tuple(
        why(s, broken, table, question.moved(name, value))
        for s, broken, value in zip(status, limit, x, strict=True)
    )
    cop = floats(f.cop for f in found)
    return Curve(
        name=name,
        label=FIELDS[name].label,
        unit=FIELDS[name].unit,
        x=x,
        cop=cop,
        power=floats(f.power for f in found),
        status=status,
        limit=limit,
        reason=reasons,
        at=own,
        at_cop=cop[x.index(own)],
        low=lowest,
        high=highest,
        gaps=_gaps(x, status, reasons),
        sentence=_sentence(question, name, x, reasons, _Span(lowest, highest)),
    )


def _reach(question: Question, name: str, span: _Span, own: float) -> tuple[float, float]:
    """The ends of what has an answer, NaN where nothing has [degC]."""
    coarse = [*np.arange(span.low, span.high, _COARSE).tolist(), span.high, own]
    coarse = sorted(set(coarse))
    good = [i for i, value in enumerate(coarse) if _possible(question, name, value)]
    if not good:
        return math.nan, math.nan
    before, after = coarse[max(good[0] - 1, 0)], coarse[min(good[-1] + 1, len(coarse) - 1)]
    return (
        _edge(question, name, coarse[good[0]], before),
        _edge(question, name, coarse[good[-1]], after),
    )


def _possible(question: Question, name: str, value: float) -> bool:
    return bool(asked(question, name, value).status == "ok")


def _edge(question: Question, name: str, good: float, bad: float) -> float:
    """The last tenth of a kelvin with an answer, from one that has it towards one that has not."""
    first, last = sorted((good, bad))
    tenths = [n / 10.0 for n in range(math.ceil(10.0 * first), math.floor(10.0 * last) + 1)]
    for value in tenths if good <= bad else reversed(tenths):
        if not _possible(question, name, value):
            break
        good = value
    return good


def _shown(span: _Span, lowest: float, highest: float, own: float) -> _Span:
    """The part of the span with answers, a little more, and the question's own point."""
    if math.isnan(lowest):
        return span
    low = max(span.low, min(lowest - _BEYOND, own - _ASIDE))
    high = min(span.high, max(highest + _BEYOND, own + _ASIDE))
    return _Span(low, high)


def _grid(shown: _Span, points: int, own: float) -> tuple[float, ...]:
    """Equal steps, the nearest of them moved to the question's own value."""
    if shown.high - shown.low < _NARROW:
        return (own,)
    x = np.linspace(shown.low, shown.high, points)
    x[np.argmin(np.abs(x - own))] = own
    return floats(x)


def _gaps(
    x: tuple[float, ...], status: tuple[str, ...], reasons: tuple[str, ...]
) -> tuple[Gap, ...]:
    """Neighbouring points without an answer for one and the same reason, together."""
    gaps: list[Gap] = []
    for index, (s, words) in enumerate(zip(status, reasons, strict=True)):
        if not words:
            continue
        if index > 0 and reasons[index - 1] == words:
            gaps[-1] = gaps[-1]._replace(high=x[index])
        else:
            gaps.append(Gap(x[index], x[index], s, words))
    return tuple(gaps)


_SUBJECTS = {"t_supply": "Supply", "t_source_in": "Waste heat"}


def _sentence(
    question: Question, name: str, x: tuple[float, ...], reasons: tuple[str, ...], reach: _Span
) -> str:
    """How far the curve reaches, and what stops it at either end."""
    if math.isnan(reach.low):
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
