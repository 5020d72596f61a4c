"""Measured hours: what is read, what is refused with which words, what is left out."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.twin import Design, Factors, MeasuredError, Twin, compare, read_measured
from surrogate.twin.columns import COLUMNS, LONGEST_HEADING, read_heading
from surrogate.twin.comparison import deviation, in_words
from surrogate.twin.example import FOULED, example_csv
from surrogate.twin.measured import MOST_COLUMNS, MOST_ROWS

HEAD = "time,t_source_in,t_return,t_supply,heat_load,power\n"
ROW = "2026-01-01T0{}:00,8.1,30,42,15500,3400\n"


@pytest.mark.parametrize(
    "text",
    [
        "time,t_source_in,t_return,t_supply,heat_load,power\n2026-01-01,8.5,30,42,15500,3400",
        "time;t_source_in;t_return;t_supply;heat;power\n2026-01-01;8,5;30,0;42;15500;3400",
        "Time\tT source in\tT-Return\tt.supply\tHeat [kW]\tpower_kW\n"
        "2026-01-01 00:00\t8.5\t30\t42\t15.5\t3.4\n",
        "\ufeffTIME;T_SOURCE_IN (°C);t_return [degC];t_supply_C;heat (MW);Power [W]\r\n"
        "2026-01-01T00:00:00;8,5;30;42;0,0155;3400\r\n\r\n",
        "sep=;\nnote;power [kW];heat_kw;t_supply [K];t_return;t_source_in;timestamp\n"
        ";3,4;15,5;315,15;30;8,5;20260101T00:00\n",
    ],
)
def test_one_file_written_in_many_ways(text):
    found = read_measured(text.encode())
    values = {name: column.item() for name, column in found.columns.items()}
    assert values == pytest.approx(
        {"t_source_in": 8.5, "t_return": 30, "t_supply": 42, "heat_load": 15500, "power": 3400}
    )
    assert found.times == ("2026-01-01T00:00:00",)
    assert found.ignored == (("note",) if "note" in text else ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding):
    text = (HEAD + ROW.format(0)).replace("power", "power,Außenlage °").replace("3400", "3400,ü")
    assert read_measured(text.encode(encoding)).ignored == ("Außenlage °",)


def test_rows_are_sorted_and_keep_their_lines():
    text = HEAD + "".join(ROW.format(n) for n in (3, 1, 2))
    found = read_measured(text.encode())
    assert [time[11:13] for time in found.times] == ["01", "02", "03"]
    assert found.lines.tolist() == [3, 4, 2]
    zoned = (
        text.replace("T03:00", "T03:00+05:00").replace(":00,", ":00Z,").replace("00Z,8", "00Z,8")
    )
    zoned = HEAD + "2026-01-01T03:00+05:00,8,30,42,1,1\n2026-01-01T00:00Z,8,30,42,1,1\n"
    assert read_measured(zoned.encode()).lines.tolist() == [2, 3]


def test_what_cannot_be_compared_is_kept_and_counted():
    rows = [
        "8,30,42,15500,3400",
        "8,30,42,0,0",
        ",,,0,0",
        "8,,42,15500,3400",
        "8,30,42,n/a,3400",
        "8,30,42,0,60",
        "8,30,42,15500,0",
        "8,42,42,15500,3400",
        "8,30,42,15500",
    ]
    text = HEAD + "".join(f"2026-01-01T0{n}:00,{row}\n" for n, row in enumerate(rows))
    found = read_measured(text.encode())
    assert found.counts == {
        "usable": 1, "missing": 3, "off": 2, "standby": 1, "no_power": 1, "order": 1,
    }  # fmt: skip
    assert sum(found.counts.values()) == len(found.times) == len(rows)
    assert found.missing == {
        "t_source_in": 1,
        "t_return": 2,
        "t_supply": 1,
        "heat_load": 1,
        "power": 1,
    }
    assert found.usable.tolist() == [True] + 8 * [False]
    comparison = compare(Twin(Design()), found)
    assert comparison.compared == 1
    assert comparison.compared + sum(comparison.left_out.values()) == len(rows)
    assert all(in_words(name) for name in comparison.left_out)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "the file is empty"),
        (b"time,power\n", "no column t_source_in, t_return, t_supply, heat_load"),
        (HEAD.encode(), "no row of values"),
        (b"PK\x03\x04rest", "save the table as CSV"),
        ((HEAD + ROW * (MOST_ROWS + 1)).encode(), "more than 20,000 rows"),
        (HEAD.replace("power", "power [kWh]").encode(), "must be in one of W, kW, MW"),
        (HEAD.replace("power", "power,heat").encode(), "heat_load, and so is another one"),
        ((HEAD + ROW + ROW).format(0, 0).encode(), "line 3, time.*line 2 has the same time"),
        ((HEAD + "2026-02-30,8,30,42,1,1").encode(), "line 2, time: '2026-02-30'"),
        ((HEAD + "2026-02-20,8,30,42,-1,1").encode(), "line 2, heat_load: '-1'.*from 0 to 1e"),
        ((HEAD + "2026-02-20,8,30,42,1,inf").encode(), "line 2, power: 'inf'"),
        ((HEAD + "2026-02-20,8,30,42,1,1_000").encode(), "line 2, power: '1_000'"),
        ((HEAD + "2026-02-20,8,30,4200,1,1").encode(), "line 2, t_supply.*from -100 to 400 degC"),
        (
            (HEAD + "2026-02-20,8,30,42,1,1,5,0").encode(),
            "line 2: '8 cells'.*decimal commas need ;",
        ),
        (
            (HEAD + "2026-02-20,8,30,42,1,1\n2026-02-20T01:00Z,8,30,42,1,1").encode(),
            "line 3, time.*all times have a zone, or none",
        ),
        (
            (HEAD + "2026-02-20,8,5,30,42,1.5,1").replace(",", ";").replace("8;5", "8,5").encode(),
            "line 2, heat_load: '1.5'.*decimal comma",
        ),
    ],
)
def test_what_is_refused_is_named(text, words):
    with pytest.raises(MeasuredError, match=words):
        read_measured(text)


MANY = 8_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\n" * MANY, "the file is empty"),
        (HEAD.encode() + b"\n" * MANY + b"x", "more than 200,000 lines"),
        (b"\r" * MANY + b"x", "more than 200,000 lines"),
        (HEAD.encode() + b'"\n' * (MANY // 2), "more than 200,000 lines"),
        (b"a" * MANY, "line 1 has 8,000,000 characters, but 200,000"),
        (HEAD.encode() + b" " * MANY + b"x", "line 2 has 8,000,001 characters"),
        (b"a," * (MANY // 2) + b"b", "line 1 has 8,000,001 characters"),
        (b"a" + b"," * MANY, "no column time"),
        (b"," * MANY + b"a", "line 1 has 8,000,001 characters"),
        (b"\0" * MANY, "is no text"),
        (b"\xff\xfe" + b"\0" * MANY, "line 1 has 4,000,000 characters"),
        (HEAD.encode() + b"," * 38 + (b'"\n",' + b"," * 38) * 190_000 + b"x", "no row|cells"),
        ((HEAD + ("x" * 40 + ",x" * 5 + "\n") * MOST_ROWS).encode(), "and 119990 more"),
    ],
    ids=range(13),
)
def test_eight_megabytes_of_anything_are_refused_at_once(text, words):
    with pytest.raises(MeasuredError, match=words):
        read_measured(text)


def test_no_heading_takes_long():
    """Each of these would take minutes, if matching went as the square of the length."""
    spaces = "a" + 1_000_000 * " " + "b"
    assert read_heading(spaces) is None
    assert read_heading(f"heat{spaces[1:-1]}[{spaces[1:-1]}kW ]").unit.factor == 1e3
    assert read_heading(1_000_000 * "(") is None
    assert read_heading("a" + 500_000 * "\u0301\u0327") is None
    text = (HEAD + ROW.format(0)).replace("power", f"power,a{130_000 * ' '}b").replace("3400", "1,")
    assert read_measured(text.encode()).ignored == ("a b",)


def test_headings_have_an_end_and_so_has_their_number():
    longest = LONGEST_HEADING * "x"
    good = HEAD.replace("power", f"power,{longest}") + ROW.format(0)
    assert read_measured(good.encode()).ignored == (longest,)
    with pytest.raises(MeasuredError, match=r"line 2, column 7: 'x{40}', but .* 100 .* 101") as one:
        read_measured(b"\n" + good.replace(longest, longest + "x").encode())
    (problem,) = one.value.problems
    assert problem[:3] == (2, "column 7", 40 * "x")
    extra = [f"c{n}" for n in range(MOST_COLUMNS - 6)]
    rows = ROW.format(0)
    wide = HEAD.replace("power", ",".join(["power", *extra])) + rows
    assert read_measured(wide.encode()).ignored == tuple(extra)
    with pytest.raises(MeasuredError, match="line 1: '201 columns', but 200 is the most") as one:
        read_measured(wide.replace("power", "power,more").encode())
    assert one.value.problems[0].line == 1


def test_a_spreadsheet_s_empty_rows_are_no_rows():
    """A whole sheet of them, below the last that holds anything."""
    found = read_measured((HEAD + ROW.format(0) + 1_048_000 * ",,,,,\n").encode())
    assert found.counts == {"usable": 1}
    # Cells that lack at the end of the last row are missing, and remain so.
    found = read_measured((HEAD + ROW.format(0) + "2026-01-02,8,30,42,,\n").encode())
    assert found.missing == {"heat_load": 1, "power": 1}


@pytest.mark.parametrize(
    ("heading", "name", "factor"),
    [
        ("heat  load\t[ kW ]", "heat_load", 1e3),
        ("Heat(MW) ", "heat_load", 1e6),
        ("heat [kW", None, None),
        ("heat (total) [kW]", None, None),
        ("heat\n[kW]", "heat_load", 1e3),
        ("heat [kW] x", None, None),
        ("power [k(W)]", None, None),
    ],
)
def test_brackets_of_headings(heading, name, factor):
    found = read_heading(heading)
    assert (found and (found.name, found.unit.factor)) == (name and (name, factor))


def test_the_first_ten_bad_cells_are_named():
    text = HEAD + "".join(ROW.format(0).replace("2026-01-01T00:00", f"day {n}") for n in range(25))
    with pytest.raises(MeasuredError, match="and 15 more") as caught:
        read_measured(text.encode())
    assert [problem.line for problem in caught.value.problems] == list(range(2, 12))
    assert caught.value.problems[0].value == "day 0"


def test_units_that_differ_are_remarked_on():
    text = HEAD.replace("heat_load", "heat [MW]") + ROW.format(0).replace("15500", "15.5")
    assert "median" in read_measured(text.encode()).remarks[0]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            *(st.floats(-60.0, 300.0).map(lambda x: round(x, 6)) for _ in range(3)),
            *(st.just(0.0) | st.floats(1e-3, 1e7) for _ in range(2)),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([",.", ";,", ";.", "\t,", "\t."]),
    st.sampled_from([("W", 1.0), ("kW", 1e3), ("MW", 1e6)]),
)
def test_what_is_written_is_read(rows, signs, unit):
    separator, decimal = signs
    names = ["time", "t_source_in", "t_return", "t_supply", f"heat [{unit[0]}]", f"power_{unit[0]}"]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(names)
    for number, row in enumerate(rows):
        values = (*row[:3], *(x / unit[1] for x in row[3:]))
        time = datetime(2026, 1, 1) + timedelta(hours=number)
        writer.writerow([time.isoformat(), *(repr(x).replace(".", decimal) for x in values)])
    found = read_measured(text.getvalue().encode())
    for place, name in enumerate(("t_source_in", "t_return", "t_supply", "heat_load", "power")):
        expected = [row[place] for row in rows]
        assert found.columns[name].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.binary(max_size=300))
def test_nothing_but_its_own_error_comes_of_any_bytes(data):
    for start in (b"", HEAD.encode()):
        with contextlib.suppress(MeasuredError):
            read_measured(start + data)


def test_deviation_by_hand():
    measured, simulated = np.array([100.0, 200.0, 300.0]), np.array([110.0, 190.0, 330.0])
    found = deviation(measured, simulated)
    assert found.points == 3
    assert found.bias == pytest.approx(10.0)
    assert found.rmse == pytest.approx(((100 + 100 + 900) / 3) ** 0.5)
    assert found.relative_bias == pytest.approx(30 / 600)
    assert found.cv_rmse == pytest.approx(((100 + 100 + 900) / 3) ** 0.5 / 200)
    assert deviation(measured, simulated, relative=False).cv_rmse is None


def test_a_twin_that_is_the_machine_agrees_with_its_hours():
    measured = read_measured(example_csv(96, noise=0.0).encode())
    own = compare(Twin(Design(), FOULED), measured)
    assert own.compared == 96
    for name in ("power", "cop"):
        assert abs(own.deviations[name].relative_bias) < 1e-4
        assert own.deviations[name].cv_rmse < 5e-4
    for name in ("t_evap", "t_cond"):
        assert own.deviations[name].rmse < 0.02
    other = compare(Twin(Design()), measured)
    assert other.deviations["power"].relative_bias < -0.05
    assert other.deviations["t_cond"].bias < -1.0


def test_a_comparison_is_what_its_hours_say():
    twin = Twin(Design())
    measured = read_measured(example_csv().encode())
    found = compare(twin, measured)
    known = found.to_dict()
    power, simulated = (
        np.array([np.nan if x is None else x for x in known["series"]["power"][side]])
        for side in ("measured", "simulated")
    )
    assert len(power) == len(known["series"]["time"]) == known["rows"] == 168
    both = np.isfinite(simulated)
    assert both.sum() == known["compared"]
    deviations = simulated[both] - power[both]
    assert known["quantities"]["power"]["bias"] == pytest.approx(deviations.mean())
    assert known["quantities"]["power"]["rmse"] == pytest.approx(np.sqrt((deviations**2).mean()))
    share = np.abs(deviations / power[both])
    worst = found.worst(5)
    expected = sorted(share, reverse=True)[:5]
    assert [abs(hour["deviation"]) for hour in worst] == pytest.approx(expected)
    for hour in worst:
        at = twin.run(**{n: hour[n] for n in ("t_source_in", "t_return", "t_supply", "heat_load")})
        assert at.power == pytest.approx(hour["simulated_power"])
        assert hour["time"] == found.measured.times[hour["line"] - 2]
    assert len(found.worst(0)) == 0
    assert {one["reason"] for one in known["left_out"]} == {"off", "missing"}


def test_hours_beyond_the_machine_say_which_limit():
    rows = ["8,30,42,40000,9000", "4,30,45,15000,4000", "30,30,42,15000,3000", "8,30,42,15000,3500"]
    text = HEAD + "".join(f"2026-01-01T0{n}:00,{row}\n" for n, row in enumerate(rows))
    found = compare(Twin(Design()), read_measured(text.encode()))
    assert found.left_out == {
        "infeasible: suction_volume_flow": 1, "infeasible: source_outlet": 1, "outside": 1,
    }  # fmt: skip
    assert "overspeed" in in_words("infeasible: suction_volume_flow")
    assert found.deviations["power"].points == 1
    empty = compare(Twin(Design()), read_measured((HEAD + "2026-01-01,8,30,42,0,0").encode()))
    assert empty.deviations == {}
    assert empty.to_dict()["worst"] == []


def test_the_example_is_the_same_every_time():
    assert example_csv(48) == example_csv(48)
    found = read_measured(example_csv().encode())
    assert found.counts["usable"] > 140
    assert found.counts["off"] > 0
    assert found.counts["missing"] > 0
    assert set(found.columns) <= set(COLUMNS)
    clean = read_measured(example_csv(24, factors=Factors(eta_s=0.9), noise=0.0).encode())
    assert clean.counts == {"usable": 24}
