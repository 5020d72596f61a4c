"""The comparison of regressors: all candidates judged alike, on plants that none saw."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate import HeatPump
from surrogate.generate.plants import draw, plain_balance
from surrogate.generate.regress import RegressorSpec, Solved
from surrogate.limits import DEFAULT_LIMITS
from surrogate.plantmap import Levels, nothing
from surrogate.regressor import machine
from surrogate.validate import blackboxes, candidates

pytest.importorskip("sklearn")

PLANTS, POINTS = 40, 3


@pytest.fixture(scope="module")
def table():
    return HeatPump("R717").table


@pytest.fixture(scope="module")
def solved(table):
    """A small sample, with the balance in place of full solves: the same equations, but fast."""
    sample = draw(table, PLANTS, POINTS, seed=1)
    running = nothing(len(sample.plant))
    for number, sizing in enumerate(sample.sizings):
        members = np.flatnonzero(sample.plant == number)
        levels = sample.levels.take(members)
        found = plain_balance(table, sizing).at_volume_flow(levels, sample.volume_flow[members])
        running.put(members, found)
    return Solved(sample, running)


@pytest.fixture(scope="module")
def results(table, solved, tmp_path_factory):
    spec = RegressorSpec(refrigerant="R717", plants=PLANTS, points=POINTS)
    place = tmp_path_factory.mktemp("candidates")
    found = candidates.compare(spec, table, solved, place, repeats=1)
    return {result.name: result for result in found}


def test_no_plant_is_both_fitted_to_and_judged_on(solved):
    fitting, judging, rest = (part.sample.plant for part in candidates.split(solved))
    assert set(fitting) < set(rest)
    assert set(rest) | set(judging) == set(solved.sample.plant)
    assert not set(rest) & set(judging)


def test_all_are_judged_on_the_same_points_and_timed(results):
    assert len({result.points for result in results.values()}) == 1
    for result in results.values():
        assert result.missed <= 0.05, result.name
        assert 0.0 < result.mean <= result.p95 <= result.p99 <= result.max, result.name
        assert result.seconds > 0.0, result.name


def test_the_correction_leads_to_the_machine_that_the_data_are_of(results):
    # They are the balance's own here, so nothing is left, whatever was predicted.
    for name, result in results.items():
        if name.startswith(candidates.SHIPPED):
            assert result.max < 1e-5, name
        else:
            assert result.mean > 1e-3, name


def test_a_grade_between_shifted_temperatures_is_better_than_between_waters(results):
    plain = next(name for name in results if name.startswith("constant quality grade"))
    assert results["constant grade, shifted temperatures"].mean < results[plain].mean


def test_features_at_the_design_are_the_design(table, solved):
    sizing = solved.sample.sizings[0]
    sized = machine(table, sizing, DEFAULT_LIMITS)
    assert sized is not None
    levels = Levels(
        *(np.array([t]) for t in (sizing.t_source_in, sizing.t_return, sizing.t_supply))
    )
    seen = blackboxes.view(sizing, sized, levels, np.ones(1))
    known = dict(zip(blackboxes.FEATURES, seen.features[0], strict=True))
    assert known["t_low"] == pytest.approx(sized.t_evap + 273.15)
    assert known["t_high"] == pytest.approx(sized.t_cond + 273.15)
    assert known["eta_s"] == pytest.approx(sizing.eta_s)
    assert known["source_change"] == known["supply_change"] == 0.0
    assert known["glide_ratio"] == 1.0


def test_the_table_is_markdown(results):
    lines = candidates.markdown(list(results.values())).splitlines()
    assert len(lines) == len(results) + 2
    assert len({line.count("|") for line in lines}) == 1
