"""What every topology shares: a TESPy network that is built once and solved often."""

from __future__ import annotations

import abc
import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from surrogate import fluids
from surrogate.cycle.blocks import Flowsheet, cold_side, hot_side
from surrogate.cycle.result import CycleResult, StreamState
from surrogate.cycle.tespy_import import TESPyNetworkError
from surrogate.errors import NotConvergedError
from surrogate.parameters import Parameters

SUCTION = "suction"
"""Superheat is set at the compressor's inlet: the normal case."""
DISCHARGE = "discharge"
"""Superheat is set at the compressor's outlet: dry fluids whose discharge would be wet."""

SUPERHEAT_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Water:
    """Temperatures of the water on both sides [degC]."""

    t_source_in: float
    t_source_out: float
    t_return: float
    t_supply: float


class CycleModel(abc.ABC):
    """A heat pump cycle in TESPy with one evaporator and one condenser.

    A subclass composes its blocks in :meth:`build` and names there its
    ``evaporator``, its ``condenser`` and its ``compressors``, first stage
    first; the streams ``suction``, ``discharge``, ``liquid`` and ``mixture``
    stand before compression, before and after the condenser, and before the
    evaporator. Everything else is shared.

    Parameters
    ----------
    refrigerant : str
        CoolProp's name of the refrigerant.
    parameters : Parameters
        What is fixed about the machine.

    Raises
    ------
    UnknownRefrigerantError
        If CoolProp does not know the refrigerant.
    """

    evaporator: Any  # TESPy is not typed
    condenser: Any
    compressors: list[Any]

    def __init__(self, refrigerant: str, parameters: Parameters) -> None:
        self.refrigerant = refrigerant
        self.parameters = parameters
        self.t_critical = fluids.t_critical(refrigerant)
        self.t_triple = fluids.t_lowest(refrigerant)
        self.reset()

    @abc.abstractmethod
    def build(self) -> None:
        """Add the cycle's components and refrigerant streams to ``self.sheet``."""

    def reset(self) -> None:
        """Build the network afresh: the way out after a failed solve, which poisons the next."""
        self.sheet = Flowsheet()
        self.build()
        self._fix_saturation = True
        self.superheat_at = SUCTION
        p = self.parameters
        self.source = self.sheet.water_circuit(hot_side(self.evaporator), "source", p.p_source)
        self.sink = self.sheet.water_circuit(cold_side(self.condenser), "sink", p.p_sink)
        self.electricity = [
            self.sheet.motor(compressor, p.motor_efficiency) for compressor in self.compressors
        ]
        self.stream("suction").set_attr(td_dew=p.superheat)
        self.stream("liquid").set_attr(td_bubble=p.subcooling)

    def stream(self, label: str) -> Any:
        """The TESPy connection of that label."""
        return self.sheet.streams[label]

    def set_conditions(self, water: Water, heat_load: float, eta_s: float) -> None:
        """Set water temperatures [degC], heat load [W] and isentropic efficiency [1]."""
        self.source.set_temperatures(water.t_source_in, water.t_source_out)
        self.sink.set_temperatures(water.t_return, water.t_supply)
        self.condenser.set_attr(Q=-heat_load)
        for compressor in self.compressors:
            compressor.set_attr(eta_s=eta_s)

    def fix_saturation(self, t_evap: float, t_cond: float) -> None:
        """Give both saturation temperatures [degC]; the pinch follows."""
        self.stream("suction").set_attr(T_dew=t_evap)
        self.stream("liquid").set_attr(T_bubble=t_cond)
        if not self._fix_saturation:
            self.evaporator.set_attr(td_pinch=None)
            self.condenser.set_attr(td_pinch=None)
            self._fix_saturation = True

    def fix_pinch(self) -> None:
        """Give the pinch in both exchangers; the saturation temperatures follow."""
        if self._fix_saturation:
            self.stream("suction").set_attr(T_dew=None)
            self.stream("liquid").set_attr(T_bubble=None)
            self.evaporator.set_attr(td_pinch=self.parameters.pinch)
            self.condenser.set_attr(td_pinch=self.parameters.pinch)
            self._fix_saturation = False

    def fix_superheat(self, where: str) -> None:
        """Give the superheat at ``"suction"`` or, for a dry discharge, at ``"discharge"``."""
        if where == self.superheat_at:
            return
        at_suction = where == SUCTION
        p = self.parameters
        self.stream("suction").set_attr(td_dew=p.superheat if at_suction else None)
        self.stream("discharge").set_attr(td_dew=None if at_suction else p.min_discharge_superheat)
        self.superheat_at = where

    def superheat_needed(self) -> str:
        """Where the superheat must be set, judged from the solved cycle."""
        discharge = self.stream("discharge")
        if self.superheat_at == SUCTION:
            dry = self._superheat(discharge) >= (
                self.parameters.min_discharge_superheat - SUPERHEAT_TOLERANCE
            )
            return SUCTION if dry else DISCHARGE
        raised = self._superheat(self.stream("suction")) >= (
            self.parameters.superheat - SUPERHEAT_TOLERANCE
        )
        return DISCHARGE if raised else SUCTION

    def solve(self, mode: str = "design", **how: Any) -> None:
        """Solve the network as specified.

        Parameters
        ----------
        mode : {"design", "offdesign"}
            What TESPy calls the mode.
        **how
            Passed on to ``Network.solve``.

        Raises
        ------
        NotConvergedError
            If TESPy finds no solution. The model is then built afresh.
        """
        network = self.sheet.network
        try:
            with _quiet():
                network.solve(mode, print_results=False, **how)
        except (TESPyNetworkError, ValueError) as error:
            self.reset()
            raise NotConvergedError(f"TESPy found no solution: {error}") from error
        if network.status not in (0, 1):
            self.reset()
            raise NotConvergedError(
                f"TESPy found no solution: it stopped with status {network.status}"
            )

    def is_balanced(self) -> bool:
        """Whether heat to the sink is heat from the source plus shaft power, to 1e-6."""
        to_sink, from_source = -self.condenser.Q.val, -self.evaporator.Q.val
        power = sum(electric.E.val for electric in self.electricity)
        shaft = self.parameters.motor_efficiency * power
        return bool(abs(to_sink - from_source - shaft) <= 1e-6 * to_sink)

    def result(self) -> CycleResult:
        """Read the solved network."""
        suction, discharge = self.stream("suction"), self.stream("discharge")
        liquid, mixture = self.stream("liquid"), self.stream("mixture")
        heat_load = -self.condenser.Q.val
        power = sum(electric.E.val for electric in self.electricity)
        t_evap, t_cond = suction.T_dew.val, liquid.T_bubble.val
        condenser = _shares(self.condenser)
        evaporator = _shares(self.evaporator)
        return CycleResult(
            heat_load=heat_load,
            power=power,
            cop=heat_load / power,
            heat_source=heat_load - self.parameters.motor_efficiency * power,
            t_evap=t_evap,
            t_cond=t_cond,
            p_evap=suction.p.val,
            p_cond=liquid.p.val,
            t_discharge=discharge.T.val,
            t_source_out=self.source.outlet.T.val,
            eta_s=self.compressors[0].eta_s.val,
            superheat=self._superheat(suction),
            discharge_superheat=self._superheat(discharge),
            mass_flow=liquid.m.val_SI,
            suction_volume_flow=suction.m.val_SI * suction.vol.val_SI,
            ua_condenser=self.condenser.UA.val_SI,
            ua_evaporator=self.evaporator.UA.val_SI,
            desuperheating_share=1.0 - condenser[-2],
            subcooling_share=condenser[1],
            superheating_share=1.0 - evaporator[-2],
            condenser_glide=discharge.T_dew.val - t_cond,
            evaporator_glide=t_evap - mixture.T.val,
            streams={
                label: StreamState(stream.p.val, stream.h.val_SI, stream.T.val)
                for label, stream in self.sheet.streams.items()
                if self.refrigerant in stream.fluid.val
            },
        )

    @staticmethod
    def _superheat(stream: Any) -> float:
        return float(stream.T.val - stream.T_dew.val)


def _shares(exchanger: Any) -> list[float]:
    """Heat transferred up to each section boundary, from the cold end, over all heat."""
    heat = exchanger.Q_sections.val_SI
    return [float(q / heat[-1]) for q in heat]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep TESPy's notices from the user: failures are read from the network's status."""
    log = logging.getLogger("TESPyLogger")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
