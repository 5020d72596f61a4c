"""A single-stage cycle from CoolProp alone: no TESPy, no table, other numerics."""

from __future__ import annotations

import numpy as np
from CoolProp.CoolProp import (
    PQ_INPUTS,
    PT_INPUTS,
    QT_INPUTS,
    AbstractState,
    HmassP_INPUTS,
    PSmass_INPUTS,
)
from scipy.optimize import brentq

K = 273.15


class Oracle:
    """COP of a heat pump between two waters, by bracketing."""

    def __init__(
        self, refrigerant: str, pinch=5.0, superheat=5.0, subcooling=5.0, dry=3.0, motor=0.95
    ):
        self.fluid = AbstractState("HEOS", refrigerant)
        self.water = AbstractState("HEOS", "Water")
        self.pinch, self.superheat, self.subcooling = pinch, superheat, subcooling
        self.dry, self.motor = dry, motor

    def _get(self, pair, a, b):
        self.fluid.update(pair, a, b)
        return self.fluid.hmass(), self.fluid.smass(), self.fluid.T() - K

    def _compress(self, p_evap, p_cond, h1, s1, eta_s):
        return h1 + (self._get(PSmass_INPUTS, p_cond, s1)[0] - h1) / eta_s

    def cycle(self, t_evap, t_cond, eta_s):
        f = self.fluid
        f.update(QT_INPUTS, 1, t_evap + K)
        p_evap = f.p()
        f.update(QT_INPUTS, 0, t_cond + K)
        p_cond = f.p()
        h_bubble = f.hmass()
        h_dew, _, t_dew = self._get(PQ_INPUTS, p_cond, 1)
        h3 = self._get(PT_INPUTS, p_cond, t_cond - self.subcooling + K)[0]
        h1, s1, t1 = self._get(PT_INPUTS, p_evap, t_evap + self.superheat + K)
        h2 = self._compress(p_evap, p_cond, h1, s1, eta_s)
        h_wanted, _, _ = self._get(PT_INPUTS, p_cond, t_dew + self.dry + K)
        if h2 < h_wanted:

            def miss(t):
                h, s, _ = self._get(PT_INPUTS, p_evap, t + K)
                return self._compress(p_evap, p_cond, h, s, eta_s) - h_wanted

            t1 = brentq(miss, t1, t1 + 100, xtol=1e-10)
            h1, s1, t1 = self._get(PT_INPUTS, p_evap, t1 + K)
            h2 = h_wanted
        h_dew_evap = self._get(PQ_INPUTS, p_evap, 1)[0]
        return {
            "cop": self.motor * (h2 - h3) / (h2 - h1),
            "h": (h1, h2, h3),
            "t_discharge": self._get(HmassP_INPUTS, h2, p_cond)[2],
            "superheat": t1 - t_evap,
            "p": (p_evap, p_cond),
            "condenser": [
                (0.0, t_cond - self.subcooling),
                ((h_bubble - h3) / (h2 - h3), t_cond),
                ((h_dew - h3) / (h2 - h3), t_dew),
            ],
            "evaporator": [
                (0.0, self._get(HmassP_INPUTS, h3, p_evap)[2]),
                ((h_dew_evap - h3) / (h1 - h3), t_evap),
            ],
            "t1": t1,
        }

    def _water(self, p, share, t_cold, t_hot):
        h = []
        for t in (t_cold, t_hot):
            self.water.update(PT_INPUTS, p, t + K)
            h.append(self.water.hmass())
        self.water.update(HmassP_INPUTS, h[0] + share * (h[1] - h[0]), p)
        return self.water.T() - K

    def _gaps(self, state, t_source_in, t_source_out, t_return, t_supply):
        condenser = [*state["condenser"], (1.0, state["t_discharge"])]
        evaporator = [*state["evaporator"], (1.0, state["t1"])]
        hot = min(t - self._water(10e5, x, t_return, t_supply) for x, t in condenser)
        cold = min(self._water(3e5, x, t_source_out, t_source_in) - t for x, t in evaporator)
        return cold, hot

    def solve(self, t_source_in, t_source_out, t_return, t_supply, eta_s):
        """Nested bracketing: condensation within evaporation."""
        waters = (t_source_in, t_source_out, t_return, t_supply)
        top = self.fluid.T_critical() - K - 1.0

        def condensation(t_evap):
            def miss(t_cond):
                return self._gaps(self.cycle(t_evap, t_cond, eta_s), *waters)[1] - self.pinch

            low = max(t_evap + 2.0, t_return + self.pinch)
            return brentq(miss, low, min(t_supply + 30.0, top), xtol=1e-9)

        def miss(t_evap):
            state = self.cycle(t_evap, condensation(t_evap), eta_s)
            return self._gaps(state, *waters)[0] - self.pinch

        t_evap = brentq(miss, t_source_out - 40.0, t_source_out - self.pinch + 1.0, xtol=1e-9)
        t_cond = condensation(t_evap)
        return {**self.cycle(t_evap, t_cond, eta_s), "t_evap": t_evap, "t_cond": t_cond}


def carnot(t_cold: float, t_hot: float) -> float:
    """Carnot COP between two temperatures [degC]."""
    return float((t_hot + K) / np.subtract(t_hot, t_cold))
