"""PostgreSQL ends connections, restarts or is away: what callers hear, and that all is well after.

Nothing answers 500. What was not saved is tried again on a new connection; what cannot be answered
is a 503 that says when to come back, and whether something may have been saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from fluvial.database.connection import AwayError, GoneError, UnsureError
from fluvial.database.database import Database
from fluvial.database.postgres import PostgresConnection
from fluvial.events.jobs import Rounds
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import Client, OpenEngine, Prepared, Reply
from tests.wires import Wire

pytestmark = pytest.mark.parametrize("engine_url", ["postgresql"], indirect=True)

LIST = "/api/records/group"
# Reads of every sort: the API, summaries, search, metadata, people, pages, files.
READS = (
    LIST, f"{LIST}?sort=name&total=exact", f"{LIST}/summary?group=name", "/api/meta", "/api/me",
    "/api/meta/object", "/api/notifications", "/api/deliveries", "/api/tokens",
    "/api/openapi.json", "/health/ready", "/metrics", "/", "/o/group", "/o/group/new",
    "/search?q=north", "/studio", "/profile",
)  # fmt: skip


def ask(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(sql)
        return found.fetchall() if found.description else []


def terminate(url: str) -> int:
    """End everybody's connections as an administrator, a failover or a restart does."""
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    return len(
        ask(url, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}")
    )


def dies_on(url: str, table: str, *, times: int, at_commit: bool = False) -> None:
    """The first so many writes to a table end their own connection, at once or while committing."""
    ask(
        url,
        "CREATE SEQUENCE deaths; CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF nextval('deaths') <= {times} THEN "
        "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); "
        "END IF; RETURN NEW; END $$",
    )
    if at_commit:
        how = f'CREATE CONSTRAINT TRIGGER dies AFTER INSERT OR UPDATE ON "{table}" DEFERRABLE '
        how += "INITIALLY DEFERRED"
    else:
        how = f'CREATE TRIGGER dies BEFORE INSERT OR UPDATE ON "{table}"'
    ask(url, f"{how} FOR EACH ROW EXECUTE FUNCTION die()")


def away(reply: Reply) -> dict[str, Any]:
    """It says that the database is away, and when to come back."""
    assert (reply.status, int(reply.headers["retry-after"]) > 0) == (503, True), reply.text
    body: dict[str, Any] = reply.json() if "json" in reply.headers["content-type"] else {}
    return body


def names(client: Client) -> list[str]:
    return [row["name"] for row in client.rows(LIST, sort="name")]


@pytest.fixture
def wire(engine_url: str) -> Iterator[Wire]:
    made = Wire(engine_url)
    yield made
    made.down()


@pytest.fixture
def far(open_engine: OpenEngine, wire: Wire, engine_url: str, prepared: Prepared) -> Client:
    """A client of an engine that reaches its database by the wire."""
    engine = open_engine(database_url=wire.url)
    return Client(build_app(engine), prepared.headers(engine_url))


@pytest.mark.parametrize("path", READS)
def test_reads_do_not_notice_that_their_connection_was_ended(
    client: Client, engine_url: str, path: str
) -> None:
    before = client.get(path)
    assert terminate(engine_url)
    assert client.get(path).status == before.status < 400


def test_writes_do_not_notice_that_their_connection_was_ended_before(
    client: Client, engine_url: str
) -> None:
    made = client.made("group", name="a")
    changes: list[Callable[[], Reply]] = [
        lambda: client.post(LIST, {"name": "b"}),
        lambda: client.patch(f"{LIST}/{made['id']}", {"name": "c"}),
        lambda: client.post(LIST, [{"name": "d"}, {"name": "e"}]),
        lambda: client.delete(f"{LIST}/{made['id']}"),
        lambda: client.post("/api/meta/changes", {"documents": [
            {"kind": "object", "name": "shelf", "label": "Shelf",
             "fields": [{"name": "name", "kind": "text"}]}]}),
        lambda: client.post("/api/files", {}),
    ]  # fmt: skip
    for change in changes:
        terminate(engine_url)
        assert change().status in (200, 201, 204, 400)
    assert names(client) == ["b", "d", "e"]


@pytest.mark.parametrize("body", [{"name": "a"}, [{"name": "a"}, {"name": "b"}]])
def test_what_was_lost_before_its_commit_is_written_once(
    client: Client, engine_url: str, body: Any
) -> None:
    dies_on(engine_url, "group", times=2)
    assert client.post(LIST, body).status == 201
    assert names(client) == ["a", "b"][: len(body) if isinstance(body, list) else 1]


def test_a_connection_that_is_ended_each_time_is_unavailable(
    client: Client, engine_url: str
) -> None:
    dies_on(engine_url, "group", times=1000)
    problem = away(client.post(LIST, {"name": "a"}))
    assert problem["saved"] == "no" and "Nothing was saved" in problem["detail"]
    assert names(client) == []


def test_a_commit_whose_end_is_not_known_says_so(client: Client, engine_url: str) -> None:
    dies_on(engine_url, "group", times=1, at_commit=True)
    problem = away(client.post(LIST, {"name": "a"}))
    assert problem["saved"] == "unknown"
    assert "may or may not have been saved" in problem["detail"]
    assert names(client) == []
    assert client.post(LIST, {"name": "a"}).status == 201


def test_a_page_says_that_it_does_not_know(client: Client, engine_url: str) -> None:
    dies_on(engine_url, "group", times=1, at_commit=True)
    form = {"content-type": "application/x-www-form-urlencoded"}
    reply = client.call("POST", "/o/group/new", body=b"name=North", headers=form)
    away(reply)
    assert "may or may not have been saved" in reply.text


def test_what_was_saved_without_an_answer_is_found_again_by_its_key(
    far: Client, wire: Wire
) -> None:
    names(far)
    wire.cut_after = b"COMMIT"
    first = far.post(LIST, {"name": "a"}, idempotency_key="one")
    assert (first.status, wire.cuts) == (201, 1)
    again = far.post(LIST, {"name": "a"}, idempotency_key="one")
    assert again.json() == first.json()
    assert names(far) == ["a"]


def test_what_was_saved_without_an_answer_and_a_key_is_not_saved_twice(
    far: Client, wire: Wire
) -> None:
    names(far)
    for name in ("a", "b"):
        wire.cut_after = b"COMMIT"
        assert away(far.post(LIST, {"name": name}))["saved"] == "unknown"
    assert (names(far), wire.cuts) == (["a", "b"], 2)


def test_while_the_server_is_away_everybody_is_told_when_to_come_back(
    far: Client, wire: Wire
) -> None:
    made = far.made("group", name="a")
    wire.down()
    for path in READS:
        away(far.get(path))
    away(far.post(LIST, {"name": "b"}))
    away(far.patch(f"{LIST}/{made['id']}", {"name": "b"}))
    away(far.delete(f"{LIST}/{made['id']}"))
    away(far.get("/api/stream?topics=object:group"))
    away(far.get(f"{LIST}/export?format=csv"))
    away(far.post("/api/login", {"email": "a@example.org", "password": "x"}))
    page = far.get("/o/group")
    assert "text/html" in page.headers["content-type"] and "cannot be reached" in page.text
    assert far.get("/health/live").status == 200
    assert away(far.get(LIST))["detail"] == "The database cannot be reached. Nothing was saved."
    wire.up()
    assert [far.get(path).status for path in READS] == [200] * len(READS)
    assert names(far) == ["a"]


def test_an_export_goes_on_where_its_connection_was_ended(
    far: Client, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluvial.transfer.exports.PAGE", 2)
    far.post(LIST, [{"name": name} for name in "abcdefg"])
    names(far)
    wire.cut_after = b'"group"'
    reply = far.get(f"{LIST}/export?format=csv&fields=name&sort=name")
    assert (reply.status, wire.cuts) == (200, 1)
    assert reply.text.split()[1:] == list("abcdefg")


def test_workers_go_on_where_their_connections_were_ended(
    client: Client, engine: Engine, engine_url: str
) -> None:
    rounds = Rounds(engine)
    for name in ("a", "b", "c"):
        client.made("group", name=name)
        terminate(engine_url)
        engine.database.call(rounds.round)  # says in the log that it was lost
        while engine.database.call(rounds.round):
            pass
    assert names(client) == ["a", "b", "c"]


def test_connections_say_what_is_known(engine_url: str, wire: Wire) -> None:
    database = Database(wire.url, threads=1)
    connection = database.connect()
    assert isinstance(connection, PostgresConnection)
    wire.cut()
    with pytest.raises(GoneError) as caught:
        connection.query("SELECT 1")
    assert not isinstance(caught.value, AwayError | UnsureError)
    assert connection.query("SELECT 1") == [(1,)]  # the next one is new
    change = "UPDATE fluvial_catalog SET version = version"
    connection.execute(change)
    wire.cut()
    with pytest.raises(UnsureError):
        connection.execute(change)
    wire.down()
    with pytest.raises(AwayError):
        connection.query("SELECT 1")
    wire.up()
    with pytest.raises(GoneError), connection.transaction():
        connection.query("SELECT 1")
        wire.cut()
        connection.query("SELECT 1")
    assert not connection.in_transaction
    assert connection.query("SELECT 1") == [(1,)]
    connection.close()
    database.close()
