"""One point of a twin: what a page shows of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from surrogate.errors import InputTypeError
from surrogate.estimate import Estimate
from surrogate.jsonready import json_ready
from surrogate.limits import Limits, reason
from surrogate.tablemodel import Table
from surrogate.twin.exchangers import Exchanger, exchangers
from surrogate.twin.fluidstate import Point
from surrogate.twin.states import Corners, States, corners, path, states

_LABELS = ("status", "limit", "origin", "cycling")


@dataclass(frozen=True)
class TwinState:
    """A twin at one point.

    Where the machine is off or there is no answer, there are no states and
    :attr:`reason` says why. While it cycles, power and COP are those of the
    whole cycle, states, exchangers and flows those of the machine as it runs.

    Attributes
    ----------
    refrigerant : str
        Its name.
    values : dict of str to float
        All quantities of the estimate and its conditions; NaN where there is
        no answer.
    status, limit, origin : str
        As of :class:`surrogate.PlantEstimate`.
    cycling : bool
        Whether the machine cycles.
    limits : Limits
        Limits that were applied.
    table : Table
        The refrigerant's design table.
    covered : str
        What the twin's table and regressor cover, in words, for a point that
        lies outside.
    """

    refrigerant: str
    values: dict[str, float]
    status: str
    limit: str
    origin: str
    cycling: bool
    limits: Limits = field(repr=False)
    table: Table = field(repr=False)
    covered: str = field(repr=False)

    @classmethod
    def of(
        cls, estimate: Estimate, refrigerant: str, table: Table, covered: Callable[[], str]
    ) -> TwinState:
        """Make one of a scalar estimate, wherever it came from.

        Parameters
        ----------
        estimate : Estimate
            Of one point.
        refrigerant, table
            As of the state.
        covered : callable
            What the twin answers for, in words; asked where the point lies
            outside.

        Raises
        ------
        InputTypeError
            If it holds more than one point.
        """
        if estimate.shape != ():
            raise InputTypeError(
                f"the estimate has the shape {estimate.shape}, but a state is that of one point"
            )
        known = estimate.to_dict()
        values = {name: float(x) for name, x in known.items() if name not in _LABELS}
        return cls(
            refrigerant,
            values,
            str(known["status"]),
            str(known["limit"]),
            str(known["origin"]),
            bool(known.get("cycling", False)),
            estimate.limits,
            table,
            covered() if known["status"] == "outside" else "",
        )

    @property
    def reason(self) -> str:
        """Why there are no states, as a sentence; empty where there are."""
        if self.status == "ok":
            return ""
        if self.status == "off":
            return "The heat load is 0: the machine is off."
        if self.status == "infeasible":
            return f"The machine cannot do this: {reason(self.limit, self.limits)}{self._most()}."
        if self.status == "outside":
            return f"This point lies outside what is known of the machine: {self.covered}."
        return "The full solve found no solution at this point."

    def _most(self) -> str:
        """What it can deliver instead."""
        capacity = self.values.get("capacity", math.nan)
        if not math.isfinite(capacity):
            return ""
        if capacity <= 0.0:
            return "; at these temperatures it delivers nothing"
        return f"; at these temperatures it delivers at most {capacity / 1e3:.4g} kW"

    @property
    def limit_in_words(self) -> str:
        """What the limit means that is broken, or that sets the capacity; empty without one."""
        return reason(self.limit, self.limits) if self.limit else ""

    @functools.cached_property
    def points(self) -> States | None:
        """The four states of the cycle, or None where there are none."""
        if self.status != "ok":
            return None
        return states(self.refrigerant, self.values, self.table.parameters)

    @functools.cached_property
    def _corners(self) -> Corners:
        assert self.points is not None  # asked for only where there are states
        return corners(self.refrigerant, self.points)

    @functools.cached_property
    def path(self) -> list[Point]:
        """The closed path of the cycle for the log p-h diagram; empty without states."""
        return [] if self.points is None else path(self.refrigerant, self.points, self._corners)

    @functools.cached_property
    def exchangers(self) -> dict[str, Exchanger]:
        """``condenser`` and ``evaporator``; empty without states."""
        if self.points is None:
            return {}
        return exchangers(self.values, self.points, self._corners, self.table)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, None where there is none.

        Temperatures in degC, pressures in bar, ``h`` of ``points`` and ``path``
        in kJ/kg, ``s`` in kJ/(kg K), everything else as the estimate has it.
        """
        values = json_ready(self.values)
        return {
            "refrigerant": self.refrigerant,
            "status": self.status,
            "reason": self.reason,
            "limit": self.limit,
            "limit_in_words": self.limit_in_words,
            "origin": self.origin,
            "error": values["error"],
            "cycling": self.cycling,
            "capacity": values.get("capacity"),
            "lowest_load": values.get("lowest_load"),
            "values": values,
            "points": {point.name: point.to_dict() for point in self.points or ()},
            "path": [point.to_dict() for point in self.path],
            "exchangers": {name: one.to_dict() for name, one in self.exchangers.items()},
        }
