"""The single-stage heat pump: evaporator, compressor, condenser, valve."""

from __future__ import annotations

from surrogate.cycle import blocks
from surrogate.cycle.model import CycleModel


class SingleStage(CycleModel):
    """One compressor between source water and district-heating water."""

    def build(self) -> None:
        """Compose the cycle from its blocks."""
        sheet = self.sheet
        self.evaporator = blocks.exchanger("evaporator")
        self.condenser = blocks.exchanger("condenser")
        self.compressors = [blocks.compressor("compressor")]
        sheet.refrigerant_loop(
            [
                blocks.cold_side(self.evaporator),
                blocks.Passage(self.compressors[0]),
                blocks.hot_side(self.condenser),
                blocks.Passage(blocks.valve("valve")),
            ],
            ["suction", "discharge", "liquid", "mixture"],
            self.refrigerant,
        )
