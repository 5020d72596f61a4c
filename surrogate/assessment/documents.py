"""What every document of an assessment says: titled rows of label, value and unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from surrogate.assessment.answer import reason
from surrogate.assessment.assess import Assessment
from surrogate.assessment.fields import ASSUMPTIONS, CONDITIONS, FIELDS
from surrogate.assessment.words import NOTHING, counted, grouped, plain, scaled, significant
from surrogate.assessment.worth import QUANTITIES as WORTH
from surrogate.assessment.worth import payback_words

NOT_COUNTED = (
    "Not counted: the gas boiler's own investment and maintenance, pumps and pipes outside the "
    "heat pump, a price on CO2 beyond what energy prices hold, subsidies, taxes on profit, and "
    "refrigerant that leaks. Prices are the same in every year of the lifetime, and payments fall "
    "at its end."
)
"""What the economics leave out, in words."""

COMPARISONS = (
    "Selling heat: a year brings the price of the heat less electricity and maintenance. Against "
    "the boiler: a year saves the gas of a boiler that is there already, less electricity and "
    "maintenance. The two are alternatives and do not add up."
)
"""What the two comparisons are, in words."""


@dataclass(frozen=True)
class Row:
    """One line of a document.

    Attributes
    ----------
    name : str
        Its name in the library, for tables that machines read.
    label : str
        Its name for people.
    value : float, str or None
        The number in full, or text; None where there is none.
    unit : str
        Unit of the value; empty for text.
    shown : str
        The value as people read it, with the unit that keeps it short.
    note : str
        A remark, or where an assumption's default comes from.
    """

    name: str
    label: str
    value: float | str | None
    unit: str
    shown: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Rows under a title."""

    title: str
    rows: tuple[Row, ...]


def sections(assessment: Assessment) -> tuple[Section, ...]:
    """Everything of an assessment in the order in which people ask for it.

    Parameters
    ----------
    assessment : Assessment
        What is told.

    Examples
    --------
    >>> from surrogate.assessment.assess import assess
    >>> from surrogate.assessment.question import Question
    >>> [section.title for section in sections(assess(Question()))]
    ['Answer', 'Asked', 'Machine', 'A year', 'Worth', 'Refrigerant', 'Assumptions']
    """
    parts = (
        Section("Answer", _answer(assessment)),
        Section("Asked", _asked(assessment)),
        Section("Machine", _machine(assessment)),
        Section("A year", _worth(assessment, _YEAR)),
        Section("Worth", _worth(assessment, _MONEY)),
        Section("Refrigerant", _refrigerant(assessment)),
        Section("Assumptions", assumptions(assessment)),
    )
    return tuple(part for part in parts if part.rows)


def assumptions(assessment: Assessment) -> tuple[Row, ...]:
    """The assumptions, each with its source, or that it was changed."""
    return tuple(_given(assessment, name) for name in ASSUMPTIONS)


_STATUS_WORDS = {
    "ok": "possible",
    "infeasible": "not possible in one stage",
    "outside": "outside the table",
    "not_converged": "no operating point found",
}


def _answer(assessment: Assessment) -> tuple[Row, ...]:
    found = assessment.estimate
    status = _STATUS_WORDS.get(found.status, found.status)
    head = Row("status", "Status", found.status, "", status)
    if found.status != "ok":
        words = reason(found.limit, found.limits) if found.limit else ""
        return (head, Row("limit", "Reason", found.limit, "", words)) if words else (head,)
    return (
        head,
        number("cop", "COP", found.cop, "", "heat over electricity"),
        number("power", "Electric power", found.power, "W"),
        number("heat_source", "Waste heat used", found.heat_source, "W"),
    )


def _asked(assessment: Assessment) -> tuple[Row, ...]:
    return tuple(_given(assessment, name) for name in ("refrigerant", *CONDITIONS))


def _given(assessment: Assessment, name: str) -> Row:
    """A field of the question as it was given."""
    field, value = FIELDS[name], getattr(assessment.question, name)
    if isinstance(value, str):
        return Row(name, field.label, value, "", value)
    note = field.source
    if note and value != field.default:
        note = f"changed; the default is {_as_given(name, field.default)}"
    words = scaled(value, "W") if field.unit == "W" else _as_given(name, value)
    return Row(name, field.label, float(value), field.unit, words, note)


def _as_given(name: str, value: float) -> str:
    """A field's number as it was given; shares of money and energy in percent."""
    unit = FIELDS[name].unit
    if unit != "1":
        return f"{plain(value)} {unit}"
    return plain(value) if name == "eta_s" else f"{plain(float(f'{100.0 * value:.12g}'))} %"


_STATES = (
    ("t_evap", "Evaporation", "degC"),
    ("t_cond", "Condensation", "degC"),
    ("t_discharge", "Gas leaving the compressor", "degC"),
    ("p_evap", "Evaporating pressure", "bar"),
    ("p_cond", "Condensing pressure", "bar"),
    ("superheat", "Superheat of the suction gas", "K"),
    ("mass_flow", "Refrigerant flow", "kg/s"),
    ("suction_volume_flow", "Suction volume flow", "m3/s"),
    ("ua_evaporator", "UA of the evaporator", "W/K"),
    ("ua_condenser", "UA of the condenser", "W/K"),
)


def _machine(assessment: Assessment) -> tuple[Row, ...]:
    found = assessment.estimate
    if found.status != "ok":
        return ()
    rows = [number(name, label, getattr(found, name), unit) for name, label, unit in _STATES]
    rows.insert(5, number("pressure_ratio", "Pressure ratio", found.p_cond / found.p_evap, ""))
    rows.append(Row("origin", "Answer from", found.origin, "", origin_words(assessment)))
    within = f"{significant(100.0 * found.error, 2)} %"
    note = "or less, of 95 in 100 such answers against full simulations"
    rows.append(Row("error", "Deviation of the COP", found.error, "1", within, note))
    return tuple(rows)


def origin_words(assessment: Assessment) -> str:
    """Where the answer came from, in words."""
    origin = assessment.estimate.origin
    return {"table": "table of full simulations", "solve": "full simulation"}.get(origin, NOTHING)


_YEAR = (
    "heat", "source_heat", "electricity", "boiler_gas", "electricity_cost", "maintenance_cost",
    "annuity", "heat_revenue", "boiler_cost", "co2", "boiler_co2", "co2_saved",
)  # fmt: skip
_MONEY = (
    "investment", "heat_cost", "heat_cost_electricity", "heat_cost_maintenance",
    "heat_cost_capital", "boiler_heat_cost", "surplus_sales", "payback_sales",
    "discounted_payback_sales", "npv_sales", "source_value_sales", "surplus_boiler",
    "payback_boiler", "discounted_payback_boiler", "npv_boiler", "source_value_boiler",
)  # fmt: skip


def _worth(assessment: Assessment, names: tuple[str, ...]) -> tuple[Row, ...]:
    worth, question = assessment.worth, assessment.question
    if worth is None:
        return ()
    rows = []
    for name in names:
        value: float | None = getattr(worth, name)
        row = number(name, WORTH[name].label, value, WORTH[name].unit)
        if "payback" in name:
            surplus = worth.surplus_sales if name.endswith("sales") else worth.surplus_boiler
            words = payback_words(value, surplus, question.lifetime)
            row = Row(name, row.label, value, "a", words)
        elif name.startswith("source_value"):
            row = Row(name, row.label, value, "EUR/kWh", per_mwh(getattr(worth, name)))
        rows.append(row)
    return tuple(rows)


def _refrigerant(assessment: Assessment) -> tuple[Row, ...]:
    facts = assessment.facts
    if facts is None:
        return ()
    pfas = "yes" if facts.pfas else "no"
    return (
        Row("chemical", "Chemical name", facts.chemical, "", facts.chemical),
        Row("gwp100", "GWP over 100 years", facts.gwp100, "", f"{facts.gwp100:g}"),
        Row("safety_class", "Safety class", facts.safety_class, "", facts.safety_class),
        Row("pfas", "PFAS", pfas, "", pfas),
    )


def number(name: str, label: str, value: float | None, unit: str, note: str = "") -> Row:
    """A row of a number, shown with the unit that keeps it short."""
    if value is None or math.isnan(value):
        return Row(name, label, None, unit, NOTHING, note)
    return Row(name, label, value, unit, shown(value, unit), note)


def shown(value: float, unit: str) -> str:
    """A number and its unit as people read them.

    Examples
    --------
    >>> shown(251541.3, "W"), shown(1.5092e6, "kWh/a"), shown(0.06295, "EUR/kWh")
    ('252 kW', '1509 MWh/a', '0.0630 EUR/kWh')
    >>> shown(83.456, "degC"), shown(1029724.0, "kg/a"), shown(3.9754, "")
    ('83.5 degC', '1030 t/a', '3.98')
    """
    if unit in ("W", "W/K"):
        return scaled(value, unit)
    if unit in _THOUSANDS:
        return f"{counted(value / 1e3)} {_THOUSANDS[unit]}"
    if unit in ("EUR", "EUR/a"):
        return f"{grouped(value)} {unit}"
    if unit == "degC":
        return f"{value:.1f} degC"
    return f"{significant(value)} {unit}".strip()


def per_mwh(value: float) -> str:
    """A small price, for a megawatt-hour.

    Examples
    --------
    >>> per_mwh(0.00926)
    '9.26 EUR/MWh'
    """
    return f"{significant(1e3 * value)} EUR/MWh"


_THOUSANDS = {"kWh/a": "MWh/a", "kg/a": "t/a"}
