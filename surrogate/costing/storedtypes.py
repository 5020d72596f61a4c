"""Types of a table's columns as files hold them: one type a column."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from surrogate.costing.schema import GEOMETRIES
from surrogate.errors import InputError, InputTypeError


def stored(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give every column one type, and the geometry the name ``geometry``.

    Parameters
    ----------
    name : str
        Name of the table.
    table : pandas.DataFrame
        The table; it stays as it is.

    Returns
    -------
    pandas.DataFrame
        Columns of Python objects as booleans, integers, numbers or text (lists as
        JSON), with None or NA for all ways of saying nothing; geometry of WKT as
        geometry.

    Raises
    ------
    InputTypeError
        If it is no DataFrame.
    InputError
        If its geometry is neither that nor WKT.
    """
    import geopandas as gpd

    if not isinstance(table, pd.DataFrame):
        raise InputTypeError(f"{name} is a {type(table).__name__}, not a DataFrame")
    frame: Any = table.reset_index(drop=True)
    if name in GEOMETRIES and "geometry" in frame.columns and not is_geo(frame):
        shapes = [_shape(value, f"{name}, row {i}") for i, value in enumerate(frame["geometry"], 1)]
        frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes)
    if not is_geo(frame):
        frame = pd.DataFrame(frame)
    elif frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    frame.columns = frame.columns.map(str)
    columns = [column for column in frame.columns if column != "geometry"]
    out: pd.DataFrame = frame.assign(**{column: _column(frame[column]) for column in columns})
    return out


def _shape(value: Any, where: str) -> Any:
    """A geometry, of WKT too; None for all ways of saying nothing."""
    import shapely

    value = _value(value)
    try:
        if isinstance(value, str):
            return shapely.from_wkt(value) if value.strip() else None
    except shapely.errors.GEOSException:
        pass
    else:
        if value is None or isinstance(value, shapely.Geometry):
            return value
    raise InputError(f"{where}: {str(value)[:60]!r} is no geometry, nor WKT of one")


def is_geo(table: Any) -> bool:
    """Tell whether a table has geometry.

    Parameters
    ----------
    table : pandas.DataFrame or geopandas.GeoDataFrame
        The table.
    """
    import geopandas as gpd

    return isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None


def _column(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of Python objects as booleans, integers, numbers, or text."""
    if column.dtype.kind in "biufMm":
        return column
    values = [_value(value) for value in column]
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return pd.Series(values, index=column.index, dtype="boolean")
    if kinds == {int} and all(abs(value) < 2**63 for value in present):
        return pd.Series(values, index=column.index, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pd.Series(values, index=column.index, dtype="float64")
    return pd.Series([_text(x) for x in values], index=column.index, dtype=object)


def _text(value: Any) -> str | None:
    """Text of a value, of lists and the like as JSON."""
    if value is None or isinstance(value, str):
        return value
    plain = isinstance(value, bool | int | float | list | dict)
    return json.dumps(value, default=str) if plain else str(value)


def _value(value: Any) -> Any:
    """A value as Python has it; None for all ways of saying nothing."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, list | tuple | np.ndarray):
        return [_value(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return str(value)
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value
