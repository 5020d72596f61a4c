"""Writing the library's NetCDF files, CF-1.11, whole or not at all."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.files import written_whole
from surrogate.identity import Identity
from surrogate.netcdf import FORMAT_VERSION, content_digest


def now() -> str:
    """Time of day as files keep it."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0).isoformat()


def common_attributes(identity: Identity, title: str, made: str) -> dict[str, Any]:
    """Attributes that every file has: what it is, from what, and when it was made."""
    tool = f"heatpump-surrogate {version('heatpump-surrogate')}"
    return {
        "Conventions": "CF-1.11",
        "title": title,
        "source": f"TESPy {version('tespy')} with CoolProp {version('coolprop')}",
        "history": f"{made} made by {tool}",
        "format_version": FORMAT_VERSION,
        "kind": identity.kind,
        "topology": identity.topology,
        "refrigerant": identity.refrigerant,
        "parameters": json.dumps(identity.parameters.to_dict()),
        "spec_digest": identity.digest,
    }


def write_checked(path: Path, arrays: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    """Write variables and attributes with the digest that readers check.

    Parameters
    ----------
    path : Path
        The NetCDF file.
    arrays : mapping
        Variables as xarray takes them: dimensions, values, attributes.
    attributes : mapping
        Attributes of the file.
    """
    import xarray as xr

    plain = {name: np.asarray(array[1]) for name, array in arrays.items()}
    digest = content_digest(plain, attributes)
    dataset = xr.Dataset(dict(arrays), attrs={**attributes, "content_digest": digest})
    encoding = {
        name: {"zlib": True, "shuffle": True, "complevel": 9}
        for name, variable in dataset.variables.items()
        if variable.dtype.kind in "fi" and variable.ndim > 1
    }
    with written_whole(path) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
