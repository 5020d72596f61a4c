"""Every flow of money of a network, by year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from surrogate.costing.customers import connection_amount, tariff_amounts
from surrogate.costing.evaluate import Evaluation, Laid
from surrogate.costing.prepare import Prepared
from surrogate.costing.supplycosts import Part

Floats = npt.NDArray[np.float64]

TAGS = (
    "cost",
    "type",
    "name",
    "connection_cost_id",
    "tariff_id",
    "civil_cost_id",
    "building_id",
    "supply_id",
    "path_id",
)
"""What says where a flow comes from."""


@dataclass(frozen=True)
class Stream:
    """A flow of money over the years.

    Parameters
    ----------
    tags : dict
        Where it comes from; keys of :data:`TAGS`.
    values : ndarray
        By year, of shape (term,); revenue positive [¤].
    """

    tags: dict[str, Any]
    values: Floats


class Streams:
    """All flows of money of a network.

    Parameters
    ----------
    prepared : Prepared
        The input.
    found : Evaluation
        The network.
    """

    def __init__(self, prepared: Prepared, found: Evaluation) -> None:
        self.prepared = prepared
        self.problem = prepared.problem
        self.horizon = prepared.problem.horizon
        self.settings = prepared.problem.settings
        self.found = found

    def all(self) -> Iterator[Stream]:
        """Every flow that is not zero."""
        for i in sorted(self.found.design.customers):
            yield from _nonzero(self.of_customer(i))
        for s in sorted(self.found.feeds):
            yield from _nonzero(self.of_source(s))
        for laid in sorted(self.found.pipes, key=lambda laid: laid.pipe.segment):
            yield from _nonzero(self.of_pipe(laid))

    def of_customer(self, i: int) -> Iterator[Stream]:
        """Flows of a building: what its connection costs, and what it pays.

        Parameters
        ----------
        i : int
            Number of the customer.
        """
        customer = self.problem.customers[i]
        building = self.prepared.rows.buildings[customer.row]
        assert building is not None
        connection = self.prepared.rows.connection_costs[building.connection_cost_id]
        for cost in ("capex", "opex", "repex"):
            tags = {
                "cost": cost,
                "type": "connection",
                "connection_cost_id": building.connection_cost_id,
                "building_id": customer.name,
            }
            amount = connection_amount(connection, cost, building)
            lifetime = self.settings.building_hx_lifetime
            yield Stream(tags, -amount * self._years(cost, lifetime))
        once, yearly = tariff_amounts(self.prepared.rows.tariffs[building.tariff_id], building)
        tags = {"type": "tariff", "tariff_id": building.tariff_id, "building_id": customer.name}
        yield Stream({"cost": "connection charge", **tags}, once * self._years("capex"))
        yield Stream({"cost": "annual charge", **tags}, yearly * self._years("opex"))
        extra = {"cost": "extra", "type": "building", "building_id": customer.name}
        yield Stream(extra, (building.extra_pv or 0.0) * self._years("capex"))

    def of_source(self, s: int) -> Iterator[Stream]:
        """Flows of a supply.

        Parameters
        ----------
        s : int
            Number of the supply.
        """
        source, feeding = self.problem.sources[s], self.found.feeds[s]
        for part in source.parts:
            tags = {
                "cost": part.cost,
                "type": "supply",
                "name": part.name,
                "supply_id": source.name,
            }
            yield Stream(tags, -self._paid(part, feeding.load_kw, feeding.load_kwh))

    def _paid(self, part: Part, load_kw: float, load_kwh: float) -> Floats:
        if part.per_kwh is not None:
            return part.per_kwh * load_kwh * self._years("opex")
        return part.amount(load_kw) * self._years(part.cost, self.settings.plant_lifetime)

    def of_pipe(self, laid: Laid) -> Iterator[Stream]:
        """Flows of a pipe.

        Parameters
        ----------
        laid : Laid
            The pipe.
        """
        options = laid.pipe.options
        path = self.prepared.network.segments[laid.pipe.segment].path
        civil = self.prepared.rows.civil_cost_of(path)
        tags = {"type": "pipe", "civil_cost_id": civil, "path_id": laid.pipe.name}
        lifetime = self.settings.distribution_lifetime
        for cost, amounts in (("capex", options.capex), ("repex", options.repex)):
            paid = -float(amounts[laid.option]) * self._years(cost, lifetime)
            yield Stream({"cost": cost, **tags}, paid)
        pumped = (self.settings.pumping_price or 0.0) * laid.pump_kwh
        yield Stream({"cost": "pumping", **tags}, -pumped * self._years("opex"))
        extra = {"cost": "extra", "type": "path", "path_id": laid.pipe.name}
        yield Stream(extra, laid.pipe.extra_pv * self._years("capex"))

    def _years(self, cost: str, lifetime: int = 1) -> Floats:
        """1 in the years in which a kind of cost falls due."""
        years = np.zeros(self.horizon.term)
        if cost == "capex":
            years[0] = 1.0
        elif cost == "repex":
            years[self.horizon.replaced(lifetime)] = 1.0
        else:
            years[1:] = 1.0
        return years

    def present(self, streams: Iterator[Stream]) -> float:
        """Present value of flows [¤].

        Parameters
        ----------
        streams : iterator of Stream
            The flows.
        """
        return sum(self.horizon.present(stream.values) for stream in streams)


def _nonzero(streams: Iterator[Stream]) -> Iterator[Stream]:
    return (stream for stream in streams if np.any(stream.values))


def cashflow_table(streams: list[Stream]) -> pd.DataFrame:
    """The table ``cashflow``: a row for each flow and year in which it is not zero.

    Parameters
    ----------
    streams : list of Stream
        All flows.
    """
    columns: dict[str, list[Any]] = {name: [] for name in ("year", "value", *TAGS)}
    for stream in streams:
        for year in np.flatnonzero(stream.values):
            columns["year"].append(int(year))
            columns["value"].append(float(stream.values[year]))
            for tag in TAGS:
                columns[tag].append(stream.tags.get(tag))
    table = pd.DataFrame(columns).astype({"year": "int64", "value": "float64"})
    for tag in TAGS:
        table[tag] = whole_or_object(columns[tag])
    return table


def whole_or_object(values: list[Any]) -> pd.Series[Any]:
    """Whole numbers as such, beside missing ones too; anything else as it is.

    Parameters
    ----------
    values : list
        Keys or names, None for missing ones.
    """
    whole = all(value is None or isinstance(value, int) for value in values)
    known = any(value is not None for value in values)
    return pd.Series(values, dtype="Int64" if whole and known else "object")
