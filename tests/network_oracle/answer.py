"""A network that was worked out: its pipes, its supplies, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipe:
    """A path in use."""

    edge: int
    diameter_mm: float
    load_kw: float
    capacity_kw: float
    losses_kwh: float
    diversity: float
    cost_pv: float
    """Without extra_pv."""
    floor: str
    """What sets the load: "diversity", "peak" or "mean"."""
    kept: bool
    """The pipe was there and stays."""


@dataclass(frozen=True)
class Feed:
    """A supply in use; no load where it is only required."""

    supply: int
    load_kw: float
    load_kwh: float
    diversity: float | None
    plant_pv: float
    floor: str | None


@dataclass(frozen=True)
class Answer:
    """A network and what it is worth."""

    objective: float
    """NPV of the cash flows the objective counts, under max-kwh too."""
    network_npv: float
    network_kwh: float
    connected: tuple[int, ...]
    pipes: tuple[Pipe, ...]
    supplies: tuple[Feed, ...]
    losses_kwh: float
    network_length: float
    violations: tuple[str, ...] = ()
    margin: float = float("inf")
    """Of `objective` over the next best network (under max-kwh: among those of the same kWh)."""
    margin_kwh: float = float("inf")
    """Of `network_kwh` over the next best network that has less; max-kwh only."""

    @property
    def edges(self) -> tuple[int, ...]:
        """Indices of the paths in use."""
        return tuple(pipe.edge for pipe in self.pipes)
