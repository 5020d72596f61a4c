"""Specifications of regressors: plants, their points, and how far both are spread."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field, model_validator

from surrogate import fluids, topology
from surrogate.identity import Identity
from surrogate.parameters import Parameters

from .spec import Span, Strict

KIND = "regressor"


class Operating(NamedTuple):
    """How far plants are run from their design: ranges of four quantities.

    Attributes
    ----------
    source_change : tuple of float
        Source inlet less that of the design [K].
    supply_change : tuple of float
        Supply less that of the design [K].
    glide_ratio : tuple of float
        Sink glide over that of the design [1].
    volume_flow : tuple of float
        Suction volume flow over that of the design [1].
    """

    source_change: tuple[float, float] = (-12.0, 12.0)
    supply_change: tuple[float, float] = (-20.0, 10.0)
    glide_ratio: tuple[float, float] = (0.5, 1.5)
    volume_flow: tuple[float, float] = (0.3, 1.1)


OPERATING = Operating()


class RegressorSpec(Strict):
    """What regressors are made of: plants, points of each, and how far both are spread."""

    kind: str = Field(default=KIND, pattern=f"^{KIND}$")
    topology: str = "single_stage"
    refrigerant: str
    parameters: dict[str, float] = Field(default_factory=dict)
    plants: int = Field(default=500, ge=20, le=100_000)
    points: int = Field(default=6, ge=1, le=1000)
    seed: int = Field(default=1, ge=0)
    degree: int = Field(default=2, ge=1, le=4)
    source_glide: Span = (2.0, 15.0)
    sink_glide: Span = (5.0, 40.0)
    source_change: Span = OPERATING.source_change
    supply_change: Span = OPERATING.supply_change
    glide_ratio: Span = OPERATING.glide_ratio
    volume_flow: Span = OPERATING.volume_flow

    @model_validator(mode="after")
    def _check(self) -> RegressorSpec:
        topology.get(self.topology)
        fluids.canonical_name(self.refrigerant)
        Parameters.from_mapping(self.parameters)
        return self

    @property
    def identity(self) -> Identity:
        """What a query looks for."""
        return Identity(
            KIND,
            self.topology,
            fluids.canonical_name(self.refrigerant),
            Parameters.from_mapping(self.parameters),
        )

    @property
    def operating(self) -> Operating:
        """Ranges of the operating points."""
        return Operating(self.source_change, self.supply_change, self.glide_ratio, self.volume_flow)
