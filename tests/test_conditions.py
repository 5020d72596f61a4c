"""Conditions: every kind that people have, and every way to be wrong."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from surrogate.conditions import CONDITIONS, check_array, check_point, read
from surrogate.errors import InputError, InputTypeError, SurrogateError

GOOD = {
    "t_source_in": 30.0,
    "t_source_out": 25.0,
    "t_return": 50.0,
    "t_supply": 80.0,
    "heat_load": 1e6,
    "eta_s": 0.8,
}


def test_scalars_stay_scalars():
    conditions, container = read(GOOD)
    assert container.kind == "scalar"
    assert all(type(value) is float for value in conditions)


@pytest.mark.parametrize("value", [30, np.float32(30), np.int64(30), Fraction(30), np.array(30.0)])
def test_numbers_of_all_kinds(value):
    conditions, _ = read({**GOOD, "t_source_in": value})
    assert np.all(conditions.t_source_in == 30.0)


@given(
    hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=4),
)
def test_numpy_broadcasts_as_numpy_does(shapes):
    names = ("t_source_in", "t_supply", "heat_load")
    arrays = {
        name: np.full(shape, GOOD[name])
        for name, shape in zip(names, shapes.input_shapes, strict=True)
    }
    conditions, container = read({**GOOD, **arrays})
    assert container.shape == shapes.result_shape
    assert container.wrap(conditions.t_supply).shape == shapes.result_shape


def test_lists_and_tuples_are_arrays():
    conditions, container = read({**GOOD, "t_supply": [70, 80], "heat_load": (1e6, 2e6)})
    assert container.kind == "numpy"
    assert conditions.heat_load.tolist() == [1e6, 2e6]


def test_series_keep_their_index():
    hours = pd.date_range("2026-01-01", periods=3, freq="h")
    _, container = read({**GOOD, "t_supply": pd.Series([70.0, 80.0, 90.0], hours)})
    wrapped = container.wrap(np.arange(3.0))
    assert isinstance(wrapped, pd.Series)
    assert wrapped.index.equals(hours)


def test_data_arrays_broadcast_by_name():
    supply = xr.DataArray([70.0, 80.0], dims="supply", coords={"supply": [70, 80]})
    load = xr.DataArray([1e6, 2e6, 3e6], dims="load")
    _, container = read({**GOOD, "t_supply": supply, "heat_load": load})
    wrapped = container.wrap(np.arange(6.0))
    assert wrapped.sizes == {"supply": 2, "load": 3}
    assert wrapped.supply.to_numpy().tolist() == [70, 80]


def test_empty_arrays_are_fine():
    conditions, container = read({**GOOD, "t_supply": np.array([])})
    assert container.shape == (0,)
    assert len(conditions.t_return) == 0


@pytest.mark.parametrize("value", [None, "80", b"80", True, object(), {"a": 1}, 1j, np.True_])
@pytest.mark.parametrize("name", ["t_supply", "heat_load"])
def test_what_is_no_number_is_a_type_error(name, value):
    with pytest.raises(InputTypeError, match=name):
        read({**GOOD, name: value})


@pytest.mark.parametrize(
    "value", [["a", "b"], [None, 1.0], np.array([True, False]), [[1.0], [1.0, 2.0]], ["80"]]
)
def test_arrays_of_what_is_no_number_are_a_type_error(value):
    with pytest.raises(InputTypeError, match="t_supply"):
        read({**GOOD, "t_supply": value})


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", list(CONDITIONS))
def test_what_is_not_finite_is_named(name, bad):
    with pytest.raises(InputError, match=name):
        read({**GOOD, name: bad})
    with pytest.raises(InputError, match=f"{name} is .* at point 1"):
        read({**GOOD, name: np.array([GOOD[name], bad])})


@pytest.mark.parametrize(
    ("name", "value"), [("heat_load", -1.0), ("eta_s", 0.0), ("eta_s", 1.1), ("t_supply", 500.0)]
)
def test_what_is_out_of_all_range_is_named(name, value):
    with pytest.raises(InputError, match=name):
        read({**GOOD, name: value})


def test_the_wrong_order_is_said():
    with pytest.raises(InputError, match="source must be cooled"):
        read({**GOOD, "t_source_out": 30.0})
    with pytest.raises(InputError, match=r"at point 2.*sink must be heated"):
        read({**GOOD, "t_return": [50.0, 50.0, 80.0]})


def test_shapes_that_do_not_broadcast_are_said():
    with pytest.raises(InputError, match=r"t_supply \(2,\), heat_load \(3,\)"):
        read({**GOOD, "t_supply": [70.0, 80.0], "heat_load": [1.0, 2.0, 3.0]})
    series = pd.Series([70.0, 80.0, 90.0])
    with pytest.raises(InputError, match="does not broadcast with a Series"):
        read({**GOOD, "t_supply": series, "heat_load": [1e6, 2e6]})
    with pytest.raises(InputError, match="different indices"):
        read({**GOOD, "t_supply": series, "heat_load": pd.Series([1.0, 2.0, 3.0], [1, 2, 3])})


def test_kinds_that_do_not_go_together_are_said():
    with pytest.raises(InputTypeError, match="give all in one kind"):
        read({**GOOD, "t_supply": pd.Series([80.0]), "heat_load": xr.DataArray([1e6], dims="a")})
    with pytest.raises(InputTypeError, match="DataFrame"):
        read({**GOOD, "t_supply": pd.DataFrame({"a": [80.0]})})
    with pytest.raises(InputTypeError, match="dimensions"):
        read({**GOOD, "t_supply": xr.DataArray([80.0], dims="a"), "heat_load": np.array([1e6])})


@given(
    st.fixed_dictionaries(
        {name: st.floats(allow_nan=True, allow_infinity=True) for name in CONDITIONS}
    )
)
def test_points_and_arrays_are_judged_alike(values):
    point, _ = read(GOOD)
    point = point._replace(**values)
    array = type(point)(*(np.array([value]) for value in point))

    def verdict(check, conditions):
        try:
            check(conditions)
        except SurrogateError as error:
            return str(error).replace(" at point 0", "")
        return "good"

    assert verdict(check_point, point) == verdict(check_array, array)
