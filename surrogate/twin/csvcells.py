"""Cells of CSV as people have it: encodings, separators, decimals, times, numbers.

What cannot be read is collected, and refused with the first ten of it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np

from surrogate.conditions import FloatArray
from surrogate.errors import InputError
from surrogate.twin.columns import COLUMNS, Heading

MOST_ROWS = 20_000
"""Most rows that a file may have: two years of hours."""
MOST_BYTES = 10_000_000
"""Most bytes: some 500 a row."""
MOST_COLUMNS = 200
"""Most columns, those that are none of ours included."""
LONGEST_CELL = 40
"""Longer cells are no numbers, and are not shown in full."""

_MOST_PROBLEMS = 10
# Empty lines cost time as well, and so does one that never ends.
_MOST_LINES = 10 * MOST_ROWS
_LONGEST_LINE = 200_000
_DIRECTIVES = ("sep=;", "sep=,")
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--"})

_FIRST_LINE = re.compile(r"\S[^\r\n]*")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,2})?")


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


Rows = Iterator[tuple[int, list[str]]]
"""Rows that hold anything, each with its line in the file."""


class Table(NamedTuple):
    """A CSV file that is open.

    Attributes
    ----------
    separator : str
        What stands between cells.
    line : int
        Line of the headings.
    names : list of str
        The headings, white space made single spaces.
    rows : iterator
        What stands below them.
    """

    separator: str
    line: int
    names: list[str]
    rows: Rows


def open_table(data: bytes) -> Table:
    """Open a CSV file.

    The separator is the one that the first line has most of. Excel's own first
    line (``sep=;``) may stand above the headings.

    Raises
    ------
    MeasuredError
        If it is no text, or too long.
    """
    text = _decoded(data)
    found = _FIRST_LINE.search(text)
    first = found[0].strip() if found else ""
    directed = first.lower() in _DIRECTIVES
    separator = first[-1] if directed else max(";\t,", key=first.count)
    rows = _rows(text, separator)
    if directed:
        next(rows)
    line, names = next(rows, (0, []))
    return Table(separator, line, [" ".join(name.split()) for name in names], rows)


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


def _rows(text: str, separator: str) -> Rows:
    reader = csv.reader(_lines(text), delimiter=separator)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise MeasuredError(f"line {reader.line_num} is no CSV: {error}") from error


def _lines(text: str) -> Iterator[str]:
    """Lines of a file, up to its last cell that holds anything."""
    # Spreadsheets write thousands of rows of nothing but separators below the last one.
    for number, line in enumerate(io.StringIO(text.rstrip("\r\n\t ;,"), newline=""), 1):
        if number > _MOST_LINES:
            raise MeasuredError(
                f"the file has more than {_MOST_LINES:,} lines, and {MOST_ROWS:,} rows are the "
                "most that are read; leave out empty lines"
            )
        if len(line) > _LONGEST_LINE:
            raise MeasuredError(
                f"line {number} has {len(line):,} characters, but {_LONGEST_LINE:,} is the most"
            )
        yield line


def cells_of(
    rows: Rows,
    headings: Mapping[int, Heading],
    width: int,
    separator: str,
) -> tuple[dict[str, list[str]], list[int]]:
    """Sort cells by column, and keep the line of each row.

    Parameters
    ----------
    rows : iterator of (int, list of str)
        Lines and their cells; those that a row lacks at its end are empty.
    headings : mapping of int to Heading
        Columns by their place.
    width : int
        Number of headings, more cells than which no row may have.
    separator : str
        What stands between cells.

    Raises
    ------
    MeasuredError
        If there is no row, or too many, or one has too many cells.
    """
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
        raise refused(problems)
    if not lines:
        raise MeasuredError("the file has headings, but no row of values")
    return cells, lines


def read_times(
    cells: list[str], lines: list[int], problems: list[Problem]
) -> tuple[list[float], list[str]]:
    """Read ISO times: instants [s] to sort by, and the times as text.

    Whatever is no time, repeats one, or differs from the first in having a
    zone, is added to ``problems``.
    """
    instants, times = [], []
    seen: dict[float, int] = {}
    zoned: bool | None = None
    for text, line in zip(cells, lines, strict=True):
        instant, iso = 0.0, ""
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            allowed = "it must be a time such as 2026-01-31T14:00, with or without a zone"
            problems.append(Problem(line, "time", text[:LONGEST_CELL], allowed))
        else:
            zoned = (time.tzinfo is not None) if zoned is None else zoned
            if zoned != (time.tzinfo is not None):
                allowed = "either all times have a zone, or none"
                problems.append(Problem(line, "time", text[:LONGEST_CELL], allowed))
            else:
                # Without a zone seconds are counted as in UTC: only their order matters.
                instant = _seconds(time)
                iso = time.isoformat()
                if instant in seen:
                    allowed = f"line {seen[instant]} has the same time; each must be there once"
                    problems.append(Problem(line, "time", text[:LONGEST_CELL], allowed))
                seen.setdefault(instant, line)
        instants.append(instant)
        times.append(iso)
    return instants, times


def _seconds(time: datetime) -> float:
    start = datetime(2000, 1, 1, tzinfo=time.tzinfo)
    shift = time.utcoffset()
    return (time - start).total_seconds() - (shift.total_seconds() if shift else 0.0)


def decimal_of(cells: Mapping[str, list[str]]) -> str:
    """Tell the decimal sign of a file: that of its first number that has one."""
    for row in zip(*(cells[name] for name in cells if name != "time"), strict=True):
        for text in row:
            if _NUMBER.fullmatch(text) and ("," in text or "." in text):
                return "," if "," in text else "."
    return "."


def read_numbers(
    heading: Heading,
    cells: list[str],
    lines: list[int],
    decimal: str,
    problems: list[Problem],
) -> FloatArray:
    """Read numbers of a column in the library's units, NaN where missing.

    Whatever is no number, or out of the column's range, is added to
    ``problems``.
    """
    column = COLUMNS[heading.name]
    factor, shift = heading.unit
    other = "," if decimal == "." else "."
    allowed = _allowed(heading, decimal)
    values = np.full(len(cells), np.nan)
    for place, text in enumerate(cells):
        if text.lower() in _MISSING:
            continue
        plain = text.replace("\N{MINUS SIGN}", "-")
        value = np.nan
        if len(plain) <= LONGEST_CELL and _NUMBER.fullmatch(plain) and other not in plain:
            value = float(plain.replace(",", ".")) * factor + shift
        if column.low <= value <= column.high:
            values[place] = value
        else:
            problems.append(Problem(lines[place], heading.name, text[:LONGEST_CELL], allowed))
    return values


def _allowed(heading: Heading, decimal: str) -> str:
    column = COLUMNS[heading.name]
    factor, shift = heading.unit
    low, high = ((x - shift) / factor for x in (column.low, column.high))
    sign = "point" if decimal == "." else "comma"
    plain = heading.unit == (1.0, 0.0)
    unit = f" {column.unit}" if plain else " in the unit of its heading"
    return f"it must be a number with a decimal {sign} from {low:g} to {high:g}{unit}, or empty"


def refused(problems: list[Problem]) -> MeasuredError:
    """Make the error that names the first ten problems."""
    shown = tuple(sorted(problems)[:_MOST_PROBLEMS])
    more = f"\nand {len(problems) - len(shown)} more" if len(problems) > len(shown) else ""
    said = "\n".join(str(problem) for problem in shown)
    return MeasuredError(f"the measured hours cannot be read:\n{said}{more}", shown)
