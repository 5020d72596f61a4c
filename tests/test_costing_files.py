"""Tables of costing in files: what is written is read again, and what is wrong is named."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, box

from surrogate import costing
from surrogate.costing import read, write
from surrogate.costing.files import RESULTS, check_writable
from surrogate.costing.schema import TABLES
from surrogate.errors import InputError, InputTypeError, MissingExtraError

CRS = "EPSG:25832"


def buildings() -> gpd.GeoDataFrame:
    """Columns of all types, with and without gaps, and all kinds of geometry."""
    columns = {
        "building_id": ["007", None, "x", "ä"],
        "connections": pd.array([1, None, 3, 2**40], dtype="Int64"),
        "listed": pd.array([True, None, False, True], dtype="boolean"),
        "annual_demand_kwh": [1.5, np.nan, 2, 1 / 3],
        "constraint": pd.Categorical(["optional", "required", "forbidden", "optional"]),
        "old": [True, False, True, False],
        "flags": pd.Series([True, None, False, True], dtype=object),
        "nothing": pd.Series([None] * 4, dtype=object),
        "fid": ["a", "b", "c", "c"],
        "demand_group": ["a", 1, 2.5, None],
        "in_network": [True, False, True, False],
    }
    shapes = [Point(500000.12, 5500000.34), box(0, 0, 1, 1), MultiPolygon([box(0, 0, 1, 1)]), None]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def paths() -> gpd.GeoDataFrame:
    fork = (500100.01, 5500000.07)
    lines = [
        LineString([(500000, 5500000), fork]),
        LineString([fork, (500200, 5500300), (500300, 5500300)]),
        LineString([fork, (500100, 5500300)]),
    ]
    columns = {
        "path_id": ["1", "2", "3"],
        "existing_diameter": [None, 100.0, None],
        "in_network": [True, True, False],
        "diameter_mm": [50.0, 20.0, None],
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs=CRS)


def tables() -> dict[str, pd.DataFrame]:
    costs = {
        "supply_cost_type": ["hp"] * 3,
        "type": ["a", "b", "c"],
        "cost": ["capex_per_kw", "capex_fixed", "heat_per_kwh"],
        "value": [[[0, 100.0], [200, 3e5]], 5e5, [0, 0.1, 0.1]],
    }
    parameters = {
        "parameter": ["finance/npv-rate", "constraint/max-kwh"],
        "value": ["0.03", None],
    }
    return {
        "buildings": buildings(),
        "paths": paths(),
        "supply_costs": pd.DataFrame(costs),
        "parameters": pd.DataFrame(parameters),
        "cashflow": pd.DataFrame({"year": [0, 1], "value": [-1.5, 0.1]}),
    }


def read_without_a_word(path: Path, **how) -> dict[str, pd.DataFrame]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read(path, **how)


def plain(value: object) -> object:
    """A value in one form, whether it is text, as in a CSV, or has its type."""
    if isinstance(value, list | tuple):
        return json.dumps(value)
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    text = str(value)
    try:
        return float(text) if not text.startswith("0") or "." in text else text
    except ValueError:
        return text


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Hold all columns but the geometry to be the same."""
    one, other = (pd.DataFrame(x).drop(columns="geometry", errors="ignore") for x in (one, other))
    assert list(one.columns) == list(other.columns)
    for name in one.columns:
        assert [plain(x) for x in one[name]] == [plain(x) for x in other[name]], name


def test_a_geopackage_comes_back_as_it_was(tmp_path):
    given, file = tables(), tmp_path / "town.gpkg"
    for _ in range(2):  # the second time over the first
        write(given, file)
    assert [x.name for x in tmp_path.iterdir()] == ["town.gpkg"]
    found = read_without_a_word(file)
    assert list(found) == ["buildings", "paths", "supply_costs", "parameters"]
    for name, table in found.items():
        assert_same(given[name], table)
    for name in ("buildings", "paths"):
        assert found[name].crs == given[name].crs
        for one, other in zip(given[name].geometry, found[name].geometry, strict=True):
            assert (one is None and other is None) or one.equals_exact(other, 0)
    write(found, tmp_path / "again.gpkg")
    for name, table in read(tmp_path / "again.gpkg").items():
        assert_same(found[name], table)


def test_types_survive_a_geopackage(tmp_path):
    write(tables(), tmp_path / "town.gpkg")
    found = read(tmp_path / "town.gpkg")["buildings"]
    assert found["building_id"].tolist() == ["007", None, "x", "ä"]
    assert found["connections"].dtype == "Int64"
    assert found["listed"].dtype == "boolean"
    assert found["old"].dtype == bool
    assert found["demand_group"].tolist() == ["a", "1", "2.5", None]


def test_a_geopackage_is_sound_and_names_its_tables(tmp_path):
    write(tables(), tmp_path / "town.gpkg")
    with sqlite3.connect(tmp_path / "town.gpkg") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        listed = dict(file.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall())
    assert {name for name, kind in listed.items() if kind == "features"} == {"buildings", "paths"}
    assert {*tables(), "layer_styles"} <= set(listed)


def test_a_folder_comes_back_as_it_was(tmp_path):
    given, folder = tables(), tmp_path / "town"
    write(given, folder)
    assert (folder / "cashflow.csv").exists()
    write({name: table for name, table in given.items() if name != "cashflow"}, folder)
    names = ["buildings.geojson", "parameters.csv", "paths.geojson", "supply_costs.csv"]
    assert sorted(x.name for x in folder.iterdir()) == names, "an old cash flow stayed"
    found = read_without_a_word(folder)
    for name, table in found.items():
        assert_same(given[name], table)
    back = found["paths"].to_crs(CRS)
    for one, other in zip(given["paths"].geometry, back.geometry, strict=True):
        assert one.hausdorff_distance(other) < 2e-5
    ends = [back.geometry[0].coords[-1], back.geometry[1].coords[0], back.geometry[2].coords[0]]
    assert len(set(ends)) == 1, "lines that met no longer do"


def test_geometry_without_a_crs_is_csv(tmp_path):
    given = {"buildings": buildings().set_crs(None, allow_override=True)}
    write(given, tmp_path / "town")
    assert [x.name for x in (tmp_path / "town").iterdir()] == ["buildings.csv"]
    found = read_without_a_word(tmp_path / "town", crs=CRS)["buildings"]
    assert_same(given["buildings"], found)
    assert found.crs == CRS
    for one, other in zip(given["buildings"].geometry, found.geometry, strict=True):
        assert (one is None and other is None) or one.equals_exact(other, 0)
    write(given, tmp_path / "town.gpkg")
    assert read(tmp_path / "town.gpkg")["buildings"].crs is None
    assert read(tmp_path / "town.gpkg", crs=25832)["buildings"].crs == CRS


@pytest.mark.parametrize("name", ["town.gpkg", "town"])
def test_empty_tables_keep_their_columns(tmp_path, name):
    given = {key: tables()[key].iloc[:0] for key in ("paths", "parameters")}
    write(given, tmp_path / name)
    found = read_without_a_word(tmp_path / name)
    for key, table in found.items():
        assert_same(given[key], table)


def test_any_geometry_column_will_do(tmp_path):
    write({"paths": paths().rename_geometry("way")}, tmp_path / "town.gpkg")
    assert read(tmp_path / "town.gpkg")["paths"].geometry.name == "geometry"
    write({"paths": pd.DataFrame(paths())}, tmp_path / "plain.gpkg")
    assert read(tmp_path / "plain.gpkg", crs=CRS)["paths"].crs == CRS


@pytest.mark.parametrize("name", ["town.gpkg", "town"])
def test_geometry_may_be_wkt(tmp_path, name):
    shapes = paths().to_wkt()["geometry"]
    given = pd.DataFrame(paths()).assign(geometry=[*shapes[:2], None])
    write({"paths": given, "supply_costs": None}, tmp_path / name)
    found = read_without_a_word(tmp_path / name)
    assert list(found) == ["paths"]
    assert found["paths"].geometry.isna().tolist() == [False, False, True]
    assert found["paths"].to_wkt()["geometry"].tolist()[:2] == shapes[:2].tolist()


@pytest.mark.parametrize("name", ["town.gpkg", "town"])
def test_a_district_is_the_same_from_a_file(tmp_path, name):
    given = costing.district(30)
    write(given, tmp_path / name)
    found = read_without_a_word(tmp_path / name)
    assert list(found) == list(given)
    for key, table in found.items():
        assert_same(given[key], table)


# --- what a result brings for QGIS


def test_a_result_is_drawn_at_once(tmp_path):
    write(tables(), tmp_path / "result.gpkg")
    with sqlite3.connect(tmp_path / "result.gpkg") as file:
        rows = file.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
    assert {row[0]: row[1:3] for row in rows} == {"buildings": ("geom", 1), "paths": ("geom", 1)}
    styles = {row[0]: ET.fromstring(row[3]) for row in rows}
    labels = [rule.get("label") for rule in styles["paths"].iter("rule")]
    assert labels == ["not in the network", "DN 20", "DN 50"]
    widths = [
        float(prop.get("v"))
        for prop in styles["paths"].iter("prop")
        if prop.get("k") == "line_width"
    ]
    assert widths == sorted(set(widths)), "larger pipes are not thicker"
    labels = [rule.get("label") for rule in styles["buildings"].iter("rule")]
    assert labels == [
        f"{which} the network ({kind})" for kind in ("point", "area") for which in ("in", "not in")
    ]
    for style in styles.values():
        symbols = {symbol.get("name") for symbol in style.iter("symbol")}
        assert {rule.get("symbol") for rule in style.iter("rule")} <= symbols


def test_an_input_has_no_styles(tmp_path):
    plainly = {name: table.drop(columns="in_network") for name, table in
               (("buildings", buildings()), ("paths", paths()))}  # fmt: skip
    write(plainly, tmp_path / "town.gpkg")
    with sqlite3.connect(tmp_path / "town.gpkg") as file:
        names = [row[0] for row in file.execute("SELECT name FROM sqlite_master")]
    assert "layer_styles" not in names


# --- what cannot be read


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "input").mkdir()
    return tmp_path / "input"


def refuses(path: Path, said: str, **how) -> None:
    with pytest.raises(InputError, match=said):
        read(path, **how)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('path_id,WKT\n1,"LINESTRING(0 0,1 1)"\n2,"LINESTRING(0 0;1 1)"\n', "row 2.*LINESTRING"),
        (
            'path_id,WKT\n1,"SRID=25832;LINESTRING(0 0,1 1)"\n2,"SRID=25833;POINT(0 0)"\n',
            "row 2.*25833",
        ),
        ('path_id,WKT\n1,"SRID=99999;LINESTRING(0 0,1 1)"\n', "99999"),
        ("path_id,b\n1,3\n", "no columns geometry or wkt"),
        ("geometry,wkt\n1,3\n", "2 columns geometry or wkt"),
        ("path_id;geometry\n1;3\n", "semicolons"),
        ("path_id,path_id\n1,3\n", "more than one column 'path_id'"),
        ("path_id,geometry\n1\n", "row 1: 1 fields, but the header has 2"),
        ("", "no columns"),
        ("path_id,geometry\nä,3\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_bad_csv_is_named_with_its_row(folder, text, said):
    (folder / "Paths.CSV").write_bytes(text if isinstance(text, bytes) else text.encode())
    refuses(folder, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "no GeoJSON FeatureCollection"),
        ("[]", "no GeoJSON FeatureCollection"),
        ("{", "cannot be read"),
        (
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, '
            '"geometry": {"type": "LineString"}}]}',
            "feature 1",
        ),
    ],
)
def test_bad_geojson_is_named(folder, text, said):
    (folder / "paths.geojson").write_text(text)
    refuses(folder, said)


def test_what_is_no_input_is_refused(tmp_path, folder):
    refuses(folder, "none of the tables")
    refuses(tmp_path / "x.gpkg", "there is no such file")
    (tmp_path / "a.csv").write_text("")
    refuses(tmp_path / "a.csv", "another kind")
    for text in ("hello", ""):
        (tmp_path / "b.gpkg").write_text(text)
        refuses(tmp_path / "b.gpkg", "no GeoPackage")
    (tmp_path / "c.gpkg").write_bytes(b"SQLite format 3\0" + bytes(100))
    with pytest.warns(RuntimeWarning, match="application_id"):
        refuses(tmp_path / "c.gpkg", "cannot be read")
    (folder / "paths.csv").write_text('wkt\n"LINESTRING(0 0,1 1)"\n')
    refuses(folder, "no coordinate reference system", crs="EPSG:foo")
    (folder / "paths.geojson").write_text("{}")
    refuses(folder, "paths twice")


def test_a_layer_of_buildings_needs_geometry(tmp_path):
    import pyogrio

    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "a.gpkg", layer="Buildings")
    refuses(tmp_path / "a.gpkg", "Buildings has no geometry")


def test_csv_is_read_as_it_stands_there(folder):
    (folder / "Paths.CSV").write_text(
        '﻿path_id,WKT,constraint\n007,"srid=25832; LINESTRING(0 0,1 1)",\n\n,,required\n'
    )
    (folder / "notes.txt").write_text("a")
    (folder / ".hidden.csv").write_text("a")
    (folder / "cashflow.csv").write_text("a")
    with pytest.warns(UserWarning, match="notes.txt is none of the tables") as said:
        found = read(folder, crs="EPSG:4326")["paths"]
    assert len(said) == 1
    assert found.crs == CRS, "what the file says goes before what is asked"
    assert found["path_id"].tolist() == ["007", None]
    assert found["constraint"].tolist() == [None, "required"]
    assert found.geometry[1] is None


def test_geojson_keeps_text_as_text(folder):
    feature = {
        "type": "Feature",
        "properties": {"path_id": "2024-01-01", "n": 1},
        "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
    }
    features = [feature, {"type": "Feature", "properties": None, "geometry": None}]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}
    whole = {"type": "FeatureCollection", "crs": crs, "features": features}
    (folder / "paths.geojson").write_text(json.dumps(whole))
    costs = [{"properties": {"value": [[1, 2], [3, 4]]}}, {"properties": {"value": 3}}]
    whole = {"type": "FeatureCollection", "features": costs}
    (folder / "supply_costs.geojson").write_text(json.dumps(whole))
    found = read(folder)
    assert found["paths"].crs == CRS
    assert found["paths"]["path_id"].tolist() == ["2024-01-01", None]
    assert found["supply_costs"]["value"].tolist() == [[[1, 2], [3, 4]], 3]


def test_layers_that_are_no_tables_are_ignored_with_a_warning(tmp_path):
    import pyogrio

    write(tables(), tmp_path / "town.gpkg")
    pyogrio.write_dataframe(paths(), tmp_path / "town.gpkg", layer="trees")
    with pytest.warns(UserWarning, match="layer trees is none of the tables"):
        assert "trees" not in read(tmp_path / "town.gpkg")


# --- what cannot be written


def will_not_write(path: Path, said: str, what: dict[str, pd.DataFrame] | None = None) -> None:
    what = {"paths": paths()} if what is None else what
    for ask in (check_writable, write):
        with pytest.raises(InputError, match=said):
            ask(what, path)


def test_what_cannot_be_written_is_said_beforehand(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.gpkg").mkdir()
    will_not_write(tmp_path / "a.csv", "another kind")
    will_not_write(tmp_path / "file", "another kind")
    will_not_write(tmp_path / "folder.gpkg", "is a folder")
    will_not_write(tmp_path / "file" / "a.gpkg", "Not a directory")
    will_not_write(tmp_path / "file" / "deep" / "folder", "Not a directory")
    will_not_write(tmp_path / f"{'x' * 245}.gpkg", "too long")
    will_not_write(tmp_path / "a", "'../x' is no table", {"../x": paths()})
    assert sorted(x.name for x in tmp_path.iterdir()) == ["file", "folder.gpkg"]


@pytest.mark.parametrize("shape", ["LINESTRING (0 0, 1", 7])
def test_what_is_no_geometry_is_named(tmp_path, shape):
    given = pd.DataFrame({"path_id": ["1", "2"], "geometry": ["POINT (0 0)", shape]})
    with pytest.raises(InputError, match=r"paths, row 2: .* is no geometry"):
        write({"paths": given}, tmp_path / "a.gpkg")


def test_what_is_no_table_is_named(tmp_path):
    with pytest.raises(InputTypeError, match="paths is a list"):
        write({"paths": [1]}, tmp_path / "a.gpkg")
    with pytest.raises(InputError, match="at least a geometry column or a field"):
        write({"tariffs": pd.DataFrame()}, tmp_path / "a.gpkg")
    assert list(tmp_path.iterdir()) == []


def test_checking_leaves_nothing(tmp_path):
    check_writable(tables(), tmp_path / "deep" / "deeper" / "a.gpkg")
    check_writable(tables(), tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_a_geopackage_open_elsewhere_is_left_alone(tmp_path):
    write({"paths": paths()}, tmp_path / "a.gpkg")
    (tmp_path / "a.gpkg-wal").write_bytes(b"x")
    will_not_write(tmp_path / "a.gpkg", "open elsewhere")


def test_tables_that_would_stay_are_named(tmp_path):
    write({"buildings": buildings()}, tmp_path / "a")
    local = buildings().set_crs(None, allow_override=True)
    will_not_write(tmp_path / "a", "has buildings.geojson, which", {"buildings": local})


def test_a_file_that_fails_leaves_the_old_one(tmp_path):
    write({"paths": paths()}, tmp_path / "a.gpkg")
    before = (tmp_path / "a.gpkg").read_bytes()
    twice = paths().assign(PATH_ID="x")  # SQLite takes both names for one
    with pytest.raises(InputError, match="cannot be written"):
        write({"paths": twice}, tmp_path / "a.gpkg")
    assert (tmp_path / "a.gpkg").read_bytes() == before
    assert [x.name for x in tmp_path.iterdir()] == ["a.gpkg"]


def test_names_of_results_are_none_of_inputs():
    assert not set(RESULTS) & set(TABLES)


# --- the package


def test_functions_keep_their_names_when_their_modules_are_imported():
    import surrogate.costing.optimise
    import surrogate.costing.town.district

    assert callable(surrogate.costing.district)
    assert callable(surrogate.costing.optimise)


def test_without_the_extra_it_is_named(monkeypatch, tmp_path):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "pyogrio" else found(name, *a)
    )
    for call in (lambda: read(tmp_path), lambda: write({}, tmp_path)):
        with pytest.raises(MissingExtraError, match=r"heatpump-surrogate\[costing\]"):
            call()
