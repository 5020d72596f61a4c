"""Where the pinch lies: from water temperatures to the cycle's own.

Given evaporating and condensing temperature, the refrigerant's side of a cycle
does not depend on the water, and all of it is smooth. The water decides those
two temperatures alone: evaporation as warm, and condensation as cold, as the
pinch allows at every place where it can lie. That is where a map over water
temperatures has its kinks, so it is solved here instead of tabulated.

Places in the condenser, from its cold end: condensate outlet, bubble point,
dew point, discharge gas. In the evaporator: inlet, dew point, suction gas.
They are those that TESPy's ``MovingBoundaryHeatExchanger`` looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from surrogate.arithmetic import Arithmetic, Jet, Value
from surrogate.conditions import Conditions
from surrogate.parameters import Parameters

CLOSURE = (
    "desuperheating_share",
    "discharge_superheat",
    "superheat",
    "condenser_glide",
    "evaporator_glide",
    "superheating_share",
    "subcooling_share",
)
"""Outputs of a table that decide where the pinch lies."""


class Water(NamedTuple):
    """Enthalpy of liquid water at one pressure, as a temperature.

    ``excess`` are the eight factors, from the constant on, of a polynomial in
    T/100 for ``h(T) / cp - T`` [K] with T in degC: how far water is from
    having one heat capacity.
    """

    excess: tuple[float, ...]

    def excess_at(self, t: Value) -> Value:
        """Excess [K] at a temperature [degC]."""
        x = 0.01 * t
        a, b, c, d, e, f, g, h = self.excess
        return a + x * (b + x * (c + x * (d + x * (e + x * (f + x * (g + x * h))))))

    def enthalpy(self, t: Value) -> Value:
        """Enthalpy over the heat capacity, as a temperature [degC]."""
        return t + self.excess_at(t)

    def temperature(self, enthalpy: Value) -> Value:
        """Temperature [degC] of an enthalpy over the heat capacity."""
        t = enthalpy - self.excess_at(enthalpy)
        # The excess is flat: its slope is below a hundredth, two steps leave rounding.
        for _ in range(2):
            t = enthalpy - self.excess_at(t)
        return t


class Stream(NamedTuple):
    """Water along one exchanger."""

    water: Water
    t_cold: Value
    t_hot: Value
    excess_cold: Value
    excess_hot: Value

    def temperature(self, share: Value) -> Value:
        """Temperature [degC] where a share of the heat, from the cold end, has passed."""
        t = self.t_cold + share * (self.t_hot - self.t_cold)
        bend = self.excess_cold + share * (self.excess_hot - self.excess_cold)
        # One step from the straight line leaves less than 1 mK.
        return t + bend - self.water.excess_at(t)


class Waters(NamedTuple):
    """Source and sink water of some conditions."""

    source: Stream
    sink: Stream


def waters(source: Water, sink: Water, c: Conditions) -> Waters:
    """Streams of water for some conditions."""
    return Waters(
        Stream(
            source,
            c.t_source_out,
            c.t_source_in,
            source.excess_at(c.t_source_out),
            source.excess_at(c.t_source_in),
        ),
        Stream(
            sink,
            c.t_return,
            c.t_supply,
            sink.excess_at(c.t_return),
            sink.excess_at(c.t_supply),
        ),
    )


def uncoupled_evaporation(
    xp: Arithmetic, parameters: Parameters, c: Conditions, superheat: Value
) -> Value:
    """Evaporating temperature [degC] of a pure fluid at a known superheat [K].

    With the pinch at the inlet it lies a pinch below the source's outlet;
    where the superheat outruns the source's glide, at the suction gas.
    """
    return xp.minimum(
        c.t_source_out - parameters.pinch, c.t_source_in - parameters.pinch - superheat
    )


def step(
    xp: Arithmetic,
    parameters: Parameters,
    streams: Waters,
    t_evap: Value,
    t_cond: Value,
    outputs: Mapping[str, Jet],
    coupled: bool,
) -> tuple[Value, Value]:
    """One Newton step towards the temperatures that the pinch demands.

    Parameters
    ----------
    xp : Arithmetic
        For floats or for arrays.
    parameters : Parameters
        Pinch and subcooling of the machine.
    streams : Waters
        Source and sink water.
    t_evap, t_cond : float or array
        Present guess [degC].
    outputs : mapping of str to Jet
        Those of :data:`CLOSURE` at the guess, with their slopes.
    coupled : bool
        Whether evaporation depends on condensation: raised superheat, or a
        glide. If not, the evaporating temperature is right already.

    Returns
    -------
    tuple of float or array
        Changes of evaporating and condensing temperature [K].
    """
    coldest = _condensation(xp, parameters, streams.sink, outputs)
    if not coupled:
        return 0.0, (coldest[0] - t_cond) / (1.0 - coldest[2])
    warmest = _evaporation(xp, parameters, streams.source, outputs)
    r_evap, r_cond = t_evap - warmest[0], t_cond - coldest[0]
    a, b = 1.0 - warmest[1], -warmest[2]
    c, d = -coldest[1], 1.0 - coldest[2]
    scale = 1.0 / (a * d - b * c)
    return (b * r_cond - d * r_evap) * scale, (c * r_evap - a * r_cond) * scale


def _evaporation(
    xp: Arithmetic, parameters: Parameters, source: Stream, outputs: Mapping[str, Jet]
) -> Jet:
    """Warmest evaporation at the present guess [degC]."""
    superheat = outputs.get("superheat") or (parameters.superheat, 0.0, 0.0)
    # The smallest is sought; larger() of the negated values finds it.
    hot_end = (
        superheat[0] + parameters.pinch - source.t_hot,
        superheat[1],
        superheat[2],
    )
    glide = outputs.get("evaporator_glide")
    if glide is None:
        cold_end: Jet = (parameters.pinch - source.t_cold, 0.0, 0.0)
        binding = xp.larger(hot_end, cold_end)
    else:
        cold_end = (parameters.pinch - source.t_cold - glide[0], -glide[1], -glide[2])
        share = outputs["superheating_share"]
        run = source.t_hot - source.t_cold
        dew = (
            parameters.pinch - source.temperature(1.0 - share[0]),
            run * share[1],
            run * share[2],
        )
        binding = xp.larger(xp.larger(hot_end, cold_end), dew)
    return -binding[0], -binding[1], -binding[2]


def _condensation(
    xp: Arithmetic, parameters: Parameters, sink: Stream, outputs: Mapping[str, Jet]
) -> Jet:
    """Coldest condensation at the present guess [degC]."""
    share = outputs["desuperheating_share"]
    superheat = outputs.get("discharge_superheat") or (
        parameters.min_discharge_superheat,
        0.0,
        0.0,
    )
    run = sink.t_hot - sink.t_cold
    cold_end: Jet = (sink.t_cold + parameters.pinch + parameters.subcooling, 0.0, 0.0)
    dew: Jet = (
        sink.temperature(1.0 - share[0]) + parameters.pinch,
        -run * share[1],
        -run * share[2],
    )
    hot_end: Jet = (
        sink.t_hot + parameters.pinch - superheat[0],
        -superheat[1],
        -superheat[2],
    )
    glide = outputs.get("condenser_glide")
    if glide is None:
        return xp.larger(xp.larger(dew, cold_end), hot_end)
    liquid = outputs["subcooling_share"]
    bubble = (
        sink.temperature(liquid[0]) + parameters.pinch,
        run * liquid[1],
        run * liquid[2],
    )
    dew = (dew[0] - glide[0], dew[1] - glide[1], dew[2] - glide[2])
    hot_end = (hot_end[0] - glide[0], hot_end[1] - glide[1], hot_end[2] - glide[2])
    return xp.larger(xp.larger(xp.larger(dew, cold_end), hot_end), bubble)


def condenser_ends(
    parameters: Parameters, sink: Stream, t_cond: Value, outputs: Mapping[str, Value]
) -> tuple[Value, Value, Value, Value]:
    """Temperature differences [K] at condensate outlet, bubble point, dew point, discharge gas."""
    t_dew = t_cond + outputs["condenser_glide"]
    return (
        t_cond - parameters.subcooling - sink.t_cold,
        t_cond - sink.temperature(outputs["subcooling_share"]),
        t_dew - sink.temperature(1.0 - outputs["desuperheating_share"]),
        t_dew + outputs["discharge_superheat"] - sink.t_hot,
    )


def evaporator_ends(
    source: Stream, t_evap: Value, outputs: Mapping[str, Value]
) -> tuple[Value, Value, Value]:
    """Temperature differences [K] at inlet, dew point, suction gas."""
    return (
        source.t_cold - (t_evap - outputs["evaporator_glide"]),
        source.temperature(1.0 - outputs["superheating_share"]) - t_evap,
        source.t_hot - (t_evap + outputs["superheat"]),
    )


def condenser_ua(
    xp: Arithmetic,
    ends: tuple[Value, Value, Value, Value],
    outputs: Mapping[str, Value],
) -> Value:
    """UA of the condenser per heat load [1/K], summed over its phase sections."""
    cold_end, bubble, dew, hot_end = ends
    liquid, gas = outputs["subcooling_share"], outputs["desuperheating_share"]
    return (
        liquid / xp.log_mean(cold_end, bubble)
        + (1.0 - gas - liquid) / xp.log_mean(bubble, dew)
        + gas / xp.log_mean(dew, hot_end)
    )


def evaporator_ua(
    xp: Arithmetic, ends: tuple[Value, Value, Value], outputs: Mapping[str, Value]
) -> Value:
    """UA of the evaporator per heat taken up [1/K], summed over its phase sections."""
    cold_end, dew, hot_end = ends
    gas = outputs["superheating_share"]
    return (1.0 - gas) / xp.log_mean(cold_end, dew) + gas / xp.log_mean(dew, hot_end)
