"""Takes the picture of the report in ``docs/costing.md``: its top, in a browser; needs chromium."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from surrogate import costing

TARGET = Path(__file__).parent / "images" / "costing-report.png"
SIZE = {"width": 1160, "height": 1330}


def main() -> None:
    """Cost the shipped district, and take the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed")
    result = costing.optimise(costing.district(), user="")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = Path(folder) / "town.html"
        costing.write_report(result, page)
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport=SIZE)
        tab.goto(page.as_uri())
        taken = Image.open(io.BytesIO(tab.screenshot()))
        browser.close()
    small = taken.convert("RGB").resize((SIZE["width"] * 3 // 4, SIZE["height"] * 3 // 4))
    small.save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
