"""What the tests share: settings, a folder of their own, and one tiny table."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from surrogate.generate.build import Made, make_table
from surrogate.generate.spec import DesignSpec, derive

# What is asserted there is told in full, as in the tests themselves.
pytest.register_assert_rewrite("tests.browser_cases")

# No deadline: an example may need a full solve. Derandomised: the same run everywhere.
settings.register_profile("default", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("default")

TINY = {
    "t_evap": {"nodes": 8},
    "lift_share": {"nodes": 12},
    "eta_s": {"nodes": 4},
    "held_out": {"points": 80},
}


def tiny_spec(refrigerant: str, **overrides: object) -> DesignSpec:
    """A spec that takes seconds."""
    return derive(refrigerant, **{**TINY, **overrides})


@pytest.fixture(scope="session", autouse=True)
def user_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests away from the user's own tables."""
    folder = tmp_path_factory.mktemp("user")
    os.environ["SURROGATE_TABLES"] = str(folder)
    yield folder
    del os.environ["SURROGATE_TABLES"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small table of a dry fluid that is not shipped, with both branches."""
    return make_table(tiny_spec("R601"), tmp_path_factory.mktemp("tiny"), workers=2)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of the system; where it must be there and is not, that is a failure.

    Once a module, not once a session: while Playwright is there its event loop runs in this
    thread, and other modules run loops of their own.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    missing = None
    if chromium is None:
        missing = "chromium is not installed"
    elif importlib.util.find_spec("playwright") is None:
        missing = "playwright is not installed"
    if missing:
        (pytest.fail if os.environ.get("SURROGATE_CI") else pytest.skip)(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        started = driver.chromium.launch(executable_path=chromium, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(user_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service that runs, without tokens: a :class:`tests.service_cases.Server`."""
    from .service_cases import served

    with served(tmp_path_factory.mktemp("site"), "--workers", "1") as server:
        yield server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run fast tests first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
