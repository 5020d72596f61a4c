"""Documents: text, CSV and PDF, read back."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.assessment import (
    ASSUMPTIONS,
    FIELDS,
    Assessment,
    Question,
    assess,
    csv_report,
    pdf_report,
    text_report,
)
from surrogate.assessment import pdf as pdf_module
from surrogate.assessment.charts import charts
from surrogate.assessment.documents import sections, shown
from surrogate.assessment.table import guarded
from surrogate.assessment.text import WIDTH
from surrogate.assessment.words import one_line, scaled, significant

GOOD = assess(Question())
BAD = assess(Question(t_supply=95))
HOSTILE = '#set page(fill: red) *b* _i_ $x^2$ <script>alert(1)</script> [l](h) \\ "q" `c` @r // c'
ENORMOUS = assess(
    Question(
        heat_load=1e12,
        investment=20000,
        electricity_price=5,
        full_load_hours=8760,
        lifetime=60,
        discount_rate=0.123456789,
        heat_price=1.23456789,
        maintenance=0.123456789,
    )
)


def words(pages: str) -> str:
    """Text with any white space as one space: lines break where they break."""
    return " ".join(pages.replace("\u200b", "").split())


def read(data: bytes) -> list[str]:
    """Text of each page."""
    return [words(page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(data)).pages]


# Text.


def test_the_text_tells_every_number_with_its_unit_and_every_source():
    found = text_report(GOOD, "Server hall")
    flat = words(found)
    for section in sections(GOOD):
        assert f"\n{section.title}\n{'-' * len(section.title)}\n" in found
        for row in section.rows:
            assert words(f"{row.label} {row.shown}") in flat
    for name in ASSUMPTIONS:
        assert words(FIELDS[name].source) in flat
    assert GOOD.sentence in flat
    assert words(GOOD.verdict) in flat
    assert "252 kW" in flat
    assert "heatpump-surrogate" in flat


def test_no_line_is_wider_than_a_page_and_values_stand_below_each_other():
    for assessment in (GOOD, BAD, ENORMOUS):
        lines = text_report(assessment, "x" * 300, created="2026-11-27").splitlines()
        assert max(len(line) for line in lines) <= WIDTH
    lines = text_report(GOOD, "Hall").splitlines()
    ends = {len(line) for line in lines if line.startswith(("Evaporation", "Condensation"))}
    assert len(ends) == 1


def test_a_changed_assumption_is_told_with_the_default():
    found = text_report(assess(Question(electricity_price=0.1)), "Hall")
    assert re.search(r"Electricity price +0\.1 EUR/kWh  changed; the default is 0\.19", found)
    assert "nrg_pc_205" not in found


def test_what_has_no_answer_is_printed_with_its_reason():
    found = words(text_report(BAD, "Hall"))
    assert BAD.sentence in found
    assert "not possible in one stage" in found
    assert "Cost of heat" not in found


def test_a_name_commands_no_terminal():
    found = text_report(GOOD, "Hall\x1b[2J\nEvil\u202e\x00\u2028 5")
    assert "\n\nHall [2J Evil 5\n\n" in found
    assert not set(found) & set("\x1b\x00\u202e\u2028\r")


def test_the_same_input_gives_the_same_text_and_the_day_only_where_given():
    assert text_report(GOOD, "a") == text_report(GOOD, "a")
    assert text_report(GOOD, "a", created="2026-11-27").endswith(", 2026-11-27\n")


# CSV.


def table(runs: list[tuple[str, Assessment]]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_report(runs), newline="")))


def test_a_row_for_each_run_with_numbers_in_full():
    rows = table([("one", GOOD), ("two", BAD)])
    assert [row["name"] for row in rows] == ["one", "two"]
    assert float(rows[0]["cop [1]"]) == GOOD.estimate.cop
    assert float(rows[0]["t_supply [degC]"]) == 80.0
    assert GOOD.worth is not None
    assert float(rows[0]["npv_boiler [EUR]"]) == GOOD.worth.npv_boiler
    assert float(rows[0]["investment [EUR/kW]"]) == 1000.0
    assert float(rows[0]["investment [EUR]"]) == 1e6
    assert rows[0]["sentence"] == GOOD.sentence
    assert rows[0]["pfas"] == "no"
    assert rows[1]["status"] == "infeasible"
    assert rows[1]["limit"] == "discharge_temperature"
    assert rows[1]["cop [1]"] == rows[1]["npv_boiler [EUR]"] == rows[1]["payback_sales [a]"] == ""
    assert None not in rows[0].values()


def test_negative_numbers_stay_numbers():
    dear = assess(Question(electricity_price=1.0, t_source_in=30, t_source_out=25))
    row = table([("x", dear)])[0]
    assert dear.worth is not None
    assert float(row["npv_sales [EUR]"]) == dear.worth.npv_sales < 0.0
    cold = assess(Question(t_source_in=-5.2, t_source_out=-9.0))
    assert table([("x", cold)])[0]["t_source_in [degC]"] == "-5.2"


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-5.2", "@SUM(A1)", "\tx", "\rx", "\nx", '=cmd|" /C calc"!A0']
)
def test_no_name_becomes_a_formula(name: str):
    row = table([(name, GOOD)])[0]
    assert row["name"] == f"'{name}"


@given(st.text(max_size=40))
def test_any_name_comes_back_whole(name: str):
    row = table([(name, GOOD)])[0]
    assert row["name"] in (name, f"'{name}")
    assert not row["name"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert guarded("half \ud800") == "half ?"


def test_lines_end_as_rfc_4180_asks():
    found = csv_report([("plain", GOOD)])
    assert found.count("\r\n") == 2
    assert found.endswith("\r\n")
    assert found.count("\n") == 2
    found.encode("utf-8")


def test_no_runs_leave_the_header():
    assert csv_report([]).startswith("name,refrigerant,t_source_in [degC],")


# PDF.


@pytest.fixture(autouse=True, scope="module")
def drawn_once() -> Iterator[None]:
    """Draw the charts of two assessments alone, once: charts have tests of their own."""
    once = functools.cache(charts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf_module, "charts", lambda a: once(GOOD if a.worth else BAD))
        yield


@pytest.fixture(scope="module")
def good() -> bytes:
    return pdf_report(GOOD, "Server hall 5", created="27 November 2026")


def test_two_pages_of_a4(good: bytes):
    pages = pypdf.PdfReader(io.BytesIO(good)).pages
    assert len(pages) == 2
    for page in pages:
        assert float(page.mediabox.width) == pytest.approx(210 / 25.4 * 72, abs=0.1)
        assert float(page.mediabox.height) == pytest.approx(297 / 25.4 * 72, abs=0.1)


def test_the_numbers_can_be_read_back(good: bytes):
    front, back = read(good)
    assert "Server hall 5" in front
    assert "27 November 2026" in front
    assert "lifts 30 °C waste heat to 80 °C with 252 kW of electricity: COP 3.98." in front
    assert GOOD.worth is not None
    for value in (
        significant(GOOD.estimate.cop),
        f"{GOOD.worth.electricity_cost:,.0f}".replace(",", " "),
        f"{GOOD.worth.npv_boiler:,.0f}".replace(",", " "),
        f"{GOOD.worth.payback_sales:.1f} years",
        f"{GOOD.worth.payback_boiler:.1f} years",
        significant(GOOD.worth.heat_cost),
        significant(1e3 * GOOD.worth.source_value_sales),
        f"{GOOD.estimate.t_discharge:.1f} °C",
    ):
        assert value in front, value
    for name in ASSUMPTIONS:
        # Typeset, but otherwise word by word.
        assert FIELDS[name].source.split(":")[0].replace("CO2", "CO₂").split("EUR")[0] in back
    assert "from 51 to 88.3 °C" in back


def test_the_same_input_gives_the_same_bytes(good: bytes):
    assert pdf_report(GOOD, "Server hall 5", created="27 November 2026") == good
    again = Assessment.from_dict(GOOD.to_dict())
    assert pdf_report(again, "Server hall 5", created="27 November 2026") == good
    assert b"2026" not in re.sub(rb"27 November 2026", b"", good)


def test_a_name_is_never_markup():
    data = pdf_report(GOOD, HOSTILE)
    front, _ = read(data)
    assert words(HOSTILE) in front
    assert b"/URI" not in data
    assert b"/JavaScript" not in data


@pytest.mark.parametrize(
    ("assessment", "name"),
    [
        (BAD, "Server hall"),
        (assess(Question(refrigerant="R744")), "word " * 200),
        (assess(Question(t_source_in=95, t_source_out=60)), "名前 🎉 \U0010ffff \x00 \u202e"),
        (ENORMOUS, "W" * 1000),
        (assess(Question(electricity_price=0, gas_price=0, heat_price=0, investment=0)), "free"),
        (assess(Question(heat_load=1.0, gas_co2=0.0, electricity_co2=0.0)), "{{}} }}{{"),
    ],
)
def test_two_pages_whatever_is_printed(assessment: Assessment, name: str):
    pages = read(pdf_report(assessment, name))
    assert len(pages) == 2
    start = assessment.sentence.split(":")[0].replace("degC", "°C")
    assert words(start) in pages[0]
    assert "Assumptions" in pages[1]
    assert len(one_line(name)) <= 240 or "…" in pages[0]
    assert not re.search(r"\b(nan|inf|none)\b", pages[0], re.IGNORECASE)


def test_what_has_no_answer_shows_what_has():
    front, back = read(pdf_report(BAD, "Hall"))
    assert "Lower the supply to 88 °C" in front
    assert "R152a 3.08 325 kW" in front
    assert "Supply is possible from 51 to 88.3 °C" in front
    assert "Cost of heat" not in front + back


def test_a_long_name_wraps_and_nothing_of_it_is_lost():
    name = "Kraftwerk" + "lang" * 50
    front, _ = read(pdf_report(GOOD, name))
    assert name in front.replace(" ", "")


def test_charts_are_pictures_with_words_and_need_no_program():
    found = charts(GOOD)
    assert len(found) == 4
    for chart in found:
        assert chart.svg.startswith("<?xml")
        assert chart.sentence.endswith(".")
        assert "<script" not in chart.svg
    assert [chart.svg for chart in charts(GOOD)] == [chart.svg for chart in found]
    assert [bool(chart.svg) for chart in charts(BAD)] == [True, True, False, True]


def test_templates_are_there_and_fetch_nothing():
    template = (pdf_module.TEMPLATES / "assessment.typ").read_text(encoding="utf-8")
    assert "@preview" not in template
    assert "http" not in template
    assert Path(pdf_module.TEMPLATES).name == "templates"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    from surrogate import extras
    from surrogate.errors import MissingExtraError

    def find(name: str) -> Any:
        return None if name == "typst" else object()

    monkeypatch.setattr(extras.importlib.util, "find_spec", find)
    with pytest.raises(MissingExtraError, match=r"typst.*heatpump-surrogate\[service\]"):
        pdf_report(GOOD, "x")


# Words.


@given(st.floats(1e-3, 1e12) | st.floats(-1e12, -1e-3))
def test_a_scaled_number_is_the_number_to_three_digits(value: float):
    text = scaled(value, "W")
    number, unit = text.split(" ")
    factor = {"W": 1.0, "kW": 1e3, "MW": 1e6, "GW": 1e9}[unit]
    assert float(number) * factor == pytest.approx(value, rel=5.001e-3)
    assert abs(float(number)) < 1000.0 or unit == "GW"


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_significant_digits_are_those_of_the_number(value: float):
    assert float(significant(value)) == pytest.approx(value, rel=5.001e-3)


@given(st.text())
def test_one_line_is_one_line(text: str):
    found = one_line(text)
    assert len(found.splitlines()) <= 1
    assert found == found.strip()
    assert found.isprintable() or any(ord(c) > 127 for c in found)


def test_numbers_as_people_read_them():
    assert shown(12216.0e3, "kg/a") == "12\N{NO-BREAK SPACE}216 t/a"
    assert shown(-50493370.2, "EUR") == "-50\N{NO-BREAK SPACE}493\N{NO-BREAK SPACE}370 EUR"
    assert shown(0.0, "EUR/kWh") == "0 EUR/kWh"
