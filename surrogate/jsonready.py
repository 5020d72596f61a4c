"""Values as JSON has them: gaps for numbers that are none, lists for sequences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def json_ready(value: Any, *, infinity: bool = False) -> Any:
    """A value with its containers as JSON has them: lists, and None for NaN.

    Parameters
    ----------
    value : object
        A float, a mapping, a list or tuple, any of them in each other; what is
        none of this is given back as it is.
    infinity : bool
        Whether infinity stays, by its name, since it says something there (a
        limit that is not in force); else it becomes None as well.

    Examples
    --------
    >>> json_ready({"x": (1.0, float("nan"))})
    {'x': [1.0, None]}
    >>> json_ready(float("inf")), json_ready(float("-inf"), infinity=True)
    (None, '-inf')
    """
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return str(value) if infinity and not math.isnan(value) else None
    if isinstance(value, Mapping):
        return {key: json_ready(item, infinity=infinity) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(item, infinity=infinity) for item in value]
    return value
