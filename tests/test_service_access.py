"""Who gets in, and what a browser is told to keep out."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys

import pytest

from surrogate.errors import InputError
from surrogate.service.access import COOKIE
from surrogate.service.settings import Settings, new_token, read_tokens

from .service_cases import OUTSIDE, POINT, TOKENS, Client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("open")
    with Client(Settings(niceness=0, database=folder / "runs.sqlite", workers=1)) as made:
        yield made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("guarded")
    settings = Settings(niceness=0, database=folder / "runs.sqlite", workers=1, tokens=TOKENS)
    with Client(settings) as made:
        yield made


@pytest.fixture
def anonymous(guarded):
    guarded._client.headers.pop("authorization", None)
    guarded._client.cookies.clear()
    return guarded


def test_other_machines_get_in_with_a_token_only(tmp_path):
    with pytest.raises(InputError, match="surrogate token"):
        Settings(niceness=0, host="0.0.0.0", database=tmp_path / "x")
    assert (
        Settings(niceness=0, host="0.0.0.0", database=tmp_path / "x", tokens=TOKENS).host
        == "0.0.0.0"
    )
    with pytest.raises(InputError, match="24"):
        Settings(niceness=0, database=tmp_path / "x", tokens={"alice": "short"})
    with pytest.raises(InputError, match="same token"):
        Settings(niceness=0, database=tmp_path / "x", tokens={"a": "x" * 30, "b": "x" * 30})


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "surrogate", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_says_what_it_needs(tmp_path):
    found = run("serve", "--host", "0.0.0.0", "--database", str(tmp_path / "x.sqlite"))
    assert found.returncode == 2
    assert "surrogate token" in found.stderr
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "x.sqlite").exists()
    (tmp_path / "text").write_text("no database " * 500)
    for wrong, said in (
        (("--port", "99999"), "65535"),
        (("--workers", "0"), "workers"),
        (("--tokens", str(tmp_path / "missing.toml")), "missing.toml"),
        (("--database", str(tmp_path / "text")), "not a database"),
    ):
        found = run("serve", *wrong)
        assert (found.returncode, "Traceback" in found.stderr) == (2, False), found
        assert said in found.stderr


def test_tokens_are_made_and_read(tmp_path):
    made = run("token", "alice")
    assert made.returncode == 0
    path = tmp_path / "tokens.toml"
    path.write_text(made.stdout + new_token("bob") + "\n")
    tokens = read_tokens(path)
    assert set(tokens) == {"alice", "bob"}
    assert min(len(token) for token in tokens.values()) >= 40
    assert run("token", "al ice").returncode == 2
    for text in ("", "alice = 3", "= =", "[x]\ny = 'z'"):
        path.write_text(text)
        with pytest.raises(InputError):
            read_tokens(path)


def test_without_a_token_nothing_is_told(anonymous):
    for method, path in (
        ("GET", "/api/assessments"), ("POST", "/api/design"), ("GET", "/api/openapi.json"),
        ("GET", "/api/tables"), ("DELETE", "/api/twins/x"), ("POST", "/logout"),
    ):  # fmt: skip
        found = anonymous.request(method, path, json=POINT if method == "POST" else None)
        assert found.status_code == 401, path
        assert found.json()["type"] == "/api#problem-unauthorised"
        assert found.headers["www-authenticate"] == "Bearer"
    for token in ("", "x", TOKENS["alice"][:-1], TOKENS["alice"] + "x"):
        headers = {"authorization": f"Bearer {token}"}
        assert anonymous.get("/api/tables", headers=headers).status_code == 401
    assert anonymous.get("/health").status_code == 200
    page = anonymous.get("/runs")
    assert (page.status_code, page.headers["location"]) == (303, "/login?to=/runs")


def test_two_users_do_not_see_each_others(anonymous):
    client = anonymous
    client.as_user("alice")
    body = {"name": "Alices own", "question": {}}
    run_id = client.post("/api/assessments", json=body).json()["id"]
    twin_id = client.post("/api/twins", json={"name": "Alices own"}).json()["id"]
    job = client.post("/api/design", json=OUTSIDE).json()["solve"]["id"]
    hers = {
        "GET": (f"/api/assessments/{run_id}", f"/api/twins/{twin_id}", f"/api/solves/{job}",
                f"/api/assessments/{run_id}/report.txt", f"/api/twins/{twin_id}/history",
                f"/runs/{run_id}", f"/twin/{twin_id}", f"/compare?id={run_id}",
                f"/api/assessments.csv?id={run_id}", f"/answer?solve={job}",
                f"/api/solves/{job}/events"),
        "DELETE": (f"/api/assessments/{run_id}", f"/api/twins/{twin_id}", f"/api/solves/{job}"),
    }  # fmt: skip
    client.as_user("bob")
    for method, paths in hers.items():
        for path in paths:
            assert client.request(method, path).status_code == 404, path
    step = client.post(f"/api/twins/{twin_id}/step", json={"hours": 1})
    assert step.status_code == 404
    solved = {"name": "his", "question": {}, "solve": job}
    assert client.post("/api/assessments", json=solved).status_code == 404
    assert client.get("/api/assessments").json() == {"runs": [], "total": 0}
    assert client.get("/api/twins").json() == {"twins": [], "total": 0}
    assert "Alices own" not in client.get("/runs").text + client.get("/twin").text
    client.as_user("alice")
    assert client.get(f"/api/assessments/{run_id}").status_code == 200
    assert client.get(f"/api/twins/{twin_id}").status_code == 200
    assert client.get("/api/assessments").json()["total"] == 1


def test_logging_in_and_out(anonymous):
    client = anonymous
    wrong = client.post("/login", data={"token": "nothing", "to": "/runs"})
    assert (wrong.status_code, COOKIE in client._client.cookies) == (401, False)
    right = client.post("/login", data={"token": TOKENS["bob"], "to": "/runs"})
    assert (right.status_code, right.headers["location"]) == (303, "/runs")
    kept = right.headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=strict" in kept
    assert TOKENS["bob"] not in kept
    assert "Log out bob" in client.get("/runs").text
    secret = client._client.cookies[COOKIE]
    client.post("/logout")
    client._client.cookies.set(COOKIE, secret)
    assert client.get("/api/tables").status_code == 401
    client._client.cookies.clear()
    for foreign in ("//evil.example", "https://evil.example", "/\\evil.example"):
        found = client.post("/login", data={"token": TOKENS["bob"], "to": foreign})
        assert found.headers["location"] == "/"


def test_ids_cannot_be_guessed(client):
    made = [client.post("/api/twins", json={}).json()["id"] for _ in range(3)]
    runs = [
        client.post("/api/assessments", json={"name": "x", "question": {}}).json()["id"]
        for _ in range(3)
    ]
    assert len({*made, *runs}) == 6
    assert min(len(one) for one in made) >= 24
    assert min(len(one) for one in runs) >= 16


def test_names_of_others_are_refused(client):
    for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""):
        found = client.get("/health", headers={"host": host})
        assert (found.status_code, found.json()["type"]) == (403, "/api#problem-forbidden"), host
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert client.get("/health", headers={"host": host}).status_code == 200


def test_pages_of_others_change_nothing(client):
    body = {"name": "x", "question": {}}
    for headers in (
        {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"},
        {"sec-fetch-site": "same-site"},
    ):  # fmt: skip
        found = client.post("/api/assessments", json=body, headers=headers)
        assert found.status_code == 403, headers
    own = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client.post("/api/assessments", json=body, headers=own).status_code == 201


@pytest.mark.parametrize(
    "path", ["/", "/health", "/api/nothing", "/static/style.css", "/runs/nothing", "/login"]
)
def test_every_answer_keeps_browsers_strict(client, path):
    headers = client.get(path).headers
    policy = dict(
        rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


def test_a_formula_in_a_name_stays_text(client):
    name = '=HYPERLINK("http://evil.example","click")'
    made = client.post("/api/assessments", json={"name": name, "question": {}}).json()
    for path in (
        f"/api/assessments/{made['id']}/report.csv",
        f"/api/assessments.csv?id={made['id']}",
    ):
        found = client.get(path)
        assert found.headers["content-type"].startswith("text/csv")
        assert found.headers["content-disposition"].startswith("attachment")
        cells = [cell for row in csv.reader(io.StringIO(found.text)) for cell in row]
        assert f"'{name}" in cells
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r")]


def test_markup_in_a_name_stays_text(client):
    name = "<script>window.hit=1</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    made = client.post("/api/assessments", json={"name": name, "question": {}}).json()
    for path in ("/runs", f"/runs/{made['id']}", f"/compare?id={made['id']}&id={made['id']}"):
        page = client.get(path).text
        assert "<script>window" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;window.hit=1&lt;/script&gt;" in page
        assert "{{7*7}}" in page
    for name in ("", "   ", "x" * 121, "line\nbreak", "null\0", "bell\a"):
        found = client.post("/api/assessments", json={"name": name, "question": {}})
        assert (found.status_code, found.json()["errors"][0]["field"]) == (422, "name"), name


def test_a_service_that_others_reach_goes_by_any_name(tmp_path):
    settings = Settings(
        niceness=0, host="0.0.0.0", database=tmp_path / "x", tokens=TOKENS, workers=1
    )
    with Client(settings) as client:
        assert client.get("/health", headers={"host": "heat.example.org"}).status_code == 200
    named = Settings(
        niceness=0,
        host="0.0.0.0",
        database=tmp_path / "x",
        tokens=TOKENS,
        hosts=("heat.example.org",),
    )
    with Client(named) as client:
        assert client.get("/health", headers={"host": "heat.example.org:443"}).status_code == 200
        assert client.get("/health", headers={"host": "other.example.org"}).status_code == 403


def test_what_is_no_address_is_refused_and_no_failure(client):
    for headers in ({"host": "["}, {"origin": "http://["}, {"host": "http://x"}):
        found = client.post("/api/design", json=POINT, headers=headers)
        assert found.status_code == 403, headers
        assert "content-security-policy" in found.headers


def test_a_login_takes_little_and_leads_back_to_the_question(anonymous):
    client = anonymous
    large = client.post("/login", content=b"a=1&" * 100_000)
    assert large.status_code == 413
    many = client.post("/login", content=b"a=1&" * 900)
    assert many.status_code == 401
    asked = client.get("/?t_supply=75&refrigerant=R290")
    to = asked.headers["location"].removeprefix("/login?to=")
    back = client.post("/login", content=f"token={TOKENS['bob']}&to={to}".encode())
    assert back.headers["location"] == "/?t_supply=75&refrigerant=R290"
    client._client.cookies.clear()
    # A page's script is told that it is nobody's, not shown a login.
    found = client.get("/answer", headers={"sec-fetch-mode": "cors"})
    assert (found.status_code, found.json()["type"]) == (401, "/api#problem-unauthorised")


def test_cookies_of_other_programs_do_not_lock_one_out(anonymous):
    client = anonymous
    client.post("/login", data={"token": TOKENS["bob"], "to": "/"})
    secret = client._client.cookies[COOKIE]
    client._client.cookies.clear()
    cookies = f'prefs={{"a":1}}; {COOKIE}={secret}; other="x'
    assert client.get("/api/tables", headers={"cookie": cookies}).status_code == 200


def test_behind_tls_cookies_are_kept_to_it(tmp_path):
    settings = Settings(niceness=0, database=tmp_path / "x", tokens=TOKENS, workers=1, https=True)
    with Client(settings) as client:
        found = client.post("/login", data={"token": TOKENS["bob"], "to": "/"})
        assert "secure" in found.headers["set-cookie"].lower()


def test_files_that_do_not_change_are_kept(client):
    page = client.get("/").text
    kept = re.findall(r'"(/static/[^"?]+[?][^"]+|/vendor/[^"]+)"', page)
    assert len(kept) >= 4
    for path in kept:
        assert "immutable" in client.get(path).headers["cache-control"], path
    assert client.get("/static/api.js").headers["cache-control"] == "no-cache"
    assert client.get("/").headers["cache-control"] == "no-store"
