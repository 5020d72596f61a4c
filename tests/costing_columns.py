"""The columns of the schema, and an input that has them all."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
import pandas as pd

from surrogate.costing.schema import TABLES

from .costing_cases import put, street


def complete() -> dict[str, Any]:
    """An input with every column of the schema; nothing refers to the last row of any table."""
    return {name: table.copy() for name, table in _complete().items()}


@lru_cache
def _complete() -> dict[str, Any]:
    given = street(finance__npv_term="30", finance__npv_rate="0.04")
    for name, copied in (("buildings", 1), ("paths", 2), ("supplies", 0), ("tariffs", 0)):
        given[name] = pd.concat([given[name], given[name].iloc[[copied]]])
    given["connection_costs"] = pd.concat([given["connection_costs"]] * 2)
    for name, column, last in (
        ("buildings", "building_id", "further"),
        ("paths", "path_id", "further"),
        ("supplies", "supply_id", "further"),
        ("tariffs", "tariff_id", 2),
        ("connection_costs", "connection_cost_id", 2),
    ):
        given[name].index = range(10, 10 * len(given[name]) + 1, 10)
        put(given[name], len(given[name]) - 1, column, last)
    given["buildings"] = given["buildings"].assign(demand_group="7", extra_pv=10.0)
    given["paths"] = given["paths"].assign(existing_diameter=40.0, extra_pv=-5.0)
    given["supplies"] = given["supplies"].assign(
        supply_cost_type="plant",
        heat_pump_refrigerant="R290",
        heat_pump_topology="single_stage",
        t_source_in=12.0,
        t_source_out=7.0,
        source_capacity_kw=300.0,
        electricity_price_per_kwh=0.2,
        electricity_emissions_per_kwh=0.3,
    )
    given["supply_costs"] = pd.DataFrame(
        {
            "supply_cost_type": ["plant", "spare"],
            "type": ["boiler", "pump"],
            "cost": ["capex_per_kw", "capex_per_kw"],
            "value": [[[0, 100], [50, 900]], 5.0],
        }
    )
    given["heat_pump_profiles"] = pd.DataFrame(
        {
            "supply_id": ["S", "S"],
            "hours": [2000.0, 4000.0],
            "weight": pd.Series([None, None], dtype=object),
            "t_source_in": [10.0, 14.0],
            "t_supply": [72.0, 62.0],
            "t_return": [41.0, 39.0],
            "load": [1.0, 0.4],
        }
    )
    given["civil_cost_names"].loc[2] = [3, "park", False]
    return given


def leaves(annotation: Any) -> set[Any]:
    """The kinds of value that an annotation allows, None aside."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return leaves(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return set().union(*(leaves(part) for part in get_args(annotation))) - {type(None)}
    return {Literal} if origin is Literal else {annotation}


def beyond(field: Any) -> Iterator[tuple[Any, Any]]:
    """For each bound of a field, a value at it that is allowed, and one that is not."""
    step = 1 if leaves(field.annotation) == {int} else 1e-6
    for bound in field.metadata:
        match bound:
            case annotated_types.Ge(ge=limit):
                yield limit, limit - step
            case annotated_types.Gt(gt=limit):
                yield limit + step, limit
            case annotated_types.Le(le=limit):
                yield limit, limit + step
            case annotated_types.Lt(lt=limit):
                yield limit - step, limit


@dataclass(frozen=True)
class Column:
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def field(self) -> Any:
        return TABLES[self.table].model_fields[self.name]

    @property
    def extra(self) -> dict[str, Any]:
        return self.field.json_schema_extra

    def with_last(self, value: Any) -> tuple[dict[str, Any], int]:
        """The input with another value in the last row, and the number of that row."""
        tables = complete()
        put(tables[self.table], len(tables[self.table]) - 1, self.name, value)
        return tables, len(tables[self.table])


COLUMNS = [Column(table, name) for table, model in TABLES.items() for name in model.model_fields]
