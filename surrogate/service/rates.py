"""How many full solves one client may ask for."""

from __future__ import annotations

import time

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from surrogate.service.problems import ProblemError


class SolveRates:
    """Full solves of each client, counted over the last hour.

    Parameters
    ----------
    per_hour : int
        Solves of one client in any hour.
    per_request : int
        Solves of one request.
    """

    def __init__(self, per_hour: int, per_request: int) -> None:
        self._item = RateLimitItemPerHour(per_hour)
        self._most = per_request
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def charge(self, client: str, solves: int, what: str = "") -> None:
        """Count solves that a client asks for.

        Parameters
        ----------
        client : str
            Who asks.
        solves : int
            How many.
        what : str
            What needs them; that many points, where nothing is said.

        Raises
        ------
        ProblemError
            If they are more than one request, or one hour, may have.
        """
        most = min(self._most, self._item.amount)
        what = what or f"{solves} points need full solves"
        if solves > most:
            raise ProblemError(
                "too-many-solves", 422,
                f"{what}, but one request may ask for {most}; ask "
                "for fewer, or with outside = 'nan', or make a table with `surrogate generate`",
            )  # fmt: skip
        if not self._limiter.hit(self._item, client, cost=solves):
            reset, left = self._limiter.get_window_stats(self._item, client)
            wait = max(int(reset - time.time()) + 1, 1)
            raise ProblemError(
                "rate-limited", 429,
                f"{what}, but {left} of {self._item.amount} an hour "
                f"are left to you; the next come free in {wait} s",
                headers={"Retry-After": str(wait)},
            )  # fmt: skip
