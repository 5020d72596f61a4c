"""Writes what the code declares into ``docs/costing.md``: input tables and parameters."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from surrogate.costing.parameters import Settings
from surrogate.costing.schema import GEOMETRIES, OPTIONAL, TABLES

PAGE = Path(__file__).parent / "costing.md"
_PART = re.compile(r"(<!-- made: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_KINDS = {bool: "true or false", float: "number", int: "whole number", str: "text"}
_BOUNDS = (
    (annotated_types.Ge, "ge", "at least"),
    (annotated_types.Gt, "gt", "above"),
    (annotated_types.Le, "le", "at most"),
    (annotated_types.Lt, "lt", "below"),
)


def filled(page: str) -> str:
    """Put what the code declares between the page's marks.

    Parameters
    ----------
    page : str
        The page.
    """
    made = {"input tables": _tables, "parameters": _parameters}
    return _PART.sub(lambda part: f"{part[1]}\n{made[part[2]]()}\n{part[3]}", page)


def _tables() -> str:
    """Every input table, with its columns."""
    parts = []
    for name, model in TABLES.items():
        said = str(model.__doc__).strip()
        lines = [f"### {name}", "", said + (" May be missing." if name in OPTIONAL else ""), ""]
        lines += ["| column | holds | unit | if missing | |", "|---|---|---|---|---|"]
        if name in GEOMETRIES:
            lines.append(_row("`geometry`", ", ".join(GEOMETRIES[name]), "", "needed", ""))
        lines += [_column(column, field) for column, field in model.model_fields.items()]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _column(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    said = str(field.description)
    if extra["key"]:
        said += " No two rows have the same."
    if extra["refers"]:
        said += f" One of `{extra['refers']}`."
    missing = "needed" if field.is_required() else _shown(field.default)
    if extra.get("present"):
        missing = "the column is needed"
    return _row(f"`{name}`", _holds(field), str(extra["unit"]), missing, said)


def _row(*cells: str) -> str:
    """A row of a table, tidy where a cell is empty."""
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def _parameters() -> str:
    """Every parameter, with its default."""
    lines = ["| parameter | default | unit | holds | |", "|---|---|---|---|---|"]
    for field in Settings.model_fields.values():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        cells = (_shown(field.default), str(extra["unit"]), _holds(field), str(field.description))
        lines.append(_row(f"`{field.alias}`", *cells))
    return "\n".join(lines) + "\n"


def _shown(default: Any) -> str:
    if default is None or default == "":
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def _holds(field: FieldInfo) -> str:
    """What a column or parameter may hold, in words."""
    words = _kinds(field.annotation)
    if "a number, a curve or a series" in words:
        words = ["a number, a curve or a series"]
    bounds = [
        f"{said} {getattr(bound, at):g}"
        for bound in field.metadata
        for kind, at, said in _BOUNDS
        if isinstance(bound, kind)
    ]
    return ", ".join([" or ".join(words), *bounds])


def _kinds(annotation: Any) -> list[str]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin is Literal:
        return [", ".join(str(word) for word in get_args(annotation))]
    if origin in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return list(dict.fromkeys(word for part in parts for word in _kinds(part)))
    return ["a number, a curve or a series"] if origin is tuple else [_KINDS[annotation]]


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
