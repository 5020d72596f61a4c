"""Measured hours of a real machine, read from CSV as people have it.

Separators are ``,`` ``;`` or tab; decimals have a point or, unless commas
separate the cells, a comma: one of the two in a file. The first line names the
columns (:func:`surrogate.twin.columns.read_heading`); columns that are none of
ours are left alone and listed. Every other cell is a number, or missing:
empty, or ``nan``, ``na``, ``n/a``, ``null``, ``none``, ``-``. Times are ISO
8601, all with a time zone or all without. A file with a cell that is none of
this is refused, with the first ten of them.

No row is ever dropped: rows that a comparison cannot use say why.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.errors import InputError
from surrogate.twin.columns import COLUMNS, REQUIRED, Heading, read_heading

MOST_ROWS = 20_000
"""Most rows that a file may have: two years of hours."""
MOST_BYTES = 10_000_000

_MOST_PROBLEMS = 10
# Longer cells are no numbers, and are not shown in full.
_MOST_SHOWN = 40
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--"})
_DIRECTIVES = ("sep=;", "sep=,")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,2})?")
# Beyond these a median COP says that heat and power are in different units.
_PLAUSIBLE_COP = (1.0, 20.0)

REASONS = {
    "missing": "a value that is needed is missing",
    "off": "the machine is off: heat and power are 0",
    "standby": "there is power, but no heat",
    "no_power": "there is heat, but no power",
    "order": "the return is not colder than the supply",
}
"""Why a row cannot be compared, by its short name."""

FloatArray = NDArray[np.float64]


class Problem(NamedTuple):
    """A cell, or a line, that cannot be read."""

    line: int
    column: str
    value: str
    allowed: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.value!r}, but {self.allowed}"


class MeasuredError(InputError):
    """Measured hours that cannot be read; ``problems`` are the first ten."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True)
class Measured:
    """Measured hours, by rising time.

    Attributes
    ----------
    times : tuple of str
        ISO 8601.
    columns : dict of str to array, shape (rows,)
        The columns that the file has, in degC, W and bar; NaN where missing.
    reasons : array of str, shape (rows,)
        Why a row cannot be compared, one of :data:`REASONS`; empty where it can.
    lines : array of int, shape (rows,)
        Line of each row in the file.
    ignored : tuple of str
        Headings of columns that are none of ours.
    remarks : tuple of str
        What looks odd in the file as a whole, in words.
    """

    times: tuple[str, ...]
    columns: dict[str, FloatArray] = field(repr=False)
    reasons: NDArray[np.str_] = field(repr=False)
    lines: NDArray[np.int64] = field(repr=False)
    ignored: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Rows that can be compared."""
        return np.equal(self.reasons, "")

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are for each reason, ``usable`` first."""
        found = Counter(self.reasons.tolist())
        return {"usable": found[""], **{name: found[name] for name in REASONS if found[name]}}

    @property
    def missing(self) -> dict[str, int]:
        """How many cells are missing in each column that has any."""
        found = {name: int(np.isnan(column).sum()) for name, column in self.columns.items()}
        return {name: count for name, count in found.items() if count}

    def to_dict(self) -> dict[str, Any]:
        """What the file holds, as plain values."""
        return {
            "rows": len(self.times),
            "first": self.times[0],
            "last": self.times[-1],
            "columns": list(self.columns),
            "counts": self.counts,
            "reasons": {name: REASONS[name] for name in self.counts if name in REASONS},
            "missing": self.missing,
            "ignored": list(self.ignored),
            "remarks": list(self.remarks),
        }


def read_measured(data: bytes) -> Measured:
    """Read measured hours from CSV.

    Parameters
    ----------
    data : bytes
        The file: UTF-8 with or without a mark, UTF-16 with one, or Windows-1252.

    Raises
    ------
    MeasuredError
        If it is no such CSV, has too many rows, or lacks a column; and for
        cells that cannot be read, of which it names the first ten.

    Examples
    --------
    >>> found = read_measured(b'''time;T source in [degC];t_return;t_supply;heat [kW];power_kW
    ... 2026-01-01T00:00;8,1;30;40;15,5;3,4
    ... 2026-01-01T01:00;8,0;;40;0;0
    ... ''')
    >>> found.columns["heat_load"].tolist(), found.counts
    ([15500.0, 0.0], {'usable': 1, 'off': 1})
    """
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(";\t,", key=first.count)
    rows = _rows(text, separator)
    _, names = next(rows, (0, []))
    if first.strip().lower() in _DIRECTIVES:
        # Excel's own first line; the columns' names follow it.
        separator = first.strip()[-1]
        rows = _rows(text, separator)
        next(rows)
        _, names = next(rows, (0, []))
    headings = _headings(names)
    cells, lines = _cells(rows, headings, len(names), separator)
    problems: list[Problem] = []
    instants, times = _times(cells["time"], lines, problems)
    decimal = "." if separator == "," else _decimal(cells)
    columns = {
        heading.name: _numbers(heading, cells[heading.name], lines, decimal, problems)
        for heading in headings.values()
        if heading.name != "time"
    }
    if problems:
        raise _refused(problems)
    order = np.argsort(np.array(instants), kind="stable")
    columns = {name: columns[name][order] for name in COLUMNS if name in columns}
    return Measured(
        tuple(times[n] for n in order.tolist()),
        columns,
        _reasons(columns),
        np.array(lines, dtype=np.int64)[order],
        tuple(
            text.strip()
            for place, text in enumerate(names)
            if place not in headings and text.strip()
        ),
        _remarks(columns),
    )


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise MeasuredError(
            f"the file has {len(data):,} bytes, but {MOST_BYTES:,} is the most: {MOST_ROWS:,} rows"
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    elif data[:4] == b"PK\x03\x04" or b"\0" in data:
        raise MeasuredError("the file is no text; save the table as CSV")
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise MeasuredError("the file is in none of UTF-8, UTF-16, Windows-1252; save it as UTF-8")


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, each with its line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise MeasuredError(f"line {reader.line_num} is no CSV: {error}") from error


def _headings(names: list[str]) -> dict[int, Heading]:
    """Understood headings by their place; all that is required must be there, and once."""
    if not names:
        raise MeasuredError(f"the file is empty, but it must have the columns {_required()}")
    found: dict[int, Heading] = {}
    for place, text in enumerate(names):
        try:
            heading = read_heading(text)
        except InputError as error:
            raise MeasuredError(str(error)) from error
        if heading is None:
            continue
        if heading.name in [known.name for known in found.values()]:
            raise MeasuredError(
                f"the column {text[:_MOST_SHOWN]!r} is {heading.name}, and so is another one; "
                "leave one of them out"
            )
        found[place] = heading
    there = {heading.name for heading in found.values()}
    lacking = [name for name in REQUIRED if name not in there]
    if lacking:
        seen = ", ".join(repr(text.strip()[:_MOST_SHOWN]) for text in names[:20])
        raise MeasuredError(
            f"there is no column {', '.join(lacking)}; the file has {seen}, but it must have "
            f"{_required()}"
        )
    return found


def _required() -> str:
    return ", ".join(REQUIRED)


def _cells(
    rows: Iterator[tuple[int, list[str]]],
    headings: Mapping[int, Heading],
    width: int,
    separator: str,
) -> tuple[dict[str, list[str]], list[int]]:
    """Cells by column, and the line of each row; cells that a row lacks at its end are empty."""
    cells: dict[str, list[str]] = {heading.name: [] for heading in headings.values()}
    lines: list[int] = []
    problems = []
    for line, row in rows:
        if len(lines) == MOST_ROWS:
            raise MeasuredError(
                f"the file has more than {MOST_ROWS:,} rows, the most that are read; leave some out"
            )
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            hint = "; decimal commas need ; between cells" if separator == "," else ""
            allowed = f"the first line has {width} cells{hint}"
            problems.append(Problem(line, "", f"{len(row)} cells", allowed))
        lines.append(line)
        for place, heading in headings.items():
            cells[heading.name].append(row[place].strip() if place < len(row) else "")
    if problems:
        raise _refused(problems)
    if not lines:
        raise MeasuredError("the file has headings, but no row of values")
    return cells, lines


def _times(
    cells: list[str], lines: list[int], problems: list[Problem]
) -> tuple[list[float], list[str]]:
    """Instants [s] to sort by, and times as text."""
    instants, times = [], []
    seen: dict[float, int] = {}
    zoned: bool | None = None
    for text, line in zip(cells, lines, strict=True):
        instant, iso = 0.0, ""
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            allowed = "it must be a time such as 2026-01-31T14:00, with or without a zone"
            problems.append(Problem(line, "time", text[:_MOST_SHOWN], allowed))
        else:
            zoned = (time.tzinfo is not None) if zoned is None else zoned
            if zoned != (time.tzinfo is not None):
                allowed = "either all times have a zone, or none"
                problems.append(Problem(line, "time", text[:_MOST_SHOWN], allowed))
            else:
                # Without a zone seconds are counted as in UTC: only their order matters.
                instant = _seconds(time)
                iso = time.isoformat()
                if instant in seen:
                    allowed = f"line {seen[instant]} has the same time; each must be there once"
                    problems.append(Problem(line, "time", text[:_MOST_SHOWN], allowed))
                seen.setdefault(instant, line)
        instants.append(instant)
        times.append(iso)
    return instants, times


def _seconds(time: datetime) -> float:
    start = datetime(2000, 1, 1, tzinfo=time.tzinfo)
    shift = time.utcoffset()
    return (time - start).total_seconds() - (shift.total_seconds() if shift else 0.0)


def _decimal(cells: Mapping[str, list[str]]) -> str:
    """The decimal sign of a file: that of its first number that has one."""
    for row in zip(*(cells[name] for name in cells if name != "time"), strict=True):
        for text in row:
            if _NUMBER.fullmatch(text) and ("," in text or "." in text):
                return "," if "," in text else "."
    return "."


def _numbers(
    heading: Heading,
    cells: list[str],
    lines: list[int],
    decimal: str,
    problems: list[Problem],
) -> FloatArray:
    """Numbers of a column in the library's units, NaN where missing."""
    column = COLUMNS[heading.name]
    factor, shift = heading.unit
    other = "," if decimal == "." else "."
    values = np.full(len(cells), np.nan)
    for place, text in enumerate(cells):
        if text.lower() in _MISSING:
            continue
        plain = text.replace("\N{MINUS SIGN}", "-")
        value = np.nan
        if len(plain) <= _MOST_SHOWN and _NUMBER.fullmatch(plain) and other not in plain:
            value = float(plain.replace(",", ".")) * factor + shift
        if column.low <= value <= column.high:
            values[place] = value
        else:
            problems.append(
                Problem(lines[place], heading.name, text[:_MOST_SHOWN], _allowed(heading, decimal))
            )
    return values


def _allowed(heading: Heading, decimal: str) -> str:
    column = COLUMNS[heading.name]
    factor, shift = heading.unit
    low, high = ((x - shift) / factor for x in (column.low, column.high))
    sign = "point" if decimal == "." else "comma"
    plain = heading.unit == (1.0, 0.0)
    unit = f" {column.unit}" if plain else " in the unit of its heading"
    return f"it must be a number with a decimal {sign} from {low:g} to {high:g}{unit}, or empty"


def _reasons(columns: Mapping[str, FloatArray]) -> NDArray[np.str_]:
    """Why a row cannot be compared."""
    heat, power = columns["heat_load"], columns["power"]
    needed = np.stack([columns[name] for name in REQUIRED if name != "time"])
    with np.errstate(invalid="ignore"):
        return np.select(
            [
                (heat == 0.0) & (power == 0.0),
                np.isnan(needed).any(axis=0),
                heat == 0.0,
                power == 0.0,
                columns["t_return"] >= columns["t_supply"],
            ],
            ["off", "missing", "standby", "no_power", "order"],
            "",
        )


def _remarks(columns: Mapping[str, FloatArray]) -> tuple[str, ...]:
    running = (columns["heat_load"] > 0.0) & (columns["power"] > 0.0)
    if not running.any():
        return ("the machine never runs: no row has both heat and power",)
    cop = float(np.median(columns["heat_load"][running] / columns["power"][running]))
    low, high = _PLAUSIBLE_COP
    if low <= cop <= high:
        return ()
    return (
        f"the median of heat over power is {cop:.3g}: no heat pump's COP; heat and power may be in "
        "different units, which a heading can name, as in 'heat [kW]'",
    )


def _refused(problems: list[Problem]) -> MeasuredError:
    shown = tuple(sorted(problems)[:_MOST_PROBLEMS])
    more = f"\nand {len(problems) - len(shown)} more" if len(problems) > len(shown) else ""
    said = "\n".join(str(problem) for problem in shown)
    return MeasuredError(f"the measured hours cannot be read:\n{said}{more}", shown)
