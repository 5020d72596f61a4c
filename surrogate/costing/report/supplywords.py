"""Why each supply feeds, or does not: in words, from what its heat costs and what it can give."""

from __future__ import annotations

from typing import Any

from surrogate.costing.report.told import Told
from surrogate.costing.summary import percent

_FULL = 0.98


def why(told: Told) -> list[str]:
    """A sentence for each supply, in the order of the table.

    Parameters
    ----------
    told : Told
        The result.
    """
    supplies = told.supplies
    heat = float(supplies["load_kwh"].sum())
    paid = float((supplies["levelised_cost_per_kwh"] * supplies["load_kwh"]).sum())
    price = paid / heat if heat else None
    return [_why(row, heat, price) for _, row in supplies.iterrows()]


def _why(row: Any, heat: float, price: float | None) -> str:
    if row["constraint"] == "forbidden":
        return "It is forbidden."
    if row["load_kwh"] > 0:
        return _feeding(row, heat)
    if row["in_network"]:
        return "It is required: its fixed costs are paid, and it feeds nothing."
    if price is None:
        return "There is no network to feed."
    return _idle(row, price)


def _feeding(row: Any, heat: float) -> str:
    text = f"It gives {'all' if row['load_kwh'] >= heat else percent(row['load_kwh'] / heat)} of "
    text += f"the heat, at {row['levelised_cost_per_kwh']:.4f} per kWh with all its costs"
    text += "; it is required." if row["constraint"] == "required" else "."
    uses = (
        ("its peak capacity", row["load_kw"], row["peak_capacity_kw"]),
        ("its annual capacity", row["load_kwh"], row["annual_capacity_kwh"]),
        ("what its source gives", row["source_heat_kw"], row["source_capacity_kw"]),
    )
    known = [(used / limit, what) for what, used, limit in uses if limit > 0 and used >= 0]
    if known:
        share, what = max(known)
        at = "It is at its limit: it" if share >= _FULL else "It"
        text += f" {at} uses {percent(share)} of {what}."
    return text


def _idle(row: Any, price: float) -> str:
    asked = row["levelised_cost_per_kwh"]
    if not asked > 0:
        return "It can give nothing."
    text = (
        f"For the same heat, as far as it can give it, it would ask {asked:.4f} per kWh with all "
        "its costs, without the way to it"
    )
    if asked >= price:
        return f"{text}: {asked - price:.4f} more than is paid now."
    return (
        f"{text}: {price - asked:.4f} less than is paid now. What speaks against it is the way "
        "to it, or a limit; if neither does, the search has missed it."
    )
