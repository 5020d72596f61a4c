"""Takes the pictures of ``docs/service.md``: both pages in a browser; needs chromium."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

TARGETS = Path(__file__).parent / "images"
SIZE = {"width": 1240, "height": 1180}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run the service with a database of its own."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "surrogate", "serve", "--port", str(port)]
    process = subprocess.Popen([*command, "--database", str(folder / "runs.sqlite")])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/health")
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def take(browser: Browser, url: str, drawn: str, name: str, height: int) -> None:
    """Take a picture of the top of a page, once something is drawn on it."""
    tab = browser.new_page(viewport={**SIZE, "height": height})
    tab.goto(url)
    tab.wait_for_selector(drawn)
    tab.wait_for_load_state("networkidle")
    taken = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    small = taken.resize((taken.width * 3 // 4, taken.height * 3 // 4), Image.Resampling.LANCZOS)
    # A few colours do, at a third of the size.
    small.quantize(128).save(TARGETS / name, optimize=True)
    tab.close()


def begun(browser: Browser, url: str) -> str:
    """Begin a twin away from its design point; return its page."""
    tab = browser.new_page()
    tab.goto(f"{url}/twin")
    tab.get_by_role("button", name="Begin").click()
    tab.wait_for_url("**/twin/*")
    tab.get_by_label("Source, inlet, exactly").fill("13")
    tab.get_by_label("Supply, exactly").fill("42")
    with tab.expect_response("**/setting"):
        tab.get_by_label("Heat load, exactly").fill("16")
    tab.wait_for_load_state("networkidle")
    page = tab.url
    tab.close()
    return page


def main() -> None:
    """Serve, and take both pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as url,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, f"{url}/", "#plot-supply .main-svg", "service.png", SIZE["height"])
        take(browser, begun(browser, url), "#plot-ph .main-svg", "twin.png", 960)
        browser.close()


if __name__ == "__main__":
    main()
