"""The documentation runs: doctests, and every command and line of Python shown."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import surrogate
from surrogate import costing
from surrogate.costing.files import RESULTS
from surrogate.costing.optimiser import reasons
from surrogate.costing.parameters import NAMES
from surrogate.costing.schema import TABLES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)

MODULES = sorted(
    module.name
    for package in (
        "surrogate",
        "surrogate.costing",
        "surrogate.costing.report",
        "surrogate.cycle",
        "surrogate.generate",
        "surrogate.validate",
    )
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}.")
)


@pytest.mark.parametrize("name", ["surrogate", *MODULES])
def test_doctests(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def blocks(language: str) -> list:
    """All blocks in a language; what stands on two pages runs once."""
    names = {
        text: f"{page.name}-{number}"
        for page in reversed(PAGES)
        for number, (found, text) in enumerate(FENCE.findall(page.read_text()))
        if found == language
    }
    return [pytest.param(text, id=name) for text, name in names.items()]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_shown(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        exec(compile(code, "docs", "exec"), {})


# What CI runs otherwise, or what takes minutes; its other parts are tested on small tables.
ELSEWHERE = (
    "make ",
    "surrogate generate",
    "surrogate validate",
    "surrogate serve",
    "curl ",
    "python3 -m venv",
    "env/bin/pip install",
)


@pytest.mark.parametrize("text", blocks("sh"))
def test_commands_shown(text, tmp_path):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in text.replace("\\\n", " ").splitlines():
        command = line.split(" #")[0].strip()
        if not command or command.startswith("#"):
            continue
        if command.startswith(ELSEWHERE) and "--show-spec" not in command:
            _check_known(command)
            continue
        result = subprocess.run(
            ["bash", "-c", command], env=environment, cwd=tmp_path, capture_output=True, check=False
        )
        assert result.returncode == 0, (command, result.stderr)


def _check_known(command: str) -> None:
    """Hold a command that is not run here to the options and targets that exist."""
    words = shlex.split(command)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    if words[0] == "surrogate":
        from surrogate.cli import app

        options = {option for p in app.commands[words[1]].params for option in p.opts}
        assert {word for word in words if word.startswith("-")} <= options


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_page_on_costing_says_what_the_code_declares():
    page = ROOT / "docs" / "costing.md"
    spec = importlib.util.spec_from_file_location("page", ROOT / "docs" / "make_costing_page.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = page.read_text(encoding="utf-8")
    assert text == script.filled(text), "run docs/make_costing_page.py"
    for name in (*TABLES, *NAMES, *reasons._MESSAGES):
        assert f"### {name}\n" in text or f"`{name}`" in text


def test_the_page_on_costing_has_every_column_of_a_result():
    given = costing.district(30)
    result = costing.sweep_temperatures(given, flow=[60, 70])
    result["infeasible_reasons"] = reasons.reasons_table([])
    parts = re.split(r"^##+ ", (ROOT / "docs" / "costing.md").read_text("utf-8"), flags=re.M)
    for name in ("buildings", "supplies", "paths", *RESULTS):
        (part,) = [x for x in parts if x.startswith((f"{name}: result\n", f"{name}\n"))][-1:]
        rows = re.findall(r"^\| (`.*?`) \|", part, re.M)
        said = {column for row in rows for column in re.findall(r"`(\w+)`", row)}
        new = set(result[name].columns) - set(given.get(name, ()))
        assert new <= said <= set(result[name].columns), name


def test_the_version_is_known():
    assert re.match(r"\d+\.\d+", surrogate.__version__)
