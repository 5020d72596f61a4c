"""The commands that the page on the service shows, against a service that runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .service_cases import served

PAGE = Path(__file__).parents[1] / "docs" / "service.md"
SHOWN = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for line in block.splitlines()
]
CURLS = [line for line in SHOWN if line.startswith("curl ")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with served(tmp_path_factory.mktemp("docs"), "--workers", "1") as running:
        yield running


@pytest.mark.parametrize("command", CURLS)
def test_what_is_asked_with_curl_is_answered(server, command):
    here = command.replace("http://127.0.0.1:8000", server.url)
    found = subprocess.run(
        [*shlex.split(here), "--silent", "--show-error", "--fail"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)


def test_it_is_served_as_shown(tmp_path):
    (serve,) = [line for line in SHOWN if line.startswith("surrogate serve --host")]
    tokens = [line for line in SHOWN if "tokens.toml" in line and line != serve]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for line in tokens:
        environment = {**os.environ, "PATH": path}
        subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True, env=environment)
    options = shlex.split(serve.replace("tokens.toml", str(tmp_path / "tokens.toml")))[2:]
    assert (tmp_path / "tokens.toml").stat().st_mode & 0o077 == 0
    with served(tmp_path, *options) as running:
        assert running.process.poll() is None
