"""Numbers and coordinates in words, for readers."""

from __future__ import annotations

import math

UNITS = {
    "t_source_in": "°C", "t_source_out": "°C", "t_supply": "°C", "t_return": "°C",
    "t_source_in_design": "°C", "t_supply_design": "°C", "source_glide": "K", "sink_glide": "K",
    "source_glide_design": "K", "sink_glide_design": "K", "source_change": "K",
    "supply_change": "K",
}  # fmt: skip
"""Units of coordinates; those not named have none."""

LABELS = {
    "t_source_in": "source inlet", "t_source_out": "source outlet", "t_supply": "supply",
    "source_glide": "source glide", "sink_glide": "sink glide", "eta_s": "isentropic efficiency",
    "t_source_in_design": "source inlet, design", "t_supply_design": "supply, design",
    "source_glide_design": "source glide, design", "sink_glide_design": "sink glide, design",
    "eta_s_design": "isentropic efficiency, design", "source_change": "source less design",
    "supply_change": "supply less design", "glide_ratio": "sink glide over design",
    "volume_flow": "suction volume flow over design",
}  # fmt: skip
"""Coordinates in words."""


def label(name: str) -> str:
    """A coordinate in words with its unit."""
    unit = UNITS.get(name)
    text = LABELS.get(name, name)
    return f"{text} [{unit}]" if unit else text


def percent(value: float, digits: int = 2) -> str:
    """A share or relative error in percent, with so many significant digits.

    Examples
    --------
    >>> percent(0.000123), percent(0.02), percent(0.0)
    ('0.012 %', '2.0 %', '0 %')
    """
    if not math.isfinite(value):
        return "none"
    if value == 0.0:
        return "0 %"
    decimals = max(digits - 1 - math.floor(math.log10(abs(100.0 * value))), 0)
    return f"{100.0 * value:.{min(decimals, 6)}f} %"


def signed(value: float) -> str:
    """A relative error in percent with its sign.

    Examples
    --------
    >>> signed(0.0123), signed(-0.2)
    ('+1.2 %', '-20 %')
    """
    text = percent(abs(value))
    return text if value == 0.0 or text == "none" else f"{'+' if value > 0 else '-'}{text}"


def seconds(value: float) -> str:
    """A time with a unit that suits it.

    Examples
    --------
    >>> seconds(3.1e-5), seconds(0.08), seconds(2.5), seconds(3600.0)
    ('31 µs', '80 ms', '2.5 s', '60 min')
    """
    for factor, unit in ((60.0, "min"), (1.0, "s"), (1e-3, "ms")):
        if value >= (1.5 * factor if unit == "min" else factor):
            return f"{number(value / factor)} {unit}"
    return f"{number(value * 1e6)} µs"


def number(value: float) -> str:
    """A number with two significant digits or all before the point.

    Examples
    --------
    >>> number(31.4), number(2.512), number(123456.0)
    ('31', '2.5', '123 456')
    """
    return f"{value:.2g}" if abs(value) < 10 else f"{value:,.0f}".replace(",", " ")


def place(coordinates: dict[str, float]) -> str:
    """Where a point lies, in words with units."""
    parts = []
    for name, value in coordinates.items():
        unit = f" {UNITS[name]}" if name in UNITS else ""
        digits = ".1f" if unit else ".3g"
        parts.append(f"{LABELS.get(name, name)} {value:{digits}}{unit}")
    return ", ".join(parts)
