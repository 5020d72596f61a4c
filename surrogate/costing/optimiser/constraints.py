"""The constraints among the parameters, as rows of a model."""

from __future__ import annotations

from typing import TypeVar

from surrogate.costing.optimiser.model import Model, Term

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
            self._between("npv", list(model.money(objective=False).items()), model.units.money)
        self._density(heat, length)
        self._emissions(heat)

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
