"""One network, scalar, year by year."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from . import conditions
from .answer import Answer, Feed
from .flows import flows
from .instance import Instance
from .money import Model, book_building, supply_books
from .physics import SLACK


def evaluate(
    instance: Instance,
    connected: Iterable[int],
    edges: Iterable[int],
    feeding: Iterable[int],
    model: Model | None = None,
) -> Answer:
    """Loads, cash flows and broken conditions of one network; ValueError if it is no forest."""
    model = model or Model(instance)
    connected, edges, feeding = sorted(set(connected)), sorted(set(edges)), sorted(set(feeding))
    books: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(model.term))
    extra = 0.0
    for b in connected:
        book_building(model, instance.buildings[b], books)
        extra += instance.buildings[b].extra_pv or 0.0
    pipes, loads, broken = flows(model, connected, edges, feeding)
    for pipe in pipes.values():
        option = next(
            o
            for o in model.options[pipe.edge]
            if o.diameter == pipe.diameter_mm and o.kept == pipe.kept
        )
        books["pipe-capex"][0] -= option.capex
        books["pipe-repex"][model.years("distribution")] -= option.repex
        extra += instance.edges[pipe.edge].extra_pv or 0.0
    feeds = []
    for s, supply in enumerate(instance.supplies):
        if s not in loads and supply.constraint != "required":
            continue
        kw, kwh, d, floor = loads.get(s, (0.0, 0.0, None, None))
        mine = supply_books(model, s, kw, kwh)
        for tag, flow in mine.items():
            books[tag] += flow
        pv = sum(float(flow @ model.factor) for flow in mine.values())
        feeds.append(Feed(s, kw, kwh, d, pv, floor))
        broken += [f"supply {s} kW"] * (kw > supply.peak_capacity_kw * (1 + SLACK))
        broken += [f"supply {s} kWh"] * (kwh > supply.annual_capacity_kwh * (1 + SLACK))
    worth = {tag: float(flow @ model.factor) for tag, flow in books.items()}
    answer = Answer(
        objective=extra + sum(pv for tag, pv in worth.items() if model.use[tag]),
        network_npv=extra + sum(worth.values()),
        network_kwh=sum(instance.buildings[b].annual_demand_kwh for b in connected),
        connected=tuple(connected),
        pipes=tuple(pipes[e] for e in edges if e in pipes),
        supplies=tuple(feeds),
        losses_kwh=sum(pipe.losses_kwh for pipe in pipes.values()),
        network_length=sum(instance.edges[e].length for e in edges),
    )
    broken += conditions.forbidden(instance, connected, edges, feeding)
    broken += [
        name
        for name, ok in conditions.limits(instance, conditions.totals(instance, answer))
        if not ok
    ]
    return dataclasses.replace(answer, violations=tuple(broken))
