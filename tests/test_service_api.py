"""The HTTP API: answers are the library's, problems name field, value and limit."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

import surrogate
from surrogate.service import jobs
from surrogate.service.settings import Settings
from surrogate.service.work import Workers

from .service_cases import HOPELESS, OUTSIDE, POINT, Client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("service")
    with Client(Settings(niceness=0, database=folder / "runs.sqlite", workers=2)) as made:
        yield made


PUMP = surrogate.HeatPump("R717")
PLANT = {"refrigerant": "R717", "design": POINT}


def test_a_point_has_the_librarys_numbers(client):
    found = client.post("/api/design", json={"refrigerant": "ammonia", **POINT})
    assert found.status_code == 200
    answer = found.json()
    expected = PUMP.design(**POINT)
    assert answer["refrigerant"] == "R717"
    for name in ("cop", "power", "heat_source", "t_discharge", "error", "mass_flow"):
        assert answer[name] == getattr(expected, name)
    assert (answer["status"], answer["origin"]) == ("ok", "table")


def test_lists_broadcast(client):
    supply = [60.0, 70.0, 80.0, 120.0]
    found = client.post("/api/design", json={**POINT, "t_supply": supply, "outside": "nan"}).json()
    expected = PUMP.design(**{**POINT, "t_supply": supply}, outside="nan")
    assert found["status"] == expected.status.tolist()
    assert found["cop"][:3] == expected.cop[:3].tolist()
    assert found["cop"][3] is None


def test_limits_and_parameters_go_in(client):
    found = client.post("/api/design", json={**POINT, "limits": {"t_discharge_max": 150}}).json()
    assert (found["status"], found["limit"]) == ("infeasible", "discharge_temperature")
    assert "150" in found["reason"]
    changed = client.post(
        "/api/design", json={**POINT, "parameters": {"pinch": 3}, "outside": "nan"}
    ).json()
    assert changed["status"] == "outside"  # no such table is shipped


def test_a_year_of_a_plant(client):
    hours = np.arange(8760)
    winter = np.cos(2 * np.pi * hours / 8760)
    year = {
        "t_source_in": (28 - 2 * winter).tolist(),
        "t_return": (47 + 2 * winter).tolist(),
        "t_supply": (72 + 7 * winter).tolist(),
        "heat_load": (5e5 + 4e5 * winter).tolist(),
    }
    found = client.post("/api/operate", json={**PLANT, **year, "quantities": ["cop"]}).json()
    expected = PUMP.plant(**POINT).operate(**year)
    assert found["cop"] == [None if np.isnan(x) else x for x in expected.cop.tolist()]
    assert found["summary"]["cop"] == pytest.approx(expected.summary()["cop"], rel=1e-12)
    assert found["summary"]["points"] == 8760
    assert "power" not in found


def test_capacity(client):
    at = {"t_source_in": [25, 28], "t_return": 50, "t_supply": 80}
    found = client.post("/api/capacity", json={**PLANT, **at}).json()
    assert found["capacity"] == PUMP.plant(**POINT).capacity(**at).tolist()
    assert set(found["limit"]) == {"suction_volume_flow"}


def test_tables_tell_their_errors_and_no_paths(client):
    found = client.get("/api/tables").json()
    kinds = {row["kind"] for row in found["tables"]}
    assert kinds == {"design", "plant", "regressor"}
    assert len([row for row in found["tables"] if row["kind"] == "design"]) >= 13
    assert str(Path(surrogate.__file__).parents[1]) not in json.dumps(found)


def test_health(client):
    assert client.get("/health").json()["status"] == "ok"


@pytest.mark.parametrize(
    ("change", "field", "limit"),
    [
        ({"t_source_in": 500}, "t_source_in", "<= 400"),
        ({"t_source_in": "warm"}, "t_source_in", None),
        ({"t_supply": None}, "t_supply", None),
        ({"t_return": 90}, "t_return", "below t_supply = 80 degC"),
        ({"t_source_out": [31, 20]}, "t_source_out", "below t_source_in = 30 degC"),
        ({"refrigerant": "R999"}, "refrigerant", None),
        ({"heat_load": -1}, "heat_load", ">= 0"),
        ({"outside": "guess"}, "outside", None),
        ({"colour": "blue"}, "colour", None),
        ({"limits": {"speed": 3}}, "limits", None),
        ({"parameters": {"pinch": 0}}, "parameters", None),
        ({"eta_s": [0.7, 0.8], "t_supply": [70, 75, 80]}, "body", None),
    ],
)
def test_mistakes_name_field_and_limit(client, change, field, limit):
    found = client.post("/api/design", json={**POINT, **change})
    assert found.status_code == 422
    assert found.headers["content-type"] == "application/problem+json"
    problem = found.json()
    assert problem["type"] == "/api#problem-invalid-input"
    assert problem["status"] == 422
    assert problem["instance"] == "/api/design"
    named = {one["field"]: one for one in problem["errors"]}
    assert field in named, problem
    assert named[field].get("limit") == limit or limit is None
    value = change.get(field)
    if isinstance(value, (int, float, str)):
        assert named[field]["value"] == value


def test_numbers_that_are_none_are_refused(client):
    body = '{"t_source_in": NaN, "t_source_out": 25, "t_return": 50, "t_supply": 1e999}'
    found = client.post("/api/design", content=body, headers={"content-type": "application/json"})
    assert found.status_code == 422
    assert {"t_source_in", "t_supply", "heat_load"} <= {e["field"] for e in found.json()["errors"]}


def test_no_json_is_a_problem(client):
    found = client.post("/api/design", content=b"{", headers={"content-type": "application/json"})
    assert found.status_code == 422
    assert found.headers["content-type"] == "application/problem+json"


def test_what_is_not_there(client):
    for path in ("/api/nothing", "/api/solves/unknown", "/api/assessments/x", "/api/twins/x"):
        found = client.get(path)
        assert (found.status_code, found.headers["content-type"]) == (
            404, "application/problem+json",
        )  # fmt: skip
    assert client.get("/api/design").status_code == 405


def test_a_plant_that_cannot_be(client):
    at = {"t_source_in": 30, "t_return": 50, "t_supply": 80, "heat_load": 1}
    hot = client.post("/api/operate", json={"design": {**POINT, "t_supply": 100}, **at})
    assert hot.status_code == 422
    problem = hot.json()
    # Beyond the table's end it takes a full solve to know.
    hotter = client.post("/api/operate", json={"design": {**POINT, "t_supply": 120}, **at})
    assert hotter.status_code == 202
    found = client.solved(hotter.json()["solve"]["url"])
    assert (found["state"], found["result"]) == ("failed", None)
    for one in (problem, found["problem"]):
        assert one["type"] == "/api#problem-infeasible"
        assert one["errors"][0]["field"] == "discharge_temperature"
        assert "t_discharge_max = 180 degC" in one["errors"][0]["limit"]


def test_a_full_solve_runs_beside(client):
    body = {**POINT, "t_return": 20, "t_supply": [33, 60, 34], "heat_load": 1e6}
    found = client.post("/api/design", json=body)
    assert found.status_code == 202
    first = found.json()
    assert first["status"] == ["outside", "ok", "outside"]
    assert first["cop"][1] is not None
    assert found.headers["location"] == first["solve"]["url"]
    events = client.get(first["solve"]["events"]).text
    told = [json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: ")]
    assert told[0]["done"] == 0
    assert (told[-1]["state"], told[-1]["done"], told[-1]["total"]) == ("done", 2, 2)
    assert "event: end" in events
    answer = client.get(first["solve"]["url"]).json()["result"]
    assert answer["origin"] == ["solve", "table", "solve"]
    from surrogate.cycle import solve_design

    exact = solve_design("R717", **{**POINT, "t_return": 20, "t_supply": 33})
    assert answer["cop"][0] == pytest.approx(exact.cop, rel=1e-9)
    assert answer["failures"] == {} if "failures" in answer else True


def test_a_plant_outside_is_solved_too(client):
    body = {"design": OUTSIDE, "t_source_in": 29, "t_return": 21, "t_supply": 34, "heat_load": 8e5}
    assert client.post("/api/operate", json={**body, "outside": "nan"}).status_code == 422
    first = client.post("/api/operate", json=body)
    assert first.status_code == 202
    answer = client.solved(first.json()["solve"]["url"])["result"]
    assert (answer["status"], answer["origin"]) == ("ok", "solve")
    assert answer["summary"]["points"] == 1
    assert answer["cop"] == pytest.approx(answer["heat_load"] / answer["power"])


def test_a_solve_can_be_stopped(client):
    supply = np.linspace(28, 34.5, 100).tolist()
    started = client.post("/api/design", json={**OUTSIDE, "t_supply": supply}).json()["solve"]
    assert client.delete(started["url"]).status_code == 204
    client.settle()
    found = client.get(started["url"]).json()
    assert (found["state"], found["result"]) == ("cancelled", None)


def test_too_many_at_once(client):
    many = np.linspace(26, 34, 500).tolist()
    found = client.post("/api/design", json={**OUTSIDE, "t_supply": many})
    assert found.status_code == 422
    assert found.json()["type"] == "/api#problem-too-many-solves"
    assert "200" in found.json()["detail"]
    points = [80.0] * 40_001
    found = client.post("/api/design", json={**POINT, "t_supply": points})
    assert found.status_code == 422
    assert "40000" in found.json()["detail"]


def test_the_rate_of_solves_is_bounded_for_each_client(tmp_path):
    settings = Settings(niceness=0, database=tmp_path / "runs.sqlite", workers=1, solves_per_hour=3)
    with Client(settings) as client:
        ask = {**OUTSIDE, "t_supply": [33, 34]}
        assert client.post("/api/design", json=ask).status_code == 202
        refused = client.post("/api/design", json=ask)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 3000
        assert refused.json()["type"] == "/api#problem-rate-limited"
        # Answers from tables are not limited.
        assert client.post("/api/design", json=POINT).status_code == 200


def test_a_solve_that_takes_too_long_is_ended_and_told(tmp_path):
    settings = Settings(niceness=0, database=tmp_path / "runs.sqlite", workers=1, solve_seconds=1.0)
    with Client(settings) as client:
        # Loading TESPy alone takes longer: the first solve never ends in time.
        first = client.post("/api/design", json=HOPELESS).json()["solve"]
        found = client.solved(first["url"])
    assert found["state"] == "done"
    assert "stopped after 1 s" in found["result"]["failures"]["0"]
    assert found["result"]["status"] == "outside"


def test_bodies_are_bounded_whether_they_say_their_length_or_not(client):
    large = b'{"refrigerant": "' + b"x" * 5_000_000 + b'"}'
    kind = {"content-type": "application/json"}
    for content in (large, iter([large[:3_000_000], large[3_000_000:]])):
        body = content if isinstance(content, bytes) else _streamed(content)
        found = client.post("/api/design", content=body, headers=kind)
        assert (found.status_code, found.json()["type"]) == (413, "/api#problem-too-large")
    small = _streamed(iter([json.dumps(POINT).encode()]))
    assert client.post("/api/design", content=small, headers=kind).status_code == 200


async def _streamed(parts):
    for part in parts:
        yield part


def test_the_description_is_whole(client):
    schema = client.get("/api/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["tags"], path
            assert operation["description"], (method, path)
            assert operation["responses"], (method, path)
    body = schema["components"]["schemas"]["DesignQuestion"]
    assert body["examples"][0]["t_supply"] == 80
    reference = client.get("/api").text
    assert all(path in reference for path in schema["paths"])
    assert "problem-infeasible" in reference


def test_a_million_mistakes_cost_no_more_than_one(client):
    for wrong in ([""] * 300_000, [80.0] * 300_000, {"a": 1}, [[80.0]]):
        found = client.post("/api/design", json={**POINT, "t_supply": wrong})
        assert found.status_code == 422
        assert len(found.json()["errors"]) <= 2
        assert len(found.content) < 2000
    many = dict.fromkeys(map(str, range(10**5)), "")
    found = client.post("/api/design", json={**POINT, "limits": many})
    assert (found.status_code, len(found.json()["errors"])) == (422, 1)


def test_signs_that_are_none_and_names_that_look_like_types(client):
    kind = {"content-type": "application/json"}
    found = client.post("/api/design", content=b'{"refrigerant": "\\ud800"}', headers=kind)
    assert found.status_code == 422
    names = {"strange": 1, "list_of": 2, "integer": 3, "floating": 4}
    found = client.post("/api/design", json={**POINT, **names})
    assert set(names) <= {error["field"] for error in found.json()["errors"]}
    found = client.post("/api/design", content=b'{"a": ', headers=kind)
    assert found.json()["errors"][0]["field"] == "body"


def test_jobs_that_are_over_bar_nobody(client):
    """More than are kept may come and go in an hour."""
    for _ in range(120):
        started = client.post("/api/design", json=OUTSIDE)
        assert started.status_code == 202, started.text
        assert client.delete(started.json()["solve"]["url"]).status_code == 204
        client.settle(0.001)
    client.settle(0.2)
    assert client.get("/health").json()["solves_running"] == 0


def test_one_owner_may_not_take_all_jobs(tmp_path):
    settings = Settings(niceness=0, database=tmp_path / "runs.sqlite", workers=1)
    with Client(settings) as client:
        statuses = [client.post("/api/design", json=OUTSIDE).status_code for _ in range(25)]
        assert statuses[:20] == [202] * 20
        refused = client.post("/api/design", json={**OUTSIDE, "t_supply": 33.1})
        if refused.status_code != 202:  # unless some were done meanwhile
            assert (refused.status_code, refused.json()["type"]) == (503, "/api#problem-busy")


def test_results_are_forgotten_by_their_size(client):
    desk = client.app.state.desk
    now = time.monotonic()
    large = b"x" * (jobs.MOST_BYTES - 10)
    old = jobs.Job("local", 1, state="done", answer=large, ended=now - 5)
    new = jobs.Job("local", 1, state="done", answer=b"y" * 100, ended=now)
    desk.jobs._jobs |= {old.id: old, new.id: new}
    desk.jobs.make_room("local")
    assert new.id in desk.jobs._jobs
    assert old.id not in desk.jobs._jobs
    del desk.jobs._jobs[new.id]


def test_full_solves_give_way_to_everything_else():
    workers = Workers(1, 60.0)
    try:
        assert asyncio.run(workers.run(os.nice, 0)) == 19
    finally:
        workers.close()
