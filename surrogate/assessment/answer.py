"""The answer in one sentence: what the heat pump does, or why not and what to change."""

from __future__ import annotations

import math

from surrogate import limits as limits_module
from surrogate.assessment.question import Question
from surrogate.assessment.words import article, called, capital, counted, scaled, significant
from surrogate.assessment.worth import Worth, payback_words
from surrogate.estimate import Estimate
from surrogate.limits import Limits
from surrogate.pumps import shared_pump

_STEPS = 241
"""Temperatures on half kelvins that are tried for advice."""


def sentence(question: Question, estimate: Estimate) -> str:
    """Say what came out, in plain words.

    Parameters
    ----------
    question : Question
        What was asked.
    estimate : Estimate
        The answer of the heat pump.

    Examples
    --------
    >>> q = Question(t_supply=95)
    >>> sentence(q, shared_pump("R717").design(**q.conditions(), outside="nan"))[:78]
    'A 1.00 MW ammonia heat pump cannot lift 30 degC waste heat to 95 degC in one s'
    """
    status = estimate.status
    if status == "ok":
        return _works(question, estimate)
    if status == "infeasible":
        return _fails(question, estimate.limit, estimate.limits)
    if status == "outside":
        ways = _ways(question, estimate.limits)
        more = f" The table does answer if you {ways}." if ways else ""
        return f"{_outside(question)} A full simulation of this point can give an answer.{more}"
    return (
        f"The full simulation found no operating point at which {_machine(question)} would "
        f"{_task(question)}. Change a temperature by a little, or choose another refrigerant."
    )


def verdict(question: Question, worth: Worth) -> str:
    """Say what the heat pump is worth, in both comparisons.

    Parameters
    ----------
    question : Question
        What was asked.
    worth : Worth
        Its economics.

    Examples
    --------
    >>> from surrogate.assessment.worth import valued
    >>> q = Question()
    >>> words = verdict(q, valued(q, power=250e3, heat_source=762.5e3)).split("; ")
    >>> print(words[0])
    Its heat costs 0.0627 EUR/kWh. Sold at 0.07 EUR/kWh, the investment is paid back after 8.7 years
    >>> print(words[1][:79])
    against a gas boiler (0.0744 EUR/kWh), it is paid back after 7.1 years, and a y
    """
    sales = _paid(worth.payback_sales, worth.surplus_sales, question.lifetime)
    boiler = _paid(worth.payback_boiler, worth.surplus_boiler, question.lifetime)
    saved = worth.co2_saved / 1e3
    return (
        f"Its heat costs {significant(worth.heat_cost)} EUR/kWh. Sold at "
        f"{question.heat_price:g} EUR/kWh, the investment is {sales}; against a gas boiler "
        f"({significant(worth.boiler_heat_cost)} EUR/kWh), it is {boiler}, and a year emits "
        f"{counted(abs(saved))} t of CO2 {'less' if saved >= 0.0 else 'more'}."
    )


def _paid(years: float | None, surplus: float, lifetime: int) -> str:
    """How an investment is paid back, as the end of a sentence."""
    words = payback_words(years, surplus, lifetime)
    if years is not None:
        return f"paid back after {words}"
    return "never paid back" if words == "never" else words.replace("not", "not paid back", 1)


def reason(limit: str, limits: Limits = limits_module.DEFAULT_LIMITS) -> str:
    """Why a limit stands in the way, in words without the names of parameters.

    Parameters
    ----------
    limit : str
        Its name.
    limits : Limits
        The limits that were applied.

    Examples
    --------
    >>> reason("discharge_temperature")
    'the gas leaving the compressor would be hotter than 180 degC'
    """
    words = _REASONS.get(limit)
    # A limit that is new to this table still has its words in the library.
    return words.format(limits=limits) if words else limits_module.reason(limit, limits)


_REASONS = {
    "source_outlet": "the waste-heat water would leave colder than {limits.t_source_out_min:g} "
    "degC and might freeze",
    "return_temperature": "the network's return is colder than {limits.t_return_min:g} degC",
    "source_glide": "the waste heat is cooled by less than {limits.source_glide_min:g} K",
    "sink_glide": "the network's water is warmed by less than {limits.sink_glide_min:g} K",
    "supply_above_source": "the waste heat is warm enough already, and a heat exchanger does it",
    "source_boiling": "the waste-heat water would boil above {limits.t_source_in_max:g} degC",
    "sink_boiling": "the network's water would boil above {limits.t_supply_max:g} degC",
    "critical_temperature": "the refrigerant would condense nearer than "
    "{limits.critical_margin:g} K to its critical temperature, above which it cannot condense",
    "evaporation_temperature": "the refrigerant would evaporate outside the range of the machine",
    "discharge_temperature": "the gas leaving the compressor would be hotter than "
    "{limits.t_discharge_max:g} degC",
    "pressure_ratio": "the compressor would have to raise the pressure more than "
    "{limits.pressure_ratio_max:g} times",
    "suction_volume_flow": "the compressor would have to move more gas than it was built for",
}


def _works(question: Question, estimate: Estimate) -> str:
    machine = _machine(question)
    return (
        f"{capital(machine)} lifts {question.t_source_in:g} degC waste heat to "
        f"{question.t_supply:g} degC with {scaled(estimate.power, 'W')} of electricity: COP "
        f"{significant(estimate.cop)}."
    )


def _machine(question: Question) -> str:
    """The machine with its article."""
    size = scaled(question.heat_load, "W")
    return f"{article(size)} {size} {called(question.refrigerant)} heat pump"


def _task(question: Question) -> str:
    return f"lift {question.t_source_in:g} degC waste heat to {question.t_supply:g} degC"


def _fails(question: Question, limit: str, limits: Limits) -> str:
    if limit == "supply_above_source":
        return (
            f"{question.t_source_in:g} degC waste heat needs no heat pump for "
            f"{question.t_supply:g} degC: a heat exchanger does it."
        )
    why = reason(limit, limits)
    failure = f"{capital(_machine(question))} cannot {_task(question)}"
    if limit in _SIMPLE:
        return f"{failure}: {why}. {_SIMPLE[limit]}"
    ways = _ways(question, limits)
    advice = f"{capital(ways)}, or choose" if ways else "Choose"
    return f"{failure} in one stage: {why}. {advice} another refrigerant."


_SIMPLE = {
    "source_outlet": "Cool the waste heat less.",
    "return_temperature": "Let the network's water come back warmer.",
    "source_glide": "Cool the waste heat further.",
    "sink_glide": "Warm the network's water further.",
    "source_boiling": "Mix or cool the waste heat down first.",
    "sink_boiling": "Lower the supply.",
}


def _outside(question: Question) -> str:
    table = shared_pump(question.refrigerant).table
    if table is None:
        return f"There is no table of {question.refrigerant}, so this cannot be looked up."
    return (
        f"The table of {question.refrigerant} does not reach this point: it covers supply from "
        f"{table.t_supply.low:g} to {table.t_supply.high:g} degC, source glides from "
        f"{table.source_glide.low:g} to {table.source_glide.high:g} K, efficiencies from "
        f"{table.eta_s.low:g} to {table.eta_s.high:g}, and no lift beyond what one stage can do."
    )


def _ways(question: Question, limits: Limits) -> str:
    """What to change in one temperature so that a machine can do it; empty if nothing helps."""
    ways = []
    supply = _nearest(question, "t_supply", limits)
    if supply is not None:
        ways.append(f"lower the supply to {supply:g} degC")
    source = _nearest(question, "t_source_in", limits)
    if source is not None:
        ways.append(f"find waste heat of {source:g} degC")
    return " or ".join(ways)


def _nearest(question: Question, name: str, limits: Limits) -> float | None:
    """The nearest feasible value of one temperature on half kelvins, others held.

    The supply is only lowered and the source only warmed, its outlet with it.
    """
    if name == "t_supply":
        nearest, step, end = math.ceil(2.0 * question.t_supply), -1, 2.0 * question.t_return
    else:
        nearest, step, end = math.floor(2.0 * question.t_source_in), 1, 2.0 * question.t_supply
    pump = shared_pump(question.refrigerant)
    for count in range(1, _STEPS):
        halves = nearest + step * count
        if step * halves >= step * end:
            return None
        given = question.moved(name, halves / 2.0)
        if pump.design(**given, limits=limits, outside="nan").status == "ok":
            return halves / 2.0
    return None
