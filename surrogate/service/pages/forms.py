"""The assessment's form: a question as people type it, and back.

People type kilowatts and per cent where the library has watts and shares; the
form's address holds what was typed, so a page can be kept as a bookmark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from surrogate.assessment import FIELDS, Question
from surrogate.assessment.words import grouped, plain


class Shown(NamedTuple):
    """How a quantity is shown in the form: its unit, and how much of the library's that is."""

    unit: str
    scale: float


_AS_SHOWN = {
    "heat_load": Shown("kW", 1e3),
    "eta_s": Shown("%", 0.01),
    "boiler_efficiency": Shown("%", 0.01),
    "maintenance": Shown("% of investment a year", 0.01),
    "discount_rate": Shown("% a year", 0.01),
    "electricity_co2": Shown("kg CO2e/kWh", 1.0),
    "gas_co2": Shown("kg CO2/kWh", 1.0),
    "full_load_hours": Shown("hours a year", 1.0),
    "lifetime": Shown("years", 1.0),
    "investment": Shown("EUR per kW of heat", 1.0),
}

# What a refrigerant's machine could never be; the library's own ranges are of physics, and say
# so when they are asked.
_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("source", "Waste heat", ("t_source_in", "t_source_out")),
    ("sink", "District heating", ("heat_load", "t_return", "t_supply")),
    ("machine", "Heat pump", ("refrigerant", "eta_s")),
    (
        "money",
        "Prices and hours",
        ("electricity_price", "heat_price", "full_load_hours"),
    ),
)
_MORE = (
    "electricity_co2", "gas_price", "gas_co2", "boiler_efficiency", "investment", "maintenance",
    "lifetime", "discount_rate",
)  # fmt: skip


class FormField(NamedTuple):
    """One field of the form.

    Attributes
    ----------
    name : str
        As in :class:`surrogate.assessment.Question`.
    label, unit, help, limits, source : str
        In words; ``limits`` in the unit shown.
    value : str
        What stands in it.
    default : str
        What stands in it where nobody typed anything.
    error : str
        What is wrong with the value, or nothing.
    """

    name: str
    label: str
    unit: str
    help: str
    limits: str
    source: str
    value: str
    default: str
    error: str

    @property
    def integer(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.name == "lifetime"


class Group(NamedTuple):
    """Fields that belong together, under a heading."""

    name: str
    title: str
    fields: tuple[FormField, ...]


class Asked(NamedTuple):
    """What a form asks for.

    Attributes
    ----------
    question : Question or None
        None where a field is wrong.
    groups : tuple of Group
        The conditions' fields, and the prices that matter most.
    more : tuple of FormField
        All other assumptions.
    errors : dict of str to str
        What is wrong, by field.
    """

    question: Question | None
    groups: tuple[Group, ...]
    more: tuple[FormField, ...]
    errors: dict[str, str]


def shown(name: str) -> Shown:
    """Return how a field is shown."""
    return _AS_SHOWN.get(name, Shown(FIELDS[name].unit.replace("degC", "°C"), 1.0))


def typed(name: str, value: Any) -> str:
    """Return a value of a question as it stands in the form.

    Examples
    --------
    >>> typed("heat_load", 1.5e6), typed("eta_s", 0.8), typed("t_supply", 75.0)
    ('1500', '80', '75')
    """
    if name == "refrigerant":
        return str(value)
    return plain(float(f"{value / shown(name).scale:.12g}"))


def address(question: Question) -> dict[str, str]:
    """Return a question as the parameters of the form's address; defaults left out."""
    return {
        name: typed(name, value)
        for name, value in question.model_dump().items()
        if value != FIELDS[name].default
    }


def read(given: Mapping[str, str]) -> Asked:
    """Read a form.

    Parameters
    ----------
    given : mapping of str to str
        What was typed, by field; fields that are missing or empty keep their
        defaults, and what is no field is passed over.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name in FIELDS:
        text = given.get(name, "").strip()[:200]
        if not text:
            continue
        try:
            values[name] = text if name == "refrigerant" else _number(name, text)
        except ValueError:
            errors[name] = f"{text[:40]!r} is no number"
    question = None
    if not errors:
        try:
            question = Question.model_validate(values)
        except ValidationError as error:
            errors = _errors(error)
    return Asked(
        question,
        tuple(
            Group(name, title, tuple(_field(field, given, errors) for field in fields))
            for name, title, fields in _GROUPS
        ),
        tuple(_field(name, given, errors) for name in _MORE),
        errors,
    )


def _number(name: str, text: str) -> float:
    """A number as people type it: with a decimal comma, too, and thousands apart."""
    plain_text = "".join(text.split()).replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    number = float(plain_text.replace(",", "."))
    value = float(f"{number * shown(name).scale:.15g}")
    return int(value) if name == "lifetime" and value.is_integer() else value


def _errors(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in error.errors():
        context = one.get("ctx") or {}
        name = str(context.get("field") or (one["loc"][0] if one["loc"] else "refrigerant"))
        own = one["type"] in ("order", "unknown_refrigerant")
        found.setdefault(name, str(one["msg"]) if own else f"must be {_limits(name)}")
    return found


def _limits(name: str) -> str:
    """Limits of a field in words, in the unit shown."""
    field = FIELDS[name]
    if field.low is None or field.high is None:
        return field.limits
    unit, scale = shown(name)
    whole = "a whole number " if name == "lifetime" else ""
    low, high = (_spelled(float(f"{value / scale:.12g}")) for value in (field.low, field.high))
    short = unit.split(" of ")[0]
    return f"{whole}from {low} to {high} {short}".strip()


def _spelled(value: float) -> str:
    """A limit in words; thousands apart where there are many."""
    return grouped(value) if abs(value) >= 1e4 else plain(value)


def _field(name: str, given: Mapping[str, str], errors: Mapping[str, str]) -> FormField:
    field = FIELDS[name]
    default = typed(name, field.default)
    value = given.get(name, "").strip()[:200]
    return FormField(
        name,
        field.label,
        shown(name).unit,
        field.help,
        _limits(name),
        field.source,
        value or default,
        default,
        errors.get(name, ""),
    )
