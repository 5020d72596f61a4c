"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary file beside ``path`` that takes its name if all goes well.

    Whoever looks sees the old file or the new one, never half of it; after an
    error the temporary file is gone.

    Parameters
    ----------
    path : Path
        The file to write; its folder is made where it is missing.

    Yields
    ------
    Path
        The file to write into.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp gives the owner alone access; a table is for everyone who may read its folder.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def probe(path: Path) -> None:
    """Make sure that :func:`written_whole` could write a file; nothing stays of the attempt.

    Parameters
    ----------
    path : Path
        The file; folders on the way to it may be missing.

    Raises
    ------
    OSError
        If it could not.
    """
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    with tempfile.NamedTemporaryFile(prefix=f".{path.name}.", suffix=path.suffix, dir=folder):
        pass
