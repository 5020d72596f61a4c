"""Large networks: the heuristic, relaxations with straight costs, and bounds that hold."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate import costing
from surrogate.costing.evaluate import evaluate
from surrogate.costing.optimiser.heuristic import Heuristic
from surrogate.costing.optimiser.large import Large, first_bound
from surrogate.costing.optimiser.linear import lower_edge
from surrogate.costing.optimiser.search import Clock
from surrogate.costing.optimiser.settling import Settling
from surrogate.costing.optimiser.solver import Row
from surrogate.costing.prepare import prepare
from surrogate.errors import InputError

from .costing_cases import settings_table, solved, summary
from .network_oracle import best, random_instance
from .network_oracle import tables as tables_of

SEEDS = range(70)


@cache
def forests():
    """Random instances with the best network of each, by enumeration."""
    instances = [random_instance(seed) for seed in SEEDS]
    asked = [prepare(tables_of(instance)).problem.settings for instance in instances]
    return [
        (instance, best(instance))
        for instance, settled in zip(instances, asked, strict=True)
        if settled.prevent_loops and settled.objective == "max-npv"
    ]


def large(given_tables, cuts: list[Row] | None = None):
    """The way for large networks, on a small one."""
    problem = prepare(given_tables).problem
    if problem.impossible:
        return problem, None
    clock = Clock(60.0, lambda: False)
    return problem, Large(problem, clock, lambda where: None, cuts=cuts).run()


@pytest.mark.filterwarnings("ignore")
def test_the_heuristic_is_never_better_than_the_best_network_and_mostly_as_good():
    same, feasible = 0, 0
    for instance, answer in forests():
        found = summary(solved(tables_of(instance, optimiser__method="heuristic")))
        if answer is None:
            assert found.state in ("infeasible", "no network found (heuristic)")
            continue
        if found.state == "no network found (heuristic)":
            continue
        close = 1e-6 * abs(answer.objective) + 0.01
        assert found.objective <= answer.objective + close
        assert found.upper_bound >= answer.objective - close
        if not _constrained(instance):
            feasible += 1
            same += found.objective >= answer.objective - close
    assert feasible > 20
    assert same > 0.6 * feasible, f"{same} of {feasible}"


def _constrained(instance) -> bool:
    """Whether there are constraints that the heuristic does not know."""
    asked = prepare(tables_of(instance)).problem.settings.model_dump()
    return any(name[:4] in ("min_", "max_") and value is not None for name, value in asked.items())


@pytest.mark.filterwarnings("ignore")
def test_the_bound_for_large_networks_holds_for_the_exact_costs():
    tight = 0
    for instance, answer in forests():
        _, found = large(tables_of(instance))
        if answer is None or found is None:
            continue
        close = 1e-6 * abs(answer.objective) + 0.01
        assert found.value <= answer.objective + close
        assert found.bound >= answer.objective - close
        tight += found.bound <= answer.objective + 0.2 * abs(answer.objective)
    assert tight > 5


@pytest.mark.filterwarnings("ignore")
def test_what_is_cut_off_at_one_pair_of_temperatures_holds_at_another():
    town = costing.district(60)
    parameters = town["parameters"].set_index("parameter")["value"].to_dict()

    def at(flow: int, **further: str):
        flow_too = {"optimiser/flow-temperature": str(flow), "optimiser/mip-gap": "0"}
        asked = {**parameters, **flow_too, **further}
        return {**town, "parameters": settings_table(asked)}

    cuts: list[Row] = []
    for flow in (60, 80):
        large(at(flow), cuts)
        assert cuts
    alone, carried = large(at(70))[1], large(at(70), cuts)[1]
    best_known = summary(solved(at(70, **{"optimiser/mip-gap": "0.001"})))
    assert carried.bound >= best_known.objective
    assert carried.bound <= alone.bound * 1.02


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_settled_tree_is_worth_what_its_network_costs_exactly(seed):
    problem = prepare(costing.district(60, seed)).problem
    network = Heuristic(problem).run(lambda: False)
    assert network is not None
    assert network.design.customers
    tree = Heuristic(problem)._tree_of(network)
    settled = Settling(problem).settle(tree)
    assert evaluate(problem, Settling(problem).design(settled)).objective == pytest.approx(
        settled.value, rel=1e-9
    )


def test_the_first_bound_counts_what_buildings_pay_beyond_their_heat():
    given_tables = costing.district(60)
    problem = prepare(given_tables).problem
    loop = settings_table({"optimiser/method": "loop"})
    found = summary(solved({**given_tables, "parameters": loop}))
    assert first_bound(problem) >= found.upper_bound * (1 - 1e-9)


@pytest.mark.filterwarnings("ignore")
def test_the_heuristic_finds_most_heat_too():
    given_tables = costing.district(60)
    parameters = given_tables["parameters"].set_index("parameter")["value"].to_dict()
    asked = {"optimiser/objective": "max-kwh", "optimiser/method": "heuristic"}
    result = solved({**given_tables, "parameters": settings_table({**parameters, **asked})})
    found = summary(result)
    buildings = result["buildings"]
    allowed = buildings[buildings["constraint"] != "forbidden"]
    assert found.network_kwh == pytest.approx(found.objective)
    assert found.network_kwh >= 0.9 * allowed["annual_demand_kwh"].sum()
    assert found.upper_bound >= found.network_kwh


def test_the_heuristic_keeps_scarce_supplies_within_their_limits():
    given_tables = costing.district(100)
    given_tables["supplies"]["peak_capacity_kw"] = 900.0
    parameters = given_tables["parameters"].set_index("parameter")["value"].to_dict()
    asked = {**parameters, "optimiser/method": "heuristic"}
    given_tables["buildings"]["constraint"] = "optional"
    result = solved({**given_tables, "parameters": settings_table(asked)})
    supplies = result["supplies"]
    used = supplies[supplies["in_network"]]
    assert len(used) > 0
    assert (used["load_kw"] <= 900 * (1 + 1e-9)).all()
    assert used["load_kw"].max() > 700


points = st.lists(st.floats(0, 1e6), min_size=1, max_size=12)


@settings(max_examples=200)
@given(points, st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12), st.floats(0, 1e6))
def test_a_lower_edge_lies_below_all_points_and_touches_one(places, heights, at):
    x = np.unique(np.array(places))
    y = np.array(heights[: len(x)])
    start, slope = lower_edge(x, y, at)
    room = 1e-6 * (1 + np.abs(y).max() + abs(slope) * x.max())
    above = y - (start + slope * x)
    assert above.min() >= -room
    assert above.min() <= room


def test_a_town_of_a_linear_density_has_it():
    paths, buildings = 120, 50
    far = costing.street_network(paths, buildings, 3, linear_density=1000.0)
    near = costing.street_network(paths, buildings, 3, linear_density=1000.0, spacing=0.5)
    for town in (far, near):
        heat = town["buildings"]["annual_demand_kwh"].sum()
        assert heat / town["paths"].length.sum() == pytest.approx(1000.0, rel=1e-3)
    assert near["paths"].length.sum() == pytest.approx(0.5 * far["paths"].length.sum())


def test_a_town_with_one_supply_has_heat_for_all():
    town = costing.street_network(120, 50, 3, one_supply=True)
    (supply,) = town["supplies"].itertuples()
    assert supply.peak_capacity_kw >= town["buildings"]["peak_demand_kw"].sum() * (1 - 1e-9)
    assert supply.annual_capacity_kwh > town["buildings"]["annual_demand_kwh"].sum()


@pytest.mark.parametrize("wrong", [{"linear_density": 0.0}, {"spacing": -1.0}])
def test_a_town_that_cannot_be_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        costing.street_network(120, 50, 3, **wrong)
