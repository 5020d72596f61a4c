"""The shipped tables: whole, made from the committed specs, and right."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate import planttable, regressor
from surrogate.cycle.design import new_model, solve_conditions
from surrogate.cycle.machine import Point
from surrogate.errors import InfeasibleError
from surrogate.evaluate import OK, OUTSIDE, answer_many
from surrogate.generate import kinds
from surrogate.generate.build import box
from surrogate.generate.plants import size
from surrogate.generate.sample import sobol
from surrogate.limits import DEFAULT_LIMITS, NAMES
from surrogate.plantmap import Levels
from surrogate.store import load, shipped_folder
from surrogate.table import read

EVERY = {path: kinds.load(path) for path in sorted((shipped_folder() / "specs").glob("*.toml"))}
SPECS = {
    kind: [path for path, spec in EVERY.items() if spec.identity.kind == kind]
    for kind in kinds.KINDS
}


REFRIGERANTS = (
    "R717 R290 R600a R600 R1234ze(E) R1234yf R1233zd(E) R134a R152a R32 R410A R1336mzz(E) R245fa"
)


def test_all_of_them_are_there():
    files = list(shipped_folder().glob("*.nc"))
    assert {path.name for path in files} == {s.identity.file_name for s in EVERY.values()}
    designs = {EVERY[path].identity.refrigerant for path in SPECS["design"]}
    assert designs == set(REFRIGERANTS.split())
    assert [len(SPECS[kind]) for kind in kinds.KINDS] == [13, 6, 13]
    assert sum(path.stat().st_size for path in files) < 60e6


def stem(path):
    return path.stem


@pytest.mark.parametrize("path", SPECS["design"], ids=stem)
def test_a_table_comes_from_its_spec_and_keeps_its_bars(path):
    spec = EVERY[path]
    table = read(shipped_folder() / spec.identity.file_name, spec.identity)
    assert table.attributes["spec"] == spec.to_json()
    answered = table.attributes["held_out_points"]
    assert answered / (1 - table.attributes["held_out_missed"]) >= 1999.5
    assert table.attributes["held_out_p99"] <= 1e-3
    assert table.attributes["held_out_max"] <= 5e-3
    assert table.attributes["held_out_missed"] <= 0.01
    assert table.attributes["held_out_invented"] <= 0.001
    assert table.t_supply.low == 35
    assert table.source_glide.low <= 2
    assert table.source_glide.high >= 30
    assert table.sink_glide.low <= 5
    assert table.sink_glide.high >= 50
    assert table.eta_s == (0.65, 0.9)
    assert table.t_evap.low <= -10


@pytest.mark.slow
@pytest.mark.parametrize("path", SPECS["design"], ids=stem)
def test_fresh_full_solves_agree(path):
    spec = EVERY[path]
    table = read(shipped_folder() / spec.identity.file_name)
    identity = spec.identity
    model = new_model(identity.topology, identity.refrigerant, identity.parameters)
    conditions = sobol(box(spec), 12, seed=2026)
    codes, values = answer_many(table, conditions, DEFAULT_LIMITS)
    for n in range(12):
        if codes[n] != OK:
            assert np.isnan(values.cop[n])
            # What the table leaves to a solve must not be what it could have answered.
            with pytest.raises(InfeasibleError) as caught:
                solve_conditions(model, conditions.point(n))
            assert codes[n] == OUTSIDE or NAMES[codes[n]] == caught.value.limit
            continue
        solved = solve_conditions(model, conditions.point(n))
        assert values.cop[n] == pytest.approx(solved.cop, rel=5e-3)
        assert values.t_discharge[n] == pytest.approx(solved.t_discharge, abs=0.5)
        assert values.p_cond[n] == pytest.approx(solved.p_cond, rel=5e-3)
        assert values.ua_condenser[n] * 1e6 == pytest.approx(solved.ua_condenser, rel=1e-2)
        assert values.ua_evaporator[n] * 1e6 == pytest.approx(solved.ua_evaporator, rel=2e-2)


@pytest.mark.parametrize("path", SPECS["plant"], ids=stem)
def test_a_plant_table_comes_from_its_spec_and_keeps_its_bars(path):
    spec = EVERY[path]
    table = planttable.read(shipped_folder() / spec.identity.file_name, spec.identity)
    said = table.attributes
    assert said["spec"] == spec.model_dump_json()
    assert said["held_out_points"] >= 0.98 * spec.held_out.points
    assert said["held_out_p99"] <= 2e-3
    assert said["held_out_max"] <= 1e-2
    assert said["held_out_load_p99"] <= 3e-3
    assert said["held_out_missed"] <= 0.02
    assert 0.93 <= said["held_out_within"] <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("path", SPECS["plant"], ids=stem)
def test_fresh_off_design_solves_agree(path):
    spec = EVERY[path]
    table = planttable.read(shipped_folder() / spec.identity.file_name)
    machine = size(spec.identity, spec.row())
    rng = np.random.default_rng(2026)
    low, high = np.array(list(table.ranges.values())).T
    for _ in range(4):
        flow, t_in, supply, glide = low + (high - low) * rng.uniform(0.3, 1.0, 4)
        result = machine.solve(Point(t_in, supply - glide, supply, "volume_flow", flow))
        at = Levels(*np.array([[t_in], [supply - glide], [supply]]))
        found = table.at_volume_flow(at, np.array([flow]))
        assert found.cop[0] == pytest.approx(result.cop, rel=5e-3)
        load = result.heat_load / machine.design.heat_load
        assert found.load[0] == pytest.approx(load, rel=5e-3)
        assert found.t_source_out[0] == pytest.approx(result.t_source_out, abs=0.05)
        assert found.t_discharge[0] == pytest.approx(result.t_discharge, abs=1.0)


@pytest.mark.parametrize("path", SPECS["regressor"], ids=stem)
def test_a_regressor_comes_from_its_spec_and_keeps_its_bars(path):
    spec = EVERY[path]
    known = regressor.read(shipped_folder() / spec.identity.file_name, spec.identity)
    said = known.attributes
    assert said["spec"] == spec.model_dump_json()
    design = spec.identity._replace(kind="design")
    assert known.table_digest == load(design).attributes["content_digest"]
    assert said["held_out_points"] >= 300
    assert said["held_out_p95"] <= 3e-3
    assert said["held_out_p99"] <= 6e-3
    assert said["held_out_max"] <= 2e-2
    assert abs(said["held_out_bias"]) <= 5e-4
    # The load at any volume flow, also where the efficiency lies below the design table's.
    assert said["held_out_load_p99"] <= 6e-3
    assert said["held_out_missed"] <= 0.01
