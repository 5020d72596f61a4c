"""COP and power of large heat pumps, at once, from tables of TESPy solves.

>>> import surrogate
>>> hp = surrogate.HeatPump("R717")
>>> est = hp.design(t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6)
>>> round(est.cop, 3), est.origin
(3.975, 'table')

Importing this package imports nothing heavy; each name below is fetched when
it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogate.errors import SurrogateError
    from surrogate.estimate import Estimate
    from surrogate.heatpump import HeatPump
    from surrogate.limits import Limits
    from surrogate.parameters import Parameters
    from surrogate.plant import Plant
    from surrogate.plantestimate import PlantEstimate
    from surrogate.store import available_tables

__all__ = [
    "Estimate",
    "HeatPump",
    "Limits",
    "Parameters",
    "Plant",
    "PlantEstimate",
    "SurrogateError",
    "__version__",
    "available_tables",
]

_HOMES = {
    "Estimate": "surrogate.estimate",
    "HeatPump": "surrogate.heatpump",
    "Limits": "surrogate.limits",
    "Parameters": "surrogate.parameters",
    "Plant": "surrogate.plant",
    "PlantEstimate": "surrogate.plantestimate",
    "SurrogateError": "surrogate.errors",
    "available_tables": "surrogate.store",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("heatpump-surrogate")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in ("costing", "cycle", "errors", "fluids", "limits", "piecewise"):
        return importlib.import_module(f"surrogate.{name}")
    raise AttributeError(f"module 'surrogate' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
