"""What a supply's heat costs with all that the supply costs, per kilowatt-hour."""

from __future__ import annotations

from math import inf

from surrogate.costing.evaluate import Evaluation
from surrogate.costing.problem import Problem


def levelised_cost(problem: Problem, found: Evaluation, number: int) -> float | None:
    """Present value of a supply's costs over that of the heat that it gives [¤/kWh].

    Of one that gives none in the network: as if it gave all that the others give, or
    as much of that as it can. The way to it is not in it.

    Parameters
    ----------
    problem : Problem
        The problem.
    found : Evaluation
        The network.
    number : int
        The supply's; -1 for a forbidden one.

    Returns
    -------
    float or None
        None where no heat is given, and for a forbidden supply.
    """
    if number < 0:
        return None
    source = problem.sources[number]
    feeding = found.feeds.get(number)
    if feeding is not None and feeding.load_kwh > 0:
        load, heat = feeding.load_kw, feeding.load_kwh
    else:
        load = sum(other.load_kw for other in found.feeds.values())
        heat = sum(other.load_kwh for other in found.feeds.values())
        share = min(1.0, _share(source.capacity_kw, load), _share(source.capacity_kwh, heat))
        load, heat = load * share, heat * share
    weight = heat * problem.horizon.annual
    return source.npv.at(load, heat) / weight if weight > 0 else None


def _share(capacity: float, asked: float) -> float:
    return capacity / asked if asked > 0 else inf
