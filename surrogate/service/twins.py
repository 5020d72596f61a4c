"""Sessions of digital twins: their settings, their histories, their measured hours."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from surrogate.service.database import Database, paged
from surrogate.service.problems import Broken, ProblemError
from surrogate.service.records import StepRecord, TwinRecord, now
from surrogate.twin import Design, Factors, Setting, Twin

MOST_TWINS, MOST_STEPS = 1000, 20_000
"""Sessions that one owner may keep, and steps that one session may."""

MOST_MEASURED_BYTES = 200_000_000
"""Bytes of measured hours that one owner may keep."""

# Looking at a session is written down this seldom.
_SELDOM = timedelta(days=1)


class TwinSession(NamedTuple):
    """A session as it stands.

    Attributes
    ----------
    id : str
        Cannot be guessed.
    name : str
        As its owner called it.
    created, used, expires : datetime
        UTC.
    design : Design
        What the machine is sized for.
    setting : Setting
        What it is set to.
    factors : Factors or None
        What a calibration found; None as designed.
    hours : float
        Hours that its history spans [h].
    steps : int
        Steps in its history.
    """

    id: str
    name: str
    created: datetime
    used: datetime
    expires: datetime
    design: Design
    setting: Setting
    factors: Factors | None
    hours: float
    steps: int

    @property
    def twin(self) -> Twin:
        """The twin itself."""
        return twin_of(self.design, self.factors)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON types."""
        times = {name: getattr(self, name).isoformat() for name in ("created", "used", "expires")}
        return {
            "id": self.id,
            "name": self.name,
            **times,
            "design": self.design.model_dump(),
            "setting": self.setting.model_dump(),
            "factors": None if self.factors is None else self.factors.model_dump(),
            "hours": self.hours,
            "steps": self.steps,
        }


@functools.lru_cache(maxsize=256)
def twin_of(design: Design, factors: Factors | None) -> Twin:
    """Return a twin; sessions of the same machine share one.

    Raises
    ------
    SurrogateError
        If there is no such machine, or nothing that answers for it.
    """
    return Twin(design) if factors is None else Twin(design, factors)


class Twins:
    """The sessions of all owners; each sees their own.

    Parameters
    ----------
    database : Database
        Where they are.
    days : float
        Days after its last use at which a session expires.
    """

    def __init__(self, database: Database, days: float) -> None:
        self._database = database
        self._life = timedelta(days=days)

    def create(self, owner: str, name: str, design: Design) -> TwinSession:
        """Begin a session at its design point.

        Raises
        ------
        ProblemError
            If the owner has as many as one may have, or the database fails.
        """
        moment = now()
        row = TwinRecord(
            id=secrets.token_urlsafe(18),
            owner=owner,
            name=name,
            created=moment,
            used=moment,
            expires=moment + self._life,
            design=design.model_dump(),
            setting=design.setting().model_dump(),
            hours=0.0,
            steps=0,
        )
        with self._database.writing() as session:
            mine = select(func.count()).where(TwinRecord.owner == owner)
            if (session.scalar(mine) or 0) >= MOST_TWINS:
                raise ProblemError(
                    "conflict", 409,
                    f"{MOST_TWINS} twins are kept already; delete some before you begin another",
                )  # fmt: skip
            session.add(row)
            session.flush()
            return _read(row)

    def listed(self, owner: str, limit: int, offset: int = 0) -> tuple[list[TwinSession], int]:
        """List sessions, last used first, and count all of them.

        Parameters
        ----------
        owner : str
            Whose.
        limit, offset : int
            Which of them.
        """
        chosen = select(TwinRecord).where(TwinRecord.owner == owner, TwinRecord.expires > now())
        order = (TwinRecord.used.desc(), TwinRecord.id)
        with self._database.reading() as session:
            rows, total = paged(session, chosen, order, limit, offset)
            return [_read(row) for row in rows], total

    def get(self, owner: str, twin_id: str) -> TwinSession:
        """Return a session as it stands.

        Raises
        ------
        ProblemError
            If there is none of this owner's.
        """
        with self._database.reading() as session:
            return _read(_found(session, owner, twin_id))

    def open(self, owner: str, twin_id: str) -> TwinSession:
        """Return a session as it stands; looking at it counts as using it.

        Raises
        ------
        ProblemError
            If there is none of this owner's, or the database fails.
        """
        session = self.get(owner, twin_id)
        if now() - session.used < _SELDOM:
            return session
        return self._change(owner, twin_id, lambda _, row: None)

    def set(self, owner: str, twin_id: str, setting: Setting) -> TwinSession:
        """Set the conditions that the machine meets.

        Raises
        ------
        ProblemError
            If there is no such session, or the database fails.
        """

        def change(_: Session, row: TwinRecord) -> None:
            row.setting = setting.model_dump()

        return self._change(owner, twin_id, change)

    def step(
        self,
        owner: str,
        twin_id: str,
        hours: float,
        setting: Setting,
        status: str,
        values: dict[str, Any],
    ) -> TwinSession:
        """Let time pass, and keep what the machine did.

        Parameters
        ----------
        owner, twin_id : str
            Whose, and which.
        hours : float
            How long [h].
        setting : Setting
            What the machine met meanwhile; it may be set to something else by now.
        status : str
            Status of the machine meanwhile.
        values : dict
            What it did.

        Raises
        ------
        ProblemError
            If the history is full, there is no such session, or the database fails.
        """

        def change(session: Session, row: TwinRecord) -> None:
            if row.steps >= MOST_STEPS:
                raise ProblemError(
                    "conflict", 409,
                    f"this history has {MOST_STEPS} steps already; begin another session",
                )  # fmt: skip
            row.steps += 1
            row.hours += hours
            session.add(
                StepRecord(
                    twin_id=row.id,
                    number=row.steps,
                    hour=row.hours,
                    setting=setting.model_dump(),
                    status=status,
                    values=values,
                )
            )

        return self._change(owner, twin_id, change)

    def history(
        self, owner: str, twin_id: str, after: int = 0, limit: int = MOST_STEPS
    ) -> list[dict[str, Any]]:
        """List steps after a number, oldest first.

        Raises
        ------
        ProblemError
            If there is no such session.
        """
        with self._database.reading() as session:
            row = _found(session, owner, twin_id)
            chosen = (
                select(StepRecord)
                .where(StepRecord.twin_id == row.id, StepRecord.number > after)
                .order_by(StepRecord.number)
                .limit(limit)
            )
            return [
                {
                    "number": step.number,
                    "hour": step.hour,
                    "setting": step.setting,
                    "status": step.status,
                    "values": step.values,
                }
                for step in session.scalars(chosen)
            ]

    def measured(self, owner: str, twin_id: str) -> bytes | None:
        """Return the measured hours as they were uploaded, or None.

        Raises
        ------
        ProblemError
            If there is no such session.
        """
        with self._database.reading() as session:
            return _found(session, owner, twin_id).measured

    def has_measured(self, owner: str, twin_id: str) -> bool:
        """Return whether there are measured hours.

        Raises
        ------
        ProblemError
            If there is no such session.
        """
        with self._database.reading() as session:
            row = _found(session, owner, twin_id)
            known = select(TwinRecord.measured.is_not(None)).where(TwinRecord.id == row.id)
            return bool(session.scalar(known))

    def set_measured(self, owner: str, twin_id: str, data: bytes | None) -> TwinSession:
        """Keep measured hours, or forget them.

        Raises
        ------
        ProblemError
            If there is no such session, or the database fails.
        """

        def change(session: Session, row: TwinRecord) -> None:
            others = select(func.sum(func.length(TwinRecord.measured))).where(
                TwinRecord.owner == owner, TwinRecord.id != row.id
            )
            kept = (session.scalar(others) or 0) + len(data or b"")
            if data is not None and kept > MOST_MEASURED_BYTES:
                raise ProblemError(
                    "conflict", 409,
                    f"measured hours of all your twins may have {MOST_MEASURED_BYTES} bytes, and "
                    f"would have {kept}; forget some before you upload more",
                )  # fmt: skip
            row.measured = data

        return self._change(owner, twin_id, change)

    def calibration(self, owner: str, twin_id: str) -> dict[str, Any] | None:
        """Return the calibration that was kept, or None.

        Raises
        ------
        ProblemError
            If there is no such session.
        """
        with self._database.reading() as session:
            return _found(session, owner, twin_id).calibration

    def set_factors(
        self,
        owner: str,
        twin_id: str,
        factors: Factors | None,
        calibration: dict[str, Any] | None = None,
    ) -> TwinSession:
        """Keep what a calibration found; None for the machine as designed.

        Raises
        ------
        ProblemError
            If there is no such session, or the database fails.
        """

        def change(_: Session, row: TwinRecord) -> None:
            row.factors = None if factors is None else factors.model_dump()
            row.calibration = calibration

        return self._change(owner, twin_id, change)

    def delete(self, owner: str, twin_id: str) -> None:
        """End a session; its history goes with it.

        Raises
        ------
        ProblemError
            If there is no such session, or the database fails.
        """
        with self._database.writing() as session:
            row = _found(session, owner, twin_id)
            session.execute(delete(TwinRecord).where(TwinRecord.id == row.id))

    def purge(self) -> int:
        """Delete what has expired; return how many sessions.

        Raises
        ------
        ProblemError
            If the database fails.
        """
        with self._database.writing() as session:
            over = TwinRecord.expires <= now()
            count = session.scalar(select(func.count()).select_from(TwinRecord).where(over))
            session.execute(delete(TwinRecord).where(over))
            return count or 0

    def _change(
        self, owner: str, twin_id: str, change: Callable[[Session, TwinRecord], None]
    ) -> TwinSession:
        """Change a session, which counts as using it."""
        with self._database.writing() as session:
            row = _found(session, owner, twin_id)
            change(session, row)
            row.used = now()
            row.expires = row.used + self._life
            session.flush()
            return _read(row)


def _found(session: Session, owner: str, twin_id: str) -> TwinRecord:
    row = session.get(TwinRecord, twin_id)
    if row is None or row.owner != owner or row.expires <= now():
        detail = f"there is no twin {twin_id[:40]!r} of yours; sessions expire some time after use"
        raise ProblemError("not-found", 404, detail, [Broken(field="twin_id", detail=detail)])
    return row


def _read(row: TwinRecord) -> TwinSession:
    return TwinSession(
        row.id,
        row.name,
        row.created,
        row.used,
        row.expires,
        Design.model_validate(row.design),
        Setting.model_validate(row.setting),
        None if row.factors is None else Factors.model_validate(row.factors),
        row.hours,
        row.steps,
    )
