"""A good network fast: prize-collecting Steiner trees, grown, pruned and improved.

Links are weighed by what their pipe costs at the load it last had; a Steiner
tree over the buildings worth connecting is grown (:mod:`~surrogate.costing.optimiser.trees`),
branches that earn less than they cost are cut, and nodes are added and
taken away while that helps. What comes out is costed exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Design, Evaluation, evaluate, laid_by_link
from surrogate.costing.optimiser.trees import LEAST, Tree, Trees
from surrogate.costing.pipes import HOURS
from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]

_FEW = 3
"""Up to so many supplies every choice among them is tried."""

_CHARGES = 12
"""Times that supplies may charge more."""


def _rank(found: Evaluation) -> tuple[bool, float]:
    """What keeps all limits is better than what does not; else what is worth more."""
    return found.feasible, found.objective


Grown = tuple[float, Tree, set[int], dict[int, float]]
"""What a tree is worth, the tree, the customers it keeps, and the loads of its links."""


class Heuristic:
    """Finds good networks for a problem in which every junction has one feed.

    Parameters
    ----------
    problem : Problem
        The problem.
    seed : int
        Of the perturbations.
    """

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        self.problem = problem
        self.random = np.random.default_rng(seed)
        links = problem.links
        self.trees = Trees(problem)
        self.capacity = [link.capacity_kw.tolist() for link in links]
        self.heat_price = [source.objective.per_kwh for source in problem.sources]
        cheapest = min(self.heat_price, default=0.0)
        self.cost = [(-link.objective + cheapest * link.loss_kwh).tolist() for link in links]
        self.loss = [link.loss_kwh.tolist() for link in links]
        self.least = np.array([min(cost) for cost in self.cost])
        self.at: dict[int, list[int]] = {}
        for i, customer in enumerate(problem.customers):
            self.at.setdefault(customer.node, []).append(i)
        self.charge = np.zeros(len(problem.sources))

    # -- worth -----------------------------------------------------------------

    def settle(self, tree: Tree, wanted: set[int]) -> tuple[float, set[int], dict[int, float]]:
        """Cut branches of a tree that earn less than they cost.

        Parameters
        ----------
        tree : Tree
            The tree.
        wanted : set of int
            Customers that may be connected.

        Returns
        -------
        value : float
            What the rest is worth, nearly [¤].
        customers : set of int
            Those left in.
        loads : dict
            Load of each link used [kW].
        """
        diversity = self.problem.diversity
        customers = self.problem.customers
        worth: dict[int, float] = {}
        flow: dict[int, tuple[int, float, float, float]] = {}
        inside: dict[int, list[int]] = {}
        loads: dict[int, float] = {}
        used: dict[int, list[int]] = {}
        feeds = self._feeds(tree)
        total, kept = 0.0, set()
        for node in reversed(tree.order):
            price, charge = self.heat_price[feeds[node]], self.charge[feeds[node]]
            value, members = worth.pop(node, 0.0), inside.pop(node, [])
            links = used.pop(node, [])
            n, spread, single, kwh = flow.pop(node, (0, 0.0, 0.0, 0.0))
            for i in self.at.get(node, ()):
                customer = customers[i]
                gain = customer.objective - price * customer.kwh - charge * customer.spread_kw
                if i in wanted and (gain > 0 or customer.required):
                    value += gain
                    members.append(i)
                    n += customer.connections
                    spread += customer.spread_kw
                    single = max(single, customer.peak_kw)
                    kwh += customer.kwh
            if not n:
                continue
            load = max(diversity(n) * spread, single, kwh / HOURS)
            if node in tree.source:
                source = self.problem.sources[tree.source[node]]
                value -= source.objective.at(min(load, source.objective.kilowatts[-1]), 0.0)
                if value > 0 or any(customers[i].required for i in members):
                    total += value
                    kept.update(members)
                    for link in links:
                        loads.setdefault(link, 0.0)
                continue
            up, link = tree.parent[node]
            step = bisect_left(self.capacity[link], load * (1 - 1e-12))
            over = step >= len(self.capacity[link])
            step = min(step, len(self.capacity[link]) - 1)
            loads[link] = load
            value -= self.cost[link][step] + (1e12 if over else 0.0)
            required = any(customers[i].required for i in members)
            if value <= 0 and not required:
                continue
            worth[up] = worth.get(up, 0.0) + value
            inside.setdefault(up, []).extend(members)
            used.setdefault(up, []).extend([*links, link])
            m, s, g, k = flow.get(up, (0, 0.0, 0.0, 0.0))
            flow[up] = (m + n, s + spread, max(g, single), k + kwh + self.loss[link][step])
        return total, kept, loads

    def _feeds(self, tree: Tree) -> dict[int, int]:
        """Supply that feeds each node of a tree."""
        feeds: dict[int, int] = {}
        for node in tree.order:
            feeds[node] = tree.source[node] if node in tree.source else feeds[tree.parent[node][0]]
        return feeds

    def design(self, tree: Tree, kept: set[int]) -> Design:
        """A tree's part that serves some customers.

        Parameters
        ----------
        tree : Tree
            The tree.
        kept : set of int
            The customers.
        """
        links: dict[int, bool] = {}
        sources = set()
        for i in kept:
            node = self.problem.customers[i].node
            while node in tree.parent:
                up, link = tree.parent[node]
                if link in links:
                    break
                links[link] = bool(self.problem.links[link].u == up)
                node = up
            else:
                sources.add(tree.source[node])
        return Design(frozenset(kept), links, frozenset(sources))

    # -- search ----------------------------------------------------------------

    def run(self, over: Callable[[], bool], rounds: int = 20) -> Evaluation | None:
        """Look for a good network.

        Every choice of supplies is tried where they are few. A supply that
        would have to give more than it can charges for capacity until it does
        not.

        Parameters
        ----------
        over : callable
            True when it is time to end.
        rounds : int
            Trees grown for each choice of supplies.

        Returns
        -------
        Evaluation or None
            The best that keeps all limits; one that does not where none was found;
            None where there is none at all.
        """
        if not self.problem.links or not self.problem.sources:
            return None
        best: Evaluation | None = None
        for chosen in self._choices():
            self.trees.open = list(chosen)
            self.charge[:] = 0.0
            for _ in range(_CHARGES):
                if over():
                    break
                found = self._grown(over, rounds)
                if found is None:
                    break
                if best is None or _rank(found) > _rank(best):
                    best = found
                if not self._dearer(found):
                    break
        return self.polished(best, over) if best is not None and best.feasible else best

    def guided(
        self, used: Floats, wanted: set[int], sources: list[int], over: Callable[[], bool]
    ) -> Evaluation | None:
        """A network along links that are used already, somewhat or not at all.

        Parameters
        ----------
        used : ndarray
            How much of each link is used, 0 to 1.
        wanted : set of int
            Customers to reach.
        sources : list of int
            Supplies to feed from.
        over : callable
            True when it is time to end.

        Returns
        -------
        Evaluation or None
            The network; None where none can be.
        """
        if not wanted or not sources:
            return None
        self.trees.open = sources
        self.charge[:] = 0.0
        weights = np.maximum(np.maximum(self.least, 1.0) * (1.02 - np.clip(used, 0, 1)), LEAST)
        nodes = {self.problem.customers[i].node for i in wanted}
        tree = self.trees.tree_over(nodes, weights)
        everyone = set(range(len(self.problem.customers)))
        _, kept, _ = self._grouped(tree, everyone)
        found = evaluate(self.problem, self.design(tree, kept))
        return self.polished(found, over) if found.feasible else found

    def _choices(self) -> list[tuple[int, ...]]:
        """Sets of supplies to try."""
        every = range(len(self.problem.sources))
        must = {s for s in every if self.problem.sources[s].required}
        sizes = range(1, len(every) + 1) if len(every) <= _FEW else (1, len(every))
        choices = [set(some) | must for size in sizes for some in combinations(every, size)]
        return sorted({tuple(sorted(choice)) for choice in choices}, key=len, reverse=True)

    def _dearer(self, found: Evaluation) -> bool:
        """Let supplies charge more that give more than they can; whether any does."""
        over = [v for v in found.violations if v.kind.startswith("supply-k")]
        names = {name for violation in over for name in violation.names}
        customers = [self.problem.customers[i] for i in found.design.customers]
        kilowatts = sum(customer.spread_kw for customer in customers)
        step = 0.1 * sum(abs(customer.objective) for customer in customers) / max(kilowatts, 1e-9)
        for s, source in enumerate(self.problem.sources):
            if source.name in names:
                self.charge[s] = max(1.6 * self.charge[s], step)
        return bool(names)

    def _grown(self, over: Callable[[], bool], rounds: int) -> Evaluation | None:
        """The best of several trees, exactly."""
        best: Grown | None = None
        everyone = set(range(len(self.problem.customers)))
        weights = np.maximum(self.least, LEAST)
        wanted = everyone
        for _ in range(rounds):
            if over() and best is not None:
                break
            tree = self.trees.tree_over({self.problem.customers[i].node for i in wanted}, weights)
            value, kept, loads = self._grouped(tree, everyone)
            if best is None or value > best[0]:
                best = value, tree, kept, loads
                wanted = kept or everyone
                weights = self._weights(loads)
            else:
                wanted = self._shaken(best[2], everyone)
                noise = self.random.uniform(0.8, 1.25, len(weights))
                weights = self._weights(best[3]) * noise
        if best is None:
            return None
        return evaluate(self.problem, self.design(best[1], best[2]))

    def _grouped(self, tree: Tree, wanted: set[int]) -> tuple[float, set[int], dict[int, float]]:
        """Settle a tree so that groups are connected all or none."""
        allowed = set(wanted)
        while True:
            value, kept, loads = self.settle(tree, allowed)
            torn = {
                i
                for group in self.problem.groups
                if 0 < len(kept & group) < len(group)
                for i in group
            }
            if not torn & allowed:
                return value, kept, loads
            allowed -= torn

    def polished(self, best: Evaluation, over: Callable[[], bool]) -> Evaluation:
        """Improve a network node by node; what it was where that breaks a limit.

        Parameters
        ----------
        best : Evaluation
            The network.
        over : callable
            True when it is time to end.
        """
        self.trees.open = sorted(best.design.sources) or self.trees.open
        loads = {i: laid.load_kw for i, laid in laid_by_link(self.problem, best).items()}
        members = {self.trees.root} | {
            c.node for c in map(self.problem.customers.__getitem__, best.design.customers)
        }
        for i in best.design.links:
            members |= {int(self.trees.u[i]), int(self.trees.v[i])}
        tree = self.trees.spanning(members, self._weights(loads))
        everyone = set(range(len(self.problem.customers)))
        value, kept, loads = self._grouped(tree, everyone)
        _, tree, kept, _ = self._improved((value, tree, kept, loads), over)
        found = evaluate(self.problem, self.design(tree, kept))
        return found if found.feasible and found.objective > best.objective else best

    def _weights(self, loads: dict[int, float]) -> Floats:
        """Cost of each link at the load it has, or with its smallest pipe."""
        weights = self.least.copy()
        for link, load in loads.items():
            step = min(bisect_left(self.capacity[link], load), len(self.capacity[link]) - 1)
            weights[link] = 0.5 * (weights[link] + self.cost[link][step])
        return np.asarray(np.maximum(weights, LEAST))

    def _shaken(self, kept: set[int], everyone: set[int]) -> set[int]:
        """Nearly the same customers."""
        chance = self.random.random(len(everyone))
        near = {i for i in everyone if (chance[i] > 0.05 if i in kept else chance[i] < 0.15)}
        return near or kept or everyone

    def _improved(
        self,
        best: Grown,
        over: Callable[[], bool],
    ) -> Grown:
        """Add or take away a node at a time while that helps."""
        everyone = set(range(len(self.problem.customers)))
        neighbours: dict[int, set[int]] = {}
        for u, v in zip(self.trees.u.tolist(), self.trees.v.tolist(), strict=True):
            neighbours.setdefault(u, set()).add(v)
            neighbours.setdefault(v, set()).add(u)
        improved = True
        while improved and not over():
            improved = False
            _, tree, kept, loads = best
            weights = self._weights(loads)
            members = self._members(tree, kept)
            beside = {n for m in members for n in neighbours.get(m, ())} - members
            for node in [*self.random.permutation(sorted(beside | members))]:
                if over():
                    break
                if node in members and int(node) in self.at:
                    continue
                changed = (members ^ {int(node)}) | {self.trees.root}
                if node not in members:
                    changed |= {n for n in neighbours[int(node)] if n in self.at}
                tried = self.trees.spanning(changed, weights)
                found = self._grouped(tried, everyone)
                if found[0] > best[0] * (1 + 1e-9):
                    best = (found[0], tried, *found[1:])
                    members = self._members(tried, found[1])
                    improved = True
        return best

    def _members(self, tree: Tree, kept: set[int]) -> set[int]:
        """Nodes on the ways to customers."""
        members: set[int] = set()
        for i in kept:
            node = self.problem.customers[i].node
            while node not in members:
                members.add(node)
                if node not in tree.parent:
                    break
                node = tree.parent[node][0]
        return members
