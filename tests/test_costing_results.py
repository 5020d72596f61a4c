"""The result tables: every column, and how they add up."""

from __future__ import annotations

import re
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import pytest

from surrogate.costing import optimise, read, write
from surrogate.costing.pipes import Regime, pressure_gradient, pump_kwh

from .costing_cases import (
    EXACT,
    Tables,
    discounted,
    inside,
    put,
    row_of,
    settings_table,
    solved,
    street,
    summary,
    tables,
)

# As the schema of the results has them; "?" where a cell may be empty.
OUTPUT = {
    "buildings": {
        "building_id": "string",
        "in_network": "boolean",
        "unreachable": "boolean",
        "connection_cost_pv": "double",
        "tariff_pv": "double",
    },
    "supplies": {
        "supply_id": "string",
        "in_network": "boolean",
        "diversity": "double?",
        "load_kw": "double?",
        "load_kwh": "double?",
        "plant_pv": "double?",
        "heat_pump_cop": "double?",
        "source_heat_kw": "double?",
        "source_heat_kwh": "double?",
        "levelised_cost_per_kwh": "double?",
    },
    "paths": {
        "geometry": "geometry",
        "path_id": "string",
        "in_network": "boolean",
        "connector": "boolean",
        "diameter_mm": "double?",
        "diversity": "double?",
        "load_kw": "double?",
        "capacity_kw": "double?",
        "losses_kwh": "double?",
        "cost_pv": "double?",
        "peripheral": "boolean",
        "unreachable": "boolean",
    },
    "cashflow": {
        "year": "integer",
        "value": "double",
        "cost": "string?",
        "type": "string?",
        "connection_cost_id": "integer?",
        "tariff_id": "integer?",
        "civil_cost_id": "integer?",
        "building_id": "string?",
        "supply_id": "string?",
        "path_id": "string?",
    },
    "solution_summary": {
        "state": "string",
        "objective": "double?",
        "mip_gap": "double?",
        "runtime": "double",
        "iterations": "integer",
        "lower_bound": "double?",
        "upper_bound": "double?",
        "network_building_count": "integer",
        "network_connection_count": "integer",
        "network_length": "double",
        "network_linear_density": "double?",
        "network_kwh": "double",
        "network_losses_kwh": "double",
        "network_npv": "double?",
        "git_rev": "string",
        "user": "string",
        "run": "string",
        "start_date": "string",
    },
}
REASONS = {"reason_type": "string", "message": "string"}
MARGINS = {
    "building_id": "string",
    "connected": "boolean",
    "npv_change": "double?",
    "per_year": "double?",
    "price_change_per_kwh": "double?",
    "extra_length_m": "double?",
    "together": "integer",
    "costing": "string",
    "reason": "string",
}


def village() -> Tables:
    """Paths that are split, connectors, an old pipe, a dead end, an island and a forbidden path."""
    given = tables(
        {
            "main": [(0, 0), (100, 0)],
            "side": [(60, 0), (60, 90)],
            "old": [(100, 0), (150, 0)],
            "end": [(150, 0), (150, 60)],
            "island": [(700, 0), (760, 0)],
            "no": [(0, 0), (0, 80)],
        },
        {"a": (30, 12), "b": (62, 90), "c": (150, 0), "d": (730, 5), "e": (80, -6)},
        {"S": (-4, 0), "T": (150, -20)},
        EXACT,
    )
    put(given["paths"], 2, "existing_diameter", 40.0)
    put(given["paths"], 5, "constraint", "forbidden")
    given["paths"]["extra_pv"] = [900.0, float("nan"), -70.0, 5.0, 6.0, 7.0]
    given["buildings"]["extra_pv"] = [50.0, -60.0, float("nan"), 1.0, 2.0]
    given["buildings"]["connections"] = [1, 6, 2, 1, 1]
    put(given["supplies"], 1, "constraint", "required")
    put(given["supplies"], 1, "peak_capacity_kw", 0.5)
    return given


def empty() -> Tables:
    """A street in which nothing pays."""
    given = street()
    given["tariffs"]["annual_charge_per_kwh"] = 0.0
    return given


def impossible() -> Tables:
    """A street that cannot reach what is asked for."""
    return street(constraint__min_buildings=3)


INSTANCES = {make.__name__: make for make in (village, street, empty, impossible)}


@pytest.fixture(scope="module")
def results() -> dict[str, Tables]:
    return {name: solved(make()) for name, make in INSTANCES.items()}


def assert_type(column: Any, kind: str) -> None:
    kind, nullable = kind.removesuffix("?"), kind.endswith("?")
    if kind == "geometry":
        assert column.dtype == "geometry"
    elif kind == "boolean":
        assert column.dtype == bool
    elif kind == "double":
        assert column.dtype == np.float64
    elif kind == "integer":
        assert pd.api.types.is_integer_dtype(column) or (len(column) == 0 and nullable)
    else:
        assert all(isinstance(value, str) for value in column.dropna())
    assert nullable or not column.isna().any()


@pytest.mark.parametrize("instance", INSTANCES)
def test_every_column_of_the_schema_is_there_with_its_type(results, instance):
    result = results[instance]
    nothing = instance == "impossible"
    wanted = OUTPUT | (
        {"infeasible_reasons": REASONS} if nothing else {"building_margins": MARGINS}
    )
    assert set(result) == {*INSTANCES[instance](), *wanted}
    for table, columns in wanted.items():
        for name, kind in columns.items():
            column = result[table][name]
            if instance == "empty" and table == "cashflow" and "?" in kind:
                assert len(column) == 0
            else:
                assert_type(column, kind)


@pytest.mark.parametrize("instance", INSTANCES)
def test_the_input_is_left_as_it_is_and_comes_back_in_the_result(results, instance):
    given = INSTANCES[instance]()
    before = {name: table.copy() for name, table in given.items()}
    result = optimise(given) if instance == "street" else solved(given)
    for name, table in before.items():
        pd.testing.assert_frame_equal(pd.DataFrame(given[name]), pd.DataFrame(table))
        if name not in ("buildings", "paths", "supplies"):
            pd.testing.assert_frame_equal(result[name], table)
    for name in ("buildings", "supplies"):
        kept = list(before[name].columns)
        pd.testing.assert_frame_equal(
            pd.DataFrame(result[name])[kept], pd.DataFrame(before[name]), check_dtype=False
        )


# How they add up


@pytest.mark.parametrize("instance", ["village", "street", "empty"])
def test_the_cash_flow_and_the_tables_add_up_to_the_npv(results, instance):
    result = results[instance]
    npv = summary(result).network_npv
    assert discounted(result, 0.03) == pytest.approx(npv, abs=0.005)
    inner = result["buildings"][result["buildings"].in_network]
    parts = inner.tariff_pv.sum() + inner.connection_cost_pv.sum() + inner.extra_pv.sum()
    parts += result["supplies"].plant_pv.sum() + result["paths"].cost_pv.sum()
    assert parts == pytest.approx(npv, abs=0.005)
    outside = result["buildings"][~result["buildings"].in_network]
    assert (outside[["tariff_pv", "connection_cost_pv"]] == 0).all(axis=None)


def test_each_row_has_the_present_value_of_its_cash_flows(results):
    result = results["village"]
    flow = result["cashflow"].assign(pv=lambda f: f.value / 1.03**f.year)
    by_id = {
        name: flow[flow.type.isin(kinds)].groupby(name).pv.sum()
        for name, kinds in (
            ("building_id", ["tariff"]),
            ("supply_id", ["supply"]),
            ("path_id", ["pipe", "path"]),
        )
    }
    for table, name, column in (
        ("buildings", "building_id", "tariff_pv"),
        ("supplies", "supply_id", "plant_pv"),
        ("paths", "path_id", "cost_pv"),
    ):
        rows = result[table][result[table].in_network].set_index(name)[column]
        assert rows.to_dict() == pytest.approx(by_id[name].to_dict())


def test_cash_flows_say_what_they_are_for(results):
    flow = results["village"]["cashflow"]
    kinds = set(zip(flow.type, flow.cost, strict=True))
    assert {kind for kind, _ in kinds} == {
        "connection",
        "tariff",
        "building",
        "supply",
        "pipe",
        "path",
    }
    assert not (flow.value == 0).any()
    for kind, tags in {
        "connection": ("connection_cost_id", "building_id"),
        "tariff": ("tariff_id", "building_id"),
        "building": ("building_id",),
        "supply": ("supply_id",),
        "pipe": ("civil_cost_id", "path_id"),
        "path": ("path_id",),
    }.items():
        rows = flow[flow.type == kind]
        for tag in ("connection_cost_id", "tariff_id", "civil_cost_id", "building_id"):
            assert rows[tag].notna().all() == (tag in tags)
        assert rows[list(tags)].notna().all(axis=None)
    assert set(flow.building_id.dropna()) == inside(results["village"], "buildings")
    assert set(flow.supply_id.dropna()) == inside(results["village"], "supplies")
    assert set(flow.path_id.dropna()) == inside(results["village"], "paths")
    assert (flow.value[flow.type == "tariff"] > 0).all()
    assert (flow.value[flow.type.isin(["connection", "supply", "pipe"])] < 0).all()


@pytest.mark.parametrize("instance", ["village", "street"])
def test_the_summary_adds_up_the_rows(results, instance):
    result = results[instance]
    found = summary(result)
    inner = result["buildings"][result["buildings"].in_network]
    laid = result["paths"][result["paths"].in_network]
    assert found.network_building_count == len(inner) > 1
    assert found.network_connection_count == inner.connections.sum()
    assert found.network_kwh == inner.annual_demand_kwh.sum()
    assert found.network_length == pytest.approx(laid.length_m.sum())
    assert laid.length_m.to_numpy() == pytest.approx(laid.geometry.length.to_numpy())
    assert found.network_linear_density == pytest.approx(found.network_kwh / laid.length_m.sum())
    assert found.network_losses_kwh == pytest.approx(laid.losses_kwh.sum())
    fed = result["supplies"].load_kwh.sum()
    assert fed == pytest.approx(found.network_kwh + found.network_losses_kwh)
    assert found.lower_bound == found.objective == pytest.approx(found.network_npv)
    assert found.mip_gap == pytest.approx(0, abs=1e-6)
    values = laid[["diameter_mm", "load_kw", "capacity_kw", "losses_kwh", "diversity", "cost_pv"]]
    assert values.notna().all(axis=None)
    assert (laid.load_kw <= laid.capacity_kw).all()
    assert result["paths"][~result["paths"].in_network][values.columns].isna().all(axis=None)


def test_a_run_is_told_by_its_name_user_version_and_time():
    found = summary(optimise(street(), run="autumn", user="ada"))
    assert (found.run, found.user) == ("autumn", "ada")
    assert found.git_rev == version("heatpump-surrogate")
    assert datetime.fromisoformat(found.start_date).tzinfo is not None
    assert found.runtime > 0
    assert found.iterations >= 1
    assert summary(optimise(street())).run == ""


def test_the_densities_and_bounds_of_nothing_are_empty(results):
    for instance, npv in (("empty", 0.0), ("impossible", None)):
        found = summary(results[instance])
        assert pd.isna(found.network_linear_density)
        assert (found.network_npv == npv) if npv is not None else pd.isna(found.network_npv)
        assert found.network_building_count == found.network_length == 0


# Single features


def test_an_existing_pipe_is_only_replaced_until_a_larger_one_is_needed():
    given = street(finance__distribution_lifetime=15)
    given["paths"]["existing_diameter"] = [40.0, 20.0, float("nan")]
    result = solved(given)
    flow = result["cashflow"].query("type == 'pipe'")

    def paid(path: str) -> dict[tuple[int, str], float]:
        own = flow[flow.path_id == path]
        return {(y, c): -v for y, c, v in zip(own.year, own.cost, own.value, strict=True)}

    again = (340 + (410 - 340) * 8 / 18) * 60
    assert row_of(result["paths"], "A").diameter_mm == 40
    assert paid("A") == pytest.approx({(15, "repex"): again, (30, "repex"): again})
    assert paid("L") == pytest.approx({(15, "repex"): 7500, (30, "repex"): 7500})
    assert paid("R") == pytest.approx(
        {(0, "capex"): 10_500, (15, "repex"): 10_500, (30, "repex"): 10_500}
    )
    given["buildings"]["peak_demand_kw"] = 110.0
    larger = solved(given)
    assert row_of(larger["paths"], "A").diameter_mm == 50
    assert row_of(larger["paths"], "L").diameter_mm == 50
    flow = larger["cashflow"].query("type == 'pipe'")
    assert paid("A") == pytest.approx(
        dict.fromkeys([(0, "capex"), (15, "repex"), (30, "repex")], 410 * 60)
    )


def test_a_split_path_shares_its_extra_value_by_length(results):
    paths = results["village"]["paths"].set_index("path_id")
    parts = paths[paths.index.str.startswith("main-")]
    assert len(parts) == 4
    assert parts.extra_pv.to_dict() == pytest.approx((parts.length_m * 9).to_dict())
    used = parts[parts.in_network]
    assert 0 < len(used) <= 4
    flow = results["village"]["cashflow"].query("type == 'path'").set_index("path_id")
    assert (flow.year == 0).all()
    main = flow[flow.index.str.startswith("main-")]
    assert main.value.to_dict() == pytest.approx(used.extra_pv.to_dict())
    assert paths.loc["no"].extra_pv == 7
    assert pd.isna(paths.loc["C-1"].extra_pv)


def test_a_required_supply_without_a_load_pays_what_is_fixed(results):
    result = results["village"]
    idle = row_of(result["supplies"], "T")
    assert idle.in_network
    assert (idle.load_kw, idle.load_kwh) == (0, 0)
    later = sum(1.03**-y for y in range(1, 40))
    assert idle.plant_pv == pytest.approx(-(3000 + 50 * later + 900 * 1.03**-20))


def test_the_levelised_cost_is_what_all_costs_over_the_heat(results):
    supplies = results["village"]["supplies"]
    later = sum(1.03**-y for y in range(1, 40))
    used = row_of(supplies, "S")
    assert used.levelised_cost_per_kwh * used.load_kwh * later == pytest.approx(-used.plant_pv)
    # It gives nothing; at most 0.5 kW of what the other gives are asked of it.
    share = 0.5 / used.load_kw
    per_kw = 200 + 4 * later + 70 * 1.03**-20
    fixed = 3000 + 50 * later + 900 * 1.03**-20
    heat = share * used.load_kwh * later
    wanted = (fixed + 0.5 * per_kw) / heat + 0.03
    assert row_of(supplies, "T").levelised_cost_per_kwh == pytest.approx(wanted)
    assert results["empty"]["supplies"].levelised_cost_per_kwh.isna().all()


def test_source_and_electricity_make_the_heat_of_a_heat_pump():
    given = street()
    given["supplies"] = given["supplies"].assign(
        heat_pump_refrigerant="R717", t_source_in=15.0, t_source_out=10.0,
        electricity_price_per_kwh=0.1, cost_per_kwh=0.0,
    )  # fmt: skip
    row = row_of(solved(given)["supplies"], "S")
    assert row.source_heat_kw == pytest.approx(row.load_kw - 0.95 * row.heat_pump_power_kw)
    assert row.source_heat_kwh == pytest.approx(row.load_kwh - 0.95 * row.electricity_kwh)
    assert row_of(solved(street())["supplies"], "S").isna()["source_heat_kw"]


def test_pumping_is_reported_pipe_by_pipe(results):
    regime = Regime(70, 40, 8)
    result = results["street"]
    rows = {name: row_of(result["paths"], name) for name in "ALR"}
    heat = {name: 40_000 + rows[name].losses_kwh for name in "LR"}
    heat["A"] = heat["L"] + heat["R"] + rows["A"].losses_kwh
    for name, row in rows.items():
        d = row.diameter_mm / 1000
        assert row.pressure_pa_m == pytest.approx(float(pressure_gradient(d, row.load_kw, regime)))
        needed = float(pump_kwh(d, row.length_m, row.load_kw, heat[name], regime))
        assert row.pump_kwh == pytest.approx(needed)
    total = summary(result).network_pump_kwh
    assert total == pytest.approx(sum(row.pump_kwh for row in rows.values()))
    assert set(result["cashflow"].cost) & {"pumping"} == set()


def test_most_heat_has_bounds_in_kilowatt_hours():
    given = empty()
    given["parameters"] = settings_table({"optimiser/objective": "max-kwh", **EXACT})
    found = summary(solved(given))
    assert found.state == "optimal"
    assert found.objective == found.lower_bound == found.upper_bound == found.network_kwh == 80_000
    assert found.network_npv < 0


@pytest.mark.parametrize("where", ["result.gpkg", "folder"])
def test_a_result_in_files_is_an_input_with_the_same_answer(results, where, tmp_path):
    write(results["village"], tmp_path / where)
    again = solved(read(tmp_path / where))
    assert inside(again, "paths") == inside(results["village"], "paths")
    npv = summary(results["village"]).network_npv
    assert summary(again).network_npv == pytest.approx(npv, rel=1e-3 if where == "folder" else 1e-9)


def test_names_of_parts_tell_the_path_and_the_number(results):
    ids = results["village"]["paths"].path_id.tolist()
    assert len(ids) == len(set(ids))
    for name in village()["paths"].path_id:
        assert any(re.fullmatch(rf"{name}(-\d+)?", one) for one in ids)
