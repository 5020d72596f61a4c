"""The twin: its inputs, its states as designed and calibrated, against TESPy and CoolProp."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from surrogate import store
from surrogate.cycle.machine import Point
from surrogate.errors import (
    InfeasibleError,
    InputTypeError,
    OutsideTableError,
    TableNotFoundError,
)
from surrogate.jsonready import json_ready
from surrogate.twin import Design, Factors, Setting, Twin
from surrogate.twin.design import check_order
from surrogate.twin.machine import ChangedPlant, changed_map
from surrogate.units import KELVIN

from .twin_cases import worn_machine

PROPANE = Design(refrigerant="R290", t_source_in=10, t_source_out=6, t_return=40, t_supply=60)


@pytest.fixture(scope="module")
def twin():
    return Twin(Design())


def setting(t_source_in=10.0, t_return=30.0, t_supply=45.0, heat_load=1.6e4):
    return Setting(
        t_source_in=t_source_in, t_return=t_return, t_supply=t_supply, heat_load=heat_load
    )


def test_fields_carry_unit_and_label():
    for model in (Design, Setting, Factors):
        for name, field in model.model_json_schema()["properties"].items():
            assert field["label"], name
            assert "unit" in field, name
    assert Design.model_json_schema()["properties"]["heat_load"]["unit"] == "W"


def test_inputs_that_make_no_sense_are_refused():
    cases = [
        (Design, {"t_return": 45.0}, "order", "t_return"),
        (Design, {"t_source_out": 11.0}, "order", "t_source_out"),
        (Design, {"refrigerant": "R9999"}, "refrigerant", "refrigerant"),
        (Setting, {**setting().model_dump(), "t_return": 50.0}, "order", "t_return"),
        (Design, {"eta_s": True}, "number_expected", "eta_s"),
    ]
    for model, values, kind, name in cases:
        with pytest.raises(ValidationError) as caught:
            model(**values)
        (error,) = caught.value.errors()
        assert error["type"] == kind
        assert error["ctx"]["field"] == name
        assert "value" in error["ctx"]
        assert "limit" in error["ctx"]
    for values in (
        {"heat_load": 0},
        {"heat_load": math.inf},
        {"t_supply": 401},
        {"eta_s": 0.01},
        {"refrigerant": "x" * 65},
        {"cop": 4},
    ):
        with pytest.raises(ValidationError):
            Design(**values)
    assert Setting(**{**setting().model_dump(), "heat_load": 0}).heat_load == 0
    with pytest.raises(ValidationError):
        Design().eta_s = 0.7  # frozen


def test_an_order_is_told_by_names_or_by_labels():
    given = Setting(**setting().model_dump())
    labels = {"t_return": "Return", "t_supply": "Supply"}
    check_order("t_return", "t_supply", given, labels)
    for names, said in ((None, "t_supply = "), (labels, "Supply (")):
        with pytest.raises(PydanticCustomError) as caught:
            check_order("t_supply", "t_return", given, names)
        assert caught.value.type == "order"
        assert caught.value.message().startswith(f"{said}{given.t_supply}")
        context = caught.value.context
        assert (context["field"], context["other"]) == ("t_supply", "t_return")
        assert (context["value"], context["limit"]) == (given.t_supply, given.t_return)


def test_gaps_are_null_and_infinity_is_kept_where_it_means_something():
    nan, inf = math.nan, math.inf
    assert json_ready({"a": (1.0, nan, [inf]), "b": "nan"}) == {
        "a": [1.0, None, [None]],
        "b": "nan",
    }
    assert json_ready([-inf, nan, 2], infinity=True) == ["-inf", None, 2]


def test_its_design_comes_out_of_it(twin):
    for state in (twin.design_state, twin.at(Design().setting())):
        assert state.status == "ok"
        assert state.values["t_source_out"] == pytest.approx(5.0, abs=1e-4)
        for exchanger in state.exchangers.values():
            assert exchanger.smallest_difference == pytest.approx(5.0, abs=1e-3)
        assert state.exchangers["condenser"].heat == pytest.approx(2e4, rel=1e-5)
        json.dumps(state.to_dict(), allow_nan=False)


def test_exchangers_close_with_independent_water(twin):
    """UA from the temperatures along the exchanger, with CoolProp's own water."""
    state = twin.at(setting(12.0, 28.0, 40.0, 1.7e4))
    for name, pressure, warm in (("condenser", 10e5, "refrigerant"), ("evaporator", 3e5, "water")):
        one = state.exchangers[name]
        ends = sorted((one.t_water_in, one.t_water_out))
        h = [PropsSI("H", "T", t + KELVIN, "P", pressure, "water") for t in ends]
        differences, shares = [], []
        for place in one.places:
            along = h[0] + place.share * (h[1] - h[0])
            t_water = PropsSI("T", "H", along, "P", pressure, "water") - KELVIN
            assert place.t_water == pytest.approx(t_water, abs=2e-3)
            off = place.t_refrigerant - t_water
            differences.append(off if warm == "refrigerant" else -off)
            shares.append(place.share)
        assert one.smallest_difference == pytest.approx(min(differences), abs=2e-3)
        ua = sum(
            (b - a) * one.heat / ((d - c) / math.log(d / c))
            for a, b, c, d in zip(shares, shares[1:], differences, differences[1:], strict=False)
        )
        assert one.ua == pytest.approx(ua, rel=1e-3)
    assert one.heat == pytest.approx(state.values["heat_source"], rel=1e-4)


def test_points_without_states_say_why(twin):
    cases = {
        "off": (setting(heat_load=0), "off"),
        "infeasible": (setting(heat_load=3e4), "at most 20 kW"),
        "outside": (setting(t_source_in=27.0), "the table covers suction volume flow 0.49 to 1"),
    }
    for status, (asked, words) in cases.items():
        state = twin.at(asked)
        assert state.status == status
        assert words in state.reason
        assert state.reason.endswith(".")
        found = state.to_dict()
        json.dumps(found, allow_nan=False)
        assert found["points"] == {}
        assert found["path"] == []
        assert found["exchangers"] == {}
    assert twin.at(setting(heat_load=0)).values["power"] == 0.0
    assert twin.at(setting(t_source_in=3.5)).limit == "source_outlet"
    frozen = twin.at(setting(t_source_in=0.2)).reason
    assert "freeze" in frozen
    assert "delivers nothing" in frozen


def test_a_cycling_machine_shows_how_it_runs(twin):
    state = twin.at(setting(heat_load=6e3))
    assert state.cycling
    assert state.exchangers["condenser"].heat == pytest.approx(
        state.values["lowest_load"], rel=1e-4
    )
    assert "cycling" in state.to_dict()


def test_run_is_the_plant(twin):
    values = {"t_source_in": [8, 10, 14], "t_return": 30, "t_supply": 42, "heat_load": 1.5e4}
    expected = twin.plant.operate(**values)
    found = twin.run(**values)
    assert found.cop.tolist() == expected.cop.tolist()
    assert found.origin.tolist() == ["table"] * 3


def test_a_full_solve_from_elsewhere_makes_the_same_state(twin):
    asked = setting(8.0, 28.0, 41.0, 1.5e4)
    solved = twin.plant.operate(**asked.model_dump(), method="solve")
    state, own = twin.state_of(solved), twin.at(asked)
    assert state.origin == "solve"
    for a, b in zip(state.points, own.points, strict=True):
        assert a.h == pytest.approx(b.h, rel=1e-4)
    with pytest.raises(InputTypeError, match="one point"):
        twin.state_of(twin.run(t_source_in=[8, 9], t_return=30, t_supply=42, heat_load=1e4))


def test_the_balance_with_factors_of_one_is_the_plant(twin):
    values = {
        "t_source_in": np.linspace(6, 14, 60),
        "t_return": np.linspace(26, 32, 60),
        "t_supply": np.linspace(42, 46, 60),
        "heat_load": np.linspace(5e3, 3e4, 60),
    }
    balance = ChangedPlant(twin.plant, changed_map(twin.plant, twin.design, Factors()))
    found, expected = balance.operate(**values), twin.plant.operate(**values, method="table")
    assert found.status.tolist() == expected.status.tolist()
    assert {"ok", "infeasible"} <= set(found.status.tolist())
    assert found.cycling.any()
    assert found.cycling.tolist() == expected.cycling.tolist()
    ok = found.status == "ok"
    assert np.abs(found.cop / expected.cop - 1)[ok].max() < 5e-4
    assert np.abs(found.capacity / expected.capacity - 1).max() < 5e-4
    assert np.abs(found.t_evap - expected.t_evap)[ok].max() < 0.02


@pytest.mark.parametrize("design", [Design(), PROPANE], ids=["R410A", "R290"])
def test_a_worn_machine_is_that_of_a_full_solve(design):
    """Its sizes changed inside TESPy itself, which knows nothing of tables or balances."""
    factors = Factors(eta_s=0.9, ua_condenser=0.75, ua_evaporator=1.15)
    machine, twin = worn_machine(design, factors), Twin(design, factors)
    assert twin.calibrated
    for source, supply, share in ((-1.0, -3.0, 0.8), (3.0, -6.0, 0.7)):
        asked = Setting(
            t_source_in=design.t_source_in + source,
            t_return=design.t_return - 2.0,
            t_supply=design.t_supply + supply,
            heat_load=share * design.heat_load,
        )
        solved = machine.solve(
            Point(asked.t_source_in, asked.t_return, asked.t_supply, "heat_load", asked.heat_load)
        )
        state = twin.at(asked)
        assert state.origin == "regressor"
        assert not state.cycling
        assert state.values["cop"] == pytest.approx(solved.cop, rel=2e-4)
        for name in ("ua_condenser", "ua_evaporator", "mass_flow", "eta_s"):
            assert state.values[name] == pytest.approx(getattr(solved, name), rel=1e-3)
        for name in ("t_evap", "t_cond", "t_source_out"):
            assert state.values[name] == pytest.approx(getattr(solved, name), abs=0.02)
        for name, point in state.points._asdict().items():
            assert point.h == pytest.approx(solved.streams[name].h, rel=1e-3)
        # And it is not that of the machine as designed.
        assert abs(Twin(design).at(asked).values["cop"] / solved.cop - 1) > 0.05


@settings(max_examples=25)
@given(
    st.sampled_from(["eta_s", "ua_condenser", "ua_evaporator"]),
    st.floats(0.75, 0.98),
    st.floats(6.0, 14.0),
    st.floats(1.3e4, 1.7e4),
)
def test_whatever_is_worse_takes_more_power_and_delivers_less(name, factor, source, load):
    asked = setting(source, 29.0, 43.0, load)
    good = Twin(Design(), Factors(eta_s=0.999)).at(asked)
    bad = Twin(Design(), Factors(**{"eta_s": 0.999, name: factor})).at(asked)
    if name != "eta_s":  # a worse compressor moves no less gas, and heats more
        assert bad.values["capacity"] < good.values["capacity"]
    assert good.status == "ok"
    if bad.status == "ok" and not (good.cycling or bad.cycling):
        assert bad.values["power"] > good.values["power"]
        if name == "ua_condenser":
            assert bad.values["t_cond"] > good.values["t_cond"]
        if name == "ua_evaporator":
            assert bad.values["t_evap"] < good.values["t_evap"]


def test_designs_that_cannot_be_say_why(monkeypatch):
    with pytest.raises(InfeasibleError, match="freeze") as caught:
        Twin(Design(t_source_in=6.0, t_source_out=0.2))
    assert caught.value.limit == "source_outlet"
    with pytest.raises(OutsideTableError, match="supply 35 to"):
        Twin(Design(t_source_in=8, t_source_out=4, t_return=20, t_supply=30))
    with pytest.raises(TableNotFoundError, match="surrogate generate R1270"):
        Twin(Design(refrigerant="propylene"))
    with pytest.raises(OutsideTableError, match="source glide 2 to 15"):
        Twin(Design(t_source_out=8.5), Factors(eta_s=0.9))
    with pytest.raises(OutsideTableError, match=r"ends at 0\.9"):
        Twin(Design(), Factors(eta_s=1.2))
    load = store.load
    monkeypatch.setattr(
        store,
        "load",
        lambda identity, *way: None if identity.kind == "regressor" else load(identity, *way),
    )
    with pytest.raises(TableNotFoundError, match="surrogate generate regressor R290"):
        Twin(PROPANE, Factors(ua_condenser=0.9))
    nothing = Twin(PROPANE).at(PROPANE.setting())
    assert nothing.status == "outside"
    assert "surrogate generate regressor R290" in nothing.reason


def test_threads_may_share_a_twin():
    worn = Twin(Design(), Factors(ua_condenser=0.9))
    asked = [setting(8 + 0.1 * n, 30, 42, 1.4e4) for n in range(24)]
    alone = [worn.at(one).to_dict() for one in asked]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda one: worn.at(one).to_dict(), asked)) == alone


def test_nothing_here_loads_tespy_and_importing_loads_nothing_heavy():
    code = """
import sys
import surrogate.twin as t
heavy = {"scipy", "pandas", "matplotlib", "CoolProp", "tespy", "xarray"} & set(sys.modules)
assert not heavy, heavy
twin = t.Twin(t.Design())
twin.at(t.Setting(t_source_in=10, t_return=30, t_supply=45, heat_load=4e4)).to_dict()
twin.run(t_source_in=[30.0], t_return=30, t_supply=45, heat_load=1e4)
t.calibrate(twin, t.read_measured(t.example_csv(36).encode()))
assert "tespy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
