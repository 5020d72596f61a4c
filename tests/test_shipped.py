"""The shipped tables: whole, made from the committed specs, and right."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.cycle.design import new_model, solve_conditions
from surrogate.errors import InfeasibleError
from surrogate.evaluate import OK, OUTSIDE, answer_many
from surrogate.generate.build import box
from surrogate.generate.sample import sobol
from surrogate.generate.spec import load
from surrogate.limits import DEFAULT_LIMITS, NAMES
from surrogate.store import shipped_folder
from surrogate.table import read

SPECS = sorted((shipped_folder() / "specs").glob("*.toml"))
REFRIGERANTS = (
    "R717 R290 R600a R600 R1234ze(E) R1234yf R1233zd(E) R134a R152a R32 R410A R1336mzz(E) R245fa"
)


def test_all_of_them_are_there():
    files = list(shipped_folder().glob("*.nc"))
    assert {read(path).identity.refrigerant for path in files} == set(REFRIGERANTS.split())
    assert len(SPECS) == len(files) == 13
    assert sum(path.stat().st_size for path in files) < 60e6


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_table_comes_from_its_spec_and_keeps_its_bars(path):
    spec = load(path)
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
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_fresh_full_solves_agree(path):
    spec = load(path)
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
