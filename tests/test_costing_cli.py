"""``surrogate cost`` and ``surrogate district``, run as people run them."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

import surrogate.cli
from surrogate import costing
from surrogate.costing.optimiser.search import Progress
from surrogate.costing.summary import telling

COMMAND = str(Path(sys.executable).parent / "surrogate")
FEWEST = 30
"""The fewest buildings that a district may have."""


@dataclass
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys, monkeypatch, tmp_path) -> Run:
    """Run the command in this process, in a folder of its own: libraries load but once."""
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["surrogate", *map(str, arguments)])
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            with pytest.raises(SystemExit) as end:
                surrogate.cli.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Ran(int(end.value.code or 0), printed.out, printed.err)

    return ran


@pytest.fixture(scope="session")
def town(tmp_path_factory) -> Path:
    """The smallest district."""
    file = tmp_path_factory.mktemp("town") / "town.gpkg"
    costing.write(costing.district(FEWEST), file)
    return file


def layer(file: Path, name: str) -> pd.DataFrame:
    import pyogrio

    frame: pd.DataFrame = pyogrio.read_dataframe(file, layer=name, read_geometry=False)
    return frame


def summary(file: Path) -> pd.Series:
    return layer(file, "solution_summary").iloc[0]


def test_two_commands_from_nothing_to_a_result(tmp_path):
    for command in ("district town.gpkg --buildings 30 --seed 3", "cost town.gpkg -o result.gpkg"):
        ran = subprocess.run(
            [COMMAND, *command.split()], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, ""), command
    assert sorted(x.name for x in tmp_path.iterdir()) == ["result.gpkg", "town.gpkg"]
    row = summary(tmp_path / "result.gpkg")
    buildings = layer(tmp_path / "result.gpkg", "buildings")
    assert row.network_building_count == buildings.in_network.sum() > 0
    assert f"{row.network_building_count} of 30" in ran.stdout
    assert f"{row.network_connection_count} of {buildings.connections.sum()}" in ran.stdout
    assert f"{row.network_npv:,.0f}".replace(",", " ") in ran.stdout
    assert row.state in ran.stdout
    for _, supply in layer(tmp_path / "result.gpkg", "supplies").iterrows():
        assert supply.supply_id in ran.stdout
        if supply.in_network:
            assert f"{supply.load_kw:,.0f}".replace(",", " ") in ran.stdout
    assert "result.gpkg" in ran.stdout.splitlines()[-1]
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert "…" not in ran.stdout, "something was cut off"


def test_json_is_the_library(run, town):
    ran = run("cost", town, "-o", "result.gpkg", "--json", "--run", "first")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    expected = costing.optimise(costing.read(town), run="first")["solution_summary"].iloc[0]
    assert list(found) == list(expected.index)
    for name in set(found) - {"runtime", "start_date"}:
        assert found[name] == pytest.approx(expected[name]), name
    assert found["run"] == "first"
    assert summary(Path("result.gpkg")).network_npv == found["network_npv"]


def test_quiet_says_nothing(run, town):
    ran = run("cost", town, "-o", "result.gpkg", "--quiet", "--set", "optimiser/mip-gap=0.05")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert Path("result.gpkg").exists()


def test_parameters_can_be_set(run, town):
    sets = ("finance/npv-rate=0.07", ":Objective/use-tariffs=TRUE", "constraint/max-buildings=7")
    options = [part for text in sets for part in ("--set", text)]
    ran = run("cost", town, "-o", "result.gpkg", "--json", *options)
    assert ran.code == 0
    table = layer(Path("result.gpkg"), "parameters")
    values = dict(zip(table.parameter, table.value, strict=True))
    assert values["finance/npv-rate"] == "0.07"
    assert values["constraint/max-buildings"] == "7"
    assert values["finance/npv-term"] == "40", "the file's others stay"
    assert table.parameter.is_unique
    flow = layer(Path("result.gpkg"), "cashflow")
    found = json.loads(ran.out)
    assert (flow.value / 1.07**flow.year).sum() == pytest.approx(found["network_npv"], abs=0.01)
    assert found["network_building_count"] <= 7


def test_parameters_can_be_set_without_a_table(run, tmp_path):
    given = costing.district(FEWEST)
    del given["parameters"]
    costing.write(given, tmp_path / "town.gpkg")
    assert run("cost", "town.gpkg", "-o", "a.gpkg", "-q", "--set", "finance/npv-term=9").code == 0
    assert layer(tmp_path / "a.gpkg", "cashflow").year.max() == 8
    assert layer(tmp_path / "a.gpkg", "parameters").value.tolist() == ["9"]


def test_a_blank_value_is_the_default(run, tmp_path):
    given = costing.district(FEWEST)
    table = given["parameters"]
    table.loc[table.parameter == "finance/npv-term", "value"] = "never"
    costing.write(given, tmp_path / "town.gpkg")
    assert run("cost", "town.gpkg", "-o", "a.gpkg", "-q", "--set", "finance/npv-term=").code == 0
    assert layer(tmp_path / "a.gpkg", "cashflow").year.max() == 39


def test_folders_do_as_well(run, town, tmp_path):
    costing.write(costing.read(town), tmp_path / "town")
    whole = run("cost", town, "-o", "result.gpkg", "--json")
    parts = run("cost", "town", "-o", "result", "--json")
    assert (parts.code, parts.err) == (0, "")
    assert {x.name for x in Path("result").iterdir()} == {
        *(x.name for x in Path("town").iterdir()),
        "building_margins.csv",
        "cashflow.csv",
        "solution_summary.csv",
    }
    npv = [json.loads(ran.out)["network_npv"] for ran in (whole, parts)]
    # A folder's GeoJSON is in degrees, so it is worked in another plane.
    assert npv[0] == pytest.approx(npv[1], rel=2e-3)


def test_a_result_is_an_input_again(run, town):
    first = run("cost", town, "-o", "first.gpkg", "--json", "--set", "optimiser/mip-gap=0.001")
    second = run("cost", "first.gpkg", "-o", "second.gpkg", "--json")
    assert (second.code, second.err) == (0, "")
    npv = [json.loads(ran.out)["network_npv"] for ran in (first, second)]
    assert npv[0] == pytest.approx(npv[1], rel=1e-3)


def test_coordinates_can_be_named(run, tmp_path):
    given = costing.district(FEWEST)
    for name in ("buildings", "paths", "supplies"):
        given[name] = given[name].set_crs(None, allow_override=True)
    costing.write(given, tmp_path / "town")
    assert run("cost", "town", "-o", "a.gpkg", "-q", "--crs", "EPSG:25832").code == 0
    import pyogrio

    assert pyogrio.read_info(tmp_path / "a.gpkg", layer="paths")["crs"] == "EPSG:25832"
    assert run("cost", "town", "-o", "b.gpkg", "-q").code == 0
    assert pyogrio.read_info(tmp_path / "b.gpkg", layer="paths")["crs"] is None
    assert summary(tmp_path / "a.gpkg").network_npv == summary(tmp_path / "b.gpkg").network_npv


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_infeasible_is_exit_code_3_with_reasons(run, town, option):
    limits = ["--set", "constraint/min-buildings=25", "--set", "constraint/max-network-length=300"]
    ran = run("cost", town, "-o", "result.gpkg", option, *limits)
    assert ran.code == 3
    table = layer(Path("result.gpkg"), "infeasible_reasons")
    first, *sentences = ran.err.splitlines()
    assert first.startswith("surrogate: infeasible")
    assert [text.strip() for text in sentences] == table.message.tolist()
    assert "constraint/" in ran.err
    assert summary(Path("result.gpkg")).state == "infeasible"
    if option == "--json":
        found = json.loads(ran.out)
        assert found["infeasible_reasons"] == table.message.tolist()
        assert found["network_npv"] is None
    else:
        assert ran.out == ""


def test_no_network_in_time_is_exit_code_1(run, town):
    ran = run("cost", town, "-o", "result.gpkg", "--set", "optimiser/runtime-limit=1e-9")
    assert (ran.code, ran.out) == (1, "")
    assert "no network found (runtime-limit)" in ran.err
    assert "optimiser/runtime-limit" in ran.err
    assert summary(Path("result.gpkg")).state == "no network found (runtime-limit)"


def test_a_first_look_by_the_heuristic_alone(run, town):
    ran = run("cost", town, "-o", "result.gpkg", "--set", "optimiser/method=heuristic")
    assert ran.code == 0
    assert "non-optimal (heuristic): the heuristic alone, nothing is proven" in ran.out
    row = summary(Path("result.gpkg"))
    assert row.network_building_count > 0
    assert row.upper_bound > row.objective == row.lower_bound


def test_what_the_heuristic_does_not_know_is_said(run, town):
    asked = ("optimiser/method=heuristic", "constraint/min-npv=1e9")
    ran = run("cost", town, "-o", "result.gpkg", "--set", asked[0], "--set", asked[1])
    assert ran.code == 1
    assert "no network found (heuristic); take another optimiser/method" in ran.err


def broken(tmp_path: Path) -> None:
    given = costing.district(FEWEST)
    given["buildings"].loc[2, "annual_demand_kwh"] = -5
    given["paths"].loc[0, "constraint"] = "perhaps"
    del given["tariffs"]
    given["parameters"].loc[0, "parameter"] = "finance/npv-rat"
    costing.write(given, tmp_path / "town.gpkg")


def test_bad_input_is_exit_code_2_with_all_problems(run, tmp_path):
    broken(tmp_path)
    ran = run("cost", "town.gpkg", "-o", "result.gpkg", "--set", "finance/npv-term=0")
    assert (ran.code, ran.out) == (2, "")
    for said in (
        "5 problems",
        "buildings, row 3, annual_demand_kwh: ",
        "paths, row 1, constraint: ",
        "tariffs: this table is missing",
        "did you mean finance/npv-rate?",
        "--set finance/npv-term: input should be greater than or equal to 1; given '0'",
    ):
        assert said in ran.err
    assert not Path("result.gpkg").exists()


def test_a_parameter_that_stands_twice_is_of_the_file(run, tmp_path):
    given = costing.district(FEWEST)
    given["parameters"] = pd.concat([given["parameters"]] * 2)
    costing.write(given, tmp_path / "town.gpkg")
    ran = run("cost", "town.gpkg", "-o", "a.gpkg", "--set", "optimiser/mip-gap=1", "--set", "x=1")
    assert ran.code == 2
    assert "parameters, row 1, parameter: 'finance/npv-rate' stands 2 times" in ran.err
    assert "--set x: no parameter is called 'x'" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cost"], "INPUT"),
        (["cost", "town.gpkg"], "--output"),
        (["cost", "no.gpkg", "-o", "a.gpkg"], "there is no such file"),
        (["cost", "town.gpkg", "-o", "a.gpkg", "--set", "x"], "NAME=VALUE"),
        (["cost", "town.gpkg", "-o", "a.gpkg", "--set", "=1"], "NAME=VALUE"),
        (["cost", "town.gpkg", "-o", "a.gpkg", "--crs", "x"], "coordinate reference system"),
        (["cost", "town.gpkg", "-o", "a.xlsx"], "another kind"),
        (["cost", "town.gpkg", "-o", "town.gpkg"], "is the input"),
        (["cost", "town.gpkg", "-o", "./link.gpkg"], "is the input"),
        (["cost", "town.gpkg", "-o", "town.gpkg/a.gpkg"], "cannot be written"),
        (["cost", "folder", "-o", "../{here}/folder"], "is the input"),
        (["cost", "nowhere", "-o", "../{here}/nowhere"], "is the input"),
        (["district"], "RESULT"),
        (["district", "town.gpkg"], "is there already"),
        (["district", "folder"], "is there already"),
        (["district", "a.gpkg", "--buildings", "3"], "buildings=3"),
        (["district", "a.gpkg", "--seed", "-1"], "seed=-1"),
        (["district", "a.csv"], "another kind"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(run, town, tmp_path, monkeypatch, arguments, said):
    (tmp_path / "town.gpkg").write_bytes(town.read_bytes())
    (tmp_path / "link.gpkg").symlink_to("town.gpkg")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "tariffs.csv").write_text("tariff_id\n1\n")
    monkeypatch.setattr(costing, "optimise", lambda *a, **k: pytest.fail("it was solved"))
    ran = run(*(str(x).format(here=tmp_path.name) for x in arguments))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1, "one clear sentence"
    assert (tmp_path / "town.gpkg").read_bytes() == town.read_bytes()


@pytest.mark.parametrize("module", ["geopandas", "pyogrio", "highspy", "networkx"])
def test_a_missing_extra_is_named(run, town, monkeypatch, module):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == module else found(name, *a)
    )
    ran = run("cost", town, "-o", "result.gpkg")
    assert ran.code == 2
    assert f"this needs {module}" in ran.err
    assert "heatpump-surrogate[costing]" in ran.err


def test_a_district_is_the_same_for_a_seed(run):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        ran = run("district", name, "--buildings", "40", "--seed", seed)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"{name}: 40 buildings, ")
    text = [Path(name, "buildings.geojson").read_text() for name in "abc"]
    assert text[0] == text[1] != text[2]


@pytest.fixture
def in_terminal() -> Iterator[Callable[..., tuple[subprocess.Popen[str], int]]]:
    """Start the command in a terminal of its own; nothing is left running, whatever happens."""
    started: list[tuple[subprocess.Popen[str], int]] = []
    # Some runners block the signal, and a child inherits that.
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def start(*arguments: str, cwd: Path) -> tuple[subprocess.Popen[str], int]:
        outer, inner = pty.openpty()
        termios.tcsetwinsize(inner, (24, 80))
        process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=inner,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(cwd), "TERM": "xterm"},
        )
        os.close(inner)
        started.append((process, outer))
        return process, outer

    yield start
    for process, outer in started:
        process.kill()
        process.wait()
        os.close(outer)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def test_ctrl_c_writes_the_best_so_far(tmp_path, in_terminal):
    costing.write(costing.district(300), tmp_path / "town.gpkg")
    for_ever = ["--set", "optimiser/mip-gap=0", "--set", "optimiser/param-gap=0"]
    process, terminal = in_terminal(
        "cost", "town.gpkg", "-o", "result.gpkg", *for_ever, cwd=tmp_path
    )
    seen = _until(terminal, rb"solve \d+: \d+")  # what a terminal shows: there is a network
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)  # who is impatient loses nothing
    seen += _until(terminal, None)
    out, _ = process.communicate()
    assert process.returncode == 130
    assert b"interrupted; the best network so far is in result.gpkg" in seen
    assert "non-optimal (interrupted)" in out
    row = summary(tmp_path / "result.gpkg")
    assert row.state == "non-optimal (interrupted)"
    assert row.network_building_count > 0
    flow = layer(tmp_path / "result.gpkg", "cashflow")
    assert (flow.value / 1.04**flow.year).sum() == pytest.approx(row.network_npv, abs=0.01)


def test_ctrl_c_before_there_is_a_network(run, town, monkeypatch):
    found = costing.optimise

    def interrupted(*tables, stop, **how):
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set()
        return found(*tables, stop=stop, **how)

    monkeypatch.setattr(costing, "optimise", interrupted)
    ran = run("cost", town, "-o", "result.gpkg")
    assert (ran.code, ran.out) == (130, "")
    assert "interrupted; no network was found so far" in ran.err
    assert summary(Path("result.gpkg")).state == "no network found (interrupted)"


def _until(terminal: int, pattern: bytes | None, patience: float = 240.0) -> bytes:
    """What a terminal gets, up to a pattern or to its end."""
    seen, ends = b"", time.monotonic() + patience
    while time.monotonic() < ends:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                seen += os.read(terminal, 4096)
            except OSError:  # how Linux says that nobody writes any more
                if pattern is None:
                    return seen
                break
        if pattern is not None and re.search(pattern, seen):
            return seen
    pytest.fail(f"not within {patience} s, or never: {seen[-300:]!r}")


def test_progress_is_told_in_lines_where_there_is_no_terminal():
    text = io.StringIO()
    with telling(Console(file=text, width=20), 0.0) as told:
        told(Progress(0, -float("inf"), float("inf"), 3.2))
        told(Progress(1, 1234567.0, 1300000.0, 65.0))
    assert text.getvalue() == (
        "solve 0: no network yet, 3 s\nsolve 1: 1 234 567, at most 1 300 000 (gap 5.3 %), 65 s\n"
    )
    with telling(Console(file=text), 60.0) as told:
        told(Progress(2, 0.0, 0.0, 80.0))
    assert "solve 2" not in text.getvalue(), "too early for a line"


def test_help_says_what_there_is(run):
    assert {"cost", "district"} <= set(run("--help").out.split())
    text = run("cost", "--help").out
    for option in ("--output", "--crs", "--set", "--run", "--json", "--quiet"):
        assert option in text
