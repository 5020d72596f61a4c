"""A result's tables, with numbers as numbers, whichever file they were read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely

from surrogate.costing.economics import Horizon
from surrogate.costing.parameters import NAMES, Settings
from surrogate.costing.schema import GEOMETRIES, is_forbidden, keyword
from surrogate.errors import InputError, InputTypeError

NEEDED = ("solution_summary", "buildings", "paths", "supplies", "cashflow")
"""Tables that a report cannot do without."""

_NUMBERS = {
    "solution_summary": (
        "objective",
        "mip_gap",
        "runtime",
        "iterations",
        "upper_bound",
        "bound_gap",
        "network_building_count",
        "network_connection_count",
        "network_length",
        "network_linear_density",
        "network_kwh",
        "network_losses_kwh",
        "network_npv",
        "network_pump_kwh",
        "network_emissions_kg",
    ),
    "buildings": ("annual_demand_kwh", "peak_demand_kw"),
    "paths": ("length_m", "diameter_mm", "load_kw", "losses_kwh", "cost_pv"),
    "supplies": (
        "peak_capacity_kw",
        "annual_capacity_kwh",
        "load_kw",
        "load_kwh",
        "plant_pv",
        "heat_pump_cop",
        "heat_pump_cop_error",
        "heat_pump_design_cop",
        "heat_pump_unserved",
        "heat_pump_power_kw",
        "electricity_kwh",
        "source_heat_kw",
        "source_heat_kwh",
        "source_capacity_kw",
        "levelised_cost_per_kwh",
        "t_source_in",
        "t_source_out",
    ),
    "cashflow": ("year", "value"),
    "building_margins": (
        "npv_change",
        "per_year",
        "price_change_per_kwh",
        "extra_length_m",
        "together",
    ),
}
_FLAGS = {
    "buildings": ("in_network", "unreachable"),
    "paths": ("in_network", "connector"),
    "supplies": ("in_network",),
    "building_margins": ("connected",),
}
_TEXTS = {
    "solution_summary": ("state", "mip_gap_of", "git_rev", "user", "run", "start_date"),
    "buildings": ("building_id",),
    "paths": ("path_id",),
    "supplies": ("supply_id", "heat_pump_refrigerant", "heat_pump_origin"),
    "cashflow": ("type", "cost", "name", "path_id", "supply_id"),
    "building_margins": ("building_id", "costing", "reason"),
    "infeasible_reasons": ("reason_type", "message"),
}
# Columns that the input need not have, and that mean nothing where it has not.
_MAY_MISS = frozenset({"source_capacity_kw", "t_source_in", "t_source_out"}) | frozenset(
    {"heat_pump_refrigerant"}
)


@dataclass(frozen=True)
class Told:
    """What a result tells.

    Parameters
    ----------
    summary : dict
        The row of ``solution_summary``; NaN for empty numbers.
    buildings, paths, supplies : DataFrame
        With flags as booleans, ``constraint`` as one of its words, and shapes in one
        plane in the column ``shape`` [m].
    cashflow, margins, reasons : DataFrame
        The tables; ``margins`` and ``reasons`` are empty where there are none.
    settings : Settings
        Parameters.
    given : dict
        Those that the table ``parameters`` gives, as text by name.
    sweep : mapping
        Tables of a sweep over temperatures; empty where there was none.
    """

    summary: dict[str, Any]
    buildings: pd.DataFrame
    paths: pd.DataFrame
    supplies: pd.DataFrame
    cashflow: pd.DataFrame
    margins: pd.DataFrame
    reasons: pd.DataFrame
    settings: Settings
    given: dict[str, str]
    sweep: Mapping[str, pd.DataFrame]

    @property
    def horizon(self) -> Horizon:
        """The years."""
        return Horizon(self.settings.npv_rate, self.settings.npv_term)

    @property
    def found(self) -> bool:
        """Whether there is a network, if one without a pipe."""
        return bool(pd.notna(self.summary["network_npv"]))


def told(tables: Mapping[str, pd.DataFrame]) -> Told:
    """Make sense of a result's tables.

    Parameters
    ----------
    tables : mapping
        Tables by name, as :func:`~surrogate.costing.optimise.optimise` returns them or
        :func:`~surrogate.costing.files.read` reads them with ``results=True``.

    Raises
    ------
    InputTypeError
        If that is no mapping of tables.
    InputError
        If a table or column of a result is missing, or a number is none.
    """
    if not isinstance(tables, Mapping):
        raise InputTypeError(f"tables is a {type(tables).__name__}, not a dict of DataFrames")
    missing = [name for name in NEEDED if name not in tables]
    if missing:
        raise InputError(
            f"these are no tables of a result: {', '.join(missing)} missing; give what optimise() "
            "returns, or read(..., results=True)"
        )
    typed = {name: _typed(name, tables.get(name)) for name in (*_TEXTS, "building_margins")}
    if len(typed["solution_summary"]) != 1:
        raise InputError(f"solution_summary has {len(typed['solution_summary'])} rows, not one")
    settings, given = _settings(tables.get("parameters"))
    last = typed["cashflow"]["year"].max()
    if last >= settings.npv_term:
        raise InputError(
            f"cashflow goes to year {last:g}, but finance/npv-term is {settings.npv_term}: "
            "parameters are none of this result"
        )
    shapes = _in_one_plane(tables)
    for name in GEOMETRIES:
        typed[name]["shape"] = shapes[name]
        typed[name]["constraint"] = [_constraint(word) for word in _column(tables[name])]
    return Told(
        summary=dict(typed["solution_summary"].iloc[0]),
        buildings=typed["buildings"],
        paths=typed["paths"],
        supplies=typed["supplies"],
        cashflow=typed["cashflow"],
        margins=typed["building_margins"],
        reasons=typed["infeasible_reasons"],
        settings=settings,
        given=given,
        sweep={name: table for name, table in tables.items() if "sweep" in name},
    )


def _column(table: pd.DataFrame) -> list[Any]:
    return list(table["constraint"]) if "constraint" in table else [None] * len(table)


def _constraint(word: Any) -> str:
    text = keyword(str(word))
    return "forbidden" if is_forbidden(word) else "required" if text == "required" else "optional"


def _typed(name: str, table: pd.DataFrame | None) -> pd.DataFrame:
    """The columns that the report needs, as numbers, booleans and text."""
    columns = (*_NUMBERS.get(name, ()), *_FLAGS.get(name, ()), *_TEXTS.get(name, ()))
    if table is None:
        table = pd.DataFrame({column: [] for column in columns})
    missing = [one for one in columns if one not in table.columns and one not in _MAY_MISS]
    if missing:
        raise InputError(
            f"{name} has no {', '.join(missing)}: it is no table of a result, or one of an earlier "
            "version; make the result anew"
        )
    typed = {}
    for column in columns:
        values = table[column] if column in table.columns else pd.Series([None] * len(table))
        values = values.reset_index(drop=True)
        if column in _NUMBERS.get(name, ()):
            typed[column] = _numbers(values, f"{name}.{column}")
        elif column in _FLAGS.get(name, ()):
            typed[column] = values.map(_flag).astype(bool)
        else:
            typed[column] = values.map(lambda x: "" if pd.isna(x) else str(x)).astype(object)
    return pd.DataFrame(typed)


def _numbers(values: pd.Series[Any], where: str) -> pd.Series[Any]:
    try:
        return pd.to_numeric(values, errors="raise").astype(float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where} has what is no number: {error}") from error


def _flag(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "1", "1.0")


def _settings(table: pd.DataFrame | None) -> tuple[Settings, dict[str, str]]:
    """Parameters, and those that are given."""
    if table is None:
        return Settings(), {}
    pairs = zip(table["parameter"], table["value"], strict=True)
    given = {
        keyword(str(name)): str(value).strip()
        for name, value in pairs
        if not pd.isna(value) and str(value).strip()
    }
    known = {name: text for name, text in given.items() if name in NAMES}
    try:
        return Settings(**known), given
    except ValueError as error:
        raise InputError(f"parameters: {error}") from error


def _in_one_plane(tables: Mapping[str, pd.DataFrame]) -> dict[str, list[Any]]:
    """Shapes of all layers in one system with metres, as far as they say where they are."""
    import geopandas as gpd

    layers = {name: _shapes(tables[name]) for name in GEOMETRIES}
    known = [layer.crs for layer in layers.values() if layer.crs is not None]
    target = known[0] if known else None
    if target is not None and target.is_geographic:
        target = gpd.GeoSeries(layers["paths"].dropna(), crs=layers["paths"].crs).estimate_utm_crs()
    return {
        name: list(layer.to_crs(target) if layer.crs is not None else layer)
        for name, layer in layers.items()
    }


def _shapes(table: pd.DataFrame) -> Any:
    import geopandas as gpd

    if isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None:
        return gpd.GeoSeries(table.geometry).reset_index(drop=True)
    raw = table["geometry"] if "geometry" in table else [None] * len(table)
    shapes = [shapely.from_wkt(x) if isinstance(x, str) else x for x in raw]
    return gpd.GeoSeries([None if pd.isna(x) else x for x in shapes])
