"""A good network fast: trees grown, settled, torn down in part and grown again.

From the supplies, every branch is grown that pays
(:mod:`~surrogate.costing.optimiser.growing`), generously; what does not earn its cost
is cut again (:mod:`~surrogate.costing.optimiser.settling`); the buildings that are left
are joined by a Steiner tree (:mod:`~surrogate.costing.optimiser.trees`); then parts are
torn down and grown anew by slightly other ways, while that finds better networks [1]_.
Supplies and pipes that would be too small charge for capacity until they are not.
What comes out is costed exactly.

References
----------
.. [1] G. Schrimpf, J. Schneider, H. Stamm-Wilbrandt, G. Dueck, Record breaking
   optimization results using the ruin and recreate principle, Journal of
   Computational Physics 159 (2000) 139-171.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Evaluation, evaluate
from surrogate.costing.optimiser.growing import Growing
from surrogate.costing.optimiser.settling import Charges, Settled, Settling
from surrogate.costing.optimiser.trees import LEAST, Tree, Trees
from surrogate.costing.problem import Problem

Floats = npt.NDArray[np.float64]

_FEW = 3
"""Up to so many supplies every choice among them is tried."""

_DISCOUNTS = (0.6, 0.0, 1.0, 0.8)
"""What pipes are taken to cost while the first branches are grown, over what they cost."""

_BEGUN = len(_DISCOUNTS)
"""Rounds after which parts are torn down."""

_FITTING = 10
"""Times that charges for capacity are changed until all fits."""

_WORSE = 0.002
"""A network worse by this share of the best is gone on from."""

_STUCK = 3
"""After so many rounds without a better network each is joined anew."""

_RESETS = 12
"""After so many rounds without a better network the best is gone on from."""


def rounds_for(problem: Problem) -> int:
    """Rounds after which more are rarely worth their time: many where they are quick.

    Parameters
    ----------
    problem : Problem
        The problem.
    """
    return int(np.clip(120_000 / max(len(problem.links), 1), 24, 150))


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
        self.trees = Trees(problem)
        self.settling = Settling(problem)
        self.growing = Growing(problem, self.settling)
        self.charges: Charges = {}

    # -- search ----------------------------------------------------------------

    def run(
        self,
        over: Callable[[], bool],
        better: Callable[[Evaluation], None] | None = None,
    ) -> Evaluation | None:
        """Look for a good network.

        Every choice of supplies is tried where they are few; the best one is gone
        on from.

        Parameters
        ----------
        over : callable
            True when it is time to end.
        better : callable, optional
            Told a network now and then.

        Returns
        -------
        Evaluation or None
            The best that keeps all limits; one that does not where none was found;
            None where there is none at all.
        """
        if not self.problem.links or not self.problem.sources or over():
            return None
        found: list[tuple[float, tuple[int, ...], Settled]] = []
        for chosen in self._choices():
            if found and over():
                break
            bare = self._bare(chosen)
            settled = self._search(bare, over, _BEGUN + 1)
            found.append((settled.value, chosen, settled))
        found.sort(key=lambda one: (one[2].fits, one[0]), reverse=True)
        best: Evaluation | None = None
        rounds = rounds_for(self.problem)
        for _, chosen, settled in found[:2]:
            if best is not None and over():
                break
            self.trees.open = list(chosen)
            exact = self._costed(self._search(settled, over, rounds, _BEGUN))
            rounds //= 3
            if best is None or _rank(exact) > _rank(best):
                best = exact
            if better is not None and best.feasible:
                better(best)
        return best

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
        self.charges = {}
        weights = np.maximum(self.settling.least, 1.0) * (1.02 - np.clip(used, 0, 1))
        nodes = {self.problem.customers[i].node for i in wanted}
        settled = self._fitted(self.trees.tree_over(nodes, np.maximum(weights, LEAST)))
        return self._costed(self._search(settled, over, rounds_for(self.problem) // 3, _BEGUN))

    def polished(self, best: Evaluation, over: Callable[[], bool]) -> Evaluation:
        """Improve a network; what it was where nothing better is found.

        Parameters
        ----------
        best : Evaluation
            The network.
        over : callable
            True when it is time to end.
        """
        self.trees.open = sorted(best.design.sources) or list(range(len(self.problem.sources)))
        self.charges = {}
        start = self._fitted(self._tree_of(best))
        found = self._costed(self._search(start, over, rounds_for(self.problem) // 3, _BEGUN))
        return found if found.feasible and found.objective > best.objective else best

    def _costed(self, settled: Settled) -> Evaluation:
        return evaluate(self.problem, self.settling.design(settled))

    def _choices(self) -> list[tuple[int, ...]]:
        """Sets of supplies to try."""
        every = range(len(self.problem.sources))
        must = {s for s in every if self.problem.sources[s].required}
        sizes = range(1, len(every) + 1) if len(every) <= _FEW else (1, len(every))
        choices = [set(some) | must for size in sizes for some in combinations(every, size)]
        return sorted({tuple(sorted(choice)) for choice in choices}, key=len, reverse=True)

    def _bare(self, sources: tuple[int, ...]) -> Settled:
        """Supplies without a pipe, or what must be connected and no more."""
        self.trees.open = list(sources)
        self.charges = {}
        required = {c.node for c in self.problem.customers if c.required}
        if required:
            return self._fitted(self.trees.tree_over(required, self.settling.weights({})))
        feeding = {self.problem.sources[s].node: s for s in reversed(sources)}
        return self.settling.settle(Tree(list(feeding), {}, feeding))

    def _tree_of(self, found: Evaluation) -> Tree:
        """The tree of a network."""
        weights = self.settling.weights({})
        weights[list(found.design.links)] = LEAST
        members = {self.trees.root}
        for i in found.design.links:
            members |= {int(self.trees.u[i]), int(self.trees.v[i])}
        return self.trees.spanning(members, weights)

    def _search(
        self, start: Settled, over: Callable[[], bool], rounds: int, done: int = 0
    ) -> Settled:
        """Tear down and grow again for some rounds, after others; the best that was found."""
        best = current = start
        since = 0
        for k in range(done, done + rounds):
            if over():
                break
            found = self._regrown(current, k)
            if found.kept and (k % 3 == 2 or since > _STUCK):
                found = max(found, self._rerouted(found), key=_worth)
            since = 0 if _worth(found) > _worth(best) else since + 1
            best = max(best, found, key=_worth)
            if found.fits and found.value >= current.value - _WORSE * abs(best.value):
                current = found
            if since >= _RESETS:
                current, since = best, 0
        return best

    def _regrown(self, settled: Settled, k: int) -> Settled:
        """Tear a part down, unless it is one of the first rounds, and grow again."""
        first = len(settled.kept) < _DOZEN or k < _BEGUN
        part = settled if first else self._torn(settled)
        discount = _DISCOUNTS[k % len(_DISCOUNTS)] if first else self.random.uniform(0.5, 1.0)
        noise = None if first else self.random.uniform(0.8, 1.25, len(self.problem.links))
        margins = self.settling.margins(part, self.charges)
        tree = self.settling.part(part)
        return self._fitted(self.growing.grow(tree, margins, float(discount), noise))

    def _torn(self, settled: Settled) -> Settled:
        """Without the branch at some node; as it is where that would be most of it."""
        tree = self.settling.part(settled)
        nodes = [node for node in tree.order if node in tree.parent]
        if not nodes:
            return settled
        node = int(self.random.choice(nodes))
        for _ in range(int(self.random.integers(0, 25))):
            if tree.parent[node][0] in tree.source:
                break
            node = tree.parent[node][0]
        gone = {node}
        for other in tree.order:
            if other in tree.parent and tree.parent[other][0] in gone:
                gone.add(other)
        if len(gone) > len(tree.order) / 2:
            return settled
        order = [other for other in tree.order if other not in gone]
        parent = {other: tree.parent[other] for other in order if other in tree.parent}
        return self.settling.settle(Tree(order, parent, tree.source))

    def _rerouted(self, settled: Settled) -> Settled:
        """The same buildings, joined anew."""
        nodes = {self.problem.customers[i].node for i in settled.kept}
        weights = np.maximum(self.settling.least, 1.0)
        weights = weights * self.random.uniform(0.8, 1.25, len(weights))
        weights[list(settled.loads)] *= self.random.uniform(0.4, 1.0)
        return self._fitted(self.trees.tree_over(nodes, np.maximum(weights, LEAST)))

    # -- limits ----------------------------------------------------------------

    def _fitted(self, tree: Tree) -> Settled:
        """What is left of a tree when supplies and pipes charge so much that all fits."""
        found = self._settled(tree, None)
        best = found if found.fits else None
        short = {key for key, share in found.full.items() if share > 1}
        low: dict[tuple[str, int], float] = {}
        high: dict[tuple[str, int], float] = {}
        base = found
        for _ in range(_FITTING if short else 2):
            if not short:
                self.charges = {}
            for key in short:
                self.charges[key] = max(self.charges.get(key, 0.0), self._step)
            found = self._settled(tree, self.settling.margins(base, self.charges))
            if found.fits and (best is None or found.value > best.value):
                best = found
            if not short:
                if found.value <= base.value:
                    break
                base = found
                continue
            short |= {key for key, share in found.full.items() if share > 1}
            if not self._charged(short, found, low, high):
                break
        self.charges.update({key: high[key] for key in short if key in high})
        return best or found

    def _charged(
        self,
        short: set[tuple[str, int]],
        found: Settled,
        low: dict[tuple[str, int], float],
        high: dict[tuple[str, int], float],
    ) -> bool:
        """Change charges for what is too small; whether that can still better anything."""
        changed = False
        for key in short:
            share, charge = self._share(found, key), self.charges.get(key, 0.0)
            if share > 1:
                low[key] = charge
            else:
                high[key] = charge
            if key not in high:
                self.charges[key] = 1.6 * charge + self._step
                changed = True
            elif not _NEARLY < share <= 1:
                self.charges[key] = 0.5 * (low.get(key, 0.0) + high[key])
                changed = True
        return changed

    def _share(self, found: Settled, key: tuple[str, int]) -> float:
        """How full a link or supply is."""
        if key in found.full:
            return found.full[key]
        kind, number = key
        load = found.loads.get(number, 0.0) if kind == "link" else 0.0
        return load / self.settling.capacity[number][-1] if load else 0.0

    @property
    def _step(self) -> float:
        """Where charges begin: a share of what the buildings are worth [¤/kW]."""
        worth = sum(abs(customer.objective) for customer in self.problem.customers)
        kilowatts = sum(customer.spread_kw for customer in self.problem.customers)
        return 0.05 * worth / max(kilowatts, 1e-9)

    def _settled(self, tree: Tree, margins: dict[int, float] | None) -> Settled:
        """Settle a tree so that groups are connected all or none."""
        found = self.settling.settle(tree, margins)
        allowed = frozenset(range(len(self.problem.customers)))
        while True:
            torn = {
                i
                for group in self.problem.groups
                if 0 < len(found.kept & group) < len(group)
                for i in group
            }
            if not torn & allowed:
                return found
            allowed -= torn
            found = self.settling.settle(tree, margins, allowed)


_DOZEN = 12
"""With fewer buildings there is nothing to tear down."""

_NEARLY = 0.97
"""A supply that is so full is full enough."""


def _worth(settled: Settled) -> tuple[bool, float]:
    return settled.fits, settled.value


def _rank(found: Evaluation) -> tuple[bool, float]:
    """What keeps all limits is better than what does not; else what is worth more."""
    return found.feasible, found.objective
