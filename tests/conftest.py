"""What the tests share: settings, a folder of their own, and one tiny table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from surrogate.generate.build import Made, make_table
from surrogate.generate.spec import DesignSpec, derive

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run fast tests first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
