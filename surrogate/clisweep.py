"""``surrogate cost --flow --return --plot``: a network for each pair of temperatures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from surrogate.clioptions import (
    EXIT_INFEASIBLE,
    EXIT_INTERRUPTED,
    EXIT_NO_ANSWER,
    fail,
    plain,
)
from surrogate.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from surrogate.costing.sweep import SweepProgress

_F = TypeVar("_F", bound=Callable[..., Any])
_LISTS = {"flow": "--flow", "return": "--return"}


def swept(command: _F) -> _F:
    """Give a command the options of a sweep.

    Parameters
    ----------
    command : callable
        The command.
    """
    for option in (
        click.option(
            "--plot",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Draw the pairs set against each other: .png, .svg or .pdf.",
        ),
        click.option(
            "--return", "return_", metavar="T,T,...", help="Return temperatures to try [degC]."
        ),
        click.option("--flow", metavar="T,T,...", help="Flow temperatures to try [degC]."),
    ):
        command = option(command)
    return command


def sweep_of(
    flow: str | None,
    return_: str | None,
    plot: Path | None,
    values: Mapping[str, str],
    taken: Iterable[Path],
) -> Sweep | None:
    """A sweep as the options have it; None where they ask for none.

    Parameters
    ----------
    flow, return_ : str or None
        Temperatures, separated by commas [degC].
    plot : Path or None
        Picture to draw.
    values : mapping
        Parameters that ``--set`` gives, by name.
    taken : iterable of Path
        What the picture must not be written over.

    Raises
    ------
    InputError
        If a list is none, something is said twice, or the picture cannot be written.
    """
    lists = {"flow": flow, "return": return_}
    if flow is None and return_ is None:
        if plot is not None:
            raise InputError("--plot draws pairs of temperatures; give --flow or --return with it")
        return None
    given = {name: _numbers(_LISTS[name], text) for name, text in lists.items() if text is not None}
    names = {name.strip().removeprefix(":").lower() for name in values}
    for name in given:
        if f"optimiser/{name}-temperature" in names:
            raise InputError(
                f"{_LISTS[name]} and --set optimiser/{name}-temperature exclude each other; "
                "give one of them"
            )
    from surrogate.costing.sweep import temperatures

    for name, numbers in given.items():
        temperatures(name, numbers)
    if plot is not None:
        from surrogate.costing.sweepplot import check_plot

        if any(plot.resolve() == path.resolve() for path in taken):
            raise InputError(f"{plot} is the input or the result; give another name for the plot")
        check_plot(plot)
    return Sweep(given.get("flow"), given.get("return"), plot)


def _numbers(option: str, text: str) -> tuple[float, ...]:
    """Numbers from a list separated by commas."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"{option} {text!r} is no list of numbers; give such as 50,60,70 [degC]"
        ) from None


@dataclass(frozen=True)
class Sweep:
    """What a sweep on the command line is.

    Parameters
    ----------
    flow, return_ : tuple of float or None
        Temperatures [degC].
    plot : Path or None
        Picture to draw.
    """

    flow: tuple[float, ...] | None
    return_: tuple[float, ...] | None
    plot: Path | None

    def words(self, where: SweepProgress) -> str:
        """Where it is.

        Parameters
        ----------
        where : SweepProgress
            As the sweep tells it.
        """
        from surrogate.costing.sweepwords import sweep_in_words

        return sweep_in_words(where)

    def run(self, tables: Mapping[str, pd.DataFrame], **how: Any) -> dict[str, pd.DataFrame]:
        """Run it.

        Parameters
        ----------
        tables : mapping
            The input tables.
        **how
            As for :func:`surrogate.costing.sweep_temperatures`.
        """
        from surrogate import costing

        return costing.sweep_temperatures(tables, self.flow, self.return_, **how)

    def draw(self, result: Mapping[str, pd.DataFrame]) -> None:
        """Draw the picture that is asked for, where any pair has a network.

        Parameters
        ----------
        result : mapping
            What was found.
        """
        if self.plot is not None and _found(result):
            from surrogate import costing
            from surrogate.costing.sweepplot import save_plot

            save_plot(costing.plot_sweep(result), self.plot)

    def say(
        self, result: Mapping[str, pd.DataFrame], target: str, *, as_json: bool, quiet: bool
    ) -> None:
        """Say what has been found, and end with the exit code that fits.

        Parameters
        ----------
        result : mapping
            What was found.
        target : str
            Where it is.
        as_json : bool
            Whether to print JSON.
        quiet : bool
            Whether to print nothing else.
        """
        if as_json:
            click.echo(json.dumps(_json(result)))
        elif not quiet:
            self._print(result, target)
        states = result["temperature_sweep"]["state"]
        if states.str.endswith("(interrupted)").any():
            fail(f"interrupted; the pairs so far are in {target}", EXIT_INTERRUPTED)
        if not _found(result):
            infeasible = states.isin(["infeasible", "impossible"]).all()
            hint = "" if infeasible else "; give more optimiser/runtime-limit"
            fail(
                f"no pair of flow and return has a network{hint}; {target} says why",
                EXIT_INFEASIBLE if infeasible else EXIT_NO_ANSWER,
            )

    def _print(self, result: Mapping[str, pd.DataFrame], target: str) -> None:
        from rich.console import Console

        from surrogate.costing.summary import print_summary
        from surrogate.costing.sweepwords import best_pair, print_sweep

        console = Console(highlight=False)
        found, sweep = _found(result), result["temperature_sweep"]
        if found:
            console.print(f"the best pair's network, {best_pair(sweep)} degC\n")
            print_summary(result, console)
        print_sweep(sweep, console)
        drawn = f", drawn in {self.plot}" if self.plot is not None and found else ""
        click.echo(f"\nwritten to {target}{drawn}")


def _found(result: Mapping[str, pd.DataFrame]) -> bool:
    """Whether any pair has a network."""
    return bool(result["temperature_sweep"]["best"].any())


def _json(result: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """The best pair's summary, with a row for each pair."""
    row, *_ = _rows(result["solution_summary"])
    return row | {"temperature_sweep": _rows(result["temperature_sweep"])}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON knows them."""
    cells = table.astype(object).where(table.notna(), None)
    return [
        plain({str(name): _plain(cell) for name, cell in row.items()})
        for row in cells.to_dict("records")
    ]


def _plain(cell: Any) -> Any:
    return cell.item() if hasattr(cell, "item") else cell
