"""The assessment's pages, used in a browser as people use them."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pypdf
import pytest

import surrogate
from surrogate.assessment import FIELDS, Question, assess, compare_refrigerants
from surrogate.assessment.assess import Assessment
from surrogate.service.access import COOKIE
from surrogate.service.pages.render import degrees

from .browser_cases import AUDIT, DESKTOP, PHONE, Tab, Visit, visiting
from .service_cases import OUTSIDE, POINT, TOKENS, served

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=90_000)

HOSTILE = "<script>window.hit=1</script>\"'><img src=x onerror='window.hit=1'>{{7*7}}"
FORMULA = '=HYPERLINK("http://elsewhere.example/?x=1","here")'
LABELS = {name: field.label for name, field in FIELDS.items()}


@pytest.fixture
def visit(browser, site) -> Iterator[Visit]:
    with visiting(browser, site.url) as opened:
        yield opened


@pytest.fixture
def saved(site) -> Iterator[Callable[..., str]]:
    """Save a run through the API; returns its id. Deleted in the end, if still there."""
    with httpx.Client(base_url=site.url, timeout=60) as client:
        made: list[str] = []

        def save(name: str, **question: Any) -> str:
            answer = client.post("/api/assessments", json={"name": name, "question": question})
            assert answer.status_code == 201
            made.append(answer.json()["id"])
            return made[-1]

        yield save
        for run in made:
            assert client.delete(f"/api/assessments/{run}").status_code in (204, 404)


def numbers_of(found: Assessment) -> dict[str, float]:
    """What the page shows of an answer, from the library."""
    worth = found.worth
    assert worth is not None
    return {
        "cop": found.estimate.cop,
        "power": found.estimate.power,
        "heat_source": found.estimate.heat_source,
        "heat_cost": worth.heat_cost,
        "co2_saved": worth.co2_saved,
        "payback_boiler": worth.payback_boiler,
        "electricity": worth.electricity,
    }


def shown(tab: Tab) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in tab.one("#answer data").evaluate_all(
            "all => all.map(x => [x.dataset.name, x.value])"
        )
    }


def answers(tab: Tab, **question: Any) -> Assessment:
    """Wait until the page answers a question, with exactly the numbers of the library."""
    found = assess(Question(**question))
    numbers = numbers_of(found)
    for name, value in numbers.items():
        expect(tab.one(f"#answer [data-name={name}]")).to_have_attribute("value", repr(value))
    assert shown(tab) == numbers
    assert tab.text("#answer h2") == degrees(found.sentence)
    return found


def marked(tab: Tab, plot: str) -> tuple[float, float]:
    """Where the marked point of a chart is drawn, by its axes."""
    tab.drawn(plot)
    expect(tab.one(f"#{plot} .points path")).to_have_count(1)
    found: list[float] = tab.page.evaluate(
        """id => {
            const plot = document.getElementById(id), layout = plot._fullLayout;
            const mark = plot.querySelector('.points path').getAttribute('transform');
            const [x, y] = mark.match(/-?[\\d.]+/g).map(Number);
            return [layout.xaxis.p2d(x), layout.yaxis.p2d(y)];
        }""",
        plot,
    )
    return found[0], found[1]


# The rules themselves


def test_the_rules_notice_what_they_forbid(browser, site):
    def scripts(tab: Tab) -> None:
        tab.page.evaluate(
            "document.head.append(Object.assign(document.createElement('script'), {text: '1'}))"
        )
        tab.page.wait_for_load_state()
        assert "Content Security Policy" in tab.errors[0]

    def styles(tab: Tab) -> None:
        tab.page.evaluate("document.body.setAttribute('style', 'color: red')")

    def asks_elsewhere(tab: Tab) -> None:
        tab.asked.append("http://elsewhere.example/x.js")

    def asks_in_vain(tab: Tab) -> None:
        tab.page.evaluate("fetch('/nothing').then(x => x.text())")

    def throws(tab: Tab) -> None:
        tab.page.evaluate("new Promise(done => setTimeout(() => { done(); missing(); }))")

    for break_it in (scripts, styles, asks_elsewhere, asks_in_vain, throws):
        with pytest.raises(AssertionError), broken(browser, site.url, break_it):
            pass
    with visiting(browser, site.url) as visit:
        tab = visit("/runs")
        tab.page.evaluate("document.querySelector('main').innerHTML = "
            "'<h3>x</h3><input><p id=main>a</p>'")  # fmt: skip
        tab.page.evaluate("document.querySelector('p').style.color = '#999'")
        found = " ".join(tab.page.evaluate(f"({AUDIT})()"))
        for complaint in ("headings 3", "no label", "id main twice", "contrast 2"):
            assert complaint in found


@contextlib.contextmanager
def broken(browser: Any, url: str, break_it: Callable[[Tab], None]) -> Iterator[None]:
    """Visit a page and break a rule on it."""
    with visiting(browser, url) as visit:
        break_it(visit("/runs"))
        yield


# Questions and answers


def test_a_form_filled_in_is_answered_with_the_librarys_numbers(visit):
    tab = visit("/")
    answers(tab)
    typed = {
        "t_source_in": "28.5", "t_source_out": "22", "t_return": "45", "t_supply": "72.5",
        "heat_load": "1500", "eta_s": "75", "electricity_price": "0.215",
    }  # fmt: skip
    for name, text in typed.items():
        tab.field(LABELS[name]).fill(text)
    tab.field(LABELS["refrigerant"]).select_option("R290")
    conditions = {
        "t_source_in": 28.5, "t_source_out": 22.0, "t_return": 45.0, "t_supply": 72.5,
        "heat_load": 1.5e6, "eta_s": 0.75,
    }  # fmt: skip
    question = {**conditions, "refrigerant": "R290", "electricity_price": 0.215}
    answers(tab, **question)
    alone = surrogate.HeatPump("R290").design(**conditions)
    assert shown(tab)["cop"] == alone.cop
    assert shown(tab)["power"] == alone.power
    assert "t_supply=72.5" in tab.page.url
    tab.page.reload()
    answers(tab, **question)
    assert tab.field(LABELS["heat_load"]).input_value() == "1500"
    tab.page.get_by_role("button", name="Back to defaults").click()
    answers(tab)
    assert tab.page.url == f"{tab.url}/"


def test_the_answer_follows_every_key(visit):
    tab = visit("/")
    entry = tab.field(LABELS["t_supply"])
    entry.select_text()
    tab.page.keyboard.type("7")
    expect(tab.one("#t_supply")).to_have_value("7")
    expect(tab.one("#answer h2")).to_have_text("Something in the form does not fit")
    tab.page.keyboard.type("5")
    answers(tab, t_supply=75.0)
    expect(tab.one("#told")).to_have_text(degrees(assess(Question(t_supply=75.0)).sentence))
    tab.page.keyboard.type(",5")
    answers(tab, t_supply=75.5)
    tab.page.keyboard.press("Backspace")
    tab.page.keyboard.press("Backspace")
    answers(tab, t_supply=75.0)
    for text, load in (
        ("1 500", 1.5e6),
        ("1\N{RIGHT SINGLE QUOTATION MARK}250,5", 1250.5e3),
        ("", 1e6),
    ):
        tab.field(LABELS["heat_load"]).fill(text)
        answers(tab, t_supply=75.0, heat_load=load)


WRONG = (
    ("t_supply", "500", "t_supply", "must be from -100 to 400 °C"),
    ("t_source_in", "20", "t_source_out", "must be below Waste heat, inlet (20"),
    ("heat_load", "much", "heat_load", "'much' is no number"),
    ("full_load_hours", "9000", "full_load_hours", "must be from 1 to 8760 hours a year"),
)
"""Fields, what is typed into them, and where it is told to be wrong how."""


def test_what_is_wrong_stands_beside_its_field(visit):
    tab = visit("/")
    for name, text, beside, said in WRONG:
        before = tab.field(LABELS[name]).input_value()
        tab.field(LABELS[name]).fill(text)
        error = tab.one(f"#{beside}-error")
        expect(error).to_contain_text(said)
        expect(error).to_have_role("alert")
        entry = tab.one(f"#{beside}")
        expect(entry).to_have_attribute("aria-invalid", "true")
        assert f"{beside}-error" in entry.get_attribute("aria-describedby").split()
        expect(tab.one("[aria-invalid]")).to_have_count(1)
        assert shown(tab) == {}
        tab.one("#answer li a").click()
        assert tab.page.evaluate("location.hash") == f"#{beside}"
        tab.field(LABELS[name]).fill(before)
        expect(tab.one("[aria-invalid]")).to_have_count(0)
        answers(tab)


def test_a_wrong_field_that_was_folded_away_is_shown(visit):
    tab = visit("/?t_supply=500&lifetime=99")
    assert tab.one("#lifetime").is_visible()
    expect(tab.one("#lifetime-error")).to_have_text("must be a whole number from 1 to 60 years")
    expect(tab.one("#plot-supply")).to_be_hidden()
    tab.audit("wrong")
    tab.field(LABELS["lifetime"]).fill("20")
    tab.field(LABELS["t_supply"]).fill("80")
    answers(tab, lifetime=20)
    tab.drawn("plot-supply")


def test_an_infeasible_point_says_why(visit):
    tab = visit("/")
    question = {"t_supply": 100.0, "t_source_in": 10.0, "t_source_out": 5.0}
    for name in ("t_source_out", "t_source_in", "t_supply"):
        tab.field(LABELS[name]).fill(str(question[name]))
    found = assess(Question(**question))
    assert found.estimate.status == "infeasible"
    expect(tab.one("#answer h2")).to_have_text(degrees(found.sentence))
    verdict = tab.one("#answer .verdict")
    expect(verdict).to_have_attribute("data-limit", found.estimate.limit)
    assert "hotter than 180" in found.sentence
    assert shown(tab) == {}
    tab.drawn("plot-supply")
    expect(tab.one("#words-map")).to_have_text(
        "There is no design point, so there is no plant to run."
    )
    expect(tab.one("#plot-supply .points path")).to_have_count(0)
    tab.audit("infeasible")
    tab.field(LABELS["t_supply"]).fill("60")
    answers(tab, **{**question, "t_supply": 60.0})


def test_the_form_answers_without_javascript(visit):
    tab = visit("/", java_script_enabled=False)
    answers(tab)
    tab.field(LABELS["t_supply"]).fill("75,5")
    tab.field(LABELS["refrigerant"]).select_option("R600a")
    tab.page.get_by_role("button", name="Answer").click()
    answers(tab, t_supply=75.5, refrigerant="R600a")
    for part in ("#keep", "#plot-supply", "#reset"):
        expect(tab.one(part)).to_be_hidden()
    tab.field(LABELS["t_return"]).fill("90")
    tab.page.get_by_role("button", name="Answer").click()
    expect(tab.one("#t_return-error")).to_contain_text("must be below Network supply")


def test_another_refrigerant_is_answered_and_marked_among_all(visit):
    tab = visit("/")
    expect(tab.one("#fluids .own th")).to_have_text("R717, ammonia")
    tab.field(LABELS["refrigerant"]).select_option("R600a")
    answers(tab, refrigerant="R600a")
    expect(tab.one("#fluids .own")).to_have_count(1)
    expect(tab.one("#fluids .own th")).to_have_text("R600a, isobutane")
    found = compare_refrigerants(Question(refrigerant="R600a"))
    heads = tab.one("#fluids tbody th").all_inner_texts()
    assert [head.partition(",")[0] for head in heads] == [row.refrigerant for row in found.rows]
    cells = tab.one("#fluids tbody tr").evaluate_all("all => all.map(x => x.cells[1].textContent)")
    assert cells == [
        f"{row.cop:.2f}" if row.status == "ok" else degrees(row.reason) for row in found.rows
    ]
    assert tab.text("#words-fluids") == degrees(found.sentence)


def test_charts_mark_the_point_that_is_asked(visit):
    tab = visit("/?t_supply=70&t_source_in=28")
    found = answers(tab, t_supply=70.0, t_source_in=28.0)
    for plot, at in (("plot-supply", 70.0), ("plot-source", 28.0)):
        line, point = tab.traces(plot)
        assert (point["x"], point["y"]) == ([at], [found.estimate.cop])
        assert line["y"][line["x"].index(at)] == found.estimate.cop
        assert marked(tab, plot) == pytest.approx((at, found.estimate.cop), rel=1e-3)
    tab.drawn("plot-map")
    assert marked(tab, "plot-map") == pytest.approx((28.0, 1000.0), rel=1e-3)
    assert "orange line is its capacity" in tab.text("#words-map")
    tab.field(LABELS["t_supply"]).fill("65")
    moved = answers(tab, t_supply=65.0, t_source_in=28.0)
    tab.until("() => document.getElementById('plot-source').data[1].y[0] > 0 && "
              "document.getElementById('plot-supply').data[1].x[0] === 65")  # fmt: skip
    assert marked(tab, "plot-supply") == pytest.approx((65.0, moved.estimate.cop), rel=1e-3)
    tab.one("details").evaluate_all("all => all.forEach(x => { x.open = true; })")
    tab.page.get_by_role("button", name="Explain fields").click()
    tab.audit("assessment")


def test_a_point_outside_the_tables_is_solved_once_with_progress(visit):
    tab = visit("/")
    held: list[Any] = []
    # Its progress is held back until it has been looked at.
    tab.page.route("**/api/solves/*/events", lambda route: held.append(route))
    tab.field(LABELS["t_return"]).fill("20")
    tab.field(LABELS["t_supply"]).fill("34")
    expect(tab.one("#solve")).to_be_visible()
    expect(tab.one("#solve-words")).to_contain_text("being simulated in full")
    expect(tab.page.get_by_role("progressbar")).to_be_visible()
    expect(tab.one("#answer .verdict")).to_have_attribute("data-status", "outside")
    tab.wait(lambda: held)
    held[-1].continue_()
    expect(tab.one("#answer")).to_contain_text("From a full TESPy simulation.")
    expect(tab.one("#solve")).to_be_hidden()
    alone = surrogate.HeatPump("R717").design(**OUTSIDE)
    assert alone.origin == "solve"
    assert shown(tab)["cop"] == pytest.approx(alone.cop, rel=1e-9)
    before = shown(tab)

    def solves() -> int:
        return sum("/api/solves/" in url or url.endswith("/api/assess") for url in tab.asked)

    asked = solves()
    pdf = tab.downloaded(tab.page.get_by_role("button", name="PDF").click)
    assert f"COP {alone.cop:.1f}" in pdf_text(pdf)
    tab.field("Name of this run").fill("outside")
    tab.page.get_by_role("button", name="Save").click()
    tab.one("#saved a").click()
    expect(tab.one("h1")).to_have_text("outside")
    assert shown(tab) == before
    expect(tab.one("#answer")).to_contain_text("From a full TESPy simulation.")
    assert solves() == asked


# Saved runs


def pdf_text(data: bytes) -> str:
    """The text of a PDF of two pages, with plain spaces."""
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    assert len(pages) == 2
    text = "\n".join(page.extract_text() for page in pages)
    return text.replace("\N{ZERO WIDTH SPACE}", "").replace("\N{NO-BREAK SPACE}", " ")


def test_hostile_names_stay_text_wherever_they_are_shown(visit):
    tab = visit("/?t_supply=74")
    found = answers(tab, t_supply=74.0)
    links = []
    for name in (HOSTILE, FORMULA):
        tab.field("Name of this run").fill(name)
        tab.page.get_by_role("button", name="Save", exact=True).click()
        expect(tab.one("#saved a")).to_have_text(name)
        links.append(tab.one("#saved a").get_attribute("href"))
    tab.page.get_by_role("link", name="Saved runs").first.click()
    for name in (HOSTILE, FORMULA):
        expect(tab.page.get_by_role("link", name=name, exact=True)).to_have_count(1)
        tab.page.get_by_role("checkbox", name=f"Compare {name}").check()
    assert tab.page.evaluate("window.hit") is None
    tab.page.get_by_role("button", name="Compare", exact=True).click()
    assert sorted(tab.one("#comparison thead a").all_inner_texts()) == sorted([HOSTILE, FORMULA])
    assert tab.page.evaluate("window.hit") is None
    tab.page.get_by_role("link", name=HOSTILE, exact=True).click()
    assert tab.text("h1") == HOSTILE
    assert tab.page.url == tab.url + links[0]
    assert HOSTILE in tab.page.title()
    assert tab.field("Name of this run").input_value() == HOSTILE
    assert tab.field(LABELS["t_supply"]).input_value() == "74"
    assert shown(tab) == numbers_of(found)
    assert len(tab.page.evaluate("[...document.images].map(x => x.src)")) == 1
    tab.field(LABELS["t_supply"]).fill("73")
    answers(tab, t_supply=73.0)
    expect(tab.one("#then")).to_contain_text("not saved yet")


def test_runs_stand_side_by_side(visit, saved):
    questions: list[dict[str, Any]] = [{}, {"refrigerant": "R600a", "t_supply": 70.0}]
    names = ["first", "second"]
    ids = [saved(name, **one) for name, one in zip(names, questions, strict=True)]
    tab = visit("/runs")
    button = tab.page.get_by_role("button", name="Compare", exact=True)
    button.click()
    expect(tab.one("#said")).to_have_text("Tick two runs or more first.")
    for name in names:
        tab.page.get_by_role("checkbox", name=f"Compare {name}").check()
    button.click()
    heads = tab.one("#comparison thead a").evaluate_all("all => all.map(x => x.pathname)")
    assert sorted(heads) == sorted(f"/runs/{run}" for run in ids)
    order = [ids.index(head.rpartition("/")[2]) for head in heads]
    found = [assess(Question(**questions[place])) for place in order]
    rows = {
        row[0]: row[1:]
        for row in tab.one("#comparison tr").evaluate_all(
            "all => all.map(x => [...x.cells].map(y => y.textContent.trim()))"
        )
    }
    assert rows["Refrigerant"] == [one.question.refrigerant for one in found]
    assert [float(x) for x in rows["COP"]] == [float(f"{one.estimate.cop:.2f}") for one in found]
    assert rows["In words"] == [degrees(one.sentence) for one in found]
    best = int(np.argmax([one.estimate.cop for one in found]))
    row = tab.one("#comparison tr").filter(has=tab.page.get_by_role("rowheader", name="COP"))
    assert row.locator("td").nth(best).get_attribute("class") == "best"
    table = tab.downloaded(tab.page.get_by_role("link", name="CSV of these").click)
    lines = list(csv.DictReader(io.StringIO(table.decode(), newline="")))
    assert [float(line["cop [1]"]) for line in lines] == [one.estimate.cop for one in found]


def test_a_run_is_deleted_once_that_is_confirmed(visit, saved):
    run = saved("to be deleted")
    tab = visit("/runs")
    asked: list[str] = []
    answer = ["dismiss"]

    def decide(dialog: Any) -> None:
        asked.append(dialog.message)
        getattr(dialog, answer[0])()

    tab.page.on("dialog", decide)
    row = tab.one(f"tr[data-run='{run}']")
    row.get_by_role("button", name="Delete").click()
    assert asked == ["Delete “to be deleted” for good?"]
    expect(row).to_have_count(1)
    answer[0] = "accept"
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(tab.one("#said")).to_have_text("Deleted.")
    tab.page.reload()
    expect(row).to_have_count(0)
    gone = visit(f"/runs/{run}", expect=(404,))
    expect(gone.one("h1")).to_have_text("Nothing there")


def test_documents_have_the_numbers_of_the_page(visit, saved):
    tab = visit(f"/runs/{saved(FORMULA, t_supply=76.0)}")
    found = assess(Question(t_supply=76.0))
    assert shown(tab) == numbers_of(found)

    def document(kind: str) -> bytes:
        data = tab.downloaded(tab.page.get_by_role("button", name=kind).click)
        expect(tab.one("#saved")).to_have_text("Downloaded.")
        return data

    rows = list(csv.DictReader(io.StringIO(document("CSV").decode(), newline="")))
    assert len(rows) == 1
    assert rows[0]["name"] == f"'{FORMULA}"
    assert float(rows[0]["cop [1]"]) == found.estimate.cop
    assert float(rows[0]["heat_cost [EUR/kWh]"]) == shown(tab)["heat_cost"]
    text = document("Text").decode()
    figures = {name: tab.text(f"#answer [data-name={name}]") for name in shown(tab)}
    for name in ("cop", "power", "heat_cost"):
        assert figures[name] in text
    printed = pdf_text(document("PDF"))
    assert f"COP\n{figures['cop']}\n" in printed
    assert f"Electricity\n{figures['power']}\n" in printed
    assert f"Cost of heat\n{figures['heat_cost']} €/kWh\n" in printed
    for plot in ("plot-supply", "plot-source", "plot-map"):
        tab.drawn(plot)
    tab.audit("run")


# For everyone


def test_all_can_be_reached_by_keyboard(visit, saved):
    tab = visit("/")
    keys = tab.page.keyboard
    keys.press("Tab")
    expect(tab.one(".skip")).to_be_focused()
    expect(tab.one(".skip")).to_be_in_viewport()
    keys.press("Enter")
    keys.press("Tab")
    expect(tab.one("#t_source_in")).to_be_focused()
    reached: list[str] = []
    for _ in range(60):
        now: str = tab.page.evaluate("document.activeElement.id || document.activeElement.tagName")
        assert tab.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if now == "SUMMARY" and tab.page.evaluate("!!document.activeElement.closest('.more')"):
            keys.press("Enter")
        reached.append(now)
        if now == "name":
            break
        keys.press("Tab")
    assert set(FIELDS) <= set(reached)
    assert {"reset", "hints", "name"} <= set(reached)
    keys.type("by keyboard")
    keys.press("Tab")
    assert tab.page.evaluate("document.activeElement.textContent") == "Save"
    keys.press("Enter")
    expect(tab.one("#saved a")).to_have_text("by keyboard")


def test_nothing_moves_for_those_who_do_not_want_it(visit):
    tab = visit("/runs", reduced_motion="reduce")
    moving = tab.one("*").evaluate_all(
        "all => all.filter(x => getComputedStyle(x).transitionDuration !== '0s'"
        " || getComputedStyle(x).scrollBehavior !== 'auto').length"
    )
    assert moving == 0


@pytest.mark.parametrize("name", ["runs", "compare", "nothing-compared", "api"])
def test_every_page_fits_phone_and_desktop_and_is_there_for_all(visit, saved, name):
    first = saved("Data centre, north")
    second = saved(HOSTILE, refrigerant="R600a", t_source_in=14, t_source_out=9, t_supply=65)
    tab = visit({"compare": f"/compare?id={first}&id={second}", "nothing-compared": "/compare"}
                .get(name, f"/{name}"))  # fmt: skip
    tab.one("details").evaluate_all("all => all.slice(0, 6).forEach(x => { x.open = true; })")
    tab.audit(name)


def test_what_is_not_there_is_a_page_of_its_own(visit):
    tab = visit("/runs/unknown", expect=(404,))
    expect(tab.one("h1")).to_have_text("Nothing there")
    assert tab.text("main p >> nth=0") == "There is no run 'unknown' of yours."
    tab.audit("missing")
    tab.page.get_by_role("link", name="To the start").click()
    answers(tab)


# Tokens


@pytest.fixture(scope="module")
def closed_site(user_tables, tmp_path_factory) -> Iterator[Any]:
    """A service that asks for tokens."""
    folder = tmp_path_factory.mktemp("tokens")
    tokens = folder / "tokens.toml"
    tokens.write_text("".join(f'{name} = "{token}"\n' for name, token in TOKENS.items()))
    with served(folder, "--tokens", str(tokens)) as server:
        yield server


@pytest.fixture
def visit_closed(browser, closed_site) -> Iterator[Visit]:
    with visiting(browser, closed_site.url) as opened:
        yield opened


def test_the_login_page_is_there_for_all(visit_closed):
    visit_closed("/login").audit("login")


def test_a_token_opens_what_is_ones_own(visit_closed, closed_site):
    def api(owner: str, path: str, body: Any) -> str:
        head = {"authorization": f"Bearer {TOKENS[owner]}"}
        answer = httpx.post(closed_site.url + path, json=body, headers=head, timeout=60)
        assert answer.status_code == 201
        return str(answer.json()["id"])

    own = api("alice", "/api/assessments", {"name": "of Alice", "question": POINT})
    run = api("bob", "/api/assessments", {"name": "of Bob", "question": POINT})
    twin = api("bob", "/api/twins", {"name": "twin of Bob"})
    # Refused on the way: a wrong token, and what is Bob's.
    tab = visit_closed("/runs", expect=(401, 404, 404), width=PHONE)
    assert tab.page.url == f"{tab.url}/login?to=/runs"
    tab.field("Token").fill("not-a-token-of-anybody-at-all")
    tab.page.get_by_role("button", name="Log in").click()
    expect(tab.page.get_by_role("alert")).to_have_text("That is no token of this service.")
    assert tab.page.context.cookies() == []
    tab.field("Token").fill(TOKENS["alice"])
    tab.page.get_by_role("button", name="Log in").click()
    expect(tab.one("h1")).to_have_text("Saved runs")
    assert tab.page.url == f"{tab.url}/runs"
    assert tab.one("main th a").all_inner_texts() == ["of Alice"]
    (cookie,) = tab.page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Strict")
    assert tab.page.evaluate("document.cookie") == ""
    tab.audit("runs-of-a-user")
    tab.go(f"/runs/{own}")
    expect(tab.one("h1")).to_have_text("of Alice")
    for path in (f"/runs/{run}", f"/twin/{twin}"):
        tab.go(path)
        expect(tab.one("h1")).to_have_text("Nothing there")
        assert "of Bob" not in tab.one("html").inner_text()
    tab.page.get_by_role("button", name="Log out alice").click()
    expect(tab.one("h1")).to_have_text("Log in")
    tab.go("/runs")
    expect(tab.one("h1")).to_have_text("Log in")
    # Its cookie, kept by somebody, opens nothing any more.
    kept = {COOKIE: cookie["value"]}
    again = httpx.get(f"{tab.url}/runs", cookies=kept, follow_redirects=False)
    assert again.status_code == 303


def test_nobody_is_led_elsewhere_by_logging_in(visit_closed):
    tab = visit_closed("/login?to=//elsewhere.example/", width=DESKTOP)
    tab.field("Token").fill(TOKENS["bob"])
    tab.page.get_by_role("button", name="Log in").click()
    expect(tab.one("h1")).to_have_text("What is your waste heat worth?")
    assert tab.page.url == f"{tab.url}/"
