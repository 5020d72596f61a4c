"""Many assessments as one CSV table, a row each, for spreadsheets."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import Any

from surrogate.assessment.assess import Assessment
from surrogate.assessment.fields import FIELDS
from surrogate.assessment.worth import QUANTITIES as WORTH
from surrogate.estimate import QUANTITIES as STATES

_WORDS = ("status", "limit", "origin")
_FACTS = ("chemical", "gwp100", "safety_class", "pfas")
_SENTENCES = ("sentence", "verdict", "version")

# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_report(runs: Iterable[tuple[str, Assessment]]) -> str:
    r"""Write assessments as CSV: a header, then a row for each run.

    Columns are named ``name [unit]`` as the library names quantities. Numbers
    are in full and stay numbers; where there is none the cell is empty. Text
    that a spreadsheet would take for a formula gets an apostrophe in front.
    Lines end with CR LF and cells are quoted as RFC 4180 asks; save it as UTF-8.

    Parameters
    ----------
    runs : iterable of (str, Assessment)
        What the user calls each, and what it is.

    Examples
    --------
    >>> from surrogate.assessment.assess import assess
    >>> from surrogate.assessment.question import Question
    >>> head, row = csv_report([("=1+1", assess(Question()))]).splitlines()
    >>> head[:36], row[:20]
    ('name,refrigerant,t_source_in [degC],', "'=1+1,R717,30.0,25.0")
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)  # its own dialect is that of RFC 4180
    writer.writerow(_header())
    for name, assessment in runs:
        writer.writerow([guarded(name), *_cells(assessment)])
    return buffer.getvalue()


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("-5.2"), guarded("Hall 5")
    ("'=1+1", "'-5.2", 'Hall 5')
    """
    # Half a surrogate pair, which JSON can carry, has no place in UTF-8.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return f"'{whole}" if whole.startswith(_FORMULA) else whole


def _header() -> list[str]:
    columns = [
        ("name", ""),
        *((name, field.unit) for name, field in FIELDS.items()),
        *((name, "") for name in _WORDS),
        *((name, quantity.unit) for name, quantity in STATES.items()),
        *((name, quantity.unit) for name, quantity in WORTH.items()),
        *((name, "") for name in (*_FACTS, *_SENTENCES)),
    ]
    return [f"{name} [{unit}]" if unit else name for name, unit in columns]


def _cells(assessment: Assessment) -> list[Any]:
    """The cells of a run in the order of the header, but for its name."""
    question, found = assessment.question, assessment.estimate
    worth, facts = assessment.worth, assessment.facts
    values = [
        *(getattr(question, name) for name in FIELDS),
        *(getattr(found, name) for name in (*_WORDS, *STATES)),
        *(getattr(worth, name) if worth else None for name in WORTH),
        *(getattr(facts, name) if facts else None for name in _FACTS),
        *(getattr(assessment, name) for name in _SENTENCES),
    ]
    return [_cell(value) for value in values]


def _cell(value: Any) -> Any:
    """A number as it is, text guarded, and nothing where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return guarded(value) if isinstance(value, str) else value
