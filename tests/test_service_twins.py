"""Twins over HTTP: sessions, steps, measured hours, calibration."""

from __future__ import annotations

import pytest

from surrogate.service.settings import Settings
from surrogate.twin import (
    Design,
    Factors,
    Setting,
    Twin,
    calibrate,
    compare,
    example_csv,
    read_measured,
)

from .service_cases import Client

COOL = {"t_source_in": 8, "t_return": 30, "t_supply": 40, "heat_load": 1.5e4}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("twins")
    with Client(Settings(niceness=0, database=folder / "runs.sqlite", workers=1)) as made:
        yield made


@pytest.fixture
def twin(client):
    made = client.post("/api/twins", json={"name": "Workshop"})
    assert made.status_code == 201, made.text
    return made.json()


def test_a_session_begins_at_its_design(client, twin):
    assert twin["design"] == Design().model_dump()
    assert twin["state"] == Twin(Design()).at(Design().setting()).to_dict()
    assert twin["design_state"]["values"]["cop"] == Twin(Design()).design_state.values["cop"]
    assert (twin["factors"], twin["has_measured"], twin["steps"]) == (None, False, 0)
    assert client.get(f"/api/twins/{twin['id']}").json() == twin


def test_set_step_history_delete(client, twin):
    path = f"/api/twins/{twin['id']}"
    state = client.put(f"{path}/setting", json=COOL).json()
    assert state == Twin(Design()).at(Setting(**COOL)).to_dict()
    for hours in (1, 0.5):
        step = client.post(f"{path}/step", json={"hours": hours}).json()
        assert step["values"]["cop"] == state["values"]["cop"]
    steps = client.get(f"{path}/history").json()["steps"]
    assert [one["hour"] for one in steps] == [1.0, 1.5]
    assert client.get(f"{path}/history?after=1").json()["steps"] == steps[1:]
    resumed = client.get(path).json()
    assert (resumed["setting"]["t_source_in"], resumed["hours"], resumed["steps"]) == (8, 1.5, 2)
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"t_return": 50}, "t_return"),
        ({"t_source_in": 1000}, "t_source_in"),
        ({"heat_load": -1}, "heat_load"),
        ({"heat_load": None}, "heat_load"),
    ],
)
def test_impossible_settings_name_their_field(client, twin, change, field):
    found = client.put(f"/api/twins/{twin['id']}/setting", json={**COOL, **change})
    assert found.status_code == 422
    assert found.json()["errors"][0]["field"] == field
    assert client.get(f"/api/twins/{twin['id']}").json()["setting"]["t_return"] == 30


def test_a_machine_that_cannot_be_is_no_session(client):
    before = len(client.get("/api/twins").json()["twins"])
    for design, kind in (
        ({"t_source_in": 60, "t_source_out": 50}, "infeasible"),
        ({"refrigerant": "R601"}, "outside"),
        ({"t_source_out": 12}, "invalid-input"),
        ({"refrigerant": "R999"}, "invalid-input"),
    ):
        found = client.post("/api/twins", json={"design": design})
        assert found.status_code == 422, design
        assert found.json()["type"] == f"/api#problem-{kind}", found.text
    assert len(client.get("/api/twins").json()["twins"]) == before


def test_what_nothing_covers_is_solved_in_full(client, twin):
    path = f"/api/twins/{twin['id']}/setting"
    far = {"t_source_in": 24, "t_return": 31, "t_supply": 46, "heat_load": 1.9e4}
    assert client.put(path, json={**far, "outside": "nan"}).json()["status"] == "outside"
    started = client.put(path, json=far)
    assert started.status_code == 202
    assert started.json()["points"] == {}
    state = client.solved(started.json()["solve"]["url"])["result"]
    assert (state["status"], state["origin"]) == ("ok", "solve")
    assert set(state["points"]) == {"suction", "discharge", "liquid", "mixture"}


def test_measured_hours_calibration_and_keeping_it(client, twin):
    path = f"/api/twins/{twin['id']}"
    text = client.get(f"{path}/example.csv").text
    assert text == example_csv()
    measured = read_measured(text.encode())
    kind = {"content-type": "text/csv"}
    found = client.put(f"{path}/measured", content=text.encode(), headers=kind)
    assert found.json() == compare(Twin(Design()), measured).to_dict()
    assert client.get(f"{path}/comparison").json() == found.json()
    started = client.post(f"{path}/calibration")
    assert started.status_code == 202
    events = client.get(started.json()["events"]).text
    assert '"state":"done"' in events
    result = client.get(started.json()["url"]).json()["result"]
    expected = calibrate(Twin(Design()), measured)
    for name, value in expected.factors.model_dump().items():
        assert result["factors"][name] == pytest.approx(value, rel=1e-6)
    assert abs(result["after"]["quantities"]["power"]["relative_bias"]) < 0.005
    other = client.post("/api/twins", json={}).json()
    solve = {"solve": started.json()["id"]}
    assert client.put(f"/api/twins/{other['id']}/factors", json=solve).status_code == 409
    kept = client.put(f"{path}/factors", json=solve).json()
    assert kept["factors"] == result["factors"]
    factors = Factors(**result["factors"])
    assert kept["state"] == Twin(Design(), factors).at(Design().setting()).to_dict()
    assert client.get(f"{path}/calibration").json()["factors"] == result["factors"]
    again = client.get(f"{path}/comparison").json()["quantities"]["power"]
    assert again["bias"] == pytest.approx(result["after"]["quantities"]["power"]["bias"])
    assert client.delete(f"{path}/factors").json()["factors"] is None
    assert client.get(f"{path}/calibration").json() is None
    assert client.delete(f"{path}/measured").status_code == 204
    assert client.get(f"{path}/comparison").status_code == 404


def test_bad_hours_are_told_by_line_and_column_and_not_kept(client, twin):
    path = f"/api/twins/{twin['id']}/measured"
    kind = {"content-type": "text/csv"}
    text = "time,t_source_in,t_return,t_supply,heat_load,power\n2026-01-01T00:00,8,30,40,x,4000\n"
    found = client.put(path, content=text.encode(), headers=kind)
    assert found.status_code == 422
    (error,) = found.json()["errors"]
    assert (error["field"], error["value"]) == ("line 2, heat_load", "x")
    for content, status in ((b"", 422), (b"\x00\xff" * 50, 422), (b"a,b\n1,2\n", 422)):
        assert client.put(path, content=content, headers=kind).status_code == status
    json_ = client.put(path, json={"a": 1})
    assert (json_.status_code, json_.json()["type"]) == (415, "/api#problem-unsupported")
    large = client.put(path, content=b"x" * 8_000_001, headers=kind)
    assert large.status_code == 413
    assert not client.get(f"/api/twins/{twin['id']}").json()["has_measured"]


def test_factors_can_be_given(client, twin):
    path = f"/api/twins/{twin['id']}/factors"
    kept = client.put(path, json={"factors": {"eta_s": 0.9}}).json()
    assert kept["state"]["values"]["cop"] < twin["state"]["values"]["cop"]
    for body in ({}, {"factors": {"eta_s": 0.9}, "solve": "x"}, {"factors": {"eta_s": 9}}):
        assert client.put(path, json=body).status_code == 422


def test_diagrams(client):
    found = client.get("/api/diagrams/R717").json()
    assert found["critical"]["p"] == pytest.approx(113.6, abs=0.5)
    assert client.get("/api/diagrams/R999").status_code == 422


def test_a_step_keeps_the_setting_that_it_was_made_at(client, twin, monkeypatch):
    """The sliders may move while a step is computed."""
    path = f"/api/twins/{twin['id']}"
    twins = client.app.state.desk.twins
    step = twins.step

    def moved(*given):
        twins.set("local", twin["id"], Setting(**COOL))
        return step(*given)

    monkeypatch.setattr(twins, "step", moved)
    found = client.post(f"{path}/step", json={"hours": 1}).json()
    (kept,) = client.get(f"{path}/history").json()["steps"]
    assert kept["setting"] == found["setting"] == twin["setting"]
    assert kept["values"]["cop"] == twin["state"]["values"]["cop"]


def test_measured_hours_of_an_owner_are_bounded(client, twin, monkeypatch):
    monkeypatch.setattr("surrogate.service.twins.MOST_MEASURED_BYTES", 15_000)
    kind = {"content-type": "text/csv"}
    data = example_csv(100).encode()
    path = f"/api/twins/{twin['id']}/measured"
    for _ in range(2):  # the same again replaces what was there
        assert client.put(path, content=data, headers=kind).status_code == 200
    other = client.post("/api/twins", json={}).json()
    other_path = f"/api/twins/{other['id']}/measured"
    found = client.put(other_path, content=example_csv(160).encode(), headers=kind)
    assert found.status_code == 409
    assert client.delete(path).status_code == 204
    assert client.put(other_path, content=data, headers=kind).status_code == 200
