"""A sweep over temperatures, done or under way, as people read it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from surrogate.costing.summary import energy, grouped, in_words, percent
from surrogate.costing.sweep import SweepProgress
from surrogate.costing.sweeptables import rank

_SHORT = {"not run (interrupted)": "not run"}


def sweep_in_words(where: SweepProgress) -> str:
    """Where a sweep is.

    Parameters
    ----------
    where : SweepProgress
        As the sweep tells it.

    Examples
    --------
    >>> from surrogate.costing.optimiser.search import Progress
    >>> sweep_in_words(SweepProgress(60.0, 32.5, 3, 15, Progress(0, 1000.0, 1100.0, 7.0), 20.0))
    '3 of 15, 60/32.5 degC: solve 0: 1 000, at most 1 100 (gap 10 %)'
    """
    pair = _pair(where.flow_temperature, where.return_temperature)
    return f"{where.number} of {where.count}, {pair} degC: {in_words(where.search)}"


def verdict(sweep: pd.DataFrame) -> str:
    """Which pair is best, and by how much, in one sentence.

    Parameters
    ----------
    sweep : DataFrame
        The table ``temperature_sweep``.
    """
    found = sweep[sweep["network_npv"].notna()]
    if found.empty:
        return "no pair has a network"
    best = found[found["best"]].iloc[0]
    said = f"best: {_of(best)} degC, NPV {grouped(best.network_npv)}"
    others: list[Any] = [row for _, row in found[~found["best"]].iterrows()]
    if not others:
        return f"{said}; no other pair has a network"
    following = max(others, key=rank)
    return f"{said}, {_distance(best, following)}"


def _distance(best: Any, following: Any) -> str:
    """How far the best pair is above the next."""
    after = f"{_of(following)} degC"
    if rank(best) == rank(following):
        return f"the same as the next, {after}"
    if rank(best)[0] == rank(following)[0]:
        return f"{_more(best.network_npv, following.network_npv)} above the next, {after}"
    more = _more(best.objective, following.objective)
    if abs(best.objective - best.network_npv) <= 0.5:
        return f"{more} above the next, {after}"
    return f"its objective {more} above that of the next, {after}"


def _more(value: float, less: float) -> str:
    share = f" ({percent((value - less) / abs(value))})" if value else ""
    return f"{grouped(value - less)}{share}"


def doubt(sweep: pd.DataFrame) -> str:
    """What keeps the best pair from being proven so; nothing where it is.

    Parameters
    ----------
    sweep : DataFrame
        The table ``temperature_sweep``.
    """
    best = sweep[sweep["best"]]
    if best.empty:
        return ""
    others = sweep[~sweep["best"]]
    open_ = others[others["upper_bound"] > best["objective"].iloc[0]]
    if open_.empty:
        return ""
    pairs = ", ".join(_of(row) for _, row in open_.iterrows())
    return f"found, not proven: the upper bound of {pairs} degC lies above it"


def best_pair(sweep: pd.DataFrame) -> str:
    """Flow and return of the best pair [degC].

    Parameters
    ----------
    sweep : DataFrame
        The table ``temperature_sweep`` of pairs of which one has a network.
    """
    return _of(sweep[sweep["best"]].iloc[0])


def print_sweep(sweep: pd.DataFrame, console: Console) -> None:
    """Print a sweep: a line for each pair, what kept pairs from a network, and the best.

    Parameters
    ----------
    sweep : DataFrame
        The table ``temperature_sweep``.
    console : Console
        Where.
    """
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    grid.add_column("degC", no_wrap=True)
    for name in ("NPV", "below best", "bldgs", "losses", "mm", "COP", "power/a", "source/a"):
        grid.add_column(name, justify="right", no_wrap=True)
    for _, row in sweep.iterrows():
        style = "bold" if row.best else "dim" if pd.isna(row.network_npv) else ""
        grid.add_row(_of(row) + " *" * row.best, *_cells(row), style=style)
    console.print(grid)
    console.print("mm: mean diameter of pipes; power, source: of heat pumps\n", style="dim")
    for (state, reason), rows in sweep[sweep["reason"] != ""].groupby(["state", "reason"]):
        pairs = ", ".join(_of(row) for _, row in rows.iterrows())
        console.print(f"{pairs}: {state}: {escape(str(reason))}", style="dim")
    console.print(f"[bold]{verdict(sweep)}[/]", *([doubt(sweep)] if doubt(sweep) else []), sep="\n")


def _cells(row: Any) -> tuple[str, ...]:
    if pd.isna(row.network_npv):
        return (_SHORT.get(row.state, row.state.partition(" (")[0]),)
    return (
        grouped(row.network_npv),
        "best" if row.best else grouped(row.npv_below_best),
        str(row.network_building_count),
        percent(row.loss_share),
        _number(row.mean_diameter_mm, ".0f"),
        _number(row.heat_pump_cop, ".2f"),
        energy(row.electricity_kwh),
        energy(row.source_heat_kwh),
    )


def _number(value: float, form: str) -> str:
    return "" if pd.isna(value) else f"{value:{form}}"


def _of(row: Any) -> str:
    return _pair(row.flow_temperature, row.return_temperature)


def _pair(flow: float, back: float) -> str:
    return f"{flow:g}/{back:g}"
