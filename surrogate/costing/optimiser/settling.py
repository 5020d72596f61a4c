"""What a tree of pipes is worth: branches that earn less than they cost are cut.

From the leaves to the supplies, each branch is costed with its own load and
diversity, exactly but for the electricity of pumps. Whether it stays depends on
what it adds further up as well: wider pipes and more capacity, at the margin.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import TOLERANCE, Design
from surrogate.costing.optimiser.trees import LEAST, Tree
from surrogate.costing.pipes import HOURS
from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]
Charges = dict[tuple[str, int], float]
"""What capacity is charged with, by ("link" or "source", number) [¤/kW]."""


@dataclass(slots=True)
class Branch:
    """What hangs below a node.

    Parameters
    ----------
    value : float
        What it is worth [¤].
    connections : int
        End users.
    spread_kw, single_kw : float
        Sum of their own peaks, largest peak demand of a building [kW].
    kwh : float
        Heat of a year, losses included [kWh/a].
    required : bool
        Whether any of it must be connected.
    customers : list of int
        Buildings.
    loads : list of (int, float)
        Links with their loads [kW].
    """

    value: float = 0.0
    connections: int = 0
    spread_kw: float = 0.0
    single_kw: float = 0.0
    kwh: float = 0.0
    required: bool = False
    customers: list[int] = field(default_factory=list)
    loads: list[tuple[int, float]] = field(default_factory=list)

    def take(self, other: Branch) -> None:
        """Join another one to this."""
        self.value += other.value
        self.connections += other.connections
        self.spread_kw += other.spread_kw
        self.single_kw = max(self.single_kw, other.single_kw)
        self.kwh += other.kwh
        self.required |= other.required
        if len(self.customers) < len(other.customers):
            self.customers, other.customers = other.customers, self.customers
            self.loads, other.loads = other.loads, self.loads
        self.customers += other.customers
        self.loads += other.loads


@dataclass(frozen=True)
class Settled:
    """What is left of a tree.

    Parameters
    ----------
    tree : Tree
        The tree.
    value : float
        What the rest is worth [¤].
    kept : frozenset of int
        Customers left in.
    loads : mapping
        Load of each link used [kW].
    full : mapping
        How full links that are too small and supplies are: by ("link" or "source",
        number), load over capacity.
    supplied : mapping
        Load of each supply [kW].
    connections : int
        End users.
    """

    tree: Tree
    value: float
    kept: frozenset[int]
    loads: Mapping[int, float]
    full: Mapping[tuple[str, int], float]
    supplied: Mapping[int, float]
    connections: int

    @property
    def fits(self) -> bool:
        """Whether no pipe and no supply is too small."""
        return all(share <= 1 + TOLERANCE for share in self.full.values())


class Settling:
    """Costs of a problem, as quickly looked up as can be.

    Parameters
    ----------
    problem : Problem
        The problem.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.capacity: list[list[float]] = [link.capacity_kw.tolist() for link in problem.links]
        self.loss: list[list[float]] = [link.loss_kwh.tolist() for link in problem.links]
        self.price = [source.objective.per_kwh for source in problem.sources]
        self.cost: list[list[list[float]]] = [
            [(-link.objective + price * link.loss_kwh).tolist() for link in problem.links]
            for price in self.price
        ]
        cheapest = int(np.argmin(self.price)) if self.price else 0
        self.cheapest = self.cost[cheapest] if self.cost else []
        self.least = np.array([min(costs) for costs in self.cheapest])
        self.at: dict[int, list[int]] = {}
        for i, customer in enumerate(problem.customers):
            self.at.setdefault(customer.node, []).append(i)
        # Rising cost per kW about each step [¤/kW].
        self.rise = [
            [_rises(costs, capacity) for costs, capacity in zip(of, self.capacity, strict=True)]
            for of in self.cost
        ]
        self.gain = [
            [c.objective - price * c.kwh for c in problem.customers] for price in self.price
        ]
        self.typical_kw = float(np.mean([c.spread_kw for c in problem.customers] or [1.0]))

    def load(self, branch: Branch) -> float:
        """Peak load of a branch [kW]."""
        diversity = self.problem.diversity(branch.connections)
        return max(diversity * branch.spread_kw, branch.single_kw, branch.kwh / HOURS)

    def pipe(self, link: int, source: int, load_kw: float) -> tuple[float, float, float]:
        """What the smallest pipe that carries a load costs, loses, and how full it is.

        Parameters
        ----------
        link : int
            Where it lies.
        source : int
            Supply whose heat it loses.
        load_kw : float
            The load [kW].
        """
        capacity = self.capacity[link]
        step = min(bisect_left(capacity, load_kw * (1 - 1e-12)), len(capacity) - 1)
        return self.cost[source][link][step], self.loss[link][step], load_kw / capacity[-1]

    def own(self, node: int, source: int, margin: float, allowed: frozenset[int] | None) -> Branch:
        """Buildings at a node that are worth it where capacity has a price.

        Parameters
        ----------
        node : int
            The node.
        source : int
            Supply that would feed them.
        margin : float
            What more load costs further up [¤/kW].
        allowed : frozenset of int, optional
            Buildings that may be connected.
        """
        branch = Branch()
        for i in self.at.get(node, ()):
            customer, gain = self.problem.customers[i], self.gain[source][i]
            if allowed is not None and i not in allowed:
                continue
            if gain > margin * customer.spread_kw or customer.required:
                branch.value += gain
                branch.connections += customer.connections
                branch.spread_kw += customer.spread_kw
                branch.single_kw = max(branch.single_kw, customer.peak_kw)
                branch.kwh += customer.kwh
                branch.required |= customer.required
                branch.customers.append(i)
        return branch

    def settle(
        self,
        tree: Tree,
        margins: Mapping[int, float] | None = None,
        allowed: frozenset[int] | None = None,
    ) -> Settled:
        """Cut branches of a tree that earn less than they cost.

        Parameters
        ----------
        tree : Tree
            The tree.
        margins : mapping, optional
            What more load at a node costs further up [¤/kW].
        allowed : frozenset of int, optional
            Customers that may be connected; all by default.
        """
        margins, limit = margins or {}, self.problem.diversity.limit
        rate, feeds = self.problem.diversity.rate, self.feeds(tree)
        below: dict[int, Branch] = {}
        full: dict[tuple[str, int], float] = {}
        roots: dict[int, Branch] = {}
        for node in reversed(tree.order):
            branch = below.pop(node, None)
            if node in self.at:
                own = self.own(node, feeds[node], margins.get(node, 0.0), allowed)
                if branch is None:
                    branch = own
                else:
                    branch.take(own)
            if branch is None or not branch.connections:
                continue
            if node in tree.source:
                roots[tree.source[node]] = branch
                continue
            up, link = tree.parent[node]
            # As load() and pipe(), which would take most of the time.
            diversity = limit + (1 - limit) / max(1.0, rate * branch.connections)
            load = max(diversity * branch.spread_kw, branch.single_kw, branch.kwh / HOURS)
            capacity = self.capacity[link]
            step = bisect_left(capacity, load * (1 - 1e-12))
            if step == len(capacity):
                step, full["link", link] = step - 1, load / capacity[-1]
            branch.value -= self.cost[feeds[node]][link][step]
            if branch.value <= margins.get(up, 0.0) * branch.spread_kw and not branch.required:
                continue
            branch.kwh += self.loss[link][step]
            branch.loads.append((link, load))
            if up in below:
                below[up].take(branch)
            else:
                below[up] = branch
        return self._fed(tree, roots, full)

    def _fed(
        self, tree: Tree, roots: Mapping[int, Branch], full: dict[tuple[str, int], float]
    ) -> Settled:
        """What is left of a tree, with what its supplies cost."""
        value, kept, connections = 0.0, set(), 0
        loads: dict[int, float] = {}
        supplied: dict[int, float] = {}
        for s, branch in roots.items():
            source, load = self.problem.sources[s], self.load(branch)
            worth = branch.value - source.objective.at(
                min(load, float(source.objective.kilowatts[-1])), 0.0
            )
            if worth <= 0 and not branch.required:
                continue
            value += worth
            kept.update(branch.customers)
            loads.update(branch.loads)
            supplied[s] = load
            connections += branch.connections
            full["source", s] = max(load / source.capacity_kw, branch.kwh / source.capacity_kwh)
        inside = {key: share for key, share in full.items() if key[0] != "link" or key[1] in loads}
        return Settled(tree, value, frozenset(kept), loads, inside, supplied, connections)

    def feeds(self, tree: Tree) -> dict[int, int]:
        """Supply that feeds each node of a tree."""
        feeds: dict[int, int] = {}
        for node in tree.order:
            feeds[node] = tree.source[node] if node in tree.source else feeds[tree.parent[node][0]]
        return feeds

    def margins(self, settled: Settled, charges: Charges) -> dict[int, float]:
        """What more load at each node of a tree costs further up [¤/kW].

        Parameters
        ----------
        settled : Settled
            The tree with its loads.
        charges : dict
            What is charged for capacity beside its cost.
        """
        tree, feeds = settled.tree, self.feeds(settled.tree)
        diversity = self.problem.diversity(max(settled.connections, 1))
        margins: dict[int, float] = {}
        for node in tree.order:
            if node in tree.source:
                s = tree.source[node]
                rise = self._supply_rise(s, settled.supplied.get(s, 0.0))
                margins[node] = diversity * (rise + charges.get(("source", s), 0.0))
                continue
            up, link = tree.parent[node]
            rise = charges.get(("link", link), 0.0) if charges else 0.0
            load = settled.loads.get(link)
            if load is not None:
                capacity = self.capacity[link]
                step = min(bisect_left(capacity, load * (1 - 1e-9)), len(capacity) - 1)
                rise += self.rise[feeds[node]][link][step]
            margins[node] = margins[up] + diversity * rise
        return margins

    def _supply_rise(self, s: int, load_kw: float) -> float:
        """How a supply's cost rises about a load [¤/kW]."""
        stretches = list(self.problem.sources[s].objective.segments())
        return float(next((one for one in stretches if load_kw <= one[1]), stretches[-1])[3])

    def weights(self, loads: Mapping[int, float]) -> Floats:
        """Cost of each link: half at the load it has, half with its smallest pipe."""
        weights = self.least.copy()
        for link, load in loads.items():
            step = min(bisect_left(self.capacity[link], load), len(self.capacity[link]) - 1)
            weights[link] = 0.5 * (weights[link] + self.cheapest[link][step])
        return np.asarray(np.maximum(weights, LEAST))

    def part(self, settled: Settled) -> Tree:
        """The part of a tree that serves what is kept; supplies stay.

        Parameters
        ----------
        settled : Settled
            The tree.
        """
        tree = settled.tree
        needed = set(tree.source)
        for i in settled.kept:
            node = self.problem.customers[i].node
            while node not in needed:
                needed.add(node)
                node = tree.parent[node][0]
        order = [node for node in tree.order if node in needed]
        parent = {node: tree.parent[node] for node in order if node in tree.parent}
        return Tree(order, parent, tree.source)

    def design(self, settled: Settled) -> Design:
        """The network that is left of a tree.

        Parameters
        ----------
        settled : Settled
            The tree.
        """
        tree = settled.tree
        links: dict[int, bool] = {}
        for up, link in tree.parent.values():
            if link in settled.loads:
                links[link] = bool(self.problem.links[link].u == up)
        return Design(settled.kept, links, frozenset(settled.supplied))


def _rises(cost: list[float], capacity: list[float]) -> list[float]:
    """How a pipe's cost rises about each step [¤/kW]."""
    last = len(capacity) - 1
    rises = []
    for step in range(last + 1):
        low, high = max(step - 1, 0), min(step + 1, last)
        wide = capacity[high] - capacity[low]
        rises.append(max((cost[high] - cost[low]) / wide, 0.0) if wide > 0 else 0.0)
    return rises
