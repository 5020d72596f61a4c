"""What the commands share: options, exit codes, and how they fail."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click

from surrogate.errors import InputError

_T = TypeVar("_T")

EXIT_NO_ANSWER, EXIT_BAD_INPUT, EXIT_INFEASIBLE, EXIT_INTERRUPTED = 1, 2, 3, 130

setting = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the machine that differs from its default, such as pinch=3.",
)
limit = click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="A limit that differs from its default, such as pressure_ratio_max=15.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


def named(pairs: tuple[str, ...]) -> dict[str, float]:
    """Numbers by name from NAME=VALUE options.

    Raises
    ------
    InputError
        If one is not of that form.
    """
    return by_name(pairs, _number, "NUMBER")


def by_name(pairs: tuple[str, ...], read: Callable[[str], _T | None], form: str) -> dict[str, _T]:
    """Values by name from NAME=VALUE options.

    Parameters
    ----------
    pairs : tuple of str
        The options.
    read : callable
        Makes a value of its text; None where that is no such value.
    form : str
        What a value is called where one is refused.

    Raises
    ------
    InputError
        If one is not of that form.
    """
    result = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        value = read(text) if equals else None
        if value is None:
            raise InputError(f"{pair!r} is not NAME={form}")
        result[name.strip()] = value
    return result


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON knows them: no NaN."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def fail(message: str, code: int) -> NoReturn:
    """Say one sentence on the error stream and end."""
    click.echo(f"surrogate: {message}", err=True)
    sys.exit(code)
