"""Closed-form COPs against values worked out elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.validate import closed_form

FORMULAS = {formula.name: formula for formula in closed_form.FORMULAS}

# Source in and out, return, supply [degC].
COOL = (10, 5, 40, 70)
WARM = (40, 30, 60, 90)
HOT = (40, 30, 80, 120)

EXPECTED = {
    "Carnot x 0.4": (2.29, 2.91, 1.97),
    "Carnot x 0.5": (2.86, 3.63, 2.46),
    "Staffell, ground": (2.41, 3.10, 1.47),
    "Staffell, air": (1.82, 2.33, 1.16),
    "when2heat, water": (1.86, 2.44, 1.35),
    "Jesper": (2.58, 3.19, 2.22),
    "Jensen, R717": (3.36, 3.82, 2.86),
    "Jensen, R600a": (3.23, 3.73, 2.63),
}


def at_lift(formula, lift, t_source_in=20.0):
    """COP, or whether it is valid, at lifts from the source inlet."""
    t_supply = t_source_in + np.asarray(lift, dtype=float)
    return formula(t_source_in, t_source_in - 5.0, t_supply - 20.0, t_supply)


def test_every_formula_has_its_values():
    assert list(FORMULAS) == list(EXPECTED)
    assert all(formula.reference for formula in closed_form.FORMULAS)


@pytest.mark.parametrize("name", EXPECTED)
def test_cop_is_as_published(name):
    found = FORMULAS[name].function(*np.transpose([COOL, WARM, HOT]))
    # Half a unit of the last digit, and a little: Staffell's 3.105 and 2.335 are rounded down.
    np.testing.assert_allclose(found, EXPECTED[name], rtol=0, atol=0.005 + 1e-9)


def test_jensen_is_the_formula_in_its_own_words():
    t_hot, t_cold = 30 / np.log(343.15 / 313.15), 5 / np.log(283.15 / 278.15)
    lift = t_hot - t_cold
    p, eta, loss = 3.0, 0.7, 0.1
    x, y = 70 - 5 + 2 * p, 30
    a, r, b = 0.2 * x + 0.2 * y + 0.016, 0.0014 * x - 0.0015 * y + 0.039, 2.5
    pinched = (1 + (a + p) / t_hot) / (1 + (a + b + 2 * p) / lift)
    expected = t_hot / lift * pinched * eta * (1 - r) + 1 - eta - loss
    found = closed_form.jensen(*COOL, refrigerant="R717", eta_s=eta, pinch=p, heat_loss=loss)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("refrigerant", closed_form.JENSEN_REFRIGERANTS)
def test_jensen_follows_its_parameters(refrigerant):
    usual = closed_form.jensen(*WARM, refrigerant=refrigerant)
    assert closed_form.jensen(*WARM, refrigerant=refrigerant, eta_s=0.7) < usual
    assert closed_form.jensen(*WARM, refrigerant=refrigerant, pinch=3.0) > usual


def test_jensen_without_glides_is_the_limit_of_small_ones():
    none = closed_form.jensen(20, 20, 70, 70, refrigerant="R717")
    small = closed_form.jensen(20, 20 - 1e-9, 70 - 1e-9, 70, refrigerant="R717")
    assert none == pytest.approx(small, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "minimum"),
    [("Staffell, ground", 102.18), ("Staffell, air", 96.03), ("when2heat, water", 82.03)],
)
def test_quadratics_turn_upward(name, minimum):
    lift = np.arange(15.0, 150.0, 0.01)
    cop = at_lift(FORMULAS[name].function, lift)
    turn = lift[np.argmin(cop)]
    assert turn == pytest.approx(minimum, abs=0.01)
    assert 79 <= round(turn) <= 102
    assert (np.diff(cop[lift < turn]) < 0).all()
    assert (np.diff(cop[lift > turn]) > 0).all()
    assert not at_lift(FORMULAS[name].valid, turn)


@pytest.mark.parametrize("name", ["Carnot x 0.4", "Jensen, R717", "Jensen, R600a"])
def test_others_fall_all_the_way(name):
    assert (np.diff(at_lift(FORMULAS[name].function, np.arange(25.0, 150.0))) < 0).all()


def test_when2heat_counts_no_lift_below_15_kelvin():
    water = FORMULAS["when2heat, water"]
    assert (at_lift(water.function, [5, 14]) == at_lift(water.function, 15)).all()
    exchanged = closed_form.when2heat_water(*WARM, exchanger=5.0)
    assert exchanged == pytest.approx(closed_form.when2heat_water(35, 25, 60, 90))


def test_jesper_changes_formula_above_100_degrees():
    at_100, above = closed_form.jesper(50, 45, 80, [100, 100.001])
    assert at_100 == pytest.approx(1.448e12 * 227.46**-4.946)
    assert above == pytest.approx(1.9118 * 50.088378**-0.89094 * 373.194189**0.67895, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("Staffell, ground", 20, 60),
        ("Staffell, air", 15, 60),
        ("when2heat, water", 15, 60),
        ("Jesper", 10, 78),
    ],
)
def test_lifts_from_low_to_high_are_valid(name, low, high):
    lifts = [low - 0.1, low, high, high + 0.1]
    # A third decimal that binary fractions miss: an end must not fall out by rounding.
    assert at_lift(FORMULAS[name].valid, lifts, 10.123).tolist() == [False, True, True, False]
    assert np.isfinite(at_lift(FORMULAS[name].function, lifts)).all()


@pytest.mark.parametrize(
    ("t_source_in", "t_supply", "valid"),
    [
        (80, 105, True),
        (80.1, 105, False),
        (10, 105, True),
        (9.9, 105, False),
        (70, 160, True),
        (70, 160.1, False),
        (85, 100, True),
        (85, 100.1, False),
    ],
)
def test_jesper_above_100_degrees_has_its_own_range(t_source_in, t_supply, valid):
    found = FORMULAS["Jesper"].valid(t_source_in, t_source_in - 5, t_supply - 20, t_supply)
    assert found == valid
    assert np.isfinite(closed_form.jesper(t_source_in, t_source_in - 5, t_supply - 20, t_supply))


def test_jensen_is_valid_from_10_kelvin_between_the_means():
    valid = FORMULAS["Jensen, R717"].valid
    assert valid(20, 20, [29.9, 30, 90], [29.9, 30, 90]).tolist() == [False, True, True]
    assert np.isfinite(closed_form.jensen(20, 20, 29.9, 29.9, refrigerant="R717"))


def test_carnot_is_valid_where_the_supply_is_warmer():
    assert at_lift(FORMULAS["Carnot x 0.4"].valid, [-1, 0, 0.1]).tolist() == [False, False, True]


@pytest.mark.parametrize("name", EXPECTED)
def test_arrays_broadcast(name):
    formula = FORMULAS[name]
    t_supply = np.array([[70.0], [120.0]])
    t_source_in = np.array([10.0, 20.0, 40.0])
    cop = formula.function(t_source_in, t_source_in - 5, 40, t_supply)
    assert cop.shape == (2, 3)
    assert cop[1, 2] == pytest.approx(formula.function(40, 35, 40, 120), rel=1e-14)
    assert formula.valid(t_source_in, t_source_in - 5, 40, t_supply).shape == (2, 3)
    # Also by temperatures that a formula does without.
    assert formula.function(10, np.zeros((4, 1)), np.full(3, 40), 70).shape == (4, 3)


@pytest.mark.parametrize("name", EXPECTED)
def test_missing_temperatures_stay_missing(name):
    with np.errstate(all="raise"):
        cop = FORMULAS[name].function([np.nan, 40], 30, 60, 90)
        valid = FORMULAS[name].valid([np.nan, 40], 30, 60, 90)
    assert np.isnan(cop).tolist() == [True, False]
    assert not valid[0]


@pytest.mark.parametrize("name", ["Carnot x 0.4", "Jesper", "Jensen, R717", "Jensen, R600a"])
def test_no_lift_is_no_number_and_no_warning(name):
    formula = FORMULAS[name]
    source, supply = np.array([40.0, 40.0, 250.0, 40.0]), np.array([40.0, 30.0, 0.0, 90.0])
    with np.errstate(all="raise"):
        cop = formula.function(source, source, supply, supply)
        valid = formula.valid(source, source, supply, supply)
    assert np.isnan(cop).tolist() == [True, True, True, False]
    assert not valid[:3].any()


@pytest.mark.parametrize("name", ["Staffell, ground", "Staffell, air", "when2heat, water"])
def test_quadratics_give_numbers_anywhere(name):
    assert np.isfinite(at_lift(FORMULAS[name].function, [-20, 0])).all()
    assert not at_lift(FORMULAS[name].valid, [-20, 0]).any()
