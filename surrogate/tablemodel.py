"""A design table in memory: its branches, its ranges, and the error that it knows of itself."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.identity import Identity
from surrogate.interpolate import SplineGrid
from surrogate.parameters import ETA_S_DEFAULT, Parameters
from surrogate.pinch import Water

FloatArray = NDArray[np.float64]

RIM = 1e-9
"""Rounding alone must not put a point outside a table."""


@dataclass(frozen=True)
class Regions:
    """Error of the COP by region of two coordinates: the conformal half-widths.

    ``half_width[i, j]`` holds between edges ``i`` of the first coordinate and
    ``j`` of the second.
    """

    row_edges: FloatArray
    column_edges: FloatArray
    half_width: FloatArray

    @cached_property
    def _lists(self) -> tuple[list[float], list[float], list[list[float]]]:
        """Inner edges and half-widths as lists: faster for one point."""
        return (
            self.row_edges[1:-1].tolist(),
            self.column_edges[1:-1].tolist(),
            self.half_width.tolist(),
        )

    def at(self, row: float, column: float) -> float:
        """Half-width at one place."""
        rows, columns, half_width = self._lists
        return half_width[bisect_right(rows, row)][bisect_right(columns, column)]

    def at_many(self, row: FloatArray, column: FloatArray) -> FloatArray:
        """Half-widths at many places."""
        i = np.searchsorted(self.row_edges[1:-1], row, side="right")
        j = np.searchsorted(self.column_edges[1:-1], column, side="right")
        result: FloatArray = self.half_width[i, j]
        return result


class Range(NamedTuple):
    """Lowest and highest value of a condition."""

    low: float
    high: float


class Guess(NamedTuple):
    """A cubic in evaporating and condensing temperature and efficiency.

    ``factors`` belong to the powers named in :data:`GUESS_POWERS`.
    """

    factors: tuple[float, ...]

    def at(self, t_evap: Any, t_cond: Any, eta_s: Any) -> Any:
        """Value at one place or at many."""
        f = self.factors
        x, y, z = 0.01 * t_evap, 0.01 * t_cond, eta_s
        along_z = f[0] + z * (f[1] + z * (f[2] + z * f[3]))
        along_y = f[4] + z * (f[5] + z * f[6]) + y * (f[7] + z * f[8] + y * f[9])
        along_x = (
            f[10]
            + z * (f[11] + z * f[12])
            + y * (f[13] + z * f[14] + y * f[15])
            + x * (f[16] + z * f[17] + y * f[18] + x * f[19])
        )
        return along_z + y * along_y + x * along_x

    @classmethod
    def fit(
        cls,
        t_evap: FloatArray,
        t_cond: FloatArray,
        eta_s: FloatArray,
        values: FloatArray,
        weights: FloatArray,
    ) -> Guess:
        """Fit one to values at scattered places, by weighted least squares."""
        x, y, z = 0.01 * t_evap, 0.01 * t_cond, eta_s
        terms = np.column_stack([x**i * y**j * z**k for i, j, k in GUESS_POWERS])
        factors = np.linalg.lstsq(weights[:, None] * terms, weights * values, rcond=None)[0]
        return cls(tuple(factors.tolist()))


GUESS_POWERS = tuple((i, j, k) for i in range(4) for j in range(4 - i) for k in range(4 - i - j))
"""Powers of t_evap / 100, t_cond / 100 and eta_s in a guess, in the order of its factors."""


@dataclass(frozen=True)
class Piece:
    """One branch of a table: a smooth map.

    Attributes
    ----------
    grid : SplineGrid
        All outputs.
    outputs : tuple of str
        Their names.
    closure : tuple of (str, int)
        Outputs that decide where the pinch lies and are no constants here,
        each with its place among all.
    closure_grid : SplineGrid
        Those outputs alone.
    coupled : bool
        Whether evaporation depends on condensation: raised superheat, or a
        refrigerant with a glide.
    usable : array of bool, shape cells
        Cells that queries may use.
    """

    grid: SplineGrid
    outputs: tuple[str, ...]
    closure: tuple[tuple[str, int], ...]
    closure_grid: SplineGrid
    coupled: bool
    usable: NDArray[np.bool_]

    @property
    def gliding(self) -> bool:
        """Whether the refrigerant has a glide of its own."""
        return "evaporator_glide" in self.outputs

    @cached_property
    def usable_list(self) -> list[Any]:
        """The same as ``usable``, as nested lists: faster for one point."""
        result: list[Any] = self.usable.tolist()
        return result


@dataclass(frozen=True)
class Table:
    """A design table, read and checked.

    Attributes
    ----------
    path : Path
        Where it was read.
    identity : Identity
        What it is a table of.
    pieces : tuple of Piece
        The branches: one, or two for fluids whose superheat is raised somewhere.
    regions : Regions
        Error of the COP.
    source_water, sink_water : Water
        Water at the pressures of the machine.
    attributes : dict
        All attributes of the file.
    """

    path: Path
    identity: Identity
    pieces: tuple[Piece, ...]
    regions: Regions
    source_water: Water
    sink_water: Water
    t_critical: float
    t_triple: float
    t_cond_max: float
    min_lift: float
    t_supply: Range
    source_glide: Range
    sink_glide: Range
    guess_superheat: Guess
    guess_desuperheating: Guess
    attributes: dict[str, Any] = field(repr=False)

    @cached_property
    def typical_desuperheating(self) -> float:
        """Share of the condenser's heat above the dew point amid the table [1]."""
        t_evap = 0.5 * (self.t_evap.low + self.t_evap.high)
        t_cond = 0.5 * (t_evap + self.min_lift + self.t_cond_max)
        return float(self.guess_desuperheating.at(t_evap, t_cond, ETA_S_DEFAULT))

    @cached_property
    def rims(self) -> tuple[Range, Range, Range, Range]:
        """Ranges of supply, source glide, sink glide and eta_s, with room for rounding."""
        ranges = (self.t_supply, self.source_glide, self.sink_glide, self.eta_s)
        supply, source, sink, eta_s = (Range(low - RIM, high + RIM) for low, high in ranges)
        return supply, source, sink, eta_s

    @cached_property
    def parameters(self) -> Parameters:
        """Parameters of the machine."""
        return self.identity.parameters

    @cached_property
    def t_evap(self) -> Range:
        """Evaporating temperatures [degC] that it covers."""
        axis = self.pieces[0].grid.axes[1]
        return Range(axis.low, axis.high)

    @cached_property
    def eta_s(self) -> Range:
        """Isentropic efficiencies [1] that it covers."""
        axis = self.pieces[0].grid.axes[2]
        return Range(axis.low, axis.high)

    def to_dataset(self) -> Any:
        """The whole file as an xarray Dataset."""
        import xarray as xr

        return xr.load_dataset(self.path)
