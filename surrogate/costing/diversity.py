"""Diversity: many customers' peaks do not fall together.

References
----------
.. [1] CIBSE, CP1: Heat networks: Code of Practice for the UK, 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Diversity:
    """Peak of n connections together over the sum of their own peaks.

    ``D(n) = limit + (1 - limit) / max(1, rate * n)``, after [1].

    Parameters
    ----------
    limit : float
        What very many connections tend to, above 0, at most 1.
    rate : float
        How fast.

    Examples
    --------
    >>> Diversity()(1), round(Diversity()(10), 3)
    (1.0, 0.658)
    """

    limit: float = 0.62
    rate: float = 1.0

    def __call__(self, connections: float) -> float:
        """Diversity of so many connections."""
        return self.limit + (1 - self.limit) / max(1.0, self.rate * connections)

    def inverse(self, connections: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """1 / D(n), by which the sum of peaks may exceed a capacity.

        Concave in n where rate * n >= 1, and 1 below.

        Parameters
        ----------
        connections : array_like
            Numbers of connections.
        """
        n = np.asarray(connections, dtype=float)
        return np.asarray(1 / (self.limit + (1 - self.limit) / np.maximum(1.0, self.rate * n)))

    def undiversified(self, peak_kw: float, connections: int) -> float:
        """Sum of the end users' own peaks [kW] behind a building's peak demand.

        Parameters
        ----------
        peak_kw : float
            Peak demand of the building, diversity within it included [kW].
        connections : int
            Its end users.
        """
        return peak_kw / self(connections)
