"""What a machine must not exceed: one place, used by the solve and by the query.

Every rule works on floats and on arrays alike, so the full solve of one point
and the query of a million apply the very same lines. Rules on conditions need
nothing but what the user gave and are checked first: a hopeless point costs
no solve. Rules on states are applied to the solved or interpolated cycle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.errors import InputError, InputTypeError


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a machine, each adjustable per call.

    Parameters
    ----------
    critical_margin : float
        Smallest distance of the condensing (bubble) temperature to the
        critical temperature [K].
    t_discharge_max : float
        Highest discharge temperature [degC]; oil and seals decide.
    pressure_ratio_max : float
        Highest ratio of condensing to evaporating pressure [1] for one stage.
    t_evap_min, t_evap_max : float
        Evaporation (dew) temperatures [degC] the machine is meant for. The
        refrigerant's own range, from its triple point to its critical point,
        bounds them further.
    t_source_out_min : float
        Lowest outlet temperature of the source water [degC]; it freezes at 0.
    t_source_in_max : float
        Highest inlet temperature of the source water [degC], 130 at most: at
        3 bar, the lowest pressure a machine may have there, it boils at 133.5.
    t_return_min : float
        Lowest return temperature [degC].
    t_supply_max : float
        Highest supply temperature [degC], 175 at most: at 10 bar, the lowest
        pressure a machine may have there, water boils at 179.9.
    source_glide_min, sink_glide_min : float
        Smallest temperature change of source and of sink water [K]; below,
        water flows grow without bound. The source of a plant that holds its
        flow may change by less.
    overspeed : float
        Largest suction volume flow of a plant over that of its design [1].
    turndown : float
        Smallest suction volume flow of a plant over that of its design at
        which it runs without a break [1]; for less heat it cycles.

    Raises
    ------
    InputError
        If a limit is not a number, or one that no water or refrigerant allows.
    """

    critical_margin: float = 5.0
    t_discharge_max: float = 180.0
    pressure_ratio_max: float = 12.0
    t_evap_min: float = -100.0
    t_evap_max: float = 150.0
    t_source_out_min: float = 0.5
    t_source_in_max: float = 130.0
    t_return_min: float = 5.0
    t_supply_max: float = 175.0
    source_glide_min: float = 1.0
    sink_glide_min: float = 1.0
    overspeed: float = 1.0
    turndown: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, Real):
                raise InputTypeError(f"limit {field.name} = {value!r}, but it must be a number")
            number = float(value)
            # Frozen: NumPy's numbers and integers become floats all the same.
            object.__setattr__(self, field.name, number)
            low, high = _POSSIBLE.get(field.name, (-math.inf, math.inf))
            if not low <= number <= high:
                raise InputError(
                    f"limit {field.name} = {number:g}, but it must be from {low:g} to {high:g}"
                )
        if self.turndown > self.overspeed:
            raise InputError(
                f"limit turndown = {self.turndown:g} is above overspeed = {self.overspeed:g}: a "
                "machine that runs at all must be allowed some volume flow"
            )

    def to_dict(self) -> dict[str, float]:
        """All limits by name."""
        return asdict(self)


# Source and sink are water, and above the critical point nothing condenses.
_POSSIBLE = {
    "critical_margin": (0.0, math.inf),
    "t_source_in_max": (-math.inf, 130.0),
    "t_supply_max": (-math.inf, 175.0),
    "pressure_ratio_max": (1.0, math.inf),
    "t_source_out_min": (0.1, math.inf),
    "t_return_min": (0.1, math.inf),
    "source_glide_min": (0.0, math.inf),
    "sink_glide_min": (0.0, math.inf),
    # The ends of the compressor's characteristic line.
    "overspeed": (0.49, 1.22),
    "turndown": (0.49, 1.22),
}

DEFAULT_LIMITS = Limits()

NO_LIMITS = Limits(
    critical_margin=0.0,
    t_discharge_max=math.inf,
    pressure_ratio_max=math.inf,
    t_evap_min=-math.inf,
    t_evap_max=math.inf,
)
"""Limits of what physics leaves possible: maps are made without those of machines."""


class State(NamedTuple):
    """What the rules on states look at: floats of one point, or arrays of many.

    Temperatures in degC, pressures in bar. The last two are those of a plant
    that runs: its source outlet, and its suction volume flow over that of its
    design [1].
    """

    t_evap: Any
    t_cond: Any
    t_discharge: Any
    p_evap: Any
    p_cond: Any
    t_critical: float
    t_triple: float
    t_source_out: Any = None
    volume_flow: Any = None

    @classmethod
    def of(cls, machine: Any, t_critical: float, t_triple: float) -> State:
        """State of a machine, from whatever has its temperatures and pressures."""
        return cls(
            machine.t_evap,
            machine.t_cond,
            machine.t_discharge,
            machine.p_evap,
            machine.p_cond,
            t_critical,
            t_triple,
        )


class Rule(NamedTuple):
    """One limit: its name, why it is there, and by how much it is exceeded.

    A limit is broken where it is exceeded by more than :data:`TOLERANCE`.
    """

    name: str
    reason: str
    excess: Callable[[Limits, Any], Any]


TOLERANCE = 1e-6
"""A point at a limit must not fall on either side by rounding alone."""

TRIPLE_MARGIN = 0.5
"""Distance that evaporation keeps from the triple point [K]."""


def _outside_evaporation(limits: Limits, s: State) -> Any:
    """By how much evaporation lies below or above its range [K]; the triple point is exact."""
    coldest = max(limits.t_evap_min, s.t_triple + TRIPLE_MARGIN + TOLERANCE)
    below, above = coldest - s.t_evap, s.t_evap - limits.t_evap_max
    return np.maximum(below, above) if isinstance(below, np.ndarray) else max(below, above)


CONDITION_RULES: tuple[Rule, ...] = (
    Rule(
        "source_outlet",
        "the source outlet is below t_source_out_min = {limits.t_source_out_min:g} degC: water "
        "would freeze",
        lambda limits, c: limits.t_source_out_min - c.t_source_out,
    ),
    Rule(
        "return_temperature",
        "the return is below t_return_min = {limits.t_return_min:g} degC",
        lambda limits, c: limits.t_return_min - c.t_return,
    ),
    Rule(
        "source_glide",
        "the source is cooled by less than source_glide_min = {limits.source_glide_min:g} K",
        lambda limits, c: limits.source_glide_min - (c.t_source_in - c.t_source_out),
    ),
    Rule(
        "sink_glide",
        "the sink is heated by less than sink_glide_min = {limits.sink_glide_min:g} K",
        lambda limits, c: limits.sink_glide_min - (c.t_supply - c.t_return),
    ),
    Rule(
        "supply_above_source",
        "the supply is not warmer than the source inlet: a heat exchanger does it",
        # Equal is too cold already: the tolerance counts the other way round.
        lambda limits, c: c.t_source_in - c.t_supply + 2.0 * TOLERANCE,
    ),
    Rule(
        "source_boiling",
        "the source inlet is above t_source_in_max = {limits.t_source_in_max:g} degC: water "
        "would boil",
        lambda limits, c: c.t_source_in - limits.t_source_in_max,
    ),
    Rule(
        "sink_boiling",
        "the supply is above t_supply_max = {limits.t_supply_max:g} degC: water would boil",
        lambda limits, c: c.t_supply - limits.t_supply_max,
    ),
)

STATE_RULES: tuple[Rule, ...] = (
    Rule(
        "critical_temperature",
        "condensation would come nearer to the critical temperature than critical_margin = "
        "{limits.critical_margin:g} K",
        lambda limits, s: s.t_cond - (s.t_critical - limits.critical_margin),
    ),
    Rule(
        "evaporation_temperature",
        "evaporation would lie outside the range of machine or refrigerant",
        _outside_evaporation,
    ),
    Rule(
        "discharge_temperature",
        "the discharge gas would be hotter than t_discharge_max = {limits.t_discharge_max:g} degC",
        lambda limits, s: s.t_discharge - limits.t_discharge_max,
    ),
    Rule(
        "pressure_ratio",
        "the pressure ratio would be above pressure_ratio_max = {limits.pressure_ratio_max:g}",
        lambda limits, s: s.p_cond / (limits.pressure_ratio_max * s.p_evap) - 1.0,
    ),
)

VOLUME_FLOW_RULE = Rule(
    "suction_volume_flow",
    "the compressor would have to move more than overspeed = {limits.overspeed:g} times the "
    "suction volume flow of its design",
    lambda limits, s: s.volume_flow - limits.overspeed,
)

RULES: tuple[Rule, ...] = (*CONDITION_RULES, *STATE_RULES, VOLUME_FLOW_RULE)
NAMES: tuple[str, ...] = ("", *(rule.name for rule in RULES))
"""Names by code: code 0 is no limit, code n is rule n - 1 of :data:`RULES`."""

_Checks = tuple[tuple[int, Callable[[Limits, Any], Any]], ...]


def _checks(rules: tuple[Rule, ...]) -> _Checks:
    """Code and excess of some rules."""
    return tuple((NAMES.index(rule.name), rule.excess) for rule in rules)


_CONDITION_CHECKS = _checks(CONDITION_RULES)
_STATE_CHECKS = _checks(STATE_RULES)
_PLANT_CHECKS = _checks((*STATE_RULES, CONDITION_RULES[0], VOLUME_FLOW_RULE))
PLANT_CODES = np.array([code for code, _ in _PLANT_CHECKS], dtype=np.int8)
"""Codes of the limits of a running plant, in the order of :func:`plant_excess`."""

_SOURCE_GLIDE = NAMES.index("source_glide")


def reason(name: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """What a broken limit means, in words.

    Examples
    --------
    >>> reason("pressure_ratio")
    'the pressure ratio would be above pressure_ratio_max = 12'
    """
    rule = RULES[NAMES.index(name) - 1]
    return rule.reason.format(limits=limits)


def broken_condition(limits: Limits, conditions: Any) -> int:
    """Code of the first rule that the conditions of one point break, or 0."""
    for code, excess in _CONDITION_CHECKS:
        if excess(limits, conditions) > TOLERANCE:
            return code
    return 0


def broken_state(limits: Limits, state: Any) -> int:
    """Code of the first rule that the state of one point breaks, or 0."""
    for code, excess in _STATE_CHECKS:
        if excess(limits, state) > TOLERANCE:
            return code
    return 0


def mark_broken_conditions(limits: Limits, conditions: Any, codes: NDArray[np.int8]) -> None:
    """Write the code of the first rule on conditions that each point breaks, where it is 0."""
    _mark(_CONDITION_CHECKS, limits, conditions, codes)


def mark_broken_operations(
    limits: Limits, conditions: Any, codes: NDArray[np.int8], source_control: str
) -> None:
    """As :func:`mark_broken_conditions` for plants that run.

    Where the source's flow is held its outlet is not known yet:
    ``conditions`` then have the inlet in its place, and its glide is free.
    """
    held = source_control == "outlet"
    checks = tuple(check for check in _CONDITION_CHECKS if held or check[0] != _SOURCE_GLIDE)
    _mark(checks, limits, conditions, codes)
    if held:
        # Whatever glide is allowed, some there must be.
        glide = conditions.t_source_in - conditions.t_source_out
        codes[(codes == 0) & (glide <= TOLERANCE)] = _SOURCE_GLIDE


def mark_broken_states(limits: Limits, states: Any, codes: NDArray[np.int8]) -> None:
    """Write the code of the first rule on states that each point breaks, where it is 0."""
    _mark(_STATE_CHECKS, limits, states, codes)


def mark_broken_plants(limits: Limits, states: State, codes: NDArray[np.int8]) -> None:
    """Write the code of the first rule that each running plant breaks, where it is 0."""
    _mark(_PLANT_CHECKS, limits, states, codes)


def plant_excess(limits: Limits, states: State) -> NDArray[np.float64]:
    """By how much running plants exceed each limit: what a search for the limit follows.

    Returns
    -------
    array, shape (limits, n)
        In the order of :data:`PLANT_CODES`; NaN where the state is.
    """
    return np.stack([excess(limits, states) for _, excess in _PLANT_CHECKS])


def _mark(checks: _Checks, limits: Limits, values: Any, codes: NDArray[np.int8]) -> None:
    for code, excess in checks:
        codes[(codes == 0) & (excess(limits, values) > TOLERANCE)] = code


def as_limits(value: Limits | Mapping[str, float] | None, base: Limits = DEFAULT_LIMITS) -> Limits:
    """Limits from what a caller may give: a set, some named values, or none.

    Parameters
    ----------
    value : Limits, mapping or None
        A whole set, or what differs from ``base``.
    base : Limits
        What holds where nothing is said.

    Raises
    ------
    InputError
        If a name is not a limit.

    Examples
    --------
    >>> as_limits({"pressure_ratio_max": 15}).pressure_ratio_max
    15.0
    """
    if value is None:
        return base
    if isinstance(value, Limits):
        return value
    if not isinstance(value, Mapping):
        raise InputTypeError(
            f"limits = {value!r}, but it must be surrogate.Limits or a mapping of names to numbers"
        )
    names = [field.name for field in fields(Limits)]
    unknown = sorted(set(value) - set(names))
    if unknown:
        raise InputError(f"unknown limit {unknown[0]!r}; the limits are {', '.join(names)}")
    return replace(base, **value)
