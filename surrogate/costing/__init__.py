"""Heat-network costing: tables in, the best network and its cash flow out.

>>> from surrogate import costing
>>> tables = costing.district()
>>> result = costing.optimise(tables)               # doctest: +SKIP
>>> result["solution_summary"].network_npv.item()   # doctest: +SKIP

Needs the extra ``costing``.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surrogate.extras import need

if TYPE_CHECKING:
    from surrogate.costing.checking import InputTablesError
    from surrogate.costing.files import read, write
    from surrogate.costing.optimise import optimise
    from surrogate.costing.optimiser.search import Progress
    from surrogate.costing.profiles import heat_pump_profile
    from surrogate.costing.report.page import write_report
    from surrogate.costing.sweep import SweepProgress, sweep_temperatures
    from surrogate.costing.sweepplot import plot_sweep
    from surrogate.costing.town.district import district, street_network

__all__ = [
    "InputTablesError",
    "Progress",
    "SweepProgress",
    "district",
    "heat_pump_profile",
    "optimise",
    "plot_sweep",
    "read",
    "street_network",
    "sweep_temperatures",
    "write",
    "write_report",
]

_HOMES = {
    "InputTablesError": "checking",
    "Progress": "optimiser.search",
    "SweepProgress": "sweep",
    "district": "town.district",
    "heat_pump_profile": "profiles",
    "optimise": "optimise",
    "plot_sweep": "sweepplot",
    "read": "files",
    "street_network": "town.district",
    "sweep_temperatures": "sweep",
    "write": "files",
    "write_report": "report.page",
}


class _Package(ModuleType):
    """The package: its functions keep their names when their modules are imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        # `import surrogate.costing.optimise` would put that module in the function's place.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        try:
            home = importlib.import_module(f"surrogate.costing.{_HOMES[name]}")
        except ModuleNotFoundError as error:
            need(str(error.name).partition(".")[0], "costing")
            raise
        value = getattr(home, name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'surrogate.costing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
