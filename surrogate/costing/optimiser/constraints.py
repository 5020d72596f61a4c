"""The constraints among the parameters, as rows of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from surrogate.costing.optimiser.model import Model, Term
from surrogate.costing.pipes import HOURS, Regime, pump_kwh
from surrogate.costing.problem import Pipe

AnyModel = TypeVar("AnyModel", bound=Model)


def constrained(model: AnyModel) -> AnyModel:
    """Add to a model a row for each constraint that is set; the model.

    Parameters
    ----------
    model : Model
        The model, without them.
    """
    _Constraints(model).add()
    return model


class _Constraints:
    """Rows for the constraints among the parameters.

    Parameters
    ----------
    model : Model
        The model they are added to.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def add(self) -> None:
        """Add a row for each constraint that is set."""
        model, problem = self.model, self.model.problem
        customers = list(zip(model.served, problem.customers, strict=True))
        heat = list(model.delivered().items())
        self._between("kwh", heat, model.units.kwh)
        length = [(arc.used, problem.links[arc.link].length / 1000) for arc in model.arcs]
        self._between("network_length", length, 1000.0)
        self._between("buildings", [(column, 1.0) for column, _ in customers])
        self._between("connections", [(column, float(c.connections)) for column, c in customers])
        self._between("supplies", [(fed.used, 1.0) for fed in model.fed])
        if problem.settings.min_npv is not None or problem.settings.max_npv is not None:
            self._npv()
        self._density(heat, length)
        self._emissions(heat)

    def _npv(self) -> None:
        """NPV within its limits; at most, where what the model does not see may lower it."""
        model, settings = self.model, self.model.problem.settings
        terms = list(model.money(objective=False).items())
        unit = model.units.money
        if settings.min_npv is not None:
            self._row(terms, -1.0, settings.min_npv / unit)
        if settings.max_npv is not None:
            self._row([*terms, *self._unseen()], 1.0, settings.max_npv / unit)

    def _unseen(self) -> Iterator[Term]:
        """Columns for costs of links that the model does not see, at most as large as they get.

        Pumping; and where pipes stand in a row, that the first, which carries
        the losses of the others, may be a size larger than they are.
        """
        model, problem = self.model, self.model.problem
        price = (problem.settings.pumping_price or 0.0) * problem.horizon.annual
        heat = max((source.npv.per_kwh for source in problem.sources), default=0.0)
        for i, link in enumerate(problem.links):
            most = 0.0
            if price:
                most += price * sum(_most_pumping(pipe, problem.regime) for pipe in link.pipes)
            if len(link.pipes) > 1 and len(link.npv) > 1:
                most += float(np.abs(np.diff(link.npv)).max())
                most += heat * float(np.abs(np.diff(link.loss_kwh)).max())
            if most and model.arcs_of[i]:
                column = model.programme.column(0.0, most / model.units.money)
                bound = [(arc.used, -most / model.units.money) for arc in model.arcs_of[i]]
                model.programme.at_most([(column, 1.0), *bound])
                yield column, -1.0

    def _between(self, name: str, terms: list[Term], unit: float = 1.0) -> None:
        settings = self.model.problem.settings
        for end, sign in (("min", -1.0), ("max", 1.0)):
            limit = getattr(settings, f"{end}_{name}", None)
            if limit is not None:
                self._row(terms, sign, limit / unit)

    def _row(
        self, terms: list[Term], sign: float, limit: float, whole: float | None = None
    ) -> None:
        """``sign * terms <= sign * limit``, where it may give by what counts as a whole."""
        size = max(abs(limit) if whole is None else whole, 1e-3)
        over = [(column, -factor) for column, factor in self.model.give(size)]
        signed = [(column, sign * factor) for column, factor in terms]
        self.model.programme.at_most([*signed, *over], sign * limit)

    def _density(self, heat: list[Term], length: list[Term]) -> None:
        settings = self.model.problem.settings
        whole = sum(factor for _, factor in heat)
        for end, sign in (("min", -1.0), ("max", 1.0)):
            density = getattr(settings, f"{end}_linear_density")
            if density is not None:
                per_km = density * 1000 / self.model.units.kwh
                minus = [(column, -per_km * factor) for column, factor in length]
                self._row([*heat, *minus], sign, 0.0, whole)

    def _emissions(self, heat: list[Term]) -> None:
        limit = self.model.problem.settings.max_emissions_factor
        if limit is None:
            return
        sources = zip(self.model.fed, self.model.problem.sources, strict=True)
        emitted = [(fed.heat, source.emissions) for fed, source in sources]
        allowed = [(column, -limit * factor) for column, factor in heat]
        self._row([*emitted, *allowed], 1.0, 0.0, limit * sum(factor for _, factor in heat))


def _most_pumping(pipe: Pipe, regime: Regime) -> float:
    """Electricity that pumps through a pipe at most [kWh/a]: at its capacity all year."""
    capacity = pipe.options.capacity_kw
    diameters = pipe.options.diameter_mm / 1000
    return float(pump_kwh(diameters, pipe.length, capacity, capacity * HOURS, regime).max())
