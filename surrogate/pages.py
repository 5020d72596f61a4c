"""What the reports share: one look, templates without surprises, figures inside the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from surrogate.extras import need

if TYPE_CHECKING:
    import jinja2

SHARED = Path(__file__).parent / "templates"
"""Parts of pages that every report may include."""

_STYLE: dict[Any, Any] = {"font.size": 10.5, "axes.spines.top": False, "axes.spines.right": False}


NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""


class Figure(NamedTuple):
    """A picture, and what it shows in words."""

    uri: str
    alt: str
    caption: str


def installed() -> None:
    """Make sure that pages and figures can be made.

    Raises
    ------
    MissingExtraError
        If the extra ``report`` is not installed.
    """
    for module in ("jinja2", "matplotlib"):
        need(module, "report")


def environment(folder: Path) -> jinja2.Environment:
    """Templates of a folder and the shared ones; what is put into them is text, never HTML.

    Parameters
    ----------
    folder : Path
        Where they are.
    """
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, SHARED]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


@contextmanager
def drawing() -> Iterator[None]:
    """The look of figures, for all that is drawn and encoded in the block."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        yield


def axes(width: float, height: float) -> tuple[Any, Any]:
    """A figure with axes; without pyplot, whose windows and figures are the user's own.

    Parameters
    ----------
    width, height : float
        Size [in].
    """
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height))
    return figure, figure.subplots()


def encoded(figure: Any, *, dpi: int = 130, tight: bool = True, form: str = "png") -> str:
    """A figure as a data URI: nothing is loaded from anywhere.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    dpi : int
        Dots per inch.
    tight : bool
        Fit the axes to the figure first.
    form : str
        ``png``; or ``webp``, without loss too, and half as large for maps.
    """
    buffer = io.BytesIO()
    if tight:
        figure.tight_layout()
    how = {"optimize": True} if form == "png" else {"lossless": True}
    figure.savefig(buffer, format=form, dpi=dpi, pil_kwargs=how)
    return f"data:image/{form};base64," + base64.b64encode(buffer.getvalue()).decode()
