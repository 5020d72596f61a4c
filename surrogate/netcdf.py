"""NetCDF files of this library: read whole, and believed only after every check.

Every file says what kind it is and in which version of its format, and carries
a SHA-256 over all its content. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.errors import TableError

FORMAT_VERSION = 1
"""Rises whenever an older reader would misread a newer file."""

UNDIGESTED = ("content_digest", "history")
"""Attributes that the content digest leaves out: itself, and when the file was made."""

Arrays = dict[str, NDArray[Any]]


def content_digest(arrays: Mapping[str, NDArray[Any]], attributes: Mapping[str, Any]) -> str:
    """SHA-256 over all variables and all attributes but :data:`UNDIGESTED`.

    Parameters
    ----------
    arrays : mapping
        Variables by name.
    attributes : mapping
        Attributes by name.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        digest.update(f"{name} {array.shape}".encode())
        if array.dtype.kind in "OUS":
            digest.update("\n".join(str(item) for item in array.ravel().tolist()).encode())
        else:
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    for name in sorted(set(attributes) - set(UNDIGESTED)):
        value = attributes[name]
        text = value if isinstance(value, str) else json.dumps(np.asarray(value).tolist())
        digest.update(f"{name} {text}".encode())
    return digest.hexdigest()


def read_checked(
    path: Path,
    kind: str,
    described: str,
    arrays: Sequence[str],
    attributes: Sequence[str],
) -> tuple[Arrays, dict[str, Any]]:
    """Read a file and check that it can be believed.

    Parameters
    ----------
    path : Path
        The file.
    kind, described : str
        What it must be, as its attribute ``kind`` and in words.
    arrays, attributes : sequence of str
        What it must hold.

    Raises
    ------
    TableError
        If it is missing, no NetCDF, truncated, of another kind or a newer
        format, or edited after it was made.
    """
    found, said = read_raw(path)
    version = said.get("format_version")
    if not isinstance(version, (int, np.integer)) or said.get("kind") != kind:
        raise TableError(f"{path} is a NetCDF file, but no {described}")
    if version > FORMAT_VERSION:
        raise TableError(
            f"{path} has format {int(version)}, but this version of surrogate reads up to "
            f"{FORMAT_VERSION}; update surrogate"
        )
    missing = [name for name in arrays if name not in found]
    missing += [name for name in attributes if name not in said]
    if missing:
        raise TableError(f"{path} lacks {', '.join(missing)}; generate the table again")
    if content_digest(found, said) != said.get("content_digest"):
        raise TableError(
            f"{path} was changed after it was made: its content does not match its digest; "
            "generate the table again"
        )
    return found, said


def read_raw(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """Variables and attributes of a NetCDF file.

    Raises
    ------
    TableError
        If it is no whole NetCDF file.
    """
    with _opened(path) as data:
        data.set_auto_mask(False)
        arrays = {name: variable[...] for name, variable in data.variables.items()}
        attributes = {name: data.getncattr(name) for name in data.ncattrs()}
    return arrays, attributes


def kind_of(path: Path) -> str:
    """What kind of file it says it is; empty where it says nothing.

    Raises
    ------
    TableError
        If it is no NetCDF file.
    """
    with _opened(path) as data:
        return str(data.getncattr("kind")) if "kind" in data.ncattrs() else ""


# The NetCDF library ends the process where two threads enter it at once.
_entering = threading.Lock()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise TableError(f"{path} is no file")
    try:
        with _entering:
            import netCDF4

            with netCDF4.Dataset(path) as data:
                yield data
    except Exception as error:  # a damaged file makes the NetCDF library raise anything
        raise TableError(
            f"{path} is not a whole NetCDF file ({error}); generate the table again"
        ) from error
