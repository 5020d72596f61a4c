"""Temperatures that must lie in an order, checked the same way in every pydantic model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError


def check_order(cold: str, warm: str, values: Any, labels: Mapping[str, str] | None = None) -> None:
    """Make sure that one temperature lies below another, in a model's validator.

    Parameters
    ----------
    cold, warm : str
        Names of the temperatures.
    values : object
        Has them as attributes [degC].
    labels : mapping of str to str, optional
        What to call them in the message; without it, by their names.

    Raises
    ------
    PydanticCustomError
        As ``order``; the context names ``field``, ``value``, ``other`` and
        ``limit``, and with labels ``label`` and ``other_label``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> given = SimpleNamespace(t_return=50.0, t_supply=45.0)
    >>> check_order("t_return", "t_supply", given)
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.PydanticCustomError: t_return = 50.0 degC, but it must be below \
t_supply = 45.0 degC
    """
    low, high = getattr(values, cold), getattr(values, warm)
    if low < high:
        return
    context = {"field": cold, "value": low, "other": warm, "limit": high}
    if labels is None:
        raise PydanticCustomError(
            "order", "{field} = {value} degC, but it must be below {other} = {limit} degC", context
        )
    raise PydanticCustomError(
        "order",
        "{label} ({value} degC) must be below {other_label} ({limit} degC)",
        {**context, "label": labels[cold], "other_label": labels[warm]},
    )
