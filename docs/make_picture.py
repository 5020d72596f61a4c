"""Draws the picture of the README from the shipped tables: ``make picture``."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import surrogate

TARGET = Path(__file__).parent / "images" / "cop.png"

# Colour, and where the name stands beside the curve's end [points].
CURVES = {
    "R717": ("#1f5f8b", (6, 2)),
    "R290": ("#d1495b", (6, 2)),
    "R600a": ("#3c8d5a", (-34, -14)),
    "R1234ze(E)": ("#8d5fa8", (6, 2)),
    "R1336mzz(E)": ("#c98a1b", (-76, -10)),
}


def main() -> None:
    """Draw COP over supply temperature, and a map of COP over source and supply."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), width_ratios=(1, 1.08))
    _curves(left)
    _map(figure, right)
    figure.tight_layout(w_pad=3)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=110)


def _curves(axes: plt.Axes) -> None:
    supply = np.linspace(45, 119.5, 400)
    for refrigerant, (colour, offset) in CURVES.items():
        est = surrogate.HeatPump(refrigerant).design(
            t_source_in=30,
            t_source_out=25,
            t_return=supply - 25,
            t_supply=supply,
            heat_load=1e6,
            outside="nan",
        )
        axes.plot(supply, est.cop, color=colour, lw=2)
        last = int(np.flatnonzero(np.isfinite(est.cop))[-1])
        if "infeasible" in est.status[last + 1 :]:
            axes.plot(supply[last], est.cop[last], "o", color=colour, ms=4)
        axes.annotate(
            refrigerant,
            (supply[last], est.cop[last]),
            xytext=offset,
            textcoords="offset points",
            color=colour,
            fontsize=9,
        )
    axes.set(
        title="COP, source 30 → 25 °C, return 25 K below supply",
        xlabel="supply temperature [°C]",
        ylabel="COP",
        xlim=(45, 122),
        ylim=(1, 8.5),
    )
    axes.grid(alpha=0.3)
    axes.text(
        0.98,
        0.95,
        "a dot: a limit of the machine ends the curve\n(discharge, pressure ratio, critical point)",
        ha="right",
        va="top",
        transform=axes.transAxes,
        fontsize=8,
        color="0.35",
    )


def _map(figure: plt.Figure, axes: plt.Axes) -> None:
    source, supply = np.meshgrid(np.linspace(6, 60, 300), np.linspace(45, 110, 300))
    est = surrogate.HeatPump("R717").design(
        t_source_in=source,
        t_source_out=source - 5,
        t_return=supply - 25,
        t_supply=supply,
        heat_load=1e6,
        outside="nan",
    )
    levels = [2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 10, 12, 15]
    shown = axes.contourf(source, supply, est.cop, levels, cmap="viridis", extend="both")
    lines = axes.contour(source, supply, est.cop, levels, colors="white", linewidths=0.6)
    axes.clabel(lines, levels=[3, 4, 5, 7, 10], fontsize=8)
    axes.text(10, 102, "discharge gas above 180 °C", color="0.35", fontsize=9)
    axes.text(59.6, 45.5, "supply not\nabove source", ha="right", color="0.35", fontsize=8)
    axes.set(
        title="R717: 90 000 points in one call",
        xlabel="source inlet temperature [°C]",
        ylabel="supply temperature [°C]",
    )
    figure.colorbar(shown, ax=axes, label="COP")


if __name__ == "__main__":
    main()
