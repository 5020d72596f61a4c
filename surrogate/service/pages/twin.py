"""The digital twin's pages: the list of sessions, and one of them live."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from surrogate.assessment.compare import tabulated
from surrogate.service.access import caller_of
from surrogate.service.desk import desk_of
from surrogate.service.pages.assess import chemical
from surrogate.service.pages.forms import shown, typed
from surrogate.service.pages.render import page
from surrogate.service.twinning import opened
from surrogate.twin import Design

router = APIRouter(include_in_schema=False)

# How far sliders go from the design [K], as far as regressors know their machines, and the least
# difference of return and supply [K].
_SOURCE, _SUPPLY, _RETURN = (-12.0, 12.0), (-20.0, 10.0), (-20.0, 10.0)
_COLDEST = 1.0
_MOST_LOAD = 1.2

_DESIGN_WORDS = {
    "t_source_in": "Source, inlet",
    "t_source_out": "Source, outlet",
    "t_return": "Return",
    "t_supply": "Supply",
    "heat_load": "Heat",
    "eta_s": "Isentropic efficiency",
}


class Slider(NamedTuple):
    """A slider: its range, in the unit shown."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    scale: float


@router.get("/twin")
def twins_page(request: Request) -> Response:
    """Return the list of sessions, and what begins another."""
    found, total = desk_of(request).twins.listed(caller_of(request).owner, 500)
    design = Design()
    fields = [
        (name, label, *shown(name), typed(name, getattr(design, name)))
        for name, label in _DESIGN_WORDS.items()
    ]
    values = {
        "twins": found,
        "total": total,
        "fields": fields,
        "refrigerants": [(name, chemical(name)) for name in tabulated()],
        "usual": design.refrigerant,
    }
    return page(request, "twins.html.j2", values)


@router.get("/twin/{twin_id}")
def twin_page(twin_id: str, request: Request) -> Response:
    """Return one session as it stands."""
    desk, owner = desk_of(request), caller_of(request).owner
    session = desk.twins.open(owner, twin_id)
    values: dict[str, Any] = {
        "session": session,
        "sliders": sliders(session.design),
        "opened": opened(session, desk, owner),
    }
    return page(request, "twin.html.j2", values)


def sliders(design: Design) -> tuple[Slider, ...]:
    """Return the sliders of a machine, as far as is known what it does."""
    low, high = (design.t_source_in + change for change in _SOURCE)
    supply = [design.t_supply + change for change in _SUPPLY]
    back = [design.t_return + change for change in _RETURN]
    most = _MOST_LOAD * design.heat_load / 1e3
    return (
        Slider("t_source_in", "Source, inlet", "°C", max(low, _COLDEST), high, 0.1, 1.0),
        Slider("t_return", "Return", "°C", max(back[0], 5.0), back[1], 0.1, 1.0),
        Slider("t_supply", "Supply", "°C", max(supply[0], 10.0), supply[1], 0.1, 1.0),
        Slider("heat_load", "Heat load", "kW", 0.0, most, most / 240.0, 1e3),
    )
