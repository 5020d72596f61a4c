"""Which buildings just fell short of the network, and which only just made it.

Each building, or demand group, that is left out is added to the network by the
cheapest way, and each that is in is taken away with the pipes that then serve
nobody; both networks are costed exactly, and what changes is its margin. All
else stays as it is, the shares of heat where pipes join again too, so margins of
several buildings do not add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isnan, nan

import pandas as pd

from surrogate.costing.evaluate import Design, Evaluation, Seen, evaluate
from surrogate.costing.optimiser.loop import trimmed
from surrogate.costing.pipes import HOURS
from surrogate.costing.prepare import Prepared
from surrogate.costing.problem import Problem
from surrogate.costing.ways import Way, Ways

ALL = 300
"""Up to so many buildings each is costed exactly."""

NEAREST = 200
"""Of more, those nearest to the margin by an estimate; the others keep the estimate."""

_NOT_COSTED = frozenset({"pipe", "supply-kw", "circle"})
"""Limits beyond which nothing has a price."""

_FORMS = {
    "building_id": "object",
    "connected": "bool",
    "npv_change": "float64",
    "per_year": "float64",
    "price_change_per_kwh": "float64",
    "extra_length_m": "float64",
    "together": "int64",
    "costing": "object",
    "reason": "object",
}


@dataclass(frozen=True)
class Margin:
    """What changes when buildings join a network or leave it.

    Parameters
    ----------
    change : float
        Of its NPV; NaN where that cannot be told [¤].
    length : float
        Of the pipes that only they need [m].
    costing : str
        ``exact``, ``estimate``, or nothing where there is no number.
    reason : str
        What stands against the change, whatever it is worth; empty for nothing.
    """

    change: float = nan
    length: float = nan
    costing: str = ""
    reason: str = ""


def margins_table(
    prepared: Prepared, best: Evaluation, hurry: Callable[[], bool] = lambda: False
) -> pd.DataFrame:
    """The table ``building_margins``: a row for each building.

    Parameters
    ----------
    prepared : Prepared
        The input.
    best : Evaluation
        The network.
    hurry : callable
        Once it is true, what is left is estimated.
    """
    problem = prepared.problem
    margins = Margins(problem, best)
    found = margins.all(hurry)
    numbers = {customer.row: i for i, customer in enumerate(problem.customers)}
    annual = problem.horizon.annual
    columns: dict[str, list[object]] = {name: [] for name in _FORMS}
    for row, name in enumerate(prepared.names["buildings"]):
        i = numbers.get(row)
        members = frozenset[int]() if i is None else margins.together(i)
        margin = Margin(reason=_kept_out(prepared, row)) if i is None else found[members]
        inside = i in best.design.customers
        kwh = sum(problem.customers[one].kwh for one in members)
        worth = margin.change if inside else -margin.change
        values = (
            name,
            inside,
            margin.change,
            margin.change / annual if annual else nan,
            worth / (annual * kwh) if annual * kwh else nan,
            margin.length,
            max(len(members), 1),
            margin.costing,
            margin.reason,
        )
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return pd.DataFrame(columns).astype(_FORMS)


def _kept_out(prepared: Prepared, row: int) -> str:
    """Why a building may be in no network."""
    rows, nodes = prepared.rows.buildings, prepared.network.building_nodes
    building, reached = rows[row], prepared.reduced.reached
    if building is None:
        return "forbidden"
    if int(nodes[row]) not in reached:
        return "unreachable-building"
    cut_off = any(
        other is not None
        and other.demand_group == building.demand_group
        and int(nodes[at]) not in reached
        for at, other in enumerate(rows)
    )
    return "unreachable-group" if cut_off else "forbidden-group"


class Margins:
    """The margins of a network's buildings.

    Parameters
    ----------
    problem : Problem
        The problem.
    best : Evaluation
        The network.
    """

    def __init__(self, problem: Problem, best: Evaluation) -> None:
        self.problem = problem
        self.best = best
        self.seen: Seen = {}
        evaluate(problem, best.design, self.seen)
        self.groups = {i: members for members in problem.groups for i in members}
        self.nodes = frozenset(
            node for i in best.design.links for node in (problem.links[i].u, problem.links[i].v)
        ) | {problem.sources[s].node for s in best.design.sources}
        self.ways = Ways(problem, self._marginal[0])

    def together(self, i: int) -> frozenset[int]:
        """Customers that are connected or not with one: its demand group.

        Parameters
        ----------
        i : int
            Its number.
        """
        return self.groups.get(i, frozenset({i}))

    def all(self, hurry: Callable[[], bool] = lambda: False) -> dict[frozenset[int], Margin]:
        """Margins of all customers, by what is connected together.

        Parameters
        ----------
        hurry : callable
            Once it is true, what is left is estimated.
        """
        units = list(dict.fromkeys(self.together(i) for i in range(len(self.problem.customers))))
        if len(self.problem.customers) <= ALL and not hurry():
            return {unit: self._or_estimate(unit, hurry) for unit in units}
        found = {unit: self.estimate(unit) for unit in units}
        far = {unit: inf if isnan(one.change) else abs(one.change) for unit, one in found.items()}
        for unit in sorted(units, key=far.__getitem__)[:NEAREST]:
            found[unit] = self._or_estimate(unit, hurry)
        return found

    def _or_estimate(self, unit: frozenset[int], hurry: Callable[[], bool]) -> Margin:
        return self.estimate(unit) if hurry() else self.exact(unit)

    def exact(self, unit: frozenset[int]) -> Margin:
        """What changes when buildings join the network or leave it, exactly.

        Parameters
        ----------
        unit : frozenset of int
            Customers, all of them in the network or none.
        """
        if unit & self.best.design.customers:
            design = self.best.design
            left = trimmed(self.problem, replace(design, customers=design.customers - unit))
            return self._margin(evaluate(self.problem, left, self.seen))
        first: Margin | None = None
        for design in self._with(unit):
            margin = self._margin(evaluate(self.problem, design, self.seen))
            if not margin.reason:
                return margin
            first = first or margin
        return first or Margin(reason="pipe")

    def _margin(self, changed: Evaluation) -> Margin:
        kinds = [violation.kind for violation in changed.violations]
        priced = not _NOT_COSTED & set(kinds)
        return Margin(
            changed.npv - self.best.npv if priced else nan,
            abs(changed.length - self.best.length),
            "exact" if priced else "",
            next((kind for kind in kinds if kind in _NOT_COSTED), kinds[0] if kinds else ""),
        )

    def _with(self, unit: frozenset[int]) -> Iterator[Design]:
        """The network with some more customers: joined to it, else fed by an unused supply."""
        design = self.best.design
        for nodes, closed, sources in self._starts():
            ways = self._ways(unit, nodes, closed)
            if ways is not None:
                links = {**design.links, **{i: forward for way in ways[1] for i, forward in way}}
                customers = design.customers | unit
                yield replace(design, customers=customers, links=links, sources=sources)

    def _starts(self) -> Iterator[tuple[frozenset[int], frozenset[int], frozenset[int]]]:
        """Where ways may start, what they may not meet, and the supplies that then feed."""
        sources = self.best.design.sources
        if self.nodes:
            yield self.nodes, frozenset(), sources
        for s, source in enumerate(self.problem.sources):
            if s not in sources and source.node not in self.nodes:
                yield frozenset({source.node}), self.nodes, sources | {s}

    def _ways(
        self, unit: frozenset[int], starts: frozenset[int], closed: frozenset[int]
    ) -> tuple[float, list[Way]] | None:
        """The cheapest way to each, and what all cost; a link that two share is in both."""
        customers = [self.problem.customers[i] for i in sorted(unit)]
        load = max(max(customer.peak_kw, customer.kwh / HOURS) for customer in customers)
        found = [self.ways.to(customer.node, starts, load, closed) for customer in customers]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None
        used = {i for _, way in known for i, _ in way}
        cost = sum(self.ways.cost(self.problem.links[i], load) for i in used)
        return cost, [way for _, way in known]

    def estimate(self, unit: frozenset[int]) -> Margin:
        """The same nearly: without larger pipes upstream, and without limits.

        Parameters
        ----------
        unit : frozenset of int
            Customers, all of them in the network or none.
        """
        customers = [self.problem.customers[i] for i in unit]
        per_kwh, per_kw = self._marginal
        worth = sum(
            customer.npv - per_kwh * customer.kwh - per_kw * customer.peak_kw
            for customer in customers
        )
        if unit & self.best.design.customers:
            links = {i for customer in customers for i in self._own_links(customer.node)}
            load = max(customer.peak_kw for customer in customers)
            worth -= sum(self.ways.cost(self.problem.links[i], load) for i in links)
            required = any(customer.required for customer in customers)
            return self._estimated(-worth, links, "required-building" if required else "")
        for nodes, closed, _ in self._starts():
            ways = self._ways(unit, nodes, closed)
            if ways is not None:
                links = {i for way in ways[1] for i, _ in way}
                return self._estimated(worth - ways[0], links, "")
        return Margin(reason="pipe")

    def _estimated(self, change: float, links: set[int], reason: str) -> Margin:
        length = sum((self.problem.links[i].length for i in links), start=0.0)
        return Margin(change, length, "estimate", reason)

    def _own_links(self, node: int) -> Iterator[int]:
        """Links on the way to a node that serve nothing else."""
        into, meeting = self._around
        # At the first node one building and one pipe meet; behind it, two pipes.
        while node in into and meeting[node] == 2:
            yield into[node][0]
            node = into[node][1]

    @cached_property
    def _around(self) -> tuple[dict[int, tuple[int, int]], Counter[int]]:
        """The link into each node with where it comes from; pipes and buildings that meet there."""
        into: dict[int, tuple[int, int]] = {}
        meeting = Counter(self.problem.customers[i].node for i in self.best.design.customers)
        for i, forward in self.best.design.links.items():
            link = self.problem.links[i]
            start, end = (link.u, link.v) if forward else (link.v, link.u)
            into[end] = i, start
            meeting.update((start, end))
        return into, meeting

    @cached_property
    def _marginal(self) -> tuple[float, float]:
        """Present value of one more kWh a year and one more kW of the supply that gives most."""
        feeds = self.best.feeds
        known = [source.npv.per_kwh for source in self.problem.sources]
        if not feeds:
            return min(known, default=0.0), 0.0
        most = max(feeds, key=lambda s: feeds[s].load_kw)
        costs, load = self.problem.sources[most].npv, feeds[most].load_kw
        return costs.per_kwh, costs.at(load, 0.0) - costs.at(max(load - 1.0, 0.0), 0.0)
