"""Writing a table to NetCDF, CF-1.11, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.table import NOT_CONVERGED, UNUSABLE, USABLE
from surrogate.tablemodel import Regions
from surrogate.topology import AXES, BRANCHES, Output
from surrogate.units import KELVIN

from .netcdf import common_attributes, write_checked
from .nodes import t_cond_at

if TYPE_CHECKING:
    from .held_out import Summary
    from .spec import DesignSpec

FloatArray = NDArray[np.float64]


class Content(NamedTuple):
    """All that goes into a table."""

    spec: DesignSpec
    axes: tuple[FloatArray, ...]
    outputs: tuple[Output, ...]
    values: FloatArray
    status: NDArray[np.int8]
    coefficients: FloatArray
    guess: FloatArray
    water_excess: FloatArray
    t_critical: float
    t_triple: float
    regions: Regions
    summary: Summary | None
    made: str


def write(path: Path, content: Content) -> None:
    """Write a table.

    Parameters
    ----------
    path : Path
        The NetCDF file.
    content : Content
        What it holds.
    """
    branches = list(BRANCHES[: len(content.values)])
    columns = [f"{branch}.{output.name}" for branch in branches for output in content.outputs]
    node_dims = ("branch", *AXES)
    usable = content.status == USABLE
    arrays: dict[str, Any] = {
        name: (name, axis, {"units": unit, "long_name": long_name})
        for (name, (unit, long_name)), axis in zip(AXES.items(), content.axes, strict=True)
    }
    arrays["branch"] = (
        "branch",
        np.array(branches),
        {"long_name": "end of the compressor at which the superheat is set"},
    )
    arrays["t_cond"] = (
        ("lift_share", "t_evap"),
        _t_cond(content),
        {"units": "degC", "long_name": "condensing temperature (bubble)"},
    )
    arrays["status"] = (
        node_dims,
        content.status,
        {
            "long_name": "status of the node",
            "flag_values": np.array([USABLE, UNUSABLE, NOT_CONVERGED], dtype=np.int8),
            "flag_meanings": "usable unusable not_converged",
        },
    )
    for number, output in enumerate(content.outputs):
        arrays[output.name] = (
            node_dims,
            np.where(usable, content.values[..., number], np.nan),
            {
                "units": output.unit,
                "long_name": output.long_name,
                "ancillary_variables": "status",
            },
        )
    arrays["cop"] = (
        node_dims,
        np.where(usable, _cop(content), np.nan),
        {
            "units": "1",
            "long_name": "COP, electric, at the node's temperatures",
            "ancillary_variables": "status",
        },
    )
    arrays["coefficients"] = (
        (*AXES, "column"),
        content.coefficients,
        {
            "units": "1",
            "long_name": "coefficients of not-a-knot cubic B-splines, in the units of "
            "each column's output",
        },
    )
    arrays["column"] = ("column", np.array(columns), {"long_name": "branch and output"})
    arrays["water_excess"] = (
        ("side", "power"),
        content.water_excess,
        {
            "units": "K",
            "long_name": "factors of h / (4190 J/(kg K)) - T of source and sink water "
            "over powers of T / (100 degC)",
        },
    )
    arrays["guess"] = (
        ("guessed", "term"),
        content.guess,
        {"units": "1", "long_name": "cubics that the search for the pinch starts from"},
    )
    arrays["error"] = (
        ("error_lift_share", "error_t_evap"),
        content.regions.half_width,
        {
            "units": "1",
            "long_name": "relative error of the COP that 95 % of held-out solves in "
            "the region stay within",
        },
    )
    for name, edges in (
        ("lift_share", content.regions.row_edges),
        ("t_evap", content.regions.column_edges),
    ):
        arrays[f"error_{name}_edges"] = (
            f"error_{name}_edge",
            edges,
            {"units": AXES[name][0], "long_name": f"edges of the regions in {name}"},
        )
    write_checked(path, arrays, _attributes(content))


def _t_cond(content: Content) -> FloatArray:
    share, t_evap = np.meshgrid(content.axes[0], content.axes[1], indexing="ij")
    result: FloatArray = t_cond_at(content.spec, share, t_evap)
    return result


def _cop(content: Content) -> FloatArray:
    names = [output.name for output in content.outputs]
    quality = content.values[..., names.index("quality")]
    t_evap = content.axes[1][:, None]
    lift = _t_cond(content)[..., None] - t_evap
    carnot = (t_evap + KELVIN) / lift
    result: FloatArray = content.spec.machine.motor_efficiency * (
        1.0 + content.axes[2] * quality * carnot
    )
    return result


def _attributes(content: Content) -> dict[str, Any]:
    spec = content.spec
    identity = spec.identity
    domain = spec.domain
    attributes = common_attributes(
        identity,
        f"Design points of a {identity.topology} heat pump with {identity.refrigerant}",
        content.made,
    )
    attributes |= {
        "spec": spec.to_json(),
        "t_critical": content.t_critical,
        "t_triple": content.t_triple,
        "t_cond_max": spec.t_cond_max,
        "min_lift": spec.min_lift,
        "t_supply_range": np.array(domain.t_supply),
        "source_glide_range": np.array(domain.source_glide),
        "sink_glide_range": np.array(domain.sink_glide),
    }
    if content.summary is not None:
        attributes |= content.summary.attributes()
    return attributes
