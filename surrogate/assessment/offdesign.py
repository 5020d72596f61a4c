"""The machine, once built, at other source temperatures and loads."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.assessment.answer import reason
from surrogate.assessment.points import OUTSIDE, floats, texts
from surrogate.assessment.question import Question
from surrogate.conditions import CONDITIONS
from surrogate.errors import InputError, TableError
from surrogate.jsonready import json_ready
from surrogate.limits import DEFAULT_LIMITS
from surrogate.plant import Plant
from surrogate.plantestimate import PlantEstimate
from surrogate.pumps import shared_pump

SOURCES, SHARES = 21, 21
"""Source inlet temperatures and heat loads of a map."""

_AROUND = 10.0
_LOWEST, _HIGHEST = 0.1, 1.1

_Row = tuple[float, ...]


@dataclass(frozen=True)
class OffDesignMap:
    """A plant sized at a question's point, over source temperature and heat load.

    Return and supply are those of the design; the source's flow is held.

    Attributes
    ----------
    available : bool
        Whether there is a map; where not, ``sentence`` says why and all else is empty.
    sentence : str
        What the map shows, in words, or why there is none.
    at : float
        The design's source inlet [degC].
    t_source_in : tuple of float
        Source inlet temperatures [degC].
    share : tuple of float
        Heat loads over that of the design [1].
    heat_load : tuple of float
        Heat loads [W].
    cop, power : tuple of tuple of float
        COP [1] and electric power [W], a row for each heat load; NaN where
        there is no answer.
    status, limit : tuple of tuple of str
        Of each point; the limit that an infeasible one breaks, else empty.
    cycling : tuple of tuple of bool
        Whether the machine runs with breaks.
    capacity, lowest_load : tuple of float
        Largest heat load, and lowest without breaks, over the source
        temperatures [W]; NaN where unknown.
    reasons : dict
        What each limit in ``limit`` means, in words; under ``""`` why points
        without a limit have no answer.
    origin : str
        ``table`` or ``regressor``: what answered; both where both did.
    """

    available: bool
    sentence: str
    at: float = math.nan
    t_source_in: _Row = ()
    share: _Row = ()
    heat_load: _Row = ()
    cop: tuple[_Row, ...] = ()
    power: tuple[_Row, ...] = ()
    status: tuple[tuple[str, ...], ...] = ()
    limit: tuple[tuple[str, ...], ...] = ()
    cycling: tuple[tuple[bool, ...], ...] = ()
    capacity: _Row = ()
    lowest_load: _Row = ()
    reasons: dict[str, str] | None = None
    origin: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types; NaN becomes None."""
        found: dict[str, Any] = json_ready(asdict(self))
        return found


def offdesign_map(question: Question, sources: int = SOURCES, shares: int = SHARES) -> OffDesignMap:
    """Run the plant of a question's point over source temperatures and heat loads.

    The source inlet goes 10 K up and down from the design, within what is
    possible at all; the heat load from 10 to 110 % of the design's. The
    plant's own table or its refrigerant's regressor answers, never a full solve.

    Parameters
    ----------
    question : Question
        The design point.
    sources, shares : int
        How many temperatures and heat loads.

    Raises
    ------
    InputError
        If there are fewer than 2 of either.

    Examples
    --------
    >>> found = offdesign_map(Question())
    >>> found.available, len(found.cop), len(found.cop[0])
    (True, 21, 21)
    """
    for name, count in (("sources", sources), ("shares", shares)):
        if count < 2:
            raise InputError(f"{name} = {count}, but a map must have 2 at least")
    pump = shared_pump(question.refrigerant)
    design = pump.design(**question.conditions(), outside="nan")
    if design.status != "ok":
        return OffDesignMap(False, "There is no design point, so there is no plant to run.")
    # The table has just answered the design: this asks it again, and solves nothing.
    plant = pump.plant(**question.conditions())
    missing = _missing(plant)
    if missing:
        return OffDesignMap(False, missing)
    t_source_in = _sources(question, sources)
    most = CONDITIONS["heat_load"].high / question.heat_load
    share = np.linspace(_LOWEST, min(_HIGHEST, most), shares)
    found = plant.operate(
        t_source_in=t_source_in[None, :],
        t_return=question.t_return,
        t_supply=question.t_supply,
        heat_load=share[:, None] * question.heat_load,
        outside="nan",
    )
    return _told(question, t_source_in, share, found)


def _missing(plant: Plant) -> str:
    """Why nothing quick can answer for a plant; empty where something can."""
    refrigerant = plant.identity.refrigerant
    try:
        if plant.table is not None or plant.regressor is not None:
            return ""
    except TableError as error:
        return f"There is no map: {error}."
    return (
        f"There is no map, since {refrigerant} has no regressor yet; make one with "
        f"`surrogate generate regressor {refrigerant}`."
    )


def _sources(question: Question, count: int) -> NDArray[np.float64]:
    """Source inlet temperatures around the design's, warm enough not to freeze at its glide."""
    at = question.t_source_in
    low = max(at - _AROUND, min(at, DEFAULT_LIMITS.t_source_out_min))
    high = min(at + _AROUND, max(at, min(question.t_supply, DEFAULT_LIMITS.t_source_in_max)))
    return np.linspace(low, high, count)


def _told(
    question: Question,
    t_source_in: NDArray[np.float64],
    share: NDArray[np.float64],
    found: PlantEstimate,
) -> OffDesignMap:
    """The answers as rows, with the words for them."""
    # Where the machine runs, a plant's limit is that of its capacity: it stops no point.
    limit = tuple(texts(row) for row in np.where(found.status == "infeasible", found.limit, ""))
    names = {name for row in limit for name in row if name}
    reasons = {name: reason(name) for name in sorted(names)} | {"": OUTSIDE}
    # Capacity and lowest load hang on temperatures alone: any row that knows them tells.
    capacity = _known(found.capacity)
    origins = set(texts(np.ravel(found.origin))) - {"none"}
    return OffDesignMap(
        available=bool(origins),
        sentence=_sentence(question, t_source_in, found, capacity),
        at=question.t_source_in,
        t_source_in=floats(t_source_in),
        share=floats(share),
        heat_load=floats(share * question.heat_load),
        cop=tuple(floats(row) for row in found.cop),
        power=tuple(floats(row) for row in found.power),
        status=tuple(texts(row) for row in found.status),
        limit=limit,
        cycling=tuple(tuple(bool(c) for c in row) for row in found.cycling),
        capacity=floats(capacity),
        lowest_load=floats(_known(found.lowest_load)),
        reasons=reasons,
        origin=", ".join(sorted(origins)),
    )


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value of each column where a row has one."""
    row = np.argmin(np.isnan(values), axis=0)
    known: NDArray[np.float64] = values[row, np.arange(values.shape[1])]
    return known


def _sentence(
    question: Question,
    t_source_in: NDArray[np.float64],
    found: PlantEstimate,
    capacity: NDArray[np.float64],
) -> str:
    good = found.status == "ok"
    if not good.any():
        return "The plant of this point lies outside what table and regressor know of plants."
    cold, warm = capacity[0], capacity[-1]
    lowest, highest = np.nanmin(found.cop), np.nanmax(found.cop)
    text = f"Built for this point, its COP lies from {lowest:.2f} to {highest:.2f}"
    if math.isfinite(cold) and math.isfinite(warm) and warm > 0.0:
        size = question.heat_load
        least = f"{100.0 * cold / size:.0f} % of its heat" if cold > 0.0 else "nothing"
        text += (
            f". It can deliver {least} with waste heat of {t_source_in[0]:.4g} degC, and "
            f"{100.0 * warm / size:.0f} % with {t_source_in[-1]:.4g} degC"
        )
    return f"{text}."
