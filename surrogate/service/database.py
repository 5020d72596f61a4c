"""The SQLite file: opened, brought to the schema of this version, written whole or not at all."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Select, create_engine, event, func, select, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from surrogate.errors import InputError
from surrogate.service.problems import ProblemError

T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"
"""Scripts that bring an older schema to this version's."""


class Database:
    """The file that everything saved is in.

    Write-ahead logging, and every commit on the disk before it is
    acknowledged: what was saved survives a crash at any moment.

    Parameters
    ----------
    path : Path
        The file; made where it is missing, its folder too.
    busy_seconds : float
        Time to wait for another writer [s].

    Raises
    ------
    InputError
        If it cannot be opened, is no database, or one of a later version.
    """

    def __init__(self, path: Path, busy_seconds: float = 5.0) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._writer = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Whoever else has an account on this machine has no business with it.
            path.touch(mode=0o600, exist_ok=True)
        except OSError as error:
            raise InputError(f"database = {str(path)!r} cannot be made: {error.strerror}") from None
        try:
            found = _revision(path)
            self._engine = _engine(path, busy_seconds)
            upgrade(self._engine, path, found)
        except (DatabaseError, sqlite3.Error) as error:
            said = error.orig if isinstance(error, DatabaseError) else error
            raise InputError(
                f"database = {str(path)!r} cannot be used: {said}; give another file with "
                "--database"
            ) from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the file; others may write meanwhile.

        Raises
        ------
        ProblemError
            If the database fails.
        """
        with _told(), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are kept all together, or not at all after an error.

        Raises
        ------
        ProblemError
            If the database is busy, full, or fails.
        """
        with (
            self._turn(),
            _told(),
            Session(self._engine.execution_options(begin="BEGIN IMMEDIATE")) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one thread write at a time.

        SQLite would have those that wait look again now and then: among many, some
        never find it free.
        """
        if not self._writer.acquire(timeout=self._busy_seconds):
            raise _complaint(*_BUSY)
        try:
            yield
        finally:
            self._writer.release()

    def check(self) -> None:
        """Make sure that it answers.

        Raises
        ------
        ProblemError
            If it does not.
        """
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def paged(
    session: Session, chosen: Select[T], order: Sequence[Any], limit: int, offset: int
) -> tuple[list[T], int]:
    """Return some of the records that are chosen, and count all of them.

    Parameters
    ----------
    session : Session
        What they are read in.
    chosen : Select
        Chooses records.
    order : sequence
        What they are ordered by.
    limit, offset : int
        Which of them.
    """
    rows = session.scalars(chosen.order_by(*order).limit(limit).offset(offset))
    total = session.scalar(select(func.count()).select_from(chosen.subquery()))
    return list(rows), total or 0


def _engine(path: Path, busy_seconds: float) -> Engine:
    # Not a text: a question mark in the path would end it.
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": busy_seconds})

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _: Any) -> None:
        # Transactions begin where SQLAlchemy says so, not where the driver guesses.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begins(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _revision(path: Path) -> str | None:
    """Read which schema a file has, without changing anything of it; None where it is new.

    Raises
    ------
    InputError
        If it is somebody else's, or of a later version.
    """
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise InputError(f"database = {str(path)!r} is a database, but none of this service's")
        ((found,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if found not in {one.revision for one in _scripts().walk_revisions()}:
        raise InputError(
            f"database = {str(path)!r} has the schema {found!r}, which this version does not "
            "know; upgrade heatpump-surrogate, or give another file with --database"
        )
    return str(found)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def upgrade(engine: Engine, path: Path, found: str | None) -> None:
    """Bring a file to the schema of this version; keep a copy of an older one.

    Parameters
    ----------
    engine : Engine
        Opens the file.
    path : Path
        The file.
    found : str or None
        The schema that it has; None where it is new.
    """
    head = _scripts().get_current_head()
    if found == head:
        return
    if found is not None:
        _copy(path, path.with_name(f"{path.name}.before-{head}"))
    config = _config()
    with engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _copy(path: Path, copy: Path) -> None:
    """Copy a database whole, what its write-ahead log holds included."""
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


_BUSY = ("storage-busy", 503, "the database is busy: somebody else writes to it")
_SIGNS = (
    ("is locked", *_BUSY),
    ("is full", "storage-full", 507, "the disk is full"),
    ("disk I/O error", "storage-failed", 507, "the disk cannot be written to"),
    ("readonly", "storage-failed", 507, "the database may not be written to"),
)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the database complains of into a problem document."""
    try:
        yield
    except (OperationalError, DatabaseError) as error:
        said = str(error.orig)
        for sign, kind, status, detail in _SIGNS:
            if sign in said:
                raise _complaint(kind, status, detail) from error
        raise


def _complaint(kind: str, status: int, detail: str) -> ProblemError:
    headers = {"Retry-After": "2"} if status == 503 else None
    safe = "nothing was changed, and what was saved before is safe"
    return ProblemError(kind, status, f"{detail}; {safe}", headers=headers)
