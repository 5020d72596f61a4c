"""Building blocks of heat pump cycles in TESPy.

A topology is a short composition of these blocks: each function adds one piece
of plant to a :class:`Flowsheet`. A block that refrigerant flows through is a
:class:`Passage`, so that one component (an internal heat exchanger, say) can
take part in a line twice, once on each side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from surrogate.cycle.tespy_import import (
    Component,
    Compressor,
    Connection,
    CycleCloser,
    Motor,
    MovingBoundaryHeatExchanger,
    Network,
    PowerConnection,
    PowerSource,
    Sink,
    Source,
    Valve,
)

UNITS = {
    "temperature": "degC",
    "temperature_difference": "delta_degC",
    "pressure": "bar",
    "pressure_difference": "bar",
    "enthalpy": "J/kg",
    "heat": "W",
    "power": "W",
}


@dataclass(frozen=True, slots=True)
class Passage:
    """A way through a component: in at one port, out at another."""

    component: Component
    inlet: str = "in1"
    outlet: str = "out1"


@dataclass(frozen=True, slots=True)
class WaterCircuit:
    """Water that enters and leaves one exchanger."""

    inlet: Connection
    outlet: Connection

    def set_temperatures(self, t_in: float, t_out: float) -> None:
        """Fix both ends [degC]."""
        self.inlet.set_attr(T=t_in)
        self.outlet.set_attr(T=t_out)


@dataclass
class Flowsheet:
    """A TESPy network under construction, with its connections by label."""

    network: Network = field(default_factory=lambda: _new_network())
    streams: dict[str, Connection] = field(default_factory=dict)

    def line(self, passages: Sequence[Passage], labels: Sequence[str]) -> None:
        """Connect passages in series; stream ``labels[i]`` leaves passage ``i``."""
        for here, there, label in zip(passages, passages[1:], labels, strict=False):
            stream = Connection(
                here.component, here.outlet, there.component, there.inlet, label=label
            )
            self.network.add_conns(stream)
            self.streams[label] = stream

    def refrigerant_loop(
        self, passages: Sequence[Passage], labels: Sequence[str], refrigerant: str
    ) -> None:
        """Connect passages to a closed loop; stream ``labels[i]`` leaves passage ``i``."""
        closer = Passage(CycleCloser(f"closer of {labels[0]}"))
        self.line([*passages, closer, passages[0]], [*labels, f"{labels[-1]} closed"])
        self.streams[labels[0]].set_attr(fluid={refrigerant: 1})

    def water_circuit(self, through: Passage, name: str, pressure: float) -> WaterCircuit:
        """Send water of a pressure [bar] once through an exchanger."""
        ends = [Passage(Source(f"{name} inlet")), through, Passage(Sink(f"{name} outlet"))]
        self.line(ends, [f"{name} in", f"{name} out"])
        circuit = WaterCircuit(self.streams[f"{name} in"], self.streams[f"{name} out"])
        circuit.inlet.set_attr(fluid={"water": 1}, p=pressure)
        return circuit

    def motor(self, compressor: Compressor, efficiency: float) -> PowerConnection:
        """Drive a compressor from the grid; the stream returned carries the electric power."""
        motor = Motor(f"motor of {compressor.label}")
        motor.set_attr(eta=efficiency)
        grid = PowerSource(f"grid of {compressor.label}")
        electric = PowerConnection(
            grid, "power", motor, "power_in", label=f"electricity of {compressor.label}"
        )
        shaft = PowerConnection(
            motor, "power_out", compressor, "power", label=f"shaft of {compressor.label}"
        )
        self.network.add_conns(electric, shaft)
        return electric


def exchanger(label: str) -> MovingBoundaryHeatExchanger:
    """Make a counter-flow exchanger that finds its inner pinch, without pressure drops."""
    component = MovingBoundaryHeatExchanger(label)
    component.set_attr(dp1=0, dp2=0)
    return component


def hot_side(component: Component) -> Passage:
    """The way of what is cooled through an exchanger."""
    return Passage(component, "in1", "out1")


def cold_side(component: Component) -> Passage:
    """The way of what is heated through an exchanger."""
    return Passage(component, "in2", "out2")


def compressor(label: str) -> Compressor:
    """Make a compressor."""
    return Compressor(label)


def valve(label: str) -> Valve:
    """Make an expansion valve."""
    return Valve(label)


def _new_network() -> Network:
    network = Network(iterinfo=False)
    network.units.set_defaults(**UNITS)
    return network
