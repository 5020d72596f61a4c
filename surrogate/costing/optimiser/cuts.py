"""Cuts that a fractional network breaks: whoever is connected is connected to a supply.

For a building and any set of nodes around it without a supply, some pipe leads
into the set, and one that carries at least this building's peak. Of these
inequalities (there are very many) those that a solution
of the relaxation breaks are found as smallest cuts between the supplies and
each building [1]_. They make the relaxation nearly as strong as a flow of its
own for each building, at a fraction of the size.

References
----------
.. [1] T. Koch, A. Martin, Solving Steiner tree problems in graphs to
   optimality, Networks 32 (1998) 207-232.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from surrogate.costing.optimiser.model import Model

Floats = npt.NDArray[np.float64]

_SCALE = 10**6
_LEAST = 1e-4 * _SCALE
"""A cut broken by less is let be."""

_SERVED = 1e-3
"""Buildings connected by less are let be."""

_NESTED = 4
"""Cuts looked for one behind another for each building."""

_MANY = 300
"""With more buildings one at a time: more rows would slow down more than they cut off."""


_ARCS = 150
"""Overfull arcs mended at a time."""

_OVER = 0.2
"""An arc overfull by less is let be, where all buildings together take 1000."""


class Cuts:
    """Finds the cuts that a solution breaks.

    Parameters
    ----------
    model : Model
        The model.
    over : callable
        True when it is time to end.
    """

    def __init__(self, model: Model, over: Callable[[], bool]) -> None:
        self.model = model
        self.over = over
        problem = model.problem
        self.root = problem.nodes
        nodes = [source.node for source in problem.sources]
        self.start = np.array([*(arc.start for arc in model.arcs), *([self.root] * len(nodes))])
        self.end = np.array([*(arc.end for arc in model.arcs), *nodes])
        size = self.root + 1
        pairs, self.pair = np.unique(self.start * size + self.end, return_inverse=True)
        self.indices = (pairs % size).astype(np.int32)
        self.indptr = np.searchsorted(pairs // size, np.arange(size + 1)).astype(np.int32)
        self.column = np.array(
            [*(arc.used for arc in model.arcs), *(fed.feeds for fed in model.fed)]
        )
        self.spread = np.array(
            [*(arc.spread for arc in model.arcs), *(fed.spread for fed in model.fed)]
        )
        self.peaks = np.array([c.spread_kw for c in problem.customers]) / model.units.kw
        self.link = np.array([arc.link for arc in model.arcs], dtype=np.intp)
        steps = max((len(sized.columns) for sized in model.sized), default=0)
        self.capacity = np.zeros((len(model.sized), steps))
        self.step = np.zeros((len(model.sized), steps), dtype=np.intp)
        for i, sized in enumerate(model.sized):
            self.capacity[i, : len(sized.columns)] = sized.capacity
            self.step[i, : len(sized.columns)] = sized.columns

    def broken(self, values: Floats) -> Iterator[list[tuple[int, float]]]:
        """Terms of each row ``terms <= 0`` that a solution breaks.

        Parameters
        ----------
        values : ndarray
            Of all columns.
        """
        model = self.model
        yield from self._overfull(values)
        used = values[self.column]
        served = np.array([values[column] for column in model.served])
        for i in np.argsort(-served, kind="stable"):
            if served[i] < _SERVED or self.over():
                break
            customer = model.problem.customers[i]
            enough = self._large_enough(customer.peak_kw)
            sized = np.where(enough, values[self.step], 0.0).sum(axis=1)[self.link]
            by_size = np.zeros(len(used), dtype=bool)
            by_size[: len(sized)] = sized < used[: len(sized)] - 1e-9
            least = used.copy()
            least[: len(sized)] = np.minimum(used[: len(sized)], sized)
            capacity = np.round(least * _SCALE).astype(np.int32)
            wanted = served[i] * _SCALE - _LEAST
            for _ in range(_NESTED if len(served) <= _MANY else 1):
                crossings = self._cut(capacity, customer.node, wanted)
                if not crossings:
                    break
                for crossing in crossings:
                    yield [(model.served[i], 1.0), *self._terms(crossing, by_size, enough)]
                    # What is found once is not found again, so others come to light.
                    capacity[crossing] = _SCALE

    def _overfull(self, values: Floats) -> Iterator[list[tuple[int, float]]]:
        """Arcs with more heat than their share of use lets through for each building.

        Of a building's peak no more passes an arc than is served, and no more than
        the arc is used: with the buildings C that are served more than it is used,
        spread <= sum over C of peak * used + sum over the others of peak * served.
        """
        model = self.model
        served = values[np.array(model.served, dtype=np.intp)]
        order = np.argsort(served, kind="stable")
        peaks = self.peaks[order]
        below = np.concatenate(([0.0], np.cumsum(peaks * served[order])))
        above = np.concatenate((np.cumsum(peaks[::-1])[::-1], [0.0]))
        used, spread = values[self.column], values[self.spread]
        split = np.searchsorted(served[order], used)
        excess = spread - below[split] - used * above[split]
        worst = np.argsort(-excess, kind="stable")[:_ARCS]
        for arc in worst[excess[worst] > _OVER]:
            few = order[: split[arc]]
            yield [
                (int(self.spread[arc]), 1.0),
                (int(self.column[arc]), -float(above[split[arc]])),
                *((model.served[i], -float(self.peaks[i])) for i in few),
            ]

    def _large_enough(self, peak_kw: float) -> npt.NDArray[np.bool_]:
        """Which pipes carry a building's peak; all where a pipe may carry a share of it."""
        if not self.model.problem.settings.prevent_loops:
            return self.capacity > 0
        least = peak_kw / self.model.units.kw * (1 - 1e-9)
        return np.asarray((self.capacity > 0) & (self.capacity >= least))

    def _terms(
        self,
        crossing: npt.NDArray[np.bool_],
        by_size: npt.NDArray[np.bool_],
        enough: npt.NDArray[np.bool_],
    ) -> Iterator[tuple[int, float]]:
        """What leads into a set: arcs in use, or their pipes that are large enough."""
        for arc in np.flatnonzero(crossing):
            if by_size[arc]:
                link = self.link[arc]
                for column in self.step[link][enough[link]]:
                    yield int(column), -1.0
            else:
                yield int(self.column[arc]), -1.0

    def _cut(
        self, capacity: npt.NDArray[np.int32], node: int, wanted: float
    ) -> list[npt.NDArray[np.bool_]]:
        """Arcs into sets of nodes around a building through which too little comes.

        The smallest such set and the largest: one close to the building, one
        close to the supplies, where many buildings break the same.
        """
        size = self.root + 1
        # Of arcs side by side all lead there.
        data = np.bincount(self.pair, weights=capacity).astype(np.int32)
        graph = csr_array((data, self.indices, self.indptr), shape=(size, size))
        result = maximum_flow(graph, self.root, node, method="dinic")
        if result.flow_value >= wanted:
            return []
        left = graph - result.flow
        left.data = np.maximum(left.data, 0)
        left.eliminate_zeros()
        near = np.zeros(size, dtype=bool)
        near[breadth_first_order(left.T.tocsr(), node, return_predecessors=False)] = True
        far = np.ones(size, dtype=bool)
        far[breadth_first_order(left, self.root, return_predecessors=False)] = False
        return [inside[self.end] & ~inside[self.start] for inside in (near, far)]
