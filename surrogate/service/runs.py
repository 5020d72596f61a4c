"""Saved runs: what was asked of a heat pump, and what came of it, kept as it was."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select

from surrogate.assessment.assess import Assessment
from surrogate.service.database import Database, paged
from surrogate.service.problems import Broken, ProblemError
from surrogate.service.records import HeatPumpRecord, ResultsRecord, now

MOST_RUNS = 5000
"""Runs that one owner may keep."""


class Run(NamedTuple):
    """One saved run.

    Attributes
    ----------
    id : str
        Cannot be guessed.
    name : str
        As its owner called it.
    created : datetime
        When it was saved, UTC.
    assessment : Assessment
        Question and answer, with the very numbers of then.
    """

    id: str
    name: str
    created: datetime
    assessment: Assessment

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON types."""
        return {
            "id": self.id,
            "name": self.name,
            "created": self.created.isoformat(),
            "assessment": self.assessment.to_dict(),
        }


class Runs:
    """The saved runs of all owners; each sees their own.

    Parameters
    ----------
    database : Database
        Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, owner: str, name: str, assessment: Assessment) -> Run:
        """Save a run.

        Raises
        ------
        ProblemError
            If the owner has as many as one may have, or the database fails.
        """
        run = Run(secrets.token_urlsafe(12), name, now(), assessment)
        with self._database.writing() as session:
            mine = select(func.count()).where(HeatPumpRecord.owner == owner)
            if (session.scalar(mine) or 0) >= MOST_RUNS:
                raise ProblemError(
                    "conflict", 409,
                    f"{MOST_RUNS} runs are saved already; delete some before you save more",
                )  # fmt: skip
            session.add(_record(owner, run))
        return run

    def listed(self, owner: str, limit: int, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """List runs in short, newest first, and count all of them.

        Parameters
        ----------
        owner : str
            Whose.
        limit, offset : int
            Which of them.
        """
        chosen = select(HeatPumpRecord).where(HeatPumpRecord.owner == owner)
        order = (HeatPumpRecord.created.desc(), HeatPumpRecord.id)
        with self._database.reading() as session:
            rows, total = paged(session, chosen, order, limit, offset)
            return [_short(row) for row in rows], total

    def get(self, owner: str, run_id: str) -> Run:
        """Return a run as it was saved.

        Raises
        ------
        ProblemError
            If there is none of this owner's.
        """
        with self._database.reading() as session:
            row = session.get(HeatPumpRecord, run_id)
            if row is None or row.owner != owner:
                raise _missing(run_id)
            answer = Assessment.from_dict(row.results.answer)
            return Run(row.id, row.name, row.created, answer)

    def delete(self, owner: str, run_id: str) -> None:
        """Delete a run.

        Raises
        ------
        ProblemError
            If there is none of this owner's, or the database fails.
        """
        with self._database.writing() as session:
            row = session.get(HeatPumpRecord, run_id)
            if row is None or row.owner != owner:
                raise _missing(run_id)
            session.delete(row)


def _record(owner: str, run: Run) -> HeatPumpRecord:
    answer = run.assessment.to_dict()
    found = answer["estimate"]
    results = ResultsRecord(
        created=run.created,
        version=run.assessment.version,
        answer=answer,
        **{name: found[name] for name in ("status", "origin", "cop", "power", "heat_source")},
    )
    return HeatPumpRecord(
        id=run.id,
        owner=owner,
        name=run.name,
        created=run.created,
        refrigerant=run.assessment.question.refrigerant,
        question=answer["question"],
        results=results,
        **run.assessment.question.conditions(),
    )


def _short(row: HeatPumpRecord) -> dict[str, Any]:
    names = (
        "id", "name", "refrigerant", "t_source_in", "t_source_out", "t_return", "t_supply",
        "heat_load",
    )  # fmt: skip
    found = {name: getattr(row, name) for name in names}
    results = {name: getattr(row.results, name) for name in ("status", "cop", "power")}
    return {**found, **results, "created": row.created.isoformat()}


def _missing(run_id: str) -> ProblemError:
    detail = f"there is no run {run_id[:40]!r} of yours"
    return ProblemError("not-found", 404, detail, [Broken(field="run_id", detail=detail)])
