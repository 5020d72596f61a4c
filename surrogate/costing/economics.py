"""Money over the years: present values, replacements, and flows by year.

Revenue is positive and cost negative; year 0 is not discounted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Horizon:
    """The years that count, and what a unit of money in them is worth today.

    Parameters
    ----------
    rate : float
        Discount rate, above -1.
    term : int
        Number of years, year 0 included.

    Examples
    --------
    >>> horizon = Horizon(rate=0.05, term=11)
    >>> round(horizon.annual, 4), round(horizon.replacement(10), 4), horizon.replacement(20)
    (7.7217, 0.6139, 0.0)
    """

    rate: float
    term: int

    @property
    def factors(self) -> Floats:
        """Discount factor of each year, of shape (term,)."""
        return np.asarray((1 + self.rate) ** -np.arange(self.term, dtype=float))

    @property
    def annual(self) -> float:
        """Present value of 1 in every year from year 1."""
        return float(self.factors[1:].sum())

    def replaced(self, lifetime: int) -> npt.NDArray[np.intp]:
        """Years in which something is replaced: multiples of its lifetime from year 1.

        Parameters
        ----------
        lifetime : int
            In years, at least 1.
        """
        return np.arange(lifetime, self.term, lifetime)

    def replacement(self, lifetime: int) -> float:
        """Present value of 1 at every replacement.

        Parameters
        ----------
        lifetime : int
            In years, at least 1.
        """
        return float(self.factors[self.replaced(lifetime)].sum())

    def series(self, values: Sequence[float]) -> float:
        """Present value of a series; entry n is year n, and entry 0 is not used.

        Parameters
        ----------
        values : sequence of float
            At least as many as the term has years; further ones are not used.
        """
        return float(np.asarray(values, dtype=float)[1 : self.term] @ self.factors[1:])

    def present(self, values: Floats) -> float:
        """Present value of flows by year.

        Parameters
        ----------
        values : ndarray
            Of shape (term,).
        """
        return float(self.factors @ values)
