"""The numeric kernel of a query: cubic splines on a grid, with their gradient.

Tensor products of not-a-knot cubic B-splines, all outputs on the trailing
axis of one coefficient array. One point is answered with a single small
matrix product; many points are grouped by the grid cell they lie in, so that
each cell costs one matrix product too. NumPy alone: SciPy's ``NdBSpline``
gives the same values, but importing it takes longer than a first answer may.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ORDER = 4
"""Coefficients that act in one cell, per axis: cubic."""

# Points of one matrix product: its powers fill the second-level cache, not more.
_BLOCK = 1024


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
        self._inner_list = self.inner.tolist()
        self._cell_list = list(
            zip(breaks[:-1].tolist(), (1.0 / np.diff(breaks)).tolist(), strict=True)
        )

    def locate(self, x: float) -> int:
        """Cell that one position lies in; positions outside count to the nearest."""
        return bisect_right(self._inner_list, x)

    def locate_many(self, x: FloatArray) -> NDArray[np.intp]:
        """Cell of each position, as :meth:`locate`."""
        return np.searchsorted(self.inner, x, side="right")

    def powers(self, cell: int, x: float) -> tuple[list[float], list[float]]:
        """Powers 0 to 3 of the place within a cell, and their slopes along the axis."""
        start, scale = self._cell_list[cell]
        s = (x - start) * scale
        ss = s * s
        return [1.0, s, ss, ss * s], [0.0, scale, 2.0 * scale * s, 3.0 * scale * ss]

    def powers_many(self, cell: int, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """As :meth:`powers` for many positions in one cell, each of shape (4, n)."""
        start, scale = self._cell_list[cell]
        values, slopes = np.empty((2, ORDER, len(x)))
        values[0], slopes[0], slopes[1] = 1.0, 0.0, scale
        s = np.multiply(x - start, scale, out=values[1])
        np.multiply(s, s, out=values[2])
        np.multiply(values[2], s, out=values[3])
        np.multiply(s, 2.0 * scale, out=slopes[2])
        np.multiply(values[2], 3.0 * scale, out=slopes[3])
        return values, slopes


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
        self._blocks: dict[tuple[int, ...], FloatArray] = {}

    def _block(self, cell: tuple[int, ...]) -> FloatArray:
        """Polynomial of a cell in powers of the places within, shape (4**axes, outputs).

        Made from the B-spline coefficients when first asked for, then kept.
        """
        block = self._blocks.get(cell)
        if block is None:
            part = self.coefficients[tuple(slice(i, i + ORDER) for i in cell)]
            for number, (axis, i) in enumerate(zip(self.axes, cell, strict=True)):
                part = np.moveaxis(
                    np.tensordot(axis.basis[i], part, axes=(0, number)), 0, number
                )
            block = np.ascontiguousarray(part.reshape(-1, self.outputs))
            self._blocks[cell] = block
        return block

    def locate(self, point: Sequence[float]) -> tuple[int, ...]:
        """Cell that one point lies in; points outside count to the nearest."""
        return tuple([axis.locate(x) for axis, x in zip(self.axes, point, strict=True)])

    def jet(self, point: Sequence[float], slopes: int) -> list[list[float]]:
        """Interpolate at one point.

        Parameters
        ----------
        point : sequence of float
            Its coordinate on each axis.
        slopes : int
            How many of the axes, from the first, to give slopes for.

        Returns
        -------
        list of list of float
            All outputs, then their slope along each of those axes.
        """
        cell = self.locate(point)
        rows = [
            axis.powers(i, x) for axis, i, x in zip(self.axes, cell, point, strict=True)
        ]
        count = slopes + 1
        product: FloatArray | None = None
        for number, (value, slope) in enumerate(rows):
            # Row 0 is the value; row n the slope along axis n - 1.
            column = np.array(
                [slope if row == number + 1 else value for row in range(count)]
                if number < slopes
                else [value]
            )
            product = (
                column
                if product is None
                else (product[:, :, None] * column[:, None, :]).reshape(count, -1)
            )
        assert product is not None
        result: list[list[float]] = (product @ self._block(cell)).tolist()
        return result

    def jet_many(
        self, points: Sequence[FloatArray], slopes: int
    ) -> tuple[FloatArray, NDArray[np.intp]]:
        """Interpolate at many points.

        Parameters
        ----------
        points : sequence of array, shape (n,)
            Coordinates, one array for each axis.
        slopes : int
            As in :meth:`jet`.

        Returns
        -------
        array, shape (slopes + 1, outputs, n)
            All outputs, then their slope along each of those axes.
        array of int, shape (n,)
            The cell of each point, as a flat index into :attr:`cells`.
        """
        cells = np.ravel_multi_index(
            tuple(axis.locate_many(x) for axis, x in zip(self.axes, points, strict=True)),
            self.cells,
        )
        result = np.empty((slopes + 1, self.outputs, len(cells)))
        for cell, members in _groups(cells, int(np.prod(self.cells))):
            place = tuple(int(i) for i in np.unravel_index(cell, self.cells))
            block = self._block(place).T
            powers = [
                axis.powers_many(i, x[members])
                for axis, i, x in zip(self.axes, place, points, strict=True)
            ]
            for row in range(slopes + 1):
                chosen = [pair[row == number + 1] for number, pair in enumerate(powers)]
                result[row][:, members] = block @ reduce(_outer, chosen)
        return result, cells


def _outer(left: FloatArray, right: FloatArray) -> FloatArray:
    """All products of two sets of powers, point by point."""
    return (left[:, None, :] * right[None, :, :]).reshape(-1, left.shape[-1])


def _groups(
    cells: NDArray[np.intp], count: int
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Occupied cells and the points in each, in blocks of bounded length."""
    # 16-bit keys are sorted by radix, in linear time.
    keys = cells.astype(np.uint16) if count <= 1 << 16 else cells
    order = np.argsort(keys, kind="stable")
    edges = np.flatnonzero(np.diff(cells[order])) + 1
    starts = np.concatenate([[0], edges]) if len(order) else edges
    for start, stop in zip(starts, np.append(starts[1:], len(order)), strict=True):
        for begin in range(start, stop, _BLOCK):
            members = order[begin : min(begin + _BLOCK, stop)]
            yield int(cells[members[0]]), members


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
