"""Profiles of heat pumps: annual COP, capacity, mistakes, files, and profiles from hours."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from surrogate import HeatPump, costing
from surrogate.costing import heat_pump_profile, optimise, seasons
from surrogate.costing.heatpumps import heat_pumps_of
from surrogate.costing.prepare import prepare
from surrogate.costing.schema import TABLES
from surrogate.errors import InputError, InputTypeError
from surrogate.plant import Plant

from .costing_cases import EXACT, Tables, inside, messages, put, settings_table, solved, summary
from .test_costing_heat_pumps import MOTOR, supply, with_pump

AT_ONCE = 1e-4
"""A plant at its design point against the design itself; 1.3e-5 is the most that was seen."""
LEVELS = {"t_source_in": 12.0, "t_source_out": 7.0, "t_return": 40.0, "t_supply": 70.0}


def profile(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """Rows of (weight, source inlet, load) for the supply S, and further columns."""
    weights, sources, loads = zip(*rows, strict=True)
    return pd.DataFrame(
        {"supply_id": "S", "weight": weights, "t_source_in": sources, "load": loads}
    ).assign(**columns)


def seasonal(
    table: pd.DataFrame, parameters: dict[str, Any] | None = None, **columns: Any
) -> Tables:
    """The street with a heat pump and its profile."""
    return with_pump(parameters, **columns) | {"heat_pump_profiles": table}


def pump(table: pd.DataFrame | None, **columns: Any) -> Any:
    """What is known of the heat pump before any network is sought."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return prepare(with_pump(**columns) | {"heat_pump_profiles": table}).heat_pumps[0]


def plant(refrigerant: str = "R290", **levels: float) -> Plant:
    return HeatPump(refrigerant).plant(**{**LEVELS, **levels}, heat_load=1e6)


def by_hand(machine: Plant, weights: Any, sources: Any, loads: Any) -> tuple[float, float]:
    """Annual COP and share not covered, row by row."""
    heat = power = asked = 0.0
    for weight, source, load in zip(weights, sources, loads, strict=True):
        at = {"t_source_in": source, "t_return": 40.0, "t_supply": 70.0}
        want = load * machine.heat_load
        given = min(want, machine.capacity(**at))
        heat += weight * given
        asked += weight * want
        power += weight * machine.operate(**at, heat_load=given).power
    return heat / power, 1.0 - heat / asked


# One row


@pytest.mark.parametrize(
    ("refrigerant", "source", "flow", "back", "origin"),
    [
        ("R717", (30, 25), 80, 50, "table"),
        ("R290", (8, 4), 65, 40, "table"),
        ("R600a", (45, 35), 95, 60, "table"),
        ("R1234ze(E)", (28, 22), 70, 45, "table"),
        ("R290", (12, 7), 70, 40, "regressor"),
        ("R717", (28, 20), 70, 40, "regressor"),
        ("R152a", (20, 18.5), 65, 40, "solve"),  # cooled by less than regressors know
    ],
)
@pytest.mark.parametrize("said", [True, False])
def test_one_row_at_the_design_point_is_the_single_point(
    refrigerant, source, flow, back, origin, said
):
    columns = {"t_source_in": source[0], "t_source_out": source[1], "source_capacity_kw": 24.0}
    columns |= {"heat_pump_refrigerant": refrigerant}
    levels = {"optimiser/flow-temperature": flow, "optimiser/return-temperature": back}
    row = profile((3.0, source[0], 1.0))
    if said:
        row = row.assign(t_supply=float(flow), t_return=float(back))
    plain = solved(with_pump(levels, **columns))
    found = solved(seasonal(row, levels, **columns))
    single, season = supply(plain), supply(found)
    assert season.heat_pump_origin == origin
    assert season.heat_pump_design_cop == single.heat_pump_cop == single.heat_pump_design_cop
    assert season.heat_pump_cop == pytest.approx(single.heat_pump_cop, rel=AT_ONCE)
    if origin != "solve":
        error = season.heat_pump_cop_error + single.heat_pump_cop_error
        assert season.heat_pump_cop == pytest.approx(single.heat_pump_cop, rel=error)
    assert season.heat_pump_unserved == 0.0
    assert pd.isna(single.heat_pump_unserved)
    for name in ("heat_pump_power_kw", "electricity_kwh"):
        assert season[name] == pytest.approx(single[name], rel=AT_ONCE)
    assert summary(found).network_npv == pytest.approx(summary(plain).network_npv, rel=1e-3)


def test_without_rows_the_design_point_holds():
    empty = profile((1.0, 12.0, 1.0)).iloc[:0]
    assert pump(empty) == pump(None)
    assert pump(None).unserved is None


# Several rows


ROWS = st.lists(
    st.tuples(st.floats(0.1, 100.0), st.floats(6.0, 20.0), st.floats(0.02, 1.3)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(ROWS)
def test_the_annual_cop_is_heat_over_power_between_the_extremes_of_its_rows(rows):
    table = profile(*rows)
    found, machine = pump(table), plant()
    weights, sources, loads = zip(*rows, strict=True)
    cop, unserved = by_hand(machine, weights, sources, loads)
    assert found.cop == pytest.approx(cop, rel=1e-7)  # each point is solved anew
    assert found.unserved == pytest.approx(unserved, abs=1e-3)
    alone = [pump(table.iloc[[i]]) for i in range(len(table))]
    assert min(one.cop for one in alone) * (1 - 1e-12) <= found.cop
    assert found.cop <= max(one.cop for one in alone) * (1 + 1e-12)
    errors = [one.error for one in alone]
    assert min(errors) * (1 - 1e-9) <= found.error <= max(errors) * (1 + 1e-9)


@settings(max_examples=10)
@given(ROWS, st.floats(1e-3, 1e3))
def test_only_ratios_of_weights_count_and_hours_are_weights(rows, factor):
    table = profile(*rows)
    one, other = pump(table), pump(table.assign(weight=table.weight * factor))
    assert other.cop == pytest.approx(one.cop, rel=1e-12)
    assume(table.weight.sum() <= 8784)
    timed = pump(table.rename(columns={"weight": "hours"}))
    assert timed == one


def test_a_colder_source_a_hotter_flow_and_cycling_cost_electricity():
    usual = pump(profile((1.0, 12.0, 0.8), (1.0, 14.0, 0.6)))
    assert pump(profile((1.0, 9.0, 0.8), (1.0, 11.0, 0.6))).cop < usual.cop * 0.98
    assert pump(profile((1.0, 12.0, 0.8), (1.0, 14.0, 0.6), t_supply=[73.0, 72.0])).cop < usual.cop
    assert pump(profile((1.0, 12.0, 0.8), (1.0, 14.0, 0.1))).cop < usual.cop
    assert usual.design_cop == pump(None).cop


def test_blank_temperatures_are_those_of_the_network():
    table = profile((1.0, 12.0, 0.8), (1.0, 14.0, 0.6))
    said = table.assign(t_supply=[70.0, None], t_return=[None, 40.0])
    assert pump(said) == pump(table)
    hot = seasonal(table, {"optimiser/flow-temperature": "75"})
    assert prepare(hot).heat_pumps[0].cop < pump(table).cop
    assert prepare(seasonal(table.assign(t_supply=70.0))).heat_pumps[0] == pump(table)


def test_price_electricity_and_emissions_follow_from_the_annual_cop():
    table = profile((1.0, 9.0, 0.8), (2.0, 14.0, 0.3))
    result = solved(seasonal(table))
    found = supply(result)
    cop = pump(table).cop
    assert found.heat_pump_cop == cop < found.heat_pump_design_cop
    assert found.electricity_kwh == pytest.approx(found.load_kwh / cop)
    flow = result["cashflow"]
    heat = flow[(flow.type == "supply") & (flow.cost == "heat")]
    assert heat.value.to_numpy() == pytest.approx(-(0.03 + 0.18 / cop) * found.load_kwh)
    assert summary(result).network_emissions_kg == pytest.approx((0.2 + 0.3 / cop) * found.load_kwh)


def test_power_is_that_of_the_row_that_needs_most():
    found = supply(solved(seasonal(profile((1.0, 12.0, 1.0), (9.0, 14.0, 0.7)))))
    assert found.heat_pump_power_kw == pytest.approx(32.4 / found.heat_pump_design_cop, rel=1e-4)
    assert found.heat_pump_power_kw > found.load_kw / found.heat_pump_cop


# Capacity


def test_a_row_above_capacity_gives_it_and_the_rest_is_told():
    table = profile((1.0, 6.0, 1.2), (4.0, 14.0, 0.5))
    machine = plant()
    capacity = machine.capacity(t_source_in=6.0, t_return=40.0, t_supply=70.0) / 1e6
    assert 0.5 < capacity < 1.0
    short = (1.2 - capacity) / (1.2 + 4 * 0.5)
    with pytest.warns(UserWarning, match="supply S: in 1 of 2 rows") as told:
        result = optimise(seasonal(table))
    assert f"{100 * short:.2g} % of the heat" in str(told[0].message)
    found = supply(result)
    assert found.heat_pump_unserved == pytest.approx(short)
    assert found.heat_pump_cop == pytest.approx(by_hand(machine, *_lists(table))[0])


def _lists(table: pd.DataFrame) -> tuple[Any, Any, Any]:
    return table.weight, table.t_source_in, table.load


def test_where_everything_is_covered_nothing_is_told():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert supply(optimise(seasonal(profile((1.0, 12.0, 1.0))))).heat_pump_unserved == 0.0


def limit_of(table: pd.DataFrame | None, source_kw: float = 100.0) -> float:
    given = with_pump(source_capacity_kw=source_kw) | {"heat_pump_profiles": table}
    (source,) = prepare(given).problem.sources
    return source.capacity_kw


def test_the_source_limits_by_its_strictest_row():
    def alone(source: float, load: float) -> float:
        at = plant().operate(t_source_in=source, t_return=40, t_supply=70, heat_load=load * 1e6)
        return 100.0 * at.heat_load / at.heat_source / load

    full, half, more = (12.0, 1.0), (14.0, 0.5), (16.0, 1.05)
    assert limit_of(profile((1.0, *full), (5.0, *half))) == pytest.approx(alone(*full))
    assert limit_of(profile((9.0, *full), (0.1, *more))) == pytest.approx(alone(*more))
    assert alone(*more) < alone(*full) < alone(*half)


def test_a_profile_without_its_peak_is_held_to_that_of_the_design_point():
    """The network has its peak, whatever a profile of means leaves out."""
    cop = pump(None).cop
    assert limit_of(profile((1.0, 14.0, 0.5))) == limit_of(None)
    assert limit_of(None) == pytest.approx(100.0 * cop / (cop - MOTOR))
    found = supply(solved(seasonal(profile((1.0, 14.0, 0.5)))))
    assert found.heat_pump_power_kw == pytest.approx(32.4 / cop)


# Mistakes


def found_in(table: pd.DataFrame, **columns: Any) -> list[tuple[int | None, str, str]]:
    found = messages(seasonal(table, **columns))
    assert {one.table for one in found} == {"heat_pump_profiles"}
    return [(one.row, one.column, one.message) for one in found]


GOOD = ((1.0, 12.0, 1.0), (2.0, 14.0, 0.5), (3.0, 15.0, 0.4))


@pytest.mark.parametrize(
    ("change", "row", "column", "words"),
    [
        ({"supply_id": ["S", "S", "T"]}, 3, "supply_id", "'T' is not in supplies.supply_id"),
        ({"weight": [1.0, None, 1.0]}, 2, "hours", "hours or weight is needed"),
        ({"hours": [None, 5.0, None]}, 2, "weight", "give one of the two"),
        (
            {"hours": [None, None, 9.0], "weight": [1.0, 1.0, None]},
            3,
            "hours",
            "row 1, of the same supply 'S', has weight",
        ),
        (
            {"hours": [None, 9.0, None], "weight": [1.0, None, 1.0]},
            2,
            "hours",
            "has weight; give hours",
        ),
        (
            {"hours": [8000.0, 784.0, 1.0], "weight": None},
            3,
            "hours",
            "8785 hours up to this row; a year has 8784 at most",
        ),
        ({"hours": [8000.0, 800.0, 9.0], "weight": None}, 2, "hours", "has 8800 hours"),
        ({"weight": [1.0, 0.0, 1.0]}, 2, "weight", "greater than 0"),
        ({"weight": [1.0, float("inf"), 1.0]}, 2, "weight", "finite"),
        ({"load": [1.0, 0.0, 1.0]}, 2, "load", "greater than 0"),
        ({"load": [1.0, 50.0, 1.0]}, 2, "load", "less than or equal to 10"),
        ({"t_source_in": [12.0, None, 1.0]}, 2, "t_source_in", "is empty"),
        ({"t_source_in": [12.0, 500.0, 12.0]}, 2, "t_source_in", "from -100 to 400 degC"),
        ({"t_supply": [70.0, 500.0, 70.0]}, 2, "t_supply", "from -100 to 400 degC"),
        ({"t_return": [None, None, -300.0]}, 3, "t_return", "from -100 to 400 degC"),
        (
            {"t_supply": [70.0, 35.0, 70.0]},
            2,
            "t_supply",
            "t_supply, 35 degC, must be above optimiser/return-temperature, 40 degC",
        ),
        (
            {"t_return": [40.0, 40.0, 70.0]},
            3,
            "t_return",
            "optimiser/flow-temperature, 70 degC, must be above t_return, 70 degC",
        ),
        ({"t_supply": 60.0, "t_return": [40.0, 60.0, 40.0]}, 2, "t_supply", "above t_return"),
    ],
)
def test_a_mistake_is_named_once_with_row_and_column(change, row, column, words):
    (found,) = found_in(profile(*GOOD).assign(**change))
    assert found[:2] == (row, column)
    assert words in found[2]


@pytest.mark.parametrize(
    ("source", "flow", "load", "column", "words"),
    [
        (0.4, 70.0, 0.5, "t_source_in", "water would freeze"),
        (71.0, 70.0, 0.5, "t_supply", "not warmer than the source"),
        (12.0, 180.0, 0.5, "t_supply", "water would boil"),
        (12.0, 40.5, 0.5, "t_supply", "sink_glide_min"),
    ],
)
def test_a_row_that_no_load_can_be_run_at_is_a_mistake(source, flow, load, column, words):
    table = profile(*GOOD, (1.0, source, load)).assign(t_supply=[70.0, 70.0, 70.0, flow])
    (found,) = found_in(table)
    assert found[:2] == (4, column)
    assert words in found[2]


def test_a_load_that_makes_the_gas_too_hot_is_a_mistake_in_its_load():
    """Compression is worse in part load: 1.0 runs, 0.6 does not."""
    hot = {"heat_pump_refrigerant": "R717", "t_source_in": 20.0, "t_source_out": 15.0}
    levels = {"optimiser/flow-temperature": 72, "optimiser/return-temperature": 45}
    given = seasonal(profile((1.0, 20.0, 1.0), (1.0, 20.0, 0.6)), levels, **hot)
    (found,) = messages(given)
    assert (found.table, found.row, found.column) == ("heat_pump_profiles", 2, "load")
    assert "t_discharge_max = 180" in found.message


def test_a_supply_that_is_no_heat_pump_has_no_seasons():
    given = with_pump() | {"heat_pump_profiles": profile(*GOOD)}
    boiler = given["supplies"].copy()
    for column in boiler.columns:
        if column.startswith(("heat_pump", "t_source", "electricity")):
            boiler = boiler.drop(columns=column)
    (found,) = messages(given | {"supplies": boiler})
    assert (found.row, found.column) == (1, "supply_id")
    assert "'S' is no heat pump" in found.message


def test_supplies_without_names_are_none_that_rows_could_mean():
    given = seasonal(profile(*GOOD))
    given["supplies"] = given["supplies"].drop(columns="supply_id")
    assert [(one.row, one.column) for one in messages(given)] == [
        (row, "supply_id") for row in (1, 2, 3)
    ]


def test_all_mistakes_come_at_once_and_with_those_of_other_tables():
    table = profile(*GOOD, *GOOD).assign(
        supply_id=["S", "S", "S", "T", "S", "S"],
        hours=[None, 3.0, None, None, None, None],
        t_supply=70.0,
    )
    put(table, 2, "load", "much")
    put(table, 4, "t_supply", 20.0)
    given = seasonal(table)
    put(given["buildings"], 0, "peak_demand_kw", -1.0)
    assert {(one.table, one.row, one.column) for one in messages(given)} == {
        ("heat_pump_profiles", 2, "weight"),
        ("heat_pump_profiles", 3, "load"),
        ("heat_pump_profiles", 4, "supply_id"),
        ("heat_pump_profiles", 5, "t_supply"),
        ("buildings", 1, "peak_demand_kw"),
    }


def test_rows_that_cannot_be_run_at_come_together_with_those_of_other_supplies():
    table = profile((1.0, 0.4, 1.0), (1.0, 12.0, 1.0), (1.0, 0.3, 1.0))
    given = seasonal(table)
    given["supplies"] = pd.concat(
        [given["supplies"], given["supplies"].assign(supply_id="T", t_source_out=-80.0)],
        ignore_index=True,
    )
    assert [(one.table, one.row, one.column) for one in messages(given)] == [
        ("heat_pump_profiles", 1, "t_source_in"),
        ("heat_pump_profiles", 3, "t_source_in"),
        ("supplies", 2, "heat_pump_refrigerant"),
    ]


def test_a_forbidden_supply_is_not_asked():
    given = seasonal(profile((1.0, 0.4, 1.0)))
    second = with_pump()["supplies"].assign(supply_id="T")
    given["supplies"] = pd.concat([given["supplies"], second], ignore_index=True)
    put(given["supplies"], 0, "constraint", "forbidden")
    result = solved(given)
    assert inside(result, "supplies") == {"T"}
    assert pd.isna(supply(result).heat_pump_cop)


# Full solves

# Its source is cooled by less than regressors know.
UNKNOWN = {"heat_pump_refrigerant": "R134a", "t_source_out": 10.5}


def test_full_solves_are_announced_and_each_row_is_solved_once():
    table = profile((1.0, 12.0, 0.9), (1.0, 14.0, 0.7), (1.0, 12.0, 0.9))
    given = seasonal(table, **UNKNOWN)
    with pytest.warns(UserWarning, match="supply S: 2 of 3 rows .* full solves") as told:
        found = prepare(given).heat_pumps[0]
    assert ".plant(t_source_in=12, t_source_out=10.5, t_return=40, t_supply=70" in str(
        told[0].message
    )
    assert (found.origin, found.error) == ("solve", 0.0)
    machine = plant("R134a", t_source_out=10.5)
    cop, _ = by_hand(machine, *_lists(table.assign(weight=[2.0, 1.0, 0.0])))
    assert found.cop == pytest.approx(cop, rel=1e-9)


def test_more_full_solves_than_a_plant_makes_are_a_mistake(monkeypatch):
    monkeypatch.setattr(seasons, "MAX_SOLVES", 1)
    table = profile((1.0, 12.0, 0.9), (1.0, 14.0, 0.7))
    (found,) = found_in(table, **UNKNOWN)
    assert found[:2] == (1, "supply_id")
    assert "2 rows of supply 'S' need full solves, but at most 1" in found[2]


def test_table_and_solve_may_answer_together():
    """The river's own table and the regressor end where the sink's glide is small."""
    river = {"t_source_in": 8.0, "t_source_out": 4.0}
    levels = {"optimiser/flow-temperature": 65}
    table = profile((1.0, 8.0, 0.9), (1.0, 8.0, 0.8)).assign(t_supply=[65.0, 50.0])
    with pytest.warns(UserWarning, match="1 of 2 rows"):
        found = prepare(seasonal(table, levels, **river)).heat_pumps[0]
    assert found.origin == "table, solve"


# Files


@pytest.mark.parametrize("name", ["town.gpkg", "town"])
def test_a_profile_goes_through_files(tmp_path, name):
    table = profile((1.0, 9.0, 1.0), (2.5, 14.0, 0.3), t_supply=[72.0, None], t_return=None)
    given = seasonal(table)
    costing.write(given, tmp_path / name)
    there = costing.read(tmp_path / name)
    assert [*there] == [key for key in TABLES if key in given]
    assert prepare(there).heat_pumps == prepare(given).heat_pumps
    result = solved(there)
    costing.write(result, tmp_path / f"again-{name}")
    again = costing.read(tmp_path / f"again-{name}")
    assert supply(solved(again)).heat_pump_cop == supply(result).heat_pump_cop


def test_the_command_reads_the_profile_in_the_file(tmp_path):
    table = profile((1.0, 6.0, 1.0), (2.5, 14.0, 0.3))
    given = seasonal(table)
    costing.write(given, tmp_path / "town.gpkg")
    command = [str(Path(sys.executable).parent / "surrogate"), "cost", "town.gpkg", "-o", "r.gpkg"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "surrogate: supply S: in 1 of 2 rows of heat_pump_profiles" in ran.stderr
    assert "UserWarning" not in ran.stderr
    import pyogrio

    found = pyogrio.read_dataframe(tmp_path / "r.gpkg", layer="supplies").iloc[0]
    wanted = pump(table)
    assert found.heat_pump_cop == pytest.approx(wanted.cop, rel=1e-12)
    assert found.heat_pump_unserved == pytest.approx(wanted.unserved)
    assert f"{wanted.cop:.2f}" in ran.stdout
    put(given["heat_pump_profiles"], 0, "load", -1.0)
    costing.write(given, tmp_path / "town.gpkg")
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "heat_pump_profiles, row 1, load: " in ran.stderr


# Profiles from hours


def year(seed: int, design: dict[str, float], span: tuple[float, float]) -> dict[str, Any]:
    """8760 hours of weather as a source, a network and its customers have it."""
    hours = np.arange(8760)
    noise = np.random.default_rng(seed).normal(0.0, 1.0, 8760 + 71)
    slow = np.convolve(noise, np.full(72, 72**-0.5), "valid")
    ambient = 9.0 - 10.0 * np.cos(2 * np.pi * (hours - 400) / 8760) + 3.5 * slow
    ambient += 4.0 * np.sin(2 * np.pi * (hours - 9) / 24)
    share = (ambient - ambient.min()) / np.ptp(ambient)
    demand = np.clip(17.0 - ambient, 0.0, None) / (17.0 - ambient.min())
    load = np.where(demand > 0.0, 0.07 + 0.93 * demand, 0.0)
    return {
        "t_source_in": span[0] + (span[1] - span[0]) * share,
        "t_supply": design["t_supply"] + 3.0 - 13.0 * share,
        "t_return": design["t_return"] + 2.0 * np.sin(2 * np.pi * hours / 24),
        "heat_load": 2.5e6 * load,
    }


def hour_by_hour(machine: Plant, at: dict[str, Any]) -> tuple[float, float]:
    """Annual COP, and share of the heat above capacity, of all hours."""
    on = at["heat_load"] > 0.0
    hours = {name: column[on] for name, column in at.items()}
    found = machine.operate(**hours, outside="raise")
    above = hours["heat_load"] > found.capacity
    assert above[found.status == "infeasible"].all()
    served = np.where(found.status == "infeasible", found.capacity, hours["heat_load"])
    hours["heat_load"] = served
    again = machine.operate(**hours, outside="raise").raise_for_status()
    heat = served.sum()
    return heat / again.power.sum(), 1.0 - heat / at["heat_load"].sum()


PLANTS = [
    ("R717", (30.0, 25.0, 50.0, 80.0), (26.0, 34.0), "table"),
    ("R290", (8.0, 4.0, 40.0, 65.0), (4.5, 18.0), "table"),
    ("R600a", (45.0, 35.0, 60.0, 95.0), (40.0, 48.0), "table"),
    ("R1234ze(E)", (28.0, 22.0, 45.0, 70.0), (20.0, 30.0), "table"),
    ("R717", (28.0, 20.0, 40.0, 70.0), (24.0, 32.0), "regressor"),
]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("refrigerant", "design", "span", "origin"), PLANTS)
def test_a_profile_of_few_rows_has_the_annual_cop_of_all_hours(
    refrigerant, design, span, origin, seed
):
    levels = dict(zip(("t_source_in", "t_source_out", "t_return", "t_supply"), design, strict=True))
    at = year(seed, levels, span)
    machine = HeatPump(refrigerant).plant(**levels, heat_load=2.5e6)
    cop, unserved = hour_by_hour(machine, at)
    with pytest.warns(UserWarning, match="hours have no load"):
        table = heat_pump_profile("S", **at)
    assert len(table) <= 36
    network = {
        "optimiser/flow-temperature": levels["t_supply"],
        "optimiser/return-temperature": levels["t_return"],
    }
    columns = {"t_source_in": design[0], "t_source_out": design[1]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = seasonal(table, network, heat_pump_refrigerant=refrigerant, **columns)
        found = prepare(given).heat_pumps[0]
    assert found.origin == origin
    assert found.cop == pytest.approx(cop, rel=2e-4)
    assert found.unserved == pytest.approx(unserved, abs=1e-3)


LOADS = st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 1e7)), min_size=2, max_size=60)


@given(LOADS, st.integers(2, 12), st.floats(1.0, 1e8), st.data())
def test_heat_and_hours_are_conserved_and_the_peak_is_a_row(loads, bins, nominal, data):
    assume(max(loads) > 0.0)
    source = data.draw(st.lists(st.floats(0.0, 30.0), min_size=len(loads), max_size=len(loads)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = heat_pump_profile("S", source, loads, nominal=nominal, bins=bins)
    hour = 8760 / len(loads)
    on = [i for i, load in enumerate(loads) if load > 0.0]
    assert len(table) <= bins
    assert (table.hours * table.load).sum() * nominal == pytest.approx(hour * sum(loads), rel=1e-12)
    assert table.hours.sum() == pytest.approx(hour * len(on), rel=1e-12)
    assert table.attrs["hours_off"] == pytest.approx(hour * (len(loads) - len(on)), abs=1e-6)
    assert table.load[0] == pytest.approx(max(loads) / nominal, rel=1e-12)
    assert table.load.is_monotonic_decreasing
    inner = [source[i] for i in on]
    assert min(inner) - 1e-9 <= table.t_source_in.min()
    assert table.t_source_in.max() <= max(inner) + 1e-9
    # Each temperature stands for the heat at it.
    warmth = sum(loads[i] * source[i] for i in on) * hour
    found = (table.hours * table.load * table.t_source_in).sum() * nominal
    assert found == pytest.approx(warmth, rel=1e-9, abs=1e-6 * hour * sum(loads))


def test_few_different_hours_stay_as_they_are():
    table = heat_pump_profile(7, [5.0, 9.0, 9.0, 14.0], [4.0, 2.0, 2.0, 1.0], t_supply=70.0)
    assert table.supply_id.tolist() == ["7"] * 3
    assert table.load.tolist() == [1.0, 0.5, 0.25]
    assert table.t_source_in.tolist() == [5.0, 9.0, 14.0]
    assert table.t_supply.tolist() == [70.0] * 3
    assert table.hours.tolist() == [2190.0, 4380.0, 2190.0]
    assert "t_return" not in table.columns
    assert "weight" not in table.columns


def test_series_go_in_and_leap_years_have_a_day_more():
    index = pd.date_range("2028-01-01", periods=8784, freq="h")
    winter = pd.Series(np.cos(2 * np.pi * np.arange(8784) / 8784), index)
    table = heat_pump_profile("S", 12 - 3 * winter, 5.0 + 4.0 * winter, t_supply=68 + 2 * winter)
    assert table.hours.sum() == pytest.approx(8784.0)
    assert (table.hours * table.load).sum() * 9.0 == pytest.approx(5.0 * 8784)
    plain = heat_pump_profile(
        "S", (12 - 3 * winter).tolist(), (5.0 + 4.0 * winter).to_numpy(), 68 + 2 * winter.to_numpy()
    )
    pd.testing.assert_frame_equal(plain, table)
    assert prepare(seasonal(table)).heat_pumps[0].unserved > 0.0


def test_hours_without_load_are_counted():
    with pytest.warns(UserWarning, match="supply S: 2190 of 8760 hours have no load") as told:
        table = heat_pump_profile("S", 12.0, [3.0, 2.0, 0.0, 1.0])
    assert len(told) == 1
    assert table.attrs["hours_off"] == 2190.0
    assert table.hours.sum() == 6570.0


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"heat_load": [0.0, 0.0]}, InputError, "0 throughout"),
        ({"heat_load": [], "t_source_in": []}, InputError, "0 throughout"),
        ({"heat_load": [1.0, -1.0]}, InputError, "heat_load = -1 at point 1"),
        ({"heat_load": [1.0, float("nan")]}, InputError, "heat_load is nan at point 1"),
        ({"heat_load": [1.0, 2.0, 3.0]}, InputError, "do not broadcast"),
        ({"t_source_in": "warm"}, InputTypeError, "t_source_in = 'warm'"),
        ({"t_supply": [70.0, 30.0], "t_return": 40.0}, InputError, "t_return < t_supply"),
        ({"nominal": 0.0}, InputError, "nominal = 0.0"),
        ({"nominal": "big"}, InputError, "nominal = 'big'"),
        ({"bins": 1}, InputError, "bins = 1"),
        ({"bins": 2.5}, InputTypeError, "bins = 2.5"),
        ({"supply_id": None}, InputTypeError, "supply_id = None"),
    ],
)
def test_what_makes_no_profile_is_said(change, kind, words):
    with pytest.raises(kind, match=words):
        heat_pump_profile(**{**_TWO_HOURS, **change})


_TWO_HOURS = {"supply_id": "S", "t_source_in": [12.0, 14.0], "heat_load": [2.0, 1.0]}


def test_the_profile_of_one_supply_leaves_the_others_alone():
    given = seasonal(profile((1.0, 9.0, 1.0)))
    second = given["supplies"].assign(supply_id=7.0)
    given["supplies"] = pd.concat([given["supplies"], second], ignore_index=True)
    table = pd.concat([given["heat_pump_profiles"], profile((1.0, 15.0, 1.0), supply_id="7")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cold, warm = heat_pumps_of(
            prepare(given | {"heat_pump_profiles": table, "parameters": settings_table(EXACT)}).rows
        )[0].values()
    assert cold == pump(profile((1.0, 9.0, 1.0)))
    assert warm == pump(profile((1.0, 15.0, 1.0)))
