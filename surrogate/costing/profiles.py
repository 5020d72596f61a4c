"""Profiles of heat pumps from a year of hours: a few dozen rows with the same annual COP."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from surrogate.conditions import read_columns
from surrogate.costing.schema import as_text
from surrogate.errors import InputError, InputTypeError

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

_COMMON, _LEAP = 8760, 8784
# Spreads that matter alike for a COP: some kelvins, and a part of the load.
_KELVINS, _LOAD = 10.0, 0.25


def heat_pump_profile(
    supply_id: str | int,
    t_source_in: Any,
    heat_load: Any,
    t_supply: Any = None,
    t_return: Any = None,
    *,
    nominal: float | None = None,
    bins: int = 36,
) -> pd.DataFrame:
    """Sum up a year of hours in rows of the table ``heat_pump_profiles``.

    Hours that are alike become one row, with their number, their mean load (so that the
    heat of the year stays what it is) and their mean temperatures, weighted by heat. The
    group that spreads most is halved until there are ``bins``; the hours of the largest
    load stay a row of their own, since they set power and limits.

    Parameters
    ----------
    supply_id : str or int
        The heat pump.
    t_source_in : float or array, shape (n,)
        Inlet of its source [degC].
    heat_load : float or array, shape (n,)
        Heat asked of it [W, or any other unit]; 0 where it is off.
    t_supply, t_return : float or array, shape (n,), optional
        Flow and return of the network [degC]; without them the parameters of the run hold.
    nominal : float, optional
        Nominal heat load of the machine, in the unit of ``heat_load``; the largest load
        by default.
    bins : int
        Most rows, at least 2.

    Returns
    -------
    pandas.DataFrame
        Rows by falling load; ``hours`` [h] add up to a year without those of zero load.
        How many these are, a warning says, and ``attrs["hours_off"]`` [h].

    Raises
    ------
    InputError, InputTypeError
        If a value makes no sense, the lengths differ, or there is no load at all.

    Notes
    -----
    Arrays, lists, pandas Series and xarray DataArrays go in, of equally long steps that
    make up a whole year: of 8784 h where their number is a multiple of 8784, else of 8760 h.

    Examples
    --------
    >>> import numpy as np
    >>> winter = np.cos(2 * np.pi * np.arange(8760) / 8760)
    >>> rows = heat_pump_profile("river", 10 - 4 * winter, 3e6 + 2e6 * winter, bins=3)
    >>> rows.round(2)
      supply_id   hours  t_source_in  load
    0     river     1.0         6.00  1.00
    1     river  3432.0         6.86  0.91
    2     river  5327.0        11.28  0.40
    """
    _check_bins(bins)
    given = {
        "t_source_in": t_source_in,
        "t_supply": t_supply,
        "t_return": t_return,
        "heat_load": heat_load,
    }
    columns = read_columns({name: value for name, value in given.items() if value is not None})
    heat = columns.pop("heat_load")
    load = heat / _nominal(nominal, heat)
    hour = (_COMMON if len(heat) % _LEAP else _LEAP) / len(heat)
    groups = _groups(columns, load, bins)
    found = {
        "supply_id": [_name(supply_id)] * len(groups),
        "hours": [len(group) * hour for group in groups],
        **{
            name: [float(np.average(column[group], weights=load[group])) for group in groups]
            for name, column in columns.items()
        },
        "load": [float(load[group].mean()) for group in groups],
    }
    table = pd.DataFrame(found).sort_values("load", ascending=False, ignore_index=True)
    off = float((load == 0.0).sum() * hour)
    table.attrs["hours_off"] = off
    if off:
        warnings.warn(
            f"supply {supply_id}: {off:g} of {len(heat) * hour:g} hours have no load and are "
            "left out",
            stacklevel=2,
        )
    return table


def _check_bins(bins: Any) -> None:
    if not isinstance(bins, int) or isinstance(bins, bool):
        raise InputTypeError(f"bins = {bins!r}, but it must be a whole number")
    if bins < 2:
        raise InputError(f"bins = {bins}, but it must be at least 2: the peak is a row of its own")


def _name(supply_id: Any) -> str:
    name = as_text(supply_id)
    if not isinstance(name, str) or not name:
        raise InputTypeError(f"supply_id = {supply_id!r}, but it must be text or a whole number")
    return name


def _nominal(nominal: Any, heat: Floats) -> float:
    """Nominal heat load, in the unit of the heat."""
    largest = float(heat.max(initial=0.0))
    if not largest:
        raise InputError("heat_load is 0 throughout: there is nothing to make a profile of")
    if nominal is None:
        return largest
    try:
        size = float(nominal)
    except (TypeError, ValueError):
        size = np.nan
    if isinstance(nominal, bool | str) or not 0.0 < size < np.inf:
        raise InputError(f"nominal = {nominal!r}, but it must be a number above 0")
    return size


def _groups(temperatures: dict[str, Floats], load: Floats, bins: int) -> list[Places]:
    """Hours that are alike, those of the largest load together."""
    axes = [column / _KELVINS for column in temperatures.values()]
    points = np.column_stack([*axes, load / _LOAD])
    on, peak = load > 0.0, load == load.max()
    groups = [np.flatnonzero(mask) for mask in (peak, on & ~peak) if mask.any()]
    halves = [_halved(points, load, group) for group in groups]
    while len(groups) < bins:
        widest = int(np.argmax([spread for spread, _ in halves]))
        spread, low = halves[widest]
        if spread <= 0.0:
            break
        group = groups.pop(widest)
        halves.pop(widest)
        for half in (group[low], group[~low]):
            groups.append(half)
            halves.append(_halved(points, load, half))
    return groups


def _halved(points: Floats, load: Floats, group: Places) -> tuple[float, npt.NDArray[np.bool_]]:
    """Spread of a group along its widest axis, by heat, and who lies below the middle there."""
    mine, weights = points[group], load[group]
    middle = np.average(mine, axis=0, weights=weights)
    spreads = weights @ (mine - middle) ** 2
    axis = int(spreads.argmax())
    low = mine[:, axis] <= middle[axis]
    # All on one side: equal but for rounding.
    one = low.all() or not low.any()
    return (0.0 if one else float(spreads[axis])), low
