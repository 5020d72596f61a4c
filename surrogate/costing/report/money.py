"""The cash flow of a result: by year and kind, discounted, and when the money is back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from surrogate.costing.report.told import Told

Floats = npt.NDArray[np.float64]


class Kind(NamedTuple):
    """A kind of flow, as the figures show it."""

    name: str
    colour: str


_REVENUE, _ONCE = Kind("annual charges", "#3c8d5a"), Kind("connection charges", "#8cc5a2")
_EXTRA = Kind("extra values", "#c2a5cf")
_PIPES = Kind("pipes", "#c8352b")
_PLANT, _RUNNING = Kind("plant", "#1f5f8b"), Kind("running the plant", "#9fb8c8")
_HEAT, _PUMPING = Kind("heat and electricity", "#5f8fb0"), Kind("pumping", "#4a4f9c")
_STATIONS = Kind("connections", "#c98a1b")
KINDS = (_REVENUE, _ONCE, _EXTRA, _HEAT, _RUNNING, _PLANT, _PIPES, _STATIONS, _PUMPING)
"""All kinds, in the order in which they are stacked."""

_KIND_OF = {
    ("tariff", "annual charge"): _REVENUE,
    ("tariff", "connection charge"): _ONCE,
    ("supply", "heat"): _HEAT,
    ("supply", "opex"): _RUNNING,
    ("supply", "capex"): _PLANT,
    ("supply", "repex"): _PLANT,
    ("pipe", "pumping"): _PUMPING,
    ("pipe", "capex"): _PIPES,
    ("pipe", "repex"): _PIPES,
    ("connection", "capex"): _STATIONS,
    ("connection", "repex"): _STATIONS,
    ("connection", "opex"): _STATIONS,
}

_WORDS = {
    ("tariff", "annual charge"): "annual charges",
    ("tariff", "connection charge"): "connection charges",
    ("supply", "heat"): "heat and electricity",
    ("supply", "opex"): "running the plant",
    ("supply", "capex"): "plant",
    ("supply", "repex"): "plant, replaced",
    ("pipe", "pumping"): "pumping",
    ("pipe", "capex"): "pipes",
    ("pipe", "repex"): "pipes, replaced",
    ("path", "extra"): "extra values of paths",
    ("building", "extra"): "extra values of buildings",
    ("connection", "capex"): "connections",
    ("connection", "repex"): "connections, replaced",
    ("connection", "opex"): "running the connections",
}


@dataclass(frozen=True)
class Item:
    """A kind of cost or revenue over all years.

    Parameters
    ----------
    name : str
        In words.
    nominal, present : float
        Its sum, and its present value; revenue positive [¤].
    """

    name: str
    nominal: float
    present: float


@dataclass(frozen=True)
class Money:
    """What is paid and earned.

    Parameters
    ----------
    by_kind : dict
        Flows by year of each kind that there is, of shape (term,) [¤].
    net, present : ndarray
        All together by year, and the discounted sum up to each year [¤].
    revenue, cost : ndarray
        Positive and negative flows by year [¤].
    items : list of Item
        Kinds in detail, the largest first.
    back : int or None
        Year from which on the discounted sum is never negative again; None where it
        is so at the end.
    """

    by_kind: dict[Kind, Floats]
    net: Floats
    present: Floats
    revenue: Floats
    cost: Floats
    items: list[Item]
    back: int | None


def money(told: Told) -> Money:
    """Add up the cash flow of a result.

    Parameters
    ----------
    told : Told
        The result.
    """
    flow, factors = told.cashflow, told.horizon.factors
    years = flow["year"].to_numpy().astype(np.intp)
    values = flow["value"].to_numpy()
    pairs = list(zip(flow["type"], flow["cost"], strict=True))
    kinds = [_KIND_OF.get(pair, _EXTRA) for pair in pairs]
    by_kind = {
        kind: _by_year(years, values, [one is kind for one in kinds], len(factors))
        for kind in KINDS
        if kind in kinds
    }
    everything = [True] * len(flow)
    net = _by_year(years, values, everything, len(factors))
    present = np.cumsum(net * factors)
    return Money(
        by_kind,
        net,
        present,
        _by_year(years, values, values > 0, len(factors)),
        _by_year(years, values, values < 0, len(factors)),
        _items(told),
        back_in(present),
    )


def _by_year(years: npt.NDArray[np.intp], values: Floats, chosen: object, term: int) -> Floats:
    mask = np.asarray(chosen, dtype=bool)
    sums = np.bincount(years[mask], weights=values[mask], minlength=term)
    return np.asarray(sums, dtype=float)


def back_in(present: Floats) -> int | None:
    """First year after the last one in which the discounted sum is negative.

    Parameters
    ----------
    present : ndarray
        The sum up to each year [¤].

    Returns
    -------
    int or None
        None where it is negative at the end, or no money flows at all.

    Examples
    --------
    >>> back_in(np.array([-2.0, 1.0, -1.0, 0.0, 3.0])), back_in(np.array([-1.0, -0.5]))
    (3, None)
    """
    if not len(present) or not present.any():
        return None
    negative = np.flatnonzero(present < 0)
    first = int(negative[-1]) + 1 if len(negative) else 0
    return first if first < len(present) else None


def _items(told: Told) -> list[Item]:
    factors = told.horizon.factors
    flow = told.cashflow.assign(
        present=told.cashflow["value"] * factors[told.cashflow["year"].astype(int)]
    )
    items = []
    for (kind, cost, name), rows in flow.groupby(["type", "cost", "name"], sort=False):
        words = _WORDS.get((str(kind), str(cost)), f"{kind}, {cost}")
        own = f": {name}" if name not in ("", "supply") else ""
        nominal, present = float(rows["value"].sum()), float(rows["present"].sum())
        items.append(Item(words + own, nominal, present))
    return sorted(items, key=lambda item: -abs(item.present))
