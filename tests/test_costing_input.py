"""Bad input beyond single cells: tables, parameters, values of further costs, relations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from surrogate.costing import optimise
from surrogate.costing.checking import check
from surrogate.costing.parameters import NAMES, Settings
from surrogate.costing.schema import GEOMETRIES, OPTIONAL, TABLES
from surrogate.errors import InputTypeError

from .costing_cases import messages, npv, problems, put, settings_table, solved, street, summary
from .costing_columns import COLUMNS, beyond, complete, leaves

# Tables as wholes


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("missing", ["left out", "None"])
def test_a_table_that_must_be_there_is_missed_alone(table, missing):
    tables = street()
    tables[table] = None
    if missing == "left out":
        del tables[table]
    if table in OPTIONAL:
        assert summary(solved(tables)).state.endswith("optimal")
    else:
        assert problems(tables) == [(table, None, "")]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_none_is_named(table):
    tables = street() | {table: [1, 2]}
    with pytest.raises(InputTypeError, match=f"{table} is a list"):
        optimise(tables)


@pytest.mark.parametrize(
    ("table", "typo"),
    [("parameters", "parameter"), ("supply_costs", "SupplyCosts"), ("paths", "path")],
)
def test_a_table_under_another_name_is_not_passed_over(table, typo):
    tables = street()
    tables[typo] = tables.pop(table)
    found = {(one.table, one.row): one.message for one in messages(tables)}
    assert f"did you mean {table}?" in found[typo, None]
    assert ((table, None) in found) == (table not in OPTIONAL)


def test_further_tables_do_no_harm():
    given = street() | {"buildings_of_1998": pd.DataFrame({"a": [1]}), "notes": "none"}
    result = solved(given)
    assert result["buildings_of_1998"].a.tolist() == [1]
    assert "notes" not in result


def test_tables_that_are_no_mapping_are_refused():
    with pytest.raises(InputTypeError, match="list"):
        optimise([])


@pytest.mark.parametrize(
    ("table", "name"),
    [(c.table, c.name) for c in COLUMNS] + [(table, "geometry") for table in GEOMETRIES],
)
def test_a_column_that_is_there_twice_is_named(table, name):
    tables = complete()
    if name == "geometry":
        tables[table] = pd.DataFrame(tables[table])
    tables[table].insert(0, name, tables[table][name], allow_duplicates=True)
    assert problems(tables) == [(table, None, name)]


# Parameters


def with_parameters(**values: Any) -> dict[str, Any]:
    return street() | {"parameters": settings_table({"finance/npv-term": "30"} | values)}


PARAMETERS = {name: Settings.model_fields[attribute] for name, attribute in NAMES.items()}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "finance/npv-term"])
def test_a_parameter_of_the_wrong_type_is_named(name):
    kind = leaves(PARAMETERS[name].annotation).pop()
    for value in {
        float: ("abc", "nan", "true"),
        int: ("abc", "1.5", "true"),
        bool: ("perhaps", "2"),
        Literal: ("max-kw", "true"),
    }[kind]:
        (found,) = messages(with_parameters(**{name: value}))
        assert (found.table, found.row, found.column) == ("parameters", 2, "value")
        assert found.message.startswith(f"{name}: ")
        assert repr(value) in found.message


@pytest.mark.parametrize("name", [name for name in NAMES if [*beyond(PARAMETERS[name])]])
def test_a_parameter_out_of_range_is_named(name):
    for _, refused in beyond(PARAMETERS[name]):
        (found,) = messages(with_parameters(**{name: str(refused)}) | rest(name))
        assert (found.table, found.column) == ("parameters", "value")
        assert found.message.startswith(f"{name}: ")


def rest(name: str) -> dict[str, Any]:
    """Without the other parameter where it is asked for itself."""
    if name != "finance/npv-term":
        return {}
    return {"parameters": pd.DataFrame({"parameter": [name], "value": ["0"]})}


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_parameter_is_named_with_the_one_that_was_meant(name):
    typo = name[:-2] + name[-1] + name[-2] + "e"
    (found,) = messages(with_parameters(**{typo: "1"}))
    assert (found.table, found.row, found.column) == ("parameters", 2, "parameter")
    assert found.message == f"no parameter is called {typo!r}; did you mean {name}?"


def test_a_parameter_like_no_other_has_no_hint():
    (found,) = messages(with_parameters(**{"colour": "1"}))
    assert found.message == "no parameter is called 'colour'"


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_that_stands_twice_is_named_in_both_rows(name):
    tables = street()
    rows = {"parameter": [name, f":{name}"], "value": [None, ""]}
    tables["parameters"] = pd.DataFrame(rows)
    assert problems(tables) == [("parameters", row, "parameter") for row in (1, 2)]


def test_parameters_may_be_text_numbers_booleans_or_blank():
    texts = {"finance/npv-rate": "0.05", "finance/npv-term": "12", "objective/use-tariffs": "False"}
    values = {"finance/npv-rate": 0.05, "finance/npv-term": 12.0, "objective/use-tariffs": False}
    answers = [npv(street() | {"parameters": settings_table(rows)}) for rows in (texts, values)]
    assert answers[0] == answers[1]
    blank = npv(street() | {"parameters": settings_table(dict.fromkeys(NAMES, ""))})
    assert (
        blank
        == npv(street() | {"parameters": settings_table(dict.fromkeys(NAMES))})
        == npv(street())
    )
    assert blank not in answers


@pytest.mark.parametrize(
    ("flow", "back", "ground", "row"), [(40, 40, 8, 2), (35, 40, 8, 2), (40, 20, 30, 4)]
)
def test_temperatures_must_fall_from_flow_to_return_to_ground(flow, back, ground, row):
    values = {"flow": flow, "return": back, "ground": ground}
    tables = with_parameters(**{f"optimiser/{k}-temperature": v for k, v in values.items()})
    assert problems(tables) == [("parameters", row, "value")]


# Values of supply_costs

AMOUNTS = (7, 7.0, "7", " 7.5 ", 0, np.float64(3))
CURVES = ([[0, 10], [5, 20]], "[[5, 20]]", ((1, 2), (3, 1)), np.array([[1.0, 2.0]]), "[[0, 0]]")
SERIES = ([0, *[0.1] * 39], str([0.1] * 45), np.full(40, 0.2))
KINDS = [f"{cost}_{per}" for cost in ("capex", "opex", "repex") for per in ("per_kw", "fixed")]


def with_cost(kind: str, value: Any) -> dict[str, Any]:
    tables = street()
    tables["supply_costs"] = pd.DataFrame(
        {"supply_cost_type": ["x"], "type": ["boiler"], "cost": [kind], "value": [value]}
    )
    return tables


@pytest.mark.parametrize("kind", [*KINDS, "heat_per_kwh"])
def test_a_further_cost_takes_the_forms_of_its_kind_and_no_others(kind):
    fits = {"per_kw": CURVES, "per_kwh": SERIES, "fixed": ()}[kind.partition("_")[2]]
    for value in (*AMOUNTS, *fits):
        assert check(with_cost(kind, value))[1] == []
    for value in (*CURVES, *SERIES):
        if not any(value is one for one in fits):
            (found,) = messages(with_cost(kind, value))
            assert (found.table, found.row, found.column) == ("supply_costs", 1, "value")
            assert kind in found.message


@pytest.mark.parametrize(("years", "enough"), [(40, True), (39, False), (1, False), (60, True)])
def test_a_series_of_prices_reaches_to_the_end_of_the_term(years, enough):
    tables = with_cost("heat_per_kwh", [0.1] * years)
    if enough:
        assert check(tables)[1] == []
        return
    (found,) = messages(tables)
    assert (found.table, found.row, found.column) == ("supply_costs", 1, "value")
    assert f"{years} years" in found.message
    assert "40" in found.message


def test_a_curve_may_fall_but_not_turn_back():
    for pairs in ([[1, 5], [2, 3]], [[0.5, 5], [2, 5]]):
        assert check(with_cost("capex_per_kw", pairs))[1] == []
    for one, other in pairwise([3, 3, 2]):
        assert problems(with_cost("capex_per_kw", [[one, 5], [other, 6]])) == [
            ("supply_costs", 1, "value")
        ]


# Relations between tables


@pytest.mark.parametrize("names", [[None, None], [True, True], [False, False], [0.0, float("nan")]])
def test_exactly_one_civil_cost_is_the_default(names):
    tables = street()
    tables["civil_cost_names"]["is_default"] = pd.Series(names, dtype=object)
    (found,) = messages(tables)
    assert (found.table, found.row, found.column) == ("civil_cost_names", None, "is_default")


def test_the_default_civil_cost_has_costs():
    tables = street()
    tables["civil_cost_names"].loc[2] = [3, "gold", True]
    tables["civil_cost_names"].loc[0, "is_default"] = False
    assert problems(tables) == [("civil_cost_names", 3, "civil_cost_id")]


def test_two_costs_of_one_diameter_are_named_in_both_rows():
    tables = street()
    tables["civil_costs"].loc[8] = [32.0, 2, 1.0]
    assert problems(tables) == [
        ("civil_costs", 6, "diameter_mm"),
        ("civil_costs", 9, "diameter_mm"),
    ]


@pytest.mark.parametrize(("diameter", "own"), [(19.0, 1), (81.0, 2), (81.0, None)])
def test_an_existing_pipe_without_a_cost_is_named(diameter, own):
    tables = street()
    put(tables["paths"], 1, "existing_diameter", diameter)
    put(tables["paths"], 1, "civil_cost_id", own)
    assert problems(tables) == [("paths", 2, "existing_diameter")]


def test_a_supply_that_may_be_used_says_its_emissions_where_they_are_limited():
    tables = street(constraint__max_emissions_factor="0.5")
    tables["supplies"] = pd.concat([tables["supplies"]] * 3, ignore_index=True)
    tables["supplies"]["supply_id"] = ["one", "two", "three"]
    tables["supplies"]["emissions_per_kwh"] = [0.1, float("nan"), float("nan")]
    tables["supplies"]["constraint"] = ["optional", "required", "forbidden"]
    assert problems(tables) == [("supplies", 2, "emissions_per_kwh")]
    assert check(tables | {"parameters": None})[1] == []


@pytest.mark.parametrize("column", ["t_source_in", "t_source_out", "electricity_price_per_kwh"])
def test_a_heat_pump_says_its_source_and_its_price(column):
    tables = complete()
    put(tables["supplies"], 1, column, None)
    assert problems(tables) == [("supplies", 2, column)]


@pytest.mark.parametrize(
    "column",
    [
        c
        for c in TABLES["supplies"].model_fields
        if c.startswith(("heat_pump_t", "t_", "source", "elec"))
    ],
)
def test_what_only_a_heat_pump_has_is_an_error_elsewhere(column):
    tables = street()
    tables["supplies"][column] = complete()["supplies"][column].iloc[0]
    assert problems(tables) == [("supplies", 1, column)]


def test_further_costs_that_no_table_has_are_missed():
    tables = street() | {"supply_costs": None}
    tables["supplies"]["supply_cost_type"] = "plant"
    assert problems(tables) == [("supplies", 1, "supply_cost_type")]


# Names


def test_missing_ids_are_made_up_and_used_throughout():
    given = street()
    for name in ("buildings", "paths", "supplies"):
        column = next(column for column in given[name].columns if column.endswith("_id"))
        given[name] = given[name].drop(columns=column)
    result = solved(given)
    assert result["buildings"].building_id.tolist() == ["B-1", "B-2"]
    assert result["paths"].path_id.tolist() == ["P-1", "P-2", "P-3"]
    assert set(result["cashflow"].supply_id.dropna()) == {"S-1"}
    assert summary(result).network_npv == summary(solved(street())).network_npv


def test_keys_may_be_words():
    given = street()
    for name in ("buildings", "tariffs"):
        given[name]["tariff_id"] = "domestic"
    for name in ("civil_costs", "civil_cost_names", "paths"):
        given[name]["civil_cost_id"] = given[name]["civil_cost_id"].map({1: "soft", 2: "hard"})
    result = solved(given)
    assert set(result["cashflow"].tariff_id.dropna()) == {"domestic"}
    assert set(result["cashflow"].civil_cost_id.dropna()) == {"soft"}
    assert result["paths"].civil_cost_id.tolist() == ["soft"] * 3
