"""TESPy, imported without its side effects.

Importing TESPy replaces the hook through which the whole process shows
warnings; it is put back at once. Everything of TESPy that this library uses
comes through here.
"""

from __future__ import annotations

import warnings

_showwarning = warnings.showwarning

from tespy.components import (
    Compressor,
    CycleCloser,
    Motor,
    MovingBoundaryHeatExchanger,
    PowerSource,
    Sink,
    Source,
    Valve,
)
from tespy.components.component import Component
from tespy.connections import Connection, PowerConnection
from tespy.networks import Network
from tespy.tools.characteristics import CharLine, load_default_char
from tespy.tools.helpers import TESPyNetworkError

warnings.showwarning = _showwarning

__all__ = [
    "CharLine",
    "Component",
    "Compressor",
    "Connection",
    "CycleCloser",
    "Motor",
    "MovingBoundaryHeatExchanger",
    "Network",
    "PowerConnection",
    "PowerSource",
    "Sink",
    "Source",
    "TESPyNetworkError",
    "Valve",
    "load_default_char",
]
