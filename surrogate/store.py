"""Where tables are: shipped with the library, or made by the user, found by digest."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from surrogate.errors import InputTypeError, TableError, TableNotFoundError
from surrogate.identity import Identity
from surrogate.netcdf import kind_of

ENVIRONMENT = "SURROGATE_TABLES"
"""Variable that names a folder of tables, in place of the platform's data folder."""


def user_folder() -> Path:
    """Folder of the tables that the user made: SURROGATE_TABLES, or the platform's data folder."""
    given = os.environ.get(ENVIRONMENT)
    if given:
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("surrogate", appauthor=False) / "tables"


def shipped_folder() -> Path:
    """Folder of the tables that come with the library."""
    import surrogate.tables

    return Path(surrogate.tables.__path__[0])


def locate(identity: Identity, tables: str | os.PathLike[str] | None = None) -> Path | None:
    """Find the file of a table.

    Parameters
    ----------
    identity : Identity
        What it must be a table of.
    tables : path, optional
        A table file, or a folder to look in before all others.

    Returns
    -------
    Path or None
        The file, or None where there is none. The user's own tables come
        before the shipped ones.

    Raises
    ------
    TableNotFoundError
        If ``tables`` is given but does not exist.
    """
    if tables is not None:
        if not isinstance(tables, (str, os.PathLike)):
            raise InputTypeError(f"tables = {tables!r}, but it must be a path")
        path = Path(tables)
        if path.is_file():
            return path
        if not path.is_dir():
            raise TableNotFoundError(
                f"tables = {str(path)!r}, but there is neither a table nor a folder of that name"
            )
    folders = [user_folder(), shipped_folder()]
    for folder in folders if tables is None else [Path(tables), *folders]:
        path = folder / identity.file_name
        if path.is_file():
            return path
    return None


def load(identity: Identity, tables: str | os.PathLike[str] | None = None) -> Any:
    """Find and read what an identity names; see :func:`locate`.

    A file is read once for each change of it.

    Returns
    -------
    Table, PlantTable, Regressor or None
        By the identity's kind.

    Raises
    ------
    TableError
        If the file must not be believed.
    """
    path = locate(identity, tables)
    if path is None:
        return None
    status = path.stat()
    with _reading:
        return _read_once(path, identity, status.st_mtime_ns, status.st_size)


# Threads that want the same file read it once.
_reading = threading.Lock()


@lru_cache(maxsize=32)
def _read_once(path: Path, identity: Identity, changed: int, size: int) -> Any:
    return _reader(identity.kind)(path, identity)


def _reader(kind: str) -> Callable[..., Any]:
    """What reads a kind of file; imported when one is first read."""
    module = {"design": "table", "plant": "planttable", "regressor": "regressor"}[kind]
    read: Callable[..., Any] = importlib.import_module(f"surrogate.{module}").read
    return read


def read_any(path: Path) -> Any:
    """Read a file of whatever kind it is.

    Raises
    ------
    TableError
        If it is none of this library's, or must not be believed.
    """
    kind = kind_of(path)
    if kind not in ("design", "plant", "regressor"):
        raise TableError(f"{path} is a NetCDF file, but none of this library's")
    return _reader(kind)(path)


def available_tables(tables: str | os.PathLike[str] | None = None) -> list[Path]:
    """Files of all tables that queries can use.

    Parameters
    ----------
    tables : path, optional
        A folder to list instead of the user's and the shipped ones.

    Returns
    -------
    list of Path
        Sorted by name; a user's table hides the shipped one of the same name.
    """
    folders = [shipped_folder(), user_folder()] if tables is None else [Path(tables)]
    found = {path.name: path for folder in folders for path in _files(folder)}
    return [found[name] for name in sorted(found)]


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.glob("*.nc") if not path.name.startswith("."))
