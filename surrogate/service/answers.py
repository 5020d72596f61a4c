"""Answers as JSON: columns of an estimate, NaN as null."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import orjson
from starlette.responses import Response

from surrogate import limits as limits_module
from surrogate.conditions import CONDITIONS
from surrogate.estimate import Estimate

LABELS = ("status", "limit", "origin")
"""Columns of an answer that are words."""


def encoded(values: Any) -> bytes:
    """JSON of plain values and NumPy arrays; what is not finite becomes null."""
    return orjson.dumps(values, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)


def answer(values: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response of plain values."""
    return Response(
        encoded(values), status_code=status, media_type="application/json", headers=headers
    )


async def answer_of(
    values: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """As :func:`answer`, of lists in a thread: single points need not wait for a year."""
    many = any(isinstance(value, (list, np.ndarray)) for value in values.values())
    content = await asyncio.to_thread(encoded, values) if many else encoded(values)
    return Response(content, status_code=status, media_type="application/json", headers=headers)


def columns(estimate: Estimate, quantities: Iterable[str] | None = None) -> dict[str, Any]:
    """Everything in an estimate by name, or only some quantities with their status.

    Parameters
    ----------
    estimate : Estimate
        Of one point or of many.
    quantities : iterable of str, optional
        Names of conditions and quantities; all by default.
    """
    if quantities is None:
        found = estimate.to_dict()
    else:
        names = dict.fromkeys([*quantities, *LABELS])
        found = {name: getattr(estimate, name) for name in names}
    if not estimate.shape:
        broken = found["status"] == "infeasible"
        found["reason"] = limits_module.reason(found["limit"], estimate.limits) if broken else ""
    return found


def names_of(kind: type[Estimate]) -> tuple[str, ...]:
    """Names of all numbers in a kind of estimate."""
    return (*CONDITIONS, *kind._quantities, *kind._flags)


def _plain(value: Any) -> Any:
    """What orjson does not know: labels in NumPy's own strings, and numbers of NumPy's."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON")
