"""Curves, comparison and off-design map, against points asked one at a time."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surrogate import HeatPump, fluids, query
from surrogate.assessment import (
    Curve,
    OffDesignMap,
    Question,
    assess,
    compare_refrigerants,
    offdesign_map,
    source_curve,
    supply_curve,
)
from surrogate.assessment.compare import _sentence, tabulated
from surrogate.assessment.points import why
from surrogate.errors import InputError
from surrogate.identity import Identity
from surrogate.parameters import Parameters
from surrogate.pumps import _pump, shared_pump
from surrogate.solved import SolvedMap
from surrogate.store import shipped_folder

QUESTION = Question()
SHIPPED = shipped_folder()
CASES = [
    {},
    {"t_supply": 95.0},
    {"refrigerant": "R410A"},
    {"refrigerant": "R744"},
    {"t_source_in": 90.0},
    {"t_source_in": -20.0, "t_source_out": -30.0},
    {"t_return": 20.0},
    {"t_return": 390.0, "t_supply": 400.0},
    {"refrigerant": "R1336mzz(E)", "t_source_in": 60.0, "t_source_out": 40.0, "t_supply": 110.0},
]


@pytest.fixture(autouse=True, scope="module")
def no_full_solve() -> Iterator[None]:
    """Nothing here may ever solve in full."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a full solve was made")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query, "_solve", refuse)
        patch.setattr(SolvedMap, "at_load", refuse)
        patch.setattr(SolvedMap, "at_volume_flow", refuse)
        yield


def alone(question: Question, name: str, value: float) -> Any:
    """One point of a curve, asked by itself."""
    given = {**question.conditions(), name: value}
    if name == "t_source_in":
        given["t_source_out"] = value - (question.t_source_in - question.t_source_out)
    return HeatPump(question.refrigerant).design(**given, outside="nan")


@pytest.mark.parametrize("make", [supply_curve, source_curve])
@pytest.mark.parametrize("values", CASES)
def test_a_curve_is_its_points_and_every_gap_has_its_reason(make: Any, values: dict[str, Any]):
    question = QUESTION.changed(**values)
    curve: Curve = make(question, points=31)
    assert len(curve.x) == len(curve.cop) == len(curve.status) == len(curve.reason) == 31
    assert np.all(np.diff(curve.x) > 0.0)
    assert curve.at in curve.x
    for i in range(0, 31, 5):
        point = alone(question, curve.name, curve.x[i])
        assert (curve.status[i], curve.limit[i]) == (point.status, point.limit)
        assert curve.cop[i] == pytest.approx(point.cop, rel=1e-12, nan_ok=True)
        assert curve.power[i] == pytest.approx(point.power, rel=1e-12, nan_ok=True)
    for x, cop, status, reason in zip(curve.x, curve.cop, curve.status, curve.reason, strict=True):
        assert math.isnan(cop) == (status != "ok") == bool(reason)
        inside = [gap for gap in curve.gaps if gap.low <= x <= gap.high]
        assert [gap.reason for gap in inside] == ([reason] if reason else [])
    own = alone(question, curve.name, curve.at)
    assert curve.at_cop == pytest.approx(own.cop, nan_ok=True)
    assert json.loads(json.dumps(curve.to_dict(), allow_nan=False))["x"] == list(curve.x)


@pytest.mark.parametrize("make", [supply_curve, source_curve])
def test_the_ends_of_a_curve_are_the_ends_of_what_is_possible(make: Any):
    curve: Curve = make(QUESTION)
    edges = [curve.high + 0.11] if curve.name == "t_supply" else [curve.low - 0.11]
    assert alone(QUESTION, curve.name, curve.high).status == "ok"
    assert alone(QUESTION, curve.name, curve.low).status == "ok"
    for edge in edges:
        assert alone(QUESTION, curve.name, edge).status == "infeasible"
    assert f"{curve.low:g} to {curve.high:g} degC" in curve.sentence


def test_the_cop_falls_with_supply_and_rises_with_the_source_below_carnot():
    supply, source = supply_curve(QUESTION), source_curve(QUESTION)
    down, up = np.array(supply.cop), np.array(source.cop)
    down, up = down[np.isfinite(down)], up[np.isfinite(up)]
    assert np.all(np.diff(down) < 1e-9)
    assert np.all(np.diff(up) > 0.0)
    # The second law between the streams' mean temperatures (Lorenz).
    hot = np.array(supply.x)[np.isfinite(supply.cop)] + 273.15
    t_hot = (hot - 323.15) / np.log(hot / 323.15)
    t_cold = 5.0 / math.log(303.15 / 298.15)
    assert np.all(down < t_hot / (t_hot - t_cold))


def test_the_supply_curve_begins_above_the_return_and_tells_what_ends_it():
    curve = supply_curve(QUESTION)
    assert curve.x[0] == 51.0
    assert curve.gaps[-1].status == "infeasible"
    assert "hotter than 180 degC" in curve.gaps[-1].reason
    assert curve.x[-1] > curve.high


def test_a_curve_of_few_points_is_refused():
    with pytest.raises(InputError, match="points = 2"):
        supply_curve(QUESTION, points=2)


def test_where_a_table_ends_is_said():
    table = shared_pump("R717").table
    c = QUESTION.conditions()
    ends = "the table of R717 ends at "
    begins = "the table of R717 begins at "
    assert why("outside", "", table, {**c, "t_supply": 130}) == ends + "a supply of 120 degC"
    assert why("outside", "", table, {**c, "t_source_out": -5}) == ends + "a source glide of 30 K"
    assert why("outside", "", table, {**c, "t_return": 20}) == ends + "a network glide of 50 K"
    assert why("outside", "", table, {**c, "eta_s": 0.5}) == (
        begins + "an isentropic efficiency of 0.65"
    )
    assert why("outside", "", table, c) == "the table does not reach here"


def ordered(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    """Two temperatures, the colder first."""
    pair = st.tuples(st.floats(low, high), st.floats(low, high))
    return pair.filter(lambda p: p[0] != p[1]).map(lambda p: (min(p), max(p)))


anything = st.builds(
    lambda refrigerant, source, sink, heat_load, eta_s: Question(
        refrigerant=refrigerant,
        t_source_out=source[0],
        t_source_in=source[1],
        t_return=sink[0],
        t_supply=sink[1],
        heat_load=heat_load,
        eta_s=eta_s,
    ),
    st.sampled_from(["R717", "R290", "R410A", "R744"]),
    ordered(-100.0, 400.0) | ordered(0.0, 50.0),
    ordered(-100.0, 400.0) | ordered(30.0, 100.0),
    st.floats(1.0, 1e12),
    st.floats(0.05, 1.0) | st.floats(0.65, 0.9),
)


@given(anything)
@example(QUESTION.changed(t_return=math.nextafter(80.0, 0.0)))
@example(QUESTION.changed(t_source_out=math.nextafter(30.0, 0.0)))
@example(QUESTION.changed(t_source_in=-99.9, t_source_out=-100.0))
@example(QUESTION.changed(t_return=399.5, t_supply=400.0))
@example(QUESTION.changed(t_source_in=400.0, t_source_out=-100.0))
@example(QUESTION.changed(t_source_in=400.0, t_source_out=399.9, t_return=399.95, t_supply=400.0))
def test_every_question_that_can_be_asked_has_its_curves_and_its_map(question: Question):
    found = assess(question)
    for whole in (
        found,
        supply_curve(question, points=5),
        source_curve(question, points=5),
        compare_refrigerants(question),
        offdesign_map(question, sources=2, shares=2),
    ):
        json.dumps(whole.to_dict(), allow_nan=False)
    curve = supply_curve(question, points=5)
    assert curve.at == question.t_supply
    assert curve.at_cop == pytest.approx(found.estimate.cop, nan_ok=True)
    if found.estimate.status == "ok":
        assert curve.low <= curve.at <= curve.high
    assert found.sentence.endswith(".")


# Refrigerants.


def test_every_shipped_refrigerant_is_compared_best_first():
    found = compare_refrigerants(QUESTION)
    shipped = {path.name.split("-")[2] for path in SHIPPED.glob("design-*.nc")}
    assert {row.refrigerant for row in found.rows} == shipped
    cop = [row.cop for row in found.rows if row.status == "ok"]
    assert cop == sorted(cop, reverse=True)
    assert all(row.status != "ok" for row in found.rows[len(cop) :])
    assert [row.refrigerant for row in found.rows if row.own] == ["R717"]
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_row_is_the_refrigerant_asked_alone():
    for row in compare_refrigerants(QUESTION).rows[:3]:
        point = HeatPump(row.refrigerant).design(**QUESTION.conditions())
        assert (row.cop, row.power, row.t_discharge) == (point.cop, point.power, point.t_discharge)
        assert row.pressure_ratio == point.p_cond / point.p_evap
        facts = fluids.facts(row.refrigerant)
        assert facts is not None
        assert (row.gwp100, row.safety_class, row.pfas) == (
            facts.gwp100, facts.safety_class, facts.pfas,
        )  # fmt: skip


def test_a_refrigerant_without_an_answer_says_why():
    rows = {
        row.refrigerant: row for row in compare_refrigerants(QUESTION.changed(t_supply=95)).rows
    }
    assert "hotter than 180 degC" in rows["R717"].reason
    assert rows["R410A"].reason == "the table of R410A ends at a supply of 71 degC"
    assert math.isnan(rows["R410A"].pressure_ratio)


def test_the_best_is_counted_among_those_that_have_an_answer():
    question = QUESTION.changed(t_supply=78)
    found = compare_refrigerants(question)
    pumps = {row.refrigerant: HeatPump(row.refrigerant) for row in found.rows}
    asked = {
        name: pump.design(**question.conditions(), outside="nan") for name, pump in pumps.items()
    }
    answered = sum(one.status == "ok" for one in asked.values())
    assert 1 < answered < len(found.rows)
    assert f"the highest COP of the {answered} refrigerants with an answer here" in found.sentence
    # Where one is left there is nothing to be the highest of.
    alone = [row for row in found.rows if row.status == "ok"][:1]
    others = [row for row in found.rows if row.status != "ok"]
    assert _sentence(alone + others) == (
        f"Ammonia alone of {1 + len(others)} refrigerants has an answer here, a COP of "
        f"{asked['R717'].cop:.2f}."
    )
    assert _sentence(others) == (
        f"None of {len(others)} refrigerants with a table has an answer here."
    )


def test_a_user_s_table_is_asked_too_and_one_that_must_not_be_believed_is_told(user_tables: Path):
    propene = Identity("design", "single_stage", "R1270", Parameters())
    wrong = user_tables / propene.file_name
    other = user_tables / "design-single_stage-R601a-12345678.nc"
    # Somebody may have asked for propene before it had a table.
    _pump.cache_clear()
    try:
        # A file of propene's name with the table of ammonia, and one of other parameters.
        shutil.copy(next(SHIPPED.glob("design-single_stage-R717-*.nc")), wrong)
        other.write_bytes(b"of no interest")
        assert "R1270" in tabulated()
        assert "R601a" not in tabulated()
        rows = {row.refrigerant: row for row in compare_refrigerants(QUESTION).rows}
        assert rows["R1270"].status == "unreadable"
        assert "R1270" in rows["R1270"].reason
        assert rows["R717"].status == "ok"
    finally:
        wrong.unlink()
        other.unlink()
        _pump.cache_clear()
    assert "R1270" not in tabulated()


# Off design.


@pytest.mark.parametrize("refrigerant", ["R717", "R290"])
def test_a_map_is_the_plant_run_at_its_points(refrigerant: str):
    question = Question(refrigerant=refrigerant, t_source_in=28.0, t_source_out=23.0, t_supply=75.0)
    found = offdesign_map(question, sources=5, shares=6)
    assert found.available
    assert found.origin == "regressor"
    assert found.t_source_in == (18.0, 23.0, 28.0, 33.0, 38.0)
    assert found.share == pytest.approx((0.1, 0.3, 0.5, 0.7, 0.9, 1.1))
    plant = HeatPump(refrigerant).plant(**question.conditions())
    for i, load in enumerate(found.heat_load):
        for j, source in enumerate(found.t_source_in):
            alone = plant.operate(
                t_source_in=source, t_return=50.0, t_supply=75.0, heat_load=load, method="regressor"
            )
            assert found.cop[i][j] == pytest.approx(alone.cop, rel=1e-9, nan_ok=True)
            assert found.power[i][j] == pytest.approx(alone.power, rel=1e-9, nan_ok=True)
            assert found.status[i][j] == alone.status
            assert found.cycling[i][j] == alone.cycling
            assert found.capacity[j] == pytest.approx(alone.capacity, rel=1e-9)
            if alone.status == "infeasible":
                assert found.limit[i][j] == alone.limit
                assert found.reasons is not None
                assert found.reasons[alone.limit]
            else:
                assert found.limit[i][j] == ""


def test_a_plant_delivers_up_to_its_capacity_and_its_design_at_its_design():
    found = offdesign_map(QUESTION, sources=3, shares=11)
    capacity = np.array(found.capacity)
    ok = np.array(found.status) == "ok"
    load = np.array(found.heat_load)[:, None]
    assert not np.any(ok & (load > capacity * (1 + 1e-9)))
    assert capacity[1] == pytest.approx(1e6, rel=1e-4)
    assert capacity[2] > capacity[1]
    # The row of the full load has the design's COP in the middle.
    full = int(np.argmin(np.abs(np.array(found.share) - 1.0)))
    assert found.at == 30.0
    assert found.cop[full][1] == pytest.approx(3.9755, rel=1e-3)
    json.dumps(found.to_dict(), allow_nan=False)


def test_sources_stay_where_water_flows_and_a_heat_pump_is_needed():
    cold = offdesign_map(
        Question(refrigerant="R290", t_source_in=6.0, t_source_out=2.0, t_supply=60.0)
    )
    assert cold.t_source_in[0] == 0.5
    warm = offdesign_map(
        Question(refrigerant="R290", t_source_in=45.0, t_source_out=40.0, t_supply=52.0)
    )
    assert warm.t_source_in == () or warm.t_source_in[-1] == 52.0


def test_the_largest_plant_is_not_asked_for_more_than_there_can_be():
    found = offdesign_map(QUESTION.changed(heat_load=1e12), sources=3, shares=4)
    assert found.heat_load[-1] == 1e12
    assert found.available


def test_without_a_regressor_or_a_design_the_map_says_so():
    nothing = offdesign_map(QUESTION.changed(t_supply=95))
    assert not nothing.available
    assert "no design point" in nothing.sentence
    assert nothing.to_dict()["cop"] == []


def test_a_refrigerant_without_a_regressor_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
):
    from surrogate.plant import Plant

    monkeypatch.setattr(Plant, "table", property(lambda _: None))
    monkeypatch.setattr(Plant, "regressor", property(lambda _: None))
    found: OffDesignMap = offdesign_map(QUESTION)
    assert not found.available
    assert "`surrogate generate regressor R717`" in found.sentence


def test_maps_of_one_row_are_refused():
    with pytest.raises(InputError, match="shares = 1"):
        offdesign_map(QUESTION, shares=1)


def test_answers_come_while_one_moves_a_slider():
    # Ten times what a quiet core takes: this finds a slip into full solves, not a busy core.
    for make, seconds in ((supply_curve, 0.1), (source_curve, 0.15), (compare_refrigerants, 0.05)):
        make(QUESTION)
        start = time.perf_counter()
        make(QUESTION)
        assert time.perf_counter() - start < seconds
