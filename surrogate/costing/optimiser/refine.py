"""Rows that a model lacks, added where a solution takes advantage of that.

Each keeps every network in the model, at its exact cost or cheaper, so bounds
stay bounds; together they make the model exact for the networks it comes across.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Evaluation, Laid, laid_by_link
from surrogate.costing.optimiser.model import Arc, Model
from surrogate.costing.optimiser.translate import start_of
from surrogate.costing.pipes import HOURS

Floats = npt.NDArray[np.float64]

_CLOSE = 1e-7
"""Relative: a load this little above a capacity is no reason for a row."""

_USED = 1e-3
"""Fractions of a pipe smaller than this are let be."""

_BROKEN = 1e-3
"""A row of a fractional solution broken by less is let be."""


class Refiner:
    """Adds what a model lacks.

    Parameters
    ----------
    model : Model
        The model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._total = max(model.total.connections, 1)
        self._hull = self._first_corners()
        self._done: set[tuple[object, ...]] = set()
        self._intervals: list[list[_Interval]] = [[] for _ in model.fed]
        self._floored = False

    def refine(self, values: Floats, found: Evaluation) -> int:
        """Add rows that forbid what a solution got wrong; how many.

        Parameters
        ----------
        values : ndarray
            A solution.
        found : Evaluation
            The same network, exactly.
        """
        before = len(self.model.programme.rows)
        for i, laid in laid_by_link(self.model.problem, found).items():
            self._link(i, values, laid)
        for s, feeding in found.feeds.items():
            fed = self.model.fed[s]
            given = float(values[fed.capacity]) * self.model.units.kw
            if feeding.load_kw > given * (1 + _CLOSE) + 1e-9:
                self._source(s, values, feeding.load_kw)
        return len(self.model.programme.rows) - before

    def tighten(self, values: Floats) -> Iterator[list[tuple[int, float]]]:
        """Rows of diversity that a fractional solution breaks.

        Parameters
        ----------
        values : ndarray
            Of all columns.
        """
        if not self.model.problem.settings.prevent_loops:
            return
        for arc in self.model.arcs:
            used = float(values[arc.used])
            if used < _USED:
                continue
            users = max(float(values[arc.connections]) / used, 1.0)
            line = self._line(int(users))
            for k in range(len(self.model.sized[arc.link].columns)):
                key = ("secant", arc.link, arc.forward, k, line)
                if key in self._done:
                    continue
                terms = self._diversified(arc, k, line)
                if sum(values[column] * factor for column, factor in terms) > _BROKEN:
                    self._done.add(key)
                    yield terms

    def forget(self) -> None:
        """Let rows of diversity be added again; some may have been dropped."""
        self._done = {key for key in self._done if key[0] != "secant"}

    def _link(self, i: int, values: Floats, laid: Laid) -> None:
        """A link whose pipe in the model is too small for its load."""
        model = self.model
        load = laid.load_kw
        given = sum(values[column] * cap for column, cap in model.pipes(i)) * model.units.kw
        if load <= given * (1 + _CLOSE):
            return
        arc = next(arc for arc in self.model.arcs_of[i] if arc.forward == laid.forward)
        users = float(values[arc.connections])
        spread = float(values[arc.spread]) * model.units.kw
        if model.problem.settings.prevent_loops:
            users = float(round(users) or 1)
        diversified = spread * model.problem.diversity(users)
        if diversified >= load * (1 - 1e-6):
            self._secant(i, users, diversified)
        elif laid.kwh / HOURS >= load * (1 - 1e-6):
            self._mean_flow(i)
        else:
            self._floors()

    def _secant(self, i: int, users: float, load: float) -> None:
        """Sum of peaks below capacity / D(n), where n passes, for the pipe that is too small.

        With ``k`` the largest step that does not carry the load: the chosen
        step is at most ``k``, then the sum is at most its capacity times
        1/D(n); or it is larger, then at most by as much as it is larger.
        """
        model = self.model
        line = self._line(users)
        capacity = model.sized[i].capacity
        too_small = np.flatnonzero(capacity * model.units.kw < load * (1 - _CLOSE))
        if not len(too_small):
            return
        k = int(too_small[-1])
        for arc in self.model.arcs_of[i]:
            key = ("secant", i, arc.forward, k, line)
            if key not in self._done:
                self._done.add(key)
                over = model.give(capacity[-1])
                terms = self._diversified(arc, k, line)
                model.programme.at_most([*terms, *((column, -factor) for column, factor in over)])

    def _diversified(self, arc: Arc, k: int, line: tuple[float, float]) -> list[tuple[int, float]]:
        """Terms of a row ``terms <= 0`` that ties the sum of peaks to 1/D(n) for a pipe."""
        sized = self.model.sized[arc.link]
        capacity = sized.capacity
        widest = float(self.model.problem.diversity.inverse(arc.most.connections))
        slope, level = line
        larger = [
            (column, -(cap - capacity[k]) * widest)
            for column, cap in zip(sized.columns[k + 1 :], capacity[k + 1 :], strict=True)
        ]
        return [
            (arc.spread, 1.0),
            (arc.connections, -capacity[k] * slope),
            (arc.used, -capacity[k] * level),
            *larger,
        ]

    def _line(self, users: float) -> tuple[float, float]:
        """Slope and level of a line over 1/D(n) that touches it at n or next to it."""
        if not self.model.problem.settings.prevent_loops:
            return self._tangent(users)
        at, values = self._hull
        if users >= at[-1] and at[-1] < self._total:
            low = min(math.floor(users), self._total - 1)
            first, second = self.model.problem.diversity.inverse([low, low + 1])
            return float(second - first), float(first - (second - first) * low)
        if len(at) == 1:
            return 0.0, float(values[0])
        right = int(np.clip(np.searchsorted(at, users, side="right"), 1, len(at) - 1))
        slope = (values[right] - values[right - 1]) / (at[right] - at[right - 1])
        return float(slope), float(values[right] - slope * at[right])

    def _first_corners(self) -> tuple[Floats, Floats]:
        """Corners of the least concave curve over 1/D(n), up to where 1/D(n) is concave itself.

        It is from the first whole number on where ``rate >= 1``. Below, 1/D is 1 up
        to ``1 / rate``, and the curve leaves it before ``4 / rate``.
        """
        rate = self.model.problem.diversity.rate
        last = 1 if rate >= 1 else self._total
        if 0 < rate < 1:
            last = min(self._total, math.ceil(4 / rate))
        if rate * last <= 1:
            return np.array([1.0]), np.array([1.0]) if rate < 1 else (
                self.model.problem.diversity.inverse([1.0])
            )
        return _upper_hull(self.model.problem.diversity.inverse(np.arange(1, last + 1)))

    def _tangent(self, users: float) -> tuple[float, float]:
        """The same where fractions of end users pass, down to none at all.

        A tangent to ``n r / (limit n r + 1 - limit)`` lies above 1/D(n) everywhere
        if it does at n = 0, where 1/D is 1: from ``n r = 1 + 1 / sqrt(limit)`` on.
        """
        limit, rate = self.model.problem.diversity.limit, self.model.problem.diversity.rate
        if rate <= 0 or limit >= 1:
            return 0.0, 1.0
        passing = max(users * rate, 1 + limit**-0.5)
        below = limit * passing + 1 - limit
        slope = rate * (1 - limit) / below**2
        return slope, passing / below - slope * passing / rate

    def _mean_flow(self, i: int) -> None:
        """A pipe carries the mean flow of the heat that enters it."""
        model = self.model
        if ("mean", i) in self._done:
            return
        self._done.add(("mean", i))
        link, sized, units = model.problem.links[i], model.sized[i], model.units
        to_kw = units.kwh / HOURS / units.kw
        losses = list(zip(sized.columns, link.loss_kwh[sized.steps], strict=True))
        # A link of several pipes loses along its way; the last one does not carry that.
        half = -0.5 if len(link.pipes) > 1 else 0.5
        for arc in self.model.arcs_of[i]:
            lost = [(column, half * float(loss) / units.kwh * to_kw) for column, loss in losses]
            over = model.give(float(sized.capacity[-1]))
            carried = [(column, -cap) for column, cap in (*model.pipes(i), *over)]
            model.programme.at_most([(arc.heat, to_kw), *lost, *carried])

    def _floors(self) -> None:
        """A pipe carries the peak of each building beyond it: the largest is handed upstream."""
        model = self.model
        if self._floored or not model.problem.settings.prevent_loops:
            return
        self._floored = True
        programme, units, problem = model.programme, model.units, model.problem
        top = max((c.peak_kw for c in problem.customers), default=0.0) / units.kw
        largest = [programme.column(0.0, top) for _ in range(problem.nodes)]
        for column, customer in zip(model.served, problem.customers, strict=True):
            programme.at_least(
                [(largest[customer.node], 1.0), (column, -customer.peak_kw / units.kw)]
            )
        for arc in model.arcs:
            most = arc.most.largest_kw / units.kw
            beyond = [(largest[arc.end], -1.0), (arc.used, -most)]
            programme.at_least([(largest[arc.start], 1.0), *beyond], -most)
            over = model.give(float(model.sized[arc.link].capacity[-1]))
            programme.at_least([*model.pipes(arc.link), *over, *beyond], -most)
        for fed, source in zip(model.fed, problem.sources, strict=True):
            beyond = [(largest[source.node], -1.0), (fed.feeds, -top)]
            programme.at_least([(fed.capacity, 1.0), *beyond], -top)

    def _source(self, s: int, values: Floats, load: float) -> None:
        """A supply whose capacity in the model is too small for its load."""
        model = self.model
        fed = model.fed[s]
        users = float(values[fed.connections])
        spread = float(values[fed.spread]) * model.units.kw
        if spread * model.problem.diversity(round(users) or 1) >= load * (1 - 1e-6):
            if model.problem.settings.prevent_loops:
                self._split(s, round(users))
        else:
            self._floors()

    def _split(self, s: int, users: int) -> None:
        """Tell apart fewer, so many, and more end users: D(n) is known better in each."""
        model = self.model
        intervals = self._intervals[s]
        if not intervals:
            for low, high in _first_intervals(max(model.total.connections, 1), users):
                intervals.append(self._interval(s, low, high))
            self._tie(s, intervals)
            return
        hit = next(i for i in intervals if i.low <= users <= i.high)
        if hit.low == hit.high:
            return
        middle = users if hit.high - hit.low < 16 else None
        pieces = (
            [(hit.low, users - 1), (users, users), (users + 1, hit.high)]
            if middle is not None
            else [(hit.low, users - 1), (users, users + 1), (users + 2, hit.high)]
        )
        new = [self._interval(s, low, high) for low, high in pieces if low <= high]
        intervals.remove(hit)
        intervals += new
        fed, programme = model.fed[s], model.programme
        for what, whole in (("chosen", hit.chosen), ("users", hit.users), ("spread", hit.spread)):
            programme.equal([(whole, -1.0), *((getattr(one, what), 1.0) for one in new)])
        terms = [(one.spread, -self._least(one)) for one in intervals]
        programme.at_least([(fed.capacity, 1.0), *terms])

    def _interval(self, s: int, low: int, high: int) -> _Interval:
        """Columns for a supply's end users between two numbers."""
        model = self.model
        programme = model.programme
        one = _Interval(
            low,
            high,
            programme.binary(),
            programme.column(0.0, np.inf),
            programme.column(0.0, np.inf),
        )
        total = model.total.spread_kw / model.units.kw
        programme.at_least([(one.users, 1.0), (one.chosen, -float(low))])
        programme.at_most([(one.users, 1.0), (one.chosen, -float(high))])
        programme.at_most([(one.spread, 1.0), (one.chosen, -total)])
        return one

    def _tie(self, s: int, intervals: list[_Interval]) -> None:
        """The intervals of a supply together are what it feeds."""
        fed, programme = self.model.fed[s], self.model.programme
        for column, what in (
            (fed.feeds, "chosen"),
            (fed.connections, "users"),
            (fed.spread, "spread"),
        ):
            programme.equal([(column, -1.0), *((getattr(one, what), 1.0) for one in intervals)])
        terms = [(one.spread, -self._least(one)) for one in intervals]
        programme.at_least([(fed.capacity, 1.0), *terms])

    def _least(self, one: _Interval) -> float:
        return self.model.problem.diversity(one.high)

    def exclude(
        self, found: Evaluation, worth: dict[int, float] | None, value: float, bound: float
    ) -> None:
        """Hold one network to its exact value, or out of the model.

        The last resort, for what no other row expresses.

        Parameters
        ----------
        found : Evaluation
            The network.
        worth : dict or None
            The objective by column; None to exclude the network.
        value, bound : float
            Its exact value and the largest that any network may have, in the
            model's unit.
        """
        model = self.model
        start = start_of(model, found)
        decided = [*model.served, *(arc.used for arc in model.arcs)]
        decided += [fed.feeds for fed in model.fed]
        ones = [column for column in decided if start[column] > 0.5]
        zeros = [column for column in decided if start[column] <= 0.5]
        away = [(column, -1.0) for column in ones] + [(column, 1.0) for column in zeros]
        if worth is None:
            model.programme.at_least(away, 1.0 - len(ones))
            return
        room = max(bound - value, 0.0)
        terms = [*worth.items(), *((column, -room * factor) for column, factor in away)]
        model.programme.at_most(terms, value + room * len(ones))


class _Interval:
    """End users of a supply between two numbers, and the columns for that."""

    def __init__(self, low: int, high: int, chosen: int, users: int, spread: int) -> None:
        self.low, self.high = low, high
        self.chosen, self.users, self.spread = chosen, users, spread


def _upper_hull(values: Floats) -> tuple[Floats, Floats]:
    """Corners of the least concave curve over values at 1, 2, 3 ..."""
    corners: list[tuple[float, float]] = []
    for x, y in enumerate(values.tolist(), start=1):
        while len(corners) > 1:
            (x1, y1), (x2, y2) = corners[-2:]
            if (y2 - y1) * (x - x2) > (y - y2) * (x2 - x1):
                break
            corners.pop()
        corners.append((float(x), y))
    at, heights = np.array(corners).T
    return at, heights


def _first_intervals(total: int, users: int) -> list[tuple[int, int]]:
    """Numbers of end users in stretches that grow, so many alone."""
    edges = [1]
    while edges[-1] <= total:
        edges.append(max(edges[-1] + 1, int(edges[-1] * 1.4)))
    edges = sorted({edge for edge in edges if edge <= total} | {users, users + 1})
    edges = [edge for edge in edges if 1 <= edge <= total]
    return [(low, high - 1) for low, high in zip(edges, [*edges[1:], total + 1], strict=True)]
