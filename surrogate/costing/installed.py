"""Whether what costing needs is installed; asked before any of it is imported."""

from __future__ import annotations

from surrogate.extras import need

_MODULES = ("geopandas", "networkx", "highspy", "pyogrio", "pyproj", "shapely")


def installed() -> None:
    """Make sure that the extra ``costing`` is there.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    for module in _MODULES:
        need(module, "costing")
