"""Specifications of tables: read from TOML, or derived from a refrigerant's name."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from surrogate import fluids, topology
from surrogate.errors import SpecError, SurrogateError
from surrogate.identity import Identity
from surrogate.interpolate import ORDER
from surrogate.limits import DEFAULT_LIMITS, TRIPLE_MARGIN
from surrogate.parameters import Parameters

SUPPLY_LOW, SUPPLY_HIGH = 35.0, 120.0
"""Supply temperatures of district heating [degC]."""
T_EVAP_LOW, T_EVAP_HIGH = -15.0, 55.0
"""Evaporation between cold sewage and warm industrial waste heat [degC]."""
ETA_S_LOW, ETA_S_HIGH = 0.65, 0.90
"""Isentropic efficiencies of real compressors [1]."""

Span = Annotated[tuple[float, float], Field(description="lowest and highest value")]


class Strict(BaseModel):
    """A part of a spec: no unknown fields, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AxisSpec(Strict):
    """Nodes from ``low`` to ``high``, denser towards ``high`` with ``clustering``."""

    low: float
    high: float
    nodes: int = Field(ge=ORDER, le=200)
    clustering: float = Field(default=0.0, ge=0.0, le=6.0)

    @model_validator(mode="after")
    def _increasing(self) -> AxisSpec:
        if not self.low < self.high:
            raise ValueError(f"low = {self.low} is not below high = {self.high}")
        return self

    def values(self) -> NDArray[np.float64]:
        """Node positions."""
        x = np.linspace(0.0, 1.0, self.nodes)
        if self.clustering:
            x = np.expm1(-self.clustering * x) / math.expm1(-self.clustering)
        return self.low + (self.high - self.low) * x


# Supply [degC] and glides [K] that the limits of any machine can allow.
_POSSIBLE = {
    "t_supply": (10.0, 175.0),
    "source_glide": (0.1, 100.0),
    "sink_glide": (0.1, 150.0),
}
# Least range of condensing temperatures at the warmest evaporation [K].
_ROOM = 4.0


class Domain(Strict):
    """Conditions that the table answers, beside its coordinates' own ranges."""

    t_supply: Span
    source_glide: Span
    sink_glide: Span

    @model_validator(mode="after")
    def _increasing(self) -> Domain:
        for name, (low, high) in self:
            if not low < high:
                raise ValueError(f"{name} = [{low}, {high}] does not increase")
            least, most = _POSSIBLE[name]
            if low < least or high > most:
                raise ValueError(f"{name} = [{low}, {high}] must lie within {least:g} and {most:g}")
        return self


class HeldOut(Strict):
    """Full solves that the table never saw, from which its error is measured."""

    points: int = Field(default=2000, ge=20, le=100_000)
    seed: int = Field(default=1, ge=0)


class DesignSpec(Strict):
    """What a design table is made of.

    ``t_cond_max`` and ``min_lift`` bound the condensing temperature:
    coordinate ``lift_share`` runs from ``t_evap + min_lift`` at 0 to
    ``t_cond_max`` at 1.
    """

    topology: str = "single_stage"
    refrigerant: str
    parameters: dict[str, float] = Field(default_factory=dict)
    t_evap: AxisSpec
    lift_share: AxisSpec
    eta_s: AxisSpec
    t_cond_max: float
    min_lift: float = Field(gt=0.0)
    domain: Domain
    held_out: HeldOut = HeldOut()

    @model_validator(mode="after")
    def _check(self) -> DesignSpec:
        topology.get(self.topology)
        Parameters.from_mapping(self.parameters)
        critical = fluids.t_critical(self.refrigerant)
        if self.t_cond_max >= critical:
            raise ValueError(
                f"t_cond_max = {self.t_cond_max:g} degC is not below the critical temperature of "
                f"{self.refrigerant}, {critical:.1f} degC"
            )
        if self.t_evap.high + self.min_lift + _ROOM > self.t_cond_max:
            raise ValueError(
                f"t_evap.high = {self.t_evap.high:g} degC leaves no lift of {self.min_lift:g} K "
                f"and {_ROOM:g} K of room below t_cond_max = {self.t_cond_max:g} degC"
            )
        lowest = fluids.t_lowest(self.refrigerant) + TRIPLE_MARGIN
        if self.t_evap.low < lowest:
            raise ValueError(
                f"t_evap.low = {self.t_evap.low:g} degC is below what {self.refrigerant} allows, "
                f"{lowest:.1f} degC"
            )
        if not 0.05 <= self.eta_s.low < self.eta_s.high <= 1.0:
            raise ValueError("eta_s must lie within 0.05 and 1")
        if (self.lift_share.low, self.lift_share.high) != (0.0, 1.0):
            raise ValueError("lift_share must run from 0 to 1")
        return self

    @property
    def machine(self) -> Parameters:
        """The machine's parameters."""
        return Parameters.from_mapping(self.parameters)

    @property
    def identity(self) -> Identity:
        """What a query looks for."""
        return Identity(
            "design", self.topology, fluids.canonical_name(self.refrigerant), self.machine
        )

    def nodes(self) -> tuple[NDArray[np.float64], ...]:
        """Node positions of each axis, in the order of the grid."""
        return tuple(getattr(self, name).values() for name in topology.AXES)

    def to_json(self) -> str:
        """The spec as text, the same for the same spec."""
        return self.model_dump_json()


def derive(refrigerant: str, **overrides: Any) -> DesignSpec:
    """Complete a spec: whatever is not given follows from the refrigerant.

    The supply reaches up to the critical temperature, and the
    condensing temperature as far as such a supply needs, but keeps the margin
    that the limits ask for. Evaporation is bounded by what leaves a lift.

    Parameters
    ----------
    refrigerant : str
        CoolProp's name.
    **overrides
        Fields of :class:`DesignSpec`; those of an axis may be given in part.

    Raises
    ------
    SpecError
        If the refrigerant cannot serve, or a field is wrong.
    """
    try:
        critical = fluids.t_critical(refrigerant)
        lowest = fluids.t_lowest(refrigerant)
        machine = Parameters.from_mapping(overrides.get("parameters", {}))
    except SurrogateError as error:
        raise SpecError(str(error)) from error
    # Condensate may leave a pinch above the return, which lies a glide below the supply.
    above_supply = machine.pinch + machine.subcooling
    t_cond_max = min(critical - DEFAULT_LIMITS.critical_margin, SUPPLY_HIGH + above_supply)
    # With a large sink glide water leaves hotter than the refrigerant condenses.
    t_supply_max = min(SUPPLY_HIGH, math.floor(critical))
    if t_cond_max - SUPPLY_LOW < 15.0:
        raise SpecError(
            f"{refrigerant} has its critical temperature at {critical:.1f} degC; a subcritical "
            f"cycle is no use for a supply from {SUPPLY_LOW:g} degC, so no design table is made"
        )
    # The supply is above the source, which is a pinch and the superheat above evaporation.
    min_lift = max(2 * machine.pinch + machine.superheat - 5.0, 5.0)
    t_evap_high = min(T_EVAP_HIGH, t_cond_max - min_lift - 5.0)
    t_evap_low = max(T_EVAP_LOW, math.ceil(lowest + 1.0))
    derived: dict[str, Any] = {
        "topology": "single_stage",
        "refrigerant": refrigerant,
        "t_evap": {"low": t_evap_low, "high": t_evap_high, "nodes": 17},
        "lift_share": {"low": 0.0, "high": 1.0, "nodes": 28, "clustering": 1.5},
        "eta_s": {"low": ETA_S_LOW, "high": ETA_S_HIGH, "nodes": 5},
        "t_cond_max": t_cond_max,
        "min_lift": min_lift,
        "domain": {
            "t_supply": (SUPPLY_LOW, t_supply_max),
            "source_glide": (DEFAULT_LIMITS.source_glide_min, 30.0),
            "sink_glide": (DEFAULT_LIMITS.sink_glide_min, 50.0),
        },
    }
    for name, value in overrides.items():
        base = derived.get(name)
        derived[name] = (
            {**base, **value} if isinstance(base, dict) and isinstance(value, dict) else value
        )
    return validate(derived)


def validate(values: dict[str, Any]) -> DesignSpec:
    """Check a whole spec of a design table; see :func:`validated`."""
    return validated(DesignSpec, values)


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: dict[str, Any]) -> Model:
    """Check a whole spec.

    Raises
    ------
    SpecError
        Naming every field that is wrong, with its value.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in item['loc']) or 'spec'}: {_plain(item)}"
            for item in error.errors()
        ]
        raise SpecError("the spec is wrong: " + "; ".join(problems)) from error
    except SurrogateError as error:
        raise SpecError(f"the spec is wrong: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Values of a spec's file.

    Raises
    ------
    SpecError
        If the file cannot be read, or names no refrigerant.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path} is not TOML: {error}") from error
    if not isinstance(values.get("refrigerant"), str):
        raise SpecError(f'{path} names no refrigerant; add a line: refrigerant = "R717"')
    return values


def _plain(item: Any) -> str:
    """One problem that pydantic found, in words."""
    if item["type"] == "extra_forbidden":
        return "there is no such field"
    if item["type"] == "missing":
        return "it is missing"
    message = item["msg"].removeprefix("Value error, ")
    given = item.get("input")
    return message if isinstance(given, dict) else f"{message} (given: {given!r})"
