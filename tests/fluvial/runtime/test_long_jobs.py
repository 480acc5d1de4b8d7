"""Long work runs in portions: others come in between, and what is killed goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.transfer.imports import import_undo
from tests.app import Client, Documents, environment
from tests.fluvial.runtime.working import worked_off
from tests.fluvial.tables import AUTHOR, BOOK, imported
from tests.forks import Forked

MANY = 150
TABLE = "code,name\n" + "".join(f"C{n},Name {n}\n" for n in range(MANY))


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK]


@pytest.fixture(autouse=True)
def portions() -> Iterator[None]:
    """Portions of one size, whatever the machine has to do besides."""
    sizes, long_jobs.AIM, long_jobs.HELD_SECONDS = dict(long_jobs._sizes), 1e9, 0.0
    long_jobs._sizes.clear()
    long_jobs.MOST_SIZE, most = long_jobs.FIRST_SIZE, long_jobs.MOST_SIZE
    yield
    long_jobs.AIM, long_jobs.MOST_SIZE, long_jobs.HELD_SECONDS = 0.04, most, 10.0
    long_jobs._sizes.update(sizes)


@pytest.fixture
def batch(client: Client) -> str:
    return str(imported(client, "author", TABLE, name="people.csv")["batch"])


def undone(client: Client, batch: str, **headers: str) -> Any:
    return client.post(f"/api/imports/{batch}/undo", **headers)


def count(client: Client) -> int:
    found = client.get("/api/records/author/summary", measure="count").json()
    return int(found["data"][0]["count"] if "data" in found else found["count"])


def jobs(client: Client) -> list[dict[str, Any]]:
    return client.rows("/api/jobs")


def test_a_large_undo_takes_portions_and_answers_as_a_small_one(client: Client, batch: str) -> None:
    engine = client.app.engine
    engine.database.turns.forget()
    reply = undone(client, batch)
    assert reply.status == 200 and reply.json() == {"batch": batch, "deleted": MANY, "restored": 0}
    assert count(client) == 0
    if engine.database.dialect == "sqlite":
        # Of each record its row, its history, its words, and what the index of these consists of.
        assert 0 < engine.database.turns.most_rows <= 20 * long_jobs.FIRST_SIZE
        assert sum(engine.database.turns.counts) >= 2 * MANY / long_jobs.FIRST_SIZE
    (job,) = jobs(client)
    assert (job["state"], job["done"], job["total"]) == ("done", 2 * MANY, 2 * MANY)
    assert job["title"] == "Undo the import of people.csv" and job["result"]["deleted"] == MANY
    assert undone(client, batch).status == 409


def test_workers_go_on_in_the_next_round_without_waiting(
    client: Client, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker has not done in its time is not left to whoever waits for its hold to end."""
    engine = client.app.engine
    monkeypatch.setattr(long_jobs, "HELD_SECONDS", 600.0)
    monkeypatch.setattr(long_jobs, "ROUND_SECONDS", 0.0)
    reply = undone(client, batch, prefer="respond-async")
    assert reply.status == 202
    rounds = 0
    while engine.database.call(lambda: long_jobs.run(engine)):
        rounds += 1
    assert rounds > 2 and jobs(client)[0]["state"] == "done" and count(client) == 0


def test_other_calls_come_in_between(client: Client, batch: str) -> None:
    """Their answers arrive before that of the long work, although they were sent after it."""
    came: list[str] = []

    async def ask(path: str, method: str, body: Any = None) -> None:
        loop = asyncio.get_running_loop()
        reply = await loop.run_in_executor(None, lambda: client.call(method, path, body))
        assert reply.status < 300, reply.text
        came.append(path)

    async def both() -> None:
        long = asyncio.create_task(ask(f"/api/imports/{batch}/undo", "POST"))
        await asyncio.sleep(0)
        others = [
            ask("/health/ready", "GET"),
            ask("/api/records/book?limit=1", "GET"),
            ask("/api/records/author", "POST", {"name": "Zoe", "code": "Z"}),
        ]
        await asyncio.gather(*others)
        await long

    asyncio.run(both())
    assert came[-1].endswith("/undo") and count(client) == 1


def test_what_is_in_the_way_is_said_before_anything_is_taken_back(
    client: Client, batch: str
) -> None:
    first, *_, last = client.rows("/api/records/author", sort="code", limit="150")
    for one in (first, last):
        assert client.patch(f"/api/records/author/{one['id']}", {"name": "Anna"}).status == 200
    reply = undone(client, batch)
    assert reply.status == 409 and "2 records are in the way" in reply.json()["detail"]
    assert {one["id"] for one in reply.json()["changed"]} == {first["id"], last["id"]}
    assert count(client) == MANY
    (job,) = jobs(client)
    assert job["state"] == "failed" and "2 records are in the way" in job["error"]
    for one in (first, last):
        client.patch(f"/api/records/author/{one['id']}", {"name": one["name"]})
    assert undone(client, batch).json()["deleted"] == MANY  # the same job, once more
    assert [one["state"] for one in jobs(client)] == ["done"]


def test_what_came_between_the_look_and_the_undo_stops_it_and_it_goes_on_later(
    client: Client, batch: str
) -> None:
    engine = client.app.engine
    first = client.rows("/api/records/author", sort="code", limit="1")[0]
    id_ = undone(client, batch, prefer="respond-async").json()["job"]["id"]

    def portions(phase: str) -> None:
        connection = engine.database.connection()
        while long_jobs.job_of(connection, id_).place.get("phase", phase) == phase:
            assert long_jobs.advance(engine, connection, id_)

    engine.database.call(lambda: portions(import_undo.CHECK))
    client.patch(f"/api/records/author/{first['id']}", {"name": "Anna"})
    engine.database.call(lambda: worked_off(engine))
    job = client.get(f"/api/jobs/{id_}").json()
    assert job["state"] == "failed" and "Name changed after the import" in job["error"]
    left = count(client)
    assert 0 < left < MANY
    client.patch(f"/api/records/author/{first['id']}", {"name": first["name"]})
    assert client.post(f"/api/jobs/{id_}/retry").status == 202
    engine.database.call(lambda: worked_off(engine))
    assert client.get(f"/api/jobs/{id_}").json()["result"]["deleted"] == MANY
    assert count(client) == 0


def test_a_job_can_be_left_to_the_workers_and_cancelled(client: Client, batch: str) -> None:
    engine = client.app.engine
    reply = undone(client, batch, prefer="respond-async")
    assert reply.status == 202
    path = reply.headers["location"]
    assert client.get(path).json()["state"] == "running"
    assert client.post(f"{path}/cancel").json()["state"] == "cancelling"
    engine.database.call(lambda: worked_off(engine))
    assert client.get(path).json()["state"] == "cancelled" and count(client) == MANY
    assert client.post(f"{path}/cancel").status == 409
    assert undone(client, batch).json()["deleted"] == MANY
    assert client.post(f"{path}/retry").status == 409


def test_a_call_that_is_sent_again_gets_the_answer_of_the_first_time(
    client: Client, batch: str
) -> None:
    first = undone(client, batch, idempotency_key="one")
    again = undone(client, batch, idempotency_key="one")
    assert first.status == again.status == 200 and first.json() == again.json()
    assert undone(client, batch, idempotency_key="two").status == 409


def test_nobody_sees_or_stops_the_work_of_others(client: Client, batch: str) -> None:
    undone(client, batch, prefer="respond-async")
    (job,) = jobs(client)
    other = client.person("other@example.com")
    assert jobs(other) == []
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry")):
        assert other.call(method, f"/api/jobs/{job['id']}{path}").status == 404
    assert other.get(f"/jobs/{job['id']}").status == 404
    assert "people.csv" not in other.get("/jobs").text
    assert other.get("/imports").status == 200 and "people.csv" not in other.get("/imports").text


def test_work_of_somebody_who_left_stops(client: Client) -> None:
    can = ["read", "create", "update", "delete", "import"]
    role = {"kind": "role", "name": "clerk", "grants": [{"object": "author", "can": can}]}
    client.define(role)
    clerk = client.person("clerk@example.com", "clerk")
    batch = imported(clerk, "author", TABLE)["batch"]
    id_ = undone(clerk, batch, prefer="respond-async").json()["job"]["id"]
    user = next(u for u in client.rows("/api/records/user") if u["email"] == "clerk@example.com")
    assert client.patch(f"/api/records/user/{user['id']}", {"active": False}).status == 200
    engine = client.app.engine
    engine.database.call(lambda: worked_off(engine))
    job = client.get(f"/api/jobs/{id_}").json()
    assert job["state"] == "failed" and "can no longer sign in" in job["error"]
    assert count(client) == MANY


@pytest.mark.parametrize("passes", [1, 4, 12])
def test_what_is_killed_goes_on_where_it_was(
    client: Client, batch: str, engine_url: str, tmp_path: Path, passes: int
) -> None:
    id_ = undone(client, batch, prefer="respond-async").json()["job"]["id"]
    environ = environment(engine_url, tmp_path, fault_at=f"in_long_job:{passes}")
    died = Forked("tests.fluvial.runtime.working", [], environ, tmp_path / "work.log")
    assert died.wait(60) == -9
    engine = client.app.engine
    before = client.get(f"/api/jobs/{id_}").json()
    assert before["state"] == "running"

    def finish() -> None:
        while long_jobs.advance(engine, engine.database.connection(), id_):
            pass

    engine.database.call(finish)
    assert client.get(f"/api/jobs/{id_}").json()["result"]["deleted"] == MANY
    assert count(client) == 0


def test_the_pages_show_what_runs_and_what_can_be_undone(client: Client, batch: str) -> None:
    page = client.get("/imports").text
    assert "people.csv" in page and f"/imports/{batch}/undo" in page and "150 added" in page
    undone(client, batch, prefer="respond-async")
    assert "Being undone" in client.get("/imports").text
    shown = client.get("/jobs").text
    assert "Undo the import of people.csv" in shown and "hx-trigger" in shown
    (job,) = jobs(client)
    one = client.get(f"/jobs/{job['id']}").text
    assert "Cancel" in one
    body, form = b"", {"content-type": "application/x-www-form-urlencoded"}
    assert client.call("POST", f"/jobs/{job['id']}/cancel", body=body, headers=form).status == 303
    engine = client.app.engine
    engine.database.call(lambda: worked_off(engine))
    assert "Try again" in client.get("/jobs").text
    assert client.call("POST", f"/jobs/{job['id']}/retry", body=body, headers=form).status == 303
    engine.database.call(lambda: worked_off(engine))
    assert "hx-trigger" not in client.get("/jobs").text
    assert "Deleted: 150" in client.get("/jobs").text and "Undone" in client.get("/imports").text


def test_old_jobs_are_forgotten_and_running_ones_are_not(
    client: Client, batch: str, engine: Engine
) -> None:
    undone(client, batch, prefer="respond-async")
    session = Session.begin(engine)
    later = session.now + 2 * long_jobs.KEPT
    long_jobs.forget(session.connection, later)
    assert len(jobs(client)) == 1
    engine.database.call(lambda: worked_off(engine))
    long_jobs.forget(session.connection, later)
    assert jobs(client) == []
