"""The assessment as plain text, to print or to keep."""

from __future__ import annotations

import textwrap

from surrogate.assessment.assess import Assessment
from surrogate.assessment.documents import COMPARISONS, NOT_COUNTED, Row, sections
from surrogate.assessment.words import one_line

WIDTH = 92
"""Longest line [characters]."""


def text_report(assessment: Assessment, name: str, *, created: str | None = None) -> str:
    """Print an assessment: the answer, all numbers with units, assumptions with sources.

    The same input gives the same text; it changes with nothing else.

    Parameters
    ----------
    assessment : Assessment
        What is told.
    name : str
        What the user calls it; characters that command a terminal are taken out.
    created : str, optional
        When it was made, as it shall be printed.

    Examples
    --------
    >>> from surrogate.assessment.assess import assess
    >>> from surrogate.assessment.question import Question
    >>> print(text_report(assess(Question()), "Server hall")[:80])
    WASTE HEAT ASSESSMENT
    =====================
    <BLANKLINE>
    Server hall
    <BLANKLINE>
    A 1.00 MW ammonia heat
    """
    parts = ["WASTE HEAT ASSESSMENT\n====================="]
    title = one_line(name)
    if title:
        parts.append(_wrapped(title))
    parts.append(_wrapped(assessment.sentence))
    if assessment.verdict:
        parts.append(_wrapped(assessment.verdict))
    for section in sections(assessment):
        heading = f"{section.title}\n{'-' * len(section.title)}"
        parts.append("\n".join([heading, *_lines(section.rows)]))
    if assessment.worth is not None:
        parts += [_wrapped(COMPARISONS), _wrapped(NOT_COUNTED)]
    made = f", {one_line(created)}" if created else ""
    parts.append(f"heatpump-surrogate {assessment.version}{made}")
    # Spaces that must not break have done their work once the lines are broken.
    return "\n\n".join(parts).replace("\N{NO-BREAK SPACE}", " ") + "\n"


def _lines(rows: tuple[Row, ...]) -> list[str]:
    """Labels to the left, values below each other, notes where they fit or below."""
    labels = max(len(row.label) for row in rows) + 2
    values = max(len(row.shown) for row in rows)
    found = []
    for row in rows:
        line = f"{row.label:<{labels}}{row.shown:>{values}}"
        if row.note and len(line) + 2 + len(row.note) <= WIDTH:
            line += f"  {row.note}"
        found.append(line)
        if row.note and not line.endswith(row.note):
            found.append(textwrap.indent(textwrap.fill(row.note, WIDTH - 4), "    "))
    return found


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH)
