"""A heat pump over the seasons: its annual COP, and its limits, from a profile."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from surrogate.costing.checking import Mistake
from surrogate.costing.parameters import Settings
from surrogate.costing.profilechecks import levels_of
from surrogate.costing.schema import HeatPumpProfile
from surrogate.limits import reason
from surrogate.parameters import MAX_SOLVES
from surrogate.plantquery import METHODS, SECONDS_PER_SOLVE

if TYPE_CHECKING:
    from surrogate.plant import Plant

_TABLE = "heat_pump_profiles"
# What a limit comes from, where it is not the source.
_COLUMNS = {
    "return_temperature": "t_return",
    "sink_glide": "t_supply",
    "sink_boiling": "t_supply",
    "supply_above_source": "t_supply",
    "critical_temperature": "t_supply",
}


@dataclass(frozen=True)
class Year:
    """A heat pump over all rows of its profile.

    Parameters
    ----------
    cop : float
        Heat over electric power, both summed over the rows by their weights.
    heat_per_source : float
        Nominal heat load over the largest heat that any row takes from the source.
    source_share : float
        Heat from the source over heat to the network, both summed over the rows.
    power : float
        Largest electric power of any row, over the nominal heat load.
    unserved : float
        Share of the heat asked for that is above the machine's capacity.
    origin : str
        ``table``, ``regressor`` and ``solve``, as far as they answered.
    error : float
        Relative error of the COP: of the rows', the mean by their electricity.
    """

    cop: float
    heat_per_source: float
    source_share: float
    power: float
    unserved: float
    origin: str
    error: float


def year_of(
    plant: Plant, rows: Mapping[int, HeatPumpProfile], settings: Settings
) -> Year | list[Mistake]:
    """Run a plant through its profile.

    Where a row asks for more than the plant can give, it gives its capacity; a
    warning names the share of the heat that is not covered. Where no row asks
    for the nominal heat load, limits are those of the design point at least: the
    network has its peak, whatever the profile leaves out.

    Parameters
    ----------
    plant : Plant
        The machine, sized for its design point.
    rows : mapping of int to HeatPumpProfile
        Rows of one supply, checked, by their number in the table.
    settings : Settings
        Flow and return of the network, where a row has none.

    Returns
    -------
    Year or list of Mistake
        What is wrong with the rows that the plant cannot run at.

    Raises
    ------
    TableError
        If a file of the plant must not be believed.
    """
    asked = _asked(plant, rows, settings)
    name = next(iter(rows.values())).supply_id
    found = _answered(plant, asked, name)
    if isinstance(found, Mistake):
        return [found]
    above = (found.status == "infeasible") & (found.heat_load > found.capacity)
    above &= found.capacity > 0.0
    if above.any():
        most = asked[above].assign(heat_load=found.capacity[above])
        found.loc[above] = _operated(plant, most)
    mistakes = [_mistake(row, found.loc[row]) for row in found.index[found.status != "ok"]]
    if mistakes:
        return mistakes
    year = _summed(plant, asked, found, _weights(rows))
    if year.unserved:
        warnings.warn(
            f"supply {name}: in {int(above.sum())} of {len(rows)} rows of {_TABLE} the heat pump "
            f"gives its capacity, which is too little; {100 * year.unserved:.2g} % of the heat of "
            "the year is not covered",
            stacklevel=2,
        )
    return year


def _asked(plant: Plant, rows: Mapping[int, HeatPumpProfile], settings: Settings) -> pd.DataFrame:
    """Temperatures [degC] and heat loads [W], by row."""
    levels = {i: levels_of(row, settings) for i, row in rows.items()}
    return pd.DataFrame(
        {
            "t_source_in": {i: row.t_source_in for i, row in rows.items()},
            "t_return": {i: back for i, (_, back) in levels.items()},
            "t_supply": {i: flow for i, (flow, _) in levels.items()},
            "heat_load": {i: row.load * plant.heat_load for i, row in rows.items()},
        }
    )


def _weights(rows: Mapping[int, HeatPumpProfile]) -> pd.Series[float]:
    return pd.Series({i: row.hours or row.weight for i, row in rows.items()}, dtype="float64")


def _operated(plant: Plant, asked: pd.DataFrame, outside: str = "solve") -> pd.DataFrame:
    """Answers of a plant, a row each."""
    found: pd.DataFrame = plant.operate(
        t_source_in=asked.t_source_in,
        t_return=asked.t_return,
        t_supply=asked.t_supply,
        heat_load=asked.heat_load,
        outside=outside,
    ).to_frame()
    return found


def _answered(plant: Plant, asked: pd.DataFrame, name: str) -> pd.DataFrame | Mistake:
    """Answers of table and regressor, and full solves of the different rows that they leave."""
    found = _operated(plant, asked, outside="nan")
    left = asked[found.status == "outside"]
    if left.empty:
        return found
    different = left.drop_duplicates()
    if len(different) > MAX_SOLVES:
        message = (
            f"{len(different)} rows of supply {name!r} need full solves, but at most {MAX_SOLVES} "
            f"are made; give fewer rows, or {_own_table(plant)}"
        )
        return Mistake(_TABLE, int(left.index[0]), "supply_id", message)
    warnings.warn(
        f"supply {name}: {len(different)} of {len(asked)} rows of {_TABLE} are full solves, some "
        f"{max(1.0, len(different) * SECONDS_PER_SOLVE):.0f} s in all and more near limits; to be "
        f"faster, {_own_table(plant)}",
        stacklevel=3,
    )
    solved = _operated(plant, different)
    same = left.groupby(list(left.columns), sort=False).ngroup()
    found.loc[left.index] = solved.iloc[same.to_numpy()].set_axis(left.index)
    return found


def _own_table(plant: Plant) -> str:
    """How to make a table of the plant, in words."""
    identity, sizing = plant.identity, plant.identity.sizing
    assert sizing is not None
    points = ", ".join(
        f"{name}={getattr(sizing, name):g}"
        for name in ("t_source_in", "t_source_out", "t_return", "t_supply")
    )
    return (
        "make a table of the plant in some minutes: "
        f'surrogate.HeatPump("{identity.refrigerant}").plant({points}, heat_load=1e6).tabulate()'
    )


def _mistake(row: int, found: pd.Series[Any]) -> Mistake:
    """Why the plant cannot run in a row."""
    point = f"source {found.t_source_in:g} degC, sink {found.t_return:g} -> {found.t_supply:g} degC"
    if found.status == "infeasible":
        # With a capacity the temperatures are possible, and this load alone is not.
        column = "load" if found.capacity > 0.0 else _COLUMNS.get(found.limit, "t_source_in")
        return Mistake(
            _TABLE, row, column, f"the plant cannot run: {reason(found.limit)} ({point})"
        )
    return Mistake(_TABLE, row, "t_source_in", f"the full solve found no solution ({point})")


def _summed(
    plant: Plant, asked: pd.DataFrame, found: pd.DataFrame, weights: pd.Series[float]
) -> Year:
    """All rows together; loads and powers over the nominal heat load."""
    size, design = plant.heat_load, plant.design
    power, draw = (found[name].to_numpy(float) / size for name in ("power", "heat_source"))
    load, served = (table.heat_load.to_numpy(float) / size for table in (asked, found))
    weight = weights.to_numpy(float)
    electricity = weight * power
    peaks = [(power.max(), draw.max())]
    if load.max() < 1.0:
        peaks.append((float(design.power) / size, float(design.heat_source) / size))
    origins = set(found.origin)
    return Year(
        cop=float(weight @ served / electricity.sum()),
        heat_per_source=float(1.0 / max(drawn for _, drawn in peaks)),
        source_share=float(weight @ draw / (weight @ served)),
        power=float(max(used for used, _ in peaks)),
        unserved=float(weight @ (load - served) / (weight @ load)),
        origin=", ".join(name for name in METHODS if name in origins),
        error=float(np.average(found.error.to_numpy(float), weights=electricity)),
    )
