"""Draws the picture of ``docs/costing.md``: the shipped district and its best network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from surrogate import costing
from surrogate.costing.summary import energy, grouped
from surrogate.costing.town.drawing import Chance
from surrogate.costing.town.streets import plan

TARGET = Path(__file__).parent / "images" / "costing.png"

SEED = 7  # of the shipped district
AREAS = {"water": "#c5dcea", "park": "#dcebd3"}
GROUND, STREET, INK = "#f6f4ef", "#ffffff", "#3b3b3b"
IN, OUT = "#e8a87c", "#d9d6cf"
RAMP = LinearSegmentedColormap.from_list("pipes", ["#f0a030", "#d7263d", "#6a0572"])
KINDS = {
    ("tariff", "connection charge"): ("connection charges", "#8cc5a2"),
    ("tariff", "annual charge"): ("tariffs", "#3c8d5a"),
    ("building", "extra"): ("grants", "#c9e2d1"),
    ("pipe", "capex"): ("pipes", "#d7263d"),
    ("pipe", "repex"): ("pipes", "#d7263d"),
    ("path", "extra"): ("pipes", "#d7263d"),
    ("supply", "capex"): ("heat pump", "#1f5f8b"),
    ("supply", "repex"): ("heat pump", "#1f5f8b"),
    ("supply", "opex"): ("operation", "#9fb8c8"),
    ("supply", "heat"): ("electricity", "#5f8fb0"),
    ("connection", "capex"): ("house stations", "#c98a1b"),
    ("connection", "repex"): ("house stations", "#c98a1b"),
    ("connection", "opex"): ("operation", "#9fb8c8"),
}


def main() -> None:
    """Draw the map, and the money by year."""
    tables = costing.district()
    result = costing.optimise(tables)
    figure = plt.figure(figsize=(11, 7.1))
    grid = figure.add_gridspec(2, 2, width_ratios=(1.72, 1), height_ratios=(1, 1.5))
    axes = figure.add_subplot(grid[:, 0])
    for outline, colour in _areas(tables["paths"]):
        axes.fill(*outline.T, color=colour, lw=0, zorder=0)
    _map(axes, result)
    _key(figure.add_subplot(grid[0, 1]), result)
    _money(figure.add_subplot(grid[1, 1]), result)
    figure.tight_layout(w_pad=1.5)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=110)


def _areas(paths: Any) -> Iterator[tuple[Any, str]]:
    """River and park of the plan that the streets are of."""
    town = next(
        town for n in range(30, 1000) if len((town := plan(n, Chance(SEED))).streets) == len(paths)
    )
    offset = np.array(paths.geometry[0].coords[0]) - town.streets[0].points[0]
    for block in town.blocks:
        if block.use in AREAS:
            yield np.array(block.outline) + offset, AREAS[block.use]


def _sizes(paths: Any) -> dict[float, tuple[Any, float]]:
    """Colour and width of each diameter that is laid."""
    laid = sorted(paths.diameter_mm.dropna().unique())
    places = np.linspace(0, 1, len(laid))
    return {size: (RAMP(at), 1.3 + 3.7 * at) for size, at in zip(laid, places, strict=True)}


def _map(axes: plt.Axes, result: dict[str, Any]) -> None:
    paths, buildings, supplies = (result[name] for name in ("paths", "buildings", "supplies"))
    streets = paths[~paths.connector]
    widths = streets.kind.map({"main": 7, "bridge": 7, "street": 4.5}).fillna(2.0)
    streets.plot(ax=axes, color="#dedbd3", linewidth=widths + 1.2, capstyle="round", zorder=1)
    streets.plot(ax=axes, color=STREET, linewidth=widths, capstyle="round", zorder=2)
    for inside, colour in ((False, OUT), (True, IN)):
        chosen = buildings[buildings.in_network == inside]
        chosen.plot(ax=axes, color=colour, edgecolor=INK, linewidth=0.35, zorder=3)
    for size, (colour, width) in _sizes(paths).items():
        chosen = paths[paths.diameter_mm == size]
        chosen.plot(ax=axes, color=colour, linewidth=width, capstyle="round", zorder=4 + width)
    halls = supplies[supplies.geom_type == "Polygon"]
    halls.plot(ax=axes, color="#b9cfe0", edgecolor="#1f5f8b", linewidth=0.8, zorder=3)
    for _, row in supplies.iterrows():
        _supply(axes, row)
    axes.set_facecolor(GROUND)
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axes.spines[:].set_visible(False)
    axes.set_aspect("equal")
    axes.margins(0.02)
    left, bottom = axes.get_xlim()[0], axes.get_ylim()[0]
    axes.plot([left + 30, left + 230], [bottom + 30] * 2, color=INK, lw=2)
    axes.text(left + 130, bottom + 38, "200 m", ha="center", fontsize=8, color=INK)


def _supply(axes: plt.Axes, row: Any) -> None:
    at = row.geometry.representative_point()
    used = bool(row.in_network)
    text = row.supply_id.replace("-", " ")
    if used:
        text += f"\n{grouped(row.load_kw)} kW\nCOP {row.heat_pump_cop:.2f}"
    axes.plot(
        at.x, at.y, "*" if used else "D", ms=19 if used else 8, mec="white", mew=1.2,
        color="#1f5f8b" if used else "#8a8a8a", zorder=20,
    )  # fmt: skip
    axes.annotate(
        text, (at.x, at.y), xytext=(13 if used else 9, 0), textcoords="offset points", fontsize=8,
        color=INK, weight="bold" if used else "normal", va="center", zorder=21,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )  # fmt: skip


def _key(axes: plt.Axes, result: dict[str, Any]) -> None:
    row = result["solution_summary"].iloc[0]
    pipes = [
        Line2D([], [], color=colour, lw=width, label=f"DN {size:g}")
        for size, (colour, width) in _sizes(result["paths"]).items()
    ]
    marks = [
        Patch(facecolor=IN, edgecolor=INK, lw=0.4, label="building in the network"),
        Patch(facecolor=OUT, edgecolor=INK, lw=0.4, label="building outside"),
        Line2D([], [], marker="*", ms=14, color="#1f5f8b", lw=0, mec="white", label="supply"),
        Line2D([], [], marker="D", ms=7, color="#8a8a8a", lw=0, mec="white", label="not used"),
    ]
    axes.axis("off")
    first = axes.legend(
        handles=pipes,
        loc="upper left",
        frameon=False,
        fontsize=8.5,
        bbox_to_anchor=(-0.02, 0.62),
        ncols=2,
        columnspacing=1.2,
    )
    axes.add_artist(first)
    axes.legend(
        handles=marks, loc="upper left", frameon=False, fontsize=8.5, bbox_to_anchor=(0.53, 0.62)
    )
    lines = (
        f"{row.network_building_count} of {len(result['buildings'])} buildings",
        f"{energy(row.network_kwh)} a year over {row.network_length / 1000:.1f} km",
        f"losses {100 * row.network_losses_kwh / (row.network_kwh + row.network_losses_kwh):.1f} %",
        f"NPV {row.network_npv / 1e6:.2f} million",
    )
    axes.text(0, 1, "\n".join(lines), va="top", fontsize=10.5, color=INK, linespacing=1.5)


def _money(axes: plt.Axes, result: dict[str, Any]) -> None:
    """Bars of what is paid and earned by year, and the present value so far."""
    flow = result["cashflow"]
    kinds = [KINDS[pair] for pair in zip(flow.type, flow.cost, strict=True)]
    flow = flow.assign(kind=[kind for kind, _ in kinds], million=flow.value / 1e6)
    table = flow.pivot_table(index="year", columns="kind", values="million", aggfunc="sum")
    colours = dict(KINDS.values())
    up, down = pd.Series(0.0, table.index), pd.Series(0.0, table.index)
    for kind in [kind for kind in colours if kind in table]:
        values = table[kind].fillna(0.0)
        base = up.where(values > 0, down)
        axes.bar(table.index, values, 0.85, bottom=base, color=colours[kind], label=kind)
        up, down = up + values.clip(lower=0), down + values.clip(upper=0)
    values = result["parameters"].set_index("parameter").value
    rate = float(values["finance/npv-rate"])
    present = (flow.groupby("year").million.sum() / (1 + rate) ** table.index).cumsum()
    axes.plot(present.index, present, color=INK, lw=1.8, label="NPV so far")
    axes.axhline(0, color=INK, lw=0.6)
    axes.set(xlabel="year", xlim=(-0.8, 39.8))
    axes.set_title("cash flow, and NPV up to each year [million]", fontsize=9.5)
    axes.tick_params(labelsize=8)
    axes.legend(fontsize=7.5, ncols=2, frameon=False, loc="lower right", bbox_to_anchor=(1, 0.02))
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
