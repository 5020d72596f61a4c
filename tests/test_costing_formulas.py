"""Formulas of heat-network costing against the reference, and against other ways to get there."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from surrogate.costing.checking import check
from surrogate.costing.civilcosts import CivilCosts, options_of
from surrogate.costing.customers import connection_pv, customer_value, tariff_pv
from surrogate.costing.diversity import Diversity
from surrogate.costing.economics import Horizon
from surrogate.costing.parameters import Settings
from surrogate.costing.pipes import (
    Regime,
    capacity_kw,
    loss_w_per_m,
    pressure_gradient,
    pump_kwh,
    velocity,
)
from surrogate.costing.schema import Building, ConnectionCost, Path, Supply, SupplyCost, Tariff
from surrogate.costing.supplycosts import Curve, costing, parts_of
from surrogate.costing.water import BOILING, density, viscosity

from .costing_cases import street

COOL = Regime(60.0, 40.0, 8.0)
HOT = Regime(90.0, 60.0, 8.0)

rates = st.floats(0.05, 20.0)
limits = st.floats(0.05, 1.0)
counts = st.integers(1, 5000)
discounts = st.floats(-0.5, 0.3)
terms = st.integers(1, 60)
lifetimes = st.integers(1, 70)


# Pipes


@pytest.mark.parametrize(
    ("regime", "diameter", "capacity", "loss"),
    [
        (COOL, 0.020, "16.50", "8.37"),
        (COOL, 0.050, "176.4", "14.84"),
        (COOL, 0.100, "1004", "19.73"),
        (COOL, 0.300, "14983", "27.49"),
        (HOT, 0.050, "261", "23.7"),
        (HOT, 0.100, "1486", "31.5"),
    ],
)
def test_pipes_have_the_check_values_of_the_reference(regime, diameter, capacity, loss):
    for text, value in (
        (capacity, capacity_kw(diameter, regime)),
        (loss, loss_w_per_m(diameter, regime)),
    ):
        decimals = len(text.partition(".")[2])
        assert f"{float(value):.{decimals}f}" == text


@pytest.mark.parametrize(
    ("flow", "back", "density"),
    [(60, 40, 988.04), (90, 60, 974.84), (90, 80, 968.59), (180, 120, 917.0)],
)
def test_water_has_the_density_of_the_steam_tables_above_its_boiling_point_too(flow, back, density):
    assert Regime(flow, back, 8).density == pytest.approx(density, rel=2e-4)


@settings(max_examples=60)
@given(st.floats(0.5, 200))
def test_water_is_that_of_coolprop(t):
    state = ("P", 101325.0) if t < BOILING - 1e-3 else ("Q", 0.0)
    assert density(t) == pytest.approx(PropsSI("D", "T", t + 273.15, *state, "Water"), rel=1e-8)
    assert viscosity(t) == pytest.approx(PropsSI("V", "T", t + 273.15, *state, "Water"), rel=1e-6)


def test_no_pipe_is_sized_for_more_than_three_metres_a_second():
    assert velocity([0.02, 0.1, 0.4, 0.6, 1.2]) == pytest.approx(
        [0.63606, 1.5475, 2.9088, 3.0, 3.0], abs=1e-3
    )


@given(st.floats(0.01, 0.6), st.floats(1.01, 1.8), st.floats(45, 120), st.floats(5, 40))
def test_a_larger_pipe_carries_more_and_loses_more(diameter, factor, flow, spread):
    regime = Regime(flow, flow - spread, 8.0)
    small, large = diameter, diameter * factor
    # As much faster as the area is larger, at least.
    assert capacity_kw(large, regime) >= capacity_kw(small, regime) * factor**2 * (1 - 1e-12)
    assert loss_w_per_m(large, regime) > loss_w_per_m(small, regime) > 0


def colebrook(reynolds: float, roughness: float) -> float:
    """Friction factor of a rough pipe, solved for."""

    def off(root: float) -> float:
        return root + 2 * math.log10(roughness / 3.7 + 2.51 / reynolds * root)

    return brentq(off, 1.0, 40.0) ** -2


@given(st.floats(0.02, 0.5), st.floats(0.2, 1.0))
def test_friction_is_that_of_colebrook_within_two_percent(diameter, share):
    load = float(capacity_kw(diameter, COOL)) * share
    speed = load / (COOL.density * 4.18 * 20) / (math.pi / 4 * diameter**2)
    reynolds = COOL.density * speed * diameter / COOL.viscosity
    expected = colebrook(reynolds, 1e-4 / diameter) / diameter * COOL.density / 2 * speed**2
    assert reynolds > 4000
    assert float(pressure_gradient(diameter, load, COOL)) == pytest.approx(expected, rel=0.02)


def test_slow_water_loses_pressure_after_hagen_and_poiseuille():
    diameter, speed = 0.02, 0.04
    load = speed * math.pi / 4 * diameter**2 * COOL.density * 4.18 * 20
    expected = 32 * 0.000547 * speed / diameter**2  # 0.547 mPa s at 50 degC
    assert float(pressure_gradient(diameter, load, COOL)) == pytest.approx(expected, rel=2e-3)


def test_a_pipe_without_a_load_needs_no_pump():
    assert pressure_gradient(0.1, 0.0, COOL) == pytest.approx(0.0, abs=1e-9)
    assert pump_kwh(0.1, 100.0, 0.0, 0.0, COOL) == pytest.approx(0.0, abs=1e-9)


def test_pumps_drive_the_water_through_flow_and_return_in_the_hours_at_peak():
    diameter, length, load, heat = 0.1, 350.0, 700.0, 1.4e6
    volume = load / (988.04 * 4.18 * 20)
    speed = volume / (math.pi / 4 * diameter**2)
    factor = colebrook(988.04 * speed * diameter / 0.000547, 1e-3)
    pressure = 2 * length * factor / diameter * 988.04 / 2 * speed**2
    hours = heat / load
    assert hours == 2000
    expected = pressure * volume / 0.7 / 1000 * hours
    assert float(pump_kwh(diameter, length, load, heat, COOL)) == pytest.approx(expected, rel=0.02)


# Diversity


@pytest.mark.parametrize(
    ("limit", "rate", "connections", "expected"),
    [
        (0.62, 1, 1, 1.0),
        (0.62, 1, 2, 0.81),
        (0.62, 1, 10, 0.658),
        (0.5, 2, 5, 0.55),
        (0.5, 0.2, 5, 1.0),
    ],
)
def test_diversity_is_that_of_the_reference(limit, rate, connections, expected):
    assert Diversity(limit, rate)(connections) == pytest.approx(expected)


@given(limits, rates, counts, counts)
def test_diversity_falls_from_one_towards_its_limit(limit, rate, one, other):
    diversity = Diversity(limit, rate)
    few, many = sorted((one, other))
    assert 1 >= diversity(few) >= diversity(many) >= limit
    assert diversity(1e12) == pytest.approx(limit, rel=1e-6)
    assert diversity.inverse([few, many]) == pytest.approx(
        [1 / diversity(few), 1 / diversity(many)]
    )


@given(limits, st.floats(1.0, 20.0), st.integers(2, 5000))
def test_the_inverse_of_diversity_is_concave_where_the_rate_is_at_least_one(limit, rate, middle):
    before, here, after = Diversity(limit, rate).inverse([middle - 1, middle, middle + 1])
    assert here >= (before + after) / 2 - 1e-12


@given(limits, rates, counts, st.floats(0, 1e4))
def test_a_peak_within_a_building_is_diverse_already(limit, rate, connections, peak):
    diversity = Diversity(limit, rate)
    alone = diversity(connections) * diversity.undiversified(peak, connections)
    assert alone == pytest.approx(peak)


# Money


@given(discounts, terms)
def test_an_annuity_is_worth_its_closed_form(rate, term):
    horizon = Horizon(rate, term)
    years = term - 1
    closed = years if abs(rate) < 1e-6 else (1 - (1 + rate) ** -years) / rate
    assert horizon.annual == pytest.approx(closed, rel=1e-5, abs=1e-9)


@given(discounts, terms, lifetimes)
def test_replacements_fall_due_in_multiples_of_the_lifetime_within_the_term(rate, term, lifetime):
    horizon = Horizon(rate, term)
    due = [year for year in range(1, term) if year % lifetime == 0]
    assert horizon.replaced(lifetime).tolist() == due
    assert horizon.replacement(lifetime) == pytest.approx(sum((1 + rate) ** -y for y in due))


@given(discounts, st.lists(st.floats(0, 100), min_size=1, max_size=40), st.integers(0, 3))
def test_a_series_counts_by_year_without_its_first_entry_and_beyond_the_term(rate, values, more):
    horizon = Horizon(rate, len(values))
    expected = sum(v / (1 + rate) ** y for y, v in enumerate(values) if y)
    assert horizon.series([*values, *[1e9] * more]) == pytest.approx(expected)
    flows = np.array(values)
    assert horizon.present(flows) == pytest.approx(expected + values[0])


# Supplies


points = st.lists(
    st.tuples(st.just(0.0) | st.floats(0.1, 500), st.floats(0, 1e5)),
    min_size=1,
    max_size=6,
    unique_by=lambda p: round(p[0], 1),
).map(sorted)


def by_hand(curve: list[tuple[float, float]], kw: float) -> float:
    """Cost at a capacity, segment by segment."""
    if curve[0][0] > 0:
        curve = [(0.0, 0.0), *curve]
    for (x0, y0), (x1, y1) in pairwise(curve):
        if x0 <= kw <= x1:
            return y0 + (y1 - y0) * (kw - x0) / (x1 - x0)
    return curve[-1][1]


@given(points, st.floats(0, 800))
def test_a_curve_is_straight_between_its_points_and_flat_beyond(curve, kw):
    assert float(Curve.through(curve).at(kw)) == pytest.approx(by_hand(curve, kw), abs=1e-6)


def test_a_point_at_no_capacity_is_a_step():
    assert Curve.through([(0, 700), (10, 900)]).at([0, 5, 10]) == pytest.approx([700, 800, 900])
    assert Curve.through([(10, 900)]).at([0, 5, 20]) == pytest.approx([0, 450, 900])
    assert Curve.through([(0, 700)]).at([0, 99]) == pytest.approx([700, 700])


SUPPLY = Supply(
    annual_capacity_kwh=1e9, peak_capacity_kw=400, capex_fixed=1000, capex_per_kw=20, opex_fixed=30,
    opex_per_kw=4, repex_fixed=500, repex_per_kw=6, cost_per_kwh=0.05,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*curve.*ends at")
@given(
    points, points, st.floats(0, 400), st.floats(0, 1e6), discounts, st.integers(1, 30), lifetimes
)
def test_rows_of_one_kind_add_up_on_all_their_breakpoints(
    one, other, kw, kwh, rate, term, lifetime
):
    further = [
        SupplyCost(supply_cost_type="x", type="a", cost="capex_per_kw", value=one),
        SupplyCost(supply_cost_type="x", type="b", cost="capex_per_kw", value=other),
        SupplyCost(supply_cost_type="x", type="c", cost="repex_per_kw", value=one),
        SupplyCost(supply_cost_type="x", type="d", cost="opex_per_kw", value=7),
        SupplyCost(supply_cost_type="x", type="e", cost="capex_fixed", value=90),
        SupplyCost(supply_cost_type="x", type="f", cost="heat_per_kwh", value=[9, *[0.01] * 40]),
    ]
    horizon = Horizon(rate, term)
    settings = Settings(plant_lifetime=lifetime)
    parts = parts_of(SUPPLY, further, SUPPLY.cost_per_kwh, horizon, SUPPLY.peak_capacity_kw)
    found = costing(parts, 400, horizon, settings, objective=False)
    paid = np.zeros(term)
    paid[0] = 1000 + 20 * kw + by_hand(one, kw) + by_hand(other, kw) + 90
    paid[1:] += 30 + 4 * kw + 7 * kw + (0.05 + 0.01) * kwh
    paid[lifetime::lifetime] += 500 + 6 * kw + by_hand(one, kw)
    expected = sum(amount / (1 + rate) ** year for year, amount in enumerate(paid))
    assert found.at(kw, kwh) == pytest.approx(expected, rel=1e-9, abs=1e-6)
    low, high, start, slope = next(s for s in found.segments() if s[0] <= kw <= s[1])
    straight = found.fixed + start + slope * (kw - low) + found.per_kwh * kwh
    assert straight == pytest.approx(expected, rel=1e-6, abs=1e-5)
    assert low < high


def test_capacity_beyond_a_curve_is_free_and_said_to_be():
    row = SupplyCost(supply_cost_type="x", type="boiler", cost="capex_per_kw", value=[[100, 5000]])
    named = SUPPLY.model_copy(update={"supply_id": "West"})
    with pytest.warns(
        UserWarning, match=r"West.*capex_per_kw.*boiler ends at 100 kW.*400 kW, is free"
    ):
        parts_of(named, [row], 0.05, Horizon(0.03, 40), 400)


# Customers


BUILDING = Building(
    annual_demand_kwh=30_000,
    peak_demand_kw=15,
    connections=4,
    connection_cost_id=1,
    tariff_id=1,
    extra_pv=-250,
)
TARIFF = Tariff(
    tariff_id=1, annual_charge_fixed=100, annual_charge_per_kwh=0.1, annual_charge_per_kw=20,
    connection_charge_fixed=900, connection_charge_per_kw=30,
)  # fmt: skip
CONNECTION = ConnectionCost(
    connection_cost_id=1, capex_fixed=1000, capex_per_connection=200, capex_per_kw=10,
    repex_fixed=500, repex_per_connection=50, repex_per_kw=5,
    opex_fixed=20, opex_per_connection=3, opex_per_kw=1,
)  # fmt: skip


def test_a_customer_is_worth_tariff_less_connection():
    horizon = Horizon(0.05, 11)
    settings = Settings(building_hx_lifetime=4)
    later = sum(1.05**-y for y in range(1, 11))
    paid = 900 + 30 * 15 + (100 + 0.1 * 30_000 + 20 * 15) * later
    costs = 1000 + 200 * 4 + 10 * 15 + (500 + 50 * 4 + 5 * 15) * (1.05**-4 + 1.05**-8)
    costs += (20 + 3 * 4 + 1 * 15) * later
    assert tariff_pv(BUILDING, TARIFF, horizon) == pytest.approx(paid)
    assert connection_pv(BUILDING, CONNECTION, settings, horizon) == pytest.approx(-costs)
    worth = customer_value(BUILDING, TARIFF, CONNECTION, settings, horizon, objective=False)
    assert worth == pytest.approx(paid - costs - 250)


# Civil costs


def civil(rows: list[tuple[int, float, float]]) -> CivilCosts:
    given = street()
    table = given["civil_costs"].iloc[:0]
    for at, (name, diameter, cost) in enumerate(rows):
        table.loc[at] = [diameter, name, cost]
    given["civil_costs"] = table
    given["paths"]["civil_cost_id"] = 1
    found, problems = check(given)
    assert not problems
    assert found is not None
    return CivilCosts(found)


def test_a_diameter_that_a_civil_cost_lacks_is_between_its_neighbours_and_never_free():
    costs = civil(
        [(1, 20, 100), (1, 50, 400), (2, 20, 110), (2, 30, 150), (2, 40, 190), (2, 50, 230)]
    )
    diameters, each = costs.sizes(1)
    assert diameters.tolist() == [20, 30, 40, 50]
    assert each == pytest.approx([100, 200, 300, 400])
    assert costs.sizes(2)[1] == pytest.approx([110, 150, 190, 230])


def test_a_civil_cost_has_no_pipes_outside_its_own_range():
    with pytest.warns(UserWarning, match="id 1 ends at 40 mm, others at 80 mm"):
        costs = civil([(1, 25, 100), (1, 40, 150), (2, 20, 90), (2, 32, 130), (2, 80, 300)])
    assert costs.sizes(1)[0].tolist() == [25, 32, 40]
    assert costs.sizes(2)[0].tolist() == [20, 25, 32, 40, 80]


@pytest.mark.filterwarnings("ignore:civil_costs.*larger pipes")
def test_a_pipe_that_lies_there_is_only_replaced_and_a_larger_one_is_paid_in_full():
    costs = civil([(1, 20, 100), (1, 30, 160), (1, 50, 400), (2, 20, 900)])
    found = options_of(Path(civil_cost_id=1, existing_diameter=25), 200.0, costs, COOL)
    assert found.diameter_mm.tolist() == [25, 30, 50]
    assert found.capex == pytest.approx([0, 160 * 200, 400 * 200])
    assert found.repex == pytest.approx([130 * 200, 160 * 200, 400 * 200])
    assert found.loss_kwh[0] == pytest.approx(200 * 8.76 * float(loss_w_per_m(0.025, COOL)))
    assert options_of(None, 1.0, costs, COOL).capex == pytest.approx([100, 160, 400])
