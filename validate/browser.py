"""How long people wait: the assessment page in headless Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surrogate.errors import MissingExtraError
from surrogate.extras import need

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
_LONGEST = 30_000.0

# Looks before every frame; what is there then is on the screen one frame later. Times are of
# the page's clock, which begins with the navigation.
_WATCH = """
window.bench = {};
bench.drawn = () => ["plot-supply", "plot-source", "plot-map"].every((name) =>
    document.querySelector(`#${name} .scatterlayer .trace, #${name} .heatmaplayer image`))
    && document.querySelector("#fluids tbody tr") !== null;
bench.cop = () => document.querySelector("#answer data[data-name=cop]")?.textContent.trim();
bench.once = (name, there) => {
  const look = () => {
    if (there()) requestAnimationFrame(() => { bench[name] = performance.now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};
bench.once("answered", bench.cop);
bench.once("charted", bench.drawn);
"""

_TYPING = """
document.getElementById("t_supply").addEventListener("input", () => {
  bench.typed = performance.now();
  bench.once("changed", bench.cop);
}, { once: true });
"""

_PAINTED = 'performance.getEntriesByName("first-contentful-paint")[0].startTime'


@dataclass(frozen=True)
class Visit:
    """What somebody waits for who visits the page the first time [s].

    Attributes
    ----------
    answer : float
        From the start of the navigation until the COP is on the screen.
    charts : float
        Until all charts are drawn as well, plotly.js fetched and all.
    typing : float
        From a digit typed until the answer to it is on the screen.
    """

    answer: float
    charts: float
    typing: float


def visits(url: str, count: int) -> list[Visit]:
    """Visit the assessment page, each time as a browser that knows nothing of it.

    Parameters
    ----------
    url : str
        The service.
    count : int
        How often; one more goes before, which is not counted.

    Raises
    ------
    MissingExtraError
        If there is no Chromium, or no Playwright to drive it.
    """
    with _chromium() as browser:
        return [_visit(browser, url) for _ in range(count + 1)][1:]


@contextmanager
def _chromium() -> Iterator[Browser]:
    need("playwright", "test")
    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if program is None:
        raise MissingExtraError("this needs Chromium; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


def _visit(browser: Browser, url: str) -> Visit:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.set_default_timeout(_LONGEST)
        page.add_init_script(_WATCH)
        sent = page.goto(url, wait_until="commit")
        if sent is None or not sent.ok:
            raise RuntimeError(f"{url} is no page: {sent and sent.status}")
        answer, charts = _time(page, "answered"), _time(page, "charted")
        painted = float(page.evaluate(_PAINTED))
        return Visit(max(answer, painted) / 1e3, charts / 1e3, _typed(page) / 1e3)
    finally:
        context.close()


def _typed(page: Page) -> float:
    """Time from the second digit of 75 degC to its answer [ms]; the first one has none."""
    field = page.locator("#t_supply")
    field.fill("7")
    page.wait_for_function("() => !bench.cop()")
    page.evaluate(_TYPING)
    field.press("5")
    changed = _time(page, "changed")
    return changed - float(page.evaluate("bench.typed"))


def _time(page: Page, name: str) -> float:
    """Wait until the page has noted a time [ms]."""
    found = page.wait_for_function(f"() => bench.{name}", polling=20).json_value()
    return float(found)
