"""Columns of measured hours: names, units, what a cell may hold."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from surrogate.conditions import CONDITIONS
from surrogate.errors import InputError

_T_LOW, _T_HIGH = CONDITIONS["t_source_in"].low, CONDITIONS["t_source_in"].high
_MOST_POWER = CONDITIONS["heat_load"].high
_MOST_PRESSURE = 500.0
"""No refrigerant's machine runs at more [bar]."""


class Unit(NamedTuple):
    """How to turn a value in some unit into the library's own: times ``factor`` plus ``shift``."""

    factor: float
    shift: float = 0.0


UNITS: dict[str, dict[str, Unit]] = {
    "W": {"W": Unit(1.0), "kW": Unit(1e3), "MW": Unit(1e6)},
    "degC": {
        "degC": Unit(1.0),
        "°C": Unit(1.0),
        "C": Unit(1.0),
        "celsius": Unit(1.0),
        "K": Unit(1.0, -273.15),
    },
    "bar": {
        "bar": Unit(1.0),
        "mbar": Unit(1e-3),
        "Pa": Unit(1e-5),
        "kPa": Unit(1e-2),
        "MPa": Unit(10.0),
    },
}
"""Units that a header may name, by the library's own; upper and lower case are the same."""


class Column(NamedTuple):
    """A column that is read.

    Attributes
    ----------
    unit : str
        Its unit without one in the header, and the one it is kept in.
    label : str
        What it is.
    required : bool
        Whether a file must have it.
    low, high : float
        Values that can mean anything, in ``unit``.
    """

    unit: str
    label: str
    required: bool
    low: float
    high: float


def _temperature(label: str, required: bool = False) -> Column:
    return Column("degC", label, required, _T_LOW, _T_HIGH)


COLUMNS: dict[str, Column] = {
    "t_source_in": _temperature("source inlet", True),
    "t_return": _temperature("return of the heating water", True),
    "t_supply": _temperature("supply of the heating water", True),
    "heat_load": Column("W", "heat to the heating water", True, 0.0, _MOST_POWER),
    "power": Column("W", "electric power", True, 0.0, _MOST_POWER),
    "t_source_out": _temperature("source outlet"),
    "t_evap": _temperature("evaporating temperature (dew)"),
    "t_cond": _temperature("condensing temperature (bubble)"),
    "t_discharge": _temperature("discharge temperature"),
    "p_evap": Column("bar", "evaporating pressure, absolute", False, 1e-3, _MOST_PRESSURE),
    "p_cond": Column("bar", "condensing pressure, absolute", False, 1e-3, _MOST_PRESSURE),
}
"""Columns of numbers by name; ``time`` stands beside them."""

REQUIRED = ("time", *(name for name, column in COLUMNS.items() if column.required))
OPTIONAL = tuple(name for name, column in COLUMNS.items() if not column.required)

ALIASES = {"heat": "heat_load", "timestamp": "time", "datetime": "time", "date_time": "time"}
"""Other names of columns."""

LONGEST_HEADING = 100
"""Most characters of a heading."""

# The unit is in the last brackets; each character is looked at twice at most.
_IN_BRACKETS = re.compile(r"(.*)[\[(]([^\[\]()]*)[\])]")
_BETWEEN_WORDS = re.compile(r"[\s\-./_]+")


class Heading(NamedTuple):
    """A heading that was understood: the column's name, and the unit of its cells."""

    name: str
    unit: Unit


def read_heading(text: str) -> Heading | None:
    """Understand the heading of a column; None where it is none of ours.

    Upper and lower case are the same, and so are spaces, hyphens, dots and
    underscores. A unit may follow in brackets or after an underscore.

    Parameters
    ----------
    text : str
        The heading as it stands in the file; one of more than
        :data:`LONGEST_HEADING` characters is none of ours, white space that
        follows on another aside.

    Raises
    ------
    InputError
        If it names one of our columns in a unit that is not one of its own.

    Examples
    --------
    >>> read_heading("Heat [kW]")
    Heading(name='heat_load', unit=Unit(factor=1000.0, shift=0.0))
    >>> read_heading("T source in").name, read_heading("power_kW").unit.factor
    ('t_source_in', 1000.0)
    >>> read_heading("operator") is None
    True
    """
    short = " ".join(text.split())
    if len(short) > LONGEST_HEADING:
        return None
    plain = unicodedata.normalize("NFKC", short).strip()
    bracketed = _IN_BRACKETS.fullmatch(plain)
    name, unit = (bracketed[1], bracketed[2].strip()) if bracketed else (plain, "")
    words = _BETWEEN_WORDS.sub("_", name.strip().lower()).strip("_")
    found = _named(words)
    if found is None and not unit:
        # Only a unit of ours is taken off the end of a name.
        head, _, tail = words.rpartition("_")
        found = _named(head)
        if found in COLUMNS and _unit(found, tail) is not None:
            unit = tail
        else:
            found = None
    if found is None:
        return None
    if found == "time":
        return Heading(found, Unit(1.0))
    known = _unit(found, unit)
    if known is None:
        allowed = ", ".join(UNITS[COLUMNS[found].unit])
        raise InputError(
            f"the column {text[:60]!r} is in {unit[:20]!r}, but {found} must be in one of {allowed}"
        )
    return Heading(found, known)


def _named(words: str) -> str | None:
    name = ALIASES.get(words, words)
    return name if name == "time" or name in COLUMNS else None


def _unit(name: str, unit: str) -> Unit | None:
    own = COLUMNS[name].unit
    known = {text.lower(): value for text, value in UNITS[own].items()}
    return known.get((unit or own).lower())
