"""Draws the picture of ``docs/costing.md`` on temperatures: the shipped district, swept."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from surrogate import costing
from surrogate.costing.sweepplot import save_plot

TARGET = Path(__file__).parent / "images" / "sweep.png"


def main() -> None:
    """Sweep, and draw what comes of it; takes some minutes."""
    result = costing.sweep_temperatures(
        costing.district(), flow=[50, 60, 70, 80], return_=[30, 40, 50]
    )
    save_plot(costing.plot_sweep(result), TARGET)
    # A few colours do, at a third of the size.
    Image.open(TARGET).convert("RGB").quantize(64).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
