"""Writes the report of a result: one HTML file that needs nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from surrogate import pages
from surrogate.costing.report import charts, maps, sweeps
from surrogate.costing.report.decided import decided, gap_in_words
from surrogate.costing.report.money import money
from surrogate.costing.report.pipes import by_diameter
from surrogate.costing.report.supplywords import why
from surrogate.costing.report.told import Told, told
from surrogate.costing.report.words import headline, state_in_words, tiles
from surrogate.costing.summary import energy, grouped, percent
from surrogate.errors import InputError
from surrogate.files import probe, written_whole

TEMPLATES = Path(__file__).parent / "templates"

ENDINGS = (".html", ".htm")


def write_report(tables: Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> None:
    """Write a result as one page for people.

    The page loads nothing from anywhere, runs no script, and is made from the
    tables alone; it is written whole or not at all.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of a result: as :func:`~surrogate.costing.optimise.optimise` returns
        them, or as :func:`~surrogate.costing.files.read` reads them with
        ``results=True``; those of a sweep over temperatures are shown, too.
    path : str or path-like
        The file, ending in ``.html``.

    Raises
    ------
    InputError
        If these are no tables of a result, or the file cannot be written.
    InputTypeError
        If ``tables`` is no mapping.
    MissingExtraError
        If the extra ``report`` is not installed.
    """
    path = check_report(path)
    text = _page(told(tables), tables)
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_report(path: str | os.PathLike[str]) -> Path:
    """Make sure that a report can be written there; before a long run, too.

    Parameters
    ----------
    path : str or path-like
        The file.

    Raises
    ------
    InputError
        If it is of another kind, a folder, or cannot be written.
    MissingExtraError
        If the extra ``report`` is not installed.
    """
    pages.installed()
    file = Path(path)
    if file.suffix.lower() not in ENDINGS:
        raise InputError(f"{file} is of another kind; give the report a name ending in .html")
    if file.is_dir():
        raise InputError(f"{file} is a folder; give the name of a file to write")
    try:
        probe(file)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error
    return file


def _page(result: Told, tables: Mapping[str, pd.DataFrame]) -> str:
    environment = pages.environment(TEMPLATES)
    environment.filters |= {
        "grouped": _finite(grouped),
        "energy": _finite(energy),
        "percent": _finite(percent),
        "price": _finite(lambda value: f"{value:+.4f}"),
        "digits": _finite(lambda value, digits=3: f"{value:.{digits}f}"),
        "short": _finite(lambda value: grouped(value) if abs(value) >= 1e5 else f"{value:.6g}"),
        "raw": lambda value: repr(float(value)) if isfinite(value) else "",
    }
    flows, what = money(result), decided(result)
    supplies = [
        (row, said) for (_, row), said in zip(result.supplies.iterrows(), why(result), strict=True)
    ]
    facts: dict[str, Any] = {
        "told": result,
        "row": result.summary,
        "headline": headline(result, flows),
        "state": state_in_words(result),
        "tiles": tiles(result, flows) if result.found else [],
        "map": maps.draw(result, what.marked),
        "maps": maps,
        "sizes": maps.sizes(result),
        "charts": charts.draw(flows),
        "money": flows,
        "decided": what,
        "gap": gap_in_words(result) if result.found else [],
        "supplies": supplies,
        "pumps": [row for row, _ in supplies if isfinite(row["heat_pump_cop"])],
        "pipes": by_diameter(result),
        "sweep": sweeps.table(result),
        "sweep_figure": sweeps.figure(tables),
        "version": version("heatpump-surrogate"),
    }
    return str(environment.get_template("network.html.j2").render(**facts))


def _finite(shown: Any) -> Any:
    """A filter that shows what is no number as a dash."""

    def show(value: Any, *further: Any) -> str:
        known = value is not None and isfinite(float(value))
        return str(shown(float(value), *further)) if known else pages.NOTHING

    return show
