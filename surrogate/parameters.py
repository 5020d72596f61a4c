"""What is fixed about a machine: one set of values for each table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Real

from surrogate.errors import InputError, InputTypeError

ETA_S_DEFAULT = 0.80
"""Isentropic efficiency [1] where the caller gives none."""

MAX_SOLVES = 200
"""Full solves that one call may make unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a heat pump cycle.

    A table holds one topology, one refrigerant and one such set.

    Parameters
    ----------
    pinch : float
        Smallest temperature difference inside evaporator and condenser [K].
    superheat : float
        Superheat of the suction gas [K].
    subcooling : float
        Subcooling of the condensate below its bubble point [K].
    min_discharge_superheat : float
        Superheat that the discharge gas must keep [K]. Where a dry fluid
        would keep less, the suction superheat is raised until it does.
    motor_efficiency : float
        Shaft power over electric power [1].
    p_source, p_sink : float
        Pressures of the source water and of the district-heating water [bar].

    Raises
    ------
    InputError
        If a value is not finite or not in its range.

    Examples
    --------
    >>> Parameters(pinch=3).pinch
    3.0
    >>> Parameters(pinch=0)
    Traceback (most recent call last):
    ...
    surrogate.errors.InputError: pinch = 0 K, but it must be from 0.5 to 20 K
    """

    pinch: float = 5.0
    superheat: float = 5.0
    subcooling: float = 5.0
    min_discharge_superheat: float = 3.0
    motor_efficiency: float = 0.95
    p_source: float = 3.0
    p_sink: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            low, high, unit = _RANGES[field.name]
            allowed = f"{low:g} to {high:g}{unit}"
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, Real):
                raise InputTypeError(
                    f"{field.name} = {value!r}, but it must be a number, {allowed}"
                )
            number = float(value)
            if not low <= number <= high:
                raise InputError(f"{field.name} = {value}{unit}, but it must be from {allowed}")
            # Frozen: the only way to make 5 and 5.0 one and the same table.
            object.__setattr__(self, field.name, number)

    def to_dict(self) -> dict[str, float]:
        """All parameters by name."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, float]) -> Parameters:
        """Make a set from named values; what is not named keeps its default.

        Raises
        ------
        InputError
            If a name is not a parameter.
        """
        unknown = sorted(set(values) - set(_RANGES))
        if unknown:
            raise InputError(
                f"unknown parameter {unknown[0]!r}; the parameters are {', '.join(_RANGES)}"
            )
        return cls(**values)


_RANGES: dict[str, tuple[float, float, str]] = {
    "pinch": (0.5, 20.0, " K"),
    "superheat": (1.0, 30.0, " K"),
    "subcooling": (0.5, 30.0, " K"),
    "min_discharge_superheat": (1.0, 30.0, " K"),
    "motor_efficiency": (0.5, 1.0, ""),
    "p_source": (3.0, 40.0, " bar"),
    "p_sink": (10.0, 40.0, " bar"),
}
