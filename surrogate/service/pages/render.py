"""Templates and what all pages share."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from surrogate.assessment.words import NOTHING, grouped, plain, scaled, significant
from surrogate.pages import environment
from surrogate.service.access import owner_of
from surrogate.service.desk import desk_of
from surrogate.service.pages.assets import fingerprint, plotly_marks, plotly_version
from surrogate.service.problems import ProblemError

TEMPLATES = Path(__file__).parents[1] / "templates"


@functools.cache
def templates() -> jinja2.Environment:
    """Return the templates; what is put into them is text, never HTML."""
    made = environment(TEMPLATES)
    made.filters |= {
        "scaled": scaled,
        "significant": significant,
        "grouped": grouped,
        "plain": plain,
        "coded": coded,
        "degrees": degrees,
    }
    made.globals |= {
        "version": version("heatpump-surrogate"),
        "NOTHING": NOTHING,
        "fingerprint": fingerprint,
        "plotly_version": plotly_version,
        "plotly_marks": plotly_marks,
    }
    return made


def degrees(text: str) -> str:
    """A sentence of the library as people write it: degrees with their sign."""
    return text.replace("degC", "\N{DEGREE SIGN}C")


def coded(text: str) -> Markup:
    """Our own text as HTML: what stands between backticks as code, degrees with their sign.

    Examples
    --------
    >>> coded("`a < b` in degC")
    Markup('<code>a &lt; b</code> in °C')
    """
    shown = degrees(str(escape(text)))
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", shown))


def page(request: Request, name: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """Return a whole page.

    Parameters
    ----------
    request : Request
        What is asked for.
    name : str
        The template.
    values : mapping
        What is put into it.
    status : int
        HTTP status.
    """
    shared = {
        "path": request.url.path,
        # A problem may be told before it is known who asks.
        "owner": None if desk_of(request).keys.open else owner_of(request),
    }
    return HTMLResponse(templates().get_template(name).render({**shared, **values}), status)


def fragment(name: str, values: Mapping[str, Any]) -> HTMLResponse:
    """Return a part of a page, to be put in place of the one that is shown."""
    return HTMLResponse(templates().get_template(name).render(values))


def problem_page(request: Request, problem: ProblemError) -> HTMLResponse:
    """Return a problem as a page."""
    document = problem.document(request.url.path)
    return page(request, "problem.html.j2", {"problem": document}, problem.status)
