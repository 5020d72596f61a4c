"""Where things are: geometries, reference systems, noding, connectors and their names."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import (
    LineString,
    MultiLineString,
    MultiPoint,
    Point,
    Polygon,
    force_3d,
    get_coordinates,
)

from surrogate.costing import district
from surrogate.costing.prepare import prepare
from surrogate.costing.results import result_tables
from surrogate.costing.schema import GEOMETRIES

from .costing_cases import (
    CRS,
    inside,
    messages,
    npv,
    place,
    problems,
    put,
    row_of,
    solved,
    street,
    summary,
    tables,
    way,
)

LONG = {"A": [(0, 0), (100, 0)]}
BUILDING = {"b": (50, 10)}
SUPPLY = {"S": (0, 0)}
LAYERS = tuple(GEOMETRIES)


def with_shape(table: str, shape: object) -> dict[str, object]:
    """The street with another geometry in the last row of a table."""
    given = street()
    shapes = [*given[table].geometry[:-1], shape]
    given[table] = given[table].set_geometry(gpd.GeoSeries(shapes, crs=CRS))
    return given


def lengths(result) -> dict[str, float]:
    return dict(zip(result["paths"].path_id, result["paths"].length_m, strict=True))


def flags(result, name: str) -> set[str]:
    return set(result["paths"].loc[result["paths"][name], "path_id"])


# What is no geometry


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("table", LAYERS)
def test_a_coordinate_that_is_no_finite_number_is_named(table, number):
    shape = LineString([(0, 0), (1, number), (2, 0)]) if table == "paths" else Point(number, 1)
    given = with_shape(table, shape)
    assert problems(given) == [(table, len(given[table]), "geometry")]


@pytest.mark.parametrize("table", LAYERS)
def test_a_shape_of_another_kind_or_none_at_all_is_named(table):
    other = place((0, 0)) if table == "paths" else way([(0, 0), (1, 1)])
    for shape in (None, other, type(other)()):
        given = with_shape(table, shape)
        assert problems(given) == [(table, len(given[table]), "geometry")]


def test_text_that_is_no_wkt_is_named():
    given = street()
    for name in LAYERS:
        plain = pd.DataFrame(given[name].drop(columns="geometry"))
        given[name] = plain.assign(geometry=given[name].geometry.to_wkt().to_numpy())
    expected = npv(street())
    assert npv(given) == pytest.approx(expected)
    put(given["buildings"], 1, "geometry", "POINT 1 1")
    (found,) = messages(given)
    assert (found.table, found.row, found.column) == ("buildings", 2, "geometry")
    assert "POINT 1 1" in found.message


@pytest.mark.parametrize(
    "shape", [LineString([(3, 3), (3, 3)]), MultiLineString([[(3, 3), (3, 3)], [(4, 4), (4, 4)]])]
)
def test_a_path_without_length_is_named(shape):
    given = with_shape("paths", shape)
    (found,) = messages(given)
    assert (found.table, found.row, found.column) == ("paths", 3, "geometry")
    assert "no length" in found.message


# Reference systems

# In its zone this plane is true to scale, and another one than that of UTM.
GAUSS_KRUEGER = "EPSG:31467"


def in_system(*systems: object) -> dict[str, object]:
    given = street()
    for name, crs in zip(LAYERS, systems, strict=True):
        given[name] = given[name].to_crs(crs)
    return given


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4258", "EPSG:3857", "EPSG:2263", CRS])
def test_lengths_are_the_same_in_any_system_within_a_thousandth(crs):
    expected = solved(in_system(*[GAUSS_KRUEGER] * 3))
    result = solved(in_system(crs, crs, crs))
    assert result["paths"].crs == result["buildings"].crs == crs
    assert lengths(result) == pytest.approx(lengths(expected), rel=1e-3)
    assert lengths(result) == pytest.approx({"A": 60, "L": 25, "R": 35}, rel=1e-3)
    assert summary(result).network_npv == pytest.approx(summary(expected).network_npv, rel=1e-3)


@pytest.mark.parametrize("systems", [("EPSG:4326", CRS, "EPSG:3857"), (CRS, "EPSG:4326", CRS)])
def test_tables_of_different_systems_are_brought_together(systems):
    result = solved(in_system(*systems))
    assert flags(result, "connector") == set()
    assert summary(result).network_npv == pytest.approx(npv(street()), rel=1e-3)
    assert [result[name].crs for name in LAYERS] == [*systems]


def test_split_paths_and_connectors_are_in_the_system_of_the_input():
    for crs in (CRS, "EPSG:4326"):
        given = tables(LONG, BUILDING, SUPPLY)
        for name in LAYERS:
            given[name] = given[name].to_crs(crs)
        paths = solved(given)["paths"].to_crs(CRS)
        assert paths.path_id.tolist() == ["A-1", "A-2", "C-1"]
        for shape, line in zip(
            paths.geometry,
            ([(0, 0), (50, 0)], [(50, 0), (100, 0)], [(50, 10), (50, 0)]),
            strict=True,
        ):
            assert get_coordinates(shape) == pytest.approx(get_coordinates(way(line)), abs=1e-3)


def test_a_table_without_a_system_beside_others_is_an_error():
    for missing in LAYERS:
        given = street()
        given[missing] = given[missing].set_crs(None, allow_override=True)
        assert problems(given) == [(missing, None, "geometry")]
    for name in LAYERS:
        given[name] = given[name].set_crs(None, allow_override=True)
    assert npv(given) == pytest.approx(npv(street()))


def test_metres_that_are_said_to_be_degrees_are_an_error():
    given = street()
    for name in LAYERS:
        given[name] = given[name].set_crs("EPSG:4326", allow_override=True)
    found = messages(given)
    assert {(one.table, one.row, one.column) for one in found} == {
        (n, None, "geometry") for n in LAYERS
    }
    assert all("EPSG:4326" in one.message for one in found)


# Shapes


def test_a_path_that_crosses_itself_is_followed_to_its_end():
    line = [(0, 0), (50, 50), (50, 0), (0, 50)]
    result = solved(tables({"A": line}, {"b": (0, 50)}, SUPPLY))
    assert lengths(result) == pytest.approx({"A": 100 * math.sqrt(2) + 50})
    assert inside(result, "paths") == {"A"}


def test_a_ring_is_used_on_its_shorter_side():
    ring = [(0, 0), (50, 0), (50, 50), (0, 50), (0, 0)]
    result = solved(tables({"A": ring}, {"b": (50, 10)}, {"S": (0, 0)}))
    assert lengths(result) == pytest.approx({"A-1": 60, "A-2": 140})
    assert inside(result, "paths") == {"A-1"}
    away = solved(tables({"A": ring}, {"b": (50, 50)}, {"S": (30, 0)}))
    assert summary(away).network_length == pytest.approx(70)
    assert sum(lengths(away).values()) == pytest.approx(200)


def test_a_path_of_several_lines_is_one_where_they_meet_and_parts_where_not():
    meeting = MultiLineString([[(0, 0), (50, 0)], [(50, 0), (100, 0)]])
    apart = MultiLineString([[(100, 0), (150, 0)], [(160, 0), (200, 0)]])
    result = solved(tables({"A": meeting, "M": apart}, {"b": (150, 0), "c": (200, 0)}, SUPPLY))
    assert lengths(result) == pytest.approx({"A": 100, "M-1": 50, "M-2": 40})
    assert inside(result, "paths") == {"A", "M-1"}
    assert row_of(result["buildings"], "c").unreachable


def test_polygons_and_several_points_are_joined_from_their_nearest_point():
    shapes = {
        "house": Polygon([(40, 5), (60, 5), (60, 20), (40, 20)]),
        "bow tie": Polygon([(70, 7), (90, 20), (90, 7), (70, 20)]),
        "over it": Polygon([(10, -5), (20, -5), (20, 5), (10, 5)]),
        "pair": MultiPoint([(30, 40), (30, 9)]),
    }
    given = tables(LONG, shapes, {"S": Polygon([(0, -4), (0, -9), (5, -9)])})
    result = solved(given)
    assert inside(result, "buildings") == set(shapes)
    links = result["paths"][result["paths"].connector]
    assert sorted(links.length_m) == pytest.approx([4, 5, 7, 9])
    assert result["buildings"].geometry.equals(given["buildings"].geometry)


# Tables of no rows, and rows that are kept


@pytest.mark.parametrize("crs", [CRS, "EPSG:4326", None])
@pytest.mark.parametrize("empty", [*[(name,) for name in LAYERS], LAYERS])
def test_without_rows_the_empty_network_is_the_answer(empty, crs):
    given = street()
    for name in LAYERS:
        given[name] = (
            given[name].to_crs(crs) if crs else given[name].set_crs(None, allow_override=True)
        )
    for name in empty:
        given[name] = given[name].iloc[:0]
    result = solved(given)
    assert summary(result).state == "optimal"
    assert summary(result).network_npv == 0
    for name in LAYERS:
        known = set(zip(*[result[name].dtypes.index, result[name].dtypes.astype(str)], strict=True))
        assert ("in_network", "bool") in known
        assert ("load_kw", "float64") in known or name == "buildings"
        assert len(result[name]) == len(given[name])
        assert result[name].crs == given[name].crs


def test_index_labels_and_further_columns_do_no_harm():
    given = street()
    for name, labels in (("buildings", ["x", "x"]), ("paths", [9, 9, 9]), ("supplies", [-1])):
        given[name].index = labels
        given[name]["remark"] = [f"{name} {i}" for i in range(len(labels))]
    given["tariffs"].index = [42]
    given["parameters"].index = [0] * len(given["parameters"])
    result = solved(given)
    assert summary(result).network_npv == npv(street())
    for name in LAYERS:
        assert result[name].remark.tolist() == given[name].remark.tolist()
    assert result["supplies"].in_network.tolist() == [True]
    put(given["buildings"], 0, "peak_demand_kw", -1)
    assert problems(given) == [("buildings", 1, "peak_demand_kw")]


def test_geometry_may_have_another_name_and_a_height():
    given = street()
    for name in LAYERS:
        high = force_3d(given[name].geometry, 12.5)
        given[name] = given[name].set_geometry(high).rename_geometry("shape")
    result = solved(given)
    assert summary(result).network_npv == npv(street())
    for name in LAYERS:
        assert result[name].geometry.name == "shape"
        assert result[name].geometry.equals(given[name].geometry)
        assert "geometry" not in result[name]


@pytest.mark.parametrize("extra", [[100, 0, 7], ["100", "", "7"], [100.0, None, 7.0]])
def test_extra_values_of_split_paths_may_be_of_any_type(extra):
    given = tables(
        {"A": [(0, 0), (100, 0)], "B": [(100, 0), (150, 0)], "no": [(0, 0), (0, 9)]},
        {"b": (25, 0), "c": (150, 0)},
        SUPPLY,
    )
    put(given["paths"], 2, "constraint", "forbidden")
    given["paths"] = given["paths"].assign(extra_pv=extra)
    paths = solved(given)["paths"]
    assert paths.extra_pv.dtype == np.float64
    assert paths.extra_pv.fillna(0).tolist() == pytest.approx([25, 75, 0, 7])


def test_no_row_of_a_district_is_lost():
    given = district(60, seed=3)
    result = result_tables(given, prepare(given), None)
    for name, column in (("buildings", "building_id"), ("supplies", "supply_id")):
        assert result[name][column].tolist() == given[name][column].tolist()
    paths = result["paths"]
    split = forbidden = 0
    for _, path in given["paths"].iterrows():
        whole = paths.path_id == path.path_id
        parts = paths.path_id.str.fullmatch(rf"{path.path_id}-\d+")
        assert whole.sum() == (not parts.any())
        made = paths[whole | parts]
        assert made.geometry.length.sum() == pytest.approx(path.geometry.length)
        assert (made.kind == path.kind).all()
        split += parts.any()
        forbidden += made.length_m.isna().all()
    assert split > 5
    assert forbidden == (given["paths"].constraint == "forbidden").sum() > 0
    assert paths.path_id.is_unique
