"""A question's answer, whole: the estimate, its worth, a sentence, and what is known of the fluid.

>>> found = assess(Question(t_supply=75))
>>> round(found.estimate.cop, 2), found.worth is None
(4.22, False)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import surrogate
from surrogate import fluids
from surrogate.assessment.answer import sentence, verdict
from surrogate.assessment.question import Question
from surrogate.assessment.worth import Worth, valued
from surrogate.conditions import CONDITIONS
from surrogate.errors import InputError, SurrogateError
from surrogate.estimate import ORIGINS, QUANTITIES, STATUS, Estimate
from surrogate.fluids import FluidFacts
from surrogate.jsonready import json_ready
from surrogate.limits import NAMES, Limits, as_limits
from surrogate.pumps import shared_pump

_LABELS = {"status": STATUS, "limit": NAMES, "origin": ORIGINS}


@dataclass(frozen=True, eq=False)
class Assessment:
    """A question and all of its answer.

    Two assessments are the same where their :meth:`to_dict` are.

    Attributes
    ----------
    question : Question
        What was asked.
    estimate : Estimate
        What the heat pump does; scalar.
    worth : Worth or None
        Its economics; None where there is no answer.
    sentence : str
        The answer in plain words, or why there is none and what to change.
    verdict : str
        What it is worth in plain words; empty where there is no answer.
    facts : FluidFacts or None
        What is known of the refrigerant; None where that is nothing.
    version : str
        Version of the library that answered.
    """

    question: Question
    estimate: Estimate
    worth: Worth | None
    sentence: str
    verdict: str
    facts: FluidFacts | None
    version: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types; what is NaN becomes None.

        Examples
        --------
        >>> sorted(assess(Question()).to_dict())
        ['estimate', 'facts', 'limits', 'question', 'sentence', 'verdict', 'version', 'worth']
        """
        facts, limits = self.facts, self.estimate.limits.to_dict()
        return {
            "question": self.question.model_dump(mode="json"),
            "estimate": json_ready(self.estimate.to_dict(), infinity=True),
            "limits": json_ready(limits, infinity=True),
            "worth": self.worth.to_dict() if self.worth is not None else None,
            "sentence": self.sentence,
            "verdict": self.verdict,
            "facts": {**facts._asdict(), "aliases": list(facts.aliases)} if facts else None,
            "version": self.version,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Assessment:
        """Restore an assessment with the very numbers that :meth:`to_dict` gave.

        Nothing is computed again, whatever tables and prices are today.

        Parameters
        ----------
        saved : mapping
            What :meth:`to_dict` gave, or what JSON made of it.

        Raises
        ------
        InputError
            If it is not that.

        Examples
        --------
        >>> found = assess(Question())
        >>> Assessment.from_dict(found.to_dict()).estimate.cop == found.estimate.cop
        True
        """
        try:
            facts, worth = saved["facts"], saved["worth"]
            return cls(
                question=Question.model_validate(saved["question"]),
                estimate=_restored(saved["estimate"], saved["limits"]),
                worth=Worth.from_dict(worth) if worth is not None else None,
                sentence=str(saved["sentence"]),
                verdict=str(saved["verdict"]),
                facts=_restored_facts(facts) if facts is not None else None,
                version=str(saved["version"]),
            )
        except SurrogateError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"this is no saved assessment ({type(error).__name__}: {error}); it must be what "
                "Assessment.to_dict() gave"
            ) from None


def assess(question: Question) -> Assessment:
    """Answer a question from the refrigerant's table; no full solve is ever made.

    Parameters
    ----------
    question : Question
        What is asked.

    Returns
    -------
    Assessment
        With status ``outside`` where the table does not answer; a full solve
        made elsewhere may be given to :func:`judged`.

    Raises
    ------
    TableError
        If the refrigerant's table must not be believed.
    """
    pump = shared_pump(question.refrigerant)
    return judged(question, pump.design(**question.conditions(), outside="nan"))


def judged(question: Question, estimate: Estimate) -> Assessment:
    """Judge an estimate, wherever it comes from.

    Parameters
    ----------
    question : Question
        What was asked.
    estimate : Estimate
        The answer to the question's conditions; scalar.

    Raises
    ------
    InputError
        If the estimate is an array, or answers other conditions.
    """
    if estimate.shape != ():
        raise InputError(f"the estimate has the shape {estimate.shape}, but it must be one point")
    for name, value in question.conditions().items():
        if getattr(estimate, name) != value:
            raise InputError(
                f"the estimate has {name} = {getattr(estimate, name):g}, but the question asks "
                f"for {value:g}; judge it with the question that it answers"
            )
    ok = estimate.status == "ok"
    worth = valued(question, estimate.power, estimate.heat_source) if ok else None
    return Assessment(
        question=question,
        estimate=estimate,
        worth=worth,
        sentence=sentence(question, estimate),
        verdict=verdict(question, worth) if worth is not None else "",
        facts=fluids.facts(question.refrigerant),
        version=surrogate.__version__,
    )


def _restored(values: Mapping[str, Any], limits: Mapping[str, Any]) -> Estimate:
    """An estimate of one point from its saved values."""
    found: dict[str, Any] = {
        name: math.nan if values[name] is None else float(values[name])
        for name in (*CONDITIONS, *QUANTITIES)
    }
    for name, labels in _LABELS.items():
        if values[name] not in labels:
            raise InputError(
                f"the saved estimate has {name} = {values[name]!r}, but it must be one of "
                f"{', '.join(label or 'nothing' for label in labels)}"
            )
        found[name] = labels.index(values[name])
    return Estimate(found, limits=_restored_limits(limits))


def _restored_limits(limits: Mapping[str, Any]) -> Limits:
    return as_limits({name: float(value) for name, value in limits.items()})


def _restored_facts(facts: Mapping[str, Any]) -> FluidFacts:
    return FluidFacts(**{**facts, "aliases": tuple(facts["aliases"])})
