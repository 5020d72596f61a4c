"""The blocks carry other topologies: a cycle with an internal heat exchanger, in few lines."""

from __future__ import annotations

import pytest
from CoolProp.CoolProp import PropsSI

from surrogate.cycle import blocks
from surrogate.cycle.model import CycleModel, Water
from surrogate.parameters import Parameters

K = 273.15


class WithInternalExchanger(CycleModel):
    """Liquid heats the suction gas."""

    def build(self) -> None:
        self.evaporator = blocks.exchanger("evaporator")
        self.condenser = blocks.exchanger("condenser")
        self.compressors = [blocks.compressor("compressor")]
        internal = blocks.exchanger("internal")
        self.sheet.refrigerant_loop(
            [
                blocks.cold_side(self.evaporator),
                blocks.cold_side(internal),
                blocks.Passage(self.compressors[0]),
                blocks.hot_side(self.condenser),
                blocks.hot_side(internal),
                blocks.Passage(blocks.valve("valve")),
            ],
            ["evaporated", "suction", "discharge", "liquid", "subcooled", "mixture"],
            self.refrigerant,
        )
        self.stream("evaporated").set_attr(td_dew=5)


def test_an_internal_exchanger_is_one_more_passage():
    fluid, t_evap, t_cond, eta_s = "R1234ze(E)", 10.0, 70.0, 0.75
    model = WithInternalExchanger(fluid, Parameters(superheat=20))
    model.set_conditions(Water(30, 20, 40, 60), 1e6, eta_s)
    model.fix_saturation(t_evap, t_cond)
    model.solve()
    found = model.result()

    p_evap = PropsSI("P", "T", t_evap + K, "Q", 1, fluid)
    p_cond = PropsSI("P", "T", t_cond + K, "Q", 0, fluid)
    evaporated = PropsSI("H", "T", t_evap + 5 + K, "P", p_evap, fluid)
    suction = PropsSI("H", "T", t_evap + 20 + K, "P", p_evap, fluid)
    entropy = PropsSI("S", "T", t_evap + 20 + K, "P", p_evap, fluid)
    discharge = suction + (PropsSI("H", "P", p_cond, "S", entropy, fluid) - suction) / eta_s
    liquid = PropsSI("H", "T", t_cond - 5 + K, "P", p_cond, fluid)
    assert found.cop == pytest.approx(0.95 * (discharge - liquid) / (discharge - suction), rel=1e-6)
    assert found.streams["subcooled"].h == pytest.approx(liquid - (suction - evaporated), rel=1e-6)
    assert model.is_balanced()

    model.fix_pinch()
    model.solve()
    assert model.evaporator.td_pinch.val == pytest.approx(5, abs=1e-4)
    assert model.condenser.td_pinch.val == pytest.approx(5, abs=1e-4)
