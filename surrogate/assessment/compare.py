"""The same machine with every refrigerant that has a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from surrogate import fluids
from surrogate.assessment.points import why
from surrogate.assessment.question import Question
from surrogate.assessment.words import called, capital
from surrogate.errors import TableError, UnknownRefrigerantError
from surrogate.estimate import Estimate
from surrogate.identity import Identity
from surrogate.jsonready import json_ready
from surrogate.parameters import Parameters
from surrogate.pumps import shared_pump
from surrogate.store import available_tables

_TOPOLOGY = "single_stage"


@dataclass(frozen=True)
class Candidate:
    """One refrigerant at a question's conditions.

    Attributes
    ----------
    refrigerant, chemical : str
        Its name, and its name in chemistry; empty where that is unknown.
    own : bool
        Whether it is the question's.
    cop, power : float
        COP [1] and electric power [W]; NaN where there is no answer, as all numbers.
    t_discharge : float
        Discharge temperature [degC].
    p_evap, p_cond, pressure_ratio : float
        Evaporating and condensing pressure [bar], and their ratio [1].
    suction_volume_flow : float
        Volume flow into the compressor [m3/s].
    status, limit, reason : str
        As in an estimate, and in words; ``unreadable`` where its table must
        not be believed.
    gwp100 : float or None
        Global warming potential over 100 years [kg CO2e/kg]; None where unknown.
    safety_class : str
        After ASHRAE 34 / ISO 817; empty where unknown.
    pfas : bool or None
        Whether it is a PFAS; None where unknown.
    """

    refrigerant: str
    chemical: str
    own: bool
    cop: float
    power: float
    t_discharge: float
    p_evap: float
    p_cond: float
    pressure_ratio: float
    suction_volume_flow: float
    status: str
    limit: str
    reason: str
    gwp100: float | None
    safety_class: str
    pfas: bool | None


@dataclass(frozen=True)
class Comparison:
    """Refrigerants at a question's conditions, the best first.

    Attributes
    ----------
    rows : tuple of Candidate
        By falling COP, those without an answer last, by name.
    sentence : str
        The best and the question's own, in words.
    """

    rows: tuple[Candidate, ...]
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types; NaN becomes None."""
        found: dict[str, Any] = json_ready(asdict(self))
        return found


def compare_refrigerants(question: Question) -> Comparison:
    """Ask every refrigerant with a table the same question.

    Parameters
    ----------
    question : Question
        What is asked; its refrigerant is marked.

    Examples
    --------
    >>> print(compare_refrigerants(Question()).sentence)
    Ammonia reaches the highest COP of the 11 refrigerants with an answer here, 3.98.
    """
    rows = [_candidate(question, name) for name in tabulated()]
    rows.sort(key=lambda row: (row.status != "ok", -row.cop if row.status == "ok" else 0.0))
    return Comparison(tuple(rows), _sentence(rows))


def tabulated() -> list[str]:
    """Refrigerants with a design table of a machine with the usual parameters, by name.

    Examples
    --------
    >>> tabulated()[-1]
    'R717'
    """
    prefix = f"design-{_TOPOLOGY}-"
    files = {path.name for path in available_tables() if path.name.startswith(prefix)}
    # The digest behind the last hyphen tells the usual parameters from others.
    names = {file.removeprefix(prefix).rpartition("-")[0] for file in files}
    return sorted(name for name in names if _usual(name) in files)


def _usual(name: str) -> str | None:
    """File name of a refrigerant's usual table."""
    try:
        refrigerant = fluids.canonical_name(name)
    except UnknownRefrigerantError:
        return None
    if refrigerant != name:
        return None
    return Identity("design", _TOPOLOGY, refrigerant, Parameters()).file_name


def _candidate(question: Question, refrigerant: str) -> Candidate:
    facts, pump = fluids.facts(refrigerant), shared_pump(refrigerant)
    found, status, limit = None, "unreadable", ""
    try:
        found = pump.design(**question.conditions(), outside="nan")
        status, limit = found.status, found.limit
        words = why(status, limit, pump.table, question.conditions())
    except TableError as error:
        words = str(error)
    return Candidate(
        refrigerant=refrigerant,
        chemical=facts.chemical if facts else "",
        own=refrigerant == question.refrigerant,
        **_numbers(found),
        status=status,
        limit=limit,
        reason=words,
        gwp100=facts.gwp100 if facts else None,
        safety_class=facts.safety_class if facts else "",
        pfas=facts.pfas if facts else None,
    )


_NUMBERS = ("cop", "power", "t_discharge", "p_evap", "p_cond", "suction_volume_flow")


def _numbers(found: Estimate | None) -> dict[str, Any]:
    nothing = float("nan")
    numbers = {name: getattr(found, name) if found else nothing for name in _NUMBERS}
    return {**numbers, "pressure_ratio": numbers["p_cond"] / numbers["p_evap"]}


def _sentence(rows: list[Candidate]) -> str:
    good = [row for row in rows if row.status == "ok"]
    if not good:
        return f"None of {len(rows)} refrigerants with a table has an answer here."
    best = good[0]
    name = capital(_name(best))
    text = (
        f"{name} reaches the highest COP of the {len(good)} refrigerants with an answer here, "
        f"{best.cop:.2f}"
        if len(good) > 1
        else f"{name} alone of {len(rows)} refrigerants has an answer here, a COP of {best.cop:.2f}"
    )
    own = next((row for row in rows if row.own), None)
    if own is None or own is best:
        return f"{text}."
    if own.status != "ok":
        return f"{text}; {_name(own)} has no answer: {own.reason}."
    return f"{text}; {_name(own)} reaches {own.cop:.2f}."


def _name(row: Candidate) -> str:
    return called(row.refrigerant)
