"""One heat pump a refrigerant, shared by all that ask in one process."""

from __future__ import annotations

import functools

from surrogate.fluids import canonical_name
from surrogate.heatpump import HeatPump


def shared_pump(refrigerant: str) -> HeatPump:
    """Return the process's heat pump of a refrigerant, its table read once.

    Parameters
    ----------
    refrigerant : str
        Its name, however it is written.

    Raises
    ------
    UnknownRefrigerantError
        If CoolProp does not know it.

    Examples
    --------
    >>> shared_pump("ammonia") is shared_pump("R717")
    True
    """
    return _pump(canonical_name(refrigerant))


@functools.lru_cache(maxsize=64)
def _pump(name: str) -> HeatPump:
    return HeatPump(name)
