"""Limits: one set of lines for the solve, the point and the array."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate import limits as L  # noqa: N812
from surrogate.errors import InputError, InputTypeError

temperatures = st.floats(-50, 200)


@given(temperatures, temperatures, temperatures, temperatures)
def test_points_and_arrays_break_the_same_rules(source_in, source_out, back, supply):
    names = ("t_source_in", "t_source_out", "t_return", "t_supply")
    values = dict(zip(names, (source_in, source_out, back, supply), strict=True))
    point = SimpleNamespace(**values)
    array = SimpleNamespace(**{name: np.array([value]) for name, value in values.items()})
    codes = np.zeros(1, dtype=np.int8)
    L.mark_broken_conditions(L.DEFAULT_LIMITS, array, codes)
    assert codes[0] == L.broken_condition(L.DEFAULT_LIMITS, point)


STATE = {
    "t_evap": 20.0,
    "t_cond": 80.0,
    "t_discharge": 120.0,
    "p_evap": 5.0,
    "p_cond": 20.0,
    "t_critical": 130.0,
    "t_triple": -80.0,
}


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({}, ""),
        ({"t_cond": 125.0}, ""),
        ({"t_cond": 125.01}, "critical_temperature"),
        ({"t_evap": -80.0}, "evaporation_temperature"),
        ({"t_discharge": 180.1}, "discharge_temperature"),
        ({"p_cond": 61.0}, "pressure_ratio"),
    ],
)
def test_states_break_rules(change, limit):
    state = {**STATE, **change}
    point = SimpleNamespace(**state)
    assert L.NAMES[L.broken_state(L.DEFAULT_LIMITS, point)] == limit
    array = SimpleNamespace(**{name: np.array([value]) for name, value in state.items()})
    codes = np.zeros(1, dtype=np.int8)
    L.mark_broken_states(L.DEFAULT_LIMITS, array, codes)
    assert L.NAMES[codes[0]] == limit


def test_every_rule_gives_its_reason():
    for name in L.NAMES[1:]:
        assert "{" not in L.reason(name)
    assert "= 15" in L.reason("pressure_ratio", L.Limits(pressure_ratio_max=15))


def test_limits_are_checked():
    assert L.Limits(t_discharge_max=float("inf")).t_discharge_max == float("inf")
    with pytest.raises(InputError, match="t_discharge_max = nan"):
        L.Limits(t_discharge_max=float("nan"))
    with pytest.raises(InputError, match="t_source_out_min = -5"):
        L.Limits(t_source_out_min=-5)
    with pytest.raises(InputError, match="from 0 to inf"):
        L.Limits(critical_margin=-1)
    with pytest.raises(InputTypeError, match="number"):
        L.as_limits({"t_discharge_max": "hot"})
