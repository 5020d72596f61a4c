"""An instance as tables of the schema, which the optimiser reads."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import geopandas
import numpy as np
import pandas as pd
from shapely import LineString, Point

from .instance import Instance

CRS = "EPSG:32632"


def tables(instance: Instance, **overrides: Any) -> dict[str, Any]:
    """What the optimiser reads; overrides are parameters, "__" for "/" and "_" for "-"."""
    more = {k.replace("__", "/").replace("_", "-"): v for k, v in overrides.items()}
    points = [Point(xy) for xy in instance.nodes]
    connection = pd.DataFrame([dataclasses.asdict(c) for c in instance.connection_costs])
    connection.insert(1, "name", [f"connection {i}" for i in connection["connection_cost_id"]])
    tariffs = pd.DataFrame([dataclasses.asdict(t) for t in instance.tariffs])
    tariffs.insert(1, "name", [f"tariff {i}" for i in tariffs["tariff_id"]])
    names = sorted({i for i, _, _ in instance.civil_costs})
    return {
        "buildings": _layer(
            "building_id",
            "B",
            instance.buildings,
            [points[b.node] for b in instance.buildings],
            ("demand_group",),
        ),
        "paths": _layer(
            "path_id",
            "P",
            instance.edges,
            [LineString([points[e.u], points[e.v]]) for e in instance.edges],
        ),
        "supplies": _layer(
            "supply_id",
            "S",
            instance.supplies,
            [points[s.node] for s in instance.supplies],
            ("supply_cost_type",),
        ),
        "supply_costs": pd.DataFrame(
            [
                (r.supply_cost_type, r.type, r.cost, json.dumps(r.value))
                for r in instance.supply_costs
            ],
            columns=["supply_cost_type", "type", "cost", "value"],
        ),
        "tariffs": tariffs,
        "connection_costs": connection,
        "parameters": pd.DataFrame(
            [(name, _text(value)) for name, value in {**instance.parameters, **more}.items()],
            columns=["parameter", "value"],
        ),
        "civil_costs": pd.DataFrame(
            [(d, i, cost) for i, d, cost in instance.civil_costs],
            columns=["diameter_mm", "civil_cost_id", "cost_m"],
        ),
        "civil_cost_names": pd.DataFrame(
            {
                "civil_cost_id": names,
                "name": [f"dig {i}" for i in names],
                "is_default": [i == instance.default_civil for i in names],
            }
        ),
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _layer(
    name: str, letter: str, things: tuple[Any, ...], shapes: list[Any], texts: tuple[str, ...] = ()
) -> geopandas.GeoDataFrame:
    """A table with geometry; an absent number is NaN, an absent text None."""
    rows: dict[str, Any] = {name: [f"{letter}{i}" for i in range(len(things))]}
    for column in (f.name for f in dataclasses.fields(things[0])) if things else ():
        values = [getattr(thing, column) for thing in things]
        if column in ("node", "u", "v", "length"):
            continue
        if None in values and column not in texts:
            values = [np.nan if value is None else float(value) for value in values]
        rows[column] = pd.Series(values, dtype=object) if column in texts else values
    return geopandas.GeoDataFrame(rows, geometry=shapes, crs=CRS)
