"""What a heat pump costs and brings in a year and over its life, beside a gas boiler.

Two comparisons stand beside each other and are never mixed. *Sales*: the heat
is sold at a price; a year brings the revenue less electricity and maintenance.
*Boiler*: the heat replaces that of a gas boiler which is there already; a year
brings the gas that is not bought less electricity and maintenance. The
boiler's own investment and maintenance, a price on CO2 that the gas price does
not hold, and refrigerant that leaks are left out.

All prices are constant over the years and all flows fall at the end of a year.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from surrogate.assessment.question import Question
from surrogate.costing.economics import Horizon
from surrogate.errors import InputError


class Quantity(NamedTuple):
    """A quantity of :class:`Worth`: its name for people, and its unit."""

    label: str
    unit: str


QUANTITIES: dict[str, Quantity] = {
    "heat": Quantity("Heat delivered", "kWh/a"),
    "electricity": Quantity("Electricity", "kWh/a"),
    "source_heat": Quantity("Waste heat used", "kWh/a"),
    "electricity_cost": Quantity("Cost of electricity", "EUR/a"),
    "maintenance_cost": Quantity("Cost of maintenance", "EUR/a"),
    "annuity": Quantity("Cost of capital", "EUR/a"),
    "heat_revenue": Quantity("Revenue from heat", "EUR/a"),
    "boiler_gas": Quantity("Gas of the boiler", "kWh/a"),
    "boiler_cost": Quantity("Cost of the boiler's gas", "EUR/a"),
    "co2": Quantity("CO2 of the heat pump", "kg/a"),
    "boiler_co2": Quantity("CO2 of the boiler", "kg/a"),
    "co2_saved": Quantity("CO2 saved", "kg/a"),
    "investment": Quantity("Investment", "EUR"),
    "heat_cost": Quantity("Cost of heat", "EUR/kWh"),
    "heat_cost_electricity": Quantity("of it electricity", "EUR/kWh"),
    "heat_cost_maintenance": Quantity("of it maintenance", "EUR/kWh"),
    "heat_cost_capital": Quantity("of it capital", "EUR/kWh"),
    "boiler_heat_cost": Quantity("Cost of the boiler's heat", "EUR/kWh"),
    "surplus_sales": Quantity("Surplus of a year, selling heat", "EUR/a"),
    "surplus_boiler": Quantity("Saving of a year, against the boiler", "EUR/a"),
    "npv_sales": Quantity("Net present value, selling heat", "EUR"),
    "npv_boiler": Quantity("Net present value, against the boiler", "EUR"),
    "payback_sales": Quantity("Payback, selling heat", "a"),
    "payback_boiler": Quantity("Payback, against the boiler", "a"),
    "discounted_payback_sales": Quantity("Payback with interest, selling heat", "a"),
    "discounted_payback_boiler": Quantity("Payback with interest, against the boiler", "a"),
    "source_value_sales": Quantity("Worth of the waste heat, selling heat", "EUR/kWh"),
    "source_value_boiler": Quantity("Worth of the waste heat, against the boiler", "EUR/kWh"),
}
"""Quantities of :class:`Worth` by name."""


@dataclass(frozen=True)
class Worth:
    """The economics of one heat pump.

    Attributes
    ----------
    heat, electricity, source_heat : float
        Heat delivered, electricity and waste heat taken [kWh/a].
    electricity_cost, maintenance_cost : float
        Costs of a year [EUR/a].
    annuity : float
        The investment as equal payments over the lifetime, with interest [EUR/a].
    heat_revenue : float
        What the heat is sold for [EUR/a].
    boiler_gas : float
        Gas that the boiler would burn for the same heat [kWh/a], net calorific value.
    boiler_cost : float
        What that gas costs [EUR/a].
    co2, boiler_co2, co2_saved : float
        Emissions of heat pump and boiler, and their difference [kg/a];
        negative where the heat pump emits more.
    investment : float
        Investment [EUR].
    heat_cost : float
        Levelised cost of heat [EUR/kWh]; the sum of the next three.
    heat_cost_electricity, heat_cost_maintenance, heat_cost_capital : float
        Its parts [EUR/kWh].
    boiler_heat_cost : float
        Gas cost of the boiler's heat [EUR/kWh].
    surplus_sales, surplus_boiler : float
        What a year brings in either comparison, capital aside [EUR/a].
    npv_sales, npv_boiler : float
        Net present value over the lifetime [EUR].
    payback_sales, payback_boiler : float or None
        Investment over the surplus of a year [a]; None where it is not paid
        back within the lifetime.
    discounted_payback_sales, discounted_payback_boiler : float or None
        Years until the discounted surpluses reach the investment [a]; None
        where they do not within the lifetime, that is where the net present
        value is negative.
    source_value_sales, source_value_boiler : float
        What a kilowatt-hour of waste heat is worth [EUR/kWh]: the price at
        which taking it neither gains nor loses over the lifetime.
    """

    heat: float
    electricity: float
    source_heat: float
    electricity_cost: float
    maintenance_cost: float
    annuity: float
    heat_revenue: float
    boiler_gas: float
    boiler_cost: float
    co2: float
    boiler_co2: float
    co2_saved: float
    investment: float
    heat_cost: float
    heat_cost_electricity: float
    heat_cost_maintenance: float
    heat_cost_capital: float
    boiler_heat_cost: float
    surplus_sales: float
    surplus_boiler: float
    npv_sales: float
    npv_boiler: float
    payback_sales: float | None
    payback_boiler: float | None
    discounted_payback_sales: float | None
    discounted_payback_boiler: float | None
    source_value_sales: float
    source_value_boiler: float

    def to_dict(self) -> dict[str, float | None]:
        """All quantities by name."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Worth:
        """Restore what :meth:`to_dict` gave.

        Raises
        ------
        InputError
            If a quantity is missing or unknown.
        """
        names = [field.name for field in fields(cls)]
        wrong = sorted(set(names) ^ set(values))
        if wrong:
            raise InputError(
                f"saved economics have {'no' if wrong[0] in names else 'an unknown'} quantity "
                f"{wrong[0]!r}; they must have {', '.join(names)}"
            )
        restored: dict[str, Any] = {
            name: None if value is None and name in _MAY_BE_NONE else float(value)
            for name, value in values.items()
        }
        return cls(**restored)


_MAY_BE_NONE = tuple(name for name in QUANTITIES if "payback" in name)


def valued(question: Question, power: float, heat_source: float) -> Worth:
    """Value a heat pump that meets a question.

    Energies are power times full-load hours. Capital recovery, net present
    value and levelised cost follow VDI 2067 Part 1 (2012) and W. Short et al.,
    A Manual for the Economic Evaluation of Energy Efficiency and Renewable
    Energy Technologies, NREL/TP-462-5173 (1995): with equal flows in every
    year, the levelised cost of heat is the annuity of the investment and a
    year's costs over a year's heat.

    Parameters
    ----------
    question : Question
        Heat, prices, hours and lifetime.
    power : float
        Electric power [W].
    heat_source : float
        Heat from the source [W].

    Raises
    ------
    InputError
        If a power is not finite or not positive.

    Examples
    --------
    >>> found = valued(Question(), power=250e3, heat_source=760e3)
    >>> found.heat, found.electricity_cost
    (6000000.0, 285000.0)
    >>> round(found.payback_sales, 1)
    8.7
    """
    for name, value in (("power", power), ("heat_source", heat_source)):
        if not (math.isfinite(value) and value > 0.0):
            raise InputError(f"{name} = {value:g} W, but it must be finite and above 0 W")
    hours = question.full_load_hours / 1e3
    heat, electricity, source_heat = (w * hours for w in (question.heat_load, power, heat_source))
    investment = question.investment * question.heat_load / 1e3
    electricity_cost = electricity * question.electricity_price
    maintenance_cost = question.maintenance * investment
    revenue = heat * question.heat_price
    gas = heat / question.boiler_efficiency
    gas_cost = gas * question.gas_price
    annuity = investment / _present_value_factor(question)
    running = electricity_cost + maintenance_cost
    sales = _comparison(question, revenue - running, investment, annuity)
    boiler = _comparison(question, gas_cost - running, investment, annuity)
    co2, boiler_co2 = electricity * question.electricity_co2, gas * question.gas_co2
    return Worth(
        heat=heat,
        electricity=electricity,
        source_heat=source_heat,
        electricity_cost=electricity_cost,
        maintenance_cost=maintenance_cost,
        annuity=annuity,
        heat_revenue=revenue,
        boiler_gas=gas,
        boiler_cost=gas_cost,
        co2=co2,
        boiler_co2=boiler_co2,
        co2_saved=boiler_co2 - co2,
        investment=investment,
        heat_cost=(running + annuity) / heat,
        heat_cost_electricity=electricity_cost / heat,
        heat_cost_maintenance=maintenance_cost / heat,
        heat_cost_capital=annuity / heat,
        boiler_heat_cost=gas_cost / heat,
        surplus_sales=sales.surplus,
        surplus_boiler=boiler.surplus,
        npv_sales=sales.npv,
        npv_boiler=boiler.npv,
        payback_sales=sales.payback,
        payback_boiler=boiler.payback,
        discounted_payback_sales=sales.discounted_payback,
        discounted_payback_boiler=boiler.discounted_payback,
        source_value_sales=sales.gain / source_heat,
        source_value_boiler=boiler.gain / source_heat,
    )


class _Comparison(NamedTuple):
    """One of the two comparisons: flows of a year [EUR/a], and what they come to."""

    surplus: float
    gain: float
    npv: float
    payback: float | None
    discounted_payback: float | None


def _comparison(
    question: Question, surplus: float, investment: float, annuity: float
) -> _Comparison:
    gain = surplus - annuity
    return _Comparison(
        surplus,
        gain,
        gain * _present_value_factor(question),
        payback(surplus, investment, 0.0, question.lifetime),
        payback(surplus, investment, question.discount_rate, question.lifetime),
    )


def _present_value_factor(question: Question) -> float:
    """Present value of 1 in every year of the lifetime [a]."""
    # A horizon counts year 0, in which the machine is paid for and does not run yet.
    return Horizon(question.discount_rate, question.lifetime + 1).annual


def payback(surplus: float, investment: float, rate: float, lifetime: int) -> float | None:
    """Years until equal yearly surpluses have paid an investment back.

    The surpluses ``S`` of ``n`` years are worth ``S (1 - (1 + r)^-n) / r``
    today; this is solved for ``n`` where it equals the investment ``I``:
    ``n = -ln(1 - r I / S) / ln(1 + r)``, which tends to ``I / S`` as the rate
    goes to 0 (Short et al. 1995, discounted and simple payback).

    Parameters
    ----------
    surplus : float
        Surplus of a year [EUR/a].
    investment : float
        Investment [EUR].
    rate : float
        Discount rate [1]; 0 for the simple payback.
    lifetime : int
        Years within which it must be paid back [a].

    Returns
    -------
    float or None
        Years, or None where the lifetime is too short.

    Examples
    --------
    >>> payback(100.0, 500.0, 0.0, 20), payback(100.0, 500.0, 0.0, 4), payback(-1.0, 500.0, 0.0, 20)
    (5.0, None, None)
    >>> round(payback(100.0, 500.0, 0.05, 20), 2)
    5.9
    """
    if investment == 0.0:
        return 0.0 if surplus >= 0.0 else None
    if surplus <= rate * investment or surplus <= 0.0:
        return None
    share = investment / surplus
    years = share if rate == 0.0 else -math.log1p(-rate * share) / math.log1p(rate)
    return years if years <= lifetime else None


def payback_words(years: float | None, surplus: float, lifetime: int) -> str:
    """Say how long an investment takes to be paid back.

    Without a surplus it never is, whatever the lifetime.

    Parameters
    ----------
    years : float or None
        As :func:`payback` gave it.
    surplus : float
        Surplus of a year [EUR/a].
    lifetime : int
        Lifetime [a].

    Examples
    --------
    >>> payback_words(5.04, 1e5, 25), payback_words(None, 10.0, 25), payback_words(None, 0.0, 25)
    ('5.0 years', 'not within 25 years', 'never')
    """
    if years is not None:
        return f"{years:.1f} years"
    return "never" if surplus <= 0.0 else f"not within {lifetime} years"
