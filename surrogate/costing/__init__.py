"""Heat-network costing: tables in, the best network and its cash flow out.

>>> from surrogate import costing
>>> tables = costing.district()
>>> result = costing.optimise(tables)               # doctest: +SKIP
>>> result["solution_summary"].network_npv.item()   # doctest: +SKIP

Needs the extra ``costing``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogate.costing.checking import InputTablesError
    from surrogate.costing.district import district, street_network
    from surrogate.costing.files import read, write
    from surrogate.costing.optimise import optimise
    from surrogate.costing.search import Progress

__all__ = [
    "InputTablesError",
    "Progress",
    "district",
    "optimise",
    "read",
    "street_network",
    "write",
]

_HOMES = {
    "InputTablesError": "checking",
    "Progress": "search",
    "district": "district",
    "optimise": "optimise",
    "read": "files",
    "street_network": "district",
    "write": "files",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        home = importlib.import_module(f"surrogate.costing.{_HOMES[name]}")
        value = getattr(home, name)
        # Said here, since the module optimise would hide the function of that name.
        globals()[name] = value
        return value
    raise AttributeError(f"module 'surrogate.costing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
