"""The report, read in a browser as people read it: its numbers are those of the tables."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import surrogate.cli
from surrogate import costing
from surrogate.costing import optimise, read, write, write_report
from surrogate.costing.report.money import back_in
from surrogate.errors import InputError, InputTypeError, MissingExtraError

from .costing_cases import Tables, put, solved, street

HOSTILE = (
    "<script>window.hit=1</script>\"'><img src=x onerror='window.hit=1'>{{7*7}} $\\frac{a$ &amp;"
)
UNITS = {"GWh": 1e6, "MWh": 1e3, "kWh": 1.0, "%": 0.01, "t": 1e3}


@dataclass
class Page:
    """A report in the browser, and what it asked for or complained of."""

    page: Any
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def cells(self, heading: str) -> list[list[tuple[str, float | None]]]:
        """Rows of the first table below a heading: text, and value of a number."""
        return self.page.evaluate(
            """heading => {
                const heads = [...document.querySelectorAll('h2, h3, summary')];
                const at = heads.find(one => one.textContent === heading);
                const table = [...document.querySelectorAll('table')].find(
                    one => at.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
                return [...table.querySelectorAll('tbody tr')].map(row => [...row.cells].map(
                    cell => [cell.textContent.trim(), value(cell.querySelector('data'))]));
                function value(data) {
                    return data === null || data.value === '' ? null : Number(data.value);
                }
            }""",
            heading,
        )

    def column(self, heading: str, number: int) -> list[float | None]:
        return [row[number][1] for row in self.cells(heading)]

    def names(self, heading: str) -> list[str]:
        return [row[0][0] for row in self.cells(heading)]

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """Every number of the page: its value, and how it is shown."""
        return self.page.evaluate(
            "() => [...document.querySelectorAll('data')].map(x => [x.value, x.textContent])"
        )

    @property
    def text(self) -> str:
        return str(self.page.evaluate("document.body.textContent"))


Opened = Callable[..., Page]


@pytest.fixture
def opened(browser, tmp_path) -> Iterator[Opened]:
    """Open a report, and hold it to the rules that hold for all."""
    pages = []

    def open_it(what: Tables | Path, width: int = 1280) -> Page:
        file = what if isinstance(what, Path) else tmp_path / "report.html"
        if not isinstance(what, Path):
            write_report(what, file)
        tab = browser.new_page(viewport={"width": width, "height": 900})
        page = Page(tab)
        pages.append(page)
        tab.on("request", lambda one: page.asked.append(one.url))
        tab.on("console", lambda one: page.errors.append(one.text))
        tab.on("pageerror", lambda one: page.errors.append(str(one)))
        tab.goto(file.resolve().as_uri(), wait_until="load")
        return page

    yield open_it
    for page in pages:
        asked = [
            url
            for url in page.asked
            if not url.startswith(("data:image/png;base64,", "data:image/webp;base64,"))
        ]
        assert len(asked) == 1, "it asks for more than itself"
        assert page.errors == []
        assert page.page.evaluate("window.hit") is None
        assert page.page.evaluate("document.scripts.length") == 0
        assert page.page.evaluate(
            "[...document.images].every(x => x.alt.length > 30 && x.naturalWidth > 300)"
        )
        page.page.close()


def limited() -> Tables:
    """A district with a limit that binds, something required and something forbidden."""
    given = costing.district(40, 2)
    put(given["buildings"], 0, "constraint", "required")
    put(given["buildings"], 1, "constraint", "forbidden")
    limits = {"constraint/max-buildings": "12", "constraint/max-kwh": "9e7"}
    rows = pd.DataFrame({"parameter": [*limits], "value": [*limits.values()]})
    given["parameters"] = pd.concat([given["parameters"], rows], ignore_index=True)
    return given


@pytest.fixture(scope="module")
def town() -> Tables:
    return optimise(limited(), run="autumn", user="ada")


@pytest.fixture(scope="module")
def shown(town, tmp_path_factory) -> Path:
    """Its report."""
    file = tmp_path_factory.mktemp("shown") / "town.html"
    write_report(town, file)
    return file


@pytest.fixture(scope="module")
def sweep() -> Tables:
    """The tables of a sweep, one pair of it impossible."""
    given = street()
    given["supplies"] = given["supplies"].assign(
        heat_pump_refrigerant="R717", t_source_in=15.0, t_source_out=10.0,
        electricity_price_per_kwh=0.1, cost_per_kwh=0.0,
    )  # fmt: skip
    found = costing.sweep_temperatures(given, flow=[45, 60, 70], return_=[35, 50])
    assert "impossible" in set(found["temperature_sweep"].state)
    assert "building_margins" in found
    return {name: table for name, table in found.items() if "sweep" in name}


def number_of(shown: str) -> float:
    """What a shown number says, in the unit of its value."""
    found = re.fullmatch(r"(?:year )?([-+]?[\d ]+(?:\.\d+)?)\s?(\S*)", shown)
    assert found, shown
    return float(found[1].replace(" ", "")) * UNITS.get(found[2], 1.0)


def approx(values: Any) -> Any:
    return pytest.approx([None if pd.isna(x) else float(x) for x in values])


# Numbers


def test_every_number_says_what_it_shows(opened, town, sweep):
    numbers = opened({**town, **sweep}).numbers
    assert len(numbers) > 200
    for value, shown in numbers:
        if not value:
            assert shown in ("\N{EN DASH}", "never")
        else:
            digits = len(re.sub(r"\D", "", shown).lstrip("0")) or 1
            close = max(0.51 * 10.0 ** (1 - digits), 1e-3)
            assert number_of(shown) == pytest.approx(float(value), rel=close, abs=0.51e-4) or (
                abs(number_of(shown) - float(value)) <= 0.5
            ), (value, shown)


def test_the_headline_and_the_figures_are_the_summary(opened, town, shown):
    page, row = opened(shown), town["solution_summary"].iloc[0]
    line = page.page.text_content(".verdict strong")
    assert f"{row.network_building_count} of 40 buildings" in line
    assert f"NPV {row.network_npv:,.0f}".replace(",", " ") in line
    tiles = page.page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.tiles div')].map(one => "
        "[one.querySelector('dt').textContent, Number(one.querySelector('data').value)]))"
    )
    flow = town["cashflow"]
    paid = -flow.value[(flow.year == 0) & (flow.value < 0)].sum()
    fed = row.network_kwh + row.network_losses_kwh
    present = (flow.value / 1.04**flow.year).groupby(flow.year).sum().reindex(range(40)).cumsum()
    assert tiles == pytest.approx(
        {
            "NPV": row.network_npv,
            "paid in year 0": paid,
            "money back, discounted": present.index[present < 0].max() + 1,
            "heat delivered": row.network_kwh,
            "end users": row.network_connection_count,
            "length of pipe": row.network_length,
            "heat per length": row.network_linear_density,
            "losses": row.network_losses_kwh / fed,
            "emissions": row.network_emissions_kg,
        }
    )
    assert "autumn" in page.page.title()
    assert "ada" in page.text


def test_the_money_is_the_cash_flow(opened, town, shown):
    page, flow = opened(shown), town["cashflow"]
    *rows, total = page.cells("The money")
    present = flow.value / 1.04**flow.year
    npv = town["solution_summary"].network_npv.item()
    assert sum(row[1][1] for row in rows) == pytest.approx(npv) == total[1][1]
    assert sum(row[2][1] for row in rows) == pytest.approx(flow.value.sum())
    pipes = flow[(flow.type == "pipe") & (flow.cost == "capex")].value.sum()
    named = {row[0][0]: row[2][1] for row in rows}
    assert named["pipes"] == pytest.approx(pipes)
    assert "plant: heat pump" in named
    years = page.cells("Year by year")
    assert [row[0][0] for row in years] == [str(year) for year in range(40)]
    by_year = flow.groupby("year").value.sum().reindex(range(40), fill_value=0.0)
    assert [row[3][1] for row in years] == approx(by_year)
    assert [row[1][1] + row[2][1] for row in years] == approx(by_year)
    so_far = present.groupby(flow.year).sum().reindex(range(40), fill_value=0.0).cumsum()
    assert [row[4][1] for row in years] == approx(so_far)


def test_supplies_heat_pumps_and_pipes_are_those_of_the_tables(opened, town, shown):
    page, supplies = opened(shown), town["supplies"]
    assert page.names("The supplies") == supplies.supply_id.tolist()
    for at, name in enumerate(("load_kw", "load_kwh", "levelised_cost_per_kwh"), start=1):
        assert page.column("The supplies", at) == approx(supplies[name])
    said = page.page.locator("h3:has-text('The supplies') + ul > li").all_text_contents()
    assert len(said) == len(supplies)
    for text, (_, row) in zip(said, supplies.iterrows(), strict=True):
        assert text.startswith(f"{row.supply_id}: It gives" if row.in_network else row.supply_id)
        assert f"{row.levelised_cost_per_kwh:.4f} per kWh" in text
    pumps = supplies[supplies.heat_pump_cop.notna()]
    assert len(page.cells("The heat pumps")) == len(pumps) == 2
    for at, name in {
        3: "heat_pump_cop",
        4: "heat_pump_design_cop",
        5: "heat_pump_cop_error",
        7: "heat_pump_power_kw",
        8: "electricity_kwh",
        9: "source_heat_kw",
        10: "source_heat_kwh",
    }.items():
        assert page.column("The heat pumps", at) == approx(pumps[name])
    assert [row[6][0] for row in page.cells("The heat pumps")] == pumps.heat_pump_origin.tolist()
    laid = town["paths"][town["paths"].in_network]
    sums = laid.groupby("diameter_mm")[["length_m", "losses_kwh"]].sum()
    *_, total = page.cells("The pipes")
    assert page.column("The pipes", 0)[:-1] == approx(sums.index)
    assert page.column("The pipes", 1)[:-1] == approx(sums.length_m)
    assert page.column("The pipes", 4)[:-1] == approx(sums.losses_kwh)
    flow = town["cashflow"]
    capex = -flow.value[(flow.type == "pipe") & (flow.cost == "capex")].sum()
    assert sum(page.column("The pipes", 3)[:-1]) == pytest.approx(capex) == total[3][1]


def test_what_decided_it_is_in_the_margins(opened, town, shown):
    page, margins = opened(shown), town["building_margins"].set_index("building_id")
    held = margins[(margins.reason == "constraint/max-buildings") & (margins.npv_change > 0)]
    assert len(held) > 0
    against = page.page.locator("p:has-text('stands against')").all_text_contents()
    (text,) = [one for one in against if one.startswith("constraint/max-buildings")]
    assert f"stands against {len(held)} building" in text
    assert held.npv_change.idxmax() in text
    free = margins[(margins.reason == "") & margins.npv_change.notna()]
    for heading, connected in (
        ("Buildings that just fell short", False),
        ("Buildings that only just made it", True),
    ):
        own = free[(free.connected == connected) & (free.npv_change <= 0)]
        near = own.sort_values("npv_change", ascending=False)
        if near.empty:
            continue
        rows = page.cells(heading)
        assert rows[0][3][1] == pytest.approx(near.npv_change.iloc[0])
        for (name, _), *cells in rows:
            row = margins.loc[name.split()[0]]
            wanted = [row.per_year, row.price_change_per_kwh, row.npv_change, row.extra_length_m]
            assert [cell[1] for cell in cells] == approx(wanted)
    limits = {row[0][0]: row for row in page.cells("Limits")}
    count, kwh = limits["constraint/max-buildings"], limits["constraint/max-kwh"]
    row = town["solution_summary"].iloc[0]
    assert (count[1][1], count[2][1], count[4][0]) == (12, row.network_building_count, "yes")
    assert (kwh[1][1], kwh[4][0]) == (9e7, "no")
    assert kwh[2][1] == pytest.approx(row.network_kwh)


def test_a_network_that_misses_a_building_says_so(opened, town, shown):
    margins = town["building_margins"].copy()
    free = margins.index[(margins.reason == "") & margins.npv_change.notna()][0]
    margins.loc[free, ["npv_change", "per_year"]] = [1234.0, 62.0]
    page = opened({**town, "building_margins": margins})
    assert "1 building would raise the NPV if added or taken away" in page.text
    assert "The search stopped, within its gap, before the best network" in page.text
    assert "would raise the NPV" not in opened(shown).text


def test_a_sweep_over_temperatures_is_shown(opened, town, shown, sweep):
    page, table = opened({**town, **sweep}), sweep["temperature_sweep"]
    names = ["flow_temperature", "return_temperature", "network_npv", "npv_below_best"]
    names += ["network_building_count", "network_kwh", "network_losses_kwh", "mean_diameter_mm"]
    names += ["heat_pump_cop", "electricity_kwh", "source_heat_kwh"]
    for at, name in enumerate(names):
        assert page.column("Other temperatures", at) == approx(table[name])
    said = [row[-1][0] for row in page.cells("Other temperatures")]
    for text, (_, row) in zip(said, table.iterrows(), strict=True):
        assert ("best" in text) == row.best
        assert row.state in text
        assert row.reason in text
    assert page.page.evaluate("document.images.length") == 4
    assert "Other temperatures" not in opened(shown).text
    nothing = table.assign(best=False, network_npv=np.nan)
    assert (
        opened({**town, "temperature_sweep": nothing}).page.evaluate("document.images.length") == 3
    )


# Readers, files and names


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_never_wider_than_the_screen(opened, town, sweep, width):
    page = opened({**town, **sweep}, width)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    policy = page.page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"script-src|https?:", policy)


def test_names_stay_text(opened, sweep):
    given = street()
    given["buildings"]["building_id"] = [HOSTILE, "plain"]
    given["supplies"]["supply_id"] = HOSTILE + " S"
    given["paths"]["path_id"] = [HOSTILE + x for x in "ABC"]
    result = optimise(given, run=HOSTILE, user=HOSTILE)
    result |= {**sweep, "temperature_sweep": sweep["temperature_sweep"].assign(reason=HOSTILE)}
    page = opened(result)
    assert page.page.text_content("h1") == f"Heat network: {HOSTILE}"
    assert page.text.count(HOSTILE) >= 6
    assert page.page.evaluate("document.images.length") == 4
    infeasible = solved(street(constraint__min_buildings=3))
    infeasible["infeasible_reasons"]["message"] = HOSTILE
    assert opened(infeasible).page.text_content(".verdict li") == HOSTILE


@pytest.mark.parametrize("where", ["result.gpkg", "folder"])
def test_a_result_read_back_has_the_same_report(opened, town, sweep, where, tmp_path):
    write({**town, **sweep}, tmp_path / where)
    back = read(tmp_path / where, results=True)
    assert set(back) == {*town, *sweep}
    here, there = opened({**town, **sweep}), opened(back)
    assert [shown for _, shown in there.numbers] == [shown for _, shown in here.numbers]
    assert [float(x or 0) for x, _ in there.numbers] == pytest.approx(
        [float(x or 0) for x, _ in here.numbers]
    )
    assert there.text == here.text


def test_where_there_is_no_network_the_reasons_stand_in_its_place(opened):
    result = solved(street(constraint__min_buildings=3))
    page = opened(result)
    assert page.page.text_content(".verdict strong") == "No network keeps all limits."
    assert page.page.locator(".verdict li").all_text_contents() == (
        result["infeasible_reasons"].message.tolist()
    )
    assert "What decided it" not in page.text
    assert page.page.evaluate("document.images.length") == 1


def test_an_empty_network_and_one_without_heat_pumps(opened):
    nothing = street()
    nothing["tariffs"]["annual_charge_per_kwh"] = 0.0
    page = opened(solved(nothing))
    assert page.page.text_content(".verdict strong") == "No building is worth connecting."
    assert page.names("Buildings that just fell short") == ["left", "right"]
    boiler = opened(solved(street()))
    for text in (page.text, boiler.text):
        assert "The heat pumps" not in text
        assert "nan" not in re.sub(r"\w*nan\w+|\w+nan\w*", "", text.lower())
    assert "2 of 2 buildings" in boiler.text


def test_a_network_that_loses_money_says_so(opened):
    given = street()
    given["tariffs"]["annual_charge_per_kwh"] = 0.0
    given["buildings"]["constraint"] = "required"
    page = opened(solved(given))
    assert page.page.get_attribute(".verdict", "class") == "verdict bad"
    assert "the money does not come back in the years counted" in page.text


def test_how_good_it_is_is_the_summary(opened, shown, town):
    row = town["solution_summary"].iloc[0]
    said = opened(shown).page.locator("h3:has-text('How good it is') ~ p").all_text_contents()
    assert f"{row.upper_bound:,.0f}".replace(",", " ") in " ".join(said)
    heat = opened(solved(street(optimiser__objective="max-kwh", optimiser__mip_gap=0)))
    assert "No network delivers more: it is the best, by the exact costs." in heat.text
    assert "The NPV is not, or not all of, what was maximised" in heat.text
    hurried = town["solution_summary"].assign(upper_bound=np.inf, bound_gap=np.inf)
    page = opened({**town, "solution_summary": hurried})
    assert "There was no time for a bound" in page.text


def test_a_large_result_is_a_small_file(town, tmp_path):
    """Of 10 000 paths: copies of a district side by side."""
    large = dict(town)
    for name, key in (("paths", "path_id"), ("buildings", "building_id")):
        one = town[name]
        copies = -(-10_000 // len(town["paths"]))
        parts = [
            one.assign(
                **{key: [f"{x}/{k}" for x in one[key]]},
                geometry=one.geometry.translate(900 * (k % 20), 900 * (k // 20)),
            )
            for k in range(copies)
        ]
        large[name] = pd.concat(parts, ignore_index=True)
    assert len(large["paths"]) >= 10_000
    write_report(large, tmp_path / "large.html")
    assert (tmp_path / "large.html").stat().st_size < 2e6
    write_report(town, tmp_path / "town.html")
    assert (tmp_path / "town.html").stat().st_size < 1e6


def test_shapes_may_be_wkt_and_places_unknown(opened, town):
    plain = {
        name: pd.DataFrame(table).assign(geometry=table.geometry.to_wkt())
        if name in ("paths", "buildings", "supplies")
        else table
        for name, table in town.items()
    }
    assert opened(plain).page.evaluate("document.images.length") == 3
    nowhere = {
        name: table.assign(geometry=None) if "geometry" in table else table
        for name, table in plain.items()
    }
    page = opened(nowhere)
    assert page.page.evaluate("document.images.length") == 2
    assert "Where it lies" not in page.text


def test_matplotlib_is_left_as_it_was(town, tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    write_report(town, tmp_path / "report.html")
    assert dict(matplotlib.rcParams) == before


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_the_money_is_back_when_the_sum_is_never_negative_again(values):
    present = np.array(values)
    year = back_in(present)
    if year is None:
        assert present[-1] < 0 or not present.any()
    else:
        assert (present[year:] >= 0).all()
        assert year == 0 or present[year - 1] < 0


# What is refused


def test_what_is_no_result_is_refused_with_what_to_do(town, tmp_path):
    file = tmp_path / "report.html"
    file.write_text("as it was")
    with pytest.raises(InputTypeError, match="not a dict"):
        write_report([], file)
    with pytest.raises(InputError, match=r"solution_summary.* missing; give what optimise"):
        write_report(limited(), file)
    with pytest.raises(InputError, match=r"buildings has no in_network"):
        write_report({**town, "buildings": limited()["buildings"]}, file)
    words = town["cashflow"].astype({"value": object})
    put(words, 0, "value", "much")
    with pytest.raises(InputError, match=r"cashflow\.value has what is no number: .*much"):
        write_report({**town, "cashflow": words}, file)
    short = pd.DataFrame({"parameter": ["finance/npv-term"], "value": ["10"]})
    with pytest.raises(InputError, match=r"cashflow goes to year 39, but finance/npv-term is 10"):
        write_report({**town, "parameters": short}, file)
    assert file.read_text() == "as it was"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("report.pdf", "ending in .html"), ("folder.html", "is a folder"), ("no/x.html", "written")],
)
def test_a_place_that_cannot_be_written_is_refused(town, tmp_path, name, said):
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "no").write_text("a file")
    with pytest.raises(InputError, match=said):
        write_report(town, tmp_path / name)


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_a_missing_extra_is_named(town, tmp_path, module, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *x: None if name == module else there(name, *x)
    )
    with pytest.raises(MissingExtraError, match=rf"{module}.*heatpump-surrogate\[report\]"):
        write_report(town, tmp_path / "report.html")


# The command


@pytest.fixture
def run(capsys, monkeypatch, tmp_path) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["surrogate", *arguments])
        with pytest.raises(SystemExit) as end:
            surrogate.cli.main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return ran


def test_the_command_writes_the_report_alone_or_beside_the_result(run, opened):
    write(street(), "town.gpkg")
    code, out, err = run("cost", "town.gpkg", "--report", "town.html", "--run", "first")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "written to town.html"
    assert sorted(x.name for x in Path().iterdir()) == ["town.gpkg", "town.html"]
    assert opened(Path("town.html")).page.text_content("h1") == "Heat network: first"
    write(costing.district(30), "larger.gpkg")
    code, out, err = run(
        "cost", "larger.gpkg", "-o", "result.gpkg", "--report", "both.html", "--json"
    )
    assert code == 0
    page = opened(Path("both.html"))
    assert page.cells("The money")[-1][1][1] == pytest.approx(json.loads(out)["network_npv"])
    again = opened(read("result.gpkg", results=True))
    assert again.numbers == page.numbers


def test_an_infeasible_run_leaves_a_report_of_the_reasons(run, opened):
    write(street(constraint__min_buildings=3), "town.gpkg")
    code, _, err = run("cost", "town.gpkg", "--report", "no.html", "-q")
    assert code == 3
    reasons = opened(Path("no.html")).page.locator(".verdict li").all_text_contents()
    assert reasons
    assert all(reason in err for reason in reasons)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give --output, --report, or both"),
        (["--report", "town.pdf"], "ending in .html"),
        (["--report", "town.gpkg"], "is the input"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_search(run, options, said):
    write(street(), "town.gpkg")
    code, out, err = run("cost", "town.gpkg", *options)
    assert (code, out) == (2, "")
    assert said in err
    assert [x.name for x in Path().iterdir()] == ["town.gpkg"]
