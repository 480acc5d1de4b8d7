"""Large imports are checked and written in portions: all of it or nothing, as small ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fluvial.runtime import long_jobs
from fluvial.transfer.imports import import_job
from tests.app import Client, Documents, environment
from tests.fluvial.tables import AUTHOR, BOOK, sent
from tests.forks import Forked

MANY = 60


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK]


@pytest.fixture(autouse=True)
def portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of one size, whatever the machine has to do besides."""
    monkeypatch.setattr(long_jobs, "_sizes", {})
    monkeypatch.setattr(long_jobs, "AIM", 1e9)
    monkeypatch.setattr(long_jobs, "HELD_SECONDS", 0.0)
    monkeypatch.setattr(long_jobs, "MOST_SIZE", long_jobs.FIRST_SIZE)
    monkeypatch.setattr(import_job, "SMALL", 10)


def table(*more: str, many: int = MANY) -> str:
    rows = [f"C{n},Name {n}," for n in range(many)]
    return "\n".join(["code,name,teacher", *rows, *more]) + "\n"


def authors(client: Client) -> list[dict[str, Any]]:
    return client.rows("/api/records/author", sort="code", limit="500")


def job(client: Client) -> dict[str, Any]:
    return client.rows("/api/jobs")[0]


def test_a_large_import_answers_as_a_small_one(client: Client) -> None:
    engine = client.app.engine
    engine.database.turns.forget()
    reply = sent(client, "author", table(), key=["code"])
    assert reply.status == 200, reply.text
    told = reply.json()
    small = sent(client, "author", "code,name\nZ,Zoe\n", key=["code"]).json()
    assert told.keys() == small.keys() and told["created"] == MANY and told["batch"]
    assert len(authors(client)) == MANY + 1
    if engine.database.dialect == "sqlite":
        assert 0 < engine.database.turns.most_rows <= 30 * long_jobs.FIRST_SIZE
    again = sent(client, "author", table(), key=["code"]).json()
    assert (again["created"], again["unchanged"]) == (0, MANY)
    assert client.post(f"/api/imports/{told['batch']}/undo").json()["deleted"] == MANY


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",Nobody Special Who Has No Name But A Code,", ""),
        ("C99999999999,Too long,", "too_long"),
        ("X1,,", "required"),
        ("C3,Once more,", "not_unique"),
        ("X1,Pupil,Nobody", "unknown_record"),
    ],
)
def test_all_rows_or_none(client: Client, row: str, code: str) -> None:
    options: dict[str, Any] = {"map": {"teacher": "teacher.name"}}
    reply = sent(client, "author", table(row), **options)
    if not code:
        assert reply.status == 200 and len(authors(client)) == MANY + 1
        return
    assert reply.status == 422, reply.text
    problem = reply.json()
    assert "Nothing was imported" in problem["detail"] and problem["created"] == 0
    assert problem["errors"][0]["row"] == MANY + 2
    assert authors(client) == []
    skipped = sent(client, "author", table(row), **options, skip_faults=True).json()
    kept = MANY + (code == "unknown_record")
    assert skipped["created"] == kept and len(skipped["errors"]) == 1
    assert len(authors(client)) == kept


def test_rows_refer_to_rows_of_other_portions(client: Client) -> None:
    """To earlier ones and to later ones, as in a small table."""
    more = ("X1,Pupil,Name 3", "X2,Early,Late", "X3,Late,")
    reply = sent(client, "author", table(*more), map={"teacher": "teacher.name"})
    assert reply.status == 200, reply.text
    found = {one["code"]: one for one in authors(client)}
    assert found["X1"]["teacher"] == found["C3"]["id"]
    assert found["X2"]["teacher"] == found["X3"]["id"]


def test_a_later_row_changes_what_an_earlier_one_made(client: Client) -> None:
    reply = sent(client, "author", table("C3,Another name,"), key=["code"])
    assert reply.status == 200, reply.text
    told = reply.json()
    assert (told["created"], told["updated"]) == (MANY, 1) and len(told["warnings"]) == 1
    assert {one["name"] for one in authors(client) if one["code"] == "C3"} == {"Another name"}
    assert client.post(f"/api/imports/{told['batch']}/undo").status == 200
    assert authors(client) == []


def test_numbers_that_are_given_here_do_not_meet_each_other_in_the_check(client: Client) -> None:
    fields = [
        {"name": "number", "kind": "sequence", "pattern": "S-{0000}"},
        {"name": "name", "kind": "text"},
    ]
    client.define({"kind": "object", "name": "slip", "title": "{number}", "fields": fields})
    reply = sent(client, "slip", "\n".join(["name", *(f"Slip {n}" for n in range(MANY * 5))]))
    assert reply.status == 200 and reply.json()["errors"] == [], reply.text
    assert reply.json()["created"] == MANY * 5
    numbers = {row["number"] for row in client.rows("/api/records/slip", limit="500")}
    assert len(numbers) == MANY * 5


def test_a_trial_keeps_nothing(client: Client) -> None:
    reply = sent(client, "author", table("X,,"), path="import?dry_run=true")
    assert reply.status == 200, reply.text
    told = reply.json()
    assert told["created"] == MANY and told["batch"] is None and len(told["errors"]) == 1
    assert authors(client) == [] and "faulty_rows" not in told


def left(client: Client, rows: str, **options: Any) -> str:
    """The id of a job that is left to the workers."""
    headers, client.headers = client.headers, {**client.headers, "prefer": "respond-async"}
    reply = sent(client, "author", rows, **options)
    client.headers = headers
    assert reply.status == 202, reply.text
    return str(reply.json()["job"]["id"])


def until(client: Client, id_: str, phase: str, row: int = 0) -> None:
    """Do portions of a job until it is there."""
    engine = client.app.engine

    def work() -> None:
        connection = engine.database.connection()
        while True:
            place = long_jobs.job_of(connection, id_).place
            if place.get("phase") == phase and place.get("row", 0) >= row:
                return
            assert long_jobs.advance(engine, connection, id_)

    engine.database.call(work)


def finished(client: Client, id_: str) -> dict[str, Any]:
    engine = client.app.engine
    engine.database.call(lambda: long_jobs.run(engine))
    told: dict[str, Any] = client.get(f"/api/jobs/{id_}").json()
    return told


def test_what_others_do_between_the_check_and_the_write_leaves_nothing_half(
    client: Client,
) -> None:
    id_ = left(client, table())
    until(client, id_, import_job.WRITE, 20)
    client.made("author", code="C55", name="In the way")
    told = finished(client, id_)
    assert told["state"] == "failed" and "C55" in told["error"]
    assert [one["name"] for one in authors(client)] == ["In the way"]
    assert "Undone" in client.get("/imports").text


@pytest.mark.parametrize("phase", [import_job.CHECK, import_job.WRITE])
def test_a_cancelled_import_keeps_nothing(client: Client, phase: str) -> None:
    id_ = left(client, table())
    until(client, id_, phase, 20)
    assert client.post(f"/api/jobs/{id_}/cancel").status == 202
    assert finished(client, id_)["state"] == "cancelled"
    assert authors(client) == []


@pytest.mark.parametrize("phase", [import_job.CHECK, import_job.WRITE, import_job.LINK])
def test_a_cancelled_import_can_be_begun_again(client: Client, phase: str) -> None:
    """Whatever it had written is gone, so it begins with its first row; nothing is left half."""
    id_ = left(client, table("X1,Pupil,Name 3"), map={"teacher": "teacher.name"})
    until(client, id_, phase)
    client.post(f"/api/jobs/{id_}/cancel")
    assert finished(client, id_)["state"] == "cancelled" and authors(client) == []
    assert client.post(f"/api/jobs/{id_}/retry").status == 202
    told = finished(client, id_)
    assert (told["state"], told["error"], told["result"]["created"]) == ("done", "", MANY + 1)
    assert len(authors(client)) == MANY + 1
    assert client.post(f"/api/imports/{told['result']['batch']}/undo").status == 200
    assert authors(client) == []


@pytest.mark.parametrize("passes", [2, 5, 7])
def test_what_is_killed_goes_on_where_it_was(
    client: Client, engine_url: str, tmp_path: Path, passes: int
) -> None:
    rows = table("X1,Pupil,Name 3", "X2,Early,Late", "X3,Late,", "C3,Another,")
    id_ = left(client, rows, key=["code"], map={"teacher": "teacher.name"})
    environ = environment(engine_url, tmp_path, fault_at=f"in_long_job:{passes}")
    died = Forked("tests.fluvial.runtime.working", [], environ, tmp_path / "work.log")
    assert died.wait(60) == -9
    told = finished(client, id_)
    assert told["state"] == "done", told
    assert (told["result"]["created"], told["result"]["skipped"]) == (MANY + 3, 0)
    found = {one["code"]: one for one in authors(client)}
    assert found["X2"]["teacher"] == found["X3"]["id"] and found["C3"]["name"] == "Another"
    assert client.post(f"/api/imports/{told['result']['batch']}/undo").status == 200
    assert authors(client) == []


def test_another_thread_goes_on_with_its_own_connection(client: Client) -> None:
    """What is open of a job was made for the connection of the thread that began it."""
    id_ = left(client, table(), key=["code"])
    until(client, id_, import_job.WRITE, 20)
    engine = client.app.engine
    assert engine.database.call(lambda: id(engine.database.connection())) != id(
        engine.database.connection()
    )
    assert not long_jobs.run(engine)
    told = client.get(f"/api/jobs/{id_}").json()
    assert told["state"] == "done" and len(authors(client)) == MANY
    undone = client.post(f"/api/imports/{told['result']['batch']}/undo").json()
    assert undone["deleted"] == MANY


def test_a_call_that_is_sent_again_imports_once(client: Client) -> None:
    client.headers["idempotency-key"] = "one"
    first, again = sent(client, "author", table()), sent(client, "author", table())
    assert first.status == again.status == 200 and first.json() == again.json()
    del client.headers["idempotency-key"]
    assert len(authors(client)) == MANY


def test_who_may_undo_an_import_goes_on_where_another_failed(client: Client) -> None:
    """Also where the one who began it can no longer sign in."""
    grants = [{"object": "author", "can": ["*"]}]
    client.define({"kind": "role", "name": "clerk", "grants": grants})
    clerk = client.person("clerk@example.com", "clerk")
    other = client.person("other@example.com", "administrator")
    batch = sent(clerk, "author", table()).json()["batch"]
    first = authors(client)[0]
    client.patch(f"/api/records/author/{first['id']}", {"name": "Changed since"})
    assert other.post(f"/api/imports/{batch}/undo").status == 409
    (who,) = client.rows("/api/records/user", where="email == 'other@example.com'")
    assert client.patch(f"/api/records/user/{who['id']}", {"active": False}).status == 200
    again = clerk.post(f"/api/imports/{batch}/undo")
    assert again.status == 409 and "Changed since" in again.text
    assert clerk.rows("/api/jobs")[0]["state"] == "failed" and len(authors(client)) == MANY


def test_the_importer_sees_how_far_an_administrator_undoes_the_import(client: Client) -> None:
    grants = [{"object": "author", "can": ["*"]}]
    client.define({"kind": "role", "name": "clerk", "grants": grants})
    clerk = client.person("clerk@example.com", "clerk")
    stranger = client.person("stranger@example.com", "clerk")
    batch = sent(clerk, "author", table()).json()["batch"]
    first = authors(client)[0]
    client.patch(f"/api/records/author/{first['id']}", {"name": "Changed since"})
    assert client.post(f"/api/imports/{batch}/undo").status == 409
    (job,) = [one for one in client.rows("/api/jobs") if "undo" in one["kind"]]
    assert "Changed since" in str(job)
    seen = clerk.get(f"/api/jobs/{job['id']}")
    assert seen.status == 200 and "Changed since" not in seen.text
    assert clerk.get(f"/jobs/{job['id']}").status == 200
    assert stranger.get(f"/api/jobs/{job['id']}").status == 404
    # Trying again is the importer's own work, with the importer's rights.
    assert clerk.post(f"/api/jobs/{job['id']}/retry").status == 202
    me = clerk.get("/api/me").json()["id"]
    assert clerk.get(f"/api/jobs/{job['id']}").json()["by"] == {"user": me}
