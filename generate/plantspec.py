"""Specifications of plant tables: one plant, and how far from its design it is mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from surrogate import fluids, topology
from surrogate.errors import SpecError
from surrogate.identity import SOURCE_CONTROLS, Identity, Sizing
from surrogate.limits import DEFAULT_LIMITS, as_limits
from surrogate.parameters import ETA_S_DEFAULT, Parameters
from surrogate.planttable import AXES, KIND

from .spec import AxisSpec, HeldOut, Strict, read_toml, validated

FLOW_LOW = 0.49
"""Where the compressor's line begins; below it is clamped, with a kink."""


class Design(Strict):
    """The design point; its heat load names a size and changes nothing in the table."""

    t_source_in: float
    t_source_out: float
    t_return: float
    t_supply: float
    heat_load: float = Field(default=1e6, gt=0.0)
    eta_s: float = ETA_S_DEFAULT
    source_control: str = Field(default="flow", pattern="^(flow|outlet)$")


class PlantSpec(Strict):
    """What a plant table is made of."""

    kind: str = Field(default=KIND, pattern=f"^{KIND}$")
    name: str = ""
    topology: str = "single_stage"
    refrigerant: str
    parameters: dict[str, float] = Field(default_factory=dict)
    design: Design
    limits: dict[str, float] = Field(default_factory=dict)
    """Limits of the machine that differ from the defaults; the table holds for any."""
    volume_flow: AxisSpec
    t_source_in: AxisSpec
    t_supply: AxisSpec
    sink_glide: AxisSpec
    held_out: HeldOut = HeldOut(points=1000)

    @model_validator(mode="after")
    def _check(self) -> PlantSpec:
        topology.get(self.topology)
        Parameters.from_mapping(self.parameters)
        fluids.canonical_name(self.refrigerant)
        as_limits(self.limits)
        if self.volume_flow.low < FLOW_LOW or self.volume_flow.high > 1.22:
            raise ValueError(
                f"volume_flow must lie within {FLOW_LOW} and 1.22, the ends of the compressor's "
                "characteristic line"
            )
        if self.t_source_in.low <= DEFAULT_LIMITS.t_source_out_min:
            raise ValueError(
                f"t_source_in.low = {self.t_source_in.low:g} degC, but the source's outlet must "
                f"stay above {DEFAULT_LIMITS.t_source_out_min:g} degC"
            )
        return self

    @property
    def identity(self) -> Identity:
        """What a query looks for."""
        design = self.design
        return Identity(
            KIND,
            self.topology,
            fluids.canonical_name(self.refrigerant),
            Parameters.from_mapping(self.parameters),
            Sizing(
                design.t_source_in,
                design.t_source_out,
                design.t_return,
                design.t_supply,
                design.eta_s,
                design.source_control,
            ),
        )

    def nodes(self) -> tuple[NDArray[np.float64], ...]:
        """Node positions of each axis, in the order of the grid."""
        return tuple(getattr(self, name).values() for name in AXES)

    def row(self) -> tuple[float, ...]:
        """The design as :class:`surrogate.generate.plants.PlantJob` takes it."""
        sizing = self.identity.sizing
        assert sizing is not None
        return (*sizing[:5], float(SOURCE_CONTROLS.index(sizing.source_control)))


def derive(values: dict[str, Any]) -> PlantSpec:
    """Complete a plant's spec: axes that are not given follow from its design.

    The source from 10 K below to 10 K above the design's, but warm enough to
    run at half its flow; the supply from 20 K below to 5 K above; the sink's
    glide from half to one and a half of the design's.

    Parameters
    ----------
    values : dict
        Fields of :class:`PlantSpec`; those of an axis may be given in part.

    Raises
    ------
    SpecError
        If a field is wrong or missing.
    """
    completed = dict(values)
    for name, base in _axes(values.get("design")).items():
        given = completed.get(name, {})
        completed[name] = {**base, **given} if isinstance(given, dict) else given
    return validated(PlantSpec, completed)


def for_plant(identity: Identity, heat_load: float, axes: dict[str, Any]) -> PlantSpec:
    """Spec of the table of a plant that exists already.

    Raises
    ------
    SpecError
        If an axis is wrong.
    """
    assert identity.sizing is not None
    usual = Parameters().to_dict()
    changed = {
        name: value for name, value in identity.parameters.to_dict().items() if value != usual[name]
    }
    fields = {
        "topology": identity.topology,
        "refrigerant": identity.refrigerant,
        "parameters": changed,
        "design": {**identity.sizing._asdict(), "heat_load": heat_load},
    }
    return derive({**axes, **fields})


def _axes(design: Any) -> dict[str, dict[str, float]]:
    """Usual axes around a design; none where it is not complete, which the check will say."""
    names = ("t_source_in", "t_source_out", "t_return", "t_supply")
    if not isinstance(design, dict) or not all(_is_number(design.get(name)) for name in names):
        return {}
    t_in, t_out, t_return, t_supply = (float(design[name]) for name in names)
    glide = t_supply - t_return
    # Warm enough to run at little more than half the flow.
    coldest = DEFAULT_LIMITS.t_source_out_min + 0.55 * (t_in - t_out)
    if design.get("source_control") == "outlet":
        coldest = t_out + DEFAULT_LIMITS.source_glide_min
    supply_low = max(t_supply - 20.0, DEFAULT_LIMITS.t_return_min + 1.5 * glide, t_in + 15.0)
    return {
        "volume_flow": {"low": FLOW_LOW, "high": 1.0, "nodes": 9},
        "t_source_in": {"low": max(t_in - 10.0, coldest), "high": t_in + 10.0, "nodes": 6},
        "t_supply": {"low": min(supply_low, t_supply - 2.0), "high": t_supply + 5.0, "nodes": 5},
        "sink_glide": {"low": 0.5 * glide, "high": 1.5 * glide, "nodes": 5},
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def shipped_specs() -> dict[str, Path]:
    """Specs of the reference plants that ship with the library, by name."""
    import surrogate.tables.specs

    folder = Path(surrogate.tables.specs.__path__[0])
    return {path.stem.removeprefix("plant-"): path for path in sorted(folder.glob("plant-*.toml"))}


def spec_path(name: str) -> Path:
    """Spec of a plant by the name of a shipped one, or by its file.

    Raises
    ------
    SpecError
        If there is neither.
    """
    known = shipped_specs()
    titles = {read_toml(path).get("name"): path for path in known.values()}
    path = known.get(name) or titles.get(name) or Path(name)
    if not path.is_file():
        raise SpecError(
            f"plant {name}: there is no such file, and the shipped plants are {', '.join(known)}"
        )
    return path
