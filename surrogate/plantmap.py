"""What every map of a plant answers: its table, the regressor, the full solve.

A map knows what one sized machine does at any temperatures, asked either at a
suction volume flow or at a heat load. It works relative to the design: loads
per design load, volume flows per design volume flow. Limits, capacity and
cycling stand above it (:mod:`surrogate.operate`), once for all maps.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from surrogate.identity import Sizing

FloatArray = NDArray[np.float64]

ANSWERED, OUTSIDE, NOT_CONVERGED = 0, 1, 2
"""Codes of a map: it has an answer; it has none; a full solve came to no end."""


class Levels(NamedTuple):
    """Temperatures that a plant runs between [degC], arrays of shape (n,)."""

    t_source_in: FloatArray
    t_return: FloatArray
    t_supply: FloatArray

    def take(self, index: NDArray[np.intp]) -> Levels:
        """Some of the points."""
        return Levels(*(column[index] for column in self))


class Running(NamedTuple):
    """A machine that runs, at many points; NaN where a map has no answer.

    Attributes
    ----------
    code : array of int8, shape (n,)
        :data:`ANSWERED`, :data:`OUTSIDE` or :data:`NOT_CONVERGED`.
    volume_flow, load : array, shape (n,)
        Suction volume flow and heat load relative to design [1].
    cop : array
        Heat load over electric power [1].
    t_evap, t_cond, t_discharge, t_source_out : array
        Temperatures [degC].
    p_evap, p_cond : array
        Pressures [bar].
    superheat, discharge_superheat : array
        Superheat at the compressor's inlet and outlet [K].
    eta_s : array
        Isentropic efficiency [1].
    mass_flow, ua_condenser, ua_evaporator : array
        Relative to the design's heat load: [kg/J], [1/K], [1/K].
    error : array
        Relative error of the COP that 95 % of held-out solves stay within [1].
    """

    code: NDArray[np.int8]
    volume_flow: FloatArray
    load: FloatArray
    cop: FloatArray
    t_evap: FloatArray
    t_cond: FloatArray
    t_discharge: FloatArray
    t_source_out: FloatArray
    p_evap: FloatArray
    p_cond: FloatArray
    superheat: FloatArray
    discharge_superheat: FloatArray
    eta_s: FloatArray
    mass_flow: FloatArray
    ua_condenser: FloatArray
    ua_evaporator: FloatArray
    error: FloatArray

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Running:
        """Some of the points."""
        columns: list[Any] = [column[index] for column in self]
        return Running(*columns)

    def put(self, index: NDArray[np.intp] | NDArray[np.bool_], other: Running) -> None:
        """Overwrite some of the points."""
        columns: list[Any] = list(self)
        for column, values in zip(columns, other, strict=True):
            column[index] = values


SOLVED = Running._fields[1:-1]
"""What a full solve gives under the same names: all but code and error."""


def nothing(count: int) -> Running:
    """As many points without an answer."""
    columns = [np.full(count, np.nan) for _ in Running._fields[1:]]
    return Running(np.full(count, OUTSIDE, dtype=np.int8), *columns)


class PlantMap(Protocol):
    """A map of one plant."""

    @property
    def volume_flows(self) -> tuple[float, float]:
        """Lowest and highest suction volume flow that it knows, relative to design."""

    @property
    def t_critical(self) -> float:
        """Critical temperature of the refrigerant [degC]."""

    @property
    def t_triple(self) -> float:
        """Lowest temperature of the refrigerant [degC]."""

    def covers(self, sizing: Sizing) -> list[tuple[str, float, float]]:
        """Conditions that it covers, as names with their lowest and highest value."""

    def at_volume_flow(self, levels: Levels, volume_flow: FloatArray) -> Running:
        """What the machine does at some suction volume flows, relative to design."""

    def at_load(self, levels: Levels, load: FloatArray, near: FloatArray) -> Running:
        """What it does at some heat loads, relative to design; volume flows are ``near``."""
