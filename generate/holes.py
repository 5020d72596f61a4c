"""Filling nodes that have no state, so that a spline can pass through the grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

FloatArray = NDArray[np.float64]

# How much less a second difference counts than a third: enough to tie down what no third
# difference reaches, too little to bend the rest.
_TIE = 1e-4


def fill(values: FloatArray, usable: NDArray[np.bool_]) -> FloatArray:
    """Continue values smoothly into the nodes where there are none.

    The filled values make the sum of squared third differences along all axes
    smallest. So a quadratic goes on as the same quadratic, and the spline's
    wiggle at the rim stays small where it is still used.

    Parameters
    ----------
    values : array, shape (*grid, outputs)
        Values; what stands in unusable nodes is ignored.
    usable : array of bool, shape grid
        Nodes that hold a state; at least one.

    Returns
    -------
    array, shape (*grid, outputs)
        The same values with the others filled in.
    """
    if usable.all():
        return values
    if not usable.any():
        raise ValueError("no node of this branch holds a state")
    known = usable.ravel()
    rough = sparse.vstack(
        [
            weight * _differences(usable.shape, axis, order)
            for axis in range(usable.ndim)
            for order, weight in ((3, 1.0), (2, _TIE))
            if usable.shape[axis] > order
        ]
    ).tocsc()
    unknown_part, known_part = rough[:, ~known], rough[:, known]
    flat = values.reshape(-1, values.shape[-1])
    right = -unknown_part.T @ (known_part @ flat[known])
    filled = flat.copy()
    filled[~known] = splu((unknown_part.T @ unknown_part).tocsc()).solve(right)
    return filled.reshape(values.shape)


def _differences(shape: tuple[int, ...], axis: int, order: int) -> sparse.csr_array:
    """All differences of an order along one axis of a grid."""
    one = sparse.eye_array(shape[axis], format="csr")
    for _ in range(order):
        one = one[1:] - one[:-1]
    before = sparse.eye_array(int(np.prod(shape[:axis])))
    after = sparse.eye_array(int(np.prod(shape[axis + 1 :])))
    return sparse.kron(sparse.kron(before, one), after).tocsr()
