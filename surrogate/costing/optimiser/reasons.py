"""Why no network keeps all limits: which would have to give, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from surrogate.costing.evaluate import Evaluation
from surrogate.costing.optimiser.constraints import constrained
from surrogate.costing.optimiser.model import WANTED, Model
from surrogate.costing.optimiser.search import Clock, Goal, Search
from surrogate.costing.parameters import NAMES, Settings
from surrogate.costing.problem import Problem, Violation

_SMALL = 60
"""Up to so many links the reasons are exact; beyond, diversity is taken at its best."""

_SECONDS = 60.0
"""Looking for reasons takes no longer [s], nor longer than the time limit or 5 s."""

_MESSAGES = {
    "unreachable-building": "building {0} is required, but no path leads from any supply to it",
    "unreachable-group": (
        "building {0} is required, but another one of its demand group {1} has no path from any "
        "supply, and a group is connected all or none"
    ),
    "forbidden-group": (
        "building {0} is required, but another one of its demand group {1} is forbidden, and a "
        "group is connected all or none"
    ),
    "unreachable-path": "path {0} is required, but no supply has a way to it",
    "peripheral-path": "path {0} is required, but leads to no building, so carries no heat",
    "required-building": (
        "building {0} is required, but the other limits leave no way to connect it"
    ),
    "required-path": "path {names} is required, but the other limits leave no way to use it",
    "pipe": (
        "path {0} would have to carry {value:,.1f} kW, and its largest pipe carries {limit:,.1f} kW"
    ),
    "supply-kw": "supply {0} would have to give {value:,.1f} kW, and can give {limit:,.1f} kW",
    "supply-kwh": (
        "supply {0} would have to give {value:,.0f} kWh a year, and can give {limit:,.0f}"
    ),
    "circle": "heat would run in a circle along the paths {names}",
    "demand-group": "buildings {names} are one demand group, and only some can be connected",
}


@dataclass(frozen=True)
class Reason:
    """Why there is no network.

    Parameters
    ----------
    reason_type : str
        What kind of limit it is about.
    message : str
        In words, with the IDs.
    """

    reason_type: str
    message: str


def explain(problem: Problem, clock: Clock) -> list[Reason]:
    """Find a smallest set of limits that would have to give.

    Parameters
    ----------
    problem : Problem
        A problem without a solution.
    clock : Clock
        Stops it when the user wants an end; it gets a minute of its own.
    """
    reasons = [_reason(violation) for violation in problem.impossible]
    found = _elastic(problem, clock)
    if found is not None:
        reasons += [_reason(violation) for violation in found.violations]
    if not reasons:
        reasons.append(
            Reason("unknown", "no reason was found in the time that looking for one may take")
        )
    return reasons


def _elastic(problem: Problem, clock: Clock) -> Evaluation | None:
    """The network that breaks the limits least."""
    model = constrained(Model(problem, elastic=True, lean=len(problem.links) > _SMALL))
    search = Search(
        model,
        Clock(min(_SECONDS, max(clock.seconds, 5.0)), clock.interrupted),
        lambda progress: None,
    )
    goal = Goal(
        {column: -weight for column, weight in model.slack.items()},
        lambda found: -sum(_size(violation) for violation in found.violations),
        1.0,
    )
    return search.run(
        goal, gap=1e-4, param_gap=1e-3, limit=15, feasible=lambda found: True, hold=False
    ).best


def _size(violation: Violation) -> float:
    """How much a limit gives, relative; much for what must be and is not."""
    if violation.kind.startswith("required"):
        return WANTED
    return abs(violation.value - violation.limit) / max(abs(violation.limit), 1e-3)


def _reason(violation: Violation) -> Reason:
    if violation.kind.startswith("constraint/"):
        word = "at least" if "/min-" in violation.kind else "at most"
        message = (
            f"{violation.kind} asks for {word} {_amount(violation.limit, violation.kind)}; the "
            f"nearest that the other limits allow is {_amount(violation.value, violation.kind)}"
        )
        return Reason(violation.kind, message)
    message = _MESSAGES[violation.kind].format(
        *violation.names,
        names=", ".join(violation.names),
        value=violation.value,
        limit=violation.limit,
    )
    return Reason(violation.kind, message)


def _amount(value: float, parameter: str) -> str:
    """A number as people write it, with its unit."""
    extra = Settings.model_fields[NAMES[parameter]].json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    text = f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}"
    return f"{text} {unit}".strip()


def reasons_table(reasons: list[Reason]) -> pd.DataFrame:
    """The table ``infeasible_reasons``.

    Parameters
    ----------
    reasons : list of Reason
        Why there is no network.
    """
    return pd.DataFrame(
        {
            "reason_type": pd.Series([reason.reason_type for reason in reasons], dtype="object"),
            "message": pd.Series([reason.message for reason in reasons], dtype="object"),
        }
    )
