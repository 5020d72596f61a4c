"""Running many full solves: chains of neighbours, over processes, resumable.

Work is cut into chunks that do not depend on one another; each starts from a
model of its own, so the numbers are the same whatever process solves them, in
whatever order. A chunk that is done is written at once; a sweep that was
interrupted finds it there and goes on with the others.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import joblib
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from surrogate.errors import NotConvergedError
from surrogate.files import written_whole

FloatArray = NDArray[np.float64]

MAX_BISECTIONS = 4
"""Steps towards a point are halved this often before it is given up."""

# One thread a process: the solves are too small for more, and the others would only wait.
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Job(Protocol):
    """What a sweep runs: picklable, and importable in a fresh process."""

    def start(self) -> Callable[[FloatArray], FloatArray]:
        """Return a solver with a model of its own: a point in, a row out.

        The solver raises :class:`NotConvergedError` where it finds nothing.
        """

    @property
    def columns(self) -> int:
        """Length of a row."""


def snake(*lengths: int) -> NDArray[np.intp]:
    """Visit all nodes of a grid so that each is a neighbour of the one before.

    Parameters
    ----------
    *lengths : int
        Length of each axis.

    Returns
    -------
    array of int, shape (product of the lengths, number of axes)
        Node indices in order; the last axis varies fastest.

    Examples
    --------
    >>> snake(2, 3).tolist()
    [[0, 0], [0, 1], [0, 2], [1, 2], [1, 1], [1, 0]]
    """
    if not lengths:
        return np.empty((1, 0), dtype=np.intp)
    rest = snake(*lengths[1:])
    runs = []
    for index in range(lengths[0]):
        run = rest if index % 2 == 0 else rest[::-1]
        runs.append(np.column_stack([np.full(len(run), index), run]))
    return np.concatenate(runs)


def walk(
    solve: Callable[[FloatArray], FloatArray], points: FloatArray, columns: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Solve points one after the other, each from its neighbour before.

    A point that fails is approached again from the last one that did not, in
    steps that are halved until they succeed.

    Parameters
    ----------
    solve : callable
        Takes a point, gives a row, raises NotConvergedError; keeps the last
        solution as its start.
    points : array, shape (n, dimensions)
        Points in the order of the walk.
    columns : int
        Length of a row.

    Returns
    -------
    array, shape (n, columns)
        Rows; NaN where no solution was found.
    array of bool, shape (n,)
        Where one was found.
    """
    rows = np.full((len(points), columns), np.nan)
    found = np.zeros(len(points), dtype=bool)
    last: FloatArray | None = None
    for number, point in enumerate(points):
        row = _approach(solve, last, point, MAX_BISECTIONS)
        if row is not None:
            rows[number], found[number], last = row, True, point
    return rows, found


def _approach(
    solve: Callable[[FloatArray], FloatArray],
    last: FloatArray | None,
    point: FloatArray,
    halvings: int,
) -> FloatArray | None:
    try:
        return solve(point)
    except NotConvergedError:
        if last is None or halvings == 0:
            return None
    middle = 0.5 * (last + point)
    try:
        solve(last)
    except NotConvergedError:
        return None
    if _approach(solve, last, middle, halvings - 1) is None:
        return None
    return _approach(solve, middle, point, halvings - 1)


def run(
    job: Job,
    chunks: Sequence[FloatArray],
    folder: Path,
    *,
    label: str,
    workers: int,
    console: Console | None = None,
) -> list[tuple[FloatArray, NDArray[np.bool_]]]:
    """Walk through every chunk, in processes.

    Parameters
    ----------
    job : Job
        What to solve.
    chunks : sequence of array, shape (n, dimensions)
        Points of each chunk.
    folder : Path
        Where finished chunks are kept; those found there are not solved again.
    label : str
        What the progress bar says, and the finished files are called.
    workers : int
        Number of processes.
    console : Console, optional
        Where the progress bar goes; none without it.

    Returns
    -------
    list of tuple
        Rows and found flags of each chunk, as :func:`walk` gives them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{label}-{number:05d}.npz" for number in range(len(chunks))]
    finished = [_load(path, chunk) for path, chunk in zip(paths, chunks, strict=True)]
    open_chunks = [number for number, found in enumerate(finished) if found is None]
    with _progress(console) as progress:
        task = progress.add_task(label, total=sum(len(chunk) for chunk in chunks))
        done = sum(len(chunk) for chunk in chunks) - sum(len(chunks[n]) for n in open_chunks)
        progress.update(task, completed=done, resumed=done)
        for number, rows, found in _solved(job, chunks, open_chunks, workers):
            with written_whole(paths[number]) as temporary, temporary.open("wb") as file:
                np.savez(file, points=chunks[number], rows=rows, found=found)
            finished[number] = rows, found
            progress.advance(task, len(rows))
    return [found for found in finished if found is not None]


def _solved(
    job: Job, chunks: Sequence[FloatArray], numbers: Sequence[int], workers: int
) -> Iterator[tuple[int, FloatArray, NDArray[np.bool_]]]:
    """Solve chunks, giving each as it is finished."""
    if workers == 1:
        for number in numbers:
            yield _solve_chunk(job, number, chunks[number])
        return
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(_THREADS)
    try:
        parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
        yield from parallel(
            joblib.delayed(_solve_chunk)(job, number, chunks[number]) for number in numbers
        )
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _solve_chunk(
    job: Job, number: int, points: FloatArray
) -> tuple[int, FloatArray, NDArray[np.bool_]]:
    rows, found = walk(job.start(), points, job.columns)
    return number, rows, found


def _load(path: Path, points: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]] | None:
    """Read a finished chunk, or None where it is not there, not whole, or of other points."""
    try:
        with np.load(path, allow_pickle=False) as data:
            if not np.array_equal(data["points"], points):
                return None
            return data["rows"], data["found"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


class _Rate(ProgressColumn):
    """Solves per second since this run began."""

    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0.0
        solved = task.completed - task.fields.get("resumed", 0)
        rate = solved / elapsed if elapsed > 0 else 0.0
        return Text(f"{rate:5.1f}/s")


def _progress(console: Console | None) -> Progress:
    return Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        disable=console is None,
    )


def default_workers() -> int:
    """Processes to use where the caller does not say: one for each usable core."""
    return int(joblib.cpu_count())


class Spec(Protocol):
    """What work is named after."""

    @property
    def refrigerant(self) -> str:
        """The refrigerant."""

    def model_dump_json(self) -> str:
        """The spec as text, the same for the same spec."""


def work_name(spec: Spec) -> str:
    """Name of the folder for unfinished work: another spec or version starts anew."""
    packages = [version(name) for name in ("tespy", "coolprop", "heatpump-surrogate")]
    text = json.dumps([spec.model_dump_json(), packages])
    return f"{spec.refrigerant}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
