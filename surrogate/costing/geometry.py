"""Geometries of an input: checked, and brought to one plane in metres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from surrogate.costing.checking import Mistake
from surrogate.costing.schema import GEOMETRIES

Geometries = npt.NDArray[np.object_]

COLUMN = "geometry"

_OFF_SCALE = 0.01
"""Relative: a plane in which lengths are further off than this is not worked in."""


@dataclass(frozen=True)
class Plane:
    """Geometries by table, in one plane.

    Parameters
    ----------
    geometries : mapping
        Arrays of shapely geometries by table [m].
    crs : mapping
        Coordinate reference system each table came in; None where none was given.
    working : object or None
        That of the plane; None where coordinates are plain metres.
    """

    geometries: Mapping[str, Geometries]
    crs: Mapping[str, Any]
    working: Any


def read_geometries(
    tables: Mapping[str, pd.DataFrame], ignored: npt.NDArray[np.bool_]
) -> tuple[Plane | None, list[Mistake]]:
    """Check the geometries and bring them to one plane.

    A coordinate reference system that is projected in metres and true to scale
    is kept; others, geographic ones and Web Mercator above all, are projected to
    the UTM zone of the middle.
    Tables of different systems are brought together. Without any, coordinates
    are metres.

    Parameters
    ----------
    tables : mapping
        Tables by name; geometry as shapely objects or as WKT.
    ignored : ndarray of bool
        Buildings that need no geometry.

    Returns
    -------
    plane : Plane or None
        The geometries; None where something is wrong.
    problems : list of Mistake
        All that is wrong.
    """
    problems: list[Mistake] = []
    geometries, crs = {}, {}
    for name in GEOMETRIES:
        if tables.get(name) is None:
            continue
        column = _column(name, tables[name], problems)
        if column is None:
            continue
        skip = ignored if name == "buildings" else np.zeros(len(column), dtype=bool)
        geometries[name] = _checked(name, column, skip, problems)
        crs[name] = getattr(tables[name], "crs", None) if _is_geo(tables[name]) else None
    _one_or_none(tables, crs, problems)
    if problems or len(geometries) < len(GEOMETRIES):
        return None, problems
    if _like_degrees(geometries, crs):
        message = (
            "coordinates look like degrees, and have no coordinate reference system; give one, "
            "such as EPSG:4326"
        )
        return None, [Mistake("paths", None, COLUMN, message)]
    working = _working(geometries, crs, problems)
    if problems:
        return None, problems
    moved = {name: _moved(geometries[name], crs[name], working) for name in geometries}
    problems = _degenerate(moved, ignored)
    if problems:
        return None, problems
    return Plane(moved, crs, working), problems


def _is_geo(table: pd.DataFrame) -> bool:
    import geopandas as gpd

    return isinstance(table, gpd.GeoDataFrame) and table._geometry_column_name in table.columns


def _column(name: str, table: pd.DataFrame, problems: list[Mistake]) -> list[Any] | None:
    if _is_geo(table):
        return list(table.geometry)
    if COLUMN not in table.columns:
        problems.append(Mistake(name, None, COLUMN, "this column is missing"))
        return None
    if list(table.columns).count(COLUMN) > 1:
        return None  # that any column is there twice has been said
    return list(table[COLUMN])


def _checked(
    name: str, column: list[Any], skip: npt.NDArray[np.bool_], problems: list[Mistake]
) -> Geometries:
    """Geometries of the kinds that the table may hold, with finite coordinates."""
    result = np.empty(len(column), dtype=object)
    for i, value in enumerate(column):
        found, message = _one(value, GEOMETRIES[name])
        result[i] = found
        if message and not skip[i]:
            problems.append(Mistake(name, i + 1, COLUMN, message))
    return result


def _one(value: Any, kinds: tuple[str, ...]) -> tuple[Any, str]:
    """A geometry and what is wrong with it."""
    if isinstance(value, str):
        try:
            value = shapely.from_wkt(value)
        except shapely.errors.GEOSException:
            return None, f"is no WKT: {value[:60]!r}"
    if not isinstance(value, shapely.Geometry) or value.is_empty:
        return None, f"is empty; a {' or '.join(kinds)} is needed"
    if value.geom_type not in kinds:
        return None, f"is a {value.geom_type}; allowed are {', '.join(kinds)}"
    flat = shapely.force_2d(value)
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        return None, "has a coordinate that is no finite number"
    if "Polygon" in flat.geom_type and not flat.is_valid:
        # A self-crossing outline still says where the building is.
        flat = shapely.make_valid(flat)
    return flat, ""


def _one_or_none(
    tables: Mapping[str, pd.DataFrame], crs: Mapping[str, Any], problems: list[Mistake]
) -> None:
    """Say where some tables have a reference system and others have none."""
    filled = {name: value for name, value in crs.items() if len(tables[name])}
    without = [name for name, value in filled.items() if value is None]
    if not without or len(without) == len(filled):
        return
    known = next(value for value in filled.values() if value is not None)
    problems.extend(
        Mistake(
            name,
            None,
            COLUMN,
            f"has no coordinate reference system, while others have {known.to_string()}; "
            "give it one",
        )
        for name in without
    )


_TINY = 5.0
"""A plan that is smaller than this in metres must be one in degrees."""


def _like_degrees(geometries: Mapping[str, Geometries], crs: Mapping[str, Any]) -> bool:
    """Whether coordinates without a reference system can hardly be metres."""
    shapes = [shape for array in geometries.values() for shape in array if shape is not None]
    if not len(geometries["paths"]) or any(value is not None for value in crs.values()):
        return False
    x, y = shapely.get_coordinates(shapes).T
    extent = max(np.ptp(x), np.ptp(y))
    return bool(extent < _TINY and np.abs(x).max() <= 180 and np.abs(y).max() <= 90)


def _working(
    geometries: Mapping[str, Geometries], crs: Mapping[str, Any], problems: list[Mistake]
) -> Any:
    """System of the plane: the first that is in metres and true to scale, or a UTM zone."""
    import geopandas as gpd

    known = {
        name: gpd.GeoSeries([shape for shape in geometries[name] if shape is not None], crs=value)
        for name, value in crs.items()
        if value is not None
    }
    filled = {name: series for name, series in known.items() if len(series)}
    for series in filled.values():
        if _in_metres(series):
            return series.crs
    for name, series in filled.items():
        try:
            return series.estimate_utm_crs()
        except RuntimeError:
            message = f"lies outside its coordinate reference system, {series.crs.to_string()}"
            problems.append(Mistake(name, None, COLUMN, message))
    return next((series.crs for series in known.values()), None)


def _in_metres(series: Any) -> bool:
    """Whether lengths in the coordinates of a series are metres, nearly."""
    from pyproj import Proj, Transformer

    crs = series.crs
    units = {axis.unit_name for axis in crs.axis_info}
    if not crs.is_projected or not units <= {"metre", "meter"}:
        return False
    west, south, east, north = series.total_bounds
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    middle = to_degrees.transform((west + east) / 2, (south + north) / 2)
    scale = Proj(crs).get_factors(*middle, errcheck=False)
    scales = np.array([scale.parallel_scale, scale.meridional_scale])
    return bool((np.abs(scales - 1) < _OFF_SCALE).all())


def _moved(geometries: Geometries, crs: Any, working: Any) -> Geometries:
    if crs is None or crs == working or not len(geometries):
        return geometries
    import geopandas as gpd

    moved = gpd.GeoSeries(list(geometries), crs=crs).to_crs(working)
    result = np.empty(len(geometries), dtype=object)
    result[:] = list(moved)
    return result


def _degenerate(
    geometries: Mapping[str, Geometries], ignored: npt.NDArray[np.bool_]
) -> list[Mistake]:
    """Coordinates off the plane, and paths without a length."""
    problems = []
    for name, shapes in geometries.items():
        for i, shape in enumerate(shapes):
            if shape is None or (name == "buildings" and ignored[i]):
                continue
            if not np.isfinite(shapely.get_coordinates(shape)).all():
                problems.append(
                    Mistake(name, i + 1, COLUMN, "lies outside its coordinate reference system")
                )
            elif name == "paths" and shape.length <= 0:
                problems.append(Mistake(name, i + 1, COLUMN, "has no length"))
    return problems
