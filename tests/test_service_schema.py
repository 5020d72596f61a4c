"""The API against its own description: whatever is sent, what comes back was promised."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS

from surrogate.service import api

from .service_cases import served


def described() -> schemathesis.schemas.BaseSchema:
    app = FastAPI(openapi_tags=api.TAGS)
    api.include(app)
    return schemathesis.openapi.from_dict(api.completed(app.openapi()))


OPERATIONS = {op.ok().label: op.ok() for op in described().get_all_operations()}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):
    with served(tmp_path_factory.mktemp("schema"), "--workers", "1") as server:
        yield server


@pytest.fixture(scope="module")
def known(running) -> dict[str, str]:
    """Ids of a run and a twin that are there."""
    run = httpx.post(f"{running.url}/api/assessments", json={"name": "x", "question": {}}).json()
    twin = httpx.post(f"{running.url}/api/twins", json={"name": "x"}).json()
    return {"run_id": run["id"], "twin_id": twin["id"], "refrigerant": "R717"}


CASES = [(label, False) for label in OPERATIONS] + [
    # What is there must stay there for the others.
    (label, True)
    for label in OPERATIONS
    if "_id}" in label and not label.startswith("DELETE")
]


@pytest.mark.parametrize(("label", "there"), CASES)
def test_answers_are_as_described(running, known, label, there):
    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[label].as_strategy())
    def check(case):
        if there:
            for name in set(known) & set(case.path_parameters or ()):
                case.path_parameters[name] = known[name]
        # What is right by the schema may still be wrong by physics: swapped temperatures, a
        # refrigerant that does not exist. No schema can say that.
        case.call_and_validate(
            base_url=running.url, excluded_checks=[CHECKS.get_one("positive_data_acceptance")]
        )

    check()
    assert "Traceback" not in running.log.read_text()


def test_examples_are_accepted(running):
    schema = described().raw_schema["components"]["schemas"]
    tried = 0
    for label, operation in OPERATIONS.items():
        method, path = label.split(" ")
        body = operation.definition.raw.get("requestBody", {}).get("content", {})
        name = body.get("application/json", {}).get("schema", {}).get("$ref", "").split("/")[-1]
        for example in schema.get(name, {}).get("examples", []):
            url = running.url + path.replace("{form}", "txt")
            found = httpx.request(method, url, json=example)
            assert found.is_success, (label, example, found.text)
            tried += 1
    assert tried >= 6
