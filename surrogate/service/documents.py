"""Assessments as documents to keep: text, CSV, PDF."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Literal

from starlette.responses import Response

from surrogate.assessment import (
    Question,
    compare_refrigerants,
    csv_report,
    offdesign_map,
    source_curve,
    supply_curve,
    text_report,
)
from surrogate.assessment.assess import Assessment
from surrogate.service import tasks
from surrogate.service.names import slug
from surrogate.service.work import Workers

Form = Literal["txt", "csv", "pdf"]
"""Kinds of documents, as their file names end."""

MEDIA_TYPES: dict[Form, str] = {
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}


async def document(
    clerks: Workers, form: Form, name: str, assessment: Assessment, created: datetime | None
) -> Response:
    """Return an assessment as a file to download.

    Parameters
    ----------
    clerks : Workers
        Where PDFs are made: drawing one takes a second of a processor.
    form : str
        Kind of document.
    name : str
        What the run is called.
    assessment : Assessment
        What is in it.
    created : datetime or None
        When it was saved.
    """
    if form == "pdf":
        content: str | bytes = await clerks.run(
            tasks.pdf, assessment.to_dict(), name, written(created)
        )
    elif form == "csv":
        content = csv_report([(name, assessment)])
    else:
        content = text_report(assessment, name, created=written(created))
    return download(content, form, slug(name))


def written(created: datetime | None) -> str | None:
    """Return a time as documents print it."""
    return None if created is None else created.strftime("%Y-%m-%d %H:%M UTC")


def download(content: str | bytes, form: Form, name: str) -> Response:
    """Return a response that browsers save as a file."""
    return Response(
        content,
        media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="surrogate-{name}.{form}"'},
    )


async def charts(question: Question) -> dict[str, Any]:
    """Return curves and comparisons about a question; drawn in a thread, others need not wait."""
    return await asyncio.to_thread(charts_of, question)


def charts_of(question: Question) -> dict[str, Any]:
    """As :func:`charts`, in the thread that asks."""
    return {
        "supply": supply_curve(question).to_dict(),
        "source": source_curve(question).to_dict(),
        "refrigerants": compare_refrigerants(question).to_dict(),
        "offdesign": offdesign_map(question).to_dict(),
    }
