"""Capacity, part load and cycling, on maps of real plants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.generate.plants import plain_balance
from surrogate.heatpump import HeatPump
from surrogate.identity import Identity, Sizing
from surrogate.limits import (
    DEFAULT_LIMITS,
    NAMES,
    PLANT_CODES,
    State,
    as_limits,
    mark_broken_plants,
    plant_excess,
)
from surrogate.operate import operate, part_load_factor, reach
from surrogate.parameters import Parameters
from surrogate.plantmap import ANSWERED, OUTSIDE, Levels
from surrogate.solved import SolvedMap

RIVER = Sizing(8.0, 4.0, 40.0, 65.0, 0.8)
CENTRE = Sizing(30.0, 25.0, 50.0, 80.0, 0.8)


@pytest.fixture(scope="module")
def river():
    return plain_balance(HeatPump("R290").table, RIVER)


@pytest.fixture(scope="module")
def centre():
    return plain_balance(HeatPump("R717").table, CENTRE)


def levels(*rows: tuple[float, float, float]) -> Levels:
    return Levels(*np.array(rows, dtype=np.float64).T)


def names(codes) -> list[str]:
    return [NAMES[code] for code in codes]


def test_capacity_is_where_the_first_limit_binds(river):
    at = levels((8, 40, 65), (12, 40, 65), (3, 40, 65), (1.5, 40, 60), (0.6, 40, 60))
    far = reach(river, at, DEFAULT_LIMITS)
    assert names(far.limit[:4]) == ["suction_volume_flow"] * 2 + ["source_outlet"] * 2
    assert far.capacity[0] == pytest.approx(1.0, rel=1e-4)
    # What it was asked for once already: 0.7 at 3 degC and 0.3 at 1.5 degC, nearly.
    assert far.capacity[2:4] == pytest.approx([0.65, 0.255], abs=0.01)
    assert far.top.volume_flow[:2] == pytest.approx(1.0)
    assert far.top.t_source_out[2:4] == pytest.approx(0.5, abs=1e-4)
    assert far.capacity[1] > far.capacity[0] > far.capacity[2] > far.capacity[3]
    # So little water to cool that the map ends before: not infeasible, but unknown to it.
    assert far.code.tolist() == [ANSWERED] * 4 + [OUTSIDE]


def test_capacity_solves_back_to_its_volume_flow_in_full(river):
    """With TESPy: the load at capacity needs the design's suction volume flow."""
    solved = SolvedMap(Identity("plant", "single_stage", "R290", Parameters(), RIVER))
    at = levels((11, 38, 62), (3, 40, 65))
    far = reach(river, at, DEFAULT_LIMITS)
    back = solved.at_load(at, far.capacity)
    assert back.volume_flow[0] == pytest.approx(1.0, rel=3e-4)
    assert back.t_source_out[1] == pytest.approx(0.5, abs=3e-3)
    full = reach(solved, at, DEFAULT_LIMITS)
    assert full.capacity == pytest.approx(far.capacity, rel=5e-4)
    assert names(full.limit) == names(far.limit)


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({}, "suction_volume_flow"),
        ({"overspeed": 0.8}, "suction_volume_flow"),
        ({"pressure_ratio_max": 4.2}, "pressure_ratio"),
        ({"critical_margin": 56.0}, "critical_temperature"),
        ({"t_source_out_min": 25.9}, "source_outlet"),
    ],
)
def test_any_limit_sets_the_capacity(centre, limits, limit):
    chosen = as_limits(limits)
    at = levels((30, 50, 80))
    far = reach(centre, at, chosen)
    assert names(far.limit) == [limit]
    assert 0 < far.capacity[0] <= 1 + 1e-4
    code = list(PLANT_CODES).index(far.limit[0])
    excess = plant_excess(chosen, state(centre, far.top))
    assert abs(excess[code, 0]) < 1e-4
    over = operate(centre, at, far.capacity * 1.01, chosen)
    assert names(over.broken) == [limit]
    under = operate(centre, at, far.capacity * 0.99, chosen)
    assert names(under.broken) == [""]


def state(plant_map, running) -> State:
    return State(
        running.t_evap, running.t_cond, running.t_discharge, running.p_evap, running.p_cond,
        plant_map.t_critical, plant_map.t_triple, running.t_source_out, running.volume_flow,
    )  # fmt: skip


def test_a_limit_broken_in_part_load_alone_leaves_the_capacity(centre):
    """Compression is worse in part load, so the discharge gas is hotter there."""
    at = levels((30, 50, 80))
    whole = reach(centre, at, DEFAULT_LIMITS)
    limits = as_limits({"t_discharge_max": float(whole.top.t_discharge[0]) + 2.0})
    far = reach(centre, at, limits)
    assert far.capacity == pytest.approx(whole.capacity)
    low = operate(centre, at, np.array([0.65]), limits)
    assert names(low.broken) == ["discharge_temperature"]
    assert names(operate(centre, at, np.array([0.99]), limits).broken) == [""]


def test_nothing_is_possible_where_all_flows_break_a_limit(centre):
    limits = as_limits({"pressure_ratio_max": 2.0})
    far = reach(centre, levels((30, 50, 80)), limits)
    assert far.capacity[0] == 0
    assert names(far.limit) == ["pressure_ratio"]
    assert names(operate(centre, levels((30, 50, 80)), np.array([0.5]), limits).broken) == [
        "pressure_ratio"
    ]


def test_below_the_turndown_it_cycles(centre):
    at = levels(*[(28, 48, 75)] * 4)
    far = reach(centre, at, DEFAULT_LIMITS)
    assert far.least.volume_flow == pytest.approx(0.5)
    assert (far.lowest < far.capacity).all()
    load = far.lowest * np.array([1.001, 0.999, 0.5, 0.1])
    found = operate(centre, at, load, DEFAULT_LIMITS)
    assert found.cycling.tolist() == [False, True, True, True]
    best, cop = far.least.cop[0], load / found.power
    ratio = np.array([0.999, 0.5, 0.1])
    assert cop[1:] == pytest.approx(best * ratio / (0.9 * ratio + 0.1))
    assert cop[0] == pytest.approx(best, rel=1e-3)


def test_a_capacity_below_the_turndown_is_reached_without_a_break(river):
    at = levels((1.5, 40, 60))
    far = reach(river, at, DEFAULT_LIMITS)
    assert far.top.volume_flow[0] < 0.5
    assert far.lowest[0] == 0
    found = operate(river, at, far.capacity * 0.8, DEFAULT_LIMITS)
    assert not found.cycling[0]
    assert found.running.load == pytest.approx(far.capacity * 0.8)


@given(
    t_in=st.floats(22, 38),
    supply=st.floats(62, 84),
    glide=st.floats(16, 40),
    share=st.floats(0.05, 1.3),
)
def test_every_answer_is_sound(centre, t_in, supply, glide, share):
    at = levels((t_in, supply - glide, supply))
    found = operate(centre, at, np.array([share]), DEFAULT_LIMITS)
    assert found.code[0] == ANSWERED
    far = found.reach
    assert 0 <= far.lowest[0] <= max(far.capacity[0], 0)
    if share > far.capacity[0] * 1.001:
        assert found.broken[0] == far.limit[0] > 0
    elif found.broken[0] == 0:
        assert found.power[0] / share > 1 / 12
        assert found.cycling[0] == (share < far.lowest[0])
        assert found.running.t_source_out[0] < t_in


def test_part_load_factor_is_that_of_en_14825():
    ratio = np.linspace(0.05, 1, 20)
    assert part_load_factor(ratio) == pytest.approx(ratio / (0.9 * ratio + 1 - 0.9))
    assert (np.diff(part_load_factor(ratio)) > 0).all()


def test_excess_and_rules_agree():
    rng = np.random.default_rng(0)
    n = 4000
    states = State(
        rng.uniform(-110, 160, n), rng.uniform(90, 140, n), rng.uniform(150, 200, n),
        rng.uniform(1, 3, n), rng.uniform(10, 40, n), 130.0, -60.0,
        rng.uniform(0, 1, n), rng.uniform(0.5, 1.2, n),
    )  # fmt: skip
    codes = np.zeros(n, dtype=np.int8)
    mark_broken_plants(DEFAULT_LIMITS, states, codes)
    excess = plant_excess(DEFAULT_LIMITS, states)
    first = np.where((excess > 0).any(axis=0), PLANT_CODES[(excess > 0).argmax(axis=0)], 0)
    assert (codes == first).all()
    assert set(PLANT_CODES) <= set(codes)
