"""How a machine behaves away from its design point: TESPy's default lines, made smooth.

TESPy's lines are piecewise linear; each of their knots would be a kink of the
off-design map. They are passed through a monotone cubic (PCHIP) once and given
back to TESPy as dense tables.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from surrogate.balance import Line
from surrogate.cycle.tespy_import import CharLine, load_default_char

FloatArray = NDArray[np.float64]


class Source(NamedTuple):
    """Where TESPy keeps a line, and how many places a smooth one is read at."""

    component: str
    parameter: str
    name: str
    places: int


# The number of places puts one of them at 1 exactly: the design point stays the design point.
SOURCES = {
    "eta_s": Source("Compressor", "eta_s_char", "DEFAULT", 585),
    "condenser_hot": Source("HeatExchanger", "UA_char1", "CONDENSING FLUID", 601),
    "condenser_cold": Source("HeatExchanger", "UA_char2", "DEFAULT", 601),
    "evaporator_hot": Source("HeatExchanger", "UA_char1", "DEFAULT", 601),
    "evaporator_cold": Source("HeatExchanger", "UA_char2", "EVAPORATING FLUID", 601),
}
"""Lines of a plant: efficiency over suction volume flow, UA factors over mass flows."""


@functools.cache
def lines() -> dict[str, Line]:
    """All smooth lines by name; beyond their ends TESPy holds the last value."""
    return {name: _smooth(source) for name, source in SOURCES.items()}


@functools.cache
def char_line(name: str) -> CharLine:
    """One of them as TESPy takes it."""
    line = lines()[name]
    return CharLine(x=line.x, y=line.y)


def _smooth(source: Source) -> Line:
    rough = load_default_char(source.component, source.parameter, source.name, CharLine)
    # One default line ends at 3.0012; all UA lines share one range.
    x = np.linspace(rough.x[0], np.round(rough.x[-1], 2), source.places)
    y = np.asarray(PchipInterpolator(rough.x, rough.y)(x), dtype=np.float64)
    return Line(x, y)
