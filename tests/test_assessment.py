"""Questions, their answers and what they are worth, against calculations of their own."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from surrogate import HeatPump, limits
from surrogate.assessment import (
    ASSUMPTIONS,
    FIELDS,
    Assessment,
    Question,
    Worth,
    assess,
    judged,
    valued,
)
from surrogate.assessment.worth import QUANTITIES, payback, payback_words
from surrogate.conditions import CONDITIONS
from surrogate.errors import InputError

POWER, SOURCE = 251541.0, 761036.0  # README's design of ammonia
QUESTION = Question()


# The question.


def test_defaults_are_those_of_the_readme_and_nothing_is_left_out():
    assert QUESTION.refrigerant == "R717"
    assert tuple(Question.model_fields) == tuple(FIELDS)
    conditions = (30.0, 25.0, 50.0, 80.0, 1e6, 0.8)
    assert QUESTION.conditions() == dict(zip(CONDITIONS, conditions, strict=True))


@pytest.mark.parametrize("name", list(CONDITIONS))
def test_conditions_have_the_range_that_the_library_answers(name: str):
    quantity = CONDITIONS[name]
    assert FIELDS[name].high == quantity.high
    assert FIELDS[name].low == (1.0 if name == "heat_load" else quantity.low)
    assert FIELDS[name].unit == quantity.unit


def test_every_assumption_says_where_its_default_comes_from():
    assert set(ASSUMPTIONS) == set(FIELDS) - set(CONDITIONS) - {"refrigerant"}
    for name in ASSUMPTIONS:
        source = FIELDS[name].source
        assert (
            "assumed" in source
            or any(year in source for year in ("2006", "2023", "2025"))
            or ("Danish Energy Agency" in source)
        ), name


def test_the_default_of_gas_co2_is_the_ipcc_factor():
    # 56.1 kg/GJ are 56.1 * 3.6 / 1000 kg/kWh.
    assert pytest.approx(0.0561 * 3.6, rel=2e-3) == QUESTION.gas_co2


def test_the_schema_has_words_for_forms():
    found = Question.model_json_schema()["properties"]
    for name, field in FIELDS.items():
        assert found[name]["label"] == field.label
        assert found[name]["help"].endswith(".")
        assert found[name]["limits"] == field.limits
    assert found["lifetime"]["minimum"] == 1
    assert "Eurostat" in found["electricity_price"]["source"]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"t_supply": math.nan}, "t_supply"),
        ({"t_supply": math.inf}, "t_supply"),
        ({"t_supply": "warm"}, "t_supply"),
        ({"t_supply": True}, "t_supply"),
        ({"t_supply": None}, "t_supply"),
        ({"t_supply": 401.0}, "t_supply"),
        ({"t_supply": 10**400}, "t_supply"),
        ({"heat_load": 0.0}, "heat_load"),
        ({"full_load_hours": 8761.0}, "full_load_hours"),
        ({"lifetime": 20.5}, "lifetime"),
        ({"lifetime": 0}, "lifetime"),
        ({"gas_price": -0.01}, "gas_price"),
        ({"refrigerant": "R7171"}, "refrigerant"),
        ({"refrigerant": ""}, "refrigerant"),
        ({"refrigerant": "x" * 65}, "refrigerant"),
        ({"refrigerants": "R717"}, "refrigerants"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(values: dict[str, Any], where: str):
    with pytest.raises(ValidationError) as caught:
        Question(**values)
    assert caught.value.errors()[0]["loc"] == (where,)


@pytest.mark.parametrize(
    ("values", "field", "value", "limit"),
    [
        ({"t_source_out": 30.0}, "t_source_out", 30.0, 30.0),
        ({"t_source_in": 20.0}, "t_source_out", 25.0, 20.0),
        ({"t_return": 80.5}, "t_return", 80.5, 80.0),
    ],
)
def test_a_wrong_order_names_field_value_and_limit(
    values: dict[str, float], field: str, value: float, limit: float
):
    with pytest.raises(ValidationError) as caught:
        Question(**values)
    error = caught.value.errors()[0]
    assert error["type"] == "order"
    assert (error["ctx"]["field"], error["ctx"]["value"], error["ctx"]["limit"]) == (
        field, value, limit,
    )  # fmt: skip
    warm = {"t_source_out": "t_source_in", "t_return": "t_supply"}[field]
    assert error["ctx"]["other"] == warm
    assert error["msg"] == (
        f"{FIELDS[field].label} ({value} degC) must be below {FIELDS[warm].label} ({limit} degC)"
    )


def test_an_unknown_refrigerant_is_told_with_the_library_s_advice():
    with pytest.raises(ValidationError, match="did you mean R717") as caught:
        Question(refrigerant="amonia")
    context = caught.value.errors()[0]["ctx"]
    assert (context["field"], context["value"]) == ("refrigerant", "amonia")
    assert context["limit"] == "a fluid that CoolProp knows"


def test_one_refrigerant_has_one_name_and_questions_do_not_change():
    assert Question(refrigerant="nh3") == QUESTION
    with pytest.raises(ValidationError):
        QUESTION.t_supply = 70.0
    assert QUESTION.changed(t_supply=70).t_supply == 70.0
    with pytest.raises(ValidationError):
        QUESTION.changed(t_supply=40)


# What it is worth.

money = st.builds(
    Question,
    heat_load=st.floats(1e3, 1e8),
    electricity_price=st.floats(0.0, 1.0),
    electricity_co2=st.floats(0.0, 1.0),
    gas_price=st.floats(0.0, 0.5),
    boiler_efficiency=st.floats(0.5, 1.1),
    heat_price=st.floats(0.0, 0.5),
    full_load_hours=st.floats(1.0, 8760.0),
    investment=st.floats(0.0, 5e3),
    maintenance=st.floats(0.0, 0.2),
    lifetime=st.integers(1, 40),
    discount_rate=st.floats(0.0, 0.3),
)


def yearly(question: Question, surplus: float) -> list[float]:
    """Flows by year, discounted: the investment, then the same surplus in every year."""
    flows = [-question.investment * question.heat_load / 1000.0]
    for year in range(1, question.lifetime + 1):
        flows.append(surplus / (1.0 + question.discount_rate) ** year)
    return flows


def test_the_default_by_hand():
    w = valued(QUESTION, POWER, SOURCE)
    assert w.heat == 1000.0 * 6000.0
    assert w.electricity == pytest.approx(251.541 * 6000.0)
    assert w.electricity_cost == pytest.approx(286756.74)
    assert w.boiler_cost == pytest.approx(6e6 / 0.9 * 0.067)
    assert w.co2_saved == pytest.approx(6e6 / 0.9 * 0.202 - 251.541 * 6000.0 * 0.21)
    # Capital recovery of 5 % over 25 years, as tables print it: 0.07095.
    assert w.annuity == pytest.approx(0.0709525 * 1e6, rel=1e-6)
    assert w.heat_cost == pytest.approx((286756.74 + 20000.0 + 70952.5) / 6e6)
    assert w.payback_sales == pytest.approx(1e6 / (420000.0 - 286756.74 - 20000.0))
    assert w.payback_boiler == pytest.approx(1e6 / (446666.667 - 286756.74 - 20000.0))


@given(money, st.floats(0.1, 0.9))
def test_present_values_are_the_sums_of_the_years(question: Question, share: float):
    power = share * question.heat_load
    w = valued(question, power, question.heat_load - 0.95 * power)
    scale = max(w.investment, abs(w.surplus_sales), abs(w.surplus_boiler), 1.0)
    for npv, surplus in ((w.npv_sales, w.surplus_sales), (w.npv_boiler, w.surplus_boiler)):
        assert npv == pytest.approx(math.fsum(yearly(question, surplus)), abs=1e-9 * scale)
    upkeep = w.electricity_cost + w.maintenance_cost
    assert w.surplus_sales == pytest.approx(question.heat_price * w.heat - upkeep, abs=1e-9 * scale)
    assert w.surplus_boiler == pytest.approx(w.boiler_cost - upkeep, abs=1e-9 * scale)


@given(money, st.floats(0.1, 0.9))
def test_heat_sold_at_its_cost_and_source_heat_bought_at_its_worth_gain_nothing(
    question: Question, share: float
):
    power = share * question.heat_load
    source = question.heat_load - 0.95 * power
    w = valued(question, power, source)
    # Discounted costs over discounted heat: the definition of a levelised cost.
    factors = [(1.0 + question.discount_rate) ** -year for year in range(1, question.lifetime + 1)]
    costs = w.investment + math.fsum(f * (w.electricity_cost + w.maintenance_cost) for f in factors)
    assert w.heat_cost == pytest.approx(costs / math.fsum(f * w.heat for f in factors), rel=1e-9)
    parts = w.heat_cost_electricity + w.heat_cost_maintenance + w.heat_cost_capital
    assert w.heat_cost == pytest.approx(parts, rel=1e-12)
    for surplus, value in (
        (w.surplus_sales, w.source_value_sales),
        (w.surplus_boiler, w.source_value_boiler),
    ):
        flows = yearly(question, surplus - value * w.source_heat)
        scale = max(w.investment, abs(surplus), 1.0) * question.lifetime
        assert math.fsum(flows) == pytest.approx(0.0, abs=1e-8 * scale)


@given(money, st.floats(0.1, 0.9))
def test_paybacks_are_where_the_years_have_paid(question: Question, share: float):
    power = share * question.heat_load
    w = valued(question, power, question.heat_load - 0.95 * power)
    for years, surplus, npv in (
        (w.discounted_payback_sales, w.surplus_sales, w.npv_sales),
        (w.discounted_payback_boiler, w.surplus_boiler, w.npv_boiler),
    ):
        scale = max(w.investment, abs(surplus), 1.0)
        if years is None:
            assert npv < 1e-9 * scale
            continue
        assert 0.0 <= years <= question.lifetime
        assert npv > -1e-9 * scale
        # A stream of that many years, whole ones as a sum, is worth the investment.
        flows = yearly(question, surplus)
        before = math.fsum(flows[: math.floor(years) + 1])
        after = math.fsum(flows[: math.ceil(years) + 1])
        assert before <= 1e-9 * scale
        assert after >= -1e-9 * scale


def test_paybacks_in_plain_cases():
    assert payback(100.0, 500.0, 0.0, 5) == 5.0
    assert payback(100.0, 500.1, 0.0, 5) is None
    assert payback(0.0, 500.0, 0.0, 60) is None
    assert payback(-5.0, 500.0, 0.1, 60) is None
    # At 10 % interest, 50 a year is the interest on 500 and never pays it back.
    assert payback(50.0, 500.0, 0.1, 60) is None
    assert payback(0.0, 0.0, 0.1, 60) == 0.0
    assert payback(-1.0, 0.0, 0.1, 60) is None
    # Two payments of 100 at 10 % are worth 173.55 today.
    assert payback(100.0, 100.0 / 1.1 + 100.0 / 1.21, 0.1, 5) == pytest.approx(2.0)


def test_the_two_comparisons_are_not_mixed_up():
    dear_gas = valued(QUESTION.changed(gas_price=0.2), POWER, SOURCE)
    dear_heat = valued(QUESTION.changed(heat_price=0.2), POWER, SOURCE)
    plain = valued(QUESTION, POWER, SOURCE)
    assert dear_gas.payback_sales == plain.payback_sales
    assert dear_gas.payback_boiler < plain.payback_boiler
    assert dear_heat.payback_boiler == plain.payback_boiler
    assert dear_heat.payback_sales < plain.payback_sales


def test_never_is_said_in_words():
    dear = QUESTION.changed(electricity_price=0.5)
    found = assess(dear)
    assert found.worth is not None
    assert found.worth.payback_sales is None
    assert "never paid back" in found.verdict
    assert payback_words(None, 1.0, 25) == "not within 25 years"
    # Nothing a year pays nothing back, however long the lifetime.
    assert payback_words(None, 0.0, 25) == payback_words(None, -1.0, 25) == "never"
    assert payback_words(0.0, 0.0, 25) == "0.0 years"
    free = QUESTION.changed(electricity_price=0.0, heat_price=0.0, maintenance=0.0)
    nothing = assess(free)
    assert nothing.worth is not None
    assert nothing.worth.surplus_sales == 0.0
    assert "the investment is never paid back;" in nothing.verdict
    late = assess(QUESTION.changed(lifetime=5))
    assert "not paid back within 5 years" in late.verdict


@pytest.mark.parametrize("power", [0.0, -1.0, math.nan, math.inf])
def test_no_power_has_no_worth(power: float):
    with pytest.raises(InputError, match="power = "):
        valued(QUESTION, power, SOURCE)


def test_every_quantity_of_worth_has_its_unit():
    assert set(QUANTITIES) == set(Worth.__dataclass_fields__)


# The answer.


def test_the_answer_is_the_library_s_and_its_sentence_says_it():
    found = assess(QUESTION)
    design = HeatPump("R717").design(
        t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6
    )
    assert found.estimate.cop == design.cop
    assert found.sentence == (
        "A 1.00 MW ammonia heat pump lifts 30 degC waste heat to 80 degC with 252 kW of "
        "electricity: COP 3.98."
    )
    assert found.worth == valued(QUESTION, design.power, design.heat_source)
    assert found.facts is not None
    assert found.facts.safety_class == "B2L"


def test_what_is_not_possible_says_why_and_what_would_be():
    found = assess(QUESTION.changed(t_supply=95))
    assert found.worth is None
    assert found.verdict == ""
    assert found.estimate.limit == "discharge_temperature"
    assert "hotter than 180 degC" in found.sentence
    # The advice is true: what it names works, and half a kelvin beyond does not.
    assert "Lower the supply to 88 degC or find waste heat of 35 degC" in found.sentence
    assert assess(QUESTION.changed(t_supply=88)).estimate.status == "ok"
    assert assess(QUESTION.changed(t_supply=88.5)).estimate.status == "infeasible"
    warmer = QUESTION.changed(t_supply=95, t_source_in=35, t_source_out=30)
    assert assess(warmer).estimate.status == "ok"
    warmer = QUESTION.changed(t_supply=95, t_source_in=34.5, t_source_out=29.5)
    assert assess(warmer).estimate.status == "infeasible"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"refrigerant": "R744"}, "no table of R744"),
        ({"refrigerant": "R410A"}, "covers supply from 35 to 71 degC"),
        ({"eta_s": 0.5}, "efficiencies from 0.65 to 0.9"),
        ({"t_source_in": 3.0, "t_source_out": 0.2}, "might freeze. Cool the waste heat less."),
        ({"t_source_out": 29.5}, "less than 1 K. Cool the waste heat further."),
        ({"t_source_in": 90.0}, "needs no heat pump for 80 degC: a heat exchanger does it."),
        ({"t_supply": 180.0}, "would boil above 175 degC. Lower the supply."),
        ({"heat_load": 8e6}, "An 8.00 MW ammonia heat pump lifts"),
        ({"refrigerant": "R32", "t_supply": 60}, "R32 heat pump lifts"),
    ],
)
def test_sentences(values: dict[str, Any], said: str):
    assert said in assess(QUESTION.changed(**values)).sentence


def test_every_limit_has_words_of_its_own_without_the_names_of_parameters():
    from surrogate.assessment.answer import reason

    for name in limits.NAMES[1:]:
        words = reason(name)
        assert words != limits.reason(name)
        assert "_" not in words


def test_a_full_solve_made_elsewhere_is_judged():
    question = Question(refrigerant="R290", eta_s=0.62)
    assert assess(question).estimate.status == "outside"
    solved = HeatPump("R290").design(**question.conditions())
    found = judged(question, solved)
    assert found.estimate.origin == "solve"
    assert found.worth == valued(question, solved.power, solved.heat_source)
    # A worse compressor needs more: 0.80 / 0.62 as much, but for what the heat of its loss saves.
    better = assess(Question(refrigerant="R290")).estimate.cop
    assert 0.62 / 0.80 < solved.cop / better < 0.9
    assert (
        Assessment.from_dict(json.loads(json.dumps(found.to_dict()))).to_dict() == found.to_dict()
    )


def test_an_estimate_of_something_else_is_refused():
    with pytest.raises(InputError, match="t_supply = 80"):
        judged(QUESTION.changed(t_supply=75), assess(QUESTION).estimate)
    pair = HeatPump("R717").design(**{**QUESTION.conditions(), "t_supply": [70.0, 80.0]})
    with pytest.raises(InputError, match="one point"):
        judged(QUESTION, pair)


# Saved and restored.

asked = st.builds(
    Question,
    refrigerant=st.sampled_from(["R717", "R290", "R410A", "R744"]),
    t_source_in=st.floats(5.0, 60.0),
    t_source_out=st.floats(-5.0, 4.9),
    t_return=st.floats(20.0, 49.0),
    t_supply=st.floats(50.0, 120.0),
    heat_load=st.floats(1e3, 1e9),
    eta_s=st.floats(0.6, 0.95),
)


@given(asked)
def test_what_was_saved_comes_back_to_the_last_bit(question: Question):
    found = assess(question)
    saved = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    again = Assessment.from_dict(saved)
    assert again.to_dict() == found.to_dict()
    assert again.question == found.question
    assert repr(again.estimate) == repr(found.estimate)
    assert (again.estimate.power == found.estimate.power) or math.isnan(found.estimate.power)


def test_saved_numbers_stay_whatever_would_be_answered_today():
    saved = assess(QUESTION).to_dict()
    saved["estimate"]["cop"] = 4.5
    saved["worth"]["heat_cost"] = 0.01
    saved["sentence"] = "as it was"
    again = Assessment.from_dict(saved)
    assert again.estimate.cop == 4.5
    assert again.worth is not None
    assert again.worth.heat_cost == 0.01
    assert again.sentence == "as it was"


def test_limits_come_back_too():
    wide = HeatPump("R717").design(
        **QUESTION.conditions(), limits={"pressure_ratio_max": math.inf}, outside="nan"
    )
    found = judged(QUESTION, wide)
    again = Assessment.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert again.estimate.limits == wide.limits


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("estimate"),
        lambda d: d["estimate"].pop("cop"),
        lambda d: d["estimate"].update(status="fine"),
        lambda d: d["estimate"].update(cop="much"),
        lambda d: d["worth"].pop("npv_sales"),
        lambda d: d["worth"].update(more=1.0),
        lambda d: d["worth"].update(heat=None),
        lambda d: d["question"].update(t_supply=1e9),
        lambda d: d["limits"].update(speed=1.0),
        lambda d: d["facts"].update(colour="green"),
    ],
)
def test_what_is_no_saved_assessment_is_refused(spoil: Any):
    saved = assess(QUESTION).to_dict()
    spoil(saved)
    with pytest.raises(InputError):
        Assessment.from_dict(saved)


def test_no_mapping_is_no_saved_assessment():
    with pytest.raises(InputError, match="no saved assessment"):
        Assessment.from_dict("text")


def test_nothing_heavy_is_imported_and_nothing_is_solved():
    code = """
import sys
from surrogate.assessment import *
for name in ("tespy", "CoolProp", "matplotlib", "typst", "pandas", "scipy"):
    assert name not in sys.modules, name
q = Question(t_supply=110)
assess(q), supply_curve(q), source_curve(q), compare_refrigerants(q), offdesign_map(Question())
for name in ("tespy", "CoolProp", "matplotlib", "typst", "pandas", "scipy"):
    assert name not in sys.modules, name
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/")
