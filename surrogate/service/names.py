"""Names that people give to what they save."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError


def _printable(name: str) -> str:
    bad = next((sign for sign in name if not sign.isprintable()), None)
    if bad is not None:
        raise PydanticCustomError(
            "name", "a name must be of printable signs, not {sign}", {"sign": ascii(bad)}
        )
    return name


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120),
    AfterValidator(_printable),
]
"""A name: any script, one line."""


def slug(name: str) -> str:
    """Return a name as part of a file's name, on any system.

    Examples
    --------
    >>> slug("Data centre, north / 2"), slug("\N{SNOWMAN}")
    ('data-centre-north-2', 'run')
    """
    plain = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in name.lower())
    return "-".join(plain.split())[:60].strip("-") or "run"
