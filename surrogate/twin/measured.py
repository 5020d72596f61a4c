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

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.conditions import FloatArray
from surrogate.errors import InputError
from surrogate.twin.columns import COLUMNS, LONGEST_HEADING, REQUIRED, Heading, read_heading
from surrogate.twin.csvcells import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    MeasuredError,
    Problem,
    cells_of,
    decimal_of,
    open_table,
    read_numbers,
    read_times,
    refused,
)

__all__ = ["MOST_ROWS", "REASONS", "Measured", "MeasuredError", "read_measured"]

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
    separator, line, names, rows = open_table(data)
    headings = _headings(line, names)
    cells, lines = cells_of(rows, headings, len(names), separator)
    problems: list[Problem] = []
    instants, times = read_times(cells["time"], lines, problems)
    decimal = "." if separator == "," else decimal_of(cells)
    columns = {
        heading.name: read_numbers(heading, cells[heading.name], lines, decimal, problems)
        for heading in headings.values()
        if heading.name != "time"
    }
    if problems:
        raise refused(problems)
    order = np.argsort(np.array(instants), kind="stable")
    columns = {name: columns[name][order] for name in COLUMNS if name in columns}
    return Measured(
        tuple(times[n] for n in order.tolist()),
        columns,
        _reasons(columns),
        np.array(lines, dtype=np.int64)[order],
        tuple(text for place, text in enumerate(names) if place not in headings and text),
        _remarks(columns),
    )


def _headings(line: int, names: list[str]) -> dict[int, Heading]:
    """Understood headings by their place; all that is required must be there, and once."""
    if not names:
        raise MeasuredError(f"the file is empty, but it must have the columns {_required()}")
    _check_size(line, names)
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
                f"the column {text[:LONGEST_CELL]!r} is {heading.name}, and so is another one; "
                "leave one of them out"
            )
        found[place] = heading
    there = {heading.name for heading in found.values()}
    lacking = [name for name in REQUIRED if name not in there]
    if lacking:
        seen = ", ".join(repr(text[:LONGEST_CELL]) for text in names[:20])
        raise MeasuredError(
            f"there is no column {', '.join(lacking)}; the file has {seen}, but it must have "
            f"{_required()}"
        )
    return found


def _check_size(line: int, names: list[str]) -> None:
    """Refuse headings, and numbers of them, that no table of measured hours has."""
    if len(names) > MOST_COLUMNS:
        allowed = f"{MOST_COLUMNS} is the most; leave out what is none of {_required()}"
        raise refused([Problem(line, "", f"{len(names):,} columns", allowed)])
    most = f"a heading has {LONGEST_HEADING} characters at most"
    long = [
        Problem(line, f"column {n}", text[:LONGEST_CELL], f"{most}, and this one {len(text):,}")
        for n, text in enumerate(names, 1)
        if len(text) > LONGEST_HEADING
    ]
    if long:
        raise refused(long)


def _required() -> str:
    return ", ".join(REQUIRED)


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
