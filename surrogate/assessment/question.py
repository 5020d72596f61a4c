"""What is asked: the temperatures, the heat, and what energy and machines cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic import Field as ModelField
from pydantic_core import PydanticCustomError

from surrogate.assessment.fields import CONDITIONS, FIELDS
from surrogate.conditions import CONDITIONS as RANGES
from surrogate.errors import UnknownRefrigerantError
from surrogate.fluids import canonical_name
from surrogate.ordered import check_order

_ORDER = (("t_source_out", "t_source_in"), ("t_return", "t_supply"))
_LABELS = {name: field.label for name, field in FIELDS.items()}


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
                {
                    "field": "refrigerant",
                    "value": value,
                    "limit": "a fluid that CoolProp knows",
                    "reason": str(error),
                },
            ) from None

    @model_validator(mode="after")
    def _right_way_round(self) -> Self:
        for cold, warm in _ORDER:
            check_order(cold, warm, self, _LABELS)
        return self

    def conditions(self) -> dict[str, Any]:
        """What the heat pump is asked with, by the names of :meth:`surrogate.HeatPump.design`."""
        return {name: float(getattr(self, name)) for name in CONDITIONS}

    def moved(self, name: str, value: float) -> dict[str, Any]:
        """The conditions with one temperature moved.

        Parameters
        ----------
        name : str
            ``t_supply``, or ``t_source_in``, with which the source's outlet
            goes so that its glide is held.
        value : float
            Where it goes [degC].

        Examples
        --------
        >>> found = Question().moved("t_source_in", 40.0)
        >>> found["t_source_in"], found["t_source_out"]
        (40.0, 35.0)
        """
        given = self.conditions()
        if name == "t_source_in" and value != self.t_source_in:
            outlet = value - (self.t_source_in - self.t_source_out)
            # Rounding must not take a glide away, nor a temperature out of all range.
            outlet = min(outlet, math.nextafter(value, -math.inf))
            given["t_source_out"] = max(outlet, RANGES["t_source_out"].low)
        return {**given, name: value}

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
