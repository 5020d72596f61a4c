"""Between the columns of a model and networks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import numpy as np
import numpy.typing as npt

from surrogate.costing.evaluate import Design, Evaluation, laid_by_link
from surrogate.costing.optimiser.model import Arc, Model

Floats = npt.NDArray[np.float64]


def design_of(model: Model, values: Floats) -> Design:
    """The network that a solution stands for.

    Parameters
    ----------
    model : Model
        The model.
    values : ndarray
        Of all columns.
    """
    used = [arc for arc in model.arcs if values[arc.used] > 0.5]
    sources = frozenset(s for s, fed in enumerate(model.fed) if values[fed.feeds] > 0.5)
    shares = {}
    if not model.problem.settings.prevent_loops:
        heat = _uncircled(used, {arc: _passing(model, arc, values) for arc in used})
        used = list(heat)
        shares = _shares(model, values, heat, sources)
    links = {arc.link: arc.forward for arc in used}
    served = frozenset(i for i, column in enumerate(model.served) if values[column] > 0.5)
    return Design(served, links, sources, shares)


def _passing(model: Model, arc: Arc, values: Floats) -> float:
    """What passes an arc, of what the model follows."""
    return max(float(values[arc.spread if model.lean else arc.heat]), 0.0)


def _uncircled(used: list[Arc], heat: dict[Arc, float]) -> dict[Arc, float]:
    """What passes each arc once nothing runs in a circle; arcs left without are dropped."""
    left = dict(heat)
    while True:
        before: dict[int, set[int]] = {}
        for arc in left:
            before.setdefault(arc.end, set()).add(arc.start)
        try:
            TopologicalSorter(before).prepare()
        except CycleError as error:
            nodes = error.args[1]
        else:
            return left
        steps = set(itertools.pairwise(nodes))
        around = [arc for arc in left if (arc.start, arc.end) in steps]
        around = around or [arc for arc in left if (arc.end, arc.start) in steps]
        least = min(left[arc] for arc in around)
        for arc in around:
            left[arc] -= least
            if left[arc] <= 0:
                del left[arc]


def _shares(
    model: Model, values: Floats, heat: Mapping[Arc, float], sources: frozenset[int]
) -> dict[tuple[str, int], float]:
    """Share of each feed in the heat that enters its node."""
    into: dict[int, dict[tuple[str, int], float]] = {}
    for arc, passing in heat.items():
        into.setdefault(arc.end, {})["link", arc.link] = passing
    for s in sources:
        node = model.problem.sources[s].node
        into.setdefault(node, {})["source", s] = max(values[model.fed[s].heat], 0.0)
    shares = {}
    for feeds in into.values():
        total = sum(feeds.values())
        for key, amount in feeds.items():
            shares[key] = float(amount / total) if total > 0 else 1.0 / len(feeds)
    return shares


def start_of(model: Model, found: Evaluation) -> dict[int, float]:
    """Values of the integer columns for a network.

    Parameters
    ----------
    model : Model
        The model.
    found : Evaluation
        The network.
    """
    design = found.design
    values = {column: float(i in design.customers) for i, column in enumerate(model.served)}
    for arc in model.arcs:
        values[arc.used] = float(design.links.get(arc.link) is arc.forward)
    laid = laid_by_link(model.problem, found)
    for i, sized in enumerate(model.sized):
        values.update(dict.fromkeys(sized.columns, 0.0))
        if i in laid:
            step = np.searchsorted(sized.capacity * (1 + 1e-9), laid[i].load_kw / model.units.kw)
            values[sized.columns[min(int(step), len(sized.columns) - 1)]] = 1.0
    for s, fed in enumerate(model.fed):
        values[fed.feeds] = float(s in design.sources)
        values[fed.used] = float(s in found.feeds)
    return values
