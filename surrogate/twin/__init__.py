"""The digital twin of a heat pump: live states, comparison with the machine, calibration.

>>> from surrogate.twin import Design, Setting, Twin
>>> twin = Twin(Design())
>>> state = twin.at(Setting(t_source_in=10, t_return=30, t_supply=45, heat_load=2e4))
>>> round(state.values["cop"], 2), round(state.points.discharge.t, 1)
(4.31, 78.1)

Nothing here makes a full solve, and everything may be called from several threads.
"""

from __future__ import annotations

from surrogate.twin.calibration import Calibration, calibrate
from surrogate.twin.comparison import Comparison, Deviation, compare
from surrogate.twin.design import Design, Factors, Setting
from surrogate.twin.diagram import Diagram, diagram
from surrogate.twin.example import example_csv
from surrogate.twin.measured import Measured, MeasuredError, read_measured
from surrogate.twin.state import TwinState
from surrogate.twin.twin import Twin

__all__ = [
    "Calibration",
    "Comparison",
    "Design",
    "Deviation",
    "Diagram",
    "Factors",
    "Measured",
    "MeasuredError",
    "Setting",
    "Twin",
    "TwinState",
    "calibrate",
    "compare",
    "diagram",
    "example_csv",
    "read_measured",
]
