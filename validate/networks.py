"""How fast networks are found: the shipped district and seeded street networks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from surrogate import costing

GAP = 0.01
"""Gap that the bars ask for."""

SEEDS = (7, 8, 9, 10, 11)
"""Of the street networks."""


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
    """

    name: str
    seconds: float
    last_gap: float
    bound_gap: float
    state: str
    npv: float
    buildings: int


def measure() -> Iterator[Timed]:
    """Time the district, and street networks of 500 paths and 200 buildings."""
    yield timed("the shipped district", costing.district())
    for seed in SEEDS:
        yield timed(
            f"500 paths, 200 buildings, seed {seed}", costing.street_network(500, 200, seed)
        )


def timed(name: str, tables: dict[str, pd.DataFrame]) -> Timed:
    """Time one run.

    Parameters
    ----------
    name : str
        What it is.
    tables : dict
        Input tables.
    """
    parameters = tables["parameters"]
    others = parameters[parameters["parameter"] != "optimiser/mip-gap"]
    wanted = pd.DataFrame({"parameter": ["optimiser/mip-gap"], "value": [str(GAP)]})
    began = time.perf_counter()
    result = costing.optimise({**tables, "parameters": pd.concat([others, wanted])})
    seconds = time.perf_counter() - began
    row = result["solution_summary"].iloc[0]
    return Timed(
        name=name,
        seconds=seconds,
        last_gap=float(row["mip_gap"]),
        bound_gap=float((row["upper_bound"] - row["objective"]) / abs(row["objective"])),
        state=str(row["state"]),
        npv=float(row["network_npv"]),
        buildings=int(row["network_building_count"]),
    )
