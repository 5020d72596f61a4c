"""Bad input: a case for each rule of the schema, made from the schema itself."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.costing import InputTablesError, optimise
from surrogate.costing.checking import check
from surrogate.costing.prepare import prepare
from surrogate.costing.schema import GEOMETRIES, TABLES

from .costing_cases import messages, npv, problems, put, solved, street, summary
from .costing_columns import COLUMNS, Column, beyond, complete, leaves

NOTHING = (None, float("nan"), pd.NA, pd.NaT, "", "  ")
WRONG: dict[Any, tuple[Any, ...]] = {
    float: ("abc", [1.0], True, "nan"),
    int: ("abc", 1.5, "1.5", [1], True, np.True_, float("inf")),
    (int, str): ([1], True, 1.5),
    str: ([1], True, 1.5),
    Literal: ("maybe", "required optional", 3, [1], True),
    bool: ("perhaps", 2, [True]),
    "parameter": ([1], 1.5, "finance"),
    "value": ([1], {"a": 1}),
    "cost": ("abc", True, -1, "-1", [], {"a": 1}, "nan", [[1]], [[1, 2, 3]], [[2, 1], [1, 2]]),
}


def wrong_values(table: str, column: str) -> tuple[Any, ...]:
    """Values of the wrong type for a column."""
    special = {"parameter": "parameter", "value": "value" if table == "parameters" else "cost"}
    kinds = leaves(TABLES[table].model_fields[column].annotation)
    return WRONG[special.get(column) or ((int, str) if len(kinds) > 1 else kinds.pop())]


NEEDED = [column for column in COLUMNS if column.field.is_required()]
BOUNDED = [column for column in COLUMNS if [*beyond(column.field)]]
KEYS = [column for column in COLUMNS if column.extra["key"]]
REFERRING = [column for column in COLUMNS if column.extra["refers"]]
# What a heat pump needs or has alone is not free to be missing in a row that is one.
OF_HEAT_PUMPS = (
    "heat_pump_refrigerant",
    "t_source_in",
    "t_source_out",
    "electricity_price_per_kwh",
)
# Exactly one of them is there.
MEASURES = ("hours", "weight")
FREE = [
    column
    for column in COLUMNS
    if not column.field.is_required() and column.name not in (*OF_HEAT_PUMPS, *MEASURES)
]


def each(columns: list[Column]) -> Any:
    return pytest.mark.parametrize("column", columns, ids=str)


def test_the_complete_input_is_sound():
    rows, found = check(complete())
    assert not found
    assert rows is not None
    for table, model in TABLES.items():
        assert set(model.model_fields) <= set(complete()[table].columns)


@each([*NEEDED, Column("parameters", "value")])
def test_a_column_that_must_be_there_is_missed(column):
    tables = complete()
    tables[column.table] = tables[column.table].drop(columns=column.name)
    assert problems(tables) == [(column.table, None, column.name)]


@each(NEEDED)
def test_a_cell_that_must_be_filled_is_missed_in_its_row(column):
    for nothing in (None, "  "):
        tables, row = column.with_last(nothing)
        assert problems(tables) == [(column.table, row, column.name)]


@pytest.mark.parametrize("nothing", NOTHING, ids=repr)
def test_all_ways_of_saying_nothing_are_one(nothing):
    for name in ("annual_demand_kwh", "tariff_id"):
        tables, row = Column("buildings", name).with_last(nothing)
        assert problems(tables) == [("buildings", row, name)]
    for name in ("extra_pv", "demand_group", "building_id", "constraint", "connections"):
        assert check(Column("buildings", name).with_last(nothing)[0])[1] == []


@pytest.mark.parametrize("wrong", ["1,5", float("inf"), "-inf", {"a": 1}, 3j, np.True_], ids=repr)
def test_an_amount_is_a_finite_number(wrong):
    tables, row = Column("tariffs", "annual_charge_fixed").with_last(wrong)
    assert problems(tables) == [("tariffs", row, "annual_charge_fixed")]


@pytest.mark.parametrize("right", [3, 3.0, "3", " 3 ", "3.0", np.int64(3), np.float32(3)], ids=repr)
def test_a_number_may_come_as_text(right):
    for name in ("annual_demand_kwh", "connections"):
        tables, row = Column("buildings", name).with_last(right)
        assert getattr(check(tables)[0].buildings[row - 1], name) == 3


@each(FREE)
def test_what_may_be_missing_may_be_missing(column):
    assert check(column.with_last(None)[0])[1] == []
    if column.name != "is_default" and not column.extra["present"]:
        tables = complete()
        tables[column.table] = tables[column.table].drop(columns=column.name)
        for other in REFERRING:
            if other.extra["refers"] == str(column):
                del tables[other.table]
        assert check(tables)[1] == []


@each(COLUMNS)
def test_a_value_of_the_wrong_type_is_named_once_with_its_row(column):
    for value in wrong_values(column.table, column.name):
        tables, row = column.with_last(value)
        (found,) = messages(tables)
        assert (found.table, found.row, found.column) == (column.table, row, column.name)
        shown = value.item() if isinstance(value, np.generic) else value
        assert (
            "no parameter is called" in found.message
            or repr(shown) in found.message
            or (column.table == "supply_costs")
        )


@each(BOUNDED)
def test_a_value_out_of_range_is_named_with_its_row_and_one_on_the_bound_is_not(column):
    for allowed, refused in beyond(column.field):
        tables, row = column.with_last(refused)
        assert problems(tables) == [(column.table, row, column.name)]
        found = check(column.with_last(allowed)[0])[1]
        # A pipe of the least diameter that there may be has no cost in this input, and the row
        # with a weight has hours, too.
        beside = ("has no cost", "give one of the two")
        assert [one for one in found if not any(x in one.message for x in beside)] == []


@each(KEYS)
def test_a_key_that_stands_twice_is_named_in_both_rows(column):
    tables = complete()
    table = tables[column.table]
    tables[column.table] = table = pd.concat([table, table.iloc[[-1]]])
    last = len(table)
    twice = [(column.table, last - 1, column.name), (column.table, last, column.name)]
    assert problems(tables) == twice
    put(table, last - 1, column.name, f" {table[column.name].iloc[-2]} ")
    assert problems(tables) == twice


@each(REFERRING)
def test_a_reference_to_nothing_is_named_with_what_it_should_be_in(column):
    tables, row = column.with_last("nowhere")
    (found,) = messages(tables)
    assert (found.table, found.row, found.column) == (column.table, row, column.name)
    assert "'nowhere'" in found.message
    assert column.extra["refers"] in found.message


@each(REFERRING)
def test_references_are_the_same_as_number_and_as_text(column):
    names = column.name in ("supply_cost_type", "supply_id")
    for form in (" {} ",) if names else ("{}", " {} ", "{}.0"):
        tables = complete()
        tables[column.table][column.name] = [
            key if pd.isna(key) else form.format(key if names else int(key))
            for key in tables[column.table][column.name]
        ]
        assert check(tables)[1] == []


@each([column for column in COLUMNS if column.extra["unit"].startswith("¤")])
def test_a_missing_cost_is_an_error_and_never_nothing(column):
    """But for what is added to other costs: these may be missing."""
    added = ("extra_pv", "electricity_price_per_kwh")
    assert column.field.is_required() or column.name in added


BAD = [
    (column, value)
    for column in COLUMNS
    for value in (
        *wrong_values(column.table, column.name)[:2],
        *(b for _, b in beyond(column.field)),
    )
    if column.name != "is_default"
]


@settings(max_examples=30)
@given(st.lists(st.sampled_from(BAD), min_size=2, max_size=12, unique_by=lambda bad: str(bad[0])))
def test_all_problems_are_reported_at_once(bad):
    tables = complete()
    for column, value in bad:
        put(tables[column.table], len(tables[column.table]) - 1, column.name, value)
    wanted = {(c.table, len(tables[c.table]), c.name) for c, _ in bad}
    # What is not even a row's parameter has no value that could be wrong.
    found = problems(tables)
    assert len(found) == len(set(found))
    assert set(found) == wanted


def test_problems_of_cells_columns_geometry_and_of_several_rows_come_together():
    tables = complete()
    put(tables["buildings"], 0, "peak_demand_kw", -1)
    put(tables["supplies"], 1, "t_source_in", None)
    put(tables["paths"], 0, "existing_diameter", 500)
    tables["paths"].geometry = [None, *tables["paths"].geometry[1:]]
    tables["tariffs"] = tables["tariffs"].drop(columns="annual_charge_per_kw")
    put(tables["tariffs"], 0, "annual_charge_fixed", -1)
    put(tables["supply_costs"], 0, "cost", "heat_per_kwh")
    put(tables["supply_costs"], 0, "value", [0, 1])
    assert set(problems(tables)) == {
        ("buildings", 1, "peak_demand_kw"),
        ("supplies", 2, "t_source_in"),
        ("paths", 1, "existing_diameter"),
        ("paths", 1, "geometry"),
        ("tariffs", None, "annual_charge_per_kw"),
        ("tariffs", 1, "annual_charge_fixed"),
        ("supply_costs", 1, "value"),
    }


def test_an_error_spells_out_forty_problems_and_has_all():
    tables = street()
    tables["buildings"] = pd.concat([tables["buildings"]] * 30).assign(peak_demand_kw=-1.0)
    tables["buildings"]["building_id"] = None
    with pytest.raises(InputTablesError, match="and 20 more") as caught:
        optimise(tables)
    assert len(caught.value.problems) == 60
    assert str(caught.value).count("buildings, row") == 40


# Keywords and forbidden rows


def test_keywords_may_have_a_colon_and_capitals():
    plain = street(finance__npv_rate="0.05", optimiser__objective="max-kwh")
    with_colon = street()
    with_colon["parameters"] = pd.DataFrame(
        {
            "parameter": [":finance/npv-rate", " :Optimiser/objective"],
            "value": ["0.05", ":Max-kWh "],
        }
    )
    for tables, mark in ((plain, ""), (with_colon, ":")):
        for name in GEOMETRIES:
            tables[name]["constraint"] = f"{mark}optional"
        put(tables["buildings"], 0, "constraint", f"{mark}Required ")
        tables["supply_costs"].loc[0] = ["x", "boiler", f"{mark}capex_fixed", 77.0]
        tables["supplies"]["supply_cost_type"] = "x"
    assert npv(with_colon) == npv(plain)


@each([column for column in COLUMNS if column.table == "buildings" and column.name != "constraint"])
def test_a_forbidden_building_is_not_validated(column):
    values = [*wrong_values("buildings", column.name), *NOTHING]
    for value in [*values, *(refused for _, refused in beyond(column.field)), "nowhere"]:
        tables = street()
        put(tables["buildings"], 1, "constraint", ":Forbidden")
        put(tables["buildings"], 1, column.name, value)
        assert prepare(tables).rows.buildings[1] is None


def test_a_forbidden_building_needs_no_place():
    for place in (None, "POINT (1", "LINESTRING (0 0, 1 1)", "POINT (nan 1)"):
        tables = street()
        put(tables["buildings"], 1, "constraint", "forbidden")
        tables["buildings"] = pd.DataFrame(tables["buildings"])
        put(tables["buildings"], 1, "geometry", place)
        for name in ("paths", "supplies"):
            tables[name] = tables[name].set_crs(None, allow_override=True)
        assert summary(solved(tables)).network_building_count == 1
