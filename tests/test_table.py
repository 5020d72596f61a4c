"""Table files that must not be believed."""

from __future__ import annotations

import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from surrogate import HeatPump, fluids
from surrogate.errors import TableError, TableNotFoundError
from surrogate.identity import Identity
from surrogate.netcdf import FORMAT_VERSION
from surrogate.parameters import Parameters
from surrogate.store import available_tables, load, shipped_folder
from surrogate.table import read

IDENTITY = Identity("design", "single_stage", "R290", Parameters())


INTACT = read(shipped_folder() / IDENTITY.file_name).attributes["content_digest"]


@pytest.fixture
def copy(tmp_path) -> Path:
    path = tmp_path / IDENTITY.file_name
    shutil.copy(shipped_folder() / IDENTITY.file_name, path)
    return path


def edit(path: Path):
    return netCDF4.Dataset(path, "r+")


def test_a_whole_file_is_believed(copy):
    assert read(copy, IDENTITY).identity == IDENTITY


@pytest.mark.parametrize("length", [0, 7, 1000, -100])
def test_a_truncated_file_is_refused(copy, length):
    content = copy.read_bytes()
    copy.write_bytes(content[:length])
    with pytest.raises(TableError, match="not a whole NetCDF file"):
        read(copy)


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_flipped_bytes_are_found(copy, place):
    content = copy.read_bytes()
    rng = np.random.default_rng(int(10 * place))
    refused = 0
    for start in rng.integers(int((place - 0.3) * len(content)), int(place * len(content)), 30):
        damaged = bytearray(content)
        damaged[start] ^= 0xFF
        copy.write_bytes(bytes(damaged))
        try:
            table = read(copy)
        except TableError:
            refused += 1
            continue
        # A byte between the data may change; then everything read is the same.
        assert table.attributes["content_digest"] == INTACT
    assert refused > 5


def test_a_newer_format_is_refused(copy):
    with edit(copy) as data:
        data.format_version = FORMAT_VERSION + 1
    with pytest.raises(TableError, match=r"format 2.*update surrogate"):
        read(copy)


@pytest.mark.parametrize("name", ["coefficients", "error", "t_evap", "water_excess", "cop"])
def test_an_edited_array_is_refused(copy, name):
    with edit(copy) as data:
        values = data[name][...]
        values.flat[0] += 1e-6
        data[name][...] = values
    with pytest.raises(TableError, match="was changed after it was made"):
        read(copy)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("t_critical", 200.0),
        ("refrigerant", "R717"),
        ("parameters", "{}"),
        ("held_out_max", 0.0),
        ("source", "experiment"),
        ("spec_digest", "0"),
    ],
)
def test_an_edited_attribute_is_refused(copy, name, value):
    with edit(copy) as data:
        data.setncattr(name, value)
    with pytest.raises(TableError, match="was changed"):
        read(copy)


def test_a_table_of_something_else_is_refused(copy):
    with pytest.raises(TableError, match=r"table of .*R290.*, not of .*R717"):
        read(copy, IDENTITY._replace(refrigerant="R717"))
    with pytest.raises(TableError, match="pinch 3"):
        HeatPump("R290", tables=copy, pinch=3).table  # noqa: B018


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "weather.nc"
    with netCDF4.Dataset(path, "w") as data:
        data.title = "rain"
    with pytest.raises(TableError, match="no table of heat pump designs"):
        read(path)
    path.write_text("hello")
    with pytest.raises(TableError, match="not a whole NetCDF file"):
        read(path)
    with pytest.raises(TableError, match="is no file"):
        read(tmp_path)


def test_a_file_without_its_parts_is_refused(copy):
    with edit(copy) as data:
        data.delncattr("min_lift")
    with pytest.raises(TableError, match="lacks min_lift"):
        read(copy)
    with edit(copy) as data:
        data.format_version = "x"
    with pytest.raises(TableError, match="no table of heat pump designs"):
        read(copy)


def test_a_broken_table_of_the_user_is_not_passed_over(copy, user_tables):
    copy.write_bytes(copy.read_bytes()[:5000])
    target = user_tables / IDENTITY.file_name
    shutil.copy(copy, target)
    try:
        with pytest.raises(TableError, match="generate the table again"):
            HeatPump("R290").table  # noqa: B018
    finally:
        target.unlink()


def test_a_table_is_found_without_being_told_where(tiny, user_tables):
    identity = tiny.table.identity
    assert load(identity) is None
    target = user_tables / identity.file_name
    shutil.copy(tiny.path, target)
    try:
        assert load(identity).path == target
        assert target in available_tables()
    finally:
        target.unlink()


def test_a_folder_is_looked_in_before_the_others(tmp_path, copy):
    assert load(IDENTITY, copy.parent).path == copy
    (tmp_path / "empty").mkdir()
    assert load(IDENTITY, tmp_path / "empty").path.parent == shipped_folder()
    with pytest.raises(TableNotFoundError, match="neither a table nor a folder"):
        load(IDENTITY, tmp_path / "none")


def test_the_file_is_cf(copy):
    with netCDF4.Dataset(copy) as data:
        assert data.Conventions == "CF-1.11"
        assert "TESPy 0.11" in data.source
        assert "CoolProp" in data.source
        for name in ("quality", "cop", "t_cond", "lift_share", "error"):
            assert data[name].units
            assert data[name].long_name
        assert data["cop"].ancillary_variables == "status"
        assert data["status"].flag_meanings.split()[0] == "usable"
        assert data["coefficients"].filters()["zlib"]
        assert data["coefficients"].filters()["shuffle"]


def test_a_dataset_can_be_had(copy):
    data = read(copy).to_dataset()
    assert data.cop.dims == ("branch", "lift_share", "t_evap", "eta_s")
    assert float(data.cop.max()) > 5


def test_facts_are_known_under_all_names():
    assert fluids.facts("ammonia") == fluids.facts("R717") == fluids.facts("nh3")
    assert fluids.facts("R1234ze(E)").pfas
    assert not fluids.facts("R152a").pfas
    assert fluids.facts("R1243zf") is None
    assert set(fluids.sources()) == {"gwp100", "safety_class", "pfas", "pfas_date"}
