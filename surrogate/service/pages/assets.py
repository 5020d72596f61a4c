"""Style, scripts, and the plotting library that an installed package brings."""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parents[1] / "static"

router = APIRouter(include_in_schema=False)

_KEPT = "public, max-age=31536000, immutable"


@functools.cache
def plotly_marks() -> tuple[str, ...]:
    """Return ids of styles that plotly.js puts into a page unless an element has them already."""
    source = _plotly(compressed=False).decode()
    return tuple(sorted(set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', source))))


@functools.cache
def _plotly_style() -> str:
    """The rules that plotly.js would put into a page itself, which the page forbids.

    Its source has them as an object whose keys begin with X for the plot and
    with Y for its notices.
    """
    source = _plotly(compressed=False).decode()
    rules = re.findall(r'"([XY][^"{}]*)":"([^"{}]*;)"', source)
    places = {"X": ".js-plotly-plot .plotly", "Y": ".plotly-notifier"}
    return "\n".join(
        f"{re.sub('[XY]', lambda sign: places[sign[0]], name)} {{ {rule} }}" for name, rule in rules
    )


@router.get("/vendor/plotly-{_version}.css")
def plotly_style(_version: str) -> Response:
    """Return the style of plotly.js as a file."""
    return Response(_plotly_style(), media_type="text/css", headers={"Cache-Control": _KEPT})


class _Static(StaticFiles):
    """Files that browsers keep: for good where the address changes with them, else asked after."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        kept = scope["query_string"].decode("latin-1") == fingerprint()
        response.headers["Cache-Control"] = _KEPT if kept else "no-cache"
        return response


def static_files() -> StaticFiles:
    """Return the application's own style and scripts."""
    return _Static(directory=STATIC)


@functools.cache
def fingerprint() -> str:
    """Return a word that changes with the files, so that browsers may keep them."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def plotly_version() -> str:
    """Return the version of the installed plotly."""
    from importlib.metadata import version

    return version("plotly")


@functools.cache
def _plotly(compressed: bool) -> bytes:
    content = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    return gzip.compress(content, 6) if compressed else content


@router.get("/vendor/plotly-{_version}.js")
def plotly(_version: str, request: Request) -> Response:
    """Return plotly.js as the installed package has it."""
    compressed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding"}
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(_plotly(compressed), media_type="text/javascript", headers=headers)
