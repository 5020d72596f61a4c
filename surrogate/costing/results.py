"""The result tables: the input with what was decided and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely

from surrogate.costing.cashflow import Streams, cashflow_table, whole_or_object
from surrogate.costing.customers import connection_pv, tariff_pv
from surrogate.costing.evaluate import Evaluation, empty
from surrogate.costing.files import RESULTS
from surrogate.costing.geometry import COLUMN
from surrogate.costing.levelised import levelised_cost
from surrogate.costing.pipes import pressure_gradient
from surrogate.costing.prepare import Prepared
from surrogate.parameters import Parameters

Tables = dict[str, pd.DataFrame]

_MOTOR = Parameters().motor_efficiency
"""What its motor loses does not reach the heat."""


def result_tables(
    tables: Mapping[str, pd.DataFrame], prepared: Prepared, found: Evaluation | None
) -> Tables:
    """Put a network into tables.

    Parameters
    ----------
    tables : mapping
        The input tables.
    prepared : Prepared
        The same, checked.
    found : Evaluation or None
        The network; None for none.
    """
    network = found or _nothing(prepared)
    streams = Streams(prepared, network)
    result = {
        name: table.copy()
        for name, table in tables.items()
        # What an earlier run found, whose result this input was, is none of this one's.
        if isinstance(table, pd.DataFrame) and name not in RESULTS
    }
    result["buildings"] = _buildings(tables["buildings"], prepared, network)
    result["supplies"] = _supplies(tables["supplies"], prepared, network, streams)
    result["paths"] = _paths(tables["paths"], prepared, network, streams)
    result["cashflow"] = cashflow_table(list(streams.all()))
    return result


def _nothing(prepared: Prepared) -> Evaluation:
    """No network at all: not even required supplies."""
    bare = empty(prepared.problem)
    return Evaluation(bare.design, (), {}, 0.0, 0.0, 0.0, 0.0, 0.0, ())


def _buildings(table: pd.DataFrame, prepared: Prepared, found: Evaluation) -> pd.DataFrame:
    result = table.copy()
    count = len(result)
    problem = prepared.problem
    inside = {problem.customers[i].row for i in found.design.customers}
    costs, paid = np.zeros(count), np.zeros(count)
    for row in inside:
        building = prepared.rows.buildings[row]
        assert building is not None
        connection = prepared.rows.connection_costs[building.connection_cost_id]
        costs[row] = connection_pv(building, connection, problem.settings, problem.horizon)
        paid[row] = tariff_pv(building, prepared.rows.tariffs[building.tariff_id], problem.horizon)
    nodes = prepared.network.building_nodes
    reached = prepared.reduced.reached
    result["building_id"] = prepared.names["buildings"]
    result["in_network"] = np.array([row in inside for row in range(count)], dtype=bool)
    result["unreachable"] = np.array([node >= 0 and node not in reached for node in nodes], bool)
    result["connection_cost_pv"] = costs
    result["tariff_pv"] = paid
    return result


def _supplies(
    table: pd.DataFrame, prepared: Prepared, found: Evaluation, streams: Streams
) -> pd.DataFrame:
    result = table.copy()
    numbers = {source.row: s for s, source in enumerate(prepared.problem.sources)}
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "in_network",
            "diversity",
            "load_kw",
            "load_kwh",
            "plant_pv",
            "heat_pump_cop",
            "heat_pump_cop_error",
            "heat_pump_origin",
            "heat_pump_design_cop",
            "heat_pump_unserved",
            "heat_pump_power_kw",
            "electricity_kwh",
            "source_heat_kw",
            "source_heat_kwh",
            "levelised_cost_per_kwh",
        )
    }
    for row in range(len(result)):
        number = numbers.get(row, -1)
        feeding = found.feeds.get(number)
        pump = prepared.heat_pumps.get(row)
        power = energy = source_kw = source_kwh = None
        if feeding is not None and pump is not None:
            power, energy = feeding.load_kw * pump.power, feeding.load_kwh / pump.cop
            source_kw = feeding.load_kw / pump.heat_per_source
            source_kwh = feeding.load_kwh - _MOTOR * energy
        values = {
            "in_network": feeding is not None,
            "diversity": feeding and feeding.diversity,
            "load_kw": feeding and feeding.load_kw,
            "load_kwh": feeding and feeding.load_kwh,
            "plant_pv": feeding and streams.present(streams.of_source(number)),
            "heat_pump_cop": pump and pump.cop,
            "heat_pump_cop_error": pump and pump.error,
            "heat_pump_origin": pump and pump.origin,
            "heat_pump_design_cop": pump and pump.design_cop,
            "heat_pump_unserved": pump and pump.unserved,
            "heat_pump_power_kw": power,
            "electricity_kwh": energy,
            "source_heat_kw": source_kw,
            "source_heat_kwh": source_kwh,
            "levelised_cost_per_kwh": levelised_cost(prepared.problem, found, number),
        }
        for name, value in values.items():
            columns[name].append(value)
    result["supply_id"] = prepared.names["supplies"]
    for name, column in columns.items():
        kind = {"in_network": "bool", "heat_pump_origin": "object"}.get(name, "float64")
        result[name] = pd.Series(column, index=result.index, dtype=kind)
    return result


def _paths(
    table: pd.DataFrame, prepared: Prepared, found: Evaluation, streams: Streams
) -> pd.DataFrame:
    """Input paths, split ones in parts, and connectors."""
    network = prepared.network
    parts: dict[int, list[int]] = {}
    for i, segment in enumerate(network.segments):
        parts.setdefault(segment.path, []).append(i)
    order: list[tuple[int, int]] = []
    for row in range(len(table)):
        order += [(row, i) for i in parts.get(row, [-1])]
    order += [(-1, i) for i in parts.get(-1, [])]
    rows, segments = (
        (np.array(numbers, dtype=int) for numbers in zip(*order, strict=True))
        if order
        else (np.empty(0, int), np.empty(0, int))
    )
    whole = {row for row, own in parts.items() if len(own) == 1 and row >= 0}
    result = _shaped(_repeated(table, rows), table, prepared, rows, segments, whole)
    result["path_id"] = [
        network.segments[i].path_id if i >= 0 else prepared.names["paths"][row] for row, i in order
    ]
    _shares_of_extra(result, prepared, order)
    _civil_costs(result, prepared, order)
    _laid(result, prepared, found, streams, segments)
    result["connector"] = np.array([row < 0 for row in rows], dtype=bool)
    for name in ("peripheral", "unreachable"):
        flags = getattr(prepared.reduced, name)
        result[name] = np.array([i >= 0 and bool(flags[i]) for i in segments], dtype=bool)
    return result


def _repeated(table: pd.DataFrame, rows: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Rows of a table, each as often as it is asked for; empty ones for -1."""
    plain = pd.DataFrame(table).reset_index(drop=True)
    return plain.reindex(rows).reset_index(drop=True)


def _shaped(
    result: pd.DataFrame,
    table: pd.DataFrame,
    prepared: Prepared,
    rows: np.ndarray[Any, Any],
    segments: np.ndarray[Any, Any],
    whole: set[int],
) -> pd.DataFrame:
    """With geometries in the system that the input has; those of whole paths as they were."""
    import geopandas as gpd

    plane = prepared.plane
    made = [
        None if i < 0 or row in whole else prepared.network.segments[i].geometry
        for row, i in zip(rows, segments, strict=True)
    ]
    crs = plane.crs["paths"]
    series = gpd.GeoSeries(made, crs=plane.working)
    if crs is not None and crs != plane.working:
        series = series.to_crs(crs)
    name = getattr(table, "_geometry_column_name", None) or COLUMN
    originals = result[name] if name in result else [None] * len(result)
    shapes = [
        _as_shape(original) if new is None else new
        for original, new in zip(originals, series, strict=True)
    ]
    result[name] = gpd.GeoSeries(shapes, crs=crs, index=result.index)
    shaped: pd.DataFrame = gpd.GeoDataFrame(result, geometry=name)
    return shaped


def _as_shape(value: Any) -> Any:
    return shapely.from_wkt(value) if isinstance(value, str) else value


def _shares_of_extra(
    result: pd.DataFrame, prepared: Prepared, order: list[tuple[int, int]]
) -> None:
    """Each part of a path carries its share of the path's extra value."""
    if "extra_pv" not in result.columns:
        return
    lengths = prepared.network.path_lengths
    shares = np.full(len(order), np.nan)
    for at, (row, i) in enumerate(order):
        extra = prepared.rows.paths[row].extra_pv if row >= 0 else None
        if extra is not None:
            share = prepared.network.segments[i].length / lengths[row] if i >= 0 else 1.0
            shares[at] = extra * share
    result["extra_pv"] = shares


def _civil_costs(result: pd.DataFrame, prepared: Prepared, order: list[tuple[int, int]]) -> None:
    """Paths keep their civil cost; connectors get the default one."""
    if "civil_cost_id" in result.columns:
        result["civil_cost_id"] = whole_or_object(
            [
                prepared.rows.paths[row].civil_cost_id
                if row >= 0
                else prepared.rows.default_civil_cost
                for row, _ in order
            ]
        )


def _laid(
    result: pd.DataFrame,
    prepared: Prepared,
    found: Evaluation,
    streams: Streams,
    segments: np.ndarray[Any, Any],
) -> None:
    """What lies along each path."""
    problem = prepared.problem
    laid_at = {laid.pipe.segment: laid for laid in found.pipes}
    columns: dict[str, list[float]] = {
        name: []
        for name in (
            "diameter_mm",
            "diversity",
            "load_kw",
            "capacity_kw",
            "losses_kwh",
            "cost_pv",
            "pressure_pa_m",
            "pump_kwh",
        )
    }
    for i in segments:
        laid = laid_at.get(int(i))
        values = [np.nan] * len(columns)
        if laid is not None:
            options = laid.pipe.options
            diameter = float(options.diameter_mm[laid.option])
            values = [
                diameter,
                laid.diversity,
                laid.load_kw,
                float(options.capacity_kw[laid.option]),
                laid.loss_kwh,
                streams.present(streams.of_pipe(laid)),
                float(pressure_gradient(diameter / 1000, laid.load_kw, problem.regime)),
                laid.pump_kwh,
            ]
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    result["in_network"] = np.array([int(i) in laid_at for i in segments], dtype=bool)
    result["length_m"] = [
        prepared.network.segments[i].length if i >= 0 else np.nan for i in segments
    ]
    for name, column in columns.items():
        result[name] = column
