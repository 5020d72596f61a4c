"""The problem in numbers: what each pipe, building and supply may do and what it costs.

Made once from the checked tables; the exact costing (:mod:`~surrogate.costing.evaluate`)
and the optimiser (:mod:`~surrogate.costing.optimiser.model`) both read nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from surrogate.costing.diversity import Diversity
from surrogate.costing.economics import Horizon
from surrogate.costing.parameters import Settings
from surrogate.costing.pipes import Regime
from surrogate.costing.supplycosts import Costing, Part

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """The pipes that may lie along a segment, from the smallest capacity to the largest.

    Parameters
    ----------
    diameter_mm : ndarray
        Inner diameters [mm].
    capacity_kw : ndarray
        What each carries [kW], rising.
    loss_kwh : ndarray
        What each loses [kWh/a].
    capex, repex : ndarray
        What each costs when laid and when replaced [¤].
    """

    diameter_mm: Floats
    capacity_kw: Floats
    loss_kwh: Floats
    capex: Floats
    repex: Floats


@dataclass(frozen=True)
class Pipe:
    """A segment along which a pipe may be laid.

    Parameters
    ----------
    segment : int
        Its number in the network.
    name : str
        Its ID.
    length : float
        Length [m].
    options : Options
        The pipes that may lie there.
    extra_pv : float
        Present value added if it is used [¤].
    npv, objective : ndarray
        Present value of each option, of all and of what counts in the objective [¤].
    """

    segment: int
    name: str
    length: float
    options: Options
    extra_pv: float
    npv: Floats
    objective: Floats


@dataclass(frozen=True)
class Link:
    """Pipes in a row between two nodes, with nothing to decide between them.

    Parameters
    ----------
    u, v : int
        Nodes at its ends.
    pipes : tuple of Pipe
        From ``u`` to ``v``.
    required : tuple of str
        IDs of those that must be used.
    capacity_kw : ndarray
        Loads up to which the same pipes do, rising [kW].
    npv, objective : ndarray
        Present value of the pipes for each of these loads [¤].
    loss_kwh : ndarray
        What they lose [kWh/a].
    """

    u: int
    v: int
    pipes: tuple[Pipe, ...]
    required: tuple[str, ...]
    capacity_kw: Floats
    npv: Floats
    objective: Floats
    loss_kwh: Floats

    @property
    def length(self) -> float:
        """Length [m]."""
        return sum(pipe.length for pipe in self.pipes)


@dataclass(frozen=True)
class Customer:
    """A building that may be connected.

    Parameters
    ----------
    row : int
        Its row in the table.
    name : str
        Its ID.
    node : int
        Where it is.
    kwh : float
        Heat of a year [kWh/a].
    peak_kw : float
        Peak demand [kW].
    connections : int
        End users.
    spread_kw : float
        Sum of the end users' own peaks [kW].
    npv, objective : float
        Present value of connecting it, of all and of what counts in the objective [¤].
    required : bool
        Whether it must be connected.
    group : int or str or None
        Connected with all others of its group or not at all.
    """

    row: int
    name: str
    node: int
    kwh: float
    peak_kw: float
    connections: int
    spread_kw: float
    npv: float
    objective: float
    required: bool
    group: int | str | None


@dataclass(frozen=True)
class Source:
    """A supply that may feed.

    Parameters
    ----------
    row : int
        Its row in the table.
    name : str
        Its ID.
    node : int
        Where it is.
    capacity_kw, capacity_kwh : float
        Its limits [kW], [kWh/a].
    emissions : float
        Of its heat; NaN where unknown [kg/kWh].
    required : bool
        Whether it must be used.
    parts : tuple of Part
        What it costs.
    npv, objective : Costing
        Present value of its costs, of all and of what counts in the objective.
    """

    row: int
    name: str
    node: int
    capacity_kw: float
    capacity_kwh: float
    emissions: float
    required: bool
    parts: tuple[Part, ...]
    npv: Costing
    objective: Costing


@dataclass(frozen=True)
class Violation:
    """A limit that a network breaks.

    Parameters
    ----------
    kind : str
        ``pipe``, ``supply-kw``, ``supply-kwh``, ``required-building``,
        ``required-path``, ``demand-group``, ``circle``, a parameter's name, or,
        for what no network can keep, ``unreachable-building``,
        ``unreachable-group``, ``forbidden-group``, ``unreachable-path``,
        ``peripheral-path``.
    names : tuple of str
        IDs of what it is about.
    value, limit : float
        What it is, and what it may be.
    """

    kind: str
    names: tuple[str, ...]
    value: float
    limit: float


@dataclass(frozen=True)
class Problem:
    """A problem in numbers.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    links : tuple of Link
        Where pipes may be laid.
    customers : tuple of Customer
        Buildings that a supply may reach.
    sources : tuple of Source
        Supplies that are not forbidden.
    settings : Settings
        Parameters.
    horizon : Horizon
        Years.
    diversity : Diversity
        Of the peaks.
    regime : Regime
        Temperatures.
    impossible : tuple of Violation
        What is asked for but cannot be in any network.
    """

    nodes: int
    links: tuple[Link, ...]
    customers: tuple[Customer, ...]
    sources: tuple[Source, ...]
    settings: Settings
    horizon: Horizon
    diversity: Diversity
    regime: Regime
    impossible: tuple[Violation, ...] = ()

    @cached_property
    def groups(self) -> tuple[frozenset[int], ...]:
        """Customers that are connected all or none, by number."""
        groups: dict[int | str, set[int]] = {}
        for i, customer in enumerate(self.customers):
            if customer.group is not None:
                groups.setdefault(customer.group, set()).add(i)
        return tuple(frozenset(members) for members in groups.values())


def link_of(u: int, v: int, pipes: tuple[Pipe, ...], required: tuple[str, ...]) -> Link:
    """Join pipes in a row: the loads at which one of them changes, and what all cost between.

    Parameters
    ----------
    u, v : int
        Nodes at the ends.
    pipes : tuple of Pipe
        From ``u`` to ``v``.
    required : tuple of str
        IDs of those that must be used.
    """
    top = min(float(pipe.options.capacity_kw[-1]) for pipe in pipes)
    loads = np.unique(np.concatenate([pipe.options.capacity_kw for pipe in pipes]))
    loads = loads[loads <= top]
    npv, objective, loss = (np.zeros(len(loads)) for _ in range(3))
    for pipe in pipes:
        chosen = np.searchsorted(pipe.options.capacity_kw, loads)
        npv += pipe.npv[chosen]
        objective += pipe.objective[chosen]
        loss += pipe.options.loss_kwh[chosen]
    return Link(u, v, pipes, required, loads, npv, objective, loss)
