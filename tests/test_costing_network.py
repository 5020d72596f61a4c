"""How paths, buildings and supplies become a network: noding, connectors, names, flags."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, get_coordinates

from surrogate.costing.network import SNAP, build_network

from .costing_cases import inside, place, put, row_of, solved, street, summary, tables

LONG = {"A": [(0, 0), (100, 0)]}
SUPPLY = {"S": (0, 0)}


def lengths(result) -> dict[str, float]:
    return dict(zip(result["paths"].path_id, result["paths"].length_m, strict=True))


def flags(result, name: str) -> set[str]:
    return set(result["paths"].loc[result["paths"][name], "path_id"])


def test_what_lies_on_a_path_or_at_its_end_needs_no_connector():
    on_it = {"middle": (30, 0), "near": (70, SNAP / 3), "end": (100, 0), "start": (0, 0)}
    result = solved(tables(LONG, on_it, {"S": (50, 0)}))
    assert lengths(result) == pytest.approx({"A-1": 30, "A-2": 20, "A-3": 20, "A-4": 30})
    assert inside(result, "buildings") == set(on_it)


def test_a_building_on_a_supply_needs_no_pipe():
    for paths in (LONG, {}):
        result = solved(tables(paths, {"b": (0, 0)}, SUPPLY))
        assert inside(result, "buildings") == {"b"}
        assert summary(result).network_length == 0
        assert row_of(result["supplies"], "S").load_kw == 20


def test_a_building_and_a_supply_at_one_place_beside_a_path_share_a_connector():
    result = solved(tables(LONG, {"b": (20, 8), "c": (90, 0)}, {"S": (20, 8)}))
    assert lengths(result) == pytest.approx({"A-1": 20, "A-2": 70, "A-3": 10, "C-1": 8})
    assert row_of(result["paths"], "C-1").load_kw == 20
    assert row_of(result["supplies"], "S").load_kw == pytest.approx(0.81 * 40)


def test_an_end_on_another_path_splits_it_and_a_crossing_without_ends_does_not():
    given = tables({**LONG, "T": [(40, 0), (40, 30)]}, {"b": (40, 30)}, SUPPLY)
    result = solved(given)
    assert lengths(result) == pytest.approx({"A-1": 40, "A-2": 60, "T": 30})
    assert inside(result, "paths") == {"A-1", "T"}
    crossing = solved(tables({**LONG, "X": [(40, -30), (40, 30)]}, {"b": (40, 30)}, SUPPLY))
    assert lengths(crossing) == {"A": 100, "X": 60}
    assert row_of(crossing["buildings"], "b").unreachable


def test_connectors_go_to_the_nearest_path_at_the_default_civil_cost():
    given = tables(
        {"A": [(0, 0), (100, 0)], "B": [(100, 0), (100, 60)]},
        {"b": (40, 10), "c": (92, 30)},
        {"S": (10, -3)},
    )
    given["paths"]["civil_cost_id"] = 2
    result = solved(given)
    links = result["paths"][result["paths"].connector]
    assert links.path_id.tolist() == ["C-1", "C-2", "C-3"]
    assert links.length_m.tolist() == pytest.approx([10, 8, 3])
    assert links.civil_cost_id.tolist() == [1, 1, 1]
    ends = [tuple(get_coordinates(shape)[0]) for shape in links.geometry]
    assert ends == [tuple(place(p).coords[0]) for p in ((40, 10), (92, 30), (10, -3))]
    # Soft for connectors: 300 a metre of DN20, and 1.6 times that along the paths.
    assert row_of(links, "C-1").diameter_mm == row_of(result["paths"], "B-1").diameter_mm == 20
    assert row_of(links, "C-1").cost_pv == pytest.approx(-300 * 10)
    assert row_of(result["paths"], "B-1").cost_pv == pytest.approx(-300 * 1.6 * 30)


def test_forbidden_paths_are_neither_joined_to_nor_noded_with():
    given = tables(
        {"near": [(0, 10), (100, 10)], "far": [(0, 0), (100, 0)]}, {"b": (50, 12)}, {"S": (0, 0)}
    )
    put(given["paths"], 0, "constraint", "forbidden")
    result = solved(given)
    assert lengths(result)["C-1"] == pytest.approx(12)
    assert not row_of(result["paths"], "near").in_network
    assert inside(result, "paths") == {"far-1", "C-1"}


def test_made_names_do_not_collide_with_given_ones():
    paths = {"A": [(0, 0), (100, 0)], "A-1": [(50, 0), (50, 50)], "C-1": [(0, 0), (0, 50)]}
    given = tables(paths, {"b": (50, 60), "B-2": (70, 9)}, {"S": (-9, 50)})
    put(given["buildings"], 0, "building_id", None)
    for forbidden in (False, True):
        if forbidden:
            put(given["paths"], 2, "constraint", "forbidden")
        result = solved(given)
        ids = result["paths"].path_id.tolist()
        assert len(ids) == len(set(ids))
        assert ids == ["A-2", "A-3", "A-4", "A-1", "C-1", "C-2", "C-3", "C-4"]
        assert result["paths"].connector.tolist() == [False] * 5 + [True] * 3
        assert result["buildings"].building_id.tolist() == ["B-1", "B-2"]


def test_flags_tell_what_no_supply_reaches_and_what_leads_to_no_demand():
    given = tables(
        {
            "main": [(0, 0), (100, 0)],
            "spur": [(60, 0), (60, 40)],
            "loop": [(100, 0), (120, 20), (120, -20), (100, 0)],
            "island": [(500, 0), (600, 0)],
            "desert": [(800, 0), (900, 0)],
        },
        {"b": (100, 0), "c": (550, 9)},
        SUPPLY,
    )
    result = solved(given)
    assert flags(result, "unreachable") == {"island-1", "island-2", "C-1", "desert"}
    assert flags(result, "peripheral") == {"spur", "loop", "desert"}
    assert result["buildings"].unreachable.tolist() == [False, True]


@pytest.mark.parametrize("peak", [0.9, 0.05, 0.0])
def test_a_demand_far_below_a_kilowatt_is_connected_where_it_pays(peak):
    given = street()
    put(given["buildings"], 0, "peak_demand_kw", peak)
    put(given["buildings"], 0, "annual_demand_kwh", 2000 * peak)
    put(given["buildings"], 0, "extra_pv", 30_000)
    put(given["buildings"], 1, "peak_demand_kw", 450)
    put(given["buildings"], 1, "annual_demand_kwh", 900_000)
    result = solved(given)
    assert inside(result, "buildings") == {"left", "right"}
    alone = row_of(result["paths"], "L")
    # Losses make a load even where nothing is asked for.
    assert alone.load_kw == pytest.approx(max(peak, (2000 * peak + alone.losses_kwh) / 8760))


# Networks in general

spots = st.tuples(st.integers(0, 6), st.integers(0, 6))
lines = st.lists(spots, min_size=2, max_size=5).map(LineString).filter(lambda line: line.length > 0)


@given(st.lists(lines, min_size=1, max_size=7), st.lists(spots, min_size=1, max_size=5), st.data())
def test_the_network_joins_what_touches_and_keeps_every_metre(paths, places, data):
    usable = np.array(data.draw(st.lists(st.booleans(), min_size=len(paths), max_size=len(paths))))
    points = np.array([Point(x + 0.25, y + 0.5) for x, y in places], dtype=object)
    whole = np.ones(len(points), dtype=bool)
    nobody = np.zeros(0, dtype=bool)
    network = build_network(
        np.array(paths, dtype=object), [f"P{i}" for i in range(len(paths))], usable,
        points, whole, np.empty(0, dtype=object), nobody,
    )  # fmt: skip
    # Noded with one another: two paths are connected if an end of one lies on the other.
    expected = nx.Graph()
    expected.add_nodes_from(i for i in range(len(paths)) if usable[i])
    for i in expected:
        for j in expected:
            if any(paths[j].distance(Point(paths[i].coords[k])) < SNAP for k in (0, -1)):
                expected.add_edge(i, j)
    found = nx.Graph((segment.u, segment.v) for segment in network.segments)
    parts = {frozenset(part) for part in nx.connected_components(expected)}
    by_node: dict[int, set[int]] = {}
    for number, nodes in enumerate(nx.connected_components(found)):
        by_node |= dict.fromkeys(nodes, number)
    joined: dict[int, set[int]] = {}
    for segment in network.segments:
        if not segment.connector:
            joined.setdefault(by_node[segment.u], set()).add(segment.path)
    assert {frozenset(part) for part in joined.values()} == parts
    for i in expected:
        assert network.path_lengths[i] == pytest.approx(paths[i].length)
    links = {segment.u: segment.length for segment in network.segments if segment.connector}
    for point, node in zip(points, network.building_nodes, strict=True):
        distance = min((paths[i].distance(point) for i in expected), default=0.0)
        assert links.get(int(node), 0.0) == pytest.approx(distance if distance > SNAP else 0.0)
