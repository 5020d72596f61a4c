"""The tables of a sweep over temperatures: a row for each pair, and its pipes by size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from surrogate.costing.optimise import Optimised

SWEEP, PIPES = "temperature_sweep", "temperature_sweep_pipes"

_SUMMARISED = (
    "objective",
    "upper_bound",
    "bound_gap",
    "mip_gap",
    "network_npv",
    "network_building_count",
    "network_kwh",
    "network_losses_kwh",
    "network_length",
    "network_pump_kwh",
    "network_emissions_kg",
)
"""Columns as in ``solution_summary``."""

_KINDS = {
    "flow_temperature": "float64",
    "return_temperature": "float64",
    "state": "object",
    "reason": "object",
    "best": "bool",
    "npv_below_best": "float64",
    "objective": "float64",
    "upper_bound": "float64",
    "bound_gap": "float64",
    "mip_gap": "float64",
    "network_npv": "float64",
    "network_building_count": "Int64",
    "network_kwh": "float64",
    "network_losses_kwh": "float64",
    "loss_share": "float64",
    "network_length": "float64",
    "mean_diameter_mm": "float64",
    "largest_diameter_mm": "float64",
    "pipe_capex": "float64",
    "heat_pump_cop": "float64",
    "electricity_kwh": "float64",
    "source_heat_kwh": "float64",
    "other_heat_kwh": "float64",
    "network_pump_kwh": "float64",
    "network_emissions_kg": "float64",
    "runtime": "float64",
}
"""Columns of the table, in their order, and their types."""


class Pair(NamedTuple):
    """Temperatures of a network's flow and return [degC]."""

    flow: float
    back: float


@dataclass(frozen=True)
class Row:
    """What a pair came to.

    Parameters
    ----------
    pair : Pair
        Its temperatures.
    state : str
        As in ``solution_summary``; ``impossible``, or ``not run (interrupted)``.
    reason : str
        Why there is no network.
    values : mapping
        The other columns, as far as they are known.
    lengths : mapping
        Length of its pipes by diameter [m] by [mm].
    """

    pair: Pair
    state: str
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    lengths: Mapping[float, float] = field(default_factory=dict)


def row_of(pair: Pair, done: Optimised) -> Row:
    """A pair that was run.

    Parameters
    ----------
    pair : Pair
        Its temperatures.
    done : Optimised
        Its run.
    """
    summary = done.tables["solution_summary"].iloc[0]
    state, values = str(summary.state), {"runtime": summary.runtime}
    if done.solution.best is None:
        reasons = done.tables.get("infeasible_reasons")
        return Row(pair, state, "" if reasons is None else "; ".join(reasons.message), values)
    values |= {name: summary[name] for name in _SUMMARISED}
    fed = summary.network_kwh + summary.network_losses_kwh
    values["loss_share"] = summary.network_losses_kwh / fed if fed else np.nan
    flow = done.tables["cashflow"]
    laid = (flow["type"] == "pipe") & (flow["cost"] == "capex")
    values["pipe_capex"] = -float(flow["value"][laid].sum())
    lengths = _lengths(done.tables["paths"])
    return Row(pair, state, "", values | _sizes(lengths) | _heat(done), lengths)


def _lengths(paths: pd.DataFrame) -> dict[float, float]:
    """Length of each pipe size."""
    laid = paths[paths["in_network"]]
    sums = laid.groupby("diameter_mm")["length_m"].sum()
    return {float(size): float(length) for size, length in zip(sums.index, sums, strict=True)}


def _sizes(lengths: Mapping[float, float]) -> dict[str, float]:
    """Mean by length, and largest diameter."""
    if not lengths:
        return {}
    mean = sum(size * length for size, length in lengths.items()) / sum(lengths.values())
    return {"mean_diameter_mm": mean, "largest_diameter_mm": max(lengths)}


def _heat(done: Optimised) -> dict[str, float]:
    """Where the heat of a year comes from."""
    supplies = done.tables["supplies"].reset_index(drop=True)
    used = supplies[supplies["in_network"]]
    pumps = used[used["heat_pump_cop"].notna()]
    heat, power = float(pumps["load_kwh"].sum()), float(pumps["electricity_kwh"].sum())
    source = sum(
        load * done.prepared.heat_pumps[int(i)].source_share
        for i, load in zip(pumps.index, pumps["load_kwh"], strict=True)
    )
    return {
        "heat_pump_cop": heat / power if power else np.nan,
        "electricity_kwh": power,
        "source_heat_kwh": float(source),
        "other_heat_kwh": float(used["load_kwh"].sum()) - heat,
    }


def rank(values: Mapping[str, Any]) -> tuple[float, float]:
    """What makes a pair better than another: the objective, and at equal ones the NPV.

    Parameters
    ----------
    values : mapping
        ``objective`` and ``network_npv`` of a pair that has a network.
    """
    # Equal heat may differ by what sums of floats are off.
    return float(f"{values['objective']:.9g}"), float(values["network_npv"])


def table_of(rows: Sequence[Row]) -> pd.DataFrame:
    """The table ``temperature_sweep``, sorted by temperatures.

    Parameters
    ----------
    rows : sequence of Row
        One for each pair, in the order in which they were run.
    """
    found = [row for row in rows if "objective" in row.values]
    best = max(found, key=lambda row: rank(row.values), default=None)
    lines = []
    for row in sorted(rows, key=lambda row: row.pair):
        line: dict[str, Any] = {
            "flow_temperature": row.pair.flow,
            "return_temperature": row.pair.back,
        }
        line |= {"state": row.state, "reason": row.reason, "best": row is best, **row.values}
        if best is not None and "network_npv" in row.values:
            line["npv_below_best"] = best.values["network_npv"] - row.values["network_npv"]
        lines.append(line)
    return pd.DataFrame(lines, columns=[*_KINDS]).astype(_KINDS)


def pipes_table(rows: Sequence[Row]) -> pd.DataFrame:
    """The table ``temperature_sweep_pipes``: length of each pipe size, by pair.

    Parameters
    ----------
    rows : sequence of Row
        One for each pair.
    """
    lines = [
        (*row.pair, size, length)
        for row in sorted(rows, key=lambda row: row.pair)
        for size, length in row.lengths.items()
    ]
    names = ["flow_temperature", "return_temperature", "diameter_mm", "length_m"]
    return pd.DataFrame(lines, columns=names, dtype="float64")
