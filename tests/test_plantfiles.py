"""Making plant tables and regressors, and refusing those that must not be believed."""

from __future__ import annotations

import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from surrogate import HeatPump, planttable, regressor
from surrogate.errors import MissingExtraError, SpecError, TableError
from surrogate.extras import need
from surrogate.generate import kinds, plantspec
from surrogate.generate.plantbuild import make_plant
from surrogate.generate.plantpoints import solve_held_out
from surrogate.generate.regress import (
    RegressorSpec,
    _split,
    answers,
    judge,
    make_regressor,
    solve,
)
from surrogate.identity import Identity
from surrogate.netcdf import FORMAT_VERSION, content_digest, read_raw
from surrogate.parameters import Parameters
from surrogate.plantmap import ANSWERED, Levels
from surrogate.store import locate, shipped_folder

REGRESSOR = Identity("regressor", "single_stage", "R717", Parameters())
DESIGN = {"t_source_in": 45.0, "t_source_out": 38.0, "t_return": 60.0, "t_supply": 90.0}
# A dry fluid, so that both branches of the superheat are made.
TINY = {
    "refrigerant": "R600a",
    "design": DESIGN,
    "volume_flow": {"nodes": 5},
    "t_source_in": {"low": 40, "high": 50, "nodes": 4},
    "t_supply": {"low": 80, "high": 94, "nodes": 4},
    "sink_glide": {"low": 20, "high": 40, "nodes": 4},
    "held_out": {"points": 40},
}


@pytest.fixture(scope="module")
def tiny_plant(tmp_path_factory):
    return make_plant(plantspec.derive(TINY), tmp_path_factory.mktemp("plants"), workers=2)


@pytest.fixture(scope="module")
def tiny_regressor(tmp_path_factory):
    spec = RegressorSpec(refrigerant="R290", plants=40, points=3)
    return make_regressor(spec, tmp_path_factory.mktemp("regressors"), workers=2)


@pytest.mark.slow
def test_a_small_plant_table_is_right(tiny_plant):
    judged = tiny_plant.judged
    assert judged.points >= 35
    assert judged.p99 < 5e-3
    assert judged.load_p99 < 5e-3
    table = tiny_plant.table
    assert len(table.pieces) == 2
    assert table.attributes["held_out_points"] == judged.points
    spec = plantspec.PlantSpec.model_validate_json(table.attributes["spec"])
    assert spec.identity == table.identity


@pytest.mark.slow
def test_a_plant_table_keeps_its_promise_on_unseen_points(tiny_plant, tmp_path):
    spec = plantspec.derive(TINY)
    levels, true = solve_held_out(spec, 40, 77, tmp_path, workers=2, console=None)
    said = tiny_plant.table.at_volume_flow(levels, true.volume_flow)
    both = (said.code == ANSWERED) & (true.code == ANSWERED)
    assert both.sum() >= 35
    inside = np.abs(said.cop / true.cop - 1)[both] <= said.error[both]
    assert inside.mean() >= 0.8
    # A load leads back to the volume flow that it came from.
    back = tiny_plant.table.at_load(levels.take(np.flatnonzero(both)), said.load[both])
    assert back.volume_flow == pytest.approx(said.volume_flow[both], rel=1e-8)
    assert back.cop == pytest.approx(said.cop[both], rel=1e-8)


@pytest.mark.slow
def test_a_made_table_is_found_and_answers(tiny_plant):
    pump = HeatPump("R600a", tables=tiny_plant.path.parent)
    plant = pump.plant(**DESIGN, heat_load=5e5)
    assert plant.table.path == tiny_plant.path
    est = plant.operate(t_source_in=44, t_return=58, t_supply=88, heat_load=4e5)
    assert est.origin == "table"
    # Off design at the least lift the superheat is the normal one, at the largest it is raised.
    mild = plant.operate(t_source_in=50, t_return=55, t_supply=80, heat_load=4e5)
    hard = plant.operate(t_source_in=40, t_return=60, t_supply=94, heat_load=3.8e5)
    assert mild.superheat == pytest.approx(5.0, abs=0.01)
    assert hard.superheat > 5.5
    outside = plant.operate(t_source_in=44, t_return=58, t_supply=96, heat_load=3e5, outside="nan")
    assert outside.origin == "regressor"


@pytest.mark.slow
def test_a_small_regressor_is_right_on_plants_it_never_saw(tiny_regressor, tmp_path):
    known = tiny_regressor.regressor
    table = HeatPump("R290").table
    spec = RegressorSpec(refrigerant="R290", plants=20, points=3)
    solved = solve(spec, table, 99, tmp_path, workers=2)
    assert (solved.running.code == ANSWERED).mean() > 0.99
    judged = judge(known, table, solved)
    assert judged.points > 30
    assert judged.p95 < 3e-3
    assert judged.missed < 0.02
    said = answers(known, table, solved)
    inside = np.abs(said.cop / solved.running.cop - 1) <= said.error
    assert inside[said.code == ANSWERED].mean() >= 0.75


def test_plants_are_split_without_a_plant_in_both():
    table = HeatPump("R290").table
    from surrogate.generate.plants import draw
    from surrogate.generate.regress import Solved
    from surrogate.plantmap import nothing

    sample = draw(table, 30, 2, 5)
    first, second = _split(Solved(sample, nothing(len(sample.plant))), 0.4)
    one, two = set(first.sample.plant), set(second.sample.plant)
    assert not one & two
    assert 0.3 < len(one) / (len(one) + len(two)) < 0.5


def test_draws_repeat_and_differ_by_seed():
    table = HeatPump("R717").table
    from surrogate.generate.plants import draw

    a, b, c = (draw(table, 12, 2, seed).rows() for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert a.shape != c.shape or not np.array_equal(a, c)


@pytest.fixture
def copy(tmp_path) -> Path:
    path = tmp_path / REGRESSOR.file_name
    shutil.copy(shipped_folder() / REGRESSOR.file_name, path)
    return path


def edit(path: Path) -> netCDF4.Dataset:
    return netCDF4.Dataset(path, "r+")


def test_a_whole_regressor_is_believed(copy):
    assert regressor.read(copy, REGRESSOR).identity == REGRESSOR


def test_an_edited_regressor_is_refused(copy):
    with edit(copy) as data:
        data["saturation_factors"][0, 3, 0] += 0.1
    with pytest.raises(TableError, match="changed after it was made"):
        regressor.read(copy)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("format_version", FORMAT_VERSION + 1, "update surrogate"),
        ("kind", "design", "no regressor"),
        ("features", '["another"]', "other features"),
    ],
)
def test_a_regressor_of_another_version_is_refused(copy, name, value, said):
    with edit(copy) as data:
        data.setncattr(name, value)
    _sign(copy)
    with pytest.raises(TableError, match=said):
        regressor.read(copy)


def _sign(path: Path) -> None:
    """Give an edited file the digest of what it holds now."""
    digest = content_digest(*read_raw(path))
    with edit(path) as data:
        data.content_digest = digest


def test_a_regressor_belongs_to_its_design_table(copy):
    with edit(copy) as data:
        data.table_digest = "0" * 64
    _sign(copy)
    plant = HeatPump("R717", tables=copy.parent).plant(
        t_source_in=33, t_source_out=28, t_return=50, t_supply=78, heat_load=1e6
    )
    at = {"t_source_in": 33, "t_return": 50, "t_supply": 78, "heat_load": 9e5}
    with pytest.raises(TableError, match="another design table"):
        plant.operate(**at, method="regressor")
    # Nobody asked for it: the next way answers, and a warning says why.
    with pytest.warns(UserWarning, match="another design table"):
        assert plant.operate(**at).origin == "solve"


def test_a_plant_table_of_another_plant_is_refused(tmp_path):
    spec = kinds.load(shipped_folder() / "specs" / "plant-data-centre.toml")
    path = tmp_path / spec.identity.file_name
    shutil.copy(shipped_folder() / path.name, path)
    assert planttable.read(path, spec.identity).identity == spec.identity
    sizing = spec.identity.sizing._replace(t_supply=81.0)
    with pytest.raises(TableError, match="another plant"):
        planttable.read(path, spec.identity._replace(sizing=sizing))
    with edit(path) as data:
        data["coefficients"][0, 0, 0, 0, 0] += 1.0
    with pytest.raises(TableError, match="changed after it was made"):
        planttable.read(path)


def test_the_domain_is_checked(copy):
    known = regressor.read(copy)
    pump = HeatPump("R717")
    low, high = known.domain.T
    assert (low < high).all()
    wide = pump.plant(
        t_source_in=50, t_source_out=30, t_return=50, t_supply=80, heat_load=1e6
    )  # a source glide beyond that of any plant of the fit
    assert known.plant(pump.table, wide.identity.sizing) is None
    plant = pump.plant(t_source_in=33, t_source_out=28, t_return=50, t_supply=78, heat_load=1e6)
    found = known.plant(pump.table, plant.identity.sizing)
    at = Levels(np.array([33.0, 46.0]), np.full(2, 50.0), np.full(2, 78.0))
    assert found.at_volume_flow(at, np.full(2, 0.8)).code.tolist() == [ANSWERED, 1]
    assert found.at_volume_flow(at, np.full(2, 0.2)).code.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"design": {"t_source_in": 45.0}}, "design.t_source_out: it is missing"),
        ({"volume_flow": {"low": 0.3}}, "0.49"),
        ({"t_source_in": {"low": 0.1, "high": 20}}, "above 0.5 degC"),
        ({"sink_glide": {"nodes": 2}}, "sink_glide.nodes"),
        ({"speed": 3}, "speed: there is no such field"),
        ({"limits": {"speed_max": 3}}, "unknown limit"),
    ],
)
def test_wrong_plant_specs_are_refused(changed, said):
    with pytest.raises(SpecError, match=said):
        plantspec.derive({**TINY, **changed})


def test_a_plant_whose_design_is_not_possible_is_refused(tmp_path):
    spec = plantspec.derive({**TINY, "design": {**DESIGN, "t_supply": 165.0, "t_return": 150.0}})
    with pytest.raises(SpecError, match="not feasible"):
        make_plant(spec, tmp_path)


def test_kinds_are_told_apart(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text('kind = "regressor"\nrefrigerant = "R290"\nplants = 100\n')
    assert kinds.load(path).plants == 100
    with pytest.raises(SpecError, match="spec of a regressor, not of a plant"):
        kinds.load(path, "plant")
    path.write_text('kind = "wish"\nrefrigerant = "R290"\n')
    with pytest.raises(SpecError, match="design, plant, regressor"):
        kinds.load(path)


def test_a_regressor_needs_its_design_table(tmp_path):
    with pytest.raises(SpecError, match="surrogate generate R1270"):
        make_regressor(RegressorSpec(refrigerant="R1270"), tmp_path)


def test_a_missing_extra_is_named():
    with pytest.raises(MissingExtraError, match=r"heatpump-surrogate\[fit\]"):
        need("no_such_module_at_all", "fit")


def test_the_shipped_files_are_found():
    for path in sorted((shipped_folder() / "specs").glob("[pr]*-*.toml")):
        identity = kinds.load(path).identity
        assert locate(identity).parent == shipped_folder(), path
