"""Assessments over HTTP: answered, saved as they were, as documents."""

from __future__ import annotations

import csv
import io

import pytest
from pypdf import PdfReader

from surrogate.assessment import Question, assess, text_report
from surrogate.service.settings import Settings

from .service_cases import OUTSIDE, Client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("assessments")
    with Client(Settings(niceness=0, database=folder / "runs.sqlite", workers=1)) as made:
        yield made


def saved(client, name="a run", **question):
    made = client.post("/api/assessments", json={"name": name, "question": question})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"/api/assessments/{made.json()['id']}"
    return made.json()


def test_an_answer_is_the_librarys(client):
    found = client.post("/api/assess", json={"t_supply": 75, "electricity_price": 0.1}).json()
    assert found == assess(Question(t_supply=75, electricity_price=0.1)).to_dict()


def test_charts_stand_about_the_question(client):
    found = client.post("/api/assess/charts", json={"t_supply": 75}).json()
    cop = assess(Question(t_supply=75)).estimate.cop
    assert (found["supply"]["at"], found["supply"]["at_cop"]) == (75.0, cop)
    assert found["source"]["at_cop"] == cop
    own = [row for row in found["refrigerants"]["rows"] if row["own"]]
    assert [row["cop"] for row in own] == [cop]
    assert found["offdesign"]["available"]


def test_runs_are_saved_listed_opened_deleted(client):
    first, second = saved(client, "first"), saved(client, "second", t_supply=70)
    listed = client.get("/api/assessments").json()
    assert [run["name"] for run in listed["runs"][:2]] == ["second", "first"]
    assert client.get("/api/assessments?limit=1&offset=1").json()["runs"][0]["name"] == "first"
    again = client.get(f"/api/assessments/{second['id']}").json()
    assert again == second
    assert again["assessment"] == assess(Question(t_supply=70)).to_dict()
    assert client.delete(f"/api/assessments/{first['id']}").status_code == 204
    assert client.get(f"/api/assessments/{first['id']}").status_code == 404
    assert client.delete(f"/api/assessments/{first['id']}").status_code == 404
    assert client.get("/api/assessments").json()["total"] == listed["total"] - 1


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"t_supply": 40}, "t_return"),
        ({"refrigerant": "R999"}, "refrigerant"),
        ({"boiler_efficiency": 9}, "boiler_efficiency"),
        ({"lifetime": 2.5}, "lifetime"),
        ({"colour": 1}, "colour"),
    ],
)
def test_mistakes_in_a_question_are_named(client, question, field):
    for path, body in (
        ("/api/assess", question), ("/api/assessments", {"name": "x", "question": question}),
    ):  # fmt: skip
        found = client.post(path, json=body)
        assert found.status_code == 422
        assert found.json()["errors"][0]["field"].split(".")[-1] == field


def test_documents_have_the_numbers(client):
    run = saved(client, "Data centre, north", t_supply=77)
    answer = assess(Question(t_supply=77))
    path = f"/api/assessments/{run['id']}/report"
    text = client.get(f"{path}.txt")
    assert 'filename="surrogate-data-centre-north.txt"' in text.headers["content-disposition"]
    assert text_report(answer, "Data centre, north").splitlines()[0] in text.text
    assert run["created"][:10] in text.text
    rows = list(csv.DictReader(io.StringIO(client.get(f"{path}.csv").text)))
    assert rows[0]["name"] == "Data centre, north"
    (cop,) = [float(value) for name, value in rows[0].items() if name.split(" ")[0] == "cop"]
    assert cop == pytest.approx(answer.estimate.cop, rel=1e-9)
    pdf = client.get(f"{path}.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(pdf.content)).pages
    words = " ".join(page.extract_text() for page in pages)
    assert len(pages) == 2
    assert f"{answer.estimate.cop:.2f}" in words
    assert f"{answer.estimate.power / 1e3:.0f}" in words
    assert client.get(f"{path}.docx").status_code == 422


def test_several_runs_stand_side_by_side(client):
    ids = [saved(client, f"run {t}", t_supply=t)["id"] for t in (65, 75, 85)]
    found = client.get("/api/assessments.csv", params={"id": ids})
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert [row["name"] for row in rows] == ["run 65", "run 75", "run 85"]
    assert client.get("/api/assessments.csv").status_code == 422


def test_what_lies_outside_is_solved_once_and_saved_as_solved(client):
    question = {name: value for name, value in OUTSIDE.items() if name != "heat_load"}
    first = client.post("/api/assess", json=question)
    assert first.status_code == 202
    assert first.json()["worth"] is None
    job = first.json()["solve"]
    solved = client.solved(job["url"])["result"]
    assert (solved["estimate"]["status"], solved["estimate"]["origin"]) == ("ok", "solve")
    assert solved["worth"]["heat_cost"] > 0
    made = client.post(
        "/api/assessments", json={"name": "solved", "question": question, "solve": job["id"]}
    )
    assert (made.status_code, made.json()["assessment"]) == (201, solved)
    other = {"name": "x", "question": {**question, "t_supply": 33}, "solve": job["id"]}
    assert client.post("/api/assessments", json=other).status_code == 409
    report = client.post(
        "/api/assess/report.txt", json={"name": "x", "question": question, "solve": job["id"]}
    )
    assert f"{solved['estimate']['cop']:.3g}" in report.text
    # The page shows the same, and so does the run once it is saved.
    fragment = client.get(f"/answer?t_return=20&t_supply=34&solve={job['id']}").text
    assert f'value="{solved["estimate"]["cop"]}"' in fragment
    assert f'value="{solved["estimate"]["cop"]}"' in client.get(f"/runs/{made.json()['id']}").text


def test_saving_without_waiting_saves_when_the_solve_is_done(client):
    question = {"t_return": 20, "t_supply": 33.5}
    started = client.post("/api/assessments", json={"name": "later", "question": question})
    assert started.status_code == 202
    result = client.solved(started.json()["solve"]["url"])["result"]
    assert result["name"] == "later"
    assert client.get(f"/api/assessments/{result['id']}").json() == result


def test_the_form_reads_what_people_type(client):
    def question(**typed):
        return client.get("/question", params=typed)

    assert question().json() == Question().model_dump()
    found = question(t_supply="75,5", heat_load="1 500", eta_s="75", discount_rate="3.5 ").json()
    expected = Question(t_supply=75.5, heat_load=1.5e6, eta_s=0.75, discount_rate=0.035)
    assert found == expected.model_dump()
    for typed, field, said in (
        ({"t_supply": "warm"}, "t_supply", "no number"),
        ({"t_supply": "nan"}, "t_supply", "from -100 to 400"),
        ({"boiler_efficiency": "1000"}, "boiler_efficiency", "from 30 to 110 %"),
        ({"lifetime": "2.5"}, "lifetime", "whole number"),
        ({"t_source_out": "31"}, "t_source_out", "below"),
        ({"refrigerant": "R999"}, "refrigerant", "no fluid"),
    ):
        refused = question(**typed)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == field
        assert said in refused.json()["errors"][0]["detail"]
        assert said in client.get("/", params=typed).text.replace("&#39;", "'")
