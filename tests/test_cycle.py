"""The full solve against physics and against a cycle that knows no TESPy."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.cycle import solve_design
from surrogate.errors import (
    InfeasibleError,
    InputError,
    UnknownRefrigerantError,
)
from surrogate.parameters import Parameters

from .oracle import Oracle, carnot

POINT = {"t_source_in": 30.0, "t_source_out": 25.0, "t_return": 50.0, "t_supply": 80.0}


def water(source_in: float, source_out: float, back: float, supply: float) -> dict[str, float]:
    return {
        "t_source_in": source_in,
        "t_source_out": source_out,
        "t_return": back,
        "t_supply": supply,
    }


@pytest.mark.parametrize(
    ("refrigerant", "point", "eta_s"),
    [
        ("R717", POINT, 0.8),
        ("R290", water(12, 9, 60, 64), 0.7),  # pinch at the condensate
        ("R290", water(20, 17, 35, 80), 0.65),  # near critical
        ("R1234ze(E)", water(28, 27, 45, 70), 0.85),  # source glide below the superheat
        ("R1336mzz(E)", water(40, 30, 60, 100), 0.85),  # superheat raised
        ("R1336mzz(E)", water(40, 38, 60, 100), 0.9),  # raised, and above the glide
        ("R600a", water(45, 35, 60, 95), 0.8),
        ("R410A", water(10, 5, 30, 45), 0.8),  # a small glide of its own
        ("R410A", water(10, 9, 30, 45), 0.8),
        ("R407C", water(10, 8.5, 30, 45), 0.8),  # a large one
    ],
)
def test_agrees_with_a_cycle_from_coolprop_alone(refrigerant, point, eta_s):
    expected = Oracle(refrigerant).solve(**point, eta_s=eta_s)
    found = solve_design(refrigerant, **point, eta_s=eta_s)
    assert found.cop == pytest.approx(expected["cop"], rel=1e-6)
    assert found.t_evap == pytest.approx(expected["t_evap"], abs=1e-4)
    assert found.t_cond == pytest.approx(expected["t_cond"], abs=1e-4)
    assert found.t_discharge == pytest.approx(expected["t_discharge"], abs=1e-3)
    assert found.superheat == pytest.approx(expected["superheat"], abs=1e-3)


def test_parameters_take_effect_as_in_the_oracle():
    parameters = Parameters(pinch=3, superheat=8, subcooling=2, motor_efficiency=0.9)
    expected = Oracle("R290", pinch=3, superheat=8, subcooling=2, motor=0.9).solve(
        **water(15, 10, 40, 65), eta_s=0.75
    )
    found = solve_design("R290", **water(15, 10, 40, 65), eta_s=0.75, parameters=parameters)
    assert found.cop == pytest.approx(expected["cop"], rel=1e-6)


def test_energy_is_conserved():
    found = solve_design("R717", **POINT, heat_load=2.5e6)
    assert found.heat_load == pytest.approx(2.5e6, rel=1e-9)
    assert found.cop == pytest.approx(found.heat_load / found.power, rel=1e-12)
    assert found.heat_load == pytest.approx(found.heat_source + 0.95 * found.power, rel=1e-9)
    h = {name: state.h for name, state in found.streams.items()}
    m = found.mass_flow
    assert m * (h["discharge"] - h["liquid"]) == pytest.approx(found.heat_load, rel=1e-6)
    assert m * (h["suction"] - h["mixture"]) == pytest.approx(found.heat_source, rel=1e-6)
    assert h["mixture"] == pytest.approx(h["liquid"])


@settings(max_examples=12)
@given(
    st.floats(5, 40),
    st.floats(2, 15),
    st.floats(20, 45),
    st.floats(5, 30),
)
def test_cop_is_below_carnot_and_falls_with_lift(source_out, source_glide, lift, sink_glide):
    source_in = source_out + source_glide
    supply = source_in + lift
    lower = solve_design("R600a", **water(source_in, source_out, supply - sink_glide, supply))
    higher = solve_design(
        "R600a", **water(source_in, source_out, supply + 3 - sink_glide, supply + 3)
    )
    assert 1.0 < higher.cop < lower.cop < carnot(source_in, supply)


def test_dry_fluids_leave_the_compressor_dry():
    found = solve_design("R1336mzz(E)", **water(40, 30, 60, 100), eta_s=0.9)
    assert found.discharge_superheat == pytest.approx(3.0, abs=1e-4)
    assert found.superheat > 5.0


@pytest.mark.parametrize(
    ("refrigerant", "point", "limit"),
    [
        ("R717", water(20, 15, 60, 95), "discharge_temperature"),
        ("R245fa", water(8, 4, 60, 110), "pressure_ratio"),
        ("R290", water(40, 35, 80, 95), "critical_temperature"),
        ("R32", water(20, 15, 70, 90), "critical_temperature"),
        ("R1234ze(Z)", water(9, 3, 40, 60), "evaporation_temperature"),
        ("R717", water(3, 0, 40, 60), "source_outlet"),
        ("R717", water(10, 5, 4, 60), "return_temperature"),
        ("R717", water(10.5, 10, 40, 60), "source_glide"),
        ("R717", water(10, 5, 59.5, 60), "sink_glide"),
        ("R717", water(60, 50, 40, 60), "supply_above_source"),
        ("R717", water(140, 50, 40, 160), "source_boiling"),
        ("R717", water(80, 50, 40, 176), "sink_boiling"),
    ],
)
def test_limits_are_named(refrigerant, point, limit):
    with pytest.raises(InfeasibleError) as caught:
        solve_design(refrigerant, **point)
    assert caught.value.limit == limit


def test_limits_can_be_moved_for_one_call():
    point = water(20, 15, 60, 95)
    assert solve_design("R717", **point, limits={"t_discharge_max": 230}).t_discharge > 180
    with pytest.raises(InfeasibleError, match=r"4\.2"):
        solve_design("R717", **POINT, limits={"pressure_ratio_max": 4.2})


def test_a_failed_solve_does_not_poison_the_next():
    before = solve_design("R290", **POINT | {"t_supply": 75.0})
    with pytest.raises(InfeasibleError):
        solve_design("R290", **water(40, 35, 80, 95))
    after = solve_design("R290", **POINT | {"t_supply": 75.0})
    assert dataclasses.asdict(after)["cop"] == pytest.approx(before.cop, rel=1e-8)


def test_all_names_lead_to_one_refrigerant():
    expected = solve_design("R717", **POINT).cop
    assert solve_design("ammonia", **POINT).cop == pytest.approx(expected, rel=1e-9)
    assert solve_design("r717", **POINT).cop == pytest.approx(expected, rel=1e-9)


def test_bad_input_is_said():
    with pytest.raises(UnknownRefrigerantError, match="R71"):
        solve_design("R71", **POINT)
    with pytest.raises(InputError, match="t_return"):
        solve_design("R717", **POINT | {"t_return": 90.0})
    with pytest.raises(InputError, match="topology"):
        solve_design("R717", **POINT, topology="three_stage")
