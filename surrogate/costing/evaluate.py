"""The exact cost of a network: loads, diameters, losses and money on the stepped tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from surrogate.costing.pipes import HOURS, pump_kwh
from surrogate.costing.problem import Link, Pipe, Problem, Violation
from surrogate.costing.supplycosts import Costing

TOLERANCE = 1e-9
"""Relative, on every limit: what sums of floats may be off."""


@dataclass(frozen=True)
class Design:
    """What is decided: everything else follows from it.

    Parameters
    ----------
    customers : frozenset of int
        Buildings connected.
    links : mapping
        True for links used from ``u`` to ``v``, False for the other way.
    sources : frozenset of int
        Supplies that feed.
    shares : mapping
        Of the heat into a node with several feeds, by ("link" or "source",
        number); 1 where it is left out.
    """

    customers: frozenset[int]
    links: Mapping[int, bool]
    sources: frozenset[int]
    shares: Mapping[tuple[str, int], float] = field(default_factory=dict)

    @cached_property
    def key(self) -> tuple[frozenset[int], frozenset[tuple[int, bool]], frozenset[int]]:
        """What tells it from others."""
        return self.customers, frozenset(self.links.items()), self.sources


@dataclass(frozen=True)
class Flow:
    """What passes a place downstream.

    Parameters
    ----------
    connections : float
        End users.
    spread_kw : float
        Sum of their own peaks [kW].
    single_kw : float
        Largest peak demand of a building [kW].
    kwh : float
        Heat of a year, losses included [kWh/a].
    """

    connections: float = 0.0
    spread_kw: float = 0.0
    single_kw: float = 0.0
    kwh: float = 0.0

    def plus(self, other: Flow, share: float = 1.0) -> Flow:
        """Together with a share of another one."""
        return Flow(
            self.connections + share * other.connections,
            self.spread_kw + share * other.spread_kw,
            max(self.single_kw, share * other.single_kw),
            self.kwh + share * other.kwh,
        )


@dataclass(frozen=True)
class Laid:
    """A pipe of a network.

    Parameters
    ----------
    pipe : Pipe
        Where it lies.
    option : int
        Which of its options.
    load_kw : float
        Peak load [kW].
    diversity : float
        Of the peaks downstream.
    kwh : float
        Heat that enters it in a year [kWh/a].
    pump_kwh : float
        Electricity that pumps through it [kWh/a].
    forward : bool
        Whether heat runs from the first node of its segment to the second.
    """

    pipe: Pipe
    option: int
    load_kw: float
    diversity: float
    kwh: float
    pump_kwh: float
    forward: bool

    @property
    def loss_kwh(self) -> float:
        """Heat lost in a year [kWh/a]."""
        return float(self.pipe.options.loss_kwh[self.option])


@dataclass(frozen=True)
class Feeding:
    """A supply in a network.

    Parameters
    ----------
    load_kw : float
        Peak output [kW].
    load_kwh : float
        Heat of a year [kWh/a].
    diversity : float
        Of the peaks that it serves.
    """

    load_kw: float
    load_kwh: float
    diversity: float


@dataclass(frozen=True)
class Evaluation:
    """A network in all its numbers.

    Parameters
    ----------
    design : Design
        What was decided.
    pipes : tuple of Laid
        Its pipes.
    feeds : mapping
        Supplies in it, by number; required ones even without a load.
    npv, objective : float
        Present value, of all and of what counts in the objective [¤].
    kwh, loss_kwh : float
        Heat delivered and lost in a year [kWh/a].
    length : float
        Of all pipes [m].
    violations : tuple of Violation
        Limits that it breaks.
    """

    design: Design
    pipes: tuple[Laid, ...]
    feeds: Mapping[int, Feeding]
    npv: float
    objective: float
    kwh: float
    loss_kwh: float
    length: float
    violations: tuple[Violation, ...]

    @property
    def feasible(self) -> bool:
        """Whether it keeps every limit."""
        return not self.violations


Seen = dict[tuple[int, bool, Flow], tuple[Flow, tuple[Laid, ...]]]
"""Links by direction and the flow beyond: what enters, and the pipes."""


def evaluate(problem: Problem, design: Design, seen: Seen | None = None) -> Evaluation:
    """Cost a network exactly.

    Parameters
    ----------
    problem : Problem
        The problem.
    design : Design
        A network in which every node that passes heat on is fed. One with heat running
        in a circle is not costed; that is a violation, too.
    seen : dict, optional
        Filled, and read: of many networks that differ little only the differences are
        worked out anew.
    """
    count = _Count(problem, design, {} if seen is None else seen)
    count.run()
    pipes, feeds = tuple(count.pipes), count.feeds
    kwh = sum((problem.customers[i].kwh for i in design.customers), start=0.0)
    result = Evaluation(
        design=design,
        pipes=pipes,
        feeds=feeds,
        npv=_present(problem, design, pipes, feeds, objective=False),
        objective=_present(problem, design, pipes, feeds, objective=True),
        kwh=kwh,
        loss_kwh=sum((laid.loss_kwh for laid in pipes), start=0.0),
        length=sum((laid.pipe.length for laid in pipes), start=0.0),
        violations=tuple(count.violations),
    )
    broken = (*result.violations, *_broken(problem, result))
    return replace(result, violations=broken)


def empty(problem: Problem) -> Evaluation:
    """The network without a pipe.

    Parameters
    ----------
    problem : Problem
        The problem.
    """
    return evaluate(problem, Design(frozenset(), {}, frozenset()))


def laid_by_link(problem: Problem, found: Evaluation) -> dict[int, Laid]:
    """For each link in use the first pipe that heat enters, which carries the most.

    Parameters
    ----------
    problem : Problem
        The problem.
    found : Evaluation
        The network.
    """
    laid = {one.pipe.segment: one for one in found.pipes}
    return {
        i: laid[problem.links[i].pipes[0 if forward else -1].segment]
        for i, forward in found.design.links.items()
    }


class _Count:
    """Adds up flows from the customers towards the supplies."""

    def __init__(self, problem: Problem, design: Design, seen: Seen) -> None:
        self.problem = problem
        self.design = design
        self.seen = seen
        self.pipes: list[Laid] = []
        self.feeds: dict[int, Feeding] = {}
        self.violations: list[Violation] = []

    def run(self) -> None:
        problem, design = self.problem, self.design
        out: dict[int, list[int]] = {}
        nodes: dict[int, set[int]] = {}
        for i, forward in design.links.items():
            start, end = _ends(problem.links[i], forward)
            out.setdefault(start, []).append(i)
            nodes.setdefault(start, set()).add(end)
        own = self._own()
        totals: dict[int, Flow] = {}
        try:
            order = list(TopologicalSorter(nodes).static_order())
        except CycleError as error:
            around = set(error.args[1])
            names = [
                pipe.name
                for i in design.links
                for pipe in problem.links[i].pipes
                if {problem.links[i].u, problem.links[i].v} <= around
            ]
            self.violations.append(Violation("circle", tuple(names), 1, 0))
            return
        for node in (*order, *(set(own) - set(order))):
            flow = own.get(node, Flow())
            for i in out.get(node, ()):
                end = _ends(problem.links[i], design.links[i])[1]
                flow = flow.plus(self._along(i, totals[end]))
            totals[node] = flow
        for s, source in enumerate(problem.sources):
            if s in design.sources:
                flow = Flow().plus(totals.get(source.node, Flow()), self._share("source", s))
                self.feeds[s] = self._feeding(s, flow)
            elif source.required:
                self.feeds[s] = Feeding(0.0, 0.0, 1.0)

    def _own(self) -> dict[int, Flow]:
        """What is taken at each node itself."""
        own: dict[int, Flow] = {}
        for i in sorted(self.design.customers):
            customer = self.problem.customers[i]
            taken = Flow(customer.connections, customer.spread_kw, customer.peak_kw, customer.kwh)
            own[customer.node] = own.get(customer.node, Flow()).plus(taken)
        return own

    def _share(self, kind: str, number: int) -> float:
        return self.design.shares.get((kind, number), 1.0)

    def _along(self, i: int, beyond: Flow) -> Flow:
        """What enters a link whose far end passes a flow."""
        link, forward = self.problem.links[i], self.design.links[i]
        flow = Flow().plus(beyond, self._share("link", i))
        key = (i, forward, flow)
        if key in self.seen:
            flow, known = self.seen[key]
            self.pipes += known
            return flow
        before, broken = len(self.pipes), len(self.violations)
        pipes = reversed(link.pipes) if forward else link.pipes
        for pipe in pipes:
            laid = self._laid(pipe, flow, forward)
            self.pipes.append(laid)
            flow = flow.plus(Flow(kwh=laid.loss_kwh))
        if len(self.violations) == broken:
            self.seen[key] = flow, tuple(self.pipes[before:])
        return flow

    def _laid(self, pipe: Pipe, flow: Flow, forward: bool) -> Laid:
        """The smallest pipe that carries a flow and what it loses itself."""
        diversity = self.problem.diversity(flow.connections)
        peak = max(diversity * flow.spread_kw, flow.single_kw)
        options = pipe.options
        for k, capacity in enumerate(options.capacity_kw):
            kwh = flow.kwh + float(options.loss_kwh[k])
            load = max(peak, kwh / HOURS)
            if load <= capacity * (1 + TOLERANCE):
                break
        else:
            self.violations.append(
                Violation("pipe", (pipe.name,), load, float(options.capacity_kw[-1]))
            )
        pumped = pump_kwh(
            options.diameter_mm[k] / 1000, pipe.length, load, kwh, self.problem.regime
        )
        return Laid(pipe, k, load, diversity, kwh, float(pumped), forward)

    def _feeding(self, s: int, flow: Flow) -> Feeding:
        source = self.problem.sources[s]
        diversity = self.problem.diversity(flow.connections)
        load = max(diversity * flow.spread_kw, flow.single_kw, flow.kwh / HOURS)
        for kind, value, limit in (
            ("supply-kw", load, source.capacity_kw),
            ("supply-kwh", flow.kwh, source.capacity_kwh),
        ):
            if value > limit * (1 + TOLERANCE):
                self.violations.append(Violation(kind, (source.name,), value, limit))
        return Feeding(load, flow.kwh, diversity)


def _ends(link: Link, forward: bool) -> tuple[int, int]:
    return (link.u, link.v) if forward else (link.v, link.u)


def _present(
    problem: Problem,
    design: Design,
    pipes: Iterable[Laid],
    feeds: Mapping[int, Feeding],
    *,
    objective: bool,
) -> float:
    """Present value of a network."""
    kind = "objective" if objective else "npv"
    total = sum((getattr(problem.customers[i], kind) for i in sorted(design.customers)), start=0.0)
    price = problem.settings.pumping_price
    for laid in pipes:
        total += float(getattr(laid.pipe, kind)[laid.option])
        if price is not None:
            total -= price * laid.pump_kwh * problem.horizon.annual
    for s, feeding in feeds.items():
        costs: Costing = getattr(problem.sources[s], kind)
        total -= costs.at(feeding.load_kw, feeding.load_kwh)
    return total


def _broken(problem: Problem, result: Evaluation) -> list[Violation]:
    """What else must hold."""
    design = result.design
    broken = [
        Violation("required-building", (customer.name,), 0, 1)
        for i, customer in enumerate(problem.customers)
        if customer.required and i not in design.customers
    ]
    broken += [
        Violation("required-path", link.required, 0, 1)
        for i, link in enumerate(problem.links)
        if link.required and i not in design.links
    ]
    for members in problem.groups:
        inside = len(members & design.customers)
        if 0 < inside < len(members):
            names = tuple(problem.customers[i].name for i in sorted(members))
            broken.append(Violation("demand-group", names, inside, len(members)))
    return broken + _limits_broken(problem, result)


def _limits_broken(problem: Problem, result: Evaluation) -> list[Violation]:
    """Constraints of the parameters that a network breaks."""
    settings, customers = problem.settings, result.design.customers
    emitted = sum(
        problem.sources[s].emissions * feeding.load_kwh
        for s, feeding in result.feeds.items()
        if feeding.load_kwh > 0
    )
    amounts = {
        "linear_density": (result.kwh, result.length),
        "kwh": (result.kwh, 1.0),
        "network_length": (result.length, 1.0),
        "npv": (result.npv, 1.0),
        "emissions_factor": (emitted, result.kwh),
        "buildings": (len(customers), 1.0),
        "connections": (sum(problem.customers[i].connections for i in customers), 1.0),
        "supplies": (len(result.feeds), 1.0),
    }
    broken = []
    for name, (value, per) in amounts.items():
        for end, sign in (("min", -1.0), ("max", 1.0)):
            limit = getattr(settings, f"{end}_{name}", None)
            if limit is None:
                continue
            slack = TOLERANCE * max(abs(limit * per), abs(value))
            if sign * (value - limit * per) > slack:
                shown = value / per if per else value
                parameter = f"constraint/{end}-{name.replace('_', '-')}"
                broken.append(Violation(parameter, (), shown, limit))
    return broken
