"""Piecewise-linear power over load: exact where it can be, the best there is elsewhere."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from surrogate.errors import InputError, InputTypeError
from surrogate.piecewise import PiecewiseLinear, fit

LOAD = np.linspace(0.5e6, 1e6, 51)
SHARE = LOAD / 1e6
CURVES = {
    "typical": LOAD / (3.2 + 1.2 * SHARE - 0.7 * SHARE**2),
    "convex": 1e5 * (0.5 + SHARE**2),
    "concave": 1e5 * np.sqrt(SHARE),
    "with an inflection": 1e5 * (2 + np.tanh(8 * (SHARE - 0.75))),
}

powers = st.lists(st.floats(1.0, 3.0), min_size=6, max_size=6)


def least_error(x, y, breakpoints):
    """Smallest largest relative error with these breakpoints: a linear program."""
    at = np.union1d(x, breakpoints)
    share = np.array([np.interp(at, breakpoints, row) for row in np.eye(len(breakpoints))]).T
    relative = share / np.interp(at, x, y)[:, None]
    one = np.ones((at.size, 1))
    result = linprog(
        np.append(np.zeros(len(breakpoints)), 1.0),
        np.block([[relative, -one], [-relative, -one]]),
        np.concatenate((one, -one)),
        bounds=(None, None),
    )
    return result.fun


@given(powers, st.integers(2, 3))
def test_no_function_of_so_many_segments_is_better(power, segments):
    load = np.array([1.0, 1.2, 1.5, 1.6, 2.0, 2.1])
    pwl = fit(load, power, segments=segments)
    assert np.all(np.diff(pwl.load) > 0)
    inside = np.linspace(1.0, 2.1, 12)[1:-1]
    best = min(
        least_error(load, power, np.array([1.0, *chosen, 2.1]))
        for chosen in itertools.combinations(inside, segments - 1)
    )
    assert pwl.max_relative_error <= best + 1e-9


@given(powers, st.integers(1, 5))
def test_errors_are_as_measured_and_give_the_segments_again(power, segments):
    load, power = np.arange(1.0, 7.0), np.array(power)
    pwl = fit(load, power, segments=segments)
    off = np.abs(pwl.at(load) - power)
    # The largest may also lie at a breakpoint between samples.
    assert off.max() <= pwl.max_error * (1 + 1e-9)
    assert (off / power).max() <= pwl.max_relative_error * (1 + 1e-9)
    if pwl.max_relative_error > 1e-8:
        again = fit(load, power, tolerance=pwl.max_relative_error)
        assert again.slope.size <= segments
        assert again.max_relative_error <= pwl.max_relative_error * (1 + 1e-9)


@given(powers, st.floats(1e-3, 1e9), st.floats(1e-3, 1e9))
def test_units_do_not_matter(power, load_scale, power_scale):
    load, power = np.arange(1.0, 7.0), np.array(power)
    pwl = fit(load, power, segments=2)
    scaled = fit(load_scale * load, power_scale * power, segments=2)
    assert scaled.max_relative_error == pytest.approx(pwl.max_relative_error, abs=1e-9)


@given(st.lists(st.floats(0.1, 1.0), min_size=4, max_size=12), st.integers(1, 4))
def test_a_convex_curve_stays_convex(bends, segments):
    power = 1.0 + np.cumsum(np.cumsum(bends))
    assert fit(np.arange(power.size), power, segments=min(segments, power.size - 1)).convex


@pytest.mark.parametrize("curve", CURVES)
def test_error_falls_with_the_number_of_segments(curve):
    errors = [fit(LOAD, CURVES[curve], segments=n).max_relative_error for n in range(1, 7)]
    assert np.all(np.diff(errors) < 0)
    # With the square of the segments once they are short, and half as much as chords.
    assert errors[5] < 0.4 * errors[2]
    chord = np.interp(LOAD, LOAD[[0, -1]], CURVES["convex"][[0, -1]]) / CURVES["convex"] - 1
    assert fit(LOAD, CURVES["convex"], segments=1).max_relative_error < 0.51 * chord.max()


def test_error_of_a_typical_curve():
    errors = [fit(LOAD, CURVES["typical"], segments=n).max_relative_error for n in range(1, 5)]
    assert errors == pytest.approx([4.29e-3, 9.51e-4, 4.03e-4, 2.21e-4], rel=5e-3)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("tolerance", [0.05, 0.01, 0.001])
def test_tolerance_is_kept_with_the_fewest_segments(curve, tolerance):
    power = CURVES[curve]
    pwl = fit(LOAD, power, tolerance=tolerance)
    assert np.all(np.abs(pwl.at(LOAD) / power - 1) <= tolerance)
    segments = pwl.slope.size
    assert pwl.max_relative_error == fit(LOAD, power, segments=segments).max_relative_error
    if segments > 1:
        assert fit(LOAD, power, segments=segments - 1).max_relative_error > tolerance


def test_exact_for_a_piecewise_linear_curve():
    at, values = np.array([5e5, 6e5, 8e5, 1e6]), np.array([1e5, 1.5e5, 2e5, 3e5])
    power = np.interp(LOAD, at, values)
    pwl = fit(LOAD, power)
    np.testing.assert_allclose(pwl.load, at, rtol=1e-9)
    np.testing.assert_allclose(pwl.power, values, rtol=1e-9)
    np.testing.assert_allclose(pwl.slope, [0.5, 0.25, 0.5], rtol=1e-9)
    assert not pwl.convex
    assert fit(LOAD, power, tolerance=1e-9).load.size == 4


def test_a_straight_line_is_split_to_the_number_asked_for():
    pwl = fit(LOAD, 0.25 * LOAD, segments=3)
    np.testing.assert_allclose(pwl.load, [5e5, 6.25e5, 7.5e5, 1e6])
    np.testing.assert_allclose(pwl.slope, 0.25)
    assert pwl.convex
    assert fit(LOAD, 0.25 * LOAD, tolerance=0.01).load.size == 2
    assert fit([1, 2], [3, 4], segments=1).max_error < 1e-9


def test_segments_meet_and_the_same_comes_out_twice():
    pwl, again = (fit(LOAD, CURVES["typical"]) for _ in range(2))
    np.testing.assert_allclose(pwl.slope * pwl.load[:-1] + pwl.offset, pwl.power[:-1])
    np.testing.assert_allclose(pwl.slope * pwl.load[1:] + pwl.offset, pwl.power[1:])
    assert pwl.to_dict() == again.to_dict()
    assert (pwl.load[0], pwl.load[-1], pwl.slope.size) == (LOAD[0], LOAD[-1], 3)


def test_convex_where_slopes_increase():
    assert fit(LOAD, CURVES["convex"], segments=4).convex
    assert not fit(LOAD, CURVES["concave"], segments=4).convex
    assert not fit(LOAD, CURVES["with an inflection"], segments=4).convex
    assert fit(LOAD, CURVES["concave"], segments=1).convex


def test_values_come_in_the_shape_of_the_load():
    pwl = PiecewiseLinear(np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.5, 3.5]), 0.0, 0.0)
    assert isinstance(pwl.at(3), float)
    assert pwl.at(3) == 2.5
    np.testing.assert_array_equal(pwl.at([[0.9, 1.0], [4.0, 4.1]]), [[np.nan, 1.0], [3.5, np.nan]])
    assert np.isnan(pwl.at(float("nan")))
    assert (pwl.at(1 - 1e-9), pwl.at(4 + 1e-9)) == (1.0, 3.5)  # a solver's rounding
    with pytest.raises(InputTypeError, match="load = 'full'"):
        pwl.at("full")


def test_dict_holds_plain_values():
    values = fit(LOAD, CURVES["typical"], segments=2).to_dict()
    assert json.loads(json.dumps(values)) == values
    assert [len(values[name]) for name in ("load", "power", "slope", "offset")] == [3, 3, 2, 2]
    assert values["convex"] is True


@pytest.mark.parametrize(
    ("load", "power", "options", "message"),
    [
        ([1, 2, 3], [1, 2], {}, r"load has shape \(3,\) and power \(2,\)"),
        ([[1, 2]], [[1, 2]], {}, "one curve at a time"),
        ([1], [1], {}, "1 samples"),
        ([1, 2], [1, float("nan")], {}, "power = nan W at sample 1"),
        ([1, float("inf")], [1, 2], {}, "load = inf W at sample 1"),
        ([1, 2], [0, 1], {}, "power = 0 W at sample 0.* above 0"),
        ([1, 1], [1, 2], {}, "load = 1 W at sample 1.*sort by load"),
        ([1, 2], [1, 2], {}, "segments = 3, but it must be from 1 to 1 for 2 samples"),
        ([1, 2], [1, 2], {"segments": 0}, "segments = 0, .* give 3"),
        ([1, 2], [1, 2], {"tolerance": 0}, "tolerance = 0, .* from 1e-09 to below 1"),
        ([1, 2], [1, 2], {"tolerance": 1}, "tolerance = 1"),
        ([1, 2], [1, 2], {"tolerance": float("nan")}, "tolerance = nan"),
        ([1, 2], [1, 2], {"segments": 1, "tolerance": 0.1}, "leave one out"),
    ],
)
def test_bad_values_are_named(load, power, options, message):
    with pytest.raises(InputError, match=message):
        fit(load, power, **options)


@pytest.mark.parametrize(
    ("load", "power", "options", "message"),
    [
        (["low", "high"], [1, 2], {}, r"load = \['low', 'high'\]"),
        ([1, 2], [1, None], {}, r"power = \[1, None\]"),
        ([1, 2], [[1], [1, 2]], {}, "power = "),
        ([1, 2], [True, True], {}, "power = "),
        ([1, 2], [1, 2], {"segments": 1.5}, "segments = 1.5"),
        ([1, 2], [1, 2], {"segments": True}, "segments = True"),
        ([1, 2], [1, 2], {"tolerance": "1 %"}, "tolerance = '1 %'"),
    ],
)
def test_bad_kinds_are_named(load, power, options, message):
    with pytest.raises(InputTypeError, match=message):
        fit(load, power, **options)


def test_import_is_light():
    code = "import sys, surrogate.piecewise; print([m for m in sys.modules if 'scipy' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
