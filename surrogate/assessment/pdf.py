"""The assessment as a PDF of two pages A4."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from surrogate.assessment.assess import Assessment
from surrogate.assessment.charts import charts
from surrogate.assessment.compare import Candidate, compare_refrigerants
from surrogate.assessment.documents import (
    COMPARISONS,
    NOT_COUNTED,
    Section,
    assumptions,
    per_mwh,
    sections,
    shown,
)
from surrogate.assessment.words import NOTHING, named, one_line, plain, significant
from surrogate.assessment.worth import Worth, payback_words
from surrogate.extras import need

TEMPLATES = Path(__file__).parent / "templates"

LONGEST_NAME = 240
"""Characters of a name that have room; of a longer one the start is printed, with an ellipsis."""

# A run of characters so long may be broken, after every few.
_LONG_RUN, _PIECE = 24, 6


def pdf_report(assessment: Assessment, name: str, *, created: str | None = None) -> bytes:
    """Print an assessment on two pages: the answer and its money, then charts and sources.

    Everything is passed to Typst as data, so no name is ever markup; nothing
    is fetched. The same input gives the same bytes.

    Parameters
    ----------
    assessment : Assessment
        What is told.
    name : str
        What the user calls it.
    created : str, optional
        When it was made, as it shall be printed.

    Raises
    ------
    MissingExtraError
        If Typst or Matplotlib is not installed.
    """
    need("typst", "service")
    need("matplotlib", "service")
    import matplotlib
    import typst

    document = json.dumps(content(assessment, name, created=created))
    # Two files of Matplotlib's: its others hold one that draws a box for every sign there is.
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    made: bytes = typst.compile(
        str(TEMPLATES / "assessment.typ"),
        root=str(TEMPLATES),
        font_paths=[str(fonts / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")],
        format="pdf",
        sys_inputs={"document": document},
        timestamp=0,
    )
    return made


def content(assessment: Assessment, name: str, *, created: str | None = None) -> dict[str, Any]:
    """What the template lays out: text, ready to be read, and pictures.

    Parameters
    ----------
    assessment, name, created
        As for :func:`pdf_report`.
    """
    worth, question = assessment.worth, assessment.question
    parts = {section.title: section for section in sections(assessment)}
    title = one_line(name)
    if len(title) > LONGEST_NAME:
        title = title[: LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return {
        "name": breakable(title),
        "created": breakable(one_line(created or "")),
        "version": assessment.version,
        "ok": assessment.estimate.status == "ok",
        "sentence": typeset(assessment.sentence),
        "verdict": typeset(assessment.verdict),
        "subtitle": typeset(
            f"{named(question.refrigerant)}, waste heat "
            f"{plain(question.t_source_in)} to {plain(question.t_source_out)} degC, network "
            f"{plain(question.t_return)} to {plain(question.t_supply)} degC"
        ),
        "tiles": _tiles(assessment),
        "year": _year(worth) if worth else [],
        "costs": _costs(assessment, worth) if worth else [],
        "comparisons": _comparisons(assessment, worth) if worth else None,
        "asked": _pairs(parts["Asked"]),
        "machine": _pairs(parts.get("Machine")),
        "refrigerant": _pairs(parts.get("Refrigerant")),
        "others": [] if worth else _others(assessment),
        "charts": [
            {"title": c.title, "svg": c.svg, "sentence": typeset(c.sentence)}
            for c in charts(assessment)
        ],
        "assumptions": [
            [typeset(row.label), typeset(row.shown), typeset(row.note)]
            for row in assumptions(assessment)
        ],
        "notes": typeset(f"{COMPARISONS} {NOT_COUNTED}" if worth else NOT_COUNTED),
    }


_TYPE = (
    ("degC", "\N{DEGREE SIGN}C"),
    ("CO2", "CO\N{SUBSCRIPT TWO}"),
    ("m3/s", "m\N{SUPERSCRIPT THREE}/s"),
    ("EUR", "\N{EURO SIGN}"),
)


def typeset(text: str) -> str:
    r"""Our own text with the signs that print has.

    Examples
    --------
    >>> typeset("at 0.07 EUR of CO2 a m3/s")
    'at 0.07\xa0€ of CO₂ a m³/s'
    """
    for written, printed in _TYPE:
        text = text.replace(written, printed)
    # A number does not part from its unit.
    return re.sub(
        r"(?<=\d) (?=[%\w€°])(?=(?:%|°C|€|[kMG]?W|K\b|t\b|years?\b))", "\N{NO-BREAK SPACE}", text
    )


def breakable(text: str) -> str:
    r"""A user's text with places to break in long runs without spaces.

    Examples
    --------
    >>> breakable("short " + "x" * 30).split("\u200b")
    ['short xxxxxx', 'xxxxxx', 'xxxxxx', 'xxxxxx', 'xxxxxx']
    """
    return re.sub(rf"\S{{{_LONG_RUN},}}", _broken, text)


def _broken(run: re.Match[str]) -> str:
    pieces = range(0, len(run.group()), _PIECE)
    return "\N{ZERO WIDTH SPACE}".join(run.group()[i : i + _PIECE] for i in pieces)


def _pairs(section: Section | None) -> list[list[str]]:
    return [[typeset(row.label), typeset(row.shown)] for row in section.rows] if section else []


def _tiles(assessment: Assessment) -> list[dict[str, str]]:
    """Key figures: label, number, unit, and what stands below."""
    worth, found = assessment.worth, assessment.estimate
    if worth is None:
        return []
    lifetime, saved = assessment.question.lifetime, worth.co2_saved
    share = 100.0 * abs(saved) / worth.boiler_co2 if worth.boiler_co2 > 0.0 else None
    boiler = payback_words(worth.payback_boiler, worth.surplus_boiler, lifetime)
    figures = (
        ("COP", significant(found.cop), "heat over electricity"),
        ("Electricity", shown(found.power, "W"), f"for {shown(found.heat_source, 'W')} waste heat"),
        (
            "CO2 saved" if saved >= 0.0 else "CO2 added",
            shown(abs(saved), "kg/a"),
            "against a gas boiler" if share is None else f"{share:.0f} % of a gas boiler's",
        ),
        (
            "Cost of heat",
            shown(worth.heat_cost, "EUR/kWh"),
            f"gas boiler: {shown(worth.boiler_heat_cost, 'EUR/kWh')}",
        ),
        (
            "Payback",
            payback_words(worth.payback_sales, worth.surplus_sales, lifetime),
            f"selling heat; against a boiler: {boiler}",
        ),
        (
            "Worth of the waste heat",
            per_mwh(worth.source_value_sales).replace("-", _MINUS),
            f"selling heat; against a boiler: {per_mwh(worth.source_value_boiler)}".replace(
                "-", _MINUS
            ),
        ),
    )
    return [_tile(*figure) for figure in figures]


def _tile(label: str, text: str, note: str) -> dict[str, str]:
    """A key figure with its unit apart, which is set smaller."""
    number, _, unit = text.rpartition(" ") if text[-1:].isalpha() else (text, "", "")
    if not any(c.isdigit() for c in number):
        number, unit = text, ""
    return {
        "label": typeset(label),
        "value": number,
        "unit": typeset(unit),
        "note": typeset(note),
    }


_MINUS = "\N{MINUS SIGN}"


def _year(worth: Worth) -> list[list[str]]:
    """Rows of the yearly balance: label, heat pump, gas boiler, difference."""
    bought = worth.electricity - worth.boiler_gas
    cost = worth.electricity_cost - worth.boiler_cost
    rows = (
        ("Heat delivered", worth.heat, worth.heat, 0.0, "kWh/a"),
        ("Energy bought", worth.electricity, worth.boiler_gas, bought, "kWh/a"),
        ("Cost of energy", worth.electricity_cost, worth.boiler_cost, cost, "EUR/a"),
        ("CO2", worth.co2, worth.boiler_co2, worth.co2 - worth.boiler_co2, "kg/a"),
    )
    first = [
        [
            typeset(label),
            *(typeset(shown(v, unit)) for v in (pump, boiler)),
            typeset(_signed(d, unit)),
        ]
        for label, pump, boiler, d, unit in rows
    ]
    upkeep = ["Maintenance", shown(worth.maintenance_cost, "EUR/a"), "not counted", NOTHING]
    return [[typeset(cell) for cell in row] for row in (*first[:3], upkeep, first[3])]


def _signed(value: float, unit: str) -> str:
    """A difference with its sign."""
    if value == 0.0:
        return NOTHING
    return ("+" if value > 0.0 else _MINUS) + shown(abs(value), unit)


def _costs(assessment: Assessment, worth: Worth) -> list[dict[str, Any]]:
    """Bars of the cost of heat: label, total, and parts with their share of the longest bar."""
    price = assessment.question.heat_price
    bars = (
        (
            "Heat pump",
            worth.heat_cost,
            (
                ("electricity", worth.heat_cost_electricity),
                ("maintenance", worth.heat_cost_maintenance),
                ("capital", worth.heat_cost_capital),
            ),
        ),
        ("Gas boiler", worth.boiler_heat_cost, (("gas", worth.boiler_heat_cost),)),
        ("Heat price", price, (("price", price),)),
    )
    longest = max(total for _, total, _ in bars) or 1.0
    return [
        {
            "label": label,
            "total": typeset(shown(total, "EUR/kWh")),
            "parts": [
                {"kind": kind, "share": part / longest, "value": significant(part)}
                for kind, part in parts
            ],
        }
        for label, total, parts in bars
    ]


def _comparisons(assessment: Assessment, worth: Worth) -> dict[str, Any]:
    """The two comparisons side by side."""
    question = assessment.question
    rate = plain(float(f"{100.0 * question.discount_rate:.12g}"))

    def paid(years: float | None, surplus: float) -> str:
        return payback_words(years, surplus, question.lifetime)

    sales, boiler = worth.surplus_sales, worth.surplus_boiler
    rows = (
        ("Surplus of a year", shown(sales, "EUR/a"), shown(boiler, "EUR/a")),
        ("Payback", paid(worth.payback_sales, sales), paid(worth.payback_boiler, boiler)),
        (
            f"Payback with {rate} % interest",
            paid(worth.discounted_payback_sales, sales),
            paid(worth.discounted_payback_boiler, boiler),
        ),
        (
            f"Net present value over {question.lifetime} years",
            shown(worth.npv_sales, "EUR"),
            shown(worth.npv_boiler, "EUR"),
        ),
        (
            "Worth of the waste heat",
            per_mwh(worth.source_value_sales),
            per_mwh(worth.source_value_boiler),
        ),
    )
    return {
        "investment": typeset(shown(worth.investment, "EUR")),
        "sales": typeset(f"Selling heat at {plain(question.heat_price)} EUR/kWh"),
        "boiler": typeset("Instead of a gas boiler"),
        "rows": [[typeset(text.replace("-", _MINUS)) for text in row] for row in rows],
    }


def _others(assessment: Assessment) -> list[list[str]]:
    """What other refrigerants do at a point where the own has no answer."""
    rows = compare_refrigerants(assessment.question).rows
    return [_other(row) for row in rows if row.status == "ok" and not row.own]


def _other(row: Candidate) -> list[str]:
    pfas = {True: "yes", False: "no", None: NOTHING}[row.pfas]
    cells = (
        named(row.refrigerant),
        significant(row.cop),
        shown(row.power, "W"),
        shown(row.t_discharge, "degC"),
        shown(row.p_cond, "bar"),
        NOTHING if row.gwp100 is None else f"{row.gwp100:.4g}",
        row.safety_class or NOTHING,
        pfas,
    )
    return [typeset(cell) for cell in cells]
