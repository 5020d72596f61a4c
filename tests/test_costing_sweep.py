"""Flow and return temperatures set against each other."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import signal
import sys
import threading
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import surrogate.cli
from surrogate import HeatPump, costing
from surrogate.costing import InputTablesError, SweepProgress, plot_sweep, sweep_temperatures
from surrogate.costing.files import RESULTS
from surrogate.costing.overrides import override
from surrogate.costing.sweep import _snake
from surrogate.costing.sweepplot import _apart, save_plot
from surrogate.costing.sweepwords import doubt, sweep_in_words, verdict
from surrogate.errors import InputError, InputTypeError, MissingExtraError

from .costing_cases import EXACT, Tables, put, settings_table, solved, summary, tables

MOTOR = 0.95
"""Efficiency of the motor that the tables are for."""

FLOWS, RETURNS = [50.0, 60.0, 70.0], [30.0, 40.0]
PUMP = {
    "heat_pump_refrigerant": "R290",
    "t_source_in": 12.0,
    "t_source_out": 7.0,
    "electricity_price_per_kwh": 0.18,
    "electricity_emissions_per_kwh": 0.3,
}


def ring(parameters: dict[str, Any] | None = None, required: bool = False) -> Tables:
    """Two ways to four buildings, one of which may not be worth its pipe; a heat pump, a boiler."""
    made = tables(
        {
            "A": [(0, 0), (80, 0)],
            "B": [(0, 0), (0, 40), (80, 40), (80, 0)],
            "C": [(80, 0), (160, 0)],
            "D": [(160, 0), (160, 90)],
            "E": [(80, 40), (80, 70)],
        },
        {"b1": (160, 0), "b2": (80, 70), "b3": (160, 90), "b4": (40, 40)},
        {"S": (0, 0), "T": (80, 40)},
    )
    made["buildings"]["constraint"] = "required" if required else "optional"
    made["buildings"]["peak_demand_kw"] = [30.0, 20.0, 3.0, 12.0]
    made["buildings"]["annual_demand_kwh"] = [70e3, 40e3, 4e3, 25e3]
    made["supplies"] = made["supplies"].assign(**PUMP)
    for name in PUMP:
        put(made["supplies"], 1, name, None)
    put(made["supplies"], 1, "cost_per_kwh", 0.11)
    made["parameters"] = settings_table({**EXACT, **(parameters or {})})
    return made


def alley() -> Tables:
    """One way to three buildings, all of which must be connected; many pipe sizes."""
    made = tables(
        {"A": [(0, 0), (60, 0)], "B": [(60, 0), (160, 0)], "C": [(60, 0), (60, 50)]},
        {"b1": (160, 0), "b2": (60, 50), "b3": (110, 0)},
        {"S": (0, 0)},
        EXACT,
    )
    made["buildings"]["constraint"] = "required"
    made["supplies"] = made["supplies"].assign(**PUMP)
    made["civil_costs"] = pd.DataFrame(
        [(d, name, 250.0 + 4 * d) for d in (20, 25, 32, 40, 50, 65, 80, 100) for name in (1, 2)],
        columns=["diameter_mm", "civil_cost_id", "cost_m"],
    )
    return made


def at(given: Tables, flow: float, back: float) -> Tables:
    """The same tables with other temperatures."""
    levels = {"optimiser/flow-temperature": flow, "optimiser/return-temperature": back}
    return override(given, {name: f"{level:g}" for name, level in levels.items()}).tables


def quiet(given: Tables, *lists: Any, **how: Any) -> Tables:
    """The result of a sweep, without the warnings on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sweep_temperatures(given, *lists, **how)


@pytest.fixture(scope="module")
def swept() -> Tables:
    return quiet(ring(), FLOWS, RETURNS)


@pytest.fixture(scope="module")
def town() -> Tables:
    """A district at some pairs, two of them impossible."""
    return quiet(costing.district(30), [30, 60, 70, 90], [30])


def sweep(result: Tables) -> pd.DataFrame:
    return result["temperature_sweep"]


def pairs(table: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(table.flow_temperature, table.return_temperature, strict=True))


def levels(result: Tables) -> tuple[float, float]:
    """Flow and return in the parameters of a result."""
    values = dict(zip(*result["parameters"].to_numpy().T, strict=True))
    flow, back = (float(values[f"optimiser/{name}-temperature"]) for name in ("flow", "return"))
    return flow, back


# The answers


def test_each_pair_has_the_answer_of_its_own_run(swept):
    assert pairs(sweep(swept)) == [(flow, back) for flow in FLOWS for back in RETURNS]
    for _, row in sweep(swept).iterrows():
        result = solved(at(ring(), row.flow_temperature, row.return_temperature))
        own = summary(result)
        assert (row.state, own.state, row.reason) == ("optimal", "optimal", "")
        same = [
            name for name in own.index if name in row.index and name not in ("runtime", "state")
        ]
        assert {"objective", "upper_bound", "network_npv", "network_losses_kwh"} < set(same)
        for name in same:
            assert row[name] == pytest.approx(own[name], rel=1e-6, abs=1e-6), name
        supplies = result["supplies"][result["supplies"].in_network]
        assert row.electricity_kwh == pytest.approx(supplies.electricity_kwh.sum())
        flow = result["cashflow"]
        capex = flow.value[(flow.type == "pipe") & (flow.cost == "capex")].sum()
        assert row.pipe_capex == pytest.approx(-capex)
        assert row.pipe_capex > 0


def test_a_larger_district_is_within_the_gaps_of_single_runs(town):
    table = sweep(town)
    for _, row in table[table.network_npv.notna()].iterrows():
        own = summary(solved(at(costing.district(30), row.flow_temperature, 30.0)))
        assert row.objective <= own.upper_bound * (1 + 1e-9)
        assert own.objective <= row.upper_bound * (1 + 1e-9)
        assert row.objective == pytest.approx(own.objective, rel=0.02)


def test_the_tables_are_those_of_the_best_pairs_run(swept):
    best = sweep(swept)[sweep(swept).best]
    assert len(best) == 1
    own = solved(at(ring(), *pairs(best)[0]))
    for name in ("buildings", "supplies", "paths", "cashflow"):
        one, other = (pd.DataFrame(result[name]) for result in (swept, own))
        assert_frame_equal(one, other, rtol=1e-9)
    assert levels(swept) == pairs(best)[0]
    assert summary(swept).network_npv == best.network_npv.item()
    assert set(swept) - set(own) == {"temperature_sweep", "temperature_sweep_pipes"}


def test_the_best_pair_has_the_largest_npv_and_the_others_lie_below_it(swept):
    table = sweep(swept)
    best = table.network_npv.max()
    assert table.best.tolist() == (table.network_npv == best).tolist()
    assert table.npv_below_best.to_numpy() == pytest.approx(best - table.network_npv)
    assert best > 0


def test_with_most_heat_as_the_objective_the_pair_with_most_heat_is_best():
    most = {"optimiser/objective": "max-kwh", "constraint/min-npv": "0"}
    table = sweep(quiet(ring(most), [45, 60, 75], [30]))
    assert table.objective.to_numpy() == pytest.approx(table.network_kwh)
    best = table[table.best].iloc[0]
    assert best.network_kwh == table.network_kwh.max()
    level = table[np.isclose(table.network_kwh, best.network_kwh)]
    assert len(level) > 1, "else the second rank is not asked for"
    assert best.network_npv == level.network_npv.max()


def test_heat_is_of_heat_pumps_and_others_and_of_sources_and_electricity():
    given = ring(required=True)
    given["supplies"]["peak_capacity_kw"] = 40.0  # so neither feeds all
    result = quiet(given, [60, 70], [40])
    fed = sweep(result).network_kwh + sweep(result).network_losses_kwh
    for (_, row), heat in zip(sweep(result).iterrows(), fed, strict=True):
        assert row.heat_pump_cop > 1
        assert row.other_heat_kwh > 0
        pumped = row.heat_pump_cop * row.electricity_kwh
        assert pumped + row.other_heat_kwh == pytest.approx(heat)
        assert row.source_heat_kwh == pytest.approx(pumped - MOTOR * row.electricity_kwh)
        assert row.loss_share == pytest.approx(row.network_losses_kwh / heat)
        alone = HeatPump("R290").design(
            t_source_in=12, t_source_out=7, t_return=40, t_supply=row.flow_temperature,
            heat_load=1e6,
        )  # fmt: skip
        assert row.heat_pump_cop == pytest.approx(float(alone.cop), rel=1e-9)


def test_without_heat_pumps_there_is_no_cop():
    given = ring()
    given["supplies"] = given["supplies"].iloc[[1]].reset_index(drop=True)
    table = sweep(quiet(given, [60], [40]))
    assert table.heat_pump_cop.isna().all()
    assert (table.electricity_kwh == 0).all()
    assert (table.source_heat_kwh == 0).all()
    assert table.other_heat_kwh.item() == pytest.approx(
        table.network_kwh.item() + table.network_losses_kwh.item()
    )


def test_pipes_by_size_add_up_to_the_network(swept):
    pipes = swept["temperature_sweep_pipes"]
    for _, row in sweep(swept).iterrows():
        own = pipes[
            (pipes.flow_temperature == row.flow_temperature)
            & (pipes.return_temperature == row.return_temperature)
        ]
        assert own.diameter_mm.is_unique
        assert own.length_m.sum() == pytest.approx(row.network_length)
        mean = (own.diameter_mm * own.length_m).sum() / own.length_m.sum()
        assert row.mean_diameter_mm == pytest.approx(mean)
        assert row.largest_diameter_mm == own.diameter_mm.max()


@settings(max_examples=12)
@given(
    st.lists(st.integers(45, 80), min_size=2, max_size=3, unique=True),
    st.integers(20, 40),
)
def test_for_the_same_buildings_a_colder_flow_means_thicker_pipes_and_a_better_cop(flows, back):
    table = sweep(quiet(alley(), flows, [back]))
    assert (table.state == "optimal").all()
    assert table.flow_temperature.is_monotonic_increasing
    assert table.mean_diameter_mm.is_monotonic_decreasing
    assert table.pipe_capex.is_monotonic_decreasing
    assert (table.heat_pump_cop.diff().dropna() < 0).all()
    if max(flows) - min(flows) > 10:
        assert table.mean_diameter_mm.iloc[0] > table.mean_diameter_mm.iloc[-1]


# Which pairs


@given(st.permutations(FLOWS), st.permutations(RETURNS))
@settings(max_examples=2)
def test_the_order_of_the_lists_does_not_matter(flows, returns):
    first = sweep(quiet(ring(), FLOWS, RETURNS)).drop(columns="runtime")
    again = sweep(quiet(ring(), [*flows, flows[0]], np.array(returns))).drop(columns="runtime")
    assert_frame_equal(first, again)


def test_the_order_in_which_pairs_are_run_does_not_matter(monkeypatch, swept):
    monkeypatch.setattr("surrogate.costing.sweep._snake", lambda *lists: [*_snake(*lists)][::-1])
    again = sweep(quiet(ring(), FLOWS, RETURNS)).drop(columns="runtime")
    assert_frame_equal(sweep(swept).drop(columns="runtime"), again, rtol=1e-6)


@given(st.lists(st.integers(1, 99), min_size=1, unique=True), st.integers(1, 6))
def test_pairs_follow_their_neighbours(flows, count):
    run = list(_snake(sorted(flows), range(count)))
    assert len(set(run)) == len(run) == len(flows) * count
    for one, other in pairwise(run):
        assert abs(one.back - other.back) + (one.flow != other.flow) == 1


@pytest.mark.parametrize("left_out", ["flow", "return"])
def test_for_what_is_left_out_the_parameter_holds(left_out):
    held = {f"optimiser/{left_out}-temperature": "55" if left_out == "flow" else "25"}
    given = ring(held)
    lists = {"return_": [30, 45]} if left_out == "flow" else {"flow": [50, 60]}
    table = sweep(quiet(given, **lists))
    expected = [(55, 30), (55, 45)] if left_out == "flow" else [(50, 25), (60, 25)]
    assert pairs(table) == expected


def test_temperatures_that_are_swept_need_not_fit_in_the_file():
    given = ring({"optimiser/flow-temperature": "30"})  # and the return is 40
    assert pairs(sweep(quiet(given, flow=[60]))) == [(60, 40)]


def test_the_same_network_starts_the_next_pair(monkeypatch):
    from surrogate.costing import sweep as module

    starts = []
    original = module.optimised_at

    def watched(*args: Any, start: Any, **how: Any) -> Any:
        starts.append(start)
        return original(*args, start=start, **how)

    monkeypatch.setattr(module, "optimised_at", watched)
    quiet(ring(required=True), [60, 70], [40])
    assert starts[0] is None
    assert starts[1].customers == frozenset(range(4))


# What has no network


def test_impossible_pairs_keep_their_rows(town):
    table = sweep(town)
    assert pairs(table) == [(30, 30), (60, 30), (70, 30), (90, 30)]
    assert table.state.tolist() == ["impossible", "optimal", "optimal", "impossible"]
    assert table.reason.tolist()[:3] == ["the flow must be above the return", "", ""]
    assert "t_discharge_max" in table.reason[3]
    assert "supplies, row 1" in table.reason[3]
    numbers = table.columns.drop(
        ["flow_temperature", "return_temperature", "state", "reason", "best"]
    )
    assert table.loc[[0, 3], numbers].isna().all(axis=None)
    assert table.loc[[1, 2], numbers].notna().all(axis=None)
    assert not table.best[[0, 3]].any()


def test_a_ground_that_is_too_warm_for_a_pair_is_its_reason():
    given = ring({"optimiser/ground-temperature": "30"})
    table = sweep(quiet(given, [40, 60], [15]))
    assert table.state.tolist() == ["impossible", "optimal"]
    assert "optimiser/ground-temperature: 30 degC must be below the mean" in table.reason[0]


def test_where_no_network_keeps_the_limits_the_row_says_why():
    given = ring(required=True)
    given["civil_costs"] = given["civil_costs"][given["civil_costs"].diameter_mm <= 32]
    result = quiet(given, [45, 80], [40])
    table = sweep(result)
    assert table.state.tolist() == ["infeasible", "optimal"]
    assert "its largest pipe carries" in table.reason[0]
    assert math.isnan(table.network_npv[0])
    assert "infeasible_reasons" not in result, "the best pair has a network"
    assert set(result["temperature_sweep_pipes"].flow_temperature) == {80}

    none = quiet(given, [45, 46], [40])
    assert sweep(none).state.tolist() == ["infeasible"] * 2
    assert summary(none).state == "infeasible"
    assert len(none["infeasible_reasons"])
    assert levels(none) == (45, 40), "the first"
    assert none["temperature_sweep_pipes"].empty
    assert verdict(sweep(none)) == "no pair has a network"
    with pytest.raises(InputError, match="nothing to draw"):
        plot_sweep(none)


def test_a_network_of_nothing_is_one():
    given = ring()
    given["tariffs"].loc[0, "annual_charge_per_kwh"] = 0.0
    result = quiet(given, [50, 60], [40])
    table = sweep(result)
    assert (table.network_npv == 0).all()
    assert (table.network_building_count == 0).all()
    assert table[["loss_share", "mean_diameter_mm", "heat_pump_cop"]].isna().all(axis=None)
    assert table.best.tolist() == [True, False]
    assert levels(result) == (50, 40)
    assert verdict(table) == "best: 50/40 degC, NPV 0, the same as the next, 60/40 degC"


@pytest.mark.parametrize(
    ("change", "lists", "said"),
    [
        ({}, ([30, 40], [40, 50]), "4 problems"),
        ({"optimiser/return-temperature": "65"}, ([60],), "60 degC must be above"),
        ({"optimiser/flow": "60"}, ([60],), "did you mean"),
        ({"supply": "R999"}, ([60, 70],), "R999"),
        ({"supply": None}, ([60, 70],), "given without heat_pump_refrigerant"),
        ({}, ([120, 130],), "no such heat pump"),
    ],
)
def test_what_is_wrong_for_every_pair_is_said_at_once(change, lists, said, monkeypatch):
    monkeypatch.setattr(
        "surrogate.costing.sweep.optimised_at", lambda *a, **k: pytest.fail("it was solved")
    )
    given = ring({name: value for name, value in change.items() if name != "supply"})
    if "supply" in change:
        put(given["supplies"], 0, "heat_pump_refrigerant", change["supply"])
    with pytest.raises(InputTablesError, match=said):
        quiet(given, *lists)


@pytest.mark.parametrize(
    ("lists", "error", "said"),
    [
        ({}, InputError, "give flow, return_ or both"),
        ({"flow": []}, InputError, "no flow temperature is given"),
        ({"flow": 60}, InputTypeError, "not a list"),
        ({"return_": "30"}, InputTypeError, "not a list"),
        ({"return_": [30, True]}, InputTypeError, "True is no number"),
        ({"flow": ["60"]}, InputTypeError, "'60' is no number"),
        ({"flow": [60, 200]}, InputError, "flow temperature 200 degC: input should be less"),
        ({"return_": [-1]}, InputError, "return temperature -1 degC: .* greater"),
        ({"flow": [float("nan")]}, InputError, "nan degC"),
    ],
)
def test_lists_that_are_none_are_refused(lists, error, said):
    with pytest.raises(error, match=said):
        sweep_temperatures(ring(), **lists)


def test_what_several_pairs_would_warn_of_is_said_once():
    given = ring()
    given["civil_costs"] = given["civil_costs"][
        ~((given["civil_costs"].civil_cost_id == 2) & (given["civil_costs"].diameter_mm > 50))
    ]
    with warnings.catch_warnings(record=True) as single:
        warnings.simplefilter("always")
        costing.optimise(given)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sweep_temperatures(given, FLOWS)
    assert len(single) == 1
    assert [str(one.message) for one in caught] == [str(one.message) for one in single]


# Under way


def test_progress_tells_the_pair():
    told: list[SweepProgress] = []
    quiet(ring(), [30, 60, 70], [40], progress=told.append)
    assert {(one.flow_temperature, one.return_temperature) for one in told} == {(60, 40), (70, 40)}
    assert [one.number for one in told] == sorted(one.number for one in told)
    assert {(one.number, one.count) for one in told} == {(1, 2), (2, 2)}
    assert [one.seconds for one in told] == sorted(one.seconds for one in told)
    assert sweep_in_words(told[-1]).startswith("2 of 2, 70/40 degC: solve ")


@pytest.mark.parametrize("how", ["stop", "ctrl-c"])
def test_a_stop_keeps_the_pairs_so_far(how, swept):
    stop = threading.Event()

    def told(where: SweepProgress) -> None:
        if where.number == 3 and not stop.is_set():
            stop.set()
            if how == "ctrl-c":
                os.kill(os.getpid(), signal.SIGINT)

    result = quiet(ring(), FLOWS, RETURNS, progress=told, stop=stop if how == "stop" else None)
    table, whole = sweep(result), sweep(swept)
    assert pairs(table) == pairs(whole)
    order = [(50, 30), (50, 40), (60, 40), (60, 30), (70, 30), (70, 40)]
    done = table[[pair in order[:2] for pair in pairs(table)]]
    rest = table[[pair in order[3:] for pair in pairs(table)]]
    names = ["state", "network_npv", "mean_diameter_mm"]
    assert_frame_equal(done[names], whole.loc[done.index, names], rtol=1e-6)
    assert (rest.state == "not run (interrupted)").all()
    assert rest.network_npv.isna().all()
    assert table.best.sum() == 1
    assert summary(result).network_npv == table.network_npv[table.best].item()


def test_a_stop_before_the_first_pair_leaves_a_result():
    stop = threading.Event()
    stop.set()
    given = costing.district(30)
    given["buildings"]["constraint"] = "required"
    result = quiet(given, [60, 70], stop=stop)
    states = sweep(result).state.tolist()
    assert states == ["no network found (interrupted)", "not run (interrupted)"]
    assert summary(result).state == states[0]


# In words


def row(**values: Any) -> dict[str, Any]:
    kept = {"state": "optimal", "reason": "", "best": False, "upper_bound": 0.0, **values}
    return {**kept, "objective": kept.get("objective", kept["network_npv"])}


def words(*rows: dict[str, Any]) -> pd.DataFrame:
    levels = [(60.0, 30.0), (65.0, 30.0), (70.0, 32.5)]
    return pd.DataFrame(
        [
            {"flow_temperature": flow, "return_temperature": back, **one}
            for (flow, back), one in zip(levels, rows, strict=False)
        ]
    )


def test_the_verdict_says_by_how_much():
    best = row(network_npv=3_267_343.0, best=True, upper_bound=3_300_000.0)
    table = words(
        best,
        row(network_npv=3_226_143.0, upper_bound=3_270_000.0),
        row(network_npv=-5.0, upper_bound=3_200_000.0),
    )
    assert verdict(table) == (
        "best: 60/30 degC, NPV 3 267 343, 41 200 (1.3 %) above the next, 65/30 degC"
    )
    assert doubt(table) == "found, not proven: the upper bound of 65/30 degC lies above it"
    assert doubt(table.assign(upper_bound=[3_300_000.0, 3_260_000.0, 0.0])) == ""
    alone = words(best, row(network_npv=float("nan"), objective=float("nan")))
    assert verdict(alone) == "best: 60/30 degC, NPV 3 267 343; no other pair has a network"
    heat = words(
        row(network_npv=100.0, objective=5000.0, best=True),
        row(network_npv=900.0, objective=4000.0),
    )
    assert verdict(heat) == (
        "best: 60/30 degC, NPV 100, its objective 1 000 (20 %) above that of the next, 65/30 degC"
    )


# In pictures


def lines_of(axes: Any) -> dict[str, Any]:
    return {line.get_gid(): line for line in axes.lines}


def panels_of(figure: Any) -> dict[str, Any]:
    return {axes.get_gid(): axes for axes in figure.axes if axes.get_visible()}


def test_the_picture_has_the_numbers_of_the_table(swept):
    panels = panels_of(plot_sweep(swept))
    table = sweep(swept)
    assert set(panels) == {
        "network_npv", "heat_pump_cop", "electricity_kwh", "mean_diameter_mm", "loss_share",
        "source_heat_kwh",
    }  # fmt: skip
    best = table[table.best].iloc[0]
    for column, axes in panels.items():
        lines = lines_of(axes)
        assert set(lines) == {"30", "40", "best"}
        for back in RETURNS:
            own = table[table.return_temperature == back]
            line = lines[f"{back:g}"]
            assert line.get_xdata().tolist() == own.flow_temperature.tolist()
            assert line.get_ydata().tolist() == own[column].tolist()
        ((x, y),) = lines["best"].get_xydata()
        assert (x, y) == (best.flow_temperature, best[column])
        assert {text.get_text() for text in axes.texts} in (
            {"30", "return 40"},
            {"return 30", "40"},
        )
        low, high = axes.get_ylim()
        assert low < own[column].min() <= own[column].max() < high
    assert "degC" in panels["loss_share"].get_xlabel()
    assert "[%]" in panels["loss_share"].get_title(loc="left")


def test_pairs_without_a_network_are_gaps_and_named(town):
    figure = plot_sweep(town)
    axes = panels_of(figure)["network_npv"]
    (line,) = [line for gid, line in lines_of(axes).items() if gid == "30"]
    assert np.isnan(line.get_ydata()).tolist() == [True, False, False, True]
    assert any("no network at 30/30, 90/30 degC" in text.get_text() for text in figure.texts)
    assert axes.get_xticks().tolist() == [60, 70]


def test_a_single_flow_is_drawn_over_the_return(swept):
    table = sweep(swept)
    axes = panels_of(plot_sweep({"temperature_sweep": table[table.flow_temperature == 60]}))
    assert "return temperature" in axes["loss_share"].get_xlabel()
    assert lines_of(axes["network_npv"])["60"].get_xdata().tolist() == RETURNS


def test_many_lines_have_names_that_do_not_touch(swept):
    table = pd.concat(
        [sweep(swept).assign(return_temperature=sweep(swept).return_temperature + d / 2)
         for d in range(10)],
        ignore_index=True,
    ).drop_duplicates(["flow_temperature", "return_temperature"])  # fmt: skip
    figure = plot_sweep({"temperature_sweep": table})
    for axes in panels_of(figure).values():
        assert 2 < len(axes.texts) <= 8
        heights = sorted(
            axes.transData.transform(text.xy)[1] + text.xyann[1] * figure.dpi / 72
            for text in axes.texts
        )
        assert np.diff(heights).min() >= 10.9 * figure.dpi / 72


@given(st.lists(st.floats(-1e3, 1e3), max_size=12), st.floats(0.1, 50))
def test_names_are_moved_apart_and_no_more(places, least):
    places = sorted(places)
    moved = _apart(places, least)
    assert len(moved) == len(places)
    assert (np.diff(moved) >= least - 1e-9).all()
    assert sum(moved) == pytest.approx(sum(places), abs=1e-6)
    if (np.diff(places) >= least).all():
        assert moved == pytest.approx(places)


def test_without_heat_pumps_there_are_three_panels(swept):
    table = sweep(swept).assign(heat_pump_cop=np.nan, electricity_kwh=0.0, source_heat_kwh=0.0)
    panels = panels_of(plot_sweep({"temperature_sweep": table}))
    assert set(panels) == {"network_npv", "mean_diameter_mm", "loss_share"}


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_is_saved_as_its_name_says(swept, tmp_path, kind, start):
    file = tmp_path / f"new/sweep.{kind}"
    save_plot(plot_sweep(swept), file)
    assert file.read_bytes().startswith(start)
    assert [x.name for x in file.parent.iterdir()] == [file.name]


def test_a_picture_needs_the_extra_and_the_table(swept, monkeypatch):
    with pytest.raises(InputError, match="temperature_sweep"):
        plot_sweep(solved(ring()))
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else found(name)
    )
    with pytest.raises(MissingExtraError, match=r"heatpump-surrogate\[report\]"):
        plot_sweep(swept)


# In files


@pytest.mark.parametrize("name", ["sweep.gpkg", "sweep"])
def test_the_tables_of_a_sweep_are_written_and_passed_over_when_read(town, tmp_path, name):
    costing.write(town, tmp_path / name)
    for table in ("temperature_sweep", "temperature_sweep_pipes"):
        if name.endswith("gpkg"):
            back = pyogrio.read_dataframe(tmp_path / name, layer=table, read_geometry=False)
        else:
            back = pd.read_csv(tmp_path / name / f"{table}.csv")
        assert list(back.columns) == list(town[table].columns)
        for column in back.columns.drop(["state", "reason", "best"], errors="ignore"):
            expected = town[table][column].astype(float).to_numpy()
            assert back[column].to_numpy(float) == pytest.approx(expected, nan_ok=True)
        if table == "temperature_sweep":
            assert back.best.tolist() == town[table].best.tolist()
            assert back.reason.fillna("").tolist() == town[table].reason.tolist()
            assert back.state.tolist() == town[table].state.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = costing.read(tmp_path / name)
    assert not set(again) & set(RESULTS)


def test_a_sweep_is_an_input_again(swept):
    result = solved(swept)
    assert not {"temperature_sweep", "temperature_sweep_pipes"} & set(result)
    assert summary(result).network_npv == pytest.approx(summary(swept).network_npv)
    again = sweep(quiet(swept, FLOWS[:1], RETURNS))
    assert again.network_npv.to_numpy() == pytest.approx(sweep(swept).network_npv[:2])


# On the command line


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run the command in this process, in a folder of its own with an input."""
    monkeypatch.chdir(tmp_path)
    costing.write(ring(), "town.gpkg")

    def ran(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["surrogate", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            surrogate.cli.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return int(end.value.code or 0), printed.out, printed.err

    return ran


def test_the_command_says_which_pair_is_best(run, swept):
    code, out, err = run(
        "cost", "town.gpkg", "-o", "out.gpkg", "--flow", "50,60,70", "--return", "30, 40",
        "--plot", "sweep.svg",
    )  # fmt: skip
    assert (code, err) == (0, "")
    table = sweep(swept)
    assert verdict(table) in " ".join(out.split())
    for _, row in table.iterrows():
        (line,) = re.findall(
            rf"^ *{row.flow_temperature:g}/{row.return_temperature:g} .*$", out, re.M
        )
        assert f"{row.network_npv:,.0f}".replace(",", " ") in line
        assert f"{row.heat_pump_cop:.2f}" in line
        assert (" * " in line) == row.best
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    assert out.splitlines()[-1] == "written to out.gpkg, drawn in sweep.svg"
    assert "<svg" in Path("sweep.svg").read_text()
    layers = pyogrio.list_layers("out.gpkg")[:, 0]
    assert {"temperature_sweep", "temperature_sweep_pipes", "paths"} <= set(layers)
    back = pyogrio.read_dataframe("out.gpkg", layer="temperature_sweep", read_geometry=False)
    assert back.network_npv.to_numpy() == pytest.approx(table.network_npv)


def test_the_command_prints_the_rows_as_json_and_writes_folders(run, swept):
    code, out, err = run("cost", "town.gpkg", "-o", "out", "--json", "--flow", "30,50,60")
    assert (code, err) == (0, "")
    found = json.loads(out)
    rows = found["temperature_sweep"]
    assert [(one["flow_temperature"], one["return_temperature"]) for one in rows] == [
        (30, 40), (50, 40), (60, 40)
    ]  # fmt: skip
    assert [one["state"] for one in rows] == ["impossible", "optimal", "optimal"]
    assert rows[0]["network_npv"] is None
    assert isinstance(rows[1]["network_building_count"], int)
    (best,) = [one for one in rows if one["best"] is True]
    assert best["network_npv"] == found["network_npv"]
    table = sweep(swept)
    same = table[(table.flow_temperature == 50) & (table.return_temperature == 40)]
    assert rows[1]["network_npv"] == pytest.approx(same.network_npv.item())
    written = pd.read_csv("out/temperature_sweep.csv")
    assert written.state.tolist() == [one["state"] for one in rows]
    costing.write(ring(), "out")
    assert not Path("out/temperature_sweep.csv").exists(), "it would be taken for these tables'"


def test_quiet_prints_nothing(run):
    assert run("cost", "town.gpkg", "-o", "out.gpkg", "-q", "--return", "30,40") == (0, "", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--flow", "50,x"], "--flow '50,x' is no list of numbers"),
        (["--flow", ""], "is no list of numbers"),
        (["--return", "500"], "return temperature 500 degC: input should be less than 200"),
        (["--plot", "a.png"], "give --flow or --return"),
        (["--flow", "60", "--plot", "a.gif"], "another kind"),
        (["--flow", "60", "--plot", "town.gpkg/a.png"], "cannot be written"),
        (["--flow", "60", "--plot", "."], "another kind"),
        (["--flow", "60", "--set", ":Optimiser/flow-temperature=60"], "exclude each other"),
        (["--flow", "60", "--set", "optimiser/mip-gap=-1"], "--set optimiser/mip-gap: "),
        (["--flow", "30"], "30 degC must be above optimiser/return-temperature, 40 degC"),
    ],
)
def test_what_cannot_be_swept_is_said_at_once(run, options, said, monkeypatch):
    monkeypatch.setattr(
        "surrogate.costing.sweep.optimised_at", lambda *a, **k: pytest.fail("it was solved")
    )
    code, out, err = run("cost", "town.gpkg", "-o", "out.gpkg", *options)
    assert (code, out) == (2, "")
    assert said in err
    assert [file.name for file in Path().iterdir()] == ["town.gpkg"]


def test_no_network_at_any_pair_is_exit_code_3(run):
    limits = ["--set", "constraint/min-buildings=4", "--set", "constraint/max-network-length=100"]
    code, out, err = run(
        "cost", "town.gpkg", "-o", "out.gpkg", "--flow", "30,60,70", "--plot", "a.png", *limits
    )
    assert code == 3
    assert "no pair of flow and return has a network" in err
    assert "60/40, 70/40: infeasible: constraint/" in " ".join(out.split())
    assert "30/40: impossible: the flow must be above the return" in out
    back = pyogrio.read_dataframe("out.gpkg", layer="temperature_sweep", read_geometry=False)
    assert back.state.tolist() == ["impossible", "infeasible", "infeasible"]
    assert not Path("a.png").exists()


def test_no_network_in_time_is_exit_code_1(run):
    limit = ["--set", "optimiser/runtime-limit=1e-9", "--set", "constraint/min-buildings=1"]
    code, _, err = run("cost", "town.gpkg", "-o", "out.gpkg", "--flow", "60", "-q", *limit)
    assert code == 1
    assert "optimiser/runtime-limit" in err


def test_ctrl_c_writes_the_pairs_so_far(run, monkeypatch):
    found = costing.sweep_temperatures

    def interrupted(*args: Any, progress: Any, **how: Any) -> Any:
        def told(where: SweepProgress) -> None:
            progress(where)
            if where.number == 2 and not pressed:
                pressed.append(True)
                os.kill(os.getpid(), signal.SIGINT)

        return found(*args, progress=told, **how)

    pressed: list[bool] = []
    monkeypatch.setattr(costing, "sweep_temperatures", interrupted)
    code, out, err = run("cost", "town.gpkg", "-o", "out.gpkg", "--flow", "50,60,70")
    assert code == 130
    assert "interrupted; the pairs so far are in" in err
    assert "not run" in out
    back = pyogrio.read_dataframe("out.gpkg", layer="temperature_sweep", read_geometry=False)
    assert back.state.tolist()[0] == "optimal"
    assert back.state.tolist()[2] == "not run (interrupted)"
    assert back.best.sum() == 1
