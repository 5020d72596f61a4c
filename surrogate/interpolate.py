"""The numeric kernel of a query: cubic splines on a grid, cell by cell.

Tensor products of not-a-knot cubic B-splines, all outputs on the trailing
axis of one coefficient array. In each cell of the grid that is one polynomial,
made when the cell is first visited. With the other coordinates put in, it
leaves a cubic along the first axis for each output, which a search along that
axis can use again and again. One point costs one small matrix product; many
points are grouped by the cell they lie in, so that each cell costs one, too.

NumPy alone: SciPy's ``NdBSpline`` gives the same values, but importing it
takes longer than a first answer may.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ORDER = 4
"""Coefficients that act in one cell, per axis: cubic."""

# Points of one matrix product: the fewer calls the better, up to here (measured).
_BLOCK = 32768


class Axis:
    """One axis of a grid: its nodes, and the cubic basis in each of its cells.

    Cells are the spans between knots; not-a-knot leaves out the second node
    at either end, so ``n`` nodes make ``n - 3`` cells.

    Parameters
    ----------
    nodes : array, shape (n,)
        Increasing node positions, at least four.
    """

    def __init__(self, nodes: FloatArray) -> None:
        if nodes.ndim != 1 or len(nodes) < ORDER or not (np.diff(nodes) > 0).all():
            raise ValueError("an axis needs at least four increasing nodes")
        self.nodes = nodes
        self.low, self.high = float(nodes[0]), float(nodes[-1])
        self.cells = len(nodes) - ORDER + 1
        breaks = np.concatenate([nodes[:1], nodes[2:-2], nodes[-1:]])
        self.inner = breaks[1:-1]
        self.basis = _basis(breaks)
        self._cell_list = list(
            zip(breaks[:-1].tolist(), (1.0 / np.diff(breaks)).tolist(), strict=True)
        )

    def locate_many(self, x: FloatArray) -> NDArray[np.intp]:
        """Cell of each position; positions outside count to the nearest."""
        return np.searchsorted(self.inner, x, side="right")

    def place(self, cell: int) -> tuple[float, float]:
        """Start of a cell and one over its width."""
        return self._cell_list[cell]

    def powers(self, cell: int, x: float) -> list[float]:
        """Powers 0 to 3 of the place within a cell."""
        start, scale = self._cell_list[cell]
        s = (x - start) * scale
        ss = s * s
        return [1.0, s, ss, ss * s]

    def slopes(self, cell: int, x: float) -> list[float]:
        """Slopes of those powers along the axis."""
        start, scale = self._cell_list[cell]
        s = (x - start) * scale
        return [0.0, scale, 2.0 * scale * s, 3.0 * scale * s * s]

    def powers_many(self, cell: int, x: FloatArray) -> FloatArray:
        """As :meth:`powers` for many positions in one cell, of shape (4, n)."""
        start, scale = self._cell_list[cell]
        values = np.empty((ORDER, len(x)))
        values[0] = 1.0
        s = np.multiply(x - start, scale, out=values[1])
        np.multiply(s, s, out=values[2])
        np.multiply(values[2], s, out=values[3])
        return values

    def slopes_many(self, cell: int, x: FloatArray) -> FloatArray:
        """As :meth:`slopes` for many positions in one cell, of shape (4, n)."""
        _, scale = self._cell_list[cell]
        powers = self.powers_many(cell, x)
        return np.stack([0.0 * x, *(k * scale * powers[k - 1] for k in range(1, ORDER))])


class SplineGrid:
    """Outputs interpolated over a grid.

    Parameters
    ----------
    nodes : sequence of array
        Node positions of each axis.
    coefficients : array, shape (*lengths of the axes, outputs)
        B-spline coefficients on not-a-knot knots.
    """

    def __init__(self, nodes: Sequence[FloatArray], coefficients: FloatArray) -> None:
        self.axes = tuple(Axis(axis) for axis in nodes)
        lengths = tuple(len(axis.nodes) for axis in self.axes)
        if coefficients.shape[:-1] != lengths:
            raise ValueError(
                f"coefficients of shape {coefficients.shape} do not fit axes of {lengths}"
            )
        self.coefficients = np.ascontiguousarray(coefficients)
        self.outputs = coefficients.shape[-1]
        self.cells = tuple(axis.cells for axis in self.axes)
        self._inner = [axis.inner.tolist() for axis in self.axes]
        self._blocks: dict[tuple[int, ...], FloatArray] = {}

    def _block(self, cell: tuple[int, ...]) -> FloatArray:
        """Polynomial of a cell, shape (4**(axes - 1), 4 * outputs).

        Rows run over the powers along all axes but the first, columns over
        the powers along the first and the outputs.
        """
        block = self._blocks.get(cell)
        if block is None:
            part = self.coefficients[tuple(slice(i, i + ORDER) for i in cell)]
            for number, (axis, i) in enumerate(zip(self.axes, cell, strict=True)):
                part = np.moveaxis(np.tensordot(axis.basis[i], part, axes=(0, number)), 0, number)
            rest_first = np.moveaxis(part, 0, -2)
            block = np.ascontiguousarray(rest_first.reshape(-1, ORDER * self.outputs))
            self._blocks[cell] = block
        return block

    def locate(self, point: Sequence[float]) -> tuple[int, ...]:
        """Cell that one point lies in; points outside count to the nearest."""
        return tuple([bisect_right(inner, x) for inner, x in zip(self._inner, point, strict=True)])

    def groups(
        self, points: Sequence[FloatArray]
    ) -> Iterator[tuple[tuple[int, ...], NDArray[np.intp]]]:
        """Occupied cells, each with the points in it, in blocks of bounded length."""
        cells = np.ravel_multi_index(
            tuple(axis.locate_many(x) for axis, x in zip(self.axes, points, strict=True)),
            self.cells,
        )
        # 16-bit keys are sorted by radix, in linear time.
        keys = cells.astype(np.uint16) if np.prod(self.cells) <= 1 << 16 else cells
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1, append=-1))
        for start, stop in itertools.pairwise(starts.tolist()):
            place = np.unravel_index(int(cells[order[start]]), self.cells)
            for begin in range(start, stop, _BLOCK):
                members = order[begin : min(begin + _BLOCK, stop)]
                yield tuple(int(i) for i in place), members

    def cubics(self, cell: tuple[int, ...], rest: Sequence[float], slope: bool) -> Any:
        """Cubics along the first axis at one point of the others.

        Parameters
        ----------
        cell : tuple of int
            Cell whose polynomial to use.
        rest : sequence of float
            Coordinates on all axes but the first.
        slope : bool
            Whether to give the slope along the second axis, too.

        Returns
        -------
        list of list of float
            For the value, and for the slope if asked: the factors of power 0
            of the place within the cell for all outputs, then those of power
            1, and so on; see :meth:`along`.
        """
        block = self._block(cell)
        rest_axes = zip(self.axes[1:], cell[1:], rest, strict=True)
        first, *others = [axis.powers(i, x) for axis, i, x in rest_axes]
        cubics = [np.array(_products(first, others)).dot(block).tolist()]
        if slope:
            steep = self.axes[1].slopes(cell[1], rest[0])
            cubics.append(np.array(_products(steep, others)).dot(block).tolist())
        return cubics

    def cubics_many(self, cell: tuple[int, ...], rest: Sequence[FloatArray], slope: bool) -> Any:
        """As :meth:`cubics` for many points of one cell.

        Returns
        -------
        list of array, shape (4 * outputs, n)
            As there, with the points on the last axis.
        """
        block = self._block(cell).T
        rest_axes = zip(self.axes[1:], cell[1:], rest, strict=True)
        first, *others = [axis.powers_many(i, x) for axis, i, x in rest_axes]
        cubics = [block @ reduce(_outer, others, first)]
        if slope:
            steep = self.axes[1].slopes_many(cell[1], rest[0])
            cubics.append(block @ reduce(_outer, others, steep))
        return cubics

    def values_many(self, points: Sequence[FloatArray]) -> FloatArray:
        """All outputs at many points, shape (outputs, n); beyond the grid, its outermost cubics.

        Parameters
        ----------
        points : sequence of array, shape (n,)
            Coordinates, axis by axis.
        """
        result = np.empty((self.outputs, len(points[0])))
        for cell, members in self.groups(points):
            first, *rest = [x[members] for x in points]
            start, scale = self.axes[0].place(cell[0])
            cubic = self.cubics_many(cell, rest, False)[0].reshape(ORDER, self.outputs, -1)
            s = (first - start) * scale
            result[:, members] = cubic[0] + s * (cubic[1] + s * (cubic[2] + s * cubic[3]))
        return result

    def along(self, cubic: Any, output: int, s: Any) -> Any:
        """Value of one output's cubic at a place within the cell."""
        n = self.outputs
        return cubic[output] + s * (
            cubic[output + n] + s * (cubic[output + 2 * n] + s * cubic[output + 3 * n])
        )

    def all_along(self, cubic: Any, s: Any) -> list[Any]:
        """Values of all outputs' cubics at a place within the cell."""
        n = self.outputs
        return [
            a + s * (b + s * (c + s * d))
            for a, b, c, d in zip(
                cubic[:n], cubic[n : 2 * n], cubic[2 * n : 3 * n], cubic[3 * n :], strict=True
            )
        ]

    def slope_along(self, cubic: Any, output: int, s: Any) -> Any:
        """Slope of one output's cubic over the place within the cell."""
        n = self.outputs
        return cubic[output + n] + s * (
            2.0 * cubic[output + 2 * n] + s * (3.0 * cubic[output + 3 * n])
        )


def _products(first: Sequence[float], others: Sequence[Sequence[float]]) -> Sequence[float]:
    """All products of some lists of powers, the last list varying fastest."""
    for more in others:
        first = [a * b for a in first for b in more]
    return first


def _outer(left: FloatArray, right: FloatArray) -> FloatArray:
    """All products of two sets of powers, point by point."""
    return (left[:, None, :] * right[None, :, :]).reshape(-1, left.shape[-1])


def knots(nodes: FloatArray) -> FloatArray:
    """Not-a-knot knots of a cubic spline through some nodes.

    Examples
    --------
    >>> knots(np.arange(6.0))
    array([0., 0., 0., 0., 2., 3., 5., 5., 5., 5.])
    """
    ends = np.ones(ORDER)
    return np.concatenate([nodes[0] * ends, nodes[2:-2], nodes[-1] * ends])


def _basis(breaks: FloatArray) -> FloatArray:
    """Cubic B-spline basis in each cell as polynomials, shape (cells, 4, 4).

    Entry ``[cell, i, k]`` is the factor of ``s**k`` in the weight of the
    cell's coefficient ``i``, where ``s`` runs from 0 to 1 through the cell.
    The recursion is Cox's and de Boor's (de Boor, A Practical Guide to
    Splines, 1978, ch. X), evaluated at four places and fitted exactly.
    """
    ends = np.ones(ORDER - 1)
    t = np.concatenate([breaks[0] * ends, breaks, breaks[-1] * ends])
    places = np.linspace(0.0, 1.0, ORDER)
    to_powers = np.linalg.inv(np.vander(places, ORDER, increasing=True))
    result = np.empty((len(breaks) - 1, ORDER, ORDER))
    for cell in range(len(breaks) - 1):
        k = cell + ORDER - 1
        x = breaks[cell] + places * (breaks[cell + 1] - breaks[cell])
        values = np.ones((1, ORDER))
        for degree in range(1, ORDER):
            grown = np.zeros((degree + 1, ORDER))
            for i in range(degree):
                left, right = t[k + 1 + i - degree], t[k + 1 + i]
                share = values[i] / (right - left)
                grown[i] += share * (right - x)
                grown[i + 1] += share * (x - left)
            values = grown
        result[cell] = values @ to_powers.T
    return result
