"""Small heat networks, and what the tests of costing ask of their results."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from surrogate.costing import InputTablesError, optimise
from surrogate.costing.checking import SHOWN

CRS = "EPSG:32632"
ORIGIN = (500_000.0, 5_500_000.0)
EXACT = {
    "optimiser/mip-gap": "0",
    "optimiser/param-gap": "0",
    "optimiser/iteration-limit": "100",
}

Tables = dict[str, Any]
Spot = tuple[float, float]


def moved(shape: Any) -> Any:
    """A shape around (0, 0) brought to where the CRS is good."""
    return shapely.transform(shape, lambda xy: xy + ORIGIN)


def place(what: Any) -> Any:
    """A point of (x, y), or any shape, around (0, 0)."""
    return moved(shapely.Point(what) if isinstance(what, tuple) else what)


def way(what: Any) -> Any:
    """A line through several (x, y), or any shape, around (0, 0)."""
    return moved(shapely.LineString(what) if isinstance(what, list | tuple) else what)


def tables(
    paths: Mapping[str, Any],
    buildings: Mapping[str, Any],
    supplies: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    crs: Any = CRS,
) -> Tables:
    """An input in which each building is worth a long pipe; no money is 0 and no two are alike."""
    return {
        "buildings": layer(
            "building_id",
            {name: place(what) for name, what in buildings.items()},
            crs,
            annual_demand_kwh=40_000.0,
            peak_demand_kw=20.0,
            connections=1,
            constraint="optional",
            demand_group=None,
            connection_cost_id=1,
            tariff_id=1,
            extra_pv=float("nan"),
        ),
        "paths": layer(
            "path_id",
            {name: way(what) for name, what in paths.items()},
            crs,
            constraint="optional",
            existing_diameter=float("nan"),
            civil_cost_id=1,
            extra_pv=float("nan"),
        ),
        "supplies": layer(
            "supply_id",
            {name: place(what) for name, what in supplies.items()},
            crs,
            constraint="optional",
            annual_capacity_kwh=1e7,
            peak_capacity_kw=500.0,
            capex_fixed=3000.0,
            capex_per_kw=200.0,
            opex_fixed=50.0,
            opex_per_kw=4.0,
            repex_fixed=900.0,
            repex_per_kw=70.0,
            cost_per_kwh=0.03,
            emissions_per_kwh=0.2,
            supply_cost_type=None,
        ),
        "supply_costs": pd.DataFrame(columns=["supply_cost_type", "type", "cost", "value"]),
        "tariffs": pd.DataFrame(
            {
                "tariff_id": [1],
                "name": ["standard"],
                "annual_charge_fixed": [120.0],
                "annual_charge_per_kwh": [0.15],
                "annual_charge_per_kw": [11.0],
                "connection_charge_fixed": [800.0],
                "connection_charge_per_kw": [35.0],
            }
        ),
        "connection_costs": pd.DataFrame(
            {
                "connection_cost_id": [1],
                "name": ["station"],
                "capex_fixed": [1500.0],
                "capex_per_connection": [210.0],
                "capex_per_kw": [40.0],
                "repex_fixed": [600.0],
                "repex_per_connection": [90.0],
                "repex_per_kw": [17.0],
                "opex_fixed": [30.0],
                "opex_per_connection": [13.0],
                "opex_per_kw": [2.0],
            }
        ),
        "civil_costs": pd.DataFrame(
            [
                (diameter, name, cost * factor)
                for name, factor in ((1, 1.0), (2, 1.6))
                for diameter, cost in ((20.0, 300.0), (32.0, 340.0), (50.0, 410.0), (80.0, 520.0))
            ],
            columns=["diameter_mm", "civil_cost_id", "cost_m"],
        ),
        "civil_cost_names": pd.DataFrame(
            {"civil_cost_id": [1, 2], "name": ["soft", "hard"], "is_default": [True, False]}
        ),
        "parameters": settings_table(parameters or {}),
    }


def layer(name: str, shapes: Mapping[str, Any], crs: Any, **columns: Any) -> gpd.GeoDataFrame:
    """A table of shapes by ID, the same in every other column."""
    rows = {name: pd.Series([*shapes], dtype=object)}
    rows |= {
        column: pd.Series(
            [value] * len(shapes), dtype=None if shapes and value is not None else object
        )
        for column, value in columns.items()
    }
    return gpd.GeoDataFrame(rows, geometry=[*shapes.values()], crs=crs)


def street(**parameters: Any) -> Tables:
    """A supply, a street to a fork, and a building on either side of it."""
    given = {name: table.copy() for name, table in _street().items()}
    given["parameters"] = settings_table(named(parameters))
    return given


@lru_cache
def _street() -> Tables:
    return tables(
        {"A": [(0, 0), (60, 0)], "L": [(60, 0), (60, 25)], "R": [(60, 0), (60, -35)]},
        {"left": (60, 25), "right": (60, -35)},
        {"S": (0, 0)},
    )


def settings_table(parameters: Mapping[str, Any]) -> pd.DataFrame:
    """The table of parameters."""
    return pd.DataFrame([*parameters.items()], columns=["parameter", "value"], dtype=object)


def named(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters from keywords: "__" stands for "/", "_" for "-"."""
    return {k.replace("__", "/").replace("_", "-"): v for k, v in parameters.items()}


def row_of(table: pd.DataFrame, name: str) -> pd.Series:
    """The row with an ID."""
    column = next(c for c in ("building_id", "path_id", "supply_id") if c in table.columns)
    (row,) = [i for i, there in enumerate(table[column]) if there == name]
    return table.iloc[row]


def put(table: pd.DataFrame, row: int, column: str, value: Any) -> None:
    """Write any value into a cell, whatever the type of its column."""
    values = table[column].astype(object).tolist()
    values[row] = value
    table[column] = pd.Series(values, index=table.index, dtype=object)


def solved(given: Tables) -> Tables:
    """The result, without the warnings on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optimise(given)


def summary(result: Tables) -> pd.Series:
    """The one row of the summary."""
    (row,) = [row for _, row in result["solution_summary"].iterrows()]
    return row


def npv(given: Tables) -> float:
    """NPV of the best network."""
    return float(summary(solved(given)).network_npv)


def inside(result: Tables, table: str) -> set[str]:
    """IDs of what is in the network."""
    column = {"buildings": "building_id", "paths": "path_id", "supplies": "supply_id"}[table]
    return set(result[table].loc[result[table].in_network, column])


def discounted(result: Tables, rate: float) -> float:
    """Present value of the cash flow."""
    flow = result["cashflow"]
    return float((flow.value / (1 + rate) ** flow.year).sum())


def problems(given: Tables) -> list[tuple[str, int | None, str]]:
    """Where the input is wrong: table, row and column."""
    return [(one.table, one.row, one.column) for one in messages(given)]


def messages(given: Tables) -> Sequence[Any]:
    """What is wrong with the input."""
    with pytest.raises(InputTablesError) as caught:
        optimise(given)
    for one in caught.value.problems[:SHOWN]:
        assert str(one) in str(caught.value)
    return caught.value.problems


def reasons(result: Tables) -> dict[str, str]:
    """Messages by kind; there are some only where there is no network."""
    assert summary(result).state == "infeasible"
    table = result["infeasible_reasons"]
    return dict(zip(table.reason_type, table.message, strict=True))
