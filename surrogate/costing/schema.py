"""The input tables: every column with its type, unit, default, range and reference.

Declared once, as one pydantic model a table, one field a column; used to check
tables (:mod:`surrogate.costing.checking`), to read files, and for the page of
the documentation. pydantic was chosen over pandera by measurement: 37 ms
against 510 ms to import, errors by row and column, and already a dependency.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
)


class Row(BaseModel):
    """A row of a table; columns beside the declared ones are carried along elsewhere."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_flag(cls, value: Any, info: ValidationInfo) -> Any:
        """True is no number, although Python counts it as 1."""
        if isinstance(value, bool):
            kind = cls.model_fields[str(info.field_name)].annotation
            if {float, int} & {kind, *get_args(kind)}:
                raise ValueError("must be a number, not true or false")
        return value


def as_text(value: Any) -> Any:
    """Identifiers as text: 7 and 7.0 are "7".

    Parameters
    ----------
    value : object
        An identifier as it stands in a table; what is none comes back as it is.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, int | str) else value


def as_key(value: Any) -> Any:
    """Keys alike, whether they come as 1, 1.0, "1" or "1.0".

    Parameters
    ----------
    value : object
        A key as it stands in a table.

    Raises
    ------
    ValueError
        If it is neither a whole number nor text.
    """
    text = as_text(value)
    if not isinstance(text, str):
        raise ValueError("must be a whole number or text")
    whole = re.fullmatch(r"(-?(?:0|[1-9]\d*))(\.0*)?", text)
    return int(whole[1]) if whole else text


def keyword(value: Any) -> Any:
    """Keywords with or without their colon.

    Parameters
    ----------
    value : object
        A keyword as it stands in a table; what is no text comes back as it is.
    """
    return value.strip().removeprefix(":").lower() if isinstance(value, str) else value


def _written(value: Any) -> Any:
    """A parameter's value as text, whether it comes as that, as a number or as a boolean."""
    return str(value).lower() if isinstance(value, bool | int | float) else as_text(value)


_VALUE_FORMS = (
    "must be a number, a curve [[kW, cost], ...] with rising kW, or a series [0, price, ...] "
    "by year, none of them negative"
)


def _cost_value(value: Any) -> CostValue:
    """A cost's value: a number, a curve or a series, or JSON text of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise ValueError(_VALUE_FORMS) from None
    if isinstance(value, list | tuple | np.ndarray) and len(value):
        if all(isinstance(item, list | tuple | np.ndarray) for item in value):
            return _curve(value)
        return tuple(_amount(item) for item in value)
    return _amount(value)


def _curve(points: Iterable[Any]) -> tuple[tuple[float, float], ...]:
    pairs = [tuple(_amount(number) for number in point) for point in points]
    kilowatts = [pair[0] for pair in pairs]
    if any(len(pair) != 2 for pair in pairs) or kilowatts != sorted(set(kilowatts)):
        raise ValueError(_VALUE_FORMS)
    return tuple((pair[0], pair[1]) for pair in pairs)


def _amount(value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(_VALUE_FORMS)
    return number


def is_forbidden(constraint: Any) -> bool:
    """Whether a ``constraint``, as it stands in a table, says forbidden.

    Parameters
    ----------
    constraint : object
        The cell.
    """
    return bool(keyword(str(constraint)) == "forbidden")


Text = Annotated[str, BeforeValidator(as_text)]
Key = Annotated[int | str, BeforeValidator(as_key)]
Constraint = Annotated[
    Literal["required", "optional", "forbidden"],
    BeforeValidator(keyword),
]
CostKind = Annotated[
    Literal[
        "capex_per_kw",
        "capex_fixed",
        "opex_per_kw",
        "opex_fixed",
        "repex_per_kw",
        "repex_fixed",
        "heat_per_kwh",
    ],
    BeforeValidator(keyword),
]
CostValue = float | tuple[tuple[float, float], ...] | tuple[float, ...]


def column(
    description: str,
    *,
    unit: str = "",
    default: Any = ...,
    key: bool = False,
    refers: str = "",
    present: bool = False,
    **limits: Any,
) -> Any:
    """Declare a column.

    Parameters
    ----------
    description : str
        What it holds.
    unit : str
        Its unit.
    default : optional
        What a missing column means; without one the column must be there.
    key : bool
        Whether its values identify the rows: no two may be the same.
    refers : str
        "table.column" in which each value must be found.
    present : bool
        Whether the column must be there although its cells may be empty.
    **limits
        ``ge``, ``gt``, ``le``, ``lt`` of pydantic.
    """
    extra: dict[str, Any] = {"unit": unit, "key": key, "refers": refers, "present": present}
    return Field(default, description=description, json_schema_extra=extra, **limits)


def _cost(description: str, unit: str) -> Any:
    """Declare an amount of money: never negative, never missing."""
    return column(description, unit=unit, ge=0)


_CONSTRAINT = "required: must be in the network; optional: may be; forbidden: may not be."
_EXTRA = "Present value added if it is used (if negative, a cost); booked in year 0."


class Building(Row):
    """A building, or other demand, that can be connected to the network."""

    building_id: Text | None = column(
        "Name in the results; made up where it is missing.", default=None, key=True
    )
    annual_demand_kwh: float = column("Heat demand.", unit="kWh/a", ge=0)
    peak_demand_kw: float = column(
        "Peak demand, diversity within the building included.", unit="kW", ge=0
    )
    connections: int = column("End users in the building.", default=1, ge=1)
    constraint: Constraint = column(_CONSTRAINT, default="optional")
    demand_group: Key | None = column(
        "Buildings of one group are connected all or none.", default=None
    )
    connection_cost_id: Key = column(
        "Its connection cost.", refers="connection_costs.connection_cost_id"
    )
    tariff_id: Key = column("Its tariff.", refers="tariffs.tariff_id")
    extra_pv: float | None = column(_EXTRA, unit="¤", default=None)


class Path(Row):
    """A path along which a pipe can be laid."""

    path_id: Text | None = column(
        "Name in the results; made up where it is missing.", default=None, key=True
    )
    constraint: Constraint = column(_CONSTRAINT, default="optional")
    existing_diameter: float | None = column(
        "Diameter of a pipe that lies here already: only its replacement is paid unless a "
        "larger one is needed.",
        unit="mm",
        default=None,
        ge=10,
    )
    civil_cost_id: Key | None = column(
        "Its civil cost; the default one where it is missing.",
        default=None,
        refers="civil_costs.civil_cost_id",
    )
    extra_pv: float | None = column(_EXTRA, unit="¤", default=None)


class Supply(Row):
    """A place where heat can be fed in."""

    supply_id: Text | None = column(
        "Name in the results; made up where it is missing.", default=None, key=True
    )
    constraint: Constraint = column(_CONSTRAINT, default="optional")
    annual_capacity_kwh: float = column("Most heat in a year.", unit="kWh/a", ge=0)
    peak_capacity_kw: float = column("Largest output.", unit="kW", ge=0)
    capex_fixed: float = _cost("Paid once, in year 0.", "¤")
    capex_per_kw: float = _cost("Paid once, per capacity.", "¤/kW")
    opex_fixed: float = _cost("Paid every year from year 1.", "¤/a")
    opex_per_kw: float = _cost("Paid every year, per capacity.", "¤/(kW a)")
    repex_fixed: float = _cost("Paid at every replacement of the plant.", "¤")
    repex_per_kw: float = _cost("Paid at every replacement, per capacity.", "¤/kW")
    cost_per_kwh: float = _cost("Heat, from year 1.", "¤/kWh")
    emissions_per_kwh: float | None = column(
        "Emissions of the heat; needed where constraint/max-emissions-factor is set.",
        unit="kg/kWh",
        default=None,
        ge=0,
    )
    supply_cost_type: Text | None = column(
        "Further costs of this supply.",
        default=None,
        refers="supply_costs.supply_cost_type",
    )
    heat_pump_refrigerant: Text | None = column(
        "Makes the supply a heat pump with this refrigerant, such as R717.", default=None
    )
    heat_pump_topology: Text | None = column(
        "Its cycle; single_stage where it is missing.", default=None
    )
    t_source_in: float | None = column("Inlet of its heat source.", unit="degC", default=None)
    t_source_out: float | None = column("Outlet of its heat source.", unit="degC", default=None)
    source_capacity_kw: float | None = column(
        "Largest heat that the source gives.", unit="kW", default=None, ge=0
    )
    electricity_price_per_kwh: float | None = column(
        "Price of its electricity; price / COP is added to cost_per_kwh.",
        unit="¤/kWh",
        default=None,
        ge=0,
    )
    electricity_emissions_per_kwh: float | None = column(
        "Emissions of its electricity; divided by the COP they are added to emissions_per_kwh.",
        unit="kg/kWh",
        default=None,
        ge=0,
    )


class SupplyCost(Row):
    """A further cost of supplies; the rows of one type add up."""

    supply_cost_type: Text = column("Groups the rows; supplies name it.")
    type: Text = column("A name of one's own, such as plant or energy_centre.")
    cost: CostKind = column("What kind of cost it is.")
    value: Annotated[CostValue, PlainValidator(_cost_value)] = column(
        "A number, for any kind; a curve [[kW, cost], ...] of total cost over capacity, for the "
        "per_kw kinds; or a series [0, price, ...] by year, for heat_per_kwh.",
        unit="¤, ¤/kW or ¤/kWh",
    )

    @field_validator("value")
    @classmethod
    def _fits_kind(cls, value: CostValue, info: ValidationInfo) -> CostValue:
        kind = str(info.data.get("cost", ""))
        form = "number"
        if isinstance(value, tuple):
            form = "curve" if isinstance(value[0], tuple) else "series"
        wanted = "curve" if kind.endswith("_per_kw") else "series"
        if kind and form not in ("number", wanted if not kind.endswith("_fixed") else ""):
            raise ValueError(f"{kind} is no {form}")
        return value


class HeatPumpProfile(Row):
    """What a heat pump meets for some hours of the year; without rows it meets its design point."""

    supply_id: Text = column("The heat pump.", refers="supplies.supply_id")
    hours: float | None = column(
        "Hours of the year, for all rows of a supply or for none; with those of its other rows at "
        "most 8784.",
        unit="h",
        default=None,
        gt=0,
    )
    weight: float | None = column(
        "In place of hours: how much the row counts beside the other rows of its supply.",
        default=None,
        gt=0,
    )
    t_source_in: float = column("Inlet of its heat source.", unit="degC")
    t_supply: float | None = column(
        "Flow of the network; optimiser/flow-temperature where it is missing.",
        unit="degC",
        default=None,
    )
    t_return: float | None = column(
        "Return of the network; optimiser/return-temperature where it is missing.",
        unit="degC",
        default=None,
    )
    load: float = column(
        "Heat asked of the machine over its nominal heat load, that of its design point.",
        gt=0,
        le=10,
    )


class Tariff(Row):
    """What customers pay."""

    tariff_id: Key = column("Buildings name it.", key=True)
    name: Text = column("A friendly name.", default="")
    annual_charge_fixed: float = _cost("Every year from year 1.", "¤/a")
    annual_charge_per_kwh: float = _cost("Per heat delivered, from year 1.", "¤/kWh")
    annual_charge_per_kw: float = _cost("Per peak demand, every year from year 1.", "¤/(kW a)")
    connection_charge_fixed: float = _cost("Once, in year 0.", "¤")
    connection_charge_per_kw: float = _cost("Once, per peak demand.", "¤/kW")


class ConnectionCost(Row):
    """What works in a building cost the network."""

    connection_cost_id: Key = column("Buildings name it.", key=True)
    name: Text = column("A friendly name.", default="")
    capex_fixed: float = _cost("Once, in year 0.", "¤")
    capex_per_connection: float = _cost("Once, per end user.", "¤")
    capex_per_kw: float = _cost("Once, per peak demand.", "¤/kW")
    repex_fixed: float = _cost("At every replacement.", "¤")
    repex_per_connection: float = _cost("At every replacement, per end user.", "¤")
    repex_per_kw: float = _cost("At every replacement, per peak demand.", "¤/kW")
    opex_fixed: float = _cost("Every year from year 1.", "¤/a")
    opex_per_connection: float = _cost("Every year, per end user.", "¤/a")
    opex_per_kw: float = _cost("Every year, per peak demand.", "¤/(kW a)")


class CivilCost(Row):
    """What a metre of flow and return pipe costs, by diameter and surface."""

    civil_cost_id: Key = column(
        "The surface that is dug up.", refers="civil_cost_names.civil_cost_id"
    )
    diameter_mm: float = column("Inner diameter.", unit="mm", ge=10)
    cost_m: float = _cost("Capex, and cost of a replacement.", "¤/m")


class CivilCostName(Row):
    """The surfaces."""

    civil_cost_id: Key = column("Paths name it.", key=True)
    name: Text = column("A friendly name, such as hard dig.", default="")
    is_default: bool | None = column(
        "True for exactly one: for connectors and for paths without a civil cost.", default=None
    )


class ParameterRow(Row):
    """A parameter and its value."""

    parameter: Annotated[str, BeforeValidator(keyword)] = column(
        "Its name, such as finance/npv-rate.", key=True
    )
    value: Annotated[str, BeforeValidator(_written)] | None = column(
        "Its value; blank means the default.", default=None, present=True
    )


TABLES: Mapping[str, type[Row]] = {
    "buildings": Building,
    "paths": Path,
    "supplies": Supply,
    "supply_costs": SupplyCost,
    "heat_pump_profiles": HeatPumpProfile,
    "tariffs": Tariff,
    "connection_costs": ConnectionCost,
    "civil_costs": CivilCost,
    "civil_cost_names": CivilCostName,
    "parameters": ParameterRow,
}
"""The tables of an input."""

OPTIONAL = frozenset({"supply_costs", "heat_pump_profiles", "parameters"})
"""Tables that may be missing."""

GEOMETRIES: Mapping[str, tuple[str, ...]] = {
    "buildings": ("Point", "MultiPoint", "Polygon", "MultiPolygon"),
    "paths": ("LineString", "MultiLineString"),
    "supplies": ("Point", "MultiPoint", "Polygon", "MultiPolygon"),
}
"""Tables with a column ``geometry``, and what it may hold."""
