"""Calibration: known factors are found again, from a twin's hours and from TESPy's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from surrogate.cycle.machine import Point
from surrogate.errors import InputError
from surrogate.twin import Design, Factors, Twin, calibrate, compare, read_measured
from surrogate.twin import fit as fit_module
from surrogate.twin.example import example_csv
from surrogate.twin.fit import NAMES, ROBUST, SCALES, Hours, Residuals, fit

from .twin_cases import worn_machine

KNOWN = Factors(eta_s=0.9, ua_condenser=0.8, ua_evaporator=1.1)


@pytest.fixture(scope="module")
def twin():
    return Twin(Design())


def hours(count, *without, **how):
    """Measured hours of an invented machine, without some of their columns."""
    rows = [line.split(",") for line in example_csv(count, **how).strip().split("\n")]
    kept = [place for place, name in enumerate(rows[0]) if name not in without]
    text = "\n".join(",".join(row[place] for place in kept) for row in rows)
    return read_measured(text.encode())


def test_known_factors_are_found_again(twin):
    told = []
    found = calibrate(
        twin, hours(200, factors=KNOWN), progress=lambda share, text: told.append((share, text))
    )
    for name in NAMES:
        assert getattr(found.factors, name) == pytest.approx(getattr(KNOWN, name), rel=0.01)
        # Within what it says of its own error.
        off = abs(getattr(found.factors, name) - getattr(KNOWN, name))
        assert off < 4 * found.standard_errors[name]
        assert found.standard_errors[name] < 0.01
    assert found.notes == ()
    assert found.converged
    assert abs(found.before.deviations["power"].relative_bias) > 0.08
    assert abs(found.after.deviations["power"].relative_bias) < 0.003
    assert found.after.deviations["power"].cv_rmse < 0.02
    assert found.hours_used + sum(found.left_out.values()) == 200
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    json.dumps(found.to_dict(), allow_nan=False)
    again = calibrate(twin, hours(200, factors=KNOWN))
    assert again.factors == found.factors


def test_power_alone_gives_the_power_and_says_what_it_does_not_tell(twin):
    found = calibrate(twin, hours(200, "t_evap", "t_cond", "t_discharge", factors=KNOWN))
    assert found.fitted == ("power",)
    assert abs(found.after.deviations["power"].relative_bias) < 0.003
    assert found.after.deviations["power"].cv_rmse < 0.02
    assert abs(found.correlation["ua_condenser, ua_evaporator"]) > 0.8
    said = " ".join(found.notes)
    assert "evaporator's UA" in said
    assert "Measured pressures or temperatures of evaporation and condensation" in said
    assert found.standard_errors["ua_evaporator"] > 0.05


def test_a_few_wild_hours_do_not_lead_it_astray(twin):
    measured = hours(200, factors=KNOWN)
    measured.columns["power"][5:200:20] *= 1.6
    found = calibrate(twin, measured)
    for name in NAMES:
        assert getattr(found.factors, name) == pytest.approx(getattr(KNOWN, name), rel=0.02)


def test_it_finds_what_was_changed_inside_tespy(twin):
    """Hours from full solves: no table, no balance and no regressor took part in them."""
    truth = Factors(eta_s=0.92, ua_condenser=0.85, ua_evaporator=0.9)
    machine = worn_machine(Design(), truth)
    rng = np.random.default_rng(7)
    lines = ["time;t_source_in;t_return;t_supply;heat [kW];power [kW];p_evap;p_cond [MPa]"]
    for number in range(14):
        source, supply = rng.uniform(8, 13), rng.uniform(40, 46)
        back, load = supply - rng.uniform(11, 15), rng.uniform(1.45e4, 1.8e4)
        solved = machine.solve(Point(source, back, supply, "heat_load", load))
        cells = (source, back, supply, load / 1e3, solved.power / 1e3)
        cells += (solved.p_evap, solved.p_cond / 10)
        lines.append(f"2026-01-01T{number:02}:00;" + ";".join(f"{x:.9f}" for x in cells))
    found = calibrate(twin, read_measured("\n".join(lines).encode()))
    assert found.hours_used == 14
    assert found.fitted == ("power", "p_evap", "p_cond")
    for name in NAMES:
        assert getattr(found.factors, name) == pytest.approx(getattr(truth, name), rel=5e-3)
    assert found.after.deviations["power"].cv_rmse < 1e-3
    assert found.before.deviations["power"].relative_bias < -0.08


def test_a_factor_at_its_bound_is_said(twin):
    bounds = {"ua_condenser": (0.9, 1.5)}
    found = calibrate(twin, hours(100, factors=KNOWN), bounds=bounds)
    assert found.factors.ua_condenser == pytest.approx(0.9, abs=1e-3)
    assert found.standard_errors["ua_condenser"] is None
    assert "the condenser's UA stands at a bound (0.9 to 1.5)" in found.notes[0]


def test_it_starts_from_a_calibrated_twin_alike(twin):
    measured = hours(100, factors=KNOWN)
    first = calibrate(twin, measured)
    second = calibrate(Twin(Design(), first.factors), measured)
    for name in NAMES:
        assert getattr(second.factors, name) == pytest.approx(
            getattr(first.factors, name), abs=2e-4
        )
    assert second.before.deviations == compare(Twin(Design(), first.factors), measured).deviations


def test_slopes_are_those_of_the_residuals(twin):
    measured = hours(60, factors=KNOWN)
    residuals = Residuals(Hours(twin, measured, np.flatnonzero(measured.usable)), lambda *_: None)
    x = np.array([0.95, 0.9, 0.95])
    slopes = residuals.slopes(x)
    for step in (np.array([4e-3, 0, 0]), np.array([0, -6e-3, 5e-3])):
        change = residuals.at(x + step) - residuals.at(x - step)
        assert change == pytest.approx(slopes @ (2 * step), rel=0.02, abs=2e-3)


def test_hours_without_an_answer_go_on_smoothly(twin):
    """Far-off trials have none for some hours; residuals stay finite and continuous."""
    measured = hours(60, factors=KNOWN)
    residuals = Residuals(Hours(twin, measured, np.flatnonzero(measured.usable)), lambda *_: None)
    x = np.array([1.0, 0.5, 0.5])
    residuals.slopes(x)
    far = np.array([0.5, 0.11, 0.11])
    assert np.isnan(residuals._raw(far)).any()
    values = residuals.at(far)
    assert np.isfinite(values).all()
    lost = np.isnan(residuals._raw(far))
    start, here, slopes = residuals._anchor
    assert values[lost] == pytest.approx((here + slopes @ (far - start))[lost])


class Straight:
    """Hours of a machine whose temperatures are straight lines over its factors."""

    def __init__(self, lines, noise):
        # Both temperatures of an hour err alike, as they do when it was no steady one.
        truth = {name: lines[name] @ np.ones(3) for name in lines}
        self.measured = {name: truth[name] + SCALES[name] * noise for name in lines}
        self.places = np.arange(len(noise))
        self.lines = lines

    def simulated(self, x):
        return {name: slopes @ x for name, slopes in self.lines.items()}


@pytest.mark.parametrize("noise", [1.0, 3.0, 10.0, "t(2)"])
def test_standard_errors_are_the_spread_of_repeated_fits(noise):
    """Whatever the errors: far inside the robust bound, beyond it, or with wild ones."""
    rng = np.random.default_rng(11)
    count, repeats = 150, 250
    lines = {name: 60.0 * rng.uniform(-1.0, 1.0, (count, 3)) for name in ("t_evap", "t_cond")}
    wide = dict.fromkeys(NAMES, (0.5, 1.5))
    found = []
    for _ in range(repeats):
        errors = rng.standard_t(2, count) if noise == "t(2)" else noise * rng.normal(size=count)
        one = fit(Straight(lines, errors), np.ones(3), wide, lambda *_: None)
        assert one.converged
        found.append((one.x, np.sqrt(np.diag(one.covariance))))
    x, errors = (np.array(values) for values in zip(*found, strict=True))
    ratio = errors.mean(axis=0) / x.std(axis=0, ddof=1)
    # The spread itself is known to 1 / sqrt(2 repeats) = 4.5 %.
    assert ratio == pytest.approx(np.ones(3), abs=0.2)


def test_correlation_and_condition_weigh_hours_by_the_curvature_of_the_loss():
    """Against slopes of the loss by differences, at a fit with hours far off."""
    rng = np.random.default_rng(5)
    lines = {"t_cond": 30.0 * rng.uniform(-1.0, 1.0, (60, 3)) + [10.0, 10.0, 0.0]}
    hours_ = Straight(lines, 4.0 * rng.standard_t(2, 60))
    found = fit(hours_, np.ones(3), dict.fromkeys(NAMES, (0.1, 2.5)), lambda *_: None)
    slopes = lines["t_cond"] / SCALES["t_cond"]

    def gradient(x):
        off = slopes @ x - hours_.measured["t_cond"] / SCALES["t_cond"]
        # Half of soft_l1: ROBUST^2 (sqrt(1 + (off / ROBUST)^2) - 1).
        return slopes.T @ (off / np.hypot(1.0, off / ROBUST))

    step = 1e-6
    hessian = np.stack(
        [(gradient(found.x + d) - gradient(found.x - d)) / (2 * step) for d in step * np.eye(3)]
    )
    inverse = np.linalg.inv(hessian)
    spread = np.sqrt(np.diag(inverse))
    assert found.correlation == pytest.approx(inverse / np.outer(spread, spread), abs=1e-4)
    lengths = np.sqrt(np.diag(hessian))
    # Of a product of a matrix with its own transpose the condition is squared.
    squared = np.linalg.cond(hessian / np.outer(lengths, lengths))
    assert found.condition == pytest.approx(np.sqrt(squared), rel=1e-4)


def test_a_search_that_was_ended_says_so(twin, monkeypatch):
    monkeypatch.setattr(fit_module, "_MOST_TRIALS", 1)
    found = calibrate(twin, hours(48, factors=KNOWN))
    assert not found.converged
    assert "ended before it had settled: the factors are the best" in found.notes[-1]


def test_what_cannot_be_calibrated_is_refused(twin):
    measured = hours(30, factors=KNOWN)
    with pytest.raises(InputError, match="a calibration needs 12"):
        calibrate(twin, hours(8))
    with pytest.raises(InputError, match="bounds of 'pinch'"):
        calibrate(twin, measured, bounds={"pinch": (1, 2)})
    for bad in ((1.2, 0.8), (0.01, 1.0), (0.5, 4.0)):
        with pytest.raises(InputError, match="bounds of ua_evaporator"):
            calibrate(twin, measured, bounds={"ua_evaporator": bad})
