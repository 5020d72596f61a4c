"""The kernel against SciPy, which knows nothing of cells and powers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import NdBSpline, make_interp_spline

from surrogate.interpolate import Axis, SplineGrid, knots


def spline(lengths: tuple[int, ...], outputs: int = 3) -> tuple[list, np.ndarray, NdBSpline]:
    rng = np.random.default_rng(3)
    nodes = [np.cumsum(rng.uniform(0.5, 1.5, n)) for n in lengths]
    values = rng.normal(size=(*lengths, outputs))
    for number, axis in enumerate(nodes):
        fit = make_interp_spline(axis, np.moveaxis(values, number, 0), k=3)
        assert np.array_equal(fit.t, knots(axis))
        values = np.moveaxis(fit.c, 0, number)
    return nodes, values, NdBSpline(tuple(knots(axis) for axis in nodes), values, k=3)


@pytest.mark.parametrize("lengths", [(4, 4), (5, 4, 7), (6, 5, 4, 5)])
def test_values_and_slopes_are_scipys(lengths):
    nodes, coefficients, reference = spline(lengths)
    grid = SplineGrid(nodes, coefficients)
    rng = np.random.default_rng(4)
    points = [rng.uniform(axis[0], axis[-1], 500) for axis in nodes]
    expected = reference(np.transpose(points))
    slope = reference(np.transpose(points), nu=(0, 1) + (0,) * (len(lengths) - 2))
    along = reference(np.transpose(points), nu=(1,) + (0,) * (len(lengths) - 1))
    seen = 0
    for cell, members in grid.groups(points):
        seen += len(members)
        start, scale = grid.axes[0].place(cell[0])
        s = (points[0][members] - start) * scale
        assert (s >= 0).all()
        assert (s <= 1).all()
        cubics = grid.cubics_many(cell, [p[members] for p in points[1:]], slope=True)
        for n in range(grid.outputs):
            np.testing.assert_allclose(
                grid.along(cubics[0], n, s), expected[members, n], atol=1e-10
            )
            np.testing.assert_allclose(grid.along(cubics[1], n, s), slope[members, n], atol=1e-9)
            np.testing.assert_allclose(
                grid.slope_along(cubics[0], n, s) * scale, along[members, n], atol=1e-9
            )
    assert seen == 500


def test_one_point_is_many_points():
    nodes, coefficients, _ = spline((6, 5, 4))
    grid = SplineGrid(nodes, coefficients)
    rng = np.random.default_rng(5)
    for _ in range(50):
        point = [float(rng.uniform(axis[0], axis[-1])) for axis in nodes]
        cell = grid.locate(point)
        (many_cell, _), *rest = list(grid.groups([np.array([x]) for x in point]))
        assert many_cell == cell
        assert not rest
        one = grid.cubics(cell, point[1:], slope=True)
        many = grid.cubics_many(cell, [np.array([x]) for x in point[1:]], slope=True)
        np.testing.assert_allclose(one, np.array(many)[..., 0], rtol=1e-12, atol=1e-13)


def test_a_cubic_is_exact():
    nodes = [np.array([0.0, 0.3, 1.1, 1.9, 2.2, 4.0]), np.linspace(-1, 1, 5)]
    x, y = np.meshgrid(*nodes, indexing="ij")
    values = (x**3 - 2 * x * y + y**3)[..., None]
    for number, axis in enumerate(nodes):
        fit = make_interp_spline(axis, np.moveaxis(values, number, 0), k=3)
        values = np.moveaxis(fit.c, 0, number)
    grid = SplineGrid(nodes, values)
    cell = grid.locate((1.5, 0.4))
    start, scale = grid.axes[0].place(cell[0])
    found = grid.along(grid.cubics(cell, (0.4,), False)[0], 0, (1.5 - start) * scale)
    assert found == pytest.approx(1.5**3 - 2 * 1.5 * 0.4 + 0.4**3, abs=1e-13)


@pytest.mark.parametrize("nodes", [[0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 2.0], [3.0, 2.0, 1.0, 0.0]])
def test_axes_that_cannot_carry_a_spline_are_refused(nodes):
    with pytest.raises(ValueError, match="four increasing"):
        Axis(np.array(nodes))


def test_coefficients_must_fit_the_axes():
    with pytest.raises(ValueError, match="do not fit"):
        SplineGrid([np.arange(5.0)], np.zeros((4, 2)))
