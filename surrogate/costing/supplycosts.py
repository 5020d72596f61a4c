"""What a supply costs: fixed, by its capacity along curves, and by its heat."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.costing.economics import Horizon
from surrogate.costing.parameters import Settings
from surrogate.costing.schema import Supply, SupplyCost

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Total cost over capacity, straight between its points and flat beyond them.

    Parameters
    ----------
    kilowatts : ndarray
        Capacities, rising from 0 [kW].
    costs : ndarray
        Cost at each [¤]; the first is paid at any capacity.

    Examples
    --------
    >>> curve = Curve.through([(100, 5000), (200, 8000)])
    >>> float(curve.at(50)), float(curve.at(150)), float(curve.at(1000))
    (2500.0, 6500.0, 8000.0)
    """

    kilowatts: Floats
    costs: Floats

    @classmethod
    def through(cls, points: Iterable[tuple[float, float]]) -> Curve:
        """Curve through (0, 0) and the given points; one at 0 kW takes the place of (0, 0)."""
        pairs = list(points)
        if pairs[0][0] > 0:
            pairs.insert(0, (0.0, 0.0))
        return cls(*np.array(pairs, dtype=float).T)

    def at(self, capacity_kw: npt.ArrayLike) -> Floats:
        """Cost at a capacity [¤].

        Parameters
        ----------
        capacity_kw : array_like
            Capacities [kW].
        """
        return np.asarray(
            np.interp(np.asarray(capacity_kw, dtype=float), self.kilowatts, self.costs)
        )


@dataclass(frozen=True)
class Part:
    """One cost of a supply.

    Parameters
    ----------
    name : str
        What it is for: "supply", or the ``type`` of its row in supply_costs.
    cost : str
        ``capex``, ``opex``, ``repex`` or ``heat``.
    fixed : float
        Paid when the supply is used [¤].
    per_kw : float
        Paid per capacity [¤/kW].
    curve : Curve or None
        Paid by capacity [¤].
    per_kwh : ndarray or None
        Price of heat by year, of shape (term,) [¤/kWh].
    """

    name: str
    cost: str
    fixed: float = 0.0
    per_kw: float = 0.0
    curve: Curve | None = None
    per_kwh: Floats | None = None

    def amount(self, load_kw: float) -> float:
        """What is paid at once for a capacity [¤]."""
        curved = 0.0 if self.curve is None else float(self.curve.at(load_kw))
        return self.fixed + self.per_kw * load_kw + curved


def parts_of(
    supply: Supply,
    further: Iterable[SupplyCost],
    heat_price: float,
    horizon: Horizon,
    limit_kw: float,
) -> tuple[Part, ...]:
    """All costs of a supply.

    Parameters
    ----------
    supply : Supply
        Its row.
    further : iterable of SupplyCost
        Rows of its ``supply_cost_type``.
    heat_price : float
        Of its heat, electricity of a heat pump included [¤/kWh].
    horizon : Horizon
        The years.
    limit_kw : float
        Its largest output [kW].
    """
    parts = [
        Part(
            "supply",
            cost,
            fixed=getattr(supply, f"{cost}_fixed"),
            per_kw=getattr(supply, f"{cost}_per_kw"),
        )
        for cost in ("capex", "opex", "repex")
    ]
    parts.append(Part("supply", "heat", per_kwh=np.full(horizon.term, heat_price)))
    parts += [_further(row, supply, horizon, limit_kw) for row in further]
    return tuple(parts)


def _further(row: SupplyCost, supply: Supply, horizon: Horizon, limit_kw: float) -> Part:
    """Cost of a row of supply_costs."""
    cost, _, per = row.cost.partition("_")
    if per == "per_kwh":
        prices = np.broadcast_to(np.asarray(row.value, dtype=float), _enough(row, horizon))
        return Part(row.type, cost, per_kwh=np.array(prices[: horizon.term]))
    if per == "fixed":
        return Part(row.type, cost, fixed=float(row.value))  # type: ignore[arg-type]  # checked
    if not isinstance(row.value, tuple):
        return Part(row.type, cost, per_kw=row.value)
    curve = Curve.through(row.value)  # type: ignore[arg-type]  # checked: a curve
    if limit_kw > curve.kilowatts[-1] and supply.constraint != "forbidden":
        warnings.warn(
            f"supply {supply.supply_id}: the {row.cost} curve of {row.type} ends at "
            f"{curve.kilowatts[-1]:g} kW; capacity beyond it, up to "
            f"{limit_kw:g} kW, is free",
            stacklevel=2,
        )
    return Part(row.type, cost, curve=curve)


def _enough(row: SupplyCost, horizon: Horizon) -> tuple[int]:
    return (len(row.value) if isinstance(row.value, tuple) else horizon.term,)


@dataclass(frozen=True)
class Costing:
    """Present value of a supply's costs, as the model needs them.

    Parameters
    ----------
    fixed : float
        Paid when it is used [¤].
    kilowatts : ndarray
        Capacities between which cost is straight [kW].
    costs : ndarray
        Cost at each, without the fixed [¤].
    per_kwh : float
        Of a yearly kilowatt-hour of heat [¤ a/kWh].
    """

    fixed: float
    kilowatts: Floats
    costs: Floats
    per_kwh: float

    def at(self, load_kw: float, load_kwh: float) -> float:
        """Present value of all costs [¤].

        Parameters
        ----------
        load_kw : float
            Capacity, at most the last of ``kilowatts`` [kW].
        load_kwh : float
            Heat of a year [kWh/a].
        """
        by_capacity = float(np.interp(load_kw, self.kilowatts, self.costs))
        return self.fixed + by_capacity + self.per_kwh * load_kwh

    def segments(self) -> Iterator[tuple[float, float, float, float]]:
        """Stretches (from kW, to kW, cost at from, slope) with one slope each."""
        ends = zip(self.kilowatts[:-1], self.kilowatts[1:], strict=True)
        for (low, high), (a, b) in zip(
            ends, zip(self.costs[:-1], self.costs[1:], strict=True), strict=True
        ):
            yield float(low), float(high), float(a), float((b - a) / (high - low))


def costing(
    parts: tuple[Part, ...],
    capacity_kw: float,
    horizon: Horizon,
    settings: Settings,
    *,
    objective: bool,
) -> Costing:
    """Present value of a supply's costs up to a capacity.

    Parameters
    ----------
    parts : iterable of Part
        Its costs.
    capacity_kw : float
        Largest capacity of interest [kW].
    horizon : Horizon
        The years.
    settings : Settings
        Lifetimes, and what counts in the objective.
    objective : bool
        Only what counts in the objective.
    """
    counted = [part for part in parts if not objective or settings.counts("supply", part.cost)]
    weights = {
        "capex": 1.0,
        "opex": horizon.annual,
        "repex": horizon.replacement(settings.plant_lifetime),
    }
    top = max(capacity_kw, 1e-6)
    breaks = [part.curve.kilowatts for part in parts if part.curve is not None]
    inner = np.concatenate(breaks) if breaks else np.empty(0)
    kilowatts = np.unique(np.concatenate(([0.0, top], inner[(inner > 0) & (inner < top)])))
    fixed, costs, per_kwh = 0.0, np.zeros_like(kilowatts), 0.0
    for part in counted:
        if part.per_kwh is not None:
            per_kwh += horizon.series([float(price) for price in part.per_kwh])
            continue
        weight = weights[part.cost]
        fixed += weight * part.fixed
        costs += weight * part.per_kw * kilowatts
        if part.curve is not None:
            costs += weight * part.curve.at(kilowatts)
    return Costing(fixed, kilowatts, costs, per_kwh)
