"""What curves, maps and comparisons share: answers of many points, as plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from surrogate.assessment.answer import reason
from surrogate.assessment.question import Question
from surrogate.estimate import Estimate
from surrogate.pumps import shared_pump
from surrogate.tablemodel import Table

OUTSIDE = "the table does not reach here"
"""Why a point without an answer has none, where it cannot be said more closely."""

_RANGES: tuple[tuple[str, str, Callable[[Mapping[str, float]], float]], ...] = (
    ("t_supply", "a supply of {:g} degC", lambda c: c["t_supply"]),
    ("source_glide", "a source glide of {:g} K", lambda c: c["t_source_in"] - c["t_source_out"]),
    ("sink_glide", "a network glide of {:g} K", lambda c: c["t_supply"] - c["t_return"]),
    ("eta_s", "an isentropic efficiency of {:g}", lambda c: c["eta_s"]),
)
"""Ranges of a table, in words, and what of the conditions must lie in them."""


def why(
    status: str, limit: str, table: Table | None = None, point: Mapping[str, float] | None = None
) -> str:
    """Why a point has no answer, in words; empty where it has one.

    Parameters
    ----------
    status, limit : str
        Of an estimate.
    table : Table, optional
        The table that was asked.
    point : mapping, optional
        The conditions.

    Examples
    --------
    >>> why("outside", ""), why("ok", "")
    ('the table does not reach here', '')
    >>> q = Question(refrigerant="R410A")
    >>> why("outside", "", shared_pump("R410A").table, q.conditions())
    'the table of R410A ends at a supply of 71 degC'
    """
    if status == "infeasible":
        return reason(limit)
    if status not in ("outside", "not_converged"):
        return ""
    if table is None or point is None:
        return OUTSIDE
    for name, words, value in _RANGES:
        span = getattr(table, name)
        if value(point) > span.high:
            return f"the table of {table.identity.refrigerant} ends at {words.format(span.high)}"
        if value(point) < span.low:
            return f"the table of {table.identity.refrigerant} begins at {words.format(span.low)}"
    return OUTSIDE


def asked(question: Question, name: str, value: float) -> Estimate:
    """Ask a question's heat pump with one temperature moved; no full solve is made.

    Points one at a time: for some hundred of them that is faster than an array.

    Parameters
    ----------
    question : Question
        What is asked.
    name, value
        As for :meth:`Question.moved`.
    """
    given = question.moved(name, value)
    return shared_pump(question.refrigerant).design(**given, outside="nan")


def floats(values: Iterable[Any]) -> tuple[float, ...]:
    """Plain floats."""
    return tuple(float(value) for value in values)


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Plain strings."""
    return tuple(str(value) for value in values)
