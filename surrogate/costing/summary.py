"""A result, and a search under way, as people read them on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite, isnan
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Live
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from surrogate.costing.optimiser.search import Progress

ENDED = {
    "optimal": "within optimiser/mip-gap of the bound",
    "param-gap": "solving again gains less than optimiser/param-gap",
    "runtime-limit": "the time limit came first",
    "iteration-limit": "the limit of solves came first",
    "heuristic": "the heuristic alone, nothing is proven",
    "interrupted": "the best network so far",
}

Told = Callable[[Any], None]


def way_on(state: str) -> str:
    """What to do where no network was found.

    Parameters
    ----------
    state : str
        State of the summary.
    """
    if state.endswith("(heuristic)"):
        return "take another optimiser/method, this one knows no constraint/*"
    return "give more optimiser/runtime-limit"


def in_words(where: Progress) -> str:
    """Where a search is.

    Parameters
    ----------
    where : Progress
        As the search tells it.

    Examples
    --------
    >>> in_words(Progress(2, 3267343.1, float("inf"), 7.0, running=0.021))
    'solve 2: 3 267 343 (gap 2.1 %)'
    >>> in_words(Progress(0, 1000.0, 1100.0, 7.0))
    'solve 0: 1 000, at most 1 100 (gap 10 %)'
    >>> in_words(Progress(0, -float("inf"), 1100.0, 7.0))
    'solve 0: no network yet, at most 1 100'
    """
    text = f"solve {where.iteration}: "
    text += grouped(where.value) if isfinite(where.value) else "no network yet"
    if isfinite(where.bound):
        text += f", at most {grouped(where.bound)}"
    gap = min(where.gap, where.running)  # the bound may be far off until the end
    return f"{text} (gap {percent(gap)})" if isfinite(gap) else text


@contextmanager
def telling(
    console: Console | None, every: float, words: Callable[[Any], str] = in_words
) -> Iterator[Told]:
    """Show where a search is.

    Parameters
    ----------
    console : Console or None
        Where: a terminal gets one line that changes, anything else a line now
        and then; None for nowhere.
    every : float
        Time between those lines, and before the first [s].
    words : callable
        Says where it is; its argument also has the ``seconds`` spent.

    Yields
    ------
    callable
        What the search is to tell its progress.
    """
    if console is None:
        yield lambda where: None
    elif console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Live(*columns, console=console, transient=True) as live:
            task = live.add_task("working")
            yield lambda where: live.update(task, description=words(where))
    else:
        yield _Lines(console, every, words)


class _Lines:
    """Prints a line of progress now and then."""

    def __init__(self, console: Console, every: float, words: Callable[[Any], str]) -> None:
        self._console = console
        self._every = every
        self._words = words
        self._last = time.monotonic()

    def __call__(self, where: Any) -> None:
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            text = f"{self._words(where)}, {where.seconds:.0f} s"
            self._console.print(text, soft_wrap=True, highlight=False)


def grouped(value: float) -> str:
    """A whole number in groups of three digits.

    Parameters
    ----------
    value : float
        The number.

    Examples
    --------
    >>> grouped(-1234567.8), grouped(12.0)
    ('-1 234 568', '12')
    """
    return f"{value:,.0f}".replace(",", " ")


def percent(share: float) -> str:
    """A share with two digits; those that are no number as a dash.

    Parameters
    ----------
    share : float
        The share.

    Examples
    --------
    >>> percent(0.0123), percent(0.0), percent(float("inf")), percent(12.345)
    ('1.2 %', '0 %', '-', '1234 %')
    """
    if not isfinite(share):
        return "-"
    return f"{100 * share:.2g} %" if share < 1 else f"{100 * share:.0f} %"


def energy(kwh: float) -> str:
    """Heat with the prefix that keeps it short.

    Parameters
    ----------
    kwh : float
        Heat [kWh].

    Examples
    --------
    >>> energy(1.234e7), energy(5300.0), energy(12.0)
    ('12.34 GWh', '5.3 MWh', '12 kWh')
    """
    for factor, unit in ((1e6, "GWh"), (1e3, "MWh")):
        if abs(kwh) >= factor:
            return f"{kwh / factor:.4g} {unit}"
    return f"{kwh:.4g} kWh"


def print_summary(result: Mapping[str, pd.DataFrame], console: Console) -> None:
    """Print a result as a short report.

    Parameters
    ----------
    result : mapping
        The tables of a result that has a network.
    console : Console
        Where.
    """
    row = result["solution_summary"].iloc[0]
    word = str(row.state).partition("(")[2].rstrip(")") or str(row.state)
    console.print(f"[bold]{row.state}[/]: {ENDED.get(word, '')}\n")
    grid = Grid.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(style="dim")
    for line in (*_network(result, row), *_solving(row)):
        grid.add_row(*line)
    console.print(grid)
    console.print()
    console.print(_supplies(result["supplies"]))


Line = tuple[str, str, str]


def _network(result: Mapping[str, pd.DataFrame], row: Any) -> list[Line]:
    buildings = result["buildings"]
    cut_off = int(buildings["unreachable"].sum())
    users = _end_users(buildings)
    lines = [
        (
            "buildings",
            f"{row.network_building_count} of {len(buildings)}",
            f"{cut_off} have no path to a supply" if cut_off else "",
        ),
        ("end users", f"{row.network_connection_count} of {users}", ""),
        ("heat delivered", f"{energy(row.network_kwh)}/a", _density(row)),
        ("length", f"{row.network_length:,.0f} m".replace(",", " "), "connectors included"),
        ("losses", _loss_share(row), f"of the heat fed in; {energy(row.network_losses_kwh)}/a"),
        ("pumping", f"{energy(row.network_pump_kwh)}/a", "electricity, at most"),
        ("[bold]NPV[/]", f"[bold]{grouped(row.network_npv)}[/]", "in the money of the input"),
    ]
    return lines


def _end_users(buildings: pd.DataFrame) -> int:
    if "connections" not in buildings.columns:
        return len(buildings)
    return int(pd.to_numeric(buildings["connections"], errors="coerce").fillna(1).sum())


def _density(row: Any) -> str:
    if not row.network_length:
        return ""
    return f"{row.network_linear_density:,.0f} kWh/(m a)".replace(",", " ")


def _loss_share(row: Any) -> str:
    fed = row.network_kwh + row.network_losses_kwh
    return percent(row.network_losses_kwh / fed) if fed else "-"


def _solving(row: Any) -> list[Line]:
    lines = []
    if abs(row.objective - row.network_npv) > 0.5:
        lines.append(("objective", grouped(row.objective), "what the parameters say counts"))
    if isfinite(row.upper_bound):
        said = f"no network has more; {percent(row.bound_gap)} above"
        lines.append(("bound", grouped(row.upper_bound), said))
    count = f"{row.iterations} solve{'' if row.iterations == 1 else 's'}"
    if isfinite(row.mip_gap):
        lines.append(("gap of last solve", percent(row.mip_gap), f"of {row.mip_gap_of}"))
    lines.append(("time", f"{row.runtime:.3g} s", count))
    return lines


def _supplies(supplies: pd.DataFrame) -> Grid:
    """Each supply, with what it gives."""
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    grid.add_column("supply")
    for name in ("kW", "heat/a", "COP", "COP from", "PV"):
        grid.add_column(name, justify="right", no_wrap=True)
    for _, row in supplies.iterrows():
        pump = not isnan(row.heat_pump_cop)
        cop = (f"{row.heat_pump_cop:.2f}", str(row.heat_pump_origin)) if pump else ("", "")
        used = ("not used", "", *cop, "")
        if row.in_network:
            used = (grouped(row.load_kw), energy(row.load_kwh), *cop, grouped(row.plant_pv))
        grid.add_row(escape(str(row.supply_id)), *used, style="" if row.in_network else "dim")
    return grid
