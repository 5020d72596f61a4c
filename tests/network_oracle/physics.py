"""Diversity of loads; what a pipe carries and loses."""

from __future__ import annotations

from typing import Any

import numpy as np
from CoolProp.CoolProp import PropsSI

HOURS = 8760.0
SLACK = 1e-9
"""Relative, wherever a load meets a capacity or a total its limit."""


def diversity(n: Any, limit: float, rate: float) -> Any:
    return limit + (1.0 - limit) / np.maximum(1.0, rate * np.asarray(n, dtype=float))


def capacity_kw(d_mm: float, t_flow: float, t_return: float) -> float:
    """What a pipe carries [kW]."""
    d = d_mm / 1000.0
    velocity = min(3.0, 4.7617 * d**0.3701 - 0.4834)
    density = PropsSI("D", "T", (t_flow + t_return) / 2 + 273.15, "P", 101325, "Water")
    return float(np.pi * d**2 / 4 * velocity * density * 4.18 * (t_flow - t_return))


def loss_w_m(d_mm: float, t_flow: float, t_return: float, t_ground: float) -> float:
    """Heat that flow and return lose together [W/m]."""
    d = d_mm / 1000.0
    return float(((t_flow + t_return) / 2 - t_ground) * (0.16807 * np.log(d) + 0.85684))
