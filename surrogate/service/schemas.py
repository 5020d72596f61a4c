"""What requests to the API look like, and what comes back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from surrogate.conditions import CONDITIONS
from surrogate.identity import SOURCE_CONTROLS
from surrogate.parameters import ETA_S_DEFAULT
from surrogate.twin.design import check_order


def _bounded(name: str) -> Any:
    quantity = CONDITIONS[name]
    unit = "" if quantity.unit == "1" else f" [{quantity.unit}]"
    return Field(
        ge=quantity.low, le=quantity.high, description=f"{quantity.long_name.capitalize()}{unit}."
    )


SourceIn = Annotated[float, _bounded("t_source_in")]
SourceOut = Annotated[float, _bounded("t_source_out")]
Return = Annotated[float, _bounded("t_return")]
Supply = Annotated[float, _bounded("t_supply")]
Load = Annotated[float, _bounded("heat_load")]
EtaS = Annotated[float, _bounded("eta_s")]

Outside = Annotated[
    Literal["solve", "nan", "raise"],
    Field(
        description="Outside the tables: full solves, which take a while and are answered with "
        "202; no answer, with the status outside; or a problem."
    ),
]
MOST_POINTS = 40_000
"""Points of one request: a year of quarter hours, and some."""

_MOST_NAMES = 20


def _few(given: Any) -> Any:
    """Refuse many names before each is looked at."""
    if isinstance(given, dict) and len(given) > _MOST_NAMES:
        raise PydanticCustomError(
            "too_long",
            "at most {limit} names are allowed, not {count}",
            {"limit": _MOST_NAMES, "count": len(given)},
        )
    return given


Named = Annotated[dict[str, float], BeforeValidator(_few), Field(max_length=_MOST_NAMES)]

# The first wrong item is enough: there may be a million of them.
_MANY = Field(max_length=MOST_POINTS, fail_fast=True)
SourceIns = Annotated[list[SourceIn], _MANY]
SourceOuts = Annotated[list[SourceOut], _MANY]
Returns = Annotated[list[Return], _MANY]
Supplies = Annotated[list[Supply], _MANY]
Loads = Annotated[list[Load], _MANY]
EtasS = Annotated[list[EtaS], _MANY]

EXAMPLE_POINT: Any = {
    "t_source_in": 30, "t_source_out": 25, "t_return": 50, "t_supply": 80, "heat_load": 1e6,
}  # fmt: skip


class Asked(BaseModel):
    """What all questions share: nothing unknown, nothing infinite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    refrigerant: str = Field(default="R717", max_length=60, description="Name of the refrigerant.")
    limits: Named = Field(
        default_factory=dict, description="Limits of the machine that differ from the defaults."
    )
    parameters: Named = Field(
        default_factory=dict, description="Parameters of the cycle that differ from the defaults."
    )
    outside: Outside = "solve"


class DesignQuestion(Asked):
    """Design points: machines sized for these very conditions. Lists broadcast."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"refrigerant": "R717", **EXAMPLE_POINT},
                {"refrigerant": "R290", **EXAMPLE_POINT, "t_supply": [65, 70, 75]},
            ]
        }
    )

    t_source_in: SourceIn | SourceIns
    t_source_out: SourceOut | SourceOuts
    t_return: Return | Returns
    t_supply: Supply | Supplies
    heat_load: Load | Loads
    eta_s: EtaS | EtasS = ETA_S_DEFAULT


class PlantDesign(BaseModel):
    """What a plant is sized for."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    t_source_in: SourceIn
    t_source_out: SourceOut
    t_return: Return
    t_supply: Supply
    heat_load: Annotated[
        float, Field(gt=0, le=CONDITIONS["heat_load"].high, description="Heat load [W].")
    ]
    eta_s: EtaS = ETA_S_DEFAULT
    source_control: Literal["flow", "outlet"] = Field(
        default="flow", description="What is held on the source side off design."
    )

    @model_validator(mode="after")
    def _ordered(self) -> PlantDesign:
        check_order("t_source_out", "t_source_in", self)
        check_order("t_return", "t_supply", self)
        return self


class CapacityQuestion(Asked):
    """A plant at some temperatures: how much heat can it give? Lists broadcast."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "refrigerant": "R717",
                    "design": EXAMPLE_POINT,
                    "t_source_in": [26, 28, 30],
                    "t_return": 48,
                    "t_supply": 75,
                }
            ]
        }
    )

    design: PlantDesign
    t_source_in: SourceIn | SourceIns
    t_return: Return | Returns
    t_supply: Supply | Supplies


class OperationQuestion(CapacityQuestion):
    """A plant at some temperatures and heat loads: points, or a whole year of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "refrigerant": "R717",
                    "design": EXAMPLE_POINT,
                    "t_source_in": 28,
                    "t_return": 48,
                    "t_supply": 75,
                    "heat_load": [2e5, 8e5, 2e6],
                }
            ]
        }
    )

    heat_load: Load | Loads
    quantities: list[Annotated[str, Field(max_length=40)]] | None = Field(
        default=None,
        max_length=60,
        fail_fast=True,
        description="Quantities to answer with; all by default.",
    )


Number = float | list[float | None] | None
Word = str | list[str]


class SolveState(BaseModel):
    """Full solves under way."""

    id: str
    state: Literal["running", "done", "failed", "cancelled"]
    total: int = Field(description="Pieces of work, one for each point.")
    done: int
    share: float
    note: str
    elapsed_seconds: float
    remaining_seconds: float | None
    url: str = Field(description="Where the result will be.")
    events: str = Field(description="Server-sent events of the progress.")


class SolveResult(SolveState):
    """Full solves, and what came of them."""

    result: dict[str, Any] | None = Field(
        default=None, description="The whole answer, as the request would have had it at once."
    )
    problem: dict[str, Any] | None = None


class DesignAnswer(BaseModel):
    """An estimate: numbers for a single point, lists for many, null where there is no answer."""

    model_config = ConfigDict(extra="allow")

    refrigerant: str
    topology: str
    cop: Number = None
    power: Number = Field(default=None, description="Electric power at the motor [W].")
    heat_source: Number = Field(default=None, description="Heat taken from the source [W].")
    t_discharge: Number = Field(default=None, description="Discharge temperature [degC].")
    error: Number = Field(
        default=None,
        description="Relative error of the COP that 95 % of held-out full solves stay within [1].",
    )
    status: Word
    limit: Word
    origin: Word
    failures: dict[str, str] = Field(
        default_factory=dict, description="Points whose full solve came to no end, with the reason."
    )
    solve: SolveState | None = Field(
        default=None, description="Full solves under way for points outside the tables."
    )


class OperationAnswer(DesignAnswer):
    """What a plant does, point by point, and together."""

    capacity: Number = Field(default=None, description="Largest heat load [W].")
    lowest_load: Number = None
    cycling: bool | list[bool] | None = None
    summary: dict[str, Any] = Field(
        default_factory=dict, description="The points together, as of equally long hours."
    )


class CapacityAnswer(BaseModel):
    """Largest heat loads [W], and what sets them."""

    refrigerant: str
    topology: str
    capacity: Number
    lowest_load: Number
    status: Word
    limit: Word
    origin: Word
    failures: dict[str, str] = Field(default_factory=dict)
    solve: SolveState | None = None


assert SOURCE_CONTROLS == ("flow", "outlet")  # written out above for the type checker
