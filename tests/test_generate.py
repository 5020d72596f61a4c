"""Making a table: the same numbers whoever solves them, and after a power cut."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from surrogate.errors import SpecError
from surrogate.evaluate import QUANTITIES
from surrogate.generate import held_out
from surrogate.generate.build import box, make_table, solve_nodes
from surrogate.generate.holes import fill
from surrogate.generate.sample import Box, sobol
from surrogate.limits import DEFAULT_LIMITS, broken_condition
from surrogate.table import ARRAYS

from .conftest import tiny_spec

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from pathlib import Path
from surrogate.generate.build import make_table
from surrogate.generate.spec import DesignSpec
spec = DesignSpec.model_validate_json(Path(sys.argv[1]).read_text())
make_table(spec, Path(sys.argv[2]), workers=2)
"""


def test_an_interrupted_run_goes_on_to_the_identical_table(tmp_path):
    spec = tiny_spec("R1270", held_out={"points": 60})
    whole = make_table(spec, tmp_path / "whole", workers=1)
    (tmp_path / "spec.json").write_text(spec.to_json())
    (tmp_path / "run.py").write_text(SCRIPT)
    command = [sys.executable, "run.py", "spec.json", "cut"]
    process = subprocess.Popen(command, cwd=tmp_path)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "cut").glob(".work/*/*.npz"))) < 3:
        assert process.poll() is None, "the run ended before it could be interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {p: p.stat().st_mtime_ns for p in (tmp_path / "cut").glob(".work/*/*.npz")}
    assert not list((tmp_path / "cut").glob("*.nc"))
    (work,) = (tmp_path / "cut" / ".work").iterdir()
    solve_nodes(spec, work, workers=2, console=None)
    assert done
    assert {p: p.stat().st_mtime_ns for p in done} == done, "finished chunks were solved again"
    resumed = make_table(spec, tmp_path / "cut", workers=2)
    assert resumed.table.attributes["content_digest"] == whole.table.attributes["content_digest"]
    a, b = whole.table.to_dataset(), resumed.table.to_dataset()
    for name in ARRAYS:
        assert np.array_equal(a[name], b[name]), name
    assert resumed.summary == whole.summary
    assert not list((tmp_path / "whole").glob(".work/*"))


def test_a_small_table_knows_its_error(tiny):
    assert tiny.summary.points >= 80
    assert tiny.summary.max < 5e-3
    assert tiny.summary.within >= 0.95
    assert tiny.summary.missed <= 0.01
    assert len(tiny.table.pieces) == 2


def test_the_error_holds_for_points_the_table_never_saw(tiny, tmp_path):
    spec = tiny_spec("R601")
    solved = held_out.solve_feasible(spec.identity, box(spec), 150, 99, tmp_path, workers=2)
    comparison = held_out.compare(tiny.table, solved)
    # Of 150 exchangeable points some 95 % lie inside; 88 % is four standard errors away.
    inside = np.abs(comparison.error) <= comparison.bound
    assert inside[comparison.answered].mean() > 0.88
    assert comparison.missed.sum() <= 2
    for name in QUANTITIES:
        found = comparison.values[name][comparison.answered]
        expected = solved.values[name][comparison.answered]
        np.testing.assert_allclose(found, expected, rtol=2e-2, atol=0.05, err_msg=name)


def test_glides_make_a_table_too(tmp_path):
    made = make_table(tiny_spec("R407C", held_out={"points": 40}), tmp_path, workers=2)
    assert "evaporator_glide" in made.table.pieces[0].outputs
    assert made.summary.max < 5e-3


def test_samples_keep_the_limits_and_do_not_depend_on_their_number():
    ranges = Box((0.5, 40), (1, 30), (35, 90), (1, 50), (0.65, 0.9))
    points = sobol(ranges, 300, seed=5)
    assert all(broken_condition(DEFAULT_LIMITS, points.point(n)) == 0 for n in range(300))
    with pytest.raises(SpecError, match="hardly a point"):
        sobol(ranges._replace(t_supply=(5, 6)), 10, seed=5)
    first = sobol(ranges, 100, seed=5)
    assert np.array_equal(first.t_supply, points.t_supply[:100])
    assert not np.array_equal(sobol(ranges, 100, seed=6).t_supply, first.t_supply)


def test_holes_are_filled_as_the_quadratic_goes_on():
    x, y = np.meshgrid(np.arange(8.0), np.arange(7.0), indexing="ij")
    values = np.stack([1 + x - y + 0.1 * x * y - 0.2 * x**2, np.full(x.shape, 3.0)], axis=-1)
    usable = x + y < 10
    filled = fill(np.where(usable[..., None], values, np.nan), usable)
    np.testing.assert_allclose(filled, values, atol=1e-2)
    assert np.array_equal(filled[usable], values[usable])
    with pytest.raises(ValueError, match="no node"):
        fill(values, np.zeros_like(usable))


def test_the_conformal_bound_holds_at_its_rank():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        errors = rng.standard_t(3, 120)
        bound = held_out.conformal_half_width(errors[:60])
        shares.append((np.abs(errors[60:]) <= bound).mean())
    assert np.mean(shares) == pytest.approx(0.9508, abs=0.006)  # 58 / 61
