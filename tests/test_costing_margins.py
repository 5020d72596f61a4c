"""What each building is worth to the network: against brute force, and against prices that tip."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.costing import margins as module
from surrogate.costing.evaluate import evaluate as evaluate_design
from surrogate.costing.margins import Margins, margins_table
from surrogate.costing.optimise import Optimised, optimised
from surrogate.costing.optimiser.loop import trimmed

from .costing_cases import (
    EXACT,
    Tables,
    inside,
    npv,
    put,
    row_of,
    solved,
    street,
    summary,
    tables,
)
from .network_oracle import Answer, Instance, evaluate, random_instance
from .network_oracle import tables as tables_of

ASKED = {"optimiser__mip_gap": 0, "optimiser__param_gap": 0, "optimiser__iteration_limit": 100}
NOT_PRICED = ("pipe", "supply-kw")


def margins_of(result: Tables) -> pd.DataFrame:
    return result["building_margins"].set_index("building_id")


def reported(instance: Instance, result: Tables) -> Answer:
    """The network that a result tells of, worked out again by the oracle."""

    def numbers(names: set[str]) -> list[int]:
        return sorted(int(name[1:]) for name in names)

    feeding = result["supplies"][result["supplies"].load_kwh > 0]
    return evaluate(
        instance,
        numbers(inside(result, "buildings")),
        numbers(inside(result, "paths")),
        numbers(set(feeding.supply_id)),
    )


def village(**changed: float) -> Tables:
    """A street of five houses, one of them far off, one that must be connected."""
    given = tables(
        {"main": [(0, 0), (100, 0)], "side": [(60, 0), (60, 90)], "far": [(100, 0), (400, 0)]},
        {"a": (30, 12), "b": (62, 90), "c": (100, -8), "d": (400, 0), "e": (80, -6)},
        {"S": (-4, 0)},
        {**EXACT, **changed},
    )
    given["buildings"]["annual_demand_kwh"] = [40e3, 18e3, 9e3, 30e3, 60e3]
    given["buildings"]["tariff_id"] = range(1, 6)
    # Most is paid as a fixed charge, so that it can be lowered by all that a house is worth.
    charges = 0.13 * given["buildings"]["annual_demand_kwh"].to_numpy()
    given["tariffs"] = (
        given["tariffs"]
        .loc[[0] * 5]
        .assign(tariff_id=range(1, 6), annual_charge_fixed=charges, annual_charge_per_kwh=0.03)
    )
    put(given["buildings"], 4, "constraint", "required")
    return given


# Against brute force


def ways(instance: Instance, starts: set[int], fed: set[int], node: int) -> list[list[int]]:
    """Every way to a node from some nodes on, that does not meet the network again."""
    graph = nx.MultiGraph()
    graph.add_nodes_from({*starts, node})
    for e, edge in enumerate(instance.edges):
        if edge.constraint != "forbidden":
            graph.add_edge(edge.u, edge.v, key=e)
    found: list[list[int]] = [[]] if node in starts else []
    for start in starts - {node}:
        for way in nx.all_simple_edge_paths(graph, start, node):
            if not {n for u, v, _ in way for n in (u, v)} & ((fed | starts) - {start}):
                found.append([e for _, _, e in way])
    return found


def joined(instance: Instance, now: Answer, b: int) -> list[Answer]:
    """The network with one more building, by every way from it or from an unused supply."""
    node = instance.buildings[b].node
    feeding = {feed.supply for feed in now.supplies if feed.load_kwh}
    fed = {n for e in now.edges for n in (instance.edges[e].u, instance.edges[e].v)}
    fed |= {instance.supplies[s].node for s in feeding}
    usable = {s for s, one in enumerate(instance.supplies) if one.constraint != "forbidden"}
    starts = [(fed, feeding)]
    starts += [
        ({instance.supplies[s].node}, feeding | {s})
        for s in usable - feeding
        if instance.supplies[s].node not in fed
    ]
    return [
        evaluate(instance, {*now.connected, b}, {*now.edges, *way}, sources)
        for nodes, sources in starts
        for way in ways(instance, nodes, fed, node)
    ]


def left(instance: Instance, now: Answer, gone: set[int]) -> Answer:
    """The network without some buildings and what then leads to none."""
    kept = set(now.connected) - gone
    feeding = {feed.supply for feed in now.supplies if feed.load_kwh}
    used = {instance.buildings[b].node for b in kept}
    used |= {instance.supplies[s].node for s in feeding}
    edges = set(now.edges)
    while True:
        ends = [n for e in edges for n in (instance.edges[e].u, instance.edges[e].v)]
        dead = {
            e
            for e in edges
            for n in (instance.edges[e].u, instance.edges[e].v)
            if ends.count(n) == 1 and (n not in used or not kept)
        }
        if not dead:
            break
        edges -= dead
    ends = [n for e in edges for n in (instance.edges[e].u, instance.edges[e].v)]
    served = {*ends, *(instance.buildings[b].node for b in kept)}
    still = {s for s in feeding if instance.supplies[s].node in served}
    return evaluate(instance, kept, edges, still)


def differs(instance: Instance, row: pd.Series, now: Answer, changed: list[Answer]) -> bool:
    """Whether a margin is the difference of none of these networks."""
    return not any(
        one.network_npv - now.network_npv == pytest.approx(row.npv_change, abs=0.01, rel=1e-6)
        and abs(one.network_length - now.network_length)
        == pytest.approx(row.extra_length_m, abs=1e-3)
        for one in changed
    )


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_each_margin_is_a_difference_of_two_networks_costed_apart(seed):
    instance = random_instance(seed)
    result = solved(tables_of(instance, **ASKED))
    if summary(result).state == "infeasible":
        assert "building_margins" not in result
        return
    now = reported(instance, result)
    margins = margins_of(result)
    assert set(margins.index) == set(result["buildings"].building_id)
    npv_counts = instance.parameter("optimiser/objective") == "max-npv" and all(
        value for name, value in instance.parameters.items() if name.startswith("objective/use-")
    )
    groups = result["buildings"].set_index("building_id").demand_group
    for name, row in margins.iterrows():
        assert row.connected == (name in inside(result, "buildings"))
        assert (row.costing == "") == np.isnan(row.npv_change)
        if row.costing == "":
            assert row.reason
            continue
        assert row.costing == "exact"
        if npv_counts and not row.reason:
            assert row.npv_change <= 0.01 + 2e-7 * abs(now.network_npv), "it was no optimum"
        if row.connected:
            same = {name} if pd.isna(groups[name]) else set(groups[groups == groups[name]].index)
            tried = [left(instance, now, {int(str(one)[1:]) for one in same})]
        elif row.together > 1:
            continue
        else:
            tried = joined(instance, now, int(str(name)[1:]))
        assert not differs(instance, row, now, tried), (name, row.to_dict(), tried)


# What a margin says of prices


@pytest.fixture(scope="module")
def found() -> Tables:
    return solved(village())


HOUSES = ["a", "b", "c", "d"]


@pytest.mark.parametrize("name", HOUSES)
@pytest.mark.parametrize("share", [0.98, 1.02])
def test_a_charge_changed_by_the_margin_and_a_little_tips_the_building(found, name, share):
    """The far house is left out and asks for more; the others are in and could pay less."""
    row = margins_of(found).loc[name]
    assert row.connected == (name != "d")
    assert row.npv_change < 0
    changed = village()
    house = HOUSES.index(name)
    charge = changed["tariffs"]["annual_charge_fixed"].iloc[house]
    by = row.per_year if row.connected else -row.per_year
    put(changed["tariffs"], house, "annual_charge_fixed", charge + share * by)
    result = solved(changed)
    assert summary(result).state == "optimal"
    tipped = share > 1
    assert (name in inside(result, "buildings")) == (row.connected != tipped)


def test_the_price_at_which_it_makes_no_difference(found):
    kwh = village()["buildings"].set_index("building_id").annual_demand_kwh
    for name in HOUSES:
        row = margins_of(found).loc[name]
        assert row.price_change_per_kwh * kwh[name] == pytest.approx(
            row.per_year if row.connected else -row.per_year
        )
    dearer = village()
    price = 0.03 + margins_of(found).price_change_per_kwh["d"]
    put(dearer["tariffs"], HOUSES.index("d"), "annual_charge_per_kwh", price)
    assert margins_of(solved(dearer)).npv_change["d"] == pytest.approx(0, abs=0.01)


def test_what_is_required_says_what_it_is_worth_all_the_same(found):
    row = margins_of(found).loc["e"]
    assert (row.connected, row.reason, row.costing) == (True, "required-building", "exact")
    free = village()
    put(free["buildings"], 4, "constraint", "forbidden")
    without = solved(free)
    assert inside(without, "buildings") == inside(found, "buildings") - {"e"}
    change = summary(without).network_npv - summary(found).network_npv
    assert row.npv_change == pytest.approx(change, abs=0.01)


def test_a_demand_group_changes_together():
    given = village()
    given["buildings"]["demand_group"] = [None, "g", None, "g", None]
    result = solved(given)
    pair = margins_of(result).loc[["b", "d"]]
    assert pair.connected.tolist() == [False, False]
    assert pair.together.tolist() == [2, 2]
    assert pair.npv_change.nunique() == 1
    for one in ("b", "d"):
        put(given["buildings"], HOUSES.index(one), "constraint", "required")
    change = npv(given) - summary(result).network_npv
    assert pair.npv_change.iloc[0] == pytest.approx(change, abs=0.01)


def test_the_cheaper_of_two_ways_is_taken():
    given = village()
    row = {"path_id": "short cut", "geometry": given["paths"].geometry[2], "civil_cost_id": 2}
    dearer = given["paths"].iloc[[2]].assign(**{k: [v] for k, v in row.items()})
    given["paths"] = pd.concat([given["paths"], dearer], ignore_index=True)
    plain, both = margins_of(solved(village())).loc["d"], margins_of(solved(given)).loc["d"]
    assert both.npv_change == pytest.approx(plain.npv_change, abs=0.01)


def test_what_may_not_be_in_says_why():
    given = village()
    given["buildings"] = pd.concat([given["buildings"]] * 2, ignore_index=True).iloc[:8]
    given["buildings"]["building_id"] = list("abcdefgh")
    given["paths"] = pd.concat([given["paths"], given["paths"].iloc[[0]]], ignore_index=True)
    island = given["paths"].geometry[0]
    given["paths"].loc[3, "path_id"] = "island"
    given["paths"].loc[3, "geometry"] = _moved(island, 2000.0)
    given["buildings"].loc[5, "geometry"] = _moved(given["buildings"].geometry[0], 2000.0)
    put(given["buildings"], 6, "constraint", "forbidden")
    given["buildings"]["demand_group"] = [None, "x", "y", None, None, "x", "y", None]
    rows = margins_of(solved(given))
    assert rows.reason[["b", "c", "f", "g"]].tolist() == [
        "unreachable-group",
        "forbidden-group",
        "unreachable-building",
        "forbidden",
    ]
    assert rows.loc[["b", "c", "f", "g"], ["npv_change", "per_year"]].isna().all(axis=None)
    assert (rows.costing[["b", "c", "f", "g"]] == "").all()


def _moved(shape, by: float):
    return shapely.transform(shape, lambda xy: xy + np.array([by, 0.0]))


def test_a_limit_that_stands_against_a_building_is_named():
    result = solved(village(**{"constraint/max-buildings": 2}))
    rows = margins_of(result)
    kept_out = rows[~rows.connected & (rows.npv_change > 0)]
    assert len(kept_out) == 2
    assert set(kept_out.reason) == {"constraint/max-buildings"}
    small = village()
    # More than the four give up, less than the fifth needs.
    small["supplies"]["peak_capacity_kw"] = summary_kw(small) + 1.0
    far = margins_of(solved(small)).loc["d"]
    assert (far.reason, far.costing) == ("supply-kw", "")
    assert np.isnan(far.npv_change)


def summary_kw(given: Tables) -> float:
    return float(row_of(solved(given)["supplies"], "S").load_kw)


def test_a_supply_that_is_not_used_feeds_what_the_other_cannot():
    given = village()
    kw = summary_kw(given)
    second = given["supplies"].assign(supply_id="T", capex_fixed=9e5)
    second["geometry"] = [_moved(given["supplies"].geometry[0], 404.0)]
    given["supplies"] = pd.concat([given["supplies"], second], ignore_index=True)
    put(given["supplies"], 0, "peak_capacity_kw", kw + 1.0)
    result = solved(given)
    assert inside(result, "supplies") == {"S"}
    row = margins_of(result).loc["d"]
    assert (row.reason, row.costing) == ("", "exact")
    given["buildings"]["constraint"] = "required"
    both = solved(given)
    assert inside(both, "supplies") == {"S", "T"}
    change = summary(both).network_npv - summary(result).network_npv
    assert row.npv_change == pytest.approx(change, abs=0.01)


def test_where_there_is_no_network_a_building_is_worth_one_of_its_own():
    given = street()
    given["tariffs"]["annual_charge_per_kwh"] = 0.0
    rows = margins_of(solved(given))
    assert not rows.connected.any()
    for at, name in enumerate(("left", "right")):
        alone = street()
        alone["tariffs"]["annual_charge_per_kwh"] = 0.0
        put(alone["buildings"], at, "constraint", "required")
        put(alone["buildings"], 1 - at, "constraint", "forbidden")
        assert rows.npv_change[name] == pytest.approx(npv(alone), abs=0.01)


def test_with_a_term_of_one_year_nothing_is_spread_over_years():
    rows = margins_of(solved(street(finance__npv_term=1)))
    assert rows.npv_change.notna().all()
    assert rows[["per_year", "price_change_per_kwh"]].isna().all(axis=None)


# Many buildings, and networks that are not the best


@pytest.fixture(scope="module")
def town() -> Optimised:
    return optimised(village())


def test_of_many_buildings_the_nearest_are_exact_and_the_others_say_that_they_are_not(
    town, monkeypatch
):
    every = margins_of(town.tables)
    monkeypatch.setattr(module, "ALL", 1)
    monkeypatch.setattr(module, "NEAREST", 2)
    rows = margins_table(town.prepared, town.solution.best).set_index("building_id")
    assert sorted(rows.costing) == ["estimate"] * 3 + ["exact"] * 2
    exact = rows[rows.costing == "exact"]
    pd.testing.assert_frame_equal(exact, every.loc[exact.index])
    estimated = rows[rows.costing == "estimate"]
    assert estimated.npv_change.abs().min() >= 0.8 * exact.npv_change.abs().max()
    assert estimated.extra_length_m.to_dict() == pytest.approx(
        every.extra_length_m[estimated.index].to_dict()
    )
    assert (estimated.npv_change / every.npv_change[estimated.index]).between(0.5, 2).all()


def test_in_a_hurry_all_are_estimates(town):
    rows = margins_table(town.prepared, town.solution.best, lambda: True)
    assert set(rows.costing) == {"estimate"}


def test_a_network_that_lacks_a_building_is_told_so(town):
    problem, best = town.prepared.problem, town.solution.best
    (c,) = [i for i, customer in enumerate(problem.customers) if customer.name == "c"]
    fewer = trimmed(problem, replace(best.design, customers=best.design.customers - {c}))
    worse = evaluate_design(problem, fewer)
    margin = Margins(problem, worse).exact(frozenset({c}))
    assert margin.change == pytest.approx(best.npv - worse.npv, abs=1e-6)
    assert margin.change > 0


def test_what_has_been_seen_is_costed_as_what_has_not(town):
    problem, best = town.prepared.problem, town.solution.best
    seen: dict = {}
    for customers in (best.design.customers, best.design.customers - {0}, best.design.customers):
        design = trimmed(problem, replace(best.design, customers=customers))
        assert evaluate_design(problem, design, seen) == evaluate_design(problem, design)
    assert seen
