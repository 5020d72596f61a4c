"""Plants as users hold them: from table, regressor or full solve."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate import HeatPump
from surrogate.cycle import solve_offdesign
from surrogate.errors import (
    InfeasibleError,
    InputError,
    InputTypeError,
    OutsideTableError,
    TableNotFoundError,
    TooManySolvesError,
)
from surrogate.operate import part_load_factor
from surrogate.plantmap import Levels

CENTRE = {"t_source_in": 30.0, "t_source_out": 25.0, "t_return": 50.0, "t_supply": 80.0}
POINT = {"t_source_in": 27.0, "t_return": 47.0, "t_supply": 74.0, "heat_load": 8e5}


@pytest.fixture(scope="module")
def plant():
    return HeatPump("R717").plant(**CENTRE, heat_load=1e6)


@pytest.fixture(scope="module")
def other():
    """A plant without a table of its own."""
    return HeatPump("R290").plant(
        t_source_in=18, t_source_out=13, t_return=42, t_supply=68, heat_load=3e6, eta_s=0.77
    )


def test_the_order_of_answers(plant, other):
    assert plant.operate(**POINT).origin == "table"
    assert other.operate(t_source_in=15, t_return=40, t_supply=65, heat_load=2e6).origin == (
        "regressor"
    )
    # Outside both: a source far from the design's.
    far = {**POINT, "t_source_in": 45.0}
    est = plant.operate(**far)
    assert est.origin == "solve"
    assert est.error == 0
    full = solve_offdesign("R717", design=CENTRE, **far)
    assert est.cop == pytest.approx(full.cop, rel=1e-7)
    assert est.t_source_out == pytest.approx(full.t_source_out, abs=1e-6)


def test_all_three_ways_agree(plant):
    found = {m: plant.operate(**POINT, method=m) for m in ("table", "regressor", "solve")}
    assert {m: est.origin for m, est in found.items()} == {m: m for m in found}
    full = found["solve"]
    for method in ("table", "regressor"):
        est = found[method]
        assert est.cop == pytest.approx(full.cop, rel=2e-3)
        assert est.capacity == pytest.approx(full.capacity, rel=3e-3)
        assert est.lowest_load == pytest.approx(full.lowest_load, rel=3e-3)
        assert est.t_source_out == pytest.approx(full.t_source_out, abs=0.02)
        assert est.t_discharge == pytest.approx(full.t_discharge, abs=0.5)
        assert est.p_cond == pytest.approx(full.p_cond, rel=2e-3)
        assert est.mass_flow == pytest.approx(full.mass_flow, rel=3e-3)
        assert est.suction_volume_flow == pytest.approx(full.suction_volume_flow, rel=3e-3)
        assert est.ua_evaporator == pytest.approx(full.ua_evaporator, rel=5e-3)
        assert est.limit == full.limit == "suction_volume_flow"


def test_a_forced_way_has_no_other(plant, other):
    at = {"t_source_in": 15, "t_return": 40, "t_supply": 65, "heat_load": 2e6}
    with pytest.raises(TableNotFoundError, match=r"plant\.tabulate"):
        other.operate(**at, method="table")
    # No files are shipped for such a pinch.
    with pytest.warns(UserWarning, match="no table"):
        lone = HeatPump("R134a", pinch=4).plant(
            t_source_in=20, t_source_out=15, t_return=40, t_supply=60, heat_load=1e6
        )
    with pytest.raises(TableNotFoundError, match="generate regressor R134a"):
        lone.capacity(t_source_in=20, t_return=40, t_supply=60, method="regressor")
    est = plant.operate(**{**POINT, "t_source_in": 45.0}, method="table")
    assert (est.status, est.origin) == ("outside", "none")
    assert np.isnan(est.cop)
    assert plant.operate(**{**POINT, "t_source_in": 45.0}, method="regressor").status == "outside"
    with pytest.raises(InputError, match="table, regressor, solve"):
        plant.operate(**POINT, method="magic")


def test_outside_is_said_as_asked(plant):
    far = {**POINT, "t_source_in": [27.0, 45.0]}
    est = plant.operate(**far, outside="nan")
    assert est.status.tolist() == ["ok", "outside"]
    with pytest.raises(
        OutsideTableError, match=r"source 45 degC.*1 of 2 points.*covers.*t_source_in 20 to 40"
    ):
        plant.operate(**far, outside="raise")
    with pytest.raises(TooManySolvesError, match=r"plant\.tabulate"):
        plant.operate(**far, max_solves=0)


def test_its_design_is_feasible_at_its_design(plant, other):
    est = plant.operate(t_source_in=30, t_return=50, t_supply=80, heat_load=1e6)
    assert est.status == "ok"
    assert est.cop == pytest.approx(plant.design.cop, rel=1e-3)
    assert est.capacity == pytest.approx(1e6, rel=1e-3)
    est = other.operate(t_source_in=18, t_return=42, t_supply=68, heat_load=3e6)
    assert est.status == "ok"
    assert est.cop == pytest.approx(other.design.cop, rel=1e-4)


def test_balances_hold_exactly(plant):
    est = plant.operate(
        t_source_in=[22.0, 30.0, 38.0], t_return=45, t_supply=75, heat_load=[[2e5], [7e5], [9e5]]
    )
    assert est.shape == (3, 3)
    ok = est.status == "ok"
    assert ok.sum() >= 6
    assert (est.cop * est.power)[ok] == pytest.approx(est.heat_load[ok], rel=1e-12)
    assert est.heat_source == pytest.approx(est.heat_load - 0.95 * est.power, nan_ok=True)


def test_cycling_is_that_of_the_norm(plant):
    at = {"t_source_in": 27.0, "t_return": 47.0, "t_supply": 74.0}
    lowest = plant.operate(**at, heat_load=1e6).lowest_load
    edge = plant.operate(**at, heat_load=lowest * 1.0001)
    low = plant.operate(**at, heat_load=lowest * 0.4)
    assert (edge.cycling, low.cycling) == (False, True)
    factor = part_load_factor(np.array([0.4]))[0]
    assert low.cop == pytest.approx(edge.cop * factor, rel=1e-4)
    assert low.t_cond == pytest.approx(edge.t_cond, abs=0.01)


def test_above_capacity_is_infeasible_by_its_limit(plant):
    at = {"t_source_in": 27.0, "t_return": 47.0, "t_supply": 74.0}
    capacity = plant.capacity(**at)
    est = plant.operate(**at, heat_load=capacity * 1.01)
    assert (est.status, est.limit) == ("infeasible", "suction_volume_flow")
    assert est.capacity == capacity
    with pytest.raises(InfeasibleError, match=r"capacity \d+ W"):
        est.raise_for_status()
    assert plant.operate(**at, heat_load=capacity * 0.999).status == "ok"
    more = plant.operate(**at, heat_load=capacity * 1.03, limits={"overspeed": 1.05})
    assert (more.status, more.origin) == ("ok", "regressor")


def test_hopeless_temperatures_deliver_nothing(plant):
    est = plant.operate(t_source_in=27, t_return=3, t_supply=60, heat_load=5e5)
    assert (est.status, est.limit, est.capacity) == ("infeasible", "return_temperature", 0)
    assert plant.capacity(t_source_in=70, t_return=40, t_supply=65) == 0
    assert plant.capacity(t_source_in=0.2, t_return=40, t_supply=65) == 0


def test_off_is_off_and_still_has_a_capacity(plant):
    est = plant.operate(**{**POINT, "heat_load": 0})
    assert (est.status, est.origin, est.power, est.cycling) == ("off", "none", 0, False)
    assert np.isnan(est.cop)
    assert est.capacity == plant.capacity(t_source_in=27, t_return=47, t_supply=74)


def test_kinds_go_out_as_they_came(plant):
    index = pd.date_range("2026-01-01", periods=48, freq="h", name="time")
    load = pd.Series(np.linspace(1e5, 9e5, 48), index)
    est = plant.operate(t_source_in=27, t_return=47, t_supply=74, heat_load=load)
    assert isinstance(est.power, pd.Series)
    assert est.power.index.equals(index)
    assert est.to_frame()["cycling"].dtype == bool
    flat = plant.operate(t_source_in=27, t_return=47, t_supply=74, heat_load=load.to_numpy())
    assert (flat.power == est.power.to_numpy()).all()
    field = xr.DataArray([25.0, 30.0], dims="site", coords={"site": ["a", "b"]})
    found = plant.operate(t_source_in=field, t_return=47, t_supply=74, heat_load=load.to_xarray())
    assert found.power.dims == ("site", "time")
    data = found.to_dataset()
    assert data["capacity"].attrs["units"] == "W"
    assert data["cycling"].shape == (2, 48)
    with pytest.raises(InputTypeError):
        plant.operate(**{**POINT, "heat_load": "much"})
    with pytest.raises(InputError, match="heat_load is nan at point 1"):
        plant.operate(**{**POINT, "heat_load": [1e5, np.nan]})


@settings(max_examples=30)
@given(
    t_in=st.floats(0.6, 60), t_return=st.floats(5, 70), rise=st.floats(1, 50),
    load=st.floats(0, 2.5e6),
)  # fmt: skip
def test_every_answer_is_sound(plant, t_in, t_return, rise, load):
    est = plant.operate(
        t_source_in=t_in, t_return=t_return, t_supply=t_return + rise, heat_load=load,
        outside="nan",
    )  # fmt: skip
    many = plant.operate(
        t_source_in=[t_in, 27], t_return=[t_return, 47], t_supply=[t_return + rise, 74],
        heat_load=[load, 8e5], outside="nan",
    )  # fmt: skip
    assert many.status[0] == est.status
    if est.status == "ok":
        assert many.cop[0] == pytest.approx(est.cop, rel=1e-9)
        assert (0 if est.cycling else 1) < est.cop < 15
        assert 0 < load <= est.capacity * 1.001
        assert est.cycling == (load < est.lowest_load)
        assert est.t_source_out >= 0.5 - 1e-3
        assert est.limit
        assert est.error > 0
    elif est.status == "infeasible":
        assert est.limit
        assert np.isnan(est.cop)
    else:
        assert est.status == ("off" if load == 0 else "outside")


def test_a_year_is_its_hours(plant):
    rng = np.random.default_rng(1)
    n = 500
    values = {
        "t_source_in": rng.uniform(22, 38, n),
        "t_return": rng.uniform(40, 52, n),
        "t_supply": rng.uniform(68, 84, n),
        "heat_load": rng.uniform(0, 1.2e6, n),
    }
    year = plant.operate(**values, outside="nan")
    for hour in range(0, n, 50):
        one = plant.operate(**{k: v[hour] for k, v in values.items()}, outside="nan")
        assert one.status == year.status[hour]
        assert one.power == pytest.approx(year.power[hour], rel=1e-9, nan_ok=True)
        assert one.capacity == pytest.approx(year.capacity[hour], rel=1e-9, nan_ok=True)


def test_piecewise_power_for_optimisers(plant):
    at = {"t_source_in": 27.0, "t_return": 47.0, "t_supply": 74.0}
    linear = plant.piecewise(**at, segments=3)
    est = plant.operate(**at, heat_load=5e5)
    assert linear.load[0] == pytest.approx(est.lowest_load)
    assert linear.load[-1] == pytest.approx(est.capacity)
    load = np.linspace(linear.load[0], linear.load[-1], 33)
    power = plant.operate(**at, heat_load=load).power
    assert np.abs(linear.at(load) / power - 1).max() < linear.max_relative_error + 1e-5 < 2e-3
    fine = plant.piecewise(**at, tolerance=1e-4)
    assert fine.max_relative_error <= 1e-4
    assert len(fine.slope) > 3
    with pytest.raises(InfeasibleError, match="delivers nothing"):
        plant.piecewise(t_source_in=0.2, t_return=40, t_supply=65)


def test_a_plant_holds_its_outlet_if_told(other):
    held = HeatPump("R290").plant(
        t_source_in=18, t_source_out=13, t_return=42, t_supply=68, heat_load=3e6,
        source_control="outlet",
    )  # fmt: skip
    at = {"t_source_in": 16, "t_return": 40, "t_supply": 64, "heat_load": 2e6}
    est = held.operate(**at)
    assert (est.origin, est.t_source_out) == ("regressor", 13)
    assert est.cop != other.operate(**at).cop
    assert held.identity.digest != HeatPump("R290").plant(
        t_source_in=18, t_source_out=13, t_return=42, t_supply=68, heat_load=3e6
    ).identity.digest  # fmt: skip
    too_small = held.operate(**{**at, "t_source_in": 13.5})
    assert (too_small.status, too_small.limit) == ("infeasible", "source_glide")


def test_plants_of_any_size_share_one_map(plant):
    small = HeatPump("R717").plant(**CENTRE, heat_load=2e4)
    assert small.identity == plant.identity
    est = small.operate(**{**POINT, "heat_load": 1.6e4})
    assert est.origin == "table"
    assert est.cop == pytest.approx(plant.operate(**POINT).cop)
    assert est.mass_flow * 50 == pytest.approx(plant.operate(**POINT).mass_flow)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"heat_load": 0}, InputError, "designed for some heat"),
        ({"heat_load": [1e6, 2e6]}, InputTypeError, "heat_load"),
        ({"source_control": "both"}, InputError, "flow, outlet"),
        ({"t_supply": 98.0}, InfeasibleError, "t_discharge_max"),
    ],
)
def test_a_plant_that_cannot_be_is_refused(changed, error, said):
    with pytest.raises(error, match=said):
        HeatPump("R717").plant(**{**CENTRE, "heat_load": 1e6, **changed})


def test_plants_travel(plant):
    again = pickle.loads(pickle.dumps(plant))
    assert again.operate(**POINT).cop == plant.operate(**POINT).cop
    est = pickle.loads(pickle.dumps(plant.operate(**POINT)))
    assert est.capacity == plant.operate(**POINT).capacity
    assert "data" not in repr(plant)
    assert "R717" in repr(plant)


def test_limits_of_a_call_stand_on_those_of_the_plant():
    plant = HeatPump("R717").plant(**CENTRE, heat_load=1e6, limits={"turndown": 0.8})
    at = {"t_source_in": 28, "t_return": 48, "t_supply": 75, "heat_load": 6e5}
    one, two = plant.operate(**at), plant.operate(**at, limits={"overspeed": 1.05})
    assert one.cycling
    assert two.cycling
    assert one.lowest_load == pytest.approx(two.lowest_load, rel=2e-3)


def test_a_machine_without_turndown_cycles_at_every_load_but_its_capacity(plant):
    at = {"t_source_in": 28, "t_return": 48, "t_supply": 75}
    limits = {"turndown": 1.0}
    est = plant.operate(**at, heat_load=2e5, limits=limits)
    assert est.cycling
    assert est.lowest_load == pytest.approx(est.capacity)
    assert not plant.operate(**at, heat_load=est.capacity, limits=limits).cycling
    with pytest.raises(InputError, match=r"turndown = 1\.1 is above overspeed"):
        plant.operate(**at, heat_load=2e5, limits={"turndown": 1.1})
    with pytest.raises(InfeasibleError, match="one load alone"):
        plant.piecewise(**at, limits=limits)


def test_a_line_begins_where_no_limit_bars_the_load(plant):
    """Hot discharge gas in part load alone: the lower loads are barred, the upper are not."""
    at = {"t_source_in": 27, "t_return": 60, "t_supply": 80}
    est = plant.operate(**at, heat_load=[5.6e5, 9e5])
    assert est.status.tolist() == ["infeasible", "ok"]
    linear = plant.piecewise(**at, segments=2)
    assert est.lowest_load[0] < linear.load[0] < 9e5
    assert linear.load[-1] == pytest.approx(est.capacity[0])
    with pytest.raises(InputTypeError, match="one temperature"):
        plant.piecewise(t_source_in=[27, 28], t_return=60, t_supply=80)


def test_tiny_loads_cycle_with_finite_power(plant):
    at = {"t_source_in": 28, "t_return": 48, "t_supply": 75}
    est = plant.operate(**at, heat_load=[5e-324, 1.0, 1e3])
    assert est.status.tolist() == ["ok"] * 3
    assert np.isfinite(est.power).all()
    standing = plant.operate(**at, heat_load=est.lowest_load[0]).power
    assert est.power[0] == pytest.approx(0.1 * standing, rel=1e-6)


def test_off_hours_cost_no_full_solves():
    lone = HeatPump("R134a").plant(
        t_source_in=20, t_source_out=15, t_return=40, t_supply=60, heat_load=1e6
    )
    est = lone.operate(
        t_source_in=20, t_return=40, t_supply=60, heat_load=np.zeros(300), outside="raise"
    )
    assert set(est.status) == {"off"}
    assert (est.power == 0).all()


def test_loads_just_below_capacity_are_the_tables_where_superheat_is_raised():
    plant = HeatPump("R600a").plant(
        t_source_in=45, t_source_out=35, t_return=60, t_supply=95, heat_load=1e6
    )
    at = {"t_source_in": 47.138, "t_return": 43.662, "t_supply": 94.503}
    capacity = plant.capacity(**at, method="table")
    est = plant.operate(**at, heat_load=capacity * np.linspace(0.55, 1.0, 200), method="table")
    assert set(est.status) == {"ok"}
    assert (np.diff(est.power) > 0).all()
    table = plant.table
    rng = np.random.default_rng(4)
    low, high = np.array(list(table.ranges.values())).T
    flow, t_in, supply, glide = low[:, None] + (high - low)[:, None] * rng.random((4, 4000))
    flow[:2000] = rng.uniform(0.97, 1.0, 2000)
    levels = Levels(t_in, supply - glide, supply)
    there = table.at_volume_flow(levels, flow)
    back = table.at_load(levels, there.load, np.clip(flow + 0.01, 0.49, 1.0))
    assert back.volume_flow == pytest.approx(flow, rel=1e-6)


def test_masked_values_are_no_numbers(plant):
    load = np.ma.array([5e5, 6e5], mask=[True, False])
    with pytest.raises(InputTypeError, match="masked"):
        plant.operate(**{**POINT, "heat_load": load})


def test_an_hour_does_not_depend_on_the_others():
    """Along the limit of a freezing source, where each search ends elsewhere."""
    river = HeatPump("R290").plant(
        t_source_in=8, t_source_out=4, t_return=40, t_supply=65, heat_load=3e6
    )
    rng = np.random.default_rng(8)
    n = 300
    supply = rng.uniform(68, 75, n)
    values = {
        "t_source_in": rng.uniform(1.9, 3.2, n),
        "t_return": supply - rng.uniform(20, 36, n),
        "t_supply": supply,
        "heat_load": rng.uniform(1e6, 3e6, n),
    }
    for method in ("table", "regressor"):
        many = river.operate(**values, method=method)
        for hour in range(0, n, 12):
            one = river.operate(**{k: v[hour] for k, v in values.items()}, method=method)
            assert one.status == many.status[hour]
            assert one.capacity == pytest.approx(many.capacity[hour], rel=1e-5, nan_ok=True)
    assert (many.status != "outside").mean() > 0.99
