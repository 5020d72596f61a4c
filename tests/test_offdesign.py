"""The sized machine in TESPy: at its design, away from it, and against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI

from surrogate.arithmetic import SCALAR
from surrogate.conditions import Conditions
from surrogate.cycle import solve_design, solve_offdesign
from surrogate.cycle.characteristics import SOURCES, lines
from surrogate.cycle.design import new_model
from surrogate.cycle.machine import Point, SizedMachine
from surrogate.cycle.tespy_import import CharLine, load_default_char
from surrogate.errors import InfeasibleError, InputError
from surrogate.generate.plants import plain_balance
from surrogate.heatpump import HeatPump
from surrogate.identity import Sizing
from surrogate.parameters import Parameters
from surrogate.plantmap import ANSWERED, Levels
from surrogate.units import KELVIN

DESIGNS = {
    "R717": Conditions(30.0, 25.0, 50.0, 80.0, 1e6, 0.8),
    "R600a": Conditions(45.0, 35.0, 60.0, 95.0, 1e6, 0.8),
    "R410A": Conditions(10.0, 5.0, 30.0, 45.0, 2e4, 0.75),
}


def sized(refrigerant: str, source_control: str = "flow") -> SizedMachine:
    model = new_model("single_stage", refrigerant, Parameters())
    return SizedMachine(model, DESIGNS[refrigerant], source_control)


@pytest.mark.parametrize("control", ["flow", "outlet"])
@pytest.mark.parametrize("refrigerant", DESIGNS)
@pytest.mark.parametrize("fixed", ["heat_load", "volume_flow"])
def test_at_its_design_it_is_the_design(refrigerant, control, fixed):
    machine = sized(refrigerant, control)
    c = machine.conditions
    value = c.heat_load if fixed == "heat_load" else 1.0
    result = machine.solve(Point(c.t_source_in, c.t_return, c.t_supply, fixed, value))
    design = solve_design(refrigerant, **c._asdict())
    for name in ("cop", "power", "heat_load", "t_discharge", "mass_flow", "ua_condenser"):
        assert getattr(result, name) == pytest.approx(getattr(design, name), rel=1e-6)
    assert result.t_evap == pytest.approx(design.t_evap, abs=1e-5)
    assert result.t_source_out == pytest.approx(c.t_source_out, abs=1e-5)


def test_inputs_take_effect_as_on_a_fresh_network():
    used, fresh = sized("R717"), sized("R717")
    other = Point(34.0, 42.0, 70.0, "heat_load", 7e5)
    asked = Point(26.0, 47.0, 76.0, "heat_load", 8e5)
    first = used.solve(other)
    again = used.solve(asked)
    alone = fresh.solve(asked)
    assert abs(first.cop / again.cop - 1) > 0.01
    assert again.cop == pytest.approx(alone.cop, rel=1e-8)
    warmer = used.solve(asked._replace(t_return=52.0))
    assert abs(warmer.cop / again.cop - 1) > 1e-3
    assert warmer.cop == pytest.approx(sized("R717").solve(asked._replace(t_return=52.0)).cop)


@pytest.mark.parametrize("control", ["flow", "outlet"])
@pytest.mark.parametrize("refrigerant", DESIGNS)
def test_states_keep_the_laws_and_the_lines(refrigerant, control):
    """Recomputed from the result with CoolProp and the lines alone."""
    machine = sized(refrigerant, control)
    c, design = machine.conditions, machine.design
    known = lines()
    rng = np.random.default_rng(3)
    for _ in range(5):
        supply = c.t_supply - rng.uniform(0, 12)
        t_return = supply - (c.t_supply - c.t_return) * rng.uniform(0.7, 1.3)
        t_in = c.t_source_in + rng.uniform(-1.5, 6)
        flow = rng.uniform(0.55, 1.0)
        result = machine.solve(Point(t_in, t_return, supply, "volume_flow", flow))
        shaft = 0.95 * result.power
        assert result.heat_load == pytest.approx(result.heat_source + shaft, rel=1e-9)
        hot = SCALAR.log_mean(t_return + KELVIN, supply + KELVIN)
        cold = SCALAR.log_mean(result.t_source_out + KELVIN, t_in + KELVIN)
        assert result.heat_load / shaft < hot / (hot - cold)
        source = result.heat_source / water_drop(t_in, result.t_source_out, 3)
        source /= design.heat_source / water_drop(c.t_source_in, c.t_source_out, 3)
        if control == "flow":
            assert source == pytest.approx(1.0, rel=1e-6)
        else:
            assert result.t_source_out == pytest.approx(c.t_source_out)
        sink = result.heat_load / water_drop(supply, t_return, 10)
        sink /= design.heat_load / water_drop(c.t_supply, c.t_return, 10)
        refrigerant_flow = result.mass_flow / design.mass_flow
        for name, hot_flow, cold_flow in (
            ("condenser", refrigerant_flow, sink),
            ("evaporator", source, refrigerant_flow),
        ):
            factors = [
                np.interp(x, *known[f"{name}_{side}"])
                for side, x in (("hot", hot_flow), ("cold", cold_flow))
            ]
            ua = getattr(design, f"ua_{name}") * 2 / (1 / factors[0] + 1 / factors[1])
            assert getattr(result, f"ua_{name}") == pytest.approx(ua, rel=1e-5)
        assert result.eta_s == pytest.approx(c.eta_s * np.interp(flow, *known["eta_s"]), rel=1e-6)


def water_drop(hot: float, cold: float, pressure: float) -> float:
    h = [PropsSI("H", "T", t + KELVIN, "P", pressure * 1e5, "water") for t in (hot, cold)]
    return h[0] - h[1]


@pytest.mark.parametrize("name", SOURCES)
def test_lines_are_smooth_and_leave_the_design_alone(name):
    line, source = lines()[name], SOURCES[name]
    assert 1.0 in line.x.round(12)
    assert np.interp(1.0, *line) == pytest.approx(1.0, abs=1e-9)
    rough = load_default_char(source.component, source.parameter, source.name, CharLine)
    # Below a third of the flow TESPy's knots lie closer than the places of the smooth line.
    inside = (rough.x > 0.33) & (rough.x <= line.x[-1])
    assert np.interp(rough.x[inside], *line) == pytest.approx(rough.y[inside], abs=2e-3)
    # A kink of the piecewise linear line turns its slope at one place; none is left.
    turns = (np.abs(np.diff(line.y, 2)) / np.diff(line.x)[0])[line.x[1:-1] > 0.33]
    worst = np.abs(np.diff(np.diff(rough.y) / np.diff(rough.x)))[inside[1:-1]].max()
    assert turns.max() < 0.3 * worst


def test_superheat_is_raised_off_design_as_in_design():
    machine = sized("R600a")
    assert machine.design.superheat > 5.5
    hot = machine.solve(Point(40.0, 60.0, 95.0, "volume_flow", 0.9))
    assert hot.discharge_superheat == pytest.approx(3.0, abs=1e-5)
    assert hot.superheat > 5.5
    mild = machine.solve(Point(50.0, 40.0, 65.0, "volume_flow", 0.7))
    assert mild.superheat == pytest.approx(5.0, abs=1e-6)
    assert mild.discharge_superheat > 3.0


def test_an_exchanger_far_larger_than_its_load_asks_for_still_solves():
    model = new_model("single_stage", "R290", Parameters())
    machine = SizedMachine(model, Conditions(8.0, 4.0, 40.0, 65.0, 1e6, 0.8))
    result = machine.solve(Point(1.5, 40.0, 60.0, "volume_flow", 0.25))
    assert machine.model.evaporator.td_pinch.val == pytest.approx(1e-3, abs=1e-6)
    assert 0 < result.t_source_out < 1.5
    # The next point is none the worse for it.
    again = machine.solve(Point(8.0, 40.0, 65.0, "volume_flow", 1.0))
    assert again.cop == pytest.approx(machine.design.cop, rel=1e-6)


@pytest.mark.parametrize(
    ("refrigerant", "control"), [("R717", "flow"), ("R600a", "outlet"), ("R410A", "flow")]
)
def test_the_balance_on_the_design_table_is_the_solve(refrigerant, control):
    machine = sized(refrigerant, control)
    c = machine.conditions
    sizing = Sizing(c.t_source_in, c.t_source_out, c.t_return, c.t_supply, c.eta_s, control)
    balance = plain_balance(HeatPump(refrigerant).table, sizing)
    rng = np.random.default_rng(5)
    flow = rng.uniform(0.5, 1.0, 6)
    t_in = c.t_source_in + rng.uniform(-1.5, 6, 6)
    supply = c.t_supply - rng.uniform(0, 15, 6)
    levels = Levels(t_in, supply - rng.uniform(12, 25, 6), supply)
    found = balance.at_volume_flow(levels, flow)
    back = balance.at_load(levels, found.load)
    assert (found.code == ANSWERED).all()
    assert back.volume_flow == pytest.approx(flow, rel=1e-6)
    for n in range(6):
        point = Point(t_in[n], levels.t_return[n], supply[n], "volume_flow", flow[n])
        result = machine.solve(point)
        assert found.cop[n] == pytest.approx(result.cop, rel=1e-4)
        assert found.load[n] * c.heat_load == pytest.approx(result.heat_load, rel=5e-4)
        assert found.t_source_out[n] == pytest.approx(result.t_source_out, abs=5e-3)
        assert found.t_discharge[n] == pytest.approx(result.t_discharge, abs=0.1)


DESIGN = {"t_source_in": 8, "t_source_out": 4, "t_return": 40, "t_supply": 65}


@pytest.mark.parametrize(
    ("changed", "limit"),
    [
        ({"heat_load": 1.4e6}, "suction_volume_flow"),
        ({"t_source_in": 2.0, "heat_load": 8e5}, "source_outlet"),
        ({"t_source_in": 0.4}, "source_outlet"),
        ({"t_return": 4.0}, "return_temperature"),
        ({"t_supply": 92.0, "t_return": 85.0}, "critical_temperature"),
    ],
)
def test_what_a_machine_cannot_do_is_named(changed, limit):
    point = {"t_source_in": 10.0, "t_return": 40.0, "t_supply": 62.0, "heat_load": 5e5}
    with pytest.raises(InfeasibleError) as caught:
        solve_offdesign("R290", design=DESIGN, **{**point, **changed})
    assert caught.value.limit == limit


@pytest.mark.parametrize(
    ("design", "changed", "said"),
    [
        ({"t_source_in": 8}, {}, "design lacks t_source_out"),
        ({**DESIGN, "supply": 3}, {}, "design has 'supply'"),
        (DESIGN, {"source_control": "both"}, "flow, outlet"),
        (DESIGN, {"heat_load": 0.0}, "above 0 W"),
        (DESIGN, {"t_return": 70.0}, "t_return = 70 degC is not below t_supply"),
    ],
)
def test_nonsense_is_refused(design, changed, said):
    point = {"t_source_in": 10.0, "t_return": 40.0, "t_supply": 62.0, "heat_load": 5e5}
    with pytest.raises(InputError, match=said):
        solve_offdesign("R290", design=design, **{**point, **changed})
