"""What is asked: the temperatures, the heat, and what energy and machines cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic import Field as ModelField
from pydantic_core import PydanticCustomError

from surrogate import conditions
from surrogate.errors import UnknownRefrigerantError
from surrogate.fluids import canonical_name
from surrogate.parameters import ETA_S_DEFAULT


class Field(NamedTuple):
    """One field of a question in words, for forms and documents.

    Attributes
    ----------
    label : str
        Its name for people.
    unit : str
        Its unit; empty for text, ``1`` for shares.
    help : str
        What it is, in one sentence.
    low, high : float or None
        Lowest and highest value; None for text.
    default : str, float or int
        What holds where nothing is said.
    source : str
        Where the default of an assumption comes from; empty for conditions.
    """

    label: str
    unit: str
    help: str
    low: float | None
    high: float | None
    default: Any
    source: str = ""

    @property
    def limits(self) -> str:
        """The limits in words.

        Examples
        --------
        >>> FIELDS["full_load_hours"].limits
        'from 1 to 8760 h/a'
        """
        if self.low is None or self.high is None:
            return "a refrigerant's name"
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"from {self.low:.10g} to {self.high:.10g}{unit}"


def _condition(name: str, label: str, text: str, default: float) -> Field:
    """A field whose range is that of the library's conditions."""
    quantity = conditions.CONDITIONS[name]
    # A machine for no heat at all is none; below a watt, yearly sums would lose their digits.
    low = max(quantity.low, 1.0) if name == "heat_load" else quantity.low
    return Field(label, quantity.unit, text, low, quantity.high, default)


FIELDS: dict[str, Field] = {
    "refrigerant": Field("Refrigerant", "", "The fluid inside the heat pump.", None, None, "R717"),
    "t_source_in": _condition(
        "t_source_in",
        "Waste heat, inlet",
        "Temperature at which the waste-heat water reaches the heat pump.",
        30.0,
    ),
    "t_source_out": _condition(
        "t_source_out",
        "Waste heat, outlet",
        "Temperature to which the heat pump cools the waste-heat water.",
        25.0,
    ),
    "t_return": _condition(
        "t_return",
        "Network return",
        "Temperature at which the network's water comes back to the heat pump.",
        50.0,
    ),
    "t_supply": _condition(
        "t_supply",
        "Network supply",
        "Temperature to which the heat pump warms the network's water.",
        80.0,
    ),
    "heat_load": _condition(
        "heat_load", "Heat to the network", "Heat that the heat pump delivers at full load.", 1e6
    ),
    "eta_s": _condition(
        "eta_s",
        "Isentropic efficiency",
        "How near the compressor comes to an ideal one; 0.8 is usual for large machines.",
        ETA_S_DEFAULT,
    ),
    "electricity_price": Field(
        "Electricity price",
        "EUR/kWh",
        "What a kilowatt-hour of electricity costs, with grid fees and without VAT.",
        0.0,
        5.0,
        0.19,
        "Eurostat nrg_pc_205: average price for non-household consumers in the EU, first half of "
        "2025, 0.1902 EUR/kWh without recoverable taxes",
    ),
    "electricity_co2": Field(
        "CO2 of electricity",
        "kg/kWh",
        "Greenhouse gases per kilowatt-hour of electricity from the grid.",
        0.0,
        2.0,
        0.21,
        "EEA indicator 'Greenhouse gas emission intensity of electricity generation': EU 2023, "
        "rounded",
    ),
    "gas_price": Field(
        "Gas price",
        "EUR/kWh",
        "What a kilowatt-hour of natural gas (net calorific value) costs; divide a price per "
        "kilowatt-hour of gross calorific value, as on most bills, by 0.9.",
        0.0,
        5.0,
        0.067,
        "Eurostat nrg_pc_203: average price for non-household consumers in the EU, first half of "
        "2025, about 0.060 EUR/kWh of gross calorific value, here per net calorific value",
    ),
    "gas_co2": Field(
        "CO2 of gas",
        "kg/kWh",
        "CO2 from burning a kilowatt-hour of natural gas (net calorific value).",
        0.0,
        1.0,
        0.202,
        "IPCC Guidelines 2006, Volume 2, Table 2.2: 56.1 kg/GJ of natural gas",
    ),
    "boiler_efficiency": Field(
        "Boiler efficiency",
        "1",
        "Heat from the gas boiler per energy of its gas (net calorific value), over the year.",
        0.3,
        1.1,
        0.9,
        "assumed: an older boiler over a year; new condensing boilers reach 1.0 and more",
    ),
    "heat_price": Field(
        "Heat price",
        "EUR/kWh",
        "What the buyer pays for a kilowatt-hour of heat at the heat pump, without VAT.",
        0.0,
        5.0,
        0.07,
        "assumed; the average price of district heat to customers in France was 0.080 EUR/kWh in "
        "2021 without VAT (annual survey of heat networks, FEDENE)",
    ),
    "full_load_hours": Field(
        "Full-load hours",
        "h/a",
        "Operating hours at full load: the year's heat over the heat at full load.",
        1.0,
        8760.0,
        6000.0,
        "assumed: waste heat all year round, less summer weeks without buyers and service",
    ),
    "investment": Field(
        "Investment",
        "EUR/kW",
        "Cost of the heat pump, built and connected, per kilowatt of heat.",
        0.0,
        20000.0,
        1000.0,
        "Danish Energy Agency, Technology Data for Generation of Electricity and District Heating: "
        "compression heat pump of 3 MW, year 2025, some 1000 EUR/kW; pipes to the network and the "
        "grid connection may add to it",
    ),
    "maintenance": Field(
        "Maintenance",
        "1",
        "Maintenance and service in a year, as a share of the investment.",
        0.0,
        0.5,
        0.02,
        "assumed: between the Danish Energy Agency's catalogue (some 0.016 at 6000 h/a) and "
        "VDI 2067 Part 1 (0.025)",
    ),
    "lifetime": Field(
        "Lifetime",
        "a",
        "Years that the heat pump runs; the investment is paid back over them.",
        1,
        60,
        25,
        "Danish Energy Agency, Technology Data for Generation of Electricity and District Heating: "
        "compression heat pumps, technical lifetime",
    ),
    "discount_rate": Field(
        "Discount rate",
        "1",
        "Yearly interest that money has to earn.",
        0.0,
        0.5,
        0.05,
        "assumed: between what a municipal utility and a private investor ask for, without "
        "inflation",
    ),
}
"""Every field by name, in the order of forms and documents."""

CONDITIONS: tuple[str, ...] = tuple(conditions.CONDITIONS)
"""Fields that the heat pump is asked with, as :meth:`surrogate.HeatPump.design` names them."""

ASSUMPTIONS: tuple[str, ...] = tuple(name for name, field in FIELDS.items() if field.source)
"""Fields on prices and machines, each with the source of its default."""

_ORDER = (("t_source_out", "t_source_in"), ("t_return", "t_supply"))


def _words(name: str) -> dict[str, Any]:
    """What the JSON schema says of a field beside its type."""
    field = FIELDS[name]
    words = {"label": field.label, "unit": field.unit, "help": field.help, "limits": field.limits}
    return {**words, "source": field.source} if field.source else words


def _declared(name: str) -> Any:
    """The declaration of a number: default and limits, and in the JSON schema its words."""
    field = FIELDS[name]
    return ModelField(
        default=field.default,
        ge=field.low,
        le=field.high,
        title=field.label,
        description=field.help,
        json_schema_extra=_words(name),
    )


class Question(BaseModel):
    """A heat pump to be judged, and what to judge it by.

    All fields have defaults. :data:`FIELDS` has their labels, units, limits
    and sources; the JSON schema has them, too.

    Parameters
    ----------
    refrigerant : str
        Its name, as CoolProp or trade call it; kept as the library calls it.
    t_source_in, t_source_out : float
        Waste-heat water into and out of the heat pump [degC].
    t_return, t_supply : float
        Network water into and out of the heat pump [degC].
    heat_load : float
        Heat to the network [W].
    eta_s : float
        Isentropic efficiency of the compressor [1].
    electricity_price, gas_price, heat_price : float
        Prices [EUR/kWh]; gas by its net calorific value.
    electricity_co2, gas_co2 : float
        Emissions [kg/kWh].
    boiler_efficiency : float
        Heat over gas of the boiler that it is compared with [1].
    full_load_hours : float
        Operating hours at full load [h/a].
    investment : float
        Investment per heat [EUR/kW].
    maintenance : float
        Yearly maintenance over the investment [1].
    lifetime : int
        Years of operation [a].
    discount_rate : float
        Interest [1].

    Raises
    ------
    pydantic.ValidationError
        If a value is no finite number or out of its limits, the refrigerant
        is unknown, or source or network run the wrong way; then ``ctx`` names
        ``field``, ``value`` and ``limit``.

    Examples
    --------
    >>> Question(refrigerant="ammonia", t_supply=75).refrigerant
    'R717'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    refrigerant: str = ModelField(
        default="R717",
        min_length=1,
        max_length=64,
        title=FIELDS["refrigerant"].label,
        description=FIELDS["refrigerant"].help,
        json_schema_extra=_words("refrigerant"),
    )
    t_source_in: float = _declared("t_source_in")
    t_source_out: float = _declared("t_source_out")
    t_return: float = _declared("t_return")
    t_supply: float = _declared("t_supply")
    heat_load: float = _declared("heat_load")
    eta_s: float = _declared("eta_s")
    electricity_price: float = _declared("electricity_price")
    electricity_co2: float = _declared("electricity_co2")
    gas_price: float = _declared("gas_price")
    gas_co2: float = _declared("gas_co2")
    boiler_efficiency: float = _declared("boiler_efficiency")
    heat_price: float = _declared("heat_price")
    full_load_hours: float = _declared("full_load_hours")
    investment: float = _declared("investment")
    maintenance: float = _declared("maintenance")
    lifetime: int = _declared("lifetime")
    discount_rate: float = _declared("discount_rate")

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value(cls, value: Any) -> Any:
        # Pydantic reads true as 1; nobody means a price of 1 by it.
        if isinstance(value, bool):
            raise PydanticCustomError("number", "Input should be a number, not true or false")
        return value

    @field_validator("refrigerant")
    @classmethod
    def _known_refrigerant(cls, value: str) -> str:
        try:
            return canonical_name(value)
        except UnknownRefrigerantError as error:
            raise PydanticCustomError(
                "unknown_refrigerant",
                "{reason}",
                {"field": "refrigerant", "value": value, "reason": str(error)},
            ) from None

    @model_validator(mode="after")
    def _right_way_round(self) -> Self:
        for cold, warm in _ORDER:
            value, limit = getattr(self, cold), getattr(self, warm)
            if value >= limit:
                raise PydanticCustomError(
                    "order",
                    "{label} ({value} degC) must be below {warm_label} ({limit} degC)",
                    {
                        "field": cold,
                        "value": value,
                        "limit": limit,
                        "label": FIELDS[cold].label,
                        "warm_label": FIELDS[warm].label,
                    },
                )
        return self

    def conditions(self) -> dict[str, Any]:
        """What the heat pump is asked with, by the names of :meth:`surrogate.HeatPump.design`."""
        return {name: float(getattr(self, name)) for name in CONDITIONS}

    def changed(self, **values: Any) -> Question:
        """The same question with other values, checked again.

        Parameters
        ----------
        **values
            Fields that differ.

        Raises
        ------
        pydantic.ValidationError
            As for a new question.
        """
        given: Mapping[str, Any] = {**self.model_dump(), **values}
        return Question.model_validate(given)
