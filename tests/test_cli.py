"""The command, run as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import surrogate
import surrogate.store

_TEMPERATURES = "--t-source-in 30 --t-source-out 25 --t-return 50 --t-supply 80"
POINT = [*_TEMPERATURES.split(), "--heat-load", "1e6"]


def run(*arguments: str, **kwargs) -> subprocess.CompletedProcess[str]:
    command = str(Path(sys.executable).parent / "surrogate")
    return subprocess.run(
        [command, *arguments], capture_output=True, text=True, check=False, **kwargs
    )


def fails(code: int, *arguments: str) -> str:
    result = run(*arguments)
    assert result.returncode == code, result
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, "one clear sentence"
    return result.stderr


def test_estimate_reports():
    result = run("estimate", "--refrigerant", "R717", *POINT)
    assert result.returncode == 0
    for part in ("3.975", "251.5 kW", "From a table", "B2L", "no PFAS"):
        assert part in result.stdout
    assert result.stderr == ""


def test_estimate_as_json_is_the_library():
    result = run("estimate", "--refrigerant", "R717", *POINT, "--json")
    found = json.loads(result.stdout)
    expected = surrogate.HeatPump("R717").design(
        t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6
    )
    assert found == {"refrigerant": "R717", **expected.to_dict()}


def test_infeasible_is_exit_code_3_with_the_limit():
    point = [*POINT, "--t-supply", "98"]
    message = fails(3, "estimate", "--refrigerant", "R717", *point)
    assert "discharge_temperature" in message
    result = run("estimate", "--refrigerant", "R717", *point, "--json")
    assert result.returncode == 3
    assert json.loads(result.stdout)["limit"] == "discharge_temperature"
    assert json.loads(result.stdout)["cop"] is None


def test_limits_and_parameters_can_be_set():
    point = [*POINT, "--t-supply", "98", "--json"]
    result = run("estimate", "--refrigerant", "R717", *point, "--limit", "t_discharge_max=260")
    assert json.loads(result.stdout)["t_discharge"] > 180
    result = run("estimate", "--refrigerant", "R717", *POINT, "--json", "--set", "pinch=3")
    assert json.loads(result.stdout)["origin"] == "solve"
    assert "surrogate generate R717 --set pinch=3.0" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--refrigerant", "R71"], "knows no fluid"),
        (["--refrigerant", "R29O"], "did you mean R290"),
        (["--refrigerant", "R32&R125"], "mixtures"),
        (["--refrigerant", "HEOS::R717"], "plain name"),
        (["--refrigerant", "R717", "--t-return", "90"], "sink must be heated"),
        (["--refrigerant", "R717", "--heat-load", "nan"], "heat_load"),
        (["--refrigerant", "R717", "--heat-load", "big"], "not a valid float"),
        (["--refrigerant", "R717", "--eta-s", "7"], "eta_s = 7"),
        (["--refrigerant", "R717", "--set", "pinch"], "NAME=NUMBER"),
        (["--refrigerant", "R717", "--set", "pinsh=3"], "unknown parameter"),
        (["--refrigerant", "R717", "--limit", "t=3"], "unknown limit"),
        (["--refrigerant", "R717", "--outside", "guess"], "guess"),
        (["--refrigerant", "R717", "--tables", "/nowhere"], "/nowhere"),
        (["--refrigerant", "R717", "--topology", "x"], "topology"),
        ([], "--refrigerant"),
        (["--refrigerant", "R717", "--eta-s", "0.6", "--outside", "raise"], "outside the table"),
        (["--refrigerant", "R717", "--limit", "t_source_out_min=-5"], "t_source_out_min"),
    ],
)
def test_bad_input_is_exit_code_2(arguments, message):
    assert message in fails(2, "estimate", *POINT, *arguments)


def test_no_answer_is_exit_code_1():
    point = [*POINT, "--eta-s", "0.6", "--outside", "nan"]
    assert "outside the table" in fails(1, "estimate", "--refrigerant", "R717", *point)


def test_an_unknown_command_is_exit_code_2():
    assert "nosuch" in fails(2, "nosuch")


def test_help_says_what_there_is():
    for arguments in (["--help"], ["estimate", "-h"], ["generate", "--help"]):
        result = run(*arguments)
        assert result.returncode == 0
        assert "surrogate" in result.stdout
    assert run().returncode == 2
    assert surrogate.__version__ in run("--version").stdout


def test_tables_lists_what_is_shipped():
    result = run("tables", env={"COLUMNS": "80", "PATH": "/usr/bin", "HOME": "/nonexistent"})
    assert result.returncode == 0, result.stderr
    for name in ("R717", "R1336mzz(E)", "single_stage", "35..96", "B2L", "PFAS"):
        assert name in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "…" not in result.stdout, "a number was cut off"
    rows = json.loads(run("tables", "--json").stdout)
    assert {row["refrigerant"] for row in rows} >= {"R717", "R290", "R410A"}
    assert all(row["error"]["p99"] <= 1e-3 for row in rows)


def test_tables_of_a_folder(tmp_path, tiny):
    assert "no tables" in run("tables", str(tmp_path)).stdout
    assert "no folder" in fails(2, "tables", str(tmp_path / "none"))
    (tmp_path / "broken.nc").write_text("x")
    result = run("tables", str(tmp_path))
    assert result.returncode == 0
    assert "broken.nc" in result.stderr
    assert "R601" in run("tables", str(tiny.path.parent)).stdout


def test_a_spec_is_shown_or_refused(tmp_path):
    result = run("generate", "R1270", "--show-spec")
    assert tomllib.loads(result.stdout)["refrigerant"] == "R1270"
    spec = tmp_path / "shown.toml"
    spec.write_text(result.stdout)
    assert run("generate", str(spec), "--show-spec").stdout == result.stdout
    assert "knows no fluid" in fails(2, "generate", "R71")
    assert "subcritical" in fails(2, "generate", "R744")
    assert "No such file" in fails(2, "generate", "none.toml")
    assert "belong into the file" in fails(2, "generate", "none.toml", "--points", "50")
    assert "points" in fails(2, "generate", "R1270", "--points", "1")


@pytest.mark.slow
def test_a_generated_table_is_found_again(tmp_path):
    spec = tmp_path / "R1270.toml"
    spec.write_text(
        "refrigerant = 'R1270'\n[t_evap]\nnodes = 6\n[lift_share]\nnodes = 8\n"
        "[eta_s]\nnodes = 4\n[held_out]\npoints = 20\n"
    )
    import os

    env = {**os.environ, "SURROGATE_TABLES": str(tmp_path / "mine")}
    result = run("generate", str(spec), env=env)
    assert result.returncode == 0, result.stderr
    assert "It is found from now on" in result.stdout
    point = [*POINT, "--t-supply", "70", "--json"]
    answer = run("estimate", "--refrigerant", "propylene", *point, env=env)
    assert json.loads(answer.stdout)["origin"] == "table"
    assert "R1270 *" in run("tables", env=env).stdout


CENTRE = ["operate", "--plant", "data-centre"]
AT = ["--t-source-in", "27", "--t-return", "47", "--t-supply", "74"]


def test_operate_reports():
    result = run(*CENTRE, *AT, "--heat-load", "3e5")
    assert result.returncode == 0, result
    for part in ("COP", "capacity", "suction volume flow", "it cycles now", "plant's own table"):
        assert part in result.stdout
    assert result.stderr == ""


def test_operate_as_json_is_the_library():
    design = ["--refrigerant", "R290", "--design", "18,13,42,68", "--design-load", "3e6"]
    result = run("operate", *design, *AT, "--t-supply", "60", "--heat-load", "2e6", "--json")
    found = json.loads(result.stdout)
    plant = surrogate.HeatPump("R290").plant(
        t_source_in=18, t_source_out=13, t_return=42, t_supply=68, heat_load=3e6
    )
    expected = plant.operate(t_source_in=27, t_return=47, t_supply=60, heat_load=2e6)
    assert found == {"refrigerant": "R290", **expected.to_dict()}


def test_operate_says_what_a_plant_cannot():
    message = fails(3, *CENTRE, *AT, "--heat-load", "2e6")
    assert "suction_volume_flow" in message
    assert "capacity" in message


def test_operate_keeps_every_hour_of_a_csv(tmp_path):
    hours = tmp_path / "hours.csv"
    hours.write_text(
        "time,heat_load, t_source_in,note\n0:00,6e5,27,007\n1:00,0,27,\n2:00,9e6,27,NA\n"
        "3:00,2e5,26,True\n"
    )
    output = tmp_path / "deep" / "answers.csv"
    result = run(
        *CENTRE, "--hours", str(hours), "--t-return", "47", "--t-supply", "74", "-o", str(output)
    )
    assert result.returncode == 0, result
    assert result.stdout == ""
    frame = pd.read_csv(output, dtype={"note": str}, keep_default_na=False, na_values={"cop": ""})
    assert frame["note"].tolist() == ["007", "", "NA", "True"]
    assert frame["time"].tolist() == ["0:00", "1:00", "2:00", "3:00"]
    assert frame["status"].tolist() == ["ok", "off", "infeasible", "ok"]
    assert frame["cycling"].tolist() == [False, False, False, True]
    assert frame["t_supply"].tolist() == [74] * 4
    printed = run(*CENTRE, "--hours", str(hours), "--t-return", "47", "--t-supply", "74")
    assert printed.stdout == output.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t_source_in,heat_load\n27,1e5\n26,much\n", "line 3: heat_load is 'much'"),
        ("t_source_in\n27\n", "no column heat_load"),
        ("t_source_in,heat_load\n", "no rows"),
        ("t_source_in,heat_load\n27,1e5\n\n26,1e5\n", "line 3: 0 fields, but the header has 2"),
        ("t_source_in,heat_load\n1,27,1e5\n", "line 2: 3 fields"),
        ("t_source_in,heat_load,heat_load\n27,1,1\n", "more than one column 'heat_load'"),
        ("t_source_in,heat_load,power\n27,1,1\n", "an answer would overwrite"),
        ("t_source_in,heat_load\n27,\n", "line 2: heat_load is empty"),
        ("t_source_in,heat_load\n27,1e5\n999,1e5\n", "t_source_in = 999 in line 3"),
        ("t_source_in;heat_load\n27;1e5\n", "semicolons"),
        (None, "no such file"),
    ],
)
def test_operate_refuses_bad_hours(tmp_path, text, said):
    hours = tmp_path / "hours.csv"
    if text is not None:
        hours.write_text(text)
    temperatures = ["--t-return", "47", "--t-supply", "74"]
    assert said in fails(2, *CENTRE, "--hours", str(hours), *temperatures)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plant", "moon", *AT, "--heat-load", "1"], "data-centre"),
        (["--plant", "river", "--refrigerant", "R290", *AT], "without those"),
        (["--refrigerant", "R290", *AT], "--design"),
        (["--refrigerant", "R290", "--design", "1,2", "--design-load", "1e6"], "four temperatures"),
        (["--plant", "river", *AT], "--heat-load"),
        (["--plant", "river", "--eta-s", "0.7", *AT, "--heat-load", "1"], "without those"),
        (["--plant", "river", *AT, "--heat-load", "1", "-o", "a.csv"], "--output is for"),
    ],
)
def test_operate_refuses_what_is_not_enough(arguments, said):
    assert said in fails(2, "operate", *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plant", "R717"], "the shipped plants are data-centre"),
        (["regressor", "R7171", "--show-spec"], "knows no fluid"),
        (["plant"], "knows no fluid"),
        ([], "give a refrigerant"),
        (["plant", "a.toml", "b.toml"], "give a refrigerant"),
    ],
)
def test_generate_says_what_it_needs(arguments, said):
    assert said in fails(2, "generate", *arguments)


def test_specs_of_all_kinds_are_shown():
    result = run("generate", "regressor", "R134a", "--show-spec")
    assert tomllib.loads(result.stdout)["plants"] == 500
    specs = Path(surrogate.store.shipped_folder()) / "specs"
    result = run("generate", "plant", str(specs / "plant-river.toml"), "--show-spec")
    assert tomllib.loads(result.stdout)["sink_glide"]["high"] == 37.5


def test_tables_lists_all_kinds():
    rows = json.loads(run("tables", "--json").stdout)
    kinds = [row["kind"] for row in rows]
    assert (kinds.count("design"), kinds.count("plant"), kinds.count("regressor")) == (13, 6, 13)
    river = next(row for row in rows if row.get("plant") == "river")
    assert river["sizing"]["t_source_in"] == 8
    text = run("tables").stdout
    for part in ("Design points", "Plants", "Any plant", "8/4>40/65"):
        assert part in text
