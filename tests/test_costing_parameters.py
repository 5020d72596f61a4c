"""Every parameter changes the answer in the way it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from surrogate.costing.parameters import NAMES

from .costing_cases import (
    EXACT,
    Tables,
    discounted,
    inside,
    named,
    put,
    row_of,
    settings_table,
    solved,
    street,
    summary,
    tables,
)

# Instances


def poor() -> Tables:
    """A street in which no building is worth its pipe."""
    given = street()
    given["tariffs"]["annual_charge_per_kwh"] = 0.03
    return given


def required() -> Tables:
    """A street whose buildings are connected whatever they cost."""
    given = street()
    given["buildings"]["constraint"] = "required"
    return given


def lossy() -> Tables:
    """A street whose right side costs more than it brings."""
    given = street()
    put(given["buildings"], 1, "extra_pv", -150_000.0)
    return given


def long() -> Tables:
    """A third building at the end of a long way, worth it all the same."""
    return tables(
        {"A": [(0, 0), (30, 0)], "B": [(30, 0), (60, 0)], "C": [(60, 0), (210, 0)]},
        {"a": (30, 0), "b": (60, 0), "c": (210, 0)},
        {"S": (0, 0)},
    )


def two_streets() -> Tables:
    """Two streets with a supply each."""
    return tables(
        {"A": [(0, 0), (50, 0)], "B": [(0, 900), (60, 900)]},
        {"a": (50, 0), "b": (60, 900)},
        {"S": (0, 0), "T": (0, 900)},
    )


def two_supplies() -> Tables:
    """A dirty supply and a clean one, which costs more."""
    given = tables(
        {"A": [(0, 0), (30, 0)], "B": [(30, 0), (60, 0)]},
        {"a": (30, 0)},
        {"dirty": (0, 0), "clean": (60, 0)},
    )
    put(given["supplies"], 1, "emissions_per_kwh", 0.01)
    put(given["supplies"], 1, "cost_per_kwh", 0.05)
    return given


def two_ways() -> Tables:
    """Two ways to one building, both of which must be used."""
    given = tables(
        {"A": [(0, 0), (50, 20), (100, 0)], "B": [(0, 0), (50, -20), (100, 0)]},
        {"a": (100, 0)},
        {"S": (0, 0)},
    )
    given["paths"]["constraint"] = "required"
    return given


# What is looked at


def total(name: str) -> Callable[[Tables], Any]:
    return lambda result: summary(result)[f"network_{name}"]


def pipe(name: str) -> Callable[[Tables], Any]:
    return lambda result: row_of(result["paths"], "A")[name]


def chosen(table: str) -> Callable[[Tables], Any]:
    return lambda result: sorted(inside(result, table))


def years(kind: str, cost: str) -> Callable[[Tables], Any]:
    """Years in which a kind of cost falls due."""

    def look(result: Tables) -> list[int]:
        flow = result["cashflow"]
        return sorted(set(flow.year[(flow.type == kind) & (flow.cost == cost)]))

    return look


def state(result: Tables) -> str:
    return str(summary(result).state)


def last_year(result: Tables) -> int:
    return int(result["cashflow"].year.max())


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-6)


@dataclass(frozen=True)
class Case:
    """A parameter, and what is seen without and with it."""

    name: str
    value: Any
    instance: Callable[[], Tables]
    look: Callable[[Tables], Any]
    without: Any
    with_it: Any

    def __str__(self) -> str:
        return self.name


LOSSES = {  # A 60 m, L 25 m and R 35 m, of DN32 and twice DN20, by degrees above the ground
    degrees: degrees
    * 8.76
    * sum(m * (0.16807 * np.log(d) + 0.85684) for m, d in ((60, 0.032), (25, 0.02), (35, 0.02)))
    for degrees in (47, 55)
}
CASES = [
    Case("finance/npv-term", 10, street, last_year, 39, 9),
    Case("finance/plant-lifetime", 9, street, years("supply", "repex"), [20], [9, 18, 27, 36]),
    Case("finance/distribution-lifetime", 15, street, years("pipe", "repex"), [], [15, 30]),
    Case(
        "finance/building-hx-lifetime", 13, street, years("connection", "repex"), [20], [13, 26, 39]
    ),
    Case("optimiser/flow-temperature", 100, street, pipe("diameter_mm"), 32, 20),
    Case("optimiser/return-temperature", 61, street, pipe("diameter_mm"), 32, 50),
    Case(
        "optimiser/ground-temperature",
        0,
        street,
        total("losses_kwh"),
        close(LOSSES[47]),
        close(LOSSES[55]),
    ),
    Case("optimiser/objective", "max-kwh", poor, total("kwh"), 0, 80_000),
    Case("optimiser/prevent-loops", "false", two_ways, state, "infeasible", "optimal"),
    Case("network/diversity-limit", 0.4, street, pipe("load_kw"), close(32.4), close(28)),
    Case(
        "network/diversity-rate", 2, street, pipe("load_kw"), close(32.4), close(0.715 * 40 / 0.81)
    ),
    Case("pumping/price-per-kwh", 0.3, street, years("pipe", "pumping"), [], [*range(1, 40)]),
    Case("constraint/min-kwh", 30_000, poor, total("kwh"), 0, 40_000),
    Case("constraint/max-kwh", 50_000, street, total("kwh"), 80_000, 40_000),
    Case("constraint/min-network-length", 96, lossy, total("length"), close(85), close(120)),
    Case("constraint/max-network-length", 110, street, total("length"), close(120), close(85)),
    Case(
        "constraint/min-linear-density",
        1000,
        long,
        chosen("buildings"),
        ["a", "b", "c"],
        ["a", "b"],
    ),
    Case(
        "constraint/max-linear-density",
        600,
        street,
        chosen("buildings"),
        ["left", "right"],
        ["left"],
    ),
    Case("constraint/min-buildings", 2, lossy, chosen("buildings"), ["left"], ["left", "right"]),
    Case("constraint/max-buildings", 1, street, chosen("buildings"), ["left", "right"], ["left"]),
    Case("constraint/min-connections", 2, lossy, chosen("buildings"), ["left"], ["left", "right"]),
    Case("constraint/max-connections", 1, street, chosen("buildings"), ["left", "right"], ["left"]),
    Case("constraint/max-supplies", 1, two_streets, chosen("buildings"), ["a", "b"], ["a"]),
    Case(
        "constraint/max-emissions-factor",
        0.1,
        two_supplies,
        chosen("supplies"),
        ["dirty"],
        ["clean"],
    ),
    Case("constraint/max-npv", 120_000, street, chosen("buildings"), ["left", "right"], ["left"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_parameter_changes_the_answer(case):
    given = case.instance() | {"parameters": settings_table(EXACT)}
    assert case.look(solved(given)) == case.without
    given["parameters"] = settings_table({**EXACT, case.name: case.value})
    assert case.look(solved(given)) == case.with_it


FLAGS = {
    "connection-capex": ("connection", "capex"),
    "connection-repex": ("connection", "repex"),
    "connection-opex": ("connection", "opex"),
    "supply-capex": ("supply", "capex"),
    "supply-repex": ("supply", "repex"),
    "supply-opex": ("supply", "opex", "heat"),
    "pipe-capex": ("pipe", "capex"),
    "pipe-repex": ("pipe", "repex"),
    "tariffs": ("tariff", "connection charge", "annual charge"),
}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_takes_its_cash_flows_out_of_the_objective_alone(flag):
    given = required()
    lifetime = {"finance/distribution-lifetime": 15, **EXACT}
    given["parameters"] = settings_table(lifetime)
    before = solved(given)
    given["parameters"] = settings_table({**lifetime, f"objective/use-{flag}": "false"})
    after = solved(given)
    flow = after["cashflow"]
    kind, *costs = FLAGS[flag]
    counted = flow[(flow.type == kind) & flow.cost.isin(costs)]
    worth = discounted({"cashflow": counted}, 0.03)
    assert abs(worth) > 500
    assert summary(before).objective == pytest.approx(summary(before).network_npv)
    assert summary(after).network_npv == pytest.approx(summary(before).network_npv)
    assert summary(after).objective == pytest.approx(summary(after).network_npv - worth)


def test_what_the_objective_leaves_out_decides_nothing():
    assert inside(solved(poor()), "buildings") == set()
    without = {f"objective/use-{flag}": "false" for flag in FLAGS if flag != "tariffs"}
    free = solved(poor() | {"parameters": settings_table(without)})
    assert inside(free, "buildings") == {"left", "right"}
    assert summary(free).network_npv < 0 < summary(free).objective


def test_money_is_worth_less_later():
    answers = {rate: solved(street(finance__npv_rate=rate)) for rate in (0, 0.03, 0.08)}
    for rate, result in answers.items():
        assert summary(result).network_npv == pytest.approx(discounted(result, rate))
        assert result["cashflow"].equals(answers[0]["cashflow"])
    assert len({round(summary(result).network_npv) for result in answers.values()}) == 3


def test_most_heat_is_had_for_the_least_cost_and_within_the_least_npv():
    given = poor() | {"parameters": settings_table({"optimiser/objective": "max-kwh", **EXACT})}
    free = summary(solved(given))
    assert free.objective == free.network_kwh == 80_000
    assert free.network_npv < 0
    worst = {"optimiser/objective": "max-kwh", "constraint/min-npv": free.network_npv / 2, **EXACT}
    held = summary(solved(given | {"parameters": settings_table(worst)}))
    assert held.network_kwh in (0, 40_000)
    assert held.network_npv >= free.network_npv / 2


def test_pumping_is_paid_for_what_the_pumps_need():
    free, paid = solved(street()), solved(street(pumping__price_per_kwh=0.3))
    flow = paid["cashflow"]
    yearly = flow[flow.cost == "pumping"].groupby("year").value.sum()
    needed = summary(paid).network_pump_kwh
    assert needed == pytest.approx(paid["paths"].pump_kwh.sum())
    assert yearly.tolist() == pytest.approx([-0.3 * needed] * 39)
    later = sum(1.03**-y for y in range(1, 40))
    lost = summary(free).network_npv - summary(paid).network_npv
    assert lost == pytest.approx(0.3 * needed * later)
    assert summary(paid).objective == pytest.approx(summary(paid).network_npv)


def test_dear_pumping_makes_a_building_not_worth_its_pipe():
    assert inside(solved(street(pumping__price_per_kwh=1.0, **named({}))), "buildings") != set()
    dear = solved(street(pumping__price_per_kwh=5000.0))
    assert inside(dear, "buildings") == set()
    assert summary(dear).state == "optimal"


def test_every_parameter_has_a_test():
    elsewhere = {
        "finance/npv-rate",
        "constraint/min-npv",
        "optimiser/runtime-limit",
        "optimiser/mip-gap",
        "optimiser/param-gap",
        "optimiser/iteration-limit",
        "optimiser/method",
        *(f"objective/use-{flag}" for flag in FLAGS),
    }
    assert {case.name for case in CASES} | elsewhere == set(NAMES)
