"""Tables: their format, and reading them from NetCDF with every check.

A design table holds, at the nodes of a grid over ``lift_share``, ``t_evap``
and ``eta_s``, what TESPy found for the refrigerant's side of the cycle, once
for each branch of the superheat; the spline coefficients of all of it on one
trailing axis; and the error of the COP measured at full solves that the table
never saw. Nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.errors import SurrogateError, TableError
from surrogate.identity import Identity
from surrogate.interpolate import SplineGrid
from surrogate.netcdf import read_checked
from surrogate.parameters import Parameters
from surrogate.pinch import CLOSURE, Water
from surrogate.tablemodel import Guess, Piece, Range, Regions, Table
from surrogate.topology import AXES, BRANCHES

FloatArray = NDArray[np.float64]

USABLE, UNUSABLE, NOT_CONVERGED = 0, 1, 2
"""Status of a node: solved; solved, but wet or without heat from the source; not solved."""

ARRAYS = (
    *AXES,
    "status",
    "coefficients",
    "column",
    "water_excess",
    "guess",
    "error",
    "error_lift_share_edges",
    "error_t_evap_edges",
)
"""Variables that answers need; the others are there for people to read."""

ATTRIBUTES = (
    "kind",
    "topology",
    "refrigerant",
    "parameters",
    "spec",
    "spec_digest",
    "t_critical",
    "t_triple",
    "t_cond_max",
    "min_lift",
    "t_supply_range",
    "source_glide_range",
    "sink_glide_range",
)
"""Attributes that answers need."""

# What a branch fixes, and so need not be looked up.
_FIXED = {"suction": "superheat", "discharge": "discharge_superheat"}


def read(path: Path, expected: Identity | None = None) -> Table:
    """Read a table and check that it can be believed.

    Parameters
    ----------
    path : Path
        The NetCDF file.
    expected : Identity, optional
        What it must be a table of.

    Raises
    ------
    TableError
        If the file is missing, no NetCDF, truncated, of a newer format,
        edited after it was made, or a table of something else.
    """
    arrays, attributes = read_checked(
        path, "design", "table of heat pump designs", ARRAYS, ATTRIBUTES
    )
    try:
        table = _build(path, arrays, attributes)
    except (ValueError, KeyError, IndexError, TypeError, SurrogateError) as error:
        raise TableError(f"{path} does not fit together: {error}") from error
    if table.identity.digest != attributes["spec_digest"]:
        raise TableError(f"{path} has the digest of another spec; generate the table again")
    if expected is not None and table.identity != expected:
        raise TableError(
            f"{path} is a table of {_describe(table.identity)}, not of {_describe(expected)}"
        )
    return table


def _build(path: Path, arrays: Mapping[str, NDArray[Any]], attributes: dict[str, Any]) -> Table:
    nodes = [np.asarray(arrays[name], dtype=np.float64) for name in AXES]
    columns = [tuple(str(name).split(".")) for name in arrays["column"]]
    present = list(dict.fromkeys(branch for branch, _ in columns))
    if present != list(BRANCHES[: len(present)]):
        raise ValueError(f"branches {present} instead of {list(BRANCHES)}")
    outputs = tuple(name for branch, name in columns if branch == BRANCHES[0])
    if columns != [(branch, name) for branch in present for name in outputs]:
        raise ValueError("the branches hold different outputs")
    parameters = Parameters.from_mapping(json.loads(attributes["parameters"]))
    excess = np.asarray(arrays["water_excess"], dtype=np.float64)
    return Table(
        path=path,
        identity=Identity(
            str(attributes["kind"]),
            str(attributes["topology"]),
            str(attributes["refrigerant"]),
            parameters,
        ),
        pieces=tuple(
            _piece(branch, number, nodes, outputs, arrays) for number, branch in enumerate(present)
        ),
        regions=Regions(
            np.asarray(arrays["error_lift_share_edges"]),
            np.asarray(arrays["error_t_evap_edges"]),
            np.asarray(arrays["error"]),
        ),
        source_water=Water(tuple(excess[0].tolist())),
        sink_water=Water(tuple(excess[1].tolist())),
        t_critical=float(attributes["t_critical"]),
        t_triple=float(attributes["t_triple"]),
        t_cond_max=float(attributes["t_cond_max"]),
        min_lift=float(attributes["min_lift"]),
        t_supply=Range(*_pair(attributes["t_supply_range"])),
        source_glide=Range(*_pair(attributes["source_glide_range"])),
        sink_glide=Range(*_pair(attributes["sink_glide_range"])),
        guess_superheat=Guess(tuple(arrays["guess"][0].tolist())),
        guess_desuperheating=Guess(tuple(arrays["guess"][1].tolist())),
        attributes=attributes,
    )


def _piece(
    branch: str,
    number: int,
    nodes: list[FloatArray],
    outputs: tuple[str, ...],
    arrays: Mapping[str, NDArray[Any]],
) -> Piece:
    columns = np.asarray(arrays["coefficients"], dtype=np.float64)
    mine = columns[..., number * len(outputs) : (number + 1) * len(outputs)]
    closure = tuple(
        (name, outputs.index(name))
        for name in CLOSURE
        if name in outputs and name != _FIXED[branch]
    )
    return Piece(
        grid=SplineGrid(nodes, mine),
        outputs=outputs,
        closure=closure,
        closure_grid=SplineGrid(nodes, mine[..., [place for _, place in closure]]),
        coupled=branch != BRANCHES[0] or "evaporator_glide" in outputs,
        usable=_usable_cells(np.asarray(arrays["status"])[number]),
    )


def _pair(values: Iterable[float]) -> tuple[float, float]:
    low, high = (float(value) for value in values)
    return low, high


def _usable_cells(status: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Cells of one branch that queries may use.

    A node without convergence closes all cells around it. One that is wet
    does not: a query that the branch serves is dry by the interpolated
    superheat itself, so only cells with no dry node at all are closed.
    """
    return in_cells(status == USABLE, np.any) & in_cells(status != NOT_CONVERGED, np.all)


def in_cells(
    nodes: NDArray[np.bool_], reduce: Callable[..., NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Reduce the nodes of each cell; cells at the ends span three nodes, others two."""
    result = nodes
    for axis in range(nodes.ndim):
        moved = np.moveaxis(result, axis, 0)
        count = len(moved) - 3
        starts = [0, *range(2, count + 1)]
        stops = [*range(2, count + 1), count + 2]
        cells = np.stack(
            [reduce(moved[a : b + 1], axis=0) for a, b in zip(starts, stops, strict=True)]
        )
        result = np.moveaxis(cells, 0, axis)
    return result


def _describe(identity: Identity) -> str:
    return (
        f"{identity.kind} {identity.topology} {identity.refrigerant} with "
        f"{', '.join(f'{k} {v:g}' for k, v in identity.parameters.to_dict().items())}"
    )
