"""Operating conditions: names, units, checks, and the kinds of containers they come in."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.errors import InputError, InputTypeError

FloatArray = NDArray[np.float64]


class Quantity(NamedTuple):
    """A condition: its unit, and the values that can mean anything at all."""

    long_name: str
    unit: str
    low: float
    high: float


CONDITIONS: dict[str, Quantity] = {
    "t_source_in": Quantity("source inlet temperature", "degC", -100.0, 400.0),
    "t_source_out": Quantity("source outlet temperature", "degC", -100.0, 400.0),
    "t_return": Quantity("return temperature of the sink", "degC", -100.0, 400.0),
    "t_supply": Quantity("supply temperature of the sink", "degC", -100.0, 400.0),
    "heat_load": Quantity("heat to the sink", "W", 0.0, 1e12),
    "eta_s": Quantity("isentropic efficiency", "1", 0.05, 1.0),
}

_LOWEST = tuple(quantity.low for quantity in CONDITIONS.values())
_HIGHEST = tuple(quantity.high for quantity in CONDITIONS.values())

# Pairs that a user can only have swapped: (colder, warmer).
_ORDER = (("t_source_out", "t_source_in"), ("t_return", "t_supply"))


class Conditions(NamedTuple):
    """Checked conditions of one point (floats) or of many (equally long 1-D arrays).

    Temperatures in degC, heat load in W, isentropic efficiency as a fraction.
    """

    t_source_in: Any
    t_source_out: Any
    t_return: Any
    t_supply: Any
    heat_load: Any
    eta_s: Any

    def take(self, index: Any) -> Conditions:
        """Some of the points of an array of conditions."""
        return Conditions(*(column[index] for column in self))

    def point(self, index: int) -> Conditions:
        """One point of an array of conditions, as floats."""
        return Conditions(*(float(column[index]) for column in self))

    def describe(self) -> str:
        """One point in words, for messages."""
        return (
            f"source {self.t_source_in:g} -> {self.t_source_out:g} degC, "
            f"sink {self.t_return:g} -> {self.t_supply:g} degC, eta_s {self.eta_s:g}"
        )


class Operation(NamedTuple):
    """Checked operating points of a plant: floats of one, or equally long 1-D arrays of many.

    Temperatures in degC, heat load in W. The source's outlet is not among
    them: it follows, or the plant holds it.
    """

    t_source_in: Any
    t_return: Any
    t_supply: Any
    heat_load: Any

    def take(self, index: Any) -> Operation:
        """Some of the points of an array of them."""
        return Operation(*(column[index] for column in self))

    def point(self, index: int) -> Operation:
        """One point of an array of them, as floats."""
        return Operation(*(float(column[index]) for column in self))

    def describe(self) -> str:
        """One point in words, for messages."""
        return (
            f"source {self.t_source_in:g} degC, sink {self.t_return:g} -> {self.t_supply:g} degC, "
            f"{self.heat_load:g} W"
        )


@dataclass(frozen=True, slots=True)
class Container:
    """What the caller's values came in, so that the answer goes out in the same.

    Parameters
    ----------
    shape : tuple of int
        Shape after broadcasting.
    kind : str
        ``"scalar"``, ``"numpy"``, ``"pandas"`` or ``"xarray"``.
    template : object
        The Series or DataArray that gives index or coordinates, else None.
    """

    shape: tuple[int, ...]
    kind: str
    template: Any = None

    def wrap(self, values: NDArray[Any]) -> Any:
        """Turn a flat array into the caller's kind."""
        if self.kind == "pandas":
            import pandas as pd

            return pd.Series(values, index=self.template)
        shaped = values.reshape(self.shape)
        if self.kind == "xarray":
            import xarray as xr

            return xr.DataArray(shaped, coords=self.template.coords, dims=self.template.dims)
        return shaped


SCALAR = Container((), "scalar")


def check_point(conditions: Conditions) -> None:
    """Check the conditions of one point.

    Parameters
    ----------
    conditions : Conditions
        All values floats.

    Raises
    ------
    InputError
        If a value is not finite, beyond its range, or source or sink run the
        wrong way.
    """
    for name, value, low, high in zip(CONDITIONS, conditions, _LOWEST, _HIGHEST, strict=True):
        if not low <= value <= high:
            raise _range_error(name, value)
    if conditions.t_source_out >= conditions.t_source_in:
        raise _order_error(0, conditions.t_source_out, conditions.t_source_in)
    if conditions.t_return >= conditions.t_supply:
        raise _order_error(1, conditions.t_return, conditions.t_supply)


def check_array(conditions: Conditions | Operation) -> None:
    """Check the conditions of many points at once; the error names the first bad one.

    Raises
    ------
    InputError
        As :func:`check_point`.
    """
    _check_columns(conditions._asdict())


def _check_columns(columns: Mapping[str, FloatArray]) -> None:
    """Check columns of some of the conditions."""
    for name, values in columns.items():
        quantity = CONDITIONS[name]
        # NaN passes through both extremes and fails the comparison.
        if values.size and not (values.min() >= quantity.low and values.max() <= quantity.high):
            at = int(np.argmin((values >= quantity.low) & (values <= quantity.high)))
            raise _range_error(name, float(values[at]), at)
    for which, (cold, warm) in enumerate(_ORDER):
        if cold not in columns or warm not in columns:
            continue
        wrong = columns[cold] >= columns[warm]
        if wrong.any():
            at = int(np.argmax(wrong))
            raise _order_error(which, float(columns[cold][at]), float(columns[warm][at]), at)


def read_point(values: Mapping[str, Any]) -> Conditions:
    """Turn the numbers of one design point into checked conditions.

    Raises
    ------
    InputError, InputTypeError
        As :func:`read`; arrays are no numbers here.
    """
    point = Conditions(**{name: _number(name, value) for name, value in values.items()})
    check_point(point)
    return point


def read_operation(values: Mapping[str, Any]) -> tuple[Operation, Container]:
    """Turn what a caller gave into checked operating points; arrays even for one."""
    columns, container = _columns(values)
    operation = Operation(**columns)
    check_array(operation)
    return operation, container


def read_columns(values: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Turn some of the conditions into checked arrays of one length.

    Parameters
    ----------
    values : mapping
        As for :func:`read`; any of the conditions.

    Raises
    ------
    InputError, InputTypeError
        As :func:`read`.
    """
    columns, _ = _columns(values)
    _check_columns(columns)
    return columns


def read(values: Mapping[str, Any]) -> tuple[Conditions, Container]:
    """Turn what a caller gave into checked conditions.

    Parameters
    ----------
    values : mapping
        Name of each condition to a number, a list, a NumPy array, a pandas
        Series or an xarray DataArray. They broadcast against each other as
        their own libraries do; Series must share one index.

    Returns
    -------
    Conditions
        Floats for scalars, else equally long 1-D arrays of float64.
    Container
        How to give the answer back.

    Raises
    ------
    InputTypeError
        If a value is not numeric, or kinds do not go together.
    InputError
        If shapes do not broadcast, or a value fails its check.
    """
    if all(_kind(name, value) == "scalar" for name, value in values.items()):
        return read_point(values), SCALAR
    columns, container = _columns(values)
    conditions = Conditions(**columns)
    check_array(conditions)
    return conditions, container


def _columns(values: Mapping[str, Any]) -> tuple[dict[str, FloatArray], Container]:
    """Equally long arrays from what a caller gave, and its kind."""
    kinds = {name: _kind(name, value) for name, value in values.items()}
    if all(kind == "scalar" for kind in kinds.values()):
        return {name: np.array([_number(name, value)]) for name, value in values.items()}, SCALAR
    if "pandas" in kinds.values() and "xarray" in kinds.values():
        raise InputTypeError(
            f"{_first(kinds, 'pandas')} is a pandas Series and {_first(kinds, 'xarray')} an xarray "
            "DataArray; give all in one kind"
        )
    if "pandas" in kinds.values():
        return _read_pandas(values, kinds)
    if "xarray" in kinds.values():
        return _read_xarray(values, kinds)
    return _read_numpy(values)


def _kind(name: str, value: Any) -> str:
    pandas, xarray = sys.modules.get("pandas"), sys.modules.get("xarray")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        raise InputTypeError(f"{name} is a DataFrame; give one of its columns")
    if pandas is not None and isinstance(value, pandas.Series):
        return "pandas"
    if xarray is not None and isinstance(value, xarray.DataArray):
        return "xarray"
    if isinstance(value, (np.ndarray, list, tuple)) or (
        pandas is not None and isinstance(value, pandas.Index)
    ):
        return "numpy"
    return "scalar"


def _number(name: str, value: Any) -> float:
    if isinstance(value, (bool, np.bool_, str, bytes)) or value is None:
        raise InputTypeError(_type_message(name, value))
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError):
        raise InputTypeError(_type_message(name, value)) from None


def _numeric(name: str, value: Any) -> FloatArray:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise InputTypeError(f"{name} has masked values; fill them or leave them out")
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputTypeError(_type_message(name, value)) from None
    if array.dtype == object:
        # Decimals and fractions are numbers; None, strings and ragged lists are not.
        try:
            array = np.array([_number(name, item) for item in array.ravel()]).reshape(array.shape)
        except InputTypeError:
            raise InputTypeError(_type_message(name, value)) from None
    if array.size and array.dtype.kind not in "iuf":
        raise InputTypeError(_type_message(name, value))
    return array.astype(np.float64)


def _read_numpy(values: Mapping[str, Any]) -> tuple[dict[str, FloatArray], Container]:
    arrays = {name: _numeric(name, value) for name, value in values.items()}
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        raise InputError(_shapes_message(arrays)) from None
    flat = {name: np.broadcast_to(array, shape).ravel() for name, array in arrays.items()}
    return flat, Container(shape, "numpy")


def _read_pandas(
    values: Mapping[str, Any], kinds: Mapping[str, str]
) -> tuple[dict[str, FloatArray], Container]:
    first = _first(kinds, "pandas")
    index = values[first].index
    for name, kind in kinds.items():
        if kind == "pandas" and not values[name].index.equals(index):
            raise InputError(
                f"{name} and {first} are Series with different indices; align them first"
            )
    columns = {}
    for name, value in values.items():
        array = _numeric(name, value.to_numpy() if kinds[name] == "pandas" else value)
        if array.ndim > 1 or (array.ndim == 1 and len(array) not in (1, len(index))):
            raise InputError(
                f"{name} has shape {array.shape}, which does not broadcast with a Series of "
                f"length {len(index)}"
            )
        columns[name] = np.broadcast_to(array, (len(index),)).ravel()
    return columns, Container((len(index),), "pandas", index)


def _read_xarray(
    values: Mapping[str, Any], kinds: Mapping[str, str]
) -> tuple[dict[str, FloatArray], Container]:
    import xarray as xr

    arrays = {}
    for name, value in values.items():
        if kinds[name] == "xarray":
            arrays[name] = value.copy(data=_numeric(name, value.to_numpy()))
        else:
            array = _numeric(name, value)
            if array.ndim:
                raise InputTypeError(
                    f"{name} is an array without dimensions' names beside a DataArray; "
                    "give a DataArray or a single number"
                )
            arrays[name] = xr.DataArray(array)
    try:
        together = xr.broadcast(*xr.align(*arrays.values(), join="exact"))
    except ValueError as error:
        raise InputError(f"the DataArrays do not go together: {error}") from None
    template = together[0]
    columns = {name: array.to_numpy().ravel() for name, array in zip(arrays, together, strict=True)}
    return columns, Container(template.shape, "xarray", template)


def _first(kinds: Mapping[str, str], kind: str) -> str:
    return next(name for name, value in kinds.items() if value == kind)


def _type_message(name: str, value: Any) -> str:
    text = repr(value)
    return (
        f"{name} = {text if len(text) < 60 else text[:57] + '...'}, but it must be a number, or a "
        "list, NumPy array, pandas Series or xarray DataArray of numbers"
    )


def _at(index: int | None) -> str:
    return "" if index is None else f" at point {index}"


def _range_error(name: str, value: float, index: int | None = None) -> InputError:
    quantity = CONDITIONS[name]
    problem = (
        f"{name} = {value:g}{_at(index)}"
        if math.isfinite(value)
        else f"{name} is {value}{_at(index)}"
    )
    unit = "" if quantity.unit == "1" else f" {quantity.unit}"
    limit = f"from {quantity.low:g} to {quantity.high:g}{unit}"
    return InputError(
        f"{problem}, but the {quantity.long_name} must be {limit}",
        field=name,
        value=value,
        limit=limit,
    )


def _order_error(which: int, t_cold: float, t_warm: float, index: int | None = None) -> InputError:
    cold, warm = _ORDER[which]
    body = "source must be cooled" if which == 0 else "sink must be heated"
    return InputError(
        f"{cold} = {t_cold:g} degC is not below {warm} = {t_warm:g} degC{_at(index)}, "
        f"but the {body}: {cold} < {warm}",
        field=cold,
        value=t_cold,
        limit=f"below {warm} = {t_warm:g} degC",
    )


def _shapes_message(arrays: Mapping[str, FloatArray]) -> str:
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items() if array.ndim)
    return f"the shapes do not broadcast: {shapes}"
