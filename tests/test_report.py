"""The validation report: what it measures, how it judges, and what a reader gets."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from surrogate import store
from surrogate.errors import InputError, TableNotFoundError
from surrogate.generate.judged import Errors
from surrogate.netcdf import content_digest, read_raw
from surrogate.validate import measures, run
from surrogate.validate.measures import Coverage, Measured
from surrogate.validate.samples import FallBack, pushed

TABLE = store.shipped_folder() / "design-single_stage-R717-0aef89f2.nc"
PLANTS = sorted(store.shipped_folder().glob("plant-*.nc"))
REGRESSORS = sorted(store.shipped_folder().glob("regressor-*.nc"))

GOOD = Errors(1000, 1e-5, 1e-4, 2e-4, 5e-4, 1e-6)
MEASURED = Measured(
    errors={"cop": GOOD, "power": GOOD, "capacity": GOOD, "edge": GOOD},
    bias=(-1e-5, 1e-5),
    coverage=Coverage(950, 1000, 1000.0),
    feasible=1000,
    missed=2,
    edge_missed=0,
    invented=0,
    fall_back=FallBack(40, 0, 20, 1e-9),
)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Finished solves, shared: the right table and the wrong one are asked at the same points."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def verdict(work):
    return run.validate(
        tables=TABLE, points=20, seed=5, workers=1, work=work, output=work / "right" / "report.html"
    )


def changed(path: Path, target: Path, output: str, factor: float) -> Path:
    """A copy with one output's coefficients changed, and a digest that fits."""
    shutil.copy(path, target)
    arrays, attributes = read_raw(target)
    column = [number for number, name in enumerate(arrays["column"]) if name.endswith(output)]
    with netCDF4.Dataset(target, "a") as data:
        arrays["coefficients"][..., column] *= factor
        data["coefficients"][...] = arrays["coefficients"]
        data.content_digest = content_digest(arrays, attributes)
    return target


def broken(measured: Measured, kind: str = "design") -> list[str]:
    return [check.name for check in measures.judge(kind, measured) if not check.kept]


def test_the_report_is_written_whole_and_loads_nothing(verdict):
    html = verdict.html.read_text(encoding="utf-8")
    assert verdict.kept
    assert verdict.exit_code == 0
    assert verdict.broken == []
    assert "Every bar is kept" in html
    assert html.rstrip().endswith("</html>")
    loaded = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)""", html)
    assert loaded
    assert all(target.startswith(("data:image/png", "#")) for target in loaded)
    assert not re.search(r"<script|<link|<iframe|@import|url\(", html)
    assert html.count("<img ") == 3 == len(re.findall(r'alt="[^"]{40,}"', html))
    for text in ("R717", "Speed, side by side", "The worst 10 points", "Jensen, R717", "power"):
        assert text in html


def test_the_summary_stands_beside_it(verdict):
    text = verdict.markdown.read_text(encoding="utf-8")
    assert verdict.markdown == verdict.html.with_suffix(".md")
    assert "**Every bar is kept**" in text
    assert "| R717, design | table | COP |" in text
    assert "one design point" in text
    rows = [line for line in text.splitlines() if line.startswith("| R717")]
    assert all(line.count("|") > 4 for line in rows)


def test_all_three_kinds_of_points_were_solved(verdict):
    (file,) = verdict.files
    assert file.measured.errors["cop"].points >= 20
    assert file.edge_points > 0
    assert file.measured.fall_back.points >= 4
    assert file.measured.fall_back.elsewhere == 0
    assert len(file.worst) == 10
    assert all(point.causes for point in file.worst)
    sizes = [abs(point.error) for point in file.worst]
    assert sizes == sorted(sizes, reverse=True)
    (timing,) = file.timings
    assert timing.times > 100
    best = file.best_formula
    assert best is not None
    assert best.spread(True)[-1] > 100 * file.measured.errors["cop"].mean


def test_a_wrong_table_fails(work, verdict):
    wrong = changed(TABLE, work / TABLE.name, "quality", 1.02)
    found = run.validate(
        tables=wrong, points=20, seed=5, workers=1, work=work, output=work / "wrong.html"
    )
    assert not found.kept
    assert found.exit_code == 1
    assert any("COP error, p99" in text for text in found.broken)
    assert any("promised bound" in text for text in found.broken)
    html = found.html.read_text(encoding="utf-8")
    assert "bars are broken" in html
    assert "Every bar is kept" not in html
    assert "bars are broken" in found.markdown.read_text(encoding="utf-8")


@pytest.mark.skipif(not PLANTS, reason="no plant table ships yet")
def test_a_plants_report_has_its_capacity(work):
    found = run.validate(
        plant=PLANTS[0], points=20, seed=5, workers=1, work=work, output=work / "plant.html"
    )
    (file,) = found.files
    assert found.broken == []
    assert set(file.measured.errors) == {"cop", "power", "load", "capacity", "edge"}
    assert file.measured.errors["capacity"].points >= 1
    assert "capacity p99" in found.html.read_text(encoding="utf-8")
    assert "8760 h by its table" in file.timings[0].task


@pytest.mark.parametrize("path", [TABLE, *PLANTS[:1], *REGRESSORS[:1]], ids=lambda p: p.name[:9])
def test_the_seed_of_a_files_own_points_is_refused(path, work):
    with pytest.raises(InputError, match=r"seed = 1, .* give another"):
        run.validate(tables=path, points=20, seed=1, workers=1, work=work, output=work / "no.html")
    assert not (work / "no.html").exists()


def test_what_is_not_there_is_named(work, tmp_path):
    with pytest.raises(InputError, match="not both"):
        run.validate(refrigerant="R717", plant="sewage", work=work)
    with pytest.raises(InputError, match="points = 3"):
        run.validate(refrigerant="R717", points=3, work=work)
    with pytest.raises(TableNotFoundError, match="R1270"):
        run.validate(refrigerant="R1270", work=work)
    with pytest.raises(TableNotFoundError, match="no plant named 'nowhere'"):
        run.validate(plant="nowhere", work=work)
    with pytest.raises(TableNotFoundError, match="nothing of that name"):
        run.validate(tables=tmp_path / "none", work=work)


def test_good_numbers_keep_all_bars():
    for kind in measures.BARS:
        assert broken(MEASURED, kind) == []


@pytest.mark.parametrize(
    ("kind", "name", "value", "check"),
    [
        ("design", "p99", 1.01e-3, "COP error, p99"),
        ("design", "max", 5.1e-3, "COP error, max"),
        ("plant", "p99", 2.1e-3, "COP error, p99"),
        ("plant", "max", 1.1e-2, "COP error, max"),
        ("regressor", "p95", 3.1e-3, "COP error, p95"),
        ("regressor", "p99", 6.1e-3, "COP error, p99"),
        ("regressor", "max", 2.1e-2, "COP error, max"),
        ("design", "p99", float("nan"), "COP error, p99"),
    ],
)
def test_an_error_above_its_bar_breaks_it(kind, name, value, check):
    errors = {**MEASURED.errors, "cop": replace(GOOD, **{name: value})}
    assert broken(replace(MEASURED, errors=errors), kind) == [check]


def test_other_bars_break_by_themselves():
    errors = {**MEASURED.errors, "capacity": replace(GOOD, p99=4e-3)}
    assert broken(replace(MEASURED, errors=errors), "plant") == ["capacity error, p99"]
    errors = {**MEASURED.errors, "edge": replace(GOOD, max=6e-3)}
    assert broken(replace(MEASURED, errors=errors)) == ["COP error on the rims, max"]
    biased = replace(MEASURED, bias=(1e-4, 6e-4))
    assert broken(biased, "regressor") == ["COP bias with its interval"]
    assert broken(biased, "plant") == []
    assert broken(replace(MEASURED, missed=25)) == ["feasible points not answered"]
    for fall_back in (FallBack(40, 1, 20, 0.0), FallBack(40, 0, 20, 2e-6), FallBack(0, 0, 0, 0.0)):
        name = "outside, against the full solve"
        assert broken(replace(MEASURED, fall_back=fall_back)) == [name]


@pytest.mark.parametrize(
    ("inside", "points", "effective", "kept"),
    [
        (950, 1000, 1000, True),
        (925, 1000, 1000, True),  # 0.5 % below the bar, less than 1000 points tell
        (900, 1000, 1000, False),
        (900, 1000, 60, True),  # a few plants of many points each
        (995, 1000, 1000, False),
        (20, 20, 20, True),
        (100, 100, 100, True),
        (1000, 1000, 1000, False),
        (10, 20, 20, False),
        (0, 0, 0, False),
    ],
)
def test_coverage_is_judged_by_its_count(inside, points, effective, kept):
    measured = replace(MEASURED, coverage=Coverage(inside, points, float(effective)))
    assert (broken(measured) == []) is kept


def test_points_of_one_plant_count_less():
    within = np.repeat(np.arange(20) > 0, 6)
    alone = measures.coverage_of(within, np.arange(120))
    together = measures.coverage_of(within, np.repeat(np.arange(20), 6))
    assert alone.share == together.share == 0.95
    assert alone.effective == pytest.approx(120)
    assert together.effective == pytest.approx(20)


def test_the_interval_of_a_bias_is_drawn_over_plants():
    rng = np.random.default_rng(3)
    plants = np.repeat(np.arange(50), 6)
    values = 1e-3 + 1e-3 * rng.standard_normal(50)[plants]
    low, high = measures.bias_interval(values, plants)
    assert low < values.mean() < high
    # Standard error of 50 plants, not of 300 points.
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(50), rel=0.1)


def test_points_are_moved_onto_every_rim_and_beyond():
    low, high = np.array([0.0, 10.0]), np.array([1.0, 30.0])
    rows = np.column_stack([np.full(8, 0.5), np.full(8, 20.0)])
    rim = pushed(rows, low, high, (0.0, 0.0), (0, 1))
    assert rim[:4].tolist() == [[0, 20], [0.5, 10], [1, 20], [0.5, 30]]
    far = pushed(rows, low, high, (0.02, 0.12), (1,))
    assert ((far[:, 1] < 10) | (far[:, 1] > 30)).all()
    assert (far[:, 0] == 0.5).all()
