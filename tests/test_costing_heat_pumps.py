"""Heat pumps as supplies: what their COP makes of price, emissions and capacity."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from surrogate import HeatPump

from .costing_cases import (
    EXACT,
    Tables,
    discounted,
    inside,
    messages,
    put,
    row_of,
    settings_table,
    solved,
    street,
    summary,
    tables,
)

MOTOR = 0.95
"""Efficiency of the motor that the tables are for."""

RIVER = {
    "heat_pump_refrigerant": "R290",
    "t_source_in": 12.0,
    "t_source_out": 7.0,
    "electricity_price_per_kwh": 0.18,
    "electricity_emissions_per_kwh": 0.3,
}


def with_pump(parameters: dict[str, Any] | None = None, **columns: Any) -> Tables:
    """The street, fed by a heat pump."""
    given = street()
    given["supplies"] = given["supplies"].assign(**{**RIVER, **columns})
    given["parameters"] = settings_table({**EXACT, **(parameters or {})})
    return given


def design(
    refrigerant: str = "R290", flow: float = 70.0, back: float = 40.0, **source: float
) -> Any:
    """The heat pump asked for itself, at another size."""
    levels = {"t_source_in": 12.0, "t_source_out": 7.0, **source}
    return HeatPump(refrigerant).design(**levels, t_return=back, t_supply=flow, heat_load=250e3)


def supply(result: Tables) -> pd.Series:
    return row_of(result["supplies"], "S")


@pytest.mark.parametrize(
    ("refrigerant", "flow", "back", "source"),
    [("R290", 70, 40, (12, 7)), ("R600a", 65, 35, (12, 7)), ("R717", 60, 40, (30, 20))],
)
def test_the_cop_is_that_of_the_heat_pump_at_flow_and_return(refrigerant, flow, back, source):
    asked = {"t_source_in": source[0], "t_source_out": source[1]}
    levels = {"optimiser/flow-temperature": flow, "optimiser/return-temperature": back}
    found = supply(solved(with_pump(levels, heat_pump_refrigerant=refrigerant, **asked)))
    alone = design(refrigerant, flow, back, **asked)
    assert found.heat_pump_cop == pytest.approx(float(alone.cop), rel=1e-12)
    assert found.heat_pump_cop_error == pytest.approx(float(alone.error))
    assert found.heat_pump_origin == alone.origin == "table"


def test_power_and_electricity_are_the_heat_over_the_cop():
    found = supply(solved(with_pump()))
    cop = float(design().cop)
    assert found.heat_pump_power_kw == pytest.approx(found.load_kw / cop)
    assert found.electricity_kwh == pytest.approx(found.load_kwh / cop)
    assert found.load_kw == pytest.approx(32.4)


def test_heat_costs_its_electricity_and_what_is_paid_beside():
    result = solved(with_pump())
    flow = result["cashflow"]
    heat = flow[(flow.type == "supply") & (flow.cost == "heat")]
    price = 0.03 + 0.18 / float(design().cop)
    assert heat.year.tolist() == [*range(1, 40)]
    assert heat.value.to_numpy() == pytest.approx(-price * supply(result).load_kwh)
    assert discounted(result, 0.03) == pytest.approx(summary(result).network_npv)


def test_other_supplies_have_no_heat_pump_and_pay_their_own_price():
    given = with_pump()
    second = street()["supplies"].assign(supply_id="boiler", cost_per_kwh=0.01)
    given["supplies"] = pd.concat([given["supplies"], second], ignore_index=True)
    result = solved(given)
    assert inside(result, "supplies") == {"boiler"}
    boiler = row_of(result["supplies"], "boiler")
    assert boiler[["heat_pump_cop", "heat_pump_origin", "heat_pump_power_kw"]].isna().all()
    # The COP is told of what was not chosen, too; its power is not.
    assert supply(result).heat_pump_cop == pytest.approx(float(design().cop))
    assert pd.isna(supply(result).heat_pump_power_kw)


@pytest.mark.parametrize("own", [None, 0.05])
def test_emissions_are_those_of_the_electricity_and_the_supplys_own(own):
    result = solved(with_pump(emissions_per_kwh=own))
    factor = (own or 0.0) + 0.3 / float(design().cop)
    emitted = factor * supply(result).load_kwh / summary(result).network_kwh
    for share, count in ((1.001, 2), (0.999, 0)):
        limit = {"constraint/max-emissions-factor": emitted * share}
        held = summary(solved(with_pump(limit, emissions_per_kwh=own)))
        assert held.network_building_count == count


def test_a_factor_of_the_electricity_is_enough_where_emissions_are_limited():
    limit = {"constraint/max-emissions-factor": 1}
    assert summary(solved(with_pump(limit, emissions_per_kwh=None))).state == "optimal"
    given = with_pump(limit, emissions_per_kwh=None, electricity_emissions_per_kwh=None)
    (found,) = messages(given)
    assert (found.table, found.row, found.column) == ("supplies", 1, "emissions_per_kwh")


def test_the_source_limits_the_heat():
    cop = float(design().cop)
    enough = 32.4 * (cop - MOTOR) / cop
    assert inside(solved(with_pump(source_capacity_kw=enough * 1.0001)), "buildings") == {
        "left",
        "right",
    }
    result = solved(with_pump(source_capacity_kw=enough * 0.9999))
    assert len(inside(result, "buildings")) == 1
    given = with_pump(source_capacity_kw=enough * 0.9)
    given["buildings"]["constraint"] = "required"
    reason = solved(given)["infeasible_reasons"]
    assert reason.reason_type.tolist() == ["supply-kw"]
    limit = enough * 0.9 * cop / (cop - MOTOR)
    assert f"can give {limit:,.1f} kW" in reason.message[0]


def test_the_smaller_of_source_and_plant_counts():
    for plant, buildings in ((30.0, 1), (40.0, 2)):
        result = solved(with_pump(source_capacity_kw=1000.0, peak_capacity_kw=plant))
        assert len(inside(result, "buildings")) == buildings


def test_a_cooler_flow_has_a_higher_cop_and_a_cheaper_heat():
    hot, cool = (solved(with_pump({"optimiser/flow-temperature": flow})) for flow in (75, 60))
    assert supply(cool).heat_pump_cop > supply(hot).heat_pump_cop * 1.1
    assert supply(cool).electricity_kwh < supply(hot).electricity_kwh
    assert summary(cool).network_npv > summary(hot).network_npv


def test_the_better_source_is_chosen():
    given = tables(
        {"A": [(0, 0), (30, 0)], "B": [(30, 0), (60, 0)]},
        {"a": (30, 0)},
        {"river": (0, 0), "sewer": (60, 0)},
        EXACT,
    )
    given["supplies"] = given["supplies"].assign(**RIVER, heat_pump_topology="single_stage")
    put(given["supplies"], 1, "t_source_in", 20.0)
    put(given["supplies"], 1, "t_source_out", 15.0)
    result = solved(given)
    assert inside(result, "supplies") == {"sewer"}
    cops = result["supplies"].set_index("supply_id").heat_pump_cop
    assert cops["sewer"] == pytest.approx(float(design(t_source_in=20.0, t_source_out=15.0).cop))
    assert cops["sewer"] > cops["river"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"heat_pump_refrigerant": "R999"}, "R999"),
        ({"heat_pump_topology": "five_stages"}, "single_stage"),
        ({"heat_pump_refrigerant": "R717"}, "t_discharge_max"),
        ({"t_source_in": 6.0}, "source"),
        ({"t_source_in": 95.0, "t_source_out": 90.0}, ""),
        ({"t_source_out": -80.0}, ""),
    ],
)
def test_a_heat_pump_that_cannot_be_is_an_error_in_its_row(columns, words):
    given = with_pump(**columns)
    good = street()["supplies"].assign(supply_id="good", **RIVER)
    given["supplies"] = pd.concat([good, given["supplies"]], ignore_index=True)
    (found,) = messages(given)
    assert (found.table, found.row, found.column) == ("supplies", 2, "heat_pump_refrigerant")
    assert words in found.message
    put(given["supplies"], 1, "constraint", "forbidden")
    assert inside(solved(given), "supplies") == {"good"}


def test_a_flow_too_hot_for_the_refrigerant_is_an_error_in_every_row():
    given = with_pump({"optimiser/flow-temperature": 110})
    given["supplies"] = pd.concat([given["supplies"]] * 2, ignore_index=True)
    given["supplies"]["supply_id"] = ["one", "two"]
    found = messages(given)
    assert [(one.row, one.column) for one in found] == [
        (row, "heat_pump_refrigerant") for row in (1, 2)
    ]
