"""How fast networks are found: the shipped district and seeded street networks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from surrogate import costing
from surrogate.costing import Progress

GAP, TOWN_GAP = 0.01, 0.02
"""Gaps that the bars ask for."""

SEEDS = (7, 8, 9, 10, 11)
"""Of the street networks."""

TOWN_SEEDS = (7, 8, 9)
"""Of the towns."""

OLD_TOWN: dict[str, Any] = {"linear_density": 2000.0, "spacing": 0.4, "one_supply": True}
"""Streets of some 23 m between junctions, 2 MWh/(m a), one supply for all."""

LARGE_TOWN: dict[str, Any] = {**OLD_TOWN, "linear_density": 1200.0}
"""As far as the largest mains reach."""

PAIRS = ((70.0, 40.0), (65.0, 40.0), (65.0, 35.0), (70.0, 35.0))
"""Flow and return of the sweep that is timed [degC]."""


@dataclass(frozen=True)
class Timed:
    """A run and how long it took.

    Parameters
    ----------
    name : str
        What was solved.
    seconds : float
        From tables to tables [s].
    last_gap : float
        Relative gap of the last solve.
    bound_gap : float
        Relative gap to the bound that holds for the exact costs.
    state : str
        As the summary says it.
    npv : float
        Of the network [EUR].
    buildings : int
        Connected.
    bar : str
        What is asked for.
    """

    name: str
    seconds: float
    last_gap: float
    bound_gap: float
    state: str
    npv: float
    buildings: int
    bar: str


def measure() -> Iterator[Timed]:
    """Time the district, street networks of 500 paths and 200 buildings, and towns.

    The heuristic's gap is the one to the straight-cost bound of the whole search on
    the same town; that of a town with scarce supplies is reported beside.
    """
    yield timed("the shipped district", costing.district(), "<= 30 s at 1 %")
    for seed in SEEDS:
        tables = costing.street_network(500, 200, seed)
        yield timed(f"500 paths, 200 buildings, seed {seed}", tables, "<= 10 s at 1 %")
    for seed in TOWN_SEEDS:
        tables = costing.street_network(2000, 800, seed, **OLD_TOWN)
        name = f"2,000 paths, 800 buildings, seed {seed}"
        whole = timed(name, tables, "<= 60 s at 2 %", TOWN_GAP)
        yield whole
        yield _alone(name, tables, whole)
    several = {**OLD_TOWN, "one_supply": False}
    yield timed(
        "2,000 paths, three supplies, the cheapest scarce",
        costing.street_network(2000, 800, TOWN_SEEDS[0], **several),
        "none",
        TOWN_GAP,
        {"optimiser/runtime-limit": "120"},
    )


def measure_large() -> Timed:
    """Half an hour for 10,000 paths and 4,000 buildings."""
    return timed(
        "10,000 paths, 4,000 buildings, seed 7",
        costing.street_network(10_000, 4_000, 7, **LARGE_TOWN),
        "1,800 s, aim at 5 %",
        TOWN_GAP,
        {"optimiser/runtime-limit": "1800"},
    )


def measure_sweep() -> list[tuple[str, float]]:
    """Times of the pairs of a sweep over a town, one after another [s]."""
    tables = _with(
        costing.street_network(2000, 800, TOWN_SEEDS[0], **OLD_TOWN),
        {"optimiser/mip-gap": str(TOWN_GAP)},
    )
    flows, backs = (sorted({pair[k] for pair in PAIRS}) for k in (0, 1))
    swept = costing.sweep_temperatures(tables, flow=flows, return_=backs)
    return [
        (f"{row['flow_temperature']:g}/{row['return_temperature']:g}", float(row["runtime"]))
        for _, row in swept["temperature_sweep"].iterrows()
    ]


def _alone(name: str, tables: dict[str, pd.DataFrame], whole: Timed) -> Timed:
    """The heuristic alone, until its network is there."""
    told: list[Progress] = []
    asked = _with(tables, {"optimiser/method": "heuristic"})
    result = costing.optimise(asked, progress=told.append)
    row = result["solution_summary"].iloc[0]
    npv, bound = float(row["network_npv"]), whole.npv * (1 + whole.last_gap)
    return Timed(
        name=f"{name}, heuristic alone",
        seconds=told[-1].seconds,
        last_gap=(bound - npv) / npv,
        bound_gap=float(row["bound_gap"]),
        state=str(row["state"]),
        npv=npv,
        buildings=int(row["network_building_count"]),
        bar="<= 3 s, <= 5 %",
    )


def _with(tables: dict[str, pd.DataFrame], values: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Tables with other parameters."""
    parameters = tables["parameters"]
    others = parameters[~parameters["parameter"].isin(values)]
    wanted = pd.DataFrame({"parameter": list(values), "value": list(values.values())})
    return {**tables, "parameters": pd.concat([others, wanted])}


def timed(
    name: str,
    tables: dict[str, pd.DataFrame],
    bar: str,
    gap: float = GAP,
    further: dict[str, str] | None = None,
) -> Timed:
    """Time one run.

    Parameters
    ----------
    name : str
        What it is.
    tables : dict
        Input tables.
    bar : str
        What is asked for.
    gap : float
        Gap at which it may stop.
    further : dict, optional
        Further parameters.
    """
    asked = _with(tables, {"optimiser/mip-gap": str(gap), **(further or {})})
    began = time.perf_counter()
    result = costing.optimise(asked)
    seconds = time.perf_counter() - began
    row = result["solution_summary"].iloc[0]
    return Timed(
        name=name,
        seconds=seconds,
        last_gap=float(row["mip_gap"]),
        bound_gap=float(row["bound_gap"]),
        state=str(row["state"]),
        npv=float(row["network_npv"]),
        buildings=int(row["network_building_count"]),
        bar=bar,
    )
