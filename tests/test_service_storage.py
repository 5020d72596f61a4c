"""What is saved stays saved: crashes, full disks, locked files, older and newer schemas."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import psutil
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, event, select

from surrogate.assessment import Question, assess
from surrogate.errors import InputError
from surrogate.service.database import MIGRATIONS, Database
from surrogate.service.problems import ProblemError
from surrogate.service.records import Base, HeatPumpRecord, ResultsRecord
from surrogate.service.runs import Runs
from surrogate.service.settings import Settings
from surrogate.service.twins import Twins
from surrogate.twin import Design, Setting

from .service_cases import OUTSIDE, Client


@pytest.fixture
def database(tmp_path):
    found = Database(tmp_path / "runs.sqlite", 0.2)
    yield found
    found.close()


def saved(database: Database, name: str = "one", **question: float):
    return Runs(database).save("local", name, assess(Question(**question)))


def test_a_new_file_has_the_schema_of_the_records(database):
    with database._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert database.path.stat().st_mode & 0o077 == 0


def test_a_run_comes_back_as_it_was(database):
    run = saved(database, "Über\N{SNOWMAN}", t_supply=75.5)
    again = Runs(database).get("local", run.id)
    assert again.to_dict() == run.to_dict()
    assert again.created == run.created
    with database.reading() as session:
        row = session.get(HeatPumpRecord, run.id)
        assert (row.t_supply, row.results.cop) == (75.5, run.assessment.estimate.cop)


def test_deleting_a_run_deletes_its_results(database):
    run = saved(database)
    Runs(database).delete("local", run.id)
    with database.reading() as session:
        assert session.scalars(select(ResultsRecord)).all() == []


def at_revision(path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_an_older_file_is_brought_up_to_date_and_kept_as_a_copy(tmp_path):
    path = tmp_path / "old.sqlite"
    at_revision(path, "0001")
    answer = assess(Question())
    with closing(sqlite3.connect(path)) as old:
        old.execute(
            "INSERT INTO heat_pumps VALUES ('a', 'local', 'old', '2026-01-02 03:04:05.000000', "
            "'R717', 30, 25, 50, 80, 1e6, 0.8, ?)",
            (_json(answer.to_dict()["question"]),),
        )
        old.execute(
            "INSERT INTO results VALUES ('a', '2026-01-02 03:04:05.000000', '0.1', 'ok', 'table', "
            "3.9, 1.0, 2.0, ?)",
            (_json(answer.to_dict()),),
        )
        old.commit()
    database = Database(path)
    run = Runs(database).get("local", "a")
    assert (run.name, run.created.year) == ("old", 2026)
    assert run.assessment.to_dict() == answer.to_dict()
    assert Twins(database, 1.0).listed("local", 9) == ([], 0)
    database.close()
    kept = tmp_path / "old.sqlite.before-0002"
    assert kept.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT name FROM heat_pumps").fetchall() == [("old",)]
        tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
    assert "twins" not in tables


def _json(value) -> str:
    import json

    return json.dumps(value)


@pytest.mark.parametrize("what", ["newer", "other", "text", "folder", "nowhere"])
def test_a_file_that_is_none_of_this_versions_is_refused(tmp_path, what):
    path = tmp_path / "runs.sqlite"
    said = "none of this service's"
    if what == "newer":
        Database(path).close()
        with closing(sqlite3.connect(path)) as file:
            file.execute("UPDATE alembic_version SET version_num = '9999'")
            file.commit()
        said = "9999"
    elif what == "other":
        with closing(sqlite3.connect(path)) as file:
            file.execute("CREATE TABLE somebody (elses INTEGER)")
    elif what == "text":
        path.write_text("no database at all, but a text of some length " * 100)
        said = "cannot be used"
    elif what == "folder":
        path.mkdir()
        said = "cannot be used"
    else:
        (tmp_path / "file").write_text("")
        path, said = tmp_path / "file" / "runs.sqlite", "cannot be made"
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError, match=said):
        Database(path)
    if what in ("other", "text"):
        assert path.read_bytes() == before


def test_any_name_of_a_file_is_taken_as_it_is(tmp_path):
    path = tmp_path / "a?mode=ro&b%20c#d.sqlite"
    database = Database(path)
    run = saved(database)
    database.close()
    assert path.stat().st_size > 0
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    again = Database(path)
    assert Runs(again).get("local", run.id).name == "one"
    again.close()


SAVES = """
import sys
from pathlib import Path
from surrogate.assessment import Question, assess
from surrogate.service.database import Database
from surrogate.service.runs import Runs

runs = Runs(Database(Path(sys.argv[1])))
answer = assess(Question())
while True:
    print(runs.save("local", "x" * 100, answer).id, flush=True)
"""


def test_runs_survive_a_crash_in_the_middle_of_a_write(tmp_path):
    path = tmp_path / "runs.sqlite"
    acknowledged = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVES, str(path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(20):
            acknowledged.append(process.stdout.readline().strip())
        process.kill()
        acknowledged += process.stdout.read().split()
        process.wait()
    database = Database(path)
    for run_id in acknowledged:
        assert Runs(database).get("local", run_id).assessment.estimate.status == "ok"
    with database.reading() as session:
        pumps = set(session.scalars(select(HeatPumpRecord.id)))
        results = set(session.scalars(select(ResultsRecord.heat_pump_id)))
        check = session.connection().exec_driver_sql("PRAGMA integrity_check").scalar()
    assert check == "ok"
    assert pumps == results
    # One more may have been written than was acknowledged in each round; none fewer.
    assert set(acknowledged) <= pumps
    assert len(pumps) <= len(acknowledged) + 3
    database.close()


HALF = """
import os, sys
from pathlib import Path
from surrogate.service.database import Database
from surrogate.service.records import HeatPumpRecord, now

with Database(Path(sys.argv[1])).writing() as session:
    session.add(HeatPumpRecord(
        id="half", owner="local", name="half", created=now(), refrigerant="R717", t_source_in=1,
        t_source_out=0, t_return=1, t_supply=2, heat_load=1, eta_s=1, question={}))
    session.flush()
    os.kill(os.getpid(), 9)
"""


def test_half_a_write_is_none(tmp_path):
    path = tmp_path / "runs.sqlite"
    database = Database(path)
    run = saved(database)
    code = subprocess.run([sys.executable, "-c", HALF, str(path)], check=False).returncode
    assert code == -9
    with database.reading() as session:
        assert session.scalars(select(HeatPumpRecord.id)).all() == [run.id]
    database.close()


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    with Client(Settings(niceness=0, database=tmp_path / "runs.sqlite", workers=1)) as client:
        first = client.post("/api/assessments", json={"name": "first", "question": {}}).json()
        engine = client.app.state.desk.database._engine

        @event.listens_for(engine, "connect")
        def _small(connection, _):
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages}")

        engine.dispose()
        statuses = []
        for number in range(40):
            name = f"{number}" * 20
            found = client.post("/api/assessments", json={"name": name, "question": {}})
            statuses.append(found.status_code)
            if found.status_code != 201:
                break
        assert found.status_code == 507
        assert found.json()["type"] == "/api#problem-storage-full"
        assert "safe" in found.json()["detail"]
        kept = client.get("/api/assessments").json()
        assert kept["total"] == 1 + statuses.count(201)
        assert client.get(f"/api/assessments/{first['id']}").json() == first
        # Room again: it goes on.
        event.remove(engine, "connect", _small)
        engine.dispose()
        assert client.post("/api/assessments", json={"name": "x", "question": {}}).is_success


def test_a_locked_database_is_told_and_loses_nothing(tmp_path):
    path = tmp_path / "runs.sqlite"
    with Client(Settings(niceness=0, database=path, workers=1, busy_seconds=0.2)) as client:
        first = client.post("/api/assessments", json={"name": "first", "question": {}}).json()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            found = client.post("/api/assessments", json={"name": "second", "question": {}})
            assert (found.status_code, found.headers["retry-after"]) == (503, "2")
            assert found.json()["type"] == "/api#problem-storage-busy"
            # Reading goes on meanwhile.
            assert client.get(f"/api/assessments/{first['id']}").json() == first
            assert client.get("/health").status_code == 200
            other.execute("ROLLBACK")
        assert client.post("/api/assessments", json={"name": "second", "question": {}}).is_success
        assert client.get("/api/assessments").json()["total"] == 2


def test_a_killed_worker_costs_nothing(tmp_path):
    with Client(Settings(niceness=0, database=tmp_path / "runs.sqlite", workers=1)) as client:
        supply = [33.0 + 0.1 * n for n in range(12)]
        first = client.post("/api/design", json={**OUTSIDE, "t_supply": supply}).json()["solve"]
        # Killed while it is at work: the piece is done again by the next process.
        for _ in range(600):
            if client.get(first["url"]).json()["done"] >= 2:
                break
            client.settle()
        workers = [
            child
            for child in psutil.Process().children(recursive=True)
            if "spawn_main" in " ".join(child.cmdline())
        ]
        assert workers
        for worker in workers:
            worker.kill()
        found = client.solved(first["url"])
        assert found["state"] == "done"
        assert set(found["result"]["status"]) == {"ok"}
        assert found["result"]["failures"] == {} if "failures" in found["result"] else True


def test_twins_keep_setting_and_history_and_expire(database):
    twins = Twins(database, 1.0)
    made = twins.create("local", "t", Design())
    twins.set("local", made.id, Setting(t_source_in=8, t_return=30, t_supply=40, heat_load=1e4))
    for hours in (1.0, 0.5):
        twins.step("local", made.id, hours, Design().setting(), "ok", {"cop": 4.0})
    again = Twins(Database(database.path), 1.0).get("local", made.id)
    assert (again.setting.t_source_in, again.steps, again.hours) == (8.0, 2, 1.5)
    history = twins.history("local", made.id)
    assert [step["hour"] for step in history] == [1.0, 1.5]
    assert [step["number"] for step in twins.history("local", made.id, after=1)] == [2]
    gone = Twins(database, -1.0).create("local", "gone", Design())
    with pytest.raises(ProblemError, match="expire"):
        twins.get("local", gone.id)
    assert twins.purge() == 1
    assert [one.id for one in twins.listed("local", 9)[0]] == [made.id]
    twins.delete("local", made.id)
    with database.reading() as session:
        left = session.connection().exec_driver_sql("SELECT count(*) FROM twin_steps").scalar()
    assert left == 0
