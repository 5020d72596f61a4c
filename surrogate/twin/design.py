"""What a twin is made of: the machine's design, a setting that it meets, what calibration found."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from surrogate.conditions import CONDITIONS
from surrogate.errors import SurrogateError
from surrogate.fluids import canonical_name
from surrogate.identity import Sizing
from surrogate.ordered import check_order
from surrogate.parameters import ETA_S_DEFAULT

__all__ = ["Design", "Factors", "Setting", "check_order"]

_LONGEST_NAME = 64
"""No fluid of CoolProp's has a name nearly as long; a page may be sent anything."""


def _condition(name: str, default: Any = ..., **bounds: float) -> Any:
    """A field of a condition: its range, unit and label from the library's own table."""
    quantity = CONDITIONS[name]
    limits: dict[str, Any] = {"ge": quantity.low, "le": quantity.high, **bounds}
    return Field(
        default,
        **limits,
        json_schema_extra={"unit": quantity.unit, "label": quantity.long_name},
    )


class _Numbers(BaseModel):
    """A frozen set of numbers: none beside the declared ones, none that is not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_flag(cls, value: Any, info: ValidationInfo) -> Any:
        """True is no number, although Python counts it as 1."""
        if isinstance(value, bool):
            raise PydanticCustomError(
                "number_expected",
                "{field} = {value}, but it must be a number, not true or false",
                {"field": str(info.field_name), "value": str(value).lower(), "limit": "a number"},
            )
        return value


class Design(_Numbers):
    """The point that a machine is sized for.

    Parameters
    ----------
    refrigerant : str
        Its name, as CoolProp or trade call it; kept as CoolProp does.
    t_source_in, t_source_out : float
        Source water into and out of the evaporator [degC].
    t_return, t_supply : float
        Heating water into and out of the condenser [degC].
    heat_load : float
        Heat to the heating water [W], above 0.
    eta_s : float
        Isentropic efficiency of the compressor [1].

    Raises
    ------
    pydantic.ValidationError
        If a value is out of its range, or two temperatures are in the wrong
        order: then as the error type ``order``, whose context names ``field``,
        ``value``, ``other`` and ``limit``.

    Examples
    --------
    >>> Design(refrigerant="ammonia").refrigerant
    'R717'
    >>> Design().sizing().describe()
    '10/5 -> 30/45 degC, eta_s 0.8, source flow held'
    """

    refrigerant: str = Field(
        "R410A",
        min_length=1,
        max_length=_LONGEST_NAME,
        json_schema_extra={"unit": "", "label": "refrigerant"},
    )
    t_source_in: float = _condition("t_source_in", 10.0)
    t_source_out: float = _condition("t_source_out", 5.0)
    t_return: float = _condition("t_return", 30.0)
    t_supply: float = _condition("t_supply", 45.0)
    heat_load: float = _condition("heat_load", 2e4, gt=0.0)
    eta_s: float = _condition("eta_s", ETA_S_DEFAULT)

    @field_validator("refrigerant")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return canonical_name(value)
        except SurrogateError as error:
            raise PydanticCustomError(
                "refrigerant",
                "{reason}",
                {
                    "field": "refrigerant",
                    "value": value,
                    "limit": "a fluid that CoolProp knows",
                    "reason": str(error),
                },
            ) from error

    @model_validator(mode="after")
    def _ordered(self) -> Design:
        check_order("t_source_out", "t_source_in", self)
        check_order("t_return", "t_supply", self)
        return self

    def conditions(self) -> dict[str, Any]:
        """All but the refrigerant, by name, as :meth:`surrogate.HeatPump.design` takes them."""
        return self.model_dump(exclude={"refrigerant"})

    def sizing(self) -> Sizing:
        """The same without the heat load: plants of any size share one map."""
        return Sizing(self.t_source_in, self.t_source_out, self.t_return, self.t_supply, self.eta_s)

    def setting(self) -> Setting:
        """The design point as a setting of the machine."""
        return Setting(**self.model_dump(include=set(Setting.model_fields)))


class Setting(_Numbers):
    """One point that a machine is run at.

    Parameters
    ----------
    t_source_in : float
        Source water into the evaporator [degC]; its outlet follows.
    t_return, t_supply : float
        Heating water into and out of the condenser [degC].
    heat_load : float
        Heat to the heating water [W]; 0 is off.

    Raises
    ------
    pydantic.ValidationError
        As :class:`Design`.
    """

    t_source_in: float = _condition("t_source_in")
    t_return: float = _condition("t_return")
    t_supply: float = _condition("t_supply")
    heat_load: float = _condition("heat_load")

    @model_validator(mode="after")
    def _ordered(self) -> Setting:
        check_order("t_return", "t_supply", self)
        return self


def _factor(label: str, low: float, high: float) -> Any:
    return Field(1.0, ge=low, le=high, json_schema_extra={"unit": "1", "label": label})


class Factors(_Numbers):
    """What a calibration found, as factors on the design's own values.

    Parameters
    ----------
    eta_s : float
        On the compressor's isentropic efficiency, at every volume flow [1].
    ua_condenser, ua_evaporator : float
        On UA of the exchangers, at every flow [1]: 0.8 is one that is fouled.
    """

    eta_s: float = _factor("isentropic efficiency over that of the design", 0.5, 1.5)
    ua_condenser: float = _factor("UA of the condenser over that of the design", 0.1, 3.0)
    ua_evaporator: float = _factor("UA of the evaporator over that of the design", 0.1, 3.0)

    @property
    def changed(self) -> bool:
        """Whether any of them differs from 1."""
        return (self.eta_s, self.ua_condenser, self.ua_evaporator) != (1.0, 1.0, 1.0)
