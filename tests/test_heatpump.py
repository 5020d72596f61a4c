"""HeatPump as its users hold it: over the whole domain, and beyond it."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import surrogate
from surrogate.cycle import solve_design
from surrogate.errors import (
    InfeasibleError,
    InputError,
    InputTypeError,
    OutsideTableError,
    TableNotFoundError,
    TooManySolvesError,
    UnknownRefrigerantError,
)
from surrogate.estimate import QUANTITIES, STATUS

POINT = {
    "t_source_in": 30.0,
    "t_source_out": 25.0,
    "t_return": 50.0,
    "t_supply": 80.0,
    "heat_load": 1e6,
}


@pytest.fixture(scope="module")
def hp() -> surrogate.HeatPump:
    return surrogate.HeatPump("R717")


@pytest.fixture(scope="module")
def dry() -> surrogate.HeatPump:
    return surrogate.HeatPump("R1336mzz(E)")


def test_the_readme_point(hp):
    est = hp.design(**POINT)
    solved = solve_design("R717", **POINT)
    assert est.origin == "table"
    assert est.status == "ok"
    assert est.limit == ""
    assert est.cop == pytest.approx(solved.cop, rel=1e-5)
    assert est.t_discharge == pytest.approx(solved.t_discharge, abs=0.01)
    assert est.ua_condenser == pytest.approx(solved.ua_condenser, rel=1e-4)
    assert est.suction_volume_flow == pytest.approx(solved.suction_volume_flow, rel=1e-4)
    assert 0 < est.error < 1e-4
    assert all(type(getattr(est, name)) is float for name in QUANTITIES)


conditions = st.fixed_dictionaries(
    {
        "t_source_out": st.floats(0, 62),
        "source_glide": st.floats(0.5, 33),
        "t_supply": st.floats(30, 125),
        "sink_glide": st.floats(0.5, 55),
        "eta_s": st.floats(0.6, 0.95),
        "heat_load": st.floats(0, 1e8),
    }
)


def kwargs(drawn: dict[str, float]) -> dict[str, float]:
    return {
        "t_source_in": drawn["t_source_out"] + drawn["source_glide"],
        "t_source_out": drawn["t_source_out"],
        "t_return": drawn["t_supply"] - drawn["sink_glide"],
        "t_supply": drawn["t_supply"],
        "eta_s": drawn["eta_s"],
        "heat_load": drawn["heat_load"],
    }


@settings(max_examples=300)
@given(conditions, st.sampled_from(["R717", "R1336mzz(E)", "R410A"]))
def test_every_answer_is_sound(drawn, refrigerant):
    given_values = kwargs(drawn)
    assume(given_values["t_source_out"] < given_values["t_source_in"])
    est = surrogate.HeatPump(refrigerant).design(**given_values, outside="nan")
    assert est.status in STATUS
    if est.status == "ok":
        assert est.power * est.cop == pytest.approx(est.heat_load, rel=1e-12)
        assert est.heat_source == est.heat_load - 0.95 * est.power
        hot, cold = given_values["t_supply"] + 273.15, given_values["t_source_in"] + 273.15
        assert 0.95 < est.cop < hot / (hot - cold)
        assert est.t_evap <= given_values["t_source_out"] - 5 + 0.2
        assert est.p_cond > est.p_evap
        assert est.t_discharge > est.t_cond
        assert est.error > 0
    else:
        assert math.isnan(est.cop)
        assert (est.limit != "") == (est.status == "infeasible")
        if est.status == "off":
            assert est.heat_load == 0
            assert est.power == 0


@settings(max_examples=40)
@given(
    st.lists(conditions, min_size=1, max_size=30),
    st.sampled_from(["R717", "R245fa", "R410A", "R1336mzz(E)"]),
)
def test_arrays_are_their_points(many, refrigerant):
    pump = surrogate.HeatPump(refrigerant)
    rows = [kwargs(drawn) for drawn in many]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    together = pump.design(**columns, outside="nan")
    for number, row in enumerate(rows):
        alone = pump.design(**row, outside="nan")
        assert together.status[number] == alone.status
        assert together.limit[number] == alone.limit
        assert together.origin[number] == alone.origin
        for name in QUANTITIES:
            expected = getattr(alone, name)
            assert getattr(together, name)[number] == pytest.approx(
                expected, rel=1e-12, nan_ok=True
            ), name


def test_cop_falls_with_lift(dry):
    supply = np.linspace(60, 119, 200)
    est = dry.design(
        t_source_in=40, t_source_out=30, t_return=supply - 20, t_supply=supply, heat_load=1e6
    )
    good = est.status == "ok"
    assert good.sum() > 150
    assert (np.diff(est.cop[good]) < 0).all()


@settings(max_examples=15)
@given(
    st.sampled_from(["R717", "R290", "R1336mzz(E)", "R410A"]),
    st.floats(2, 45),
    st.floats(1, 25),
    st.floats(36, 100),
    st.floats(1, 50),
    st.floats(0.65, 0.9),
)
def test_answers_are_full_solves(refrigerant, source_out, source_glide, supply, sink_glide, eta_s):
    point = kwargs(
        {
            "t_source_out": source_out,
            "source_glide": source_glide,
            "t_supply": supply,
            "sink_glide": sink_glide,
            "eta_s": eta_s,
            "heat_load": 1e6,
        }
    )
    est = surrogate.HeatPump(refrigerant).design(**point)
    if est.status == "infeasible":
        with pytest.raises(InfeasibleError) as caught:
            solve_design(refrigerant, **point)
        assert caught.value.limit == est.limit
        return
    solved = solve_design(refrigerant, **point)
    assert est.cop == pytest.approx(solved.cop, rel=2e-3)
    assert est.power == pytest.approx(solved.power, rel=2e-3)


def test_outside_the_table_is_the_solve(hp):
    point = POINT | {"t_supply": 70.0, "eta_s": 0.62}
    est = hp.design(**point)
    assert est.origin == "solve"
    assert est.error == 0
    assert est.cop == pytest.approx(solve_design("R717", **point).cop, rel=1e-7)
    assert est.power * est.cop == pytest.approx(1e6, rel=1e-12)


def test_an_array_falls_back_point_by_point(hp):
    est = hp.design(**POINT | {"t_supply": 70.0, "eta_s": np.array([0.8, 0.62, 0.7])})
    assert est.origin.tolist() == ["table", "solve", "table"]
    assert (est.error[[0, 2]] > 0).all()
    assert est.error[1] == 0
    assert (np.diff(est.cop[[1, 2, 0]]) > 0).all()


def test_outside_can_be_an_error_or_nan(hp):
    with pytest.raises(OutsideTableError, match=r"eta_s 0\.65 to 0\.9"):
        hp.design(**POINT, eta_s=0.62, outside="raise")
    with pytest.raises(OutsideTableError, match="1 of 2 points"):
        hp.design(**POINT, eta_s=[0.8, 0.62], outside="raise")
    est = hp.design(**POINT, eta_s=0.62, outside="nan")
    assert est.status == "outside"
    assert math.isnan(est.power)
    with pytest.raises(OutsideTableError):
        est.raise_for_status()


def test_too_many_solves_are_refused_before_the_first(hp):
    with pytest.raises(TooManySolvesError, match=r"5 points .*max_solves = 4.*SPEC\.toml"):
        hp.design(**POINT, eta_s=np.full(5, 0.62), max_solves=4)
    with pytest.raises(TooManySolvesError, match="1 point needs"):
        hp.design(**POINT, eta_s=0.62, max_solves=0)


def test_hopeless_points_cost_no_solve(hp):
    est = hp.design(
        t_source_in=[10, 70, 30, 30],
        t_source_out=[0.2, 60, 29.5, 25],
        t_return=[40, 40, 40, 40],
        t_supply=[60, 60, 60, 40.5],
        heat_load=1e6,
        max_solves=0,
    )
    assert est.limit.tolist() == [
        "source_outlet",
        "supply_above_source",
        "source_glide",
        "sink_glide",
    ]
    assert est.origin.tolist() == ["none"] * 4


def test_limits_hold_and_can_be_moved(hp):
    hot = POINT | {"t_supply": 100.0}
    est = hp.design(**hot)
    assert (est.status, est.limit, est.origin) == ("infeasible", "discharge_temperature", "table")
    with pytest.raises(InfeasibleError, match="t_discharge_max = 180") as caught:
        est.raise_for_status()
    assert caught.value.limit == "discharge_temperature"
    moved = hp.design(**hot, limits={"t_discharge_max": 250})
    assert moved.status == "ok"
    assert moved.origin == "table"
    assert hp.design(**POINT, limits={"pressure_ratio_max": 4}).limit == "pressure_ratio"


def test_condensation_beyond_the_grid_is_known_without_a_solve():
    pump = surrogate.HeatPump("R290")
    point = POINT | {"t_return": 83.0, "t_supply": 86.0}
    est = pump.design(**point, max_solves=0)
    assert est.limit == "critical_temperature"
    assert pump.design(**point, limits={"critical_margin": 1.0}).origin == "solve"
    hopeless = POINT | {"t_return": 100.0, "t_supply": 110.0}
    assert pump.design(**hopeless, max_solves=0).limit == "critical_temperature"


def test_the_fill_behind_the_last_states_is_no_answer(dry):
    point = {"t_source_in": 6, "t_source_out": 1, "t_return": 115, "t_supply": 118}
    est = dry.design(**point, heat_load=1e6, eta_s=0.7, outside="nan")
    assert (est.status, est.limit) == ("infeasible", "pressure_ratio")
    source, supply = np.meshgrid(np.linspace(0.5, 40, 60), np.linspace(100, 120, 60))
    est = dry.design(
        t_source_in=source + 5,
        t_source_out=source,
        t_return=supply - 3,
        t_supply=supply,
        heat_load=1e6,
        limits={"pressure_ratio_max": 1e4, "t_discharge_max": 500},
        outside="nan",
    )
    good = est.status == "ok"
    assert good.any()
    assert (est.heat_source[good] > 0).all()
    assert np.isfinite(est.ua_evaporator[good]).all()


def test_a_pump_and_an_estimate_can_be_sent_elsewhere(hp):
    again = pickle.loads(pickle.dumps(hp))
    est = hp.design(**POINT)
    assert again.design(**POINT).cop == est.cop
    for sent in (pickle.loads(pickle.dumps(est)), copy.deepcopy(est)):
        assert sent.cop == est.cop
        assert sent.status == "ok"
    many = hp.design(**POINT | {"t_supply": pd.Series([70.0, 80.0])})
    assert pickle.loads(pickle.dumps(many)).cop.equals(many.cop)


def test_an_estimate_does_not_change(hp):
    est = hp.design(**POINT | {"t_supply": [70.0, 80.0]})
    for name in ("cop", "power", "t_supply"):
        getattr(est, name)[0] = -1.0
        assert getattr(est, name)[0] > 0


def test_conditions_may_be_coordinates(hp):
    supply = xr.DataArray([60.0, 70.0], dims="t_supply", coords={"t_supply": [60.0, 70.0]})
    data = hp.design(**POINT | {"t_supply": supply}).to_dataset()
    assert data.cop.dims == ("t_supply",)
    series = pd.Series([60.0, 70.0], pd.Index([60.0, 70.0], name="t_supply"))
    data = hp.design(**POINT | {"t_supply": series}).to_dataset()
    assert data.cop.dims == ("t_supply",)


def test_numbers_of_numpy_are_numbers(hp):
    assert surrogate.HeatPump("R717", pinch=np.int64(5)).design(**POINT).origin == "table"
    limits = {"pressure_ratio_max": np.float32(4)}
    assert hp.design(**POINT, limits=limits).limit == "pressure_ratio"
    with pytest.raises(InputError, match="heat_load is inf"):
        hp.design(**POINT | {"heat_load": 10**400})


def test_threads_get_the_same_answers():
    code = """
import concurrent.futures, surrogate
def ask(n):
    hp = surrogate.HeatPump(["R717", "R290", "R600a", "R134a"][n % 4])
    eta_s = 0.8 if n < 8 else 0.6
    return hp.design(t_source_in=30, t_source_out=25, t_return=45, t_supply=70,
                     heat_load=1e6, eta_s=eta_s).cop
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    together = list(pool.map(ask, range(16)))
alone = [ask(n) for n in range(16)]
assert max(abs(a / b - 1) for a, b in zip(together, alone)) < 1e-6, (together, alone)
"""
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_off_is_off(hp):
    est = hp.design(**POINT | {"heat_load": 0})
    assert (est.status, est.power, est.heat_source) == ("off", 0.0, 0.0)
    assert math.isnan(est.cop)
    assert est.raise_for_status() is est
    est = hp.design(**POINT | {"heat_load": [0.0, 1e6]})
    assert est.status.tolist() == ["off", "ok"]
    assert est.power[0] == 0
    assert est.power[1] > 0


def test_series_in_series_out(hp):
    hours = pd.date_range("2026-01-01", periods=4, freq="h")
    est = hp.design(**POINT | {"t_supply": pd.Series([60.0, 70.0, 80.0, 100.0], hours)})
    assert isinstance(est.cop, pd.Series)
    assert est.cop.index.equals(hours)
    assert est.status.tolist() == ["ok", "ok", "ok", "infeasible"]
    frame = est.to_frame()
    assert frame.index.equals(hours)
    assert frame.limit.iloc[3] == "discharge_temperature"
    assert est.to_dataset().sizes == {"index": 4}


def test_data_arrays_in_data_arrays_out(hp):
    supply = xr.DataArray([60.0, 70.0], dims="supply", coords={"supply": [60, 70]})
    eta = xr.DataArray([0.7, 0.8, 0.9], dims="eta")
    est = hp.design(**POINT | {"t_supply": supply}, eta_s=eta)
    assert est.cop.dims == ("supply", "eta")
    data = est.to_dataset()
    assert data.power.attrs["units"] == "W"
    assert data.sizes == {"supply": 2, "eta": 3}
    assert float(data.cop.sel(supply=60).isel(eta=2)) == float(data.cop.max())


def test_numpy_keeps_its_shape(hp):
    est = hp.design(**POINT | {"t_supply": np.full((2, 1), 70.0), "t_return": np.full(3, 45.0)})
    assert est.cop.shape == est.status.shape == (2, 3)
    assert est.to_dataset().sizes == {"dim_0": 2, "dim_1": 3}
    assert len(est.to_frame()) == 6
    zero_d = hp.design(**POINT | {"t_supply": np.array(70.0)})
    assert zero_d.cop.shape == ()
    empty = hp.design(**POINT | {"t_supply": np.array([])})
    assert empty.cop.shape == (0,)
    assert "empty" in repr(empty)


def test_bad_arguments_raise_at_once(hp):
    with pytest.raises(InputError, match="t_source_in is nan"):
        hp.design(**POINT | {"t_source_in": math.nan})
    with pytest.raises(InputError, match="sink must be heated"):
        hp.design(**POINT | {"t_return": 80})
    with pytest.raises(InputTypeError, match="heat_load"):
        hp.design(**POINT | {"heat_load": "1 MW"})
    with pytest.raises(InputError, match="outside"):
        hp.design(**POINT, outside="extrapolate")
    with pytest.raises(InputTypeError, match="max_solves"):
        hp.design(**POINT, max_solves=1.5)
    with pytest.raises(InputError, match="unknown limit 'pressure'"):
        hp.design(**POINT, limits={"pressure": 3})
    with pytest.raises(InputTypeError, match="limits"):
        hp.design(**POINT, limits=12)
    with pytest.raises(TypeError):
        hp.design(30, 25, 50, 80, 1e6)
    with pytest.raises(AttributeError, match="capacity"):
        hp.design(**POINT).capacity  # noqa: B018


def test_bad_machines_raise_at_once():
    with pytest.raises(UnknownRefrigerantError, match="R1336mzz"):
        surrogate.HeatPump("R1336mz(E)")
    with pytest.raises(InputTypeError, match="717"):
        surrogate.HeatPump(717)
    with pytest.raises(InputError, match="unknown parameter 'pinsh'"):
        surrogate.HeatPump("R717", pinsh=3)
    with pytest.raises(InputError, match="pinch = 50"):
        surrogate.HeatPump("R717", pinch=50)
    with pytest.raises(InputError, match="topology"):
        surrogate.HeatPump("R717", topology="two_stage")
    with pytest.raises(TableNotFoundError, match=r"nowhere.*neither"):
        surrogate.HeatPump("R717", tables="nowhere").design(**POINT)


def test_without_a_table_every_point_is_a_solve_and_a_warning_says_so():
    pump = surrogate.HeatPump("R717", pinch=3)
    with pytest.warns(UserWarning, match="surrogate generate R717 --set pinch=3.0"):
        est = pump.design(**POINT)
    assert est.origin == "solve"
    expected = solve_design("R717", **POINT, parameters=surrogate.Parameters(pinch=3))
    assert est.cop == pytest.approx(expected.cop, rel=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pump.design(**POINT).origin == "solve"


def test_a_new_table_is_used_at_once(tiny):
    pump = surrogate.HeatPump("R601", tables=tiny.path.parent)
    est = pump.design(**POINT)
    assert est.origin == "table"
    assert est.cop == pytest.approx(solve_design("R601", **POINT).cop, rel=5e-3)


def test_an_estimate_says_what_it_is(hp):
    assert "COP 3.975" in repr(hp.design(**POINT))
    assert "infeasible by discharge" in repr(hp.design(**POINT | {"t_supply": 100}))
    several = hp.design(**POINT | {"heat_load": [0.0, 1e6], "t_supply": [80.0, 98.0]})
    assert "1 off, 1 infeasible" in repr(several)
    assert hp.design(**POINT).to_dict()["status"] == "ok"
    assert "R717" in repr(hp)
