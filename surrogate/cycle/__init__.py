"""The full solve: heat pump cycles in TESPy.

Importing this package imports TESPy, which takes about two seconds; the rest
of the library does so only when a point needs a full solve.
"""

from surrogate.cycle.design import solve_design
from surrogate.cycle.offdesign import solve_offdesign
from surrogate.cycle.result import CycleResult, StreamState

__all__ = ["CycleResult", "StreamState", "solve_design", "solve_offdesign"]
