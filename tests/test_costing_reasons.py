"""Why there is no network: which limits would have to give, in words and with the IDs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from surrogate.costing.evaluate import Design, evaluate
from surrogate.costing.optimiser.reasons import _MESSAGES, _reason
from surrogate.costing.prepare import prepare

from .costing_cases import EXACT, Tables, put, reasons, settings_table, solved, street, tables


def needed() -> Tables:
    """Four buildings along a street, all of which must be connected."""
    given = tables(
        {"A": [(0, 0), (30, 0)], "B": [(30, 0), (60, 0)], "C": [(60, 0), (90, 0)]},
        {"a": (30, 0), "b": (60, 0), "c": (90, 0), "d": (0, 0)},
        {"S": (0, 0)},
        EXACT,
    )
    given["buildings"]["constraint"] = "required"
    return given


def with_island() -> Tables:
    """A street, and a building at a path of its own, to which no supply leads."""
    return tables(
        {"A": [(0, 0), (60, 0)], "far": [(500, 0), (560, 0)], "spur": [(60, 0), (60, 40)]},
        {"near": (60, 0), "lost": (560, 0)},
        {"S": (0, 0)},
    )


def grouped(given: Tables) -> Tables:
    given["buildings"]["demand_group"] = "terrace"
    return given


def cell(given: Tables, table: str, row: int, column: str, value: object) -> Tables:
    put(given[table], row, column, value)
    return given


def limited(given: Tables, **limits: float) -> Tables:
    parameters = {f"constraint/{k.replace('_', '-')}": v for k, v in limits.items()}
    return given | {"parameters": settings_table({**EXACT, **parameters})}


CASES: dict[str, tuple[Callable[[], Tables], tuple[str, ...]]] = {
    "unreachable-building": (
        lambda: cell(with_island(), "buildings", 1, "constraint", "required"),
        ("building lost", "no path"),
    ),
    "unreachable-group": (
        lambda: grouped(cell(with_island(), "buildings", 0, "constraint", "required")),
        ("building near", "terrace"),
    ),
    "forbidden-group": (
        lambda: grouped(
            cell(
                cell(street(), "buildings", 0, "constraint", "required"),
                "buildings",
                1,
                "constraint",
                "forbidden",
            )
        ),
        ("building left", "terrace", "forbidden"),
    ),
    "unreachable-path": (
        lambda: cell(with_island(), "paths", 1, "constraint", "required"),
        ("path far",),
    ),
    "peripheral-path": (
        lambda: cell(with_island(), "paths", 2, "constraint", "required"),
        ("path spur", "no building"),
    ),
    "required-building": (
        lambda: limited(cell(street(), "buildings", 1, "constraint", "required"), max_kwh=0),
        ("building right",),
    ),
    "required-path": (
        lambda: limited(cell(street(), "paths", 2, "constraint", "required"), max_network_length=0),
        ("path R",),
    ),
    "pipe": (
        lambda: cell(
            cell(needed(), "buildings", 2, "peak_demand_kw", 950),
            "supplies",
            0,
            "peak_capacity_kw",
            2000,
        ),
        ("path ", "950.0 kW"),
    ),
    "supply-kw": (
        lambda: cell(needed(), "supplies", 0, "peak_capacity_kw", 50),
        ("supply S", "57.2 kW", "50.0 kW"),
    ),
    "supply-kwh": (
        lambda: cell(needed(), "supplies", 0, "annual_capacity_kwh", 165_000),
        ("supply S", "165,000"),
    ),
}
LIMITS: dict[str, tuple[Callable[[], Tables], str]] = {
    "min-kwh": (lambda: limited(needed(), min_kwh=170_000), "160,000"),
    "max-kwh": (lambda: limited(needed(), max_kwh=150_000), "160,000"),
    "min-network-length": (lambda: limited(needed(), min_network_length=100), "90"),
    "max-network-length": (lambda: limited(needed(), max_network_length=80), "90"),
    "min-linear-density": (lambda: limited(needed(), min_linear_density=1900), "1,777.78"),
    "max-linear-density": (lambda: limited(needed(), max_linear_density=1700), "1,777.78"),
    "min-npv": (lambda: limited(needed(), min_npv=500_000), ""),
    "max-npv": (lambda: limited(needed(), max_npv=350_000), ""),
    "min-buildings": (lambda: limited(needed(), min_buildings=5), "4"),
    "max-buildings": (lambda: limited(needed(), max_buildings=3), "4"),
    "min-connections": (lambda: limited(needed(), min_connections=5), "4"),
    "max-connections": (lambda: limited(needed(), max_connections=3), "4"),
    "max-emissions-factor": (lambda: limited(needed(), max_emissions_factor=0.19), "0.2"),
    "max-supplies": (
        lambda: limited(cell(needed(), "supplies", 0, "constraint", "required"), max_supplies=0),
        "1",
    ),
}  # fmt: skip


RATIOS = ("min-linear-density", "max-linear-density", "max-emissions-factor")


@pytest.mark.parametrize("kind", CASES)
def test_an_infeasible_input_has_its_reason_with_the_ids(kind):
    make, words = CASES[kind]
    found = reasons(solved(make()))
    assert set(found) == {kind}
    for word in words:
        assert word in found[kind]


@pytest.mark.parametrize("limit", LIMITS)
def test_a_constraint_that_cannot_be_kept_is_named_with_what_could_be(limit):
    make, nearest = LIMITS[limit]
    found = reasons(solved(make()))
    kind = f"constraint/{limit}"
    if limit in RATIOS and set(found) == {"required-building"}:
        return  # a building less is as good a way out
    assert set(found) == {kind}
    word = "at least" if limit.startswith("min-") else "at most"
    assert found[kind].startswith(f"{kind} asks for {word} ")
    assert found[kind].rpartition(" is ")[2].startswith(nearest)


@pytest.mark.parametrize("limit", LIMITS)
def test_the_same_without_the_constraint_is_feasible(limit):
    given = LIMITS[limit][0]()
    given["parameters"] = settings_table(EXACT)
    assert "infeasible_reasons" not in solved(given)


def test_several_reasons_are_all_told():
    given = with_island()
    put(given["buildings"], 1, "constraint", "required")
    put(given["paths"], 2, "constraint", "required")
    put(given["buildings"], 0, "constraint", "required")
    put(given["supplies"], 0, "peak_capacity_kw", 15)
    found = reasons(solved(given))
    assert {"unreachable-building", "peripheral-path", "supply-kw"} <= set(found)


def test_a_network_without_an_answer_leaves_tables_without_one():
    result = solved(limited(needed(), min_buildings=5))
    (row,) = result["solution_summary"].to_dict("records")
    assert row["state"] == "infeasible"
    assert (row["network_building_count"], row["network_kwh"], row["network_length"]) == (0, 0, 0)
    for name in ("objective", "network_npv", "lower_bound", "upper_bound", "mip_gap"):
        assert pd.isna(row[name])
    assert len(result["cashflow"]) == 0
    for name in ("buildings", "paths", "supplies"):
        assert not result[name].in_network.any()
    assert result["paths"].load_kw.isna().all()
    assert (result["buildings"].tariff_pv == 0).all()


def test_reasons_of_an_earlier_run_are_not_those_of_the_next():
    result = solved(limited(needed(), min_buildings=5))
    again = solved(result | {"parameters": settings_table(EXACT)})
    assert again["solution_summary"].state.item() == "optimal"
    assert "infeasible_reasons" not in again


# What the search cannot end with, but an evaluation can


def test_a_group_in_part_is_a_violation():
    given = grouped(needed())
    problem = prepare(given).problem
    (here,) = (i for i, customer in enumerate(problem.customers) if customer.name == "d")
    found = evaluate(problem, Design(frozenset({here}), {}, frozenset({0})))
    (broken,) = (one for one in found.violations if one.kind == "demand-group")
    assert (broken.value, broken.limit) == (1, 4)
    assert "a, b, c, d" in _reason(broken).message


def test_heat_in_a_circle_is_a_violation():
    problem = prepare(needed()).problem
    ring = [replace(problem.links[i], u=i, v=(i + 1) % 3) for i in range(3)]
    found = evaluate(
        replace(problem, links=tuple(ring)),
        Design(frozenset(), dict.fromkeys(range(3), True), frozenset()),
    )
    broken = found.violations[0]
    assert broken.kind == "circle"
    assert sorted(broken.names) == ["A", "B", "C"]
    assert not found.feasible
    for name in broken.names:
        assert name in _reason(broken).message


def test_every_kind_of_reason_is_tried():
    assert {*CASES, "demand-group", "circle"} == set(_MESSAGES)
