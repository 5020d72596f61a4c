"""What is wrong with the profiles of heat pumps, beyond a single cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surrogate.conditions import CONDITIONS
from surrogate.costing.parameters import Settings
from surrogate.costing.schema import HeatPumpProfile, Supply, as_key

Wrong = tuple[int, str, str]
"""Row, the first is 1; column; what is wrong."""

_YEAR = 8784.0
"""Most hours of a year [h]."""
_ROUNDING = 1e-9


def wrong_rows(
    rows: Sequence[HeatPumpProfile | None],
    supplies: Sequence[Supply | None],
    settings: Settings | None,
) -> Iterator[Wrong]:
    """Find what no cell alone can tell of profiles.

    Parameters
    ----------
    rows : sequence of HeatPumpProfile or None
        The table, with None for rows that have been refused.
    supplies : sequence of Supply or None
        All supplies, likewise.
    settings : Settings or None
        Flow and return of the network; None where they are not known.

    Yields
    ------
    tuple
        Row, column and message of each mistake.
    """
    kinds = {as_key(one.supply_id): one for one in supplies if one is not None and one.supply_id}
    by_supply: dict[int | str, list[tuple[int, HeatPumpProfile]]] = {}
    for i, row in enumerate(rows, start=1):
        if row is None:
            continue
        yield from _temperatures(i, row, settings)
        yield from _one_measure(i, row)
        by_supply.setdefault(as_key(row.supply_id), []).append((i, row))
    for key, own in by_supply.items():
        supply = kinds.get(key)  # that there is none is told by the reference
        if supply is not None and supply.heat_pump_refrigerant is None:
            message = f"supply {supply.supply_id!r} is no heat pump: no heat_pump_refrigerant"
            yield own[0][0], "supply_id", message
        yield from _together(own)


def _temperatures(i: int, row: HeatPumpProfile, settings: Settings | None) -> Iterator[Wrong]:
    """Temperatures that mean something, the flow above the return."""
    sound = True
    for name in ("t_source_in", "t_supply", "t_return"):
        value, known = getattr(row, name), CONDITIONS[name]
        if value is not None and not known.low <= value <= known.high:
            sound = False
            yield i, name, f"must be from {known.low:g} to {known.high:g} degC; given {value:g}"
    if not sound or settings is None or (row.t_supply is None and row.t_return is None):
        return
    flow, back = levels_of(row, settings)
    if flow <= back:
        names = (
            "optimiser/flow-temperature" if row.t_supply is None else "t_supply",
            "optimiser/return-temperature" if row.t_return is None else "t_return",
        )
        column = "t_return" if row.t_supply is None else "t_supply"
        yield i, column, f"{names[0]}, {flow:g} degC, must be above {names[1]}, {back:g} degC"


def levels_of(row: HeatPumpProfile, settings: Settings) -> tuple[float, float]:
    """Flow and return of the network in a row [degC].

    Parameters
    ----------
    row : HeatPumpProfile
        The row.
    settings : Settings
        What holds where the row says nothing.
    """
    return (
        settings.flow_temperature if row.t_supply is None else row.t_supply,
        settings.return_temperature if row.t_return is None else row.t_return,
    )


def _one_measure(i: int, row: HeatPumpProfile) -> Iterator[Wrong]:
    if row.hours is None and row.weight is None:
        yield i, "hours", "hours or weight is needed; both are empty"
    elif row.hours is not None and row.weight is not None:
        yield i, "weight", f"given beside hours, {row.hours:g}; give one of the two"


def _together(own: list[tuple[int, HeatPumpProfile]]) -> Iterator[Wrong]:
    """One measure in all rows of a supply, and no more hours than a year has."""
    sound = [(i, row) for i, row in own if (row.hours is None) != (row.weight is None)]
    hours, told = 0.0, False
    for i, row in sound:
        if (row.hours is None) != (sound[0][1].hours is None):
            given, other = ("weight", "hours") if row.hours is None else ("hours", "weight")
            yield (
                i,
                given,
                f"row {sound[0][0]}, of the same supply {row.supply_id!r}, has {other}; give hours "
                "for all its rows, or weight for all",
            )
            return
        hours += row.hours or 0.0
        if hours > _YEAR * (1 + _ROUNDING) and not told:
            told = True
            message = f"supply {row.supply_id!r} has {hours:g} hours up to this row"
            yield i, "hours", f"{message}; a year has {_YEAR:g} at most"
