"""Types of a table's columns as files hold them: one type a column."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from surrogate.costing.schema import GEOMETRIES


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
        JSON), with None or NA for all ways of saying nothing.
    """
    import geopandas as gpd

    frame: Any = table.reset_index(drop=True)
    if name in GEOMETRIES and "geometry" in frame.columns:
        frame = gpd.GeoDataFrame(frame)
    if not is_geo(frame):
        frame = pd.DataFrame(frame)
    elif frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    frame.columns = frame.columns.map(str)
    columns = [column for column in frame.columns if column != "geometry"]
    out: pd.DataFrame = frame.assign(**{column: _column(frame[column]) for column in columns})
    return out


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
    texts = [x if x is None or isinstance(x, str) else json.dumps(x, default=str) for x in values]
    return pd.Series(texts, index=column.index, dtype=object)


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
