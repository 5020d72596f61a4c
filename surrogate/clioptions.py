"""What the commands share: options, exit codes, and how they fail."""

from __future__ import annotations

import math
import sys
from typing import Any, NoReturn

import click

from surrogate.errors import InputError

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
    result = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not math.isfinite(number):
            raise InputError(f"{pair!r} is not NAME=NUMBER")
        result[name.strip()] = number
    return result


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
