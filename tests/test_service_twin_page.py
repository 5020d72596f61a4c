"""The digital twin's page, used in a browser as people use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from surrogate.assessment.words import scaled, significant
from surrogate.twin import (
    Design,
    Setting,
    Twin,
    TwinState,
    calibrate,
    compare,
    example_csv,
    read_measured,
)

from .browser_cases import Tab, Visit, visiting

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=90_000)

HOSTILE = "<script>window.hit=1</script>\"'><img src=x onerror='window.hit=1'>{{7*7}}"
NOTHING = "\N{EN DASH}"
NOW, DESIGN = 2, 1
"""Columns of the table that sets both against each other."""


@pytest.fixture
def visit(browser, site) -> Iterator[Visit]:
    with visiting(browser, site.url) as opened:
        yield opened


@pytest.fixture
def api(site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=60) as client:
        yield client


@pytest.fixture
def begun(api) -> Iterator[Callable[..., str]]:
    """Begin a session through the API; returns its path. Deleted in the end, if still there."""
    made: list[str] = []

    def begin(name: str = "Workshop", **design: Any) -> str:
        answer = api.post("/api/twins", json={"name": name, "design": design})
        assert answer.status_code == 201
        made.append(answer.json()["id"])
        return f"/twin/{made[-1]}"

    yield begin
    for one in made:
        assert api.delete(f"/api/twins/{one}").status_code in (204, 404)


def column(tab: Tab, place: int) -> dict[str, float | None]:
    """Quantities of the table, in full."""
    return {
        name: None if value is None else float(value)
        for name, value in tab.one("#design-now tbody tr").evaluate_all(
            "(all, place) => all.map("
            "x => [x.dataset.name, x.cells[place].querySelector('data')?.value ?? null])",
            place,
        )
    }


def cycle(tab: Tab) -> tuple[list[float], list[float]]:
    """The cycle in the log p-h diagram as it is now."""
    trace = tab.traces("plot-ph")[-2]
    return trace["x"], trace["y"]


def shows(tab: Tab, state: TwinState) -> None:
    """Wait until the page shows a state, and hold all of it against the library's."""
    told = state.to_dict()
    values = told["values"]
    assert state.status == "ok"
    tab.until(
        "power => Number(document.querySelector('#design-now [data-name=power]')?.cells[2]"
        ".querySelector('data')?.value) === power",
        values["power"],
    )
    now = column(tab, NOW)
    assert now == {name: values[name] for name in now}
    gauge = tab.one("#gauge")
    assert float(gauge.get_attribute("aria-valuenow")) == pytest.approx(values["cop"], abs=5.1e-4)
    assert tab.text("#gauge-value") == f"{values['cop']:.2f}"
    for place, name in (("heat", "heat_load"), ("power", "power"), ("source", "heat_source")):
        assert tab.one(f"#scheme-{place}").text_content() == scaled(values[name], "W")
    for name in ("t_return", "t_supply", "t_source_in", "t_source_out"):
        assert tab.one(f"#scheme-{name}").text_content() == f"{values[name]:.1f} °C"
    for name, point in told["points"].items():
        lines = tab.one(f"#state-{name} [data-of]").all_text_contents()
        assert lines == [
            f"{point['t']:.1f} °C",
            f"{significant(point['p'])} bar",
            f"{point['h']:.0f} kJ/kg",
        ]
    path = [point["h"] for point in told["path"]], [point["p"] for point in told["path"]]
    tab.until("h => document.getElementById('plot-ph').data?.at(-2).x[1] === h", path[0][1])
    assert cycle(tab) == path
    status = tab.text("#status")
    assert f"COP {values['cop']:.2f}" in status
    assert ("with breaks" in status) is state.cycling


def shows_nothing(tab: Tab, why: str) -> None:
    """Wait until the page says why there are no states, and shows none."""
    expect(tab.one("#status")).to_contain_text(why)
    for name in ("suction", "discharge", "liquid", "mixture"):
        assert tab.one(f"#state-{name} [data-of]").all_text_contents() == [NOTHING, "", ""]
    assert tab.text("#gauge-value") == NOTHING
    assert tab.one("#gauge").get_attribute("aria-valuetext") == "off"
    assert not tab.one("#gauge-arc").get_attribute("d")
    tab.until("() => document.getElementById('plot-ph').data.at(-2).x.length === 0")
    assert column(tab, NOW)["cop"] is None


def exact(tab: Tab, label: str) -> Any:
    """The field that takes a number exactly."""
    return tab.page.get_by_label(f"{label}, exactly")


# A machine


def test_a_twin_is_begun_through_the_form_and_deleted(visit):
    tab = visit("/twin")
    tab.field("Name").fill(HOSTILE)
    tab.field("Heat").fill("25,5")
    tab.field("Supply").fill("44")
    tab.page.get_by_role("button", name="Begin").click()
    expect(tab.one("h1")).to_have_text(HOSTILE)
    twin = Twin(Design(heat_load=25.5e3, t_supply=44.0))
    shows(tab, twin.at(twin.design.setting()))
    values = twin.design_state.to_dict()["values"]
    known = column(tab, DESIGN)
    assert known == {name: values.get(name) for name in known}
    assert known["cop"] is not None
    assert "R410A" in tab.text(".chips")
    expect(tab.one("#chip-factors")).to_have_text("as designed")
    tab.page.get_by_role("link", name="Digital twin").click()
    row = tab.one("tr").filter(has=tab.page.get_by_role("link", name=HOSTILE, exact=True))
    expect(row).to_have_count(1)
    asked: list[str] = []
    tab.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    assert asked == [f"Delete “{HOSTILE}” and its history for good?"]


def test_a_machine_that_cannot_be_built_says_why(visit):
    tab = visit("/twin", expect=(422, 422, 422))
    begin = tab.page.get_by_role("button", name="Begin")
    tab.field("Supply").fill("much")
    begin.click()
    expect(tab.one("#t_supply-error")).to_have_text("This is no number.")
    tab.field("Supply").fill("25")
    begin.click()
    expect(tab.one("#t_return-error")).to_contain_text("must be below t_supply = 25.0 °C")
    expect(tab.field("Return")).to_have_attribute("aria-invalid", "true")
    expect(tab.one("#t_supply-error")).to_be_empty()
    tab.field("Supply").fill("150")
    begin.click()
    expect(tab.one("#wrong")).to_contain_text("outside the table of R410A")
    expect(tab.one("[aria-invalid]")).to_have_count(0)
    tab.field("Supply").fill("45")
    tab.field("Source, outlet").fill("-3")
    begin.click()
    expect(tab.one("#wrong")).to_contain_text("water would freeze")
    assert tab.page.url == f"{tab.url}/twin"


def test_sliders_and_numbers_move_the_machine(visit, begun):
    tab = visit(begun())
    twin = Twin(Design())
    shows(tab, twin.at(twin.design.setting()))
    before, arc = cycle(tab), tab.one("#gauge-arc").get_attribute("d")
    tab.page.get_by_role("slider", name="Source, inlet").focus()
    for _ in range(15):
        tab.page.keyboard.press("ArrowRight")
    assert exact(tab, "Source, inlet").input_value() == "11.5"
    setting = Setting(t_source_in=11.5, t_return=30.0, t_supply=45.0, heat_load=2e4)
    shows(tab, twin.at(setting))
    assert cycle(tab) != before
    assert tab.one("#gauge-arc").get_attribute("d") != arc
    exact(tab, "Supply").fill("47,5")
    exact(tab, "Heat load").fill("12.3")
    moved = Setting(t_source_in=11.5, t_return=30.0, t_supply=47.5, heat_load=12.3e3)
    shows(tab, twin.at(moved))
    assert tab.page.get_by_role("slider", name="Supply").input_value() == "47.5"
    tab.page.get_by_role("button", name="To the design point").click()
    shows(tab, twin.at(twin.design.setting()))


def test_a_setting_that_cannot_be_says_why_and_shows_no_states(visit, begun):
    tab = visit(begun(), expect=(422, 422))
    twin = Twin(Design())
    shows(tab, twin.at(twin.design.setting()))
    exact(tab, "Heat load").fill("40")
    shows_nothing(tab, "at these temperatures it delivers at most 20 kW")
    exact(tab, "Heat load").fill("0")
    shows_nothing(tab, "The heat load is 0: the machine is off.")
    exact(tab, "Heat load").fill("15")
    setting = twin.design.setting().model_dump() | {"heat_load": 1.5e4}
    shows(tab, twin.at(Setting(**setting)))
    exact(tab, "Return").fill("many")
    shows_nothing(tab, "is no number")
    expect(tab.one("#t_return-error")).to_have_text("This is no number.")
    # Once as it is dragged, once when it rests.
    exact(tab, "Return").fill("46")
    expect(tab.one("#t_return-error")).to_contain_text("must be below t_supply = 45")
    tab.wait(lambda: len(tab.refused) == 2)
    shows_nothing(tab, "must be below")
    expect(exact(tab, "Return")).to_have_attribute("aria-invalid", "true")
    exact(tab, "Return").fill("30")
    shows(tab, twin.at(Setting(**setting)))
    expect(tab.one("[aria-invalid]")).to_have_count(0)


def test_what_nothing_knows_is_solved_in_full_with_progress(visit, begun):
    tab = visit(begun())
    held: list[Any] = []
    tab.page.route("**/api/solves/*/events", lambda route: held.append(route))
    exact(tab, "Heat load").fill("10")
    exact(tab, "Supply").fill("58")
    expect(tab.one("#solve")).to_be_visible()
    shows_nothing(tab, "lies outside what is known of the machine")
    expect(tab.one("#solve-words")).to_contain_text("simulated in full")
    tab.wait(lambda: held)
    held[-1].continue_()
    twin = Twin(Design())
    alone = twin.plant.operate(t_source_in=10.0, t_return=30.0, t_supply=58.0, heat_load=1e4)
    assert alone.origin == "solve"
    shows(tab, twin.state_of(alone))
    expect(tab.one("#solve")).to_be_hidden()
    expect(tab.one("#gauge-words")).to_contain_text("from a full simulation")


def test_steps_make_a_history_that_stays(visit, begun):
    tab = visit(begun())
    twin = Twin(Design())
    step = tab.page.get_by_role("button", name="Step", exact=True)
    expect(tab.one("#history-words")).to_be_visible()
    tab.field("Hours a step").fill("2")
    step.click()
    expect(tab.one("#step-words")).to_have_text("Hour 2 has passed.")
    exact(tab, "Heat load").fill("14")
    second = twin.at(Setting(**twin.design.setting().model_dump() | {"heat_load": 1.4e4}))
    shows(tab, second)
    tab.field("Hours a step").fill("0.5")
    step.click()
    expect(tab.one("#step-words")).to_have_text("Hour 2.5 has passed.")
    states = [twin.at(twin.design.setting()), second]

    def history() -> None:
        tab.until("() => document.getElementById('plot-history').data?.[0].x.length === 2")
        cop, idle, power = tab.traces("plot-history")
        assert cop["x"] == power["x"] == [2.0, 2.5]
        assert cop["y"] == [one.values["cop"] for one in states]
        assert power["y"] == [one.values["power"] / 1e3 for one in states]
        assert idle["x"] == []

    history()
    expect(tab.one("#history-words")).to_be_hidden()
    tab.page.reload()
    assert exact(tab, "Heat load").input_value() == "14"
    shows(tab, second)
    history()
    run = tab.page.get_by_role("button", name="Run")
    run.click()
    tab.until("() => document.getElementById('plot-history').data[0].x.length >= 4")
    pause = tab.page.get_by_role("button", name="Pause")
    expect(pause).to_have_attribute("aria-pressed", "true")
    pause.click()
    expect(run).to_have_attribute("aria-pressed", "false")


def test_another_refrigerant_is_a_machine_as_well(visit):
    tab = visit("/twin")
    tab.field("Refrigerant").select_option("R717")
    for label, text in (
        ("Source, inlet", "30"),
        ("Source, outlet", "25"),
        ("Return", "50"),
        ("Supply", "80"),
        ("Heat", "1000"),
    ):
        tab.field(label).fill(text)
    tab.page.get_by_role("button", name="Begin").click()
    design = Design(
        refrigerant="R717", t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6
    )
    twin = Twin(design)
    shows(tab, twin.at(design.setting()))
    expect(tab.one(".chips")).to_contain_text("R717")
    exact(tab, "Supply").fill("76")
    exact(tab, "Heat load").fill("1050")
    shows_nothing(tab, "it delivers at most")
    exact(tab, "Heat load").fill("850")
    setting = Setting(t_source_in=30, t_return=50, t_supply=76, heat_load=8.5e5)
    shows(tab, twin.at(setting))


# The real machine


def deviations(tab: Tab) -> dict[str, list[float]]:
    """Means, bias and RMSE by quantity, in full."""
    return {
        name: [float(value) for value in values]
        for name, values in tab.one("#deviations tbody tr").evaluate_all(
            "all => all.map(x => "
            "[x.dataset.name, [...x.querySelectorAll('data')].map(y => y.value)])"
        )
    }


def upload(tab: Tab, text: str) -> None:
    tab.field("Upload CSV").set_input_files(
        {"name": "hours.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )


def test_measured_hours_are_compared_as_the_library_does(visit, begun):
    tab = visit(begun(), expect=(422,))
    text = example_csv(72)
    upload(tab, text)
    found = compare(Twin(Design()), read_measured(text.encode()))
    expect(tab.one("#upload-words")).to_have_text(f"{found.compared} of 72 hours compared.")
    wanted = {
        name: [one.measured, one.simulated, one.bias, one.rmse]
        for name, one in found.deviations.items()
    }
    assert deviations(tab) == wanted
    assert {"power", "cop", "t_evap", "t_cond", "t_discharge"} == set(wanted)
    power = found.deviations["power"]
    row = tab.text("#deviations [data-name=power]")
    assert f"{scaled(power.bias, 'W')} ({100 * power.relative_bias:.1f} %)" in row
    assert f"{scaled(power.rmse, 'W')} ({100 * power.cv_rmse:.1f} %)" in row
    worst = tab.one("#worst tbody tr").first.locator("td").last
    expect(worst).to_have_text(f"{100 * found.worst(1)[0]['deviation']:+.1f} %")
    for count in found.left_out.values():
        expect(tab.one("#left-out")).to_contain_text(f"{count} hour")
    measured, simulated = tab.traces("plot-measured")
    hours = found.to_dict()["series"]["power"]
    for trace, key in ((measured, "measured"), (simulated, "simulated")):
        assert trace["y"] == [None if x is None else x / 1e3 for x in hours[key]]
    bad = text.splitlines()
    bad[2] = bad[2].replace(bad[2].split(",")[5], "4k2")
    upload(tab, "\n".join(bad))
    expect(tab.one("#upload-words")).to_contain_text(
        "line 3, power: '4k2', but it must be a number"
    )
    tab.page.reload()
    tab.drawn("plot-measured")
    assert deviations(tab) == wanted
    tab.page.get_by_role("button", name="Forget the hours").click()
    expect(tab.one("#compared")).to_be_hidden()
    expect(tab.page.get_by_role("button", name="Calibrate")).to_be_disabled()


def test_a_calibrated_twin_is_kept_until_it_is_given_up(visit, begun):
    tab = visit(begun())
    expect(tab.page.get_by_role("button", name="Calibrate")).to_be_disabled()
    tab.page.get_by_role("button", name="Try with an example").click()
    expect(tab.one("#upload-words")).to_contain_text("of 168 hours compared")
    tab.page.get_by_role("button", name="Calibrate").click()
    expect(tab.one("#calibrate-words")).to_contain_text("Fitted to")
    design = Design()
    measured = read_measured(example_csv().encode())
    found = calibrate(Twin(design), measured)
    factors = found.factors.model_dump()

    def fitted() -> None:
        expect(tab.one("#factors tr")).to_have_count(3)
        for name, value in factors.items():
            factor, error = tab.numbers(f"#factors [data-name={name}]")
            assert factor == pytest.approx(value, abs=1e-6)
            assert error == pytest.approx(found.standard_errors[name], rel=1e-3)
        for name, before in found.before.deviations.items():
            after = found.after.deviations[name]
            figures = tab.numbers(f"#before-after [data-name={name}]")
            wanted = [before.bias, after.bias, before.rmse, after.rmse]
            assert figures == pytest.approx(wanted, rel=1e-3, abs=1e-3)
        assert found.after.deviations["power"].rmse < 0.5 * found.before.deviations["power"].rmse

    fitted()
    expect(tab.one("#chip-factors")).to_have_text("as designed")
    tab.page.get_by_role("button", name="Keep the calibrated twin").click()
    expect(tab.one("#calibrate-words")).to_contain_text("Kept")
    chip = (
        f"calibrated: efficiency {factors['eta_s']:.3f}, UA {factors['ua_condenser']:.2f} and "
        f"{factors['ua_evaporator']:.2f} of the design's"
    )
    expect(tab.one("#chip-factors")).to_have_text(chip)
    worn = Twin(design, found.factors)
    # Fouled as it is, it no longer delivers what it was sized for.
    assert worn.at(design.setting()).status == "infeasible"
    shows_nothing(tab, "at these temperatures it delivers at most")
    exact(tab, "Heat load").fill("15")
    setting = Setting(**design.setting().model_dump() | {"heat_load": 1.5e4})
    power = worn.at(setting).values["power"]
    assert power > 1.05 * Twin(design).at(setting).values["power"]
    close(tab, worn.at(setting))
    assert deviations(tab)["power"][3] == pytest.approx(
        found.after.deviations["power"].rmse, rel=1e-3
    )
    tab.page.reload()
    expect(tab.one("#chip-factors")).to_have_text(chip)
    close(tab, worn.at(setting))
    fitted()
    tab.page.get_by_role("button", name="Back to the machine as designed").click()
    expect(tab.one("#chip-factors")).to_have_text("as designed")
    shows(tab, Twin(design).at(setting))
    tab.page.reload()
    expect(tab.one("#chip-factors")).to_have_text("as designed")


def close(tab: Tab, state: TwinState) -> None:
    """Wait until the page shows a state that hangs on a fit: to a millionth."""
    tab.until(
        "power => Math.abs(Number(document.querySelector('#design-now [data-name=power]')?.cells[2]"
        ".querySelector('data')?.value) / power - 1) < 1e-6",
        state.values["power"],
    )
    now = column(tab, NOW)
    for name in ("cop", "t_evap", "t_cond", "capacity"):
        assert now[name] == pytest.approx(state.values[name], rel=1e-6, abs=1e-6)


# For everyone


def test_the_pages_fit_phone_and_desktop_and_are_there_for_all(visit, begun, api):
    path = begun(f"Workshop {HOSTILE}")
    twin = f"/api{path.replace('twin', 'twins')}"
    text = example_csv(96)
    assert api.put(
        f"{twin}/measured", content=text, headers={"content-type": "text/csv"}
    ).is_success
    solve = api.post(f"{twin}/calibration").json()
    while api.get(solve["url"]).json()["state"] == "running":
        time.sleep(0.05)
    assert api.put(f"{twin}/factors", json={"solve": solve["id"]}).is_success
    for hour in range(4):
        setting = {"t_source_in": 10 - hour, "t_return": 30, "t_supply": 45, "heat_load": 16e3}
        assert api.put(f"{twin}/setting", json=setting).is_success
        assert api.post(f"{twin}/step", json={"hours": 1}).is_success
    tab = visit(path)
    for plot in ("plot-ph", "plot-history", "plot-measured"):
        tab.drawn(plot)
    expect(tab.one("#calibrated")).to_be_visible()
    tab.audit("twin")
    tab.go("/twin")
    expect(tab.one("main")).to_contain_text(HOSTILE)
    tab.audit("twins")


def test_all_can_be_reached_by_keyboard(visit, begun):
    tab = visit(begun())
    reached = []
    for _ in range(40):
        tab.page.keyboard.press("Tab")
        reached.append(tab.page.evaluate("document.activeElement.id"))
        if reached[-1] == "example":
            break
    names = ("t_source_in", "t_return", "t_supply", "heat_load")
    wanted = {*names, *(f"{name}-number" for name in names), "to-design", "hours", "step", "run"}
    assert wanted | {"file", "example"} <= set(reached)


def test_a_session_that_is_not_there_is_a_page_of_its_own(visit):
    tab = visit("/twin/unknown", expect=(404,))
    expect(tab.one("h1")).to_have_text("Nothing there")
    tab.audit("twin-missing")
