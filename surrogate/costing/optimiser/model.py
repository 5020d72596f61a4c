"""The optimisation as a mixed-integer linear programme that is never too strict.

Every network that keeps all limits stands in the programme at its exact cost
or cheaper, so the programme's bound holds for the exact costs. What it does not see
at first (that diversity is a curve, that one large building sets a pipe's size
alone, that losses may) is added where a solution needs it:
:mod:`surrogate.costing.optimiser.refine`. The constraints among the parameters are
:mod:`surrogate.costing.optimiser.constraints`.

Per link and direction: whether heat runs there, and the end users, the sum of
their own peaks and the heat that pass. Per link: which pipe. All in units in
which the largest numbers are about a thousand, so that small buildings count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from surrogate.costing.optimiser.sides import Side, Sides, side_of, sides_of
from surrogate.costing.optimiser.solver import INFINITY, Programme
from surrogate.costing.pipes import HOURS
from surrogate.costing.problem import Link, Problem
from surrogate.costing.supplycosts import Costing

WANTED = 50.0
"""What leaving out what is required counts for, where a limit that is doubled counts for 1."""

Floats = npt.NDArray[np.float64]
Term = tuple[int, float]


@dataclass(frozen=True)
class Arc:
    """A link in one direction.

    Parameters
    ----------
    link : int
        Its number.
    forward : bool
        From ``u`` to ``v``.
    start, end : int
        Nodes.
    used, connections, spread, heat : int
        Columns: whether heat runs, and what passes; -1 for what a lean model
        does not follow.
    most : Side
        What lies beyond.
    """

    link: int
    forward: bool
    start: int
    end: int
    used: int
    connections: int
    spread: int
    heat: int
    most: Side


@dataclass(frozen=True)
class Sized:
    """The pipes that a link may have, and the column that says which.

    Parameters
    ----------
    columns : tuple of int
        One for each step.
    steps : ndarray of int
        Steps of the link, rising in capacity.
    capacity : ndarray
        Their capacities, in the programme's unit.
    """

    columns: tuple[int, ...]
    steps: npt.NDArray[np.intp]
    capacity: Floats


@dataclass(frozen=True)
class Fed:
    """A supply's columns.

    Parameters
    ----------
    feeds, used : int
        Whether it feeds, and whether its fixed costs are paid.
    connections, spread, heat, capacity : int
        What it feeds, and its capacity.
    pieces : tuple of (int, int)
        For each stretch of its cost: whether capacity lies in it, and where.
    """

    feeds: int
    used: int
    connections: int
    spread: int
    heat: int
    capacity: int
    pieces: tuple[tuple[int, int], ...]


class Units:
    """Units in which the programme counts.

    Parameters
    ----------
    problem : Problem
        The problem.
    """

    def __init__(self, problem: Problem) -> None:
        losses = sum(float(link.loss_kwh[-1]) for link in problem.links)
        heat = sum(c.kwh for c in problem.customers) + losses
        self.kwh = max(heat, 1e-3) / 1000
        spread = sum(c.spread_kw for c in problem.customers)
        self.kw = max(spread, heat / HOURS, 1e-6) / 1000
        amounts = [abs(c.objective) for c in problem.customers]
        amounts += [float(np.abs(link.objective).max()) for link in problem.links]
        amounts += [abs(c.npv) for c in problem.customers]
        self.money = max(max(amounts, default=1.0), 1e-3) / 100


class Model:
    """Columns and rows for a problem.

    Parameters
    ----------
    problem : Problem
        The problem.
    elastic : bool
        Whether limits may give, at a price: then a solution tells which must.
    lean : bool
        Whether to follow the sum of peaks alone along the pipes, and end users
        and heat only from supplies to buildings: half the size, a little weaker.
    sides : Sides, optional
        What lies behind each link, where that is known already.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        elastic: bool = False,
        lean: bool = False,
        sides: Sides | None = None,
    ) -> None:
        self.problem = problem
        self.lean = lean
        self.programme = Programme()
        self.units = Units(problem)
        self.elastic = elastic
        self.slack: dict[int, float] = {}
        self.sides = sides_of(problem) if sides is None else sides
        self.served = [self.programme.binary() for _ in problem.customers]
        self.arcs: list[Arc] = []
        self.arcs_of: list[list[Arc]] = []
        self.sized: list[Sized] = []
        self.fed: list[Fed] = []
        for i in range(len(problem.links)):
            self._link(i)
        for s in range(len(problem.sources)):
            self._source(s)
        self._nodes()
        self._assign()
        self._required()

    # -- columns -----------------------------------------------------------

    def give(self, size: float) -> list[Term]:
        """A column by which a limit may give, where it may; in a row's own unit.

        Parameters
        ----------
        size : float
            What counts as one whole violation, in the row's unit.
        """
        if not self.elastic:
            return []
        column = self.programme.column(0.0, INFINITY)
        self.slack[column] = 1.0 / max(abs(size), 1e-9)
        return [(column, 1.0)]

    def _link(self, i: int) -> None:
        """Columns of a link: its directions, and which pipe it has."""
        programme, link = self.programme, self.problem.links[i]
        behind_u, behind_v = self.sides[i]
        arcs = []
        for forward, back, ahead in ((True, behind_u, behind_v), (False, behind_v, behind_u)):
            if not ahead.connections or not back.fed:
                continue
            start, end = (link.u, link.v) if forward else (link.v, link.u)
            used = programme.binary()
            spread = programme.column(0.0, INFINITY)
            users, heat = (-1 if self.lean else programme.column(0.0, INFINITY) for _ in range(2))
            arcs.append(Arc(i, forward, start, end, used, users, spread, heat, ahead))
        self.arcs += arcs
        self.arcs_of.append(arcs)
        sized = self._sized(link, [arc.most for arc in arcs])
        self.sized.append(sized)
        programme.equal(
            [(arc.used, 1.0) for arc in arcs] + [(column, -1.0) for column in sized.columns]
        )
        programme.at_most([(arc.used, 1.0) for arc in arcs], 1.0)
        self._carry(i, arcs)

    def _sized(self, link: Link, sides: list[Side]) -> Sized:
        """Columns for the pipes that a link may need: from the least load to the largest."""
        least = min((side.smallest_kw for side in sides), default=0.0)
        if not self.problem.settings.prevent_loops:
            least = 0.0  # a pipe may carry a share of a building
        most = max((max(side.spread_kw, side.kwh / HOURS) for side in sides), default=0.0)
        capacity = link.capacity_kw
        first = int(np.searchsorted(capacity, least * (1 - 1e-9)))
        last = int(np.searchsorted(capacity, most * (1 + 1e-9)))
        first = min(first, len(capacity) - 1)
        steps = np.arange(first, min(last, len(capacity) - 1) + 1)
        columns = tuple(self.programme.binary() for _ in steps)
        return Sized(columns, steps, capacity[steps] / self.units.kw)

    def _carry(self, i: int, arcs: list[Arc]) -> None:
        """What passes a link is bounded by what lies beyond and by its pipe."""
        programme, units, sized = self.programme, self.units, self.sized[i]
        inverse = self.problem.diversity.inverse
        for arc in arcs:
            most = arc.most
            programme.at_most([(arc.spread, 1.0), (arc.used, -most.spread_kw / units.kw)])
            if not self.lean:
                users = float(most.connections)
                programme.at_most([(arc.connections, 1.0), (arc.used, -users)])
                programme.at_least([(arc.connections, 1.0), (arc.used, -self.fewest)])
                programme.at_most([(arc.heat, 1.0), (arc.used, -most.kwh / units.kwh)])
            if self.problem.settings.prevent_loops:
                least = most.least_spread_kw / units.kw
                programme.at_least([(arc.spread, 1.0), (arc.used, -least)])
            widest = float(inverse(most.connections))
            over = self.give(sized.capacity[-1])
            programme.at_most(
                [
                    (arc.spread, 1.0),
                    *((column, -cap * widest) for column, cap in self.pipes(i)),
                    *((column, -factor) for column, factor in over),
                ]
            )

    def losses(self, i: int) -> Floats:
        """What a link loses with each of its pipes [kWh/a].

        Parameters
        ----------
        i : int
            Number of the link.
        """
        return self.problem.links[i].loss_kwh[self.sized[i].steps]

    def pipes(self, i: int) -> list[Term]:
        """Columns of a link's pipes with their capacities.

        Parameters
        ----------
        i : int
            Number of the link.
        """
        sized = self.sized[i]
        return list(zip(sized.columns, sized.capacity.tolist(), strict=True))

    def _source(self, s: int) -> None:
        """Columns of a supply, its limits, and its capacity along its cost."""
        programme, units, source = self.programme, self.units, self.problem.sources[s]
        feeds = programme.binary()
        used = programme.binary(fixed=True) if source.required else feeds
        users, spread, heat = (programme.column(0.0, INFINITY) for _ in range(3))
        capacity = programme.column(0.0, INFINITY)
        total = self.total
        programme.at_most([(users, 1.0), (feeds, -float(total.connections))])
        programme.at_least([(users, 1.0), (feeds, -self.fewest)])
        programme.at_most([(spread, 1.0), (feeds, -total.spread_kw / units.kw)])
        programme.at_most([(heat, 1.0), (feeds, -total.kwh / units.kwh)])
        within = min(source.capacity_kw, max(total.spread_kw, total.kwh / HOURS)) / units.kw
        over = self.give(max(source.capacity_kw, 1.0) / units.kw)
        less = [(column, -factor) for column, factor in over]
        programme.at_most([(capacity, 1.0), (used, -within), *less])
        over = self.give(max(source.capacity_kwh, 1.0) / units.kwh)
        programme.at_most(
            [(heat, 1.0), (feeds, -min(source.capacity_kwh, total.kwh) / units.kwh)]
            + [(column, -factor) for column, factor in over]
        )
        programme.at_least([(capacity, 1.0), (heat, -units.kwh / units.kw / HOURS)])
        programme.at_least([(capacity, 1.0), (spread, -self.least_diversity)])
        pieces = self._pieces(s, used, capacity, within)
        self.fed.append(Fed(feeds, used, users, spread, heat, capacity, pieces))

    @property
    def fewest(self) -> float:
        """End users that a pipe in the network serves at least; a share where loops may be."""
        return 1.0 if self.problem.settings.prevent_loops else 1e-3

    @cached_property
    def total(self) -> Side:
        """All customers, and all that pipes can lose."""
        side = Side()
        for customer in self.problem.customers:
            side = side.plus(side_of(customer))
        losses = sum(float(link.loss_kwh[-1]) for link in self.problem.links)
        return side.plus(Side(kwh=losses))

    @property
    def least_diversity(self) -> float:
        """Diversity of all connections together."""
        return self.problem.diversity(max(self.total.connections, 1))

    def _pieces(
        self, s: int, used: int, capacity: int, within: float
    ) -> tuple[tuple[int, int], ...]:
        """Stretches of a supply's cost over its capacity; none where it is one straight line."""
        stretches = list(self.problem.sources[s].npv.segments())
        if len(stretches) == 1:
            return ()
        programme = self.programme
        pieces = []
        for low, high, _, _ in stretches:
            chosen, amount = programme.binary(), programme.column(0.0, INFINITY)
            top = min(high / self.units.kw, within)
            if self.elastic and high == stretches[-1][1]:
                top = 2000.0  # more than all buildings together
            if low / self.units.kw > top:
                programme.equal([(chosen, 1.0)])  # more than can be needed
                programme.equal([(amount, 1.0)])
            else:
                programme.at_least([(amount, 1.0), (chosen, -low / self.units.kw)])
                programme.at_most([(amount, 1.0), (chosen, -top)])
            pieces.append((chosen, amount))
        programme.equal([(chosen, 1.0) for chosen, _ in pieces] + [(used, -1.0)])
        programme.equal([(amount, 1.0) for _, amount in pieces] + [(capacity, -1.0)])
        return tuple(pieces)

    # -- rows ----------------------------------------------------------------

    def _nodes(self) -> None:
        """What enters a node leaves it or is taken there; and one feed, or none."""
        programme, problem, units = self.programme, self.problem, self.units
        balance: dict[str, dict[int, list[Term]]] = {"users": {}, "spread": {}, "heat": {}}
        into: dict[int, list[Term]] = {}

        def add(what: str, node: int, column: int, factor: float) -> None:
            if self.lean and what != "spread":
                node = 0  # one balance of all
            balance[what].setdefault(node, []).append((column, factor))

        for arc in self.arcs:
            for what, column in _followed(arc):
                add(what, arc.start, column, -1.0)
                add(what, arc.end, column, 1.0)
            into.setdefault(arc.end, []).append((arc.used, 1.0))
        for fed, source in zip(self.fed, problem.sources, strict=True):
            for what, column in _followed(fed):
                add(what, source.node, column, 1.0)
            into.setdefault(source.node, []).append((fed.feeds, 1.0))
        for column, customer in zip(self.served, problem.customers, strict=True):
            add("users", customer.node, column, -float(customer.connections))
            add("spread", customer.node, column, -customer.spread_kw / units.kw)
            add("heat", customer.node, column, -customer.kwh / units.kwh)
        # Half of what a link loses is taken at either end, so that a supply gives
        # all of it without a loss having to know its direction.
        for i, (sized, link) in enumerate(zip(self.sized, problem.links, strict=True)):
            for column, loss in zip(sized.columns, self.losses(i), strict=True):
                for node in (link.u, link.v):
                    add("heat", node, column, -float(loss) / 2 / units.kwh)
        for rows in balance.values():
            for terms in rows.values():
                programme.equal(terms)
        self._feeds(into)
        self._leads_on(into)

    def _leads_on(self, into: dict[int, list[Term]]) -> None:
        """Heat that comes to a node is taken there or led on: no pipe ends at nothing."""
        away: dict[int, list[Term]] = {}
        for arc in self.arcs:
            away.setdefault(arc.start, []).append((arc.used, -1.0))
        for column, customer in zip(self.served, self.problem.customers, strict=True):
            away.setdefault(customer.node, []).append((column, -1.0))
        for node, terms in into.items():
            if self.problem.settings.prevent_loops:
                self.programme.at_most([*terms, *away.get(node, ())])

    def _feeds(self, into: dict[int, list[Term]]) -> None:
        """No node gives what it does not get, and none has two feeds where loops are prevented."""
        programme, problem = self.programme, self.problem
        if problem.settings.prevent_loops:
            for terms in into.values():
                programme.at_most(terms, 1.0)
        back = {(arc.link, arc.forward): arc.used for arc in self.arcs}
        for arc in self.arcs:
            returning = back.get((arc.link, not arc.forward))
            feeding = [term for term in into.get(arc.start, []) if term[0] != returning]
            programme.at_most([(arc.used, 1.0), *((column, -1.0) for column, _ in feeding)])
        for column, customer in zip(self.served, problem.customers, strict=True):
            feeding = into.get(customer.node, [])
            programme.at_most([(column, 1.0), *((other, -1.0) for other, _ in feeding)])

    def _assign(self) -> None:
        """Which supply feeds which building, where there are several.

        Without it a relaxation takes the peaks from the supply that is cheap to
        build and the heat from the one that is cheap to run.
        """
        programme, problem, units = self.programme, self.problem, self.units
        if len(problem.sources) < 2:
            return
        of_source: list[list[int]] = [[] for _ in problem.sources]
        for column in self.served:
            fractions = [programme.column(0.0, 1.0) for _ in problem.sources]
            programme.equal([(column, -1.0), *((fraction, 1.0) for fraction in fractions)])
            for own, fraction, fed in zip(of_source, fractions, self.fed, strict=True):
                own.append(fraction)
                programme.at_most([(fraction, 1.0), (fed.feeds, -1.0)])
        for own, fed in zip(of_source, self.fed, strict=True):
            pairs = list(zip(own, problem.customers, strict=True))
            users = [(column, -float(c.connections)) for column, c in pairs]
            spread = [(column, -c.spread_kw / units.kw) for column, c in pairs]
            heat = [(column, -c.kwh / units.kwh) for column, c in pairs]
            programme.equal([(fed.connections, 1.0), *users])
            programme.equal([(fed.spread, 1.0), *spread])
            programme.at_least([(fed.heat, 1.0), *heat])

    def _required(self) -> None:
        """What must be in the network, and groups."""
        programme, problem = self.programme, self.problem
        for column, customer in zip(self.served, problem.customers, strict=True):
            if customer.required:
                programme.at_least([(column, 1.0), *self.give(1 / WANTED)], 1.0)
        for group in problem.groups:
            first, *others = sorted(group)
            for other in others:
                programme.equal([(self.served[other], 1.0), (self.served[first], -1.0)])
        for i, link in enumerate(problem.links):
            if link.required:
                used = [(arc.used, 1.0) for arc in self.arcs_of[i]]
                programme.at_least([*used, *self.give(1 / WANTED)], 1.0)

    # -- money and heat ------------------------------------------------------

    def money(self, *, objective: bool) -> dict[int, float]:
        """Present value in the programme's unit, by column.

        Parameters
        ----------
        objective : bool
            Only what counts in the objective.
        """
        kind = "objective" if objective else "npv"
        problem, unit = self.problem, self.units.money
        terms: dict[int, float] = {}

        def add(column: int, amount: float) -> None:
            terms[column] = terms.get(column, 0.0) + amount / unit

        for column, customer in zip(self.served, problem.customers, strict=True):
            add(column, getattr(customer, kind))
        for sized, link in zip(self.sized, problem.links, strict=True):
            for column, step in zip(sized.columns, sized.steps, strict=True):
                add(column, float(getattr(link, kind)[step]))
        for s, source in enumerate(problem.sources):
            for column, amount in self.supply_cost(s, getattr(source, kind)):
                add(column, -amount)
        return terms

    def supply_cost(self, s: int, costs: Costing) -> Iterator[Term]:
        """What a supply costs, by column [¤].

        Parameters
        ----------
        s : int
            Number of the supply.
        costs : Costing
            Its costs.
        """
        fed = self.fed[s]
        yield fed.used, costs.fixed
        yield fed.heat, costs.per_kwh * self.units.kwh
        stretches = list(costs.segments())
        if not fed.pieces:
            yield fed.used, stretches[0][2]
            yield fed.capacity, stretches[0][3] * self.units.kw
            return
        for (chosen, amount), (low, _, start, slope) in zip(fed.pieces, stretches, strict=True):
            yield chosen, start - slope * low
            yield amount, slope * self.units.kw

    def delivered(self) -> dict[int, float]:
        """Heat delivered in the programme's unit, by column."""
        return {
            column: customer.kwh / self.units.kwh
            for column, customer in zip(self.served, self.problem.customers, strict=True)
        }

    def narrow(self, s: int, low: float, high: float) -> None:
        """Keep the capacity of a supply within a range wherever it is used.

        Parameters
        ----------
        s : int
            Number of the supply.
        low, high : float
            The range, in the programme's unit.
        """
        room = 1e-6 * (1 + abs(high))
        low, high = low - room, high + room
        for chosen, amount in self.fed[s].pieces:
            self.programme.at_most([(amount, 1.0), (chosen, -high)])
            self.programme.at_least([(amount, 1.0), (chosen, -low)])


def _followed(place: Arc | Fed) -> Iterator[tuple[str, int]]:
    """What is followed through an arc or a supply, and its column."""
    for what, column in (
        ("users", place.connections),
        ("spread", place.spread),
        ("heat", place.heat),
    ):
        if column >= 0:
            yield what, column
