"""Pages of the service in a browser, held to what holds for every page."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"
"""Where pictures of the pages are kept, by page and width."""

PHONE, DESKTOP = 390, 1280

_PATIENCE = 90_000
"""Longest wait for a condition [ms]: how long a machine under load may take."""

_SHEDDING = "Failed to load resource"
"""How the browser's console tells of a response that the test expects to fail."""

AUDIT = Path(__file__).with_name("browser_audit.js").read_text(encoding="utf-8")
"""What a page must be for people who do not see it, or not well; returns complaints."""


@dataclass
class Tab:
    """A page in the browser, what it asked for, and what it complained of.

    It lives where JavaScript runs.
    """

    page: Any
    url: str
    lives: bool = True
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        page = self.page
        page.set_default_timeout(_PATIENCE)
        page.on("request", lambda one: self.asked.append(one.url))
        page.on("response", lambda one: one.status >= 400 and self.refused.append(one.status))
        page.on("console", self._hear)
        page.on("pageerror", lambda one: self.errors.append(str(one)))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_SHEDDING):
            self.errors.append(message.text)

    @property
    def foreign(self) -> list[str]:
        """Requests that went to any other host."""
        own = urlsplit(self.url).netloc
        return [
            url
            for url in self.asked
            if urlsplit(url).netloc != own and not url.startswith(("data:", f"blob:{self.url}"))
        ]

    def go(self, path: str) -> Tab:
        self.page.goto(self.url + path)
        return self

    def one(self, selector: str) -> Any:
        return self.page.locator(selector)

    def field(self, label: str) -> Any:
        return self.page.get_by_label(label, exact=True)

    def text(self, selector: str) -> str:
        return " ".join(self.one(selector).evaluate("x => x.innerText ?? x.textContent").split())

    def until(self, condition: str, given: Any = None) -> None:
        """Wait until JavaScript that takes ``given`` is true."""
        self.page.wait_for_function(condition, arg=given, timeout=_PATIENCE)

    def wait(self, condition: Callable[[], Any]) -> None:
        """Wait until something is true here, while the page goes on."""
        end = time.monotonic() + _PATIENCE / 1e3
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            self.page.evaluate("new Promise(requestAnimationFrame)")

    def numbers(self, selector: str) -> list[float]:
        """Values of the numbers in a part of the page, in full."""
        return [float(x) for x in self.one(f"{selector} data").evaluate_all(_VALUES)]

    def drawn(self, plot: str) -> None:
        """Wait until a chart is drawn."""
        self.until("id => document.getElementById(id)?.querySelector('.scatterlayer .trace')", plot)

    def traces(self, plot: str) -> list[dict[str, Any]]:
        """What a chart shows, trace by trace."""
        self.drawn(plot)
        found: list[dict[str, Any]] = self.page.evaluate(
            "id => document.getElementById(id).data.map(x => ({x: x.x, y: x.y, mode: x.mode}))",
            plot,
        )
        return found

    def downloaded(self, click: Callable[[], None]) -> bytes:
        """What a click saves as a file."""
        with self.page.expect_download(timeout=_PATIENCE) as found:
            click()
        return Path(found.value.path()).read_bytes()

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        width = self.page.viewport_size["width"]
        self.page.evaluate("scrollTo(0, 0)")
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)

    def audit(self, name: str) -> None:
        """Hold the page to its rules at both widths, and keep its picture at each."""
        for width in (DESKTOP, PHONE):
            self.page.set_viewport_size({"width": width, "height": 900})
            # Charts follow the window a little later than the rest.
            self.until(
                "width => [...document.querySelectorAll('.js-plotly-plot .main-svg')].every("
                "x => x.getBoundingClientRect().right <= width)",
                width,
            )
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, width
            assert self.page.evaluate(f"({AUDIT})()") == []
            self.screenshot(name)
            if width == DESKTOP:
                assert self.one(".wide").evaluate_all(_CUT) == []


_CUT = "all => all.filter(x => x.scrollWidth > x.clientWidth + 1).map(x => x.innerText)"
_VALUES = "all => all.map(x => x.value)"

Visit = Callable[..., Tab]


@contextlib.contextmanager
def visiting(browser: Any, url: str) -> Iterator[Visit]:
    """Open pages of a service; all of them keep the rules until the end.

    One context serves all visits, so that the browser reads its files once,
    but for those that give options of their own.
    """
    shared = browser.new_context()
    own: list[Any] = [shared]
    opened: list[tuple[Tab, tuple[int, ...]]] = []

    def visit(
        path: str, *, width: int = DESKTOP, expect: tuple[int, ...] = (), **options: Any
    ) -> Tab:
        if options:
            own.append(browser.new_context(**options))
        page = own[-1 if options else 0].new_page()
        page.set_viewport_size({"width": width, "height": 900})
        tab = Tab(page, url, options.get("java_script_enabled", True))
        opened.append((tab, expect))
        return tab.go(path)

    try:
        yield visit
        for tab, expected in opened:
            assert tab.page.evaluate("window.hit") is None
            if tab.lives:
                # A turn of the page's loop: what went wrong before has been told then.
                tab.page.evaluate("new Promise(done => setTimeout(done))")
            assert tab.errors == []
            assert tab.foreign == []
            assert tuple(tab.refused) == expected
    finally:
        for context in own:
            context.close()
