"""Walking through neighbours, halving steps, and going on after an interruption."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import NotConvergedError
from surrogate.generate import sweep


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_snake_visits_all_nodes_in_steps_of_one(lengths):
    path = sweep.snake(*lengths)
    assert len({tuple(node) for node in path}) == np.prod(lengths)
    assert (np.abs(np.diff(path, axis=0)).sum(axis=1) == 1).all()


class ShortSteps:
    """Converges only near the last solution, as Newton's method does; square as answer."""

    def __init__(self, reach: float, start: float = 0.0) -> None:
        self.reach, self.at, self.tries = reach, start, 0

    def __call__(self, point: np.ndarray) -> np.ndarray:
        self.tries += 1
        if abs(point[0] - self.at) > self.reach or point[0] == 7.0:
            raise NotConvergedError("too far")
        self.at = float(point[0])
        return point**2


def test_steps_are_halved_until_they_succeed():
    solver = ShortSteps(reach=1.0)
    rows, found = sweep.walk(solver, np.array([[0.5], [4.0], [0.0]]), 1)
    assert found.all()
    assert rows.ravel().tolist() == [0.25, 16.0, 0.0]


def test_a_point_without_solution_costs_only_itself():
    solver = ShortSteps(reach=1.5, start=6.0)
    rows, found = sweep.walk(solver, np.array([[6.0], [7.0], [7.5], [8.0]]), 1)
    assert found.tolist() == [True, False, True, True]
    assert np.isnan(rows[1, 0])
    assert rows[3, 0] == 64.0


def test_what_is_out_of_reach_is_given_up():
    solver = ShortSteps(reach=1e-3)
    _, found = sweep.walk(solver, np.array([[0.0], [100.0]]), 1)
    assert found.tolist() == [True, False]
    assert solver.tries < 100


@dataclass(frozen=True)
class Squares:
    """A job that leaves a mark for each chunk that it starts."""

    marks: Path

    @property
    def columns(self) -> int:
        return 1

    def start(self):
        (self.marks / f"{len(list(self.marks.iterdir()))}").touch()
        return ShortSteps(reach=np.inf)


def test_finished_chunks_are_not_solved_again(tmp_path):
    marks, folder = tmp_path / "marks", tmp_path / "work"
    marks.mkdir()
    chunks = [np.array([[float(n)], [n + 0.5]]) for n in range(4)]
    first = sweep.run(Squares(marks), chunks, folder, label="a", workers=1)
    assert len(list(marks.iterdir())) == 4
    (folder / "a-00002.npz").unlink()
    again = sweep.run(Squares(marks), chunks, folder, label="a", workers=1)
    assert len(list(marks.iterdir())) == 5
    for (rows, found), (rows_again, found_again) in zip(first, again, strict=True):
        assert np.array_equal(rows, rows_again)
        assert np.array_equal(found, found_again)


@pytest.mark.parametrize("damage", ["points", "empty", "half"])
def test_chunks_of_other_points_or_damaged_ones_are_solved_again(tmp_path, damage):
    marks = tmp_path / "marks"
    marks.mkdir()
    chunk = np.array([[1.0], [2.0]])
    sweep.run(Squares(marks), [chunk], tmp_path, label="a", workers=1)
    path = tmp_path / "a-00000.npz"
    if damage == "points":
        chunk = np.array([[3.0], [4.0]])
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else 200])
    ((rows, _),) = sweep.run(Squares(marks), [chunk], tmp_path, label="a", workers=1)
    assert np.array_equal(rows, chunk**2)
    assert len(list(marks.iterdir())) == 2


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.nc"
    path.write_text("old")
    with pytest.raises(RuntimeError), sweep.written_whole(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise RuntimeError("power cut")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.nc"]
