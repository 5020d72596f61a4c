"""Plant tables: the off-design map of one sized plant, and what it answers.

A plant table holds, at the nodes of a grid over suction volume flow, source
inlet, supply and sink glide, what TESPy found for that plant off design. The
volume flow relative to design is the load relative to capacity wherever the
compressor sets the capacity; along it the compressor's line, and with it the
map, is smooth. A heat load is found on the grid's own cubics.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.errors import SurrogateError, TableError
from surrogate.identity import Identity, Sizing
from surrogate.interpolate import ORDER, SplineGrid
from surrogate.netcdf import read_checked
from surrogate.parameters import Parameters
from surrogate.pinch import Water
from surrogate.plantmap import ANSWERED, FloatArray, Levels, Running, nothing
from surrogate.table import in_cells
from surrogate.tablemodel import Range, Regions
from surrogate.topology import BRANCHES
from surrogate.units import KELVIN

BoolArray = NDArray[np.bool_]

KIND = "plant"

AXES: dict[str, tuple[str, str]] = {
    "volume_flow": ("1", "suction volume flow over that of the design"),
    "t_source_in": ("degC", "source inlet temperature"),
    "t_supply": ("degC", "supply temperature of the sink"),
    "sink_glide": ("K", "supply less return temperature of the sink"),
}
"""Coordinates of a plant table: unit and long name, in the order of the grid."""

OUTPUTS: dict[str, tuple[str, str]] = {
    "load_per_flow": ("1", "heat load over volume flow, both relative to design"),
    "quality": ("1", "cooling COP of the cycle over the reversed Carnot cycle's, per eta_s"),
    "eta_s": ("1", "isentropic efficiency"),
    "t_evap": ("degC", "evaporating temperature (dew)"),
    "t_cond": ("degC", "condensing temperature (bubble)"),
    "t_discharge": ("degC", "discharge temperature"),
    "superheat": ("K", "superheat at the compressor inlet"),
    "discharge_superheat": ("K", "superheat at the compressor outlet"),
    "log_p_evap": ("1", "natural logarithm of the evaporating pressure in bar"),
    "log_p_cond": ("1", "natural logarithm of the condensing pressure in bar"),
    "mass_per_flow": ("kg/J", "refrigerant flow over volume flow, per heat load of the design"),
    "ua_condenser": ("1/K", "UA of the condenser per heat load of the design"),
    "ua_evaporator": ("1/K", "UA of the evaporator per heat load of the design"),
}
"""What is interpolated, chosen for smoothness; everything else follows from it."""

SOLVED, FROZEN, UNSOLVED = 0, 1, 2
"""Status of a node: solved; its source would freeze; not solved."""

ARRAYS = (
    *AXES,
    "status",
    "coefficients",
    "column",
    "water_excess",
    "error",
    "error_volume_flow_edges",
    "error_t_source_in_edges",
)
ATTRIBUTES = (
    "topology",
    "refrigerant",
    "parameters",
    "sizing",
    "spec_digest",
    "source_flow",
    "t_critical",
    "t_triple",
)

_RIM = 1e-9
_LOAD, _MOST_PASSES, _NEWTON_STEPS = 0, 6, 4
# Newton's steps along a cubic end at this width of the relative volume flow.
_CLOSE = 1e-10
# A search that ends at another load than it was asked for, relative to it, has failed.
_SAME_LOAD = 1e-8
# Superheat [K] within which either branch will do: more than interpolation errs.
_EITHER = 0.05


class _Piece(NamedTuple):
    """One branch of the superheat."""

    grid: SplineGrid
    usable: BoolArray


@dataclass(frozen=True)
class PlantTable:
    """A plant table, read and checked; a map of its plant.

    Attributes
    ----------
    path : Path
        Where it was read.
    identity : Identity
        The plant.
    pieces : tuple
        The branches: one, or two where the superheat is raised somewhere.
    outputs : tuple of str
        What is interpolated.
    regions : Regions
        Error of the COP over volume flow and source inlet.
    source_water : Water
        Source water at the machine's pressure.
    source_flow : float
        Heat per kelvin of the source's flow at design, per heat load [1/K].
    attributes : dict
        All attributes of the file.
    """

    path: Path
    identity: Identity
    pieces: tuple[_Piece, ...]
    outputs: tuple[str, ...]
    regions: Regions
    source_water: Water
    source_flow: float
    t_critical: float
    t_triple: float
    attributes: Mapping[str, Any]

    @property
    def ranges(self) -> dict[str, Range]:
        """Range of each coordinate."""
        axes = self.pieces[0].grid.axes
        return {name: Range(a.low, a.high) for name, a in zip(AXES, axes, strict=True)}

    @property
    def volume_flows(self) -> tuple[float, float]:
        """Lowest and highest suction volume flow that it knows, relative to design."""
        axis = self.pieces[0].grid.axes[0]
        return axis.low, axis.high

    def covers(self, sizing: Sizing) -> list[tuple[str, float, float]]:
        """Conditions that it covers, as names with their lowest and highest value."""
        return [(name, *span) for name, span in self.ranges.items()]

    def at_volume_flow(self, levels: Levels, volume_flow: FloatArray) -> Running:
        """What the machine does at some suction volume flows, relative to design."""
        found = self._branch_at(0, levels, volume_flow)
        return self._raised(found, levels, volume_flow, self._branch_at)

    def at_load(self, levels: Levels, load: FloatArray, near: FloatArray | None = None) -> Running:
        """What it does at some heat loads, relative to design; volume flows are ``near``."""
        guess = load if near is None else near
        found = self._branch_for(0, levels, np.stack([load, guess]))
        return self._raised(found, levels, np.stack([load, guess]), self._branch_for)

    def _raised(self, found: Running, levels: Levels, asked: FloatArray, answer: Any) -> Running:
        """Take the other branch where the discharge would be wet.

        A load near capacity may lie beyond the first branch, so that nothing is
        known of its discharge; the other branch then tells by its superheat.
        """
        if len(self.pieces) == 1:
            return found
        p = self.identity.parameters
        with np.errstate(invalid="ignore"):
            doubtful = (found.code != ANSWERED) | (
                found.discharge_superheat < p.min_discharge_superheat
            )
        members = np.flatnonzero(doubtful)
        other = answer(1, levels.take(members), asked[..., members])
        with np.errstate(invalid="ignore"):
            holds = (found.code[members] == ANSWERED) | (other.superheat >= p.superheat - _EITHER)
        found.put(members[holds], other.take(holds))
        return found

    def _branch_at(self, branch: int, levels: Levels, volume_flow: FloatArray) -> Running:
        coordinates = _coordinates(levels, volume_flow)
        inside = self._inside(coordinates)
        found = nothing(len(volume_flow))
        members = np.flatnonzero(inside)
        places = [x[members] for x in coordinates]
        rows = np.empty((len(self.outputs), len(members)))
        usable = np.empty(len(members), dtype=np.bool_)
        piece = self.pieces[branch]
        for cell, group in piece.grid.groups(places):
            cubic, s, _ = _along(piece.grid, cell, [x[group] for x in places])
            rows[:, group] = cubic[0] + s * (cubic[1] + s * (cubic[2] + s * cubic[3]))
            usable[group] = piece.usable[cell]
        found.put(members, self._running(levels.take(members), places[0], rows, usable))
        return found

    def _branch_for(self, branch: int, levels: Levels, asked: FloatArray) -> Running:
        """Find volume flows for heat loads, cell by cell along the grid's cubics."""
        load, near = asked
        piece = self.pieces[branch]
        axis = piece.grid.axes[0]
        flow = np.clip(near, axis.low, axis.high)
        found = nothing(len(load))
        left = np.flatnonzero(self._inside(_coordinates(levels, flow)))
        for _ in range(_MOST_PASSES):
            if len(left) == 0:
                break
            places = [x[left] for x in _coordinates(levels, flow)]
            rows = np.empty((len(self.outputs), len(left)))
            usable = np.empty(len(left), dtype=np.bool_)
            astray = np.zeros(len(left), dtype=np.bool_)
            for cell, group in piece.grid.groups(places):
                cubic, s, per = _along(piece.grid, cell, [x[group] for x in places])
                s = _place_of_load(
                    cubic[:, _LOAD], s, per, axis.place(cell[0])[0], load[left[group]]
                )
                rows[:, group] = cubic[0] + s * (cubic[1] + s * (cubic[2] + s * cubic[3]))
                usable[group] = piece.usable[cell]
                low, high = _open_ends(cell[0], axis.cells)
                astray[group] = (s < low) | (s > high)
                flow[left[group]] = axis.place(cell[0])[0] + s / per
            done = left[~astray]
            running = self._running(
                levels.take(done), flow[done], rows[:, ~astray], usable[~astray]
            )
            found.put(done, running)
            left = left[astray]
            flow[left] = np.clip(flow[left], axis.low, axis.high)
        with np.errstate(invalid="ignore"):
            off_axis = (found.volume_flow < axis.low - 1e-6) | (
                found.volume_flow > axis.high + 1e-6
            )
            beyond = off_axis | ~(np.abs(found.load - load) <= _SAME_LOAD * load)
        found.put(beyond, nothing(int(beyond.sum())))
        return found

    def _inside(self, coordinates: Sequence[FloatArray]) -> BoolArray:
        result = np.ones(len(coordinates[0]), dtype=np.bool_)
        for x, (low, high) in zip(coordinates, self.ranges.values(), strict=True):
            result &= (x >= low - _RIM) & (x <= high + _RIM)
        return result

    def _running(
        self, levels: Levels, flow: FloatArray, rows: FloatArray, usable: BoolArray
    ) -> Running:
        known = dict(zip(self.outputs, rows, strict=True))
        t_evap, t_cond = known["t_evap"], known["t_cond"]
        inner = 1.0 + known["eta_s"] * known["quality"] * (t_evap + KELVIN) / (t_cond - t_evap)
        load = flow * known["load_per_flow"]
        running = Running(
            code=np.full(len(flow), ANSWERED, dtype=np.int8),
            volume_flow=flow.copy(),
            load=load,
            cop=self.identity.parameters.motor_efficiency * inner,
            t_evap=t_evap,
            t_cond=t_cond,
            t_discharge=known["t_discharge"],
            t_source_out=self._source_out(levels, load * (1.0 - 1.0 / inner)),
            p_evap=np.exp(known["log_p_evap"]),
            p_cond=np.exp(known["log_p_cond"]),
            superheat=known["superheat"],
            discharge_superheat=known["discharge_superheat"],
            eta_s=known["eta_s"],
            mass_flow=flow * known["mass_per_flow"],
            ua_condenser=known["ua_condenser"],
            ua_evaporator=known["ua_evaporator"],
            error=self.regions.at_many(flow, levels.t_source_in),
        )
        running.put(~usable, nothing(int((~usable).sum())))
        return running

    def _source_out(self, levels: Levels, taken: FloatArray) -> FloatArray:
        sizing = self.identity.sizing
        assert sizing is not None
        if sizing.source_control == "outlet":
            return np.full(len(taken), sizing.t_source_out)
        water = self.source_water
        result: FloatArray = water.temperature(
            water.enthalpy(levels.t_source_in) - taken / self.source_flow
        )
        return result


def _coordinates(levels: Levels, volume_flow: FloatArray) -> list[FloatArray]:
    return [volume_flow, levels.t_source_in, levels.t_supply, levels.t_supply - levels.t_return]


def _along(
    grid: SplineGrid, cell: tuple[int, ...], places: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray, float]:
    """Cubics along the volume flow in one cell, the places in it, and one over its width."""
    start, per = grid.axes[0].place(cell[0])
    flow, *rest = places
    cubic = grid.cubics_many(cell, rest, False)[0].reshape(ORDER, grid.outputs, -1)
    return cubic, (flow - start) * per, per


def _place_of_load(
    per_flow: FloatArray, s: FloatArray, per: float, start: float, load: FloatArray
) -> FloatArray:
    """Where in its cell the heat load is the one asked for; may lie beyond the cell.

    The load is the volume flow times a cubic: Newton's method on that.
    """
    a, b, c, d = per_flow
    for _ in range(_NEWTON_STEPS):
        flow = start + s / per
        ratio = a + s * (b + s * (c + s * d))
        slope = ratio / per + flow * (b + s * (2.0 * c + s * (3.0 * d)))
        step = (load - flow * ratio) / slope
        s = np.clip(s + step, -2.0, 3.0)
        if (np.abs(step) < _CLOSE * per).all():
            break
    return s


def _open_ends(cell: int, cells: int) -> tuple[float, float]:
    """Places beyond which another cell follows."""
    slack = 1e-6
    return (-slack if cell > 0 else -np.inf), (1.0 + slack if cell < cells - 1 else np.inf)


def read(path: Path, expected: Identity | None = None) -> PlantTable:
    """Read a plant table and check that it can be believed.

    Raises
    ------
    TableError
        If the file is missing, no NetCDF, truncated, of a newer format,
        edited after it was made, or the table of something else.
    """
    arrays, attributes = read_checked(path, KIND, "table of a plant", ARRAYS, ATTRIBUTES)
    try:
        table = _build(path, arrays, attributes)
    except (ValueError, KeyError, IndexError, TypeError, SurrogateError) as error:
        raise TableError(f"{path} does not fit together: {error}") from error
    if table.identity.digest != attributes["spec_digest"]:
        raise TableError(f"{path} has the digest of another plant; generate the table again")
    if expected is not None and table.identity != expected:
        raise TableError(f"{path} is a table of another plant than the one that asks")
    return table


def _build(
    path: Path, arrays: Mapping[str, NDArray[Any]], attributes: Mapping[str, Any]
) -> PlantTable:
    nodes = [np.asarray(arrays[name], dtype=np.float64) for name in AXES]
    columns = [tuple(str(name).split(".")) for name in arrays["column"]]
    branches = list(dict.fromkeys(branch for branch, _ in columns))
    if branches != list(BRANCHES[: len(branches)]):
        raise ValueError(f"branches {branches} instead of {list(BRANCHES)}")
    if columns != [(branch, name) for branch in branches for name in OUTPUTS]:
        raise ValueError("its outputs are not those of this version")
    coefficients = np.asarray(arrays["coefficients"], dtype=np.float64)
    status = np.asarray(arrays["status"])
    count = len(OUTPUTS)
    return PlantTable(
        path=path,
        identity=Identity(
            KIND,
            str(attributes["topology"]),
            str(attributes["refrigerant"]),
            Parameters.from_mapping(json.loads(attributes["parameters"])),
            Sizing(**json.loads(attributes["sizing"])),
        ),
        pieces=tuple(
            _Piece(
                SplineGrid(nodes, coefficients[..., number * count : (number + 1) * count]),
                usable_cells(status[number]),
            )
            for number in range(len(branches))
        ),
        outputs=tuple(OUTPUTS),
        regions=Regions(
            np.asarray(arrays["error_volume_flow_edges"]),
            np.asarray(arrays["error_t_source_in_edges"]),
            np.asarray(arrays["error"]),
        ),
        source_water=Water(tuple(np.asarray(arrays["water_excess"]).tolist())),
        source_flow=float(attributes["source_flow"]),
        t_critical=float(attributes["t_critical"]),
        t_triple=float(attributes["t_triple"]),
        attributes=attributes,
    )


def usable_cells(status: NDArray[np.int8]) -> BoolArray:
    """Cells that queries may use.

    A node that was not solved closes all cells around it. One whose source
    would freeze does not: the limit on the source's outlet ends what is
    feasible before it.
    """
    return in_cells(status != UNSOLVED, np.all) & in_cells(status == SOLVED, np.any)
