"""A sweep over temperatures, where the result brings one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import pandas as pd

from surrogate import pages
from surrogate.costing.report.told import Told
from surrogate.costing.summary import energy, grouped
from surrogate.costing.sweepplot import plot_sweep
from surrogate.pages import Figure

NAME = "temperature_sweep"

_COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "flow_temperature": ("flow [°C]", lambda value: f"{value:g}"),
    "return_temperature": ("return [°C]", lambda value: f"{value:g}"),
    "network_npv": ("NPV", grouped),
    "npv_below_best": ("below the best", grouped),
    "network_building_count": ("buildings", grouped),
    "network_kwh": ("heat a year", energy),
    "network_losses_kwh": ("losses a year", energy),
    "network_loss_kwh": ("losses a year", energy),
    "mean_diameter_mm": ("mean diameter [mm]", lambda value: f"{value:.0f}"),
    "heat_pump_cop": ("COP", lambda value: f"{value:.2f}"),
    "heat_pump_power_kwh": ("electricity a year", energy),
    "electricity_kwh": ("electricity a year", energy),
    "source_heat_kwh": ("source heat a year", energy),
}


@dataclass(frozen=True)
class Sweep:
    """The table of a sweep as the page shows it.

    Parameters
    ----------
    heads : list of str
        Of the columns with numbers.
    rows : list of tuple
        Whether it is the best, the numbers as (value, text), and the state or why not.
    """

    heads: list[str]
    rows: list[tuple[bool, list[tuple[float, str]], str]]


def table(told: Told) -> Sweep | None:
    """The sweep's table; None where there was none.

    Parameters
    ----------
    told : Told
        The result.
    """
    given = told.sweep.get(NAME)
    if given is None or given.empty:
        return None
    chosen = [name for name in _COLUMNS if name in given.columns]
    rows = []
    for _, row in given.iterrows():
        cells = [_cell(name, row[name]) for name in chosen]
        best = str(row.get("best", "")).lower() in ("true", "1", "1.0")
        rows.append((best, cells, _said(row)))
    return Sweep([_COLUMNS[name][0] for name in chosen], rows)


def _cell(name: str, value: Any) -> tuple[float, str]:
    number = float("nan") if pd.isna(value) else float(value)
    return number, _COLUMNS[name][1](number) if isfinite(number) else pages.NOTHING


def _said(row: pd.Series[Any]) -> str:
    parts = [row.get("state"), row.get("reason")]
    return ": ".join(str(part) for part in parts if not pd.isna(part) and str(part))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """With numbers as numbers, where a file had text."""
    typed = {
        name: table[name].map(lambda value: str(value).lower() in ("true", "1", "1.0"))
        if name == "best"
        else pd.to_numeric(table[name], errors="coerce")
        for name in table.columns
        if name not in ("state", "reason")
    }
    return table.assign(**typed)


def figure(tables: Mapping[str, pd.DataFrame]) -> Figure | None:
    """The sweep as a figure; None where there was none.

    Parameters
    ----------
    tables : mapping
        Tables of the result.
    """
    if NAME not in tables:
        return None
    typed = {name: _typed(table) for name, table in tables.items() if name.startswith(NAME)}
    if not typed[NAME]["best"].any():
        return None
    drawn = pages.encoded(plot_sweep({**tables, **typed}), tight=False)
    alt = f"Charts of the table below: {len(tables[NAME])} pairs of flow and return temperature"
    return Figure(drawn, alt, "What each pair of flow and return temperature comes to.")
