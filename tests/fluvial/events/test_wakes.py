"""What a commit wakes and what a round of the workers asks: no more than there may be to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from fluvial.database.connection import BusyError
from fluvial.events import outbox, outbox_upkeep
from fluvial.events.jobs import JOB, Job, Rounds, count_grown
from fluvial.kernel.features import Feature
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.listeners import LISTENER, EventListener
from fluvial.records.writing import writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client
from tests.waiting import until

LOOKS = 11  # of jobs that look every second; one of them is for PostgreSQL alone
RULE: dict[str, Any] = {
    "kind": "rule",
    "name": "greet",
    "on": {"object": "group", "event": "updated"},
    "do": [{"notify": {"to": ["created_by"], "by": ["in_app"], "subject": "name", "text": "name"}}],
}


@pytest.fixture
def calm(client: Client, engine: Engine) -> Engine:
    """An engine whose workers have nothing to do."""
    in_thread(engine, lambda: _work_off(engine))
    return engine


def _work_off(engine: Engine) -> None:
    rounds = Rounds(engine)
    while rounds.round():
        pass


def in_thread(engine: Engine, work: Callable[[], Any]) -> Any:
    return engine.database.call(work)


def woken(engine: Engine) -> list[str]:
    return [job.name for job in engine.brought(JOB) if engine.wakes.take(job.name)]


def waiting(engine: Engine) -> list[tuple[Any, ...]]:
    def look() -> list[tuple[Any, ...]]:
        sql = "SELECT object, event FROM fluvial_outbox ORDER BY id"
        return engine.database.connection().query(sql)

    found: list[tuple[Any, ...]] = in_thread(engine, look)
    return found


def listen(engine: Engine, *objects: str) -> list[Event]:
    heard: list[Event] = []
    listener = EventListener(lambda _, event: heard.append(event), lambda _: objects)
    engine.features += Feature("listens", brings=[LISTENER(listener)])
    return heard


def statements(engine: Engine, work: Callable[[], Any]) -> int:
    def counted() -> int:
        connection = engine.database.connection()
        before = connection.statements
        work()
        return connection.statements - before

    found: int = in_thread(engine, counted)
    return found


def test_what_nobody_hears_leaves_no_event_and_wakes_nobody(client: Client, calm: Engine) -> None:
    heard = listen(calm, "team")
    group = client.made("group", name="a")
    client.patch(f"/api/records/group/{group['id']}", {"name": "b"})
    client.post("/api/records/group", [{"name": "c"}, {"name": "d"}])
    assert (woken(calm), waiting(calm)) == ([], [])
    client.made("team", name="a")
    client.post("/api/records/team", [{"name": "b"}, {"name": "c"}])
    assert waiting(calm) == [("team", "created")] * 3
    assert woken(calm) == ["outbox"]
    in_thread(calm, lambda: _work_off(calm))
    assert [event.object for event in heard] == ["team"] * 3


def test_a_round_runs_what_was_woken_and_what_is_due(calm: Engine) -> None:
    ran: list[str] = []

    def job(name: str, *more: bool, every: float = 1, wakes: str = "") -> Job:
        left = list(more)

        def run(engine: Engine) -> bool:
            ran.append(name)
            if wakes:
                engine.wakes.want(wakes)
            return bool(left) and left.pop()

        return Job(name, run, every=every)

    jobs = [job("first", every=900), job("events", True, wakes="last", every=900), job("last")]
    rounds = Rounds(calm, jobs)

    def round() -> tuple[list[str], bool]:
        ran.clear()
        more = rounds.round(look=False)
        return list(ran), more

    assert round() == (["first", "events", "last"], True)
    assert round() == (["events", "last"], False)  # it was not finished, and woke the other
    assert round() == ([], False)
    calm.wakes.want("first")
    assert round() == (["first"], False)
    assert rounds.round() is False
    assert ran == ["first", "last"]  # whoever only looks takes all with a short interval


def test_a_wake_runs_only_the_jobs_that_it_names(calm: Engine) -> None:
    ran: list[str] = []
    left = {"first": 1}

    def run(name: str) -> bool:
        ran.append(name)
        left[name] = left.get(name, 0) - 1
        return left[name] >= 0

    def job(name: str) -> Job:
        return Job(name, lambda _: run(name))

    jobs = [job("first"), job("second"), job("third")]
    rounds = Rounds(calm, jobs)
    assert rounds.woken() is False and ran == []  # although all of them are due
    calm.wakes.want("first")
    assert rounds.woken() is True
    assert rounds.woken() is False  # what was not finished goes on
    assert ran == ["first", "first"]
    calm.wakes.want("third")
    calm.wakes.want("second")
    assert rounds.woken() is False
    assert ran[2:] == ["second", "third"]
    assert statements(calm, Rounds(calm).woken) == 0


def test_rounds_with_nothing_to_do_ask_once_for_each_job(calm: Engine) -> None:
    rounds = Rounds(calm)
    in_thread(calm, rounds.round)
    looks = LOOKS if calm.database.dialect == "postgresql" else LOOKS - 1
    assert statements(calm, rounds.round) <= looks
    assert statements(calm, lambda: rounds.round(look=False)) == 0
    calm.wakes.want(outbox.WORK)
    assert statements(calm, lambda: rounds.round(look=False)) == 1


def test_a_woken_outbox_asks_for_events_alone(client: Client, calm: Engine) -> None:
    heard = listen(calm, "group")
    rounds = Rounds(calm)
    client.made("group", name="a")
    in_thread(calm, rounds.round)
    client.made("group", name="b")
    # Is there anything, which catalog, claim; handle it: with which catalog, remove it, and
    # whether a run waits for the record, also one of a rule that is no longer there.
    assert statements(calm, lambda: rounds.round(look=False)) == 6
    assert statements(calm, lambda: rounds.round(look=False)) == 1  # is there more
    assert len(heard) == 2


def test_events_that_nobody_hears_any_more_are_dropped(client: Client, calm: Engine) -> None:
    group = client.made("group", name="a")
    client.define(RULE)
    client.patch(f"/api/records/group/{group['id']}", {"name": "b"})
    assert waiting(calm) == [("group", "updated")]
    client.define(RULE | {"active": False})
    in_thread(calm, lambda: outbox.run(calm))
    assert waiting(calm) == []


def test_a_write_that_began_before_a_rule_is_heard_by_it(client: Client, calm: Engine) -> None:
    group = client.made("group", name="a")
    early: Session = in_thread(calm, lambda: Session.begin(calm))
    client.define(RULE)
    change = {"name": "b"}
    with pytest.raises(BusyError):  # a request is tried again
        in_thread(calm, lambda: writer.update(early, "group", group["id"], change))
    client.patch(f"/api/records/group/{group['id']}", change)
    assert waiting(calm) == [("group", "updated")]


def test_the_outbox_is_vacuumed_by_those_who_empty_it(
    client: Client, calm: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if calm.database.dialect == "sqlite":
        pytest.skip("SQLite uses the room of deleted rows again.")
    monkeypatch.setattr(outbox_upkeep, "REMOVED", 3)
    listen(calm, "group")
    known = "SELECT reltuples FROM pg_class WHERE oid = 'fluvial_outbox'::regclass"

    def counted(*names: str) -> float:
        for name in names:
            client.made("group", name=name)
        in_thread(calm, lambda: _work_off(calm))
        return float(in_thread(calm, lambda: calm.database.connection().query(known))[0][0])

    assert counted("a", "b") == -1  # it was never looked through
    assert counted("c") == 0


def test_a_backlog_is_not_handled_by_the_plans_of_an_empty_outbox(
    client: Client, calm: Engine
) -> None:
    if calm.database.dialect == "sqlite":
        pytest.skip("SQLite prefers indexes to counts.")
    listen(calm, "group")

    def ask(sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = in_thread(
            calm, lambda: calm.database.connection().query(sql)
        )
        return found

    client.made("group", name="first")
    in_thread(calm, lambda: _work_off(calm))
    plain = "SELECT reloptions::text FROM pg_class WHERE oid = 'fluvial_outbox'::regclass"
    assert ask(plain) == [("{vacuum_truncate=false}",)]
    for number in range(8):  # until PostgreSQL keeps the plans
        client.made("group", name=f"Early {number}")
        in_thread(calm, lambda: _work_off(calm))
    names = [{"name": f"Group {number}"} for number in range(500)]
    assert client.post("/api/records/group", names).status == 201
    ask("INSERT INTO fluvial_outbox SELECT gen_random_uuid(), at, object, gen_random_uuid(), rev, "
        "event, actor, cause, changes, lease, leased_until, attempts, error "
        "FROM fluvial_outbox, generate_series(1, 3)")  # fmt: skip
    # Claims are not among what is prepared, and what removes events was planned anew.
    in_thread(calm, lambda: outbox.run(calm))
    prepared = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'WITH chosen%'"
    assert ask(prepared + " AND statement LIKE '%fluvial_outbox%'") == []
    assert ask("SELECT reltuples > 1000 FROM pg_class WHERE oid = 'fluvial_outbox'::regclass") == [
        (True,)
    ]


def test_tables_that_were_filled_are_counted(client: Client, calm: Engine) -> None:
    if calm.database.dialect == "sqlite":
        pytest.skip("SQLite counts when the workers keep house.")
    for start in range(0, 1200, 400):
        names = [{"name": f"Group {number}"} for number in range(start, start + 400)]
        assert client.post("/api/records/group", names).status == 201

    def count() -> float:
        connection = calm.database.connection()
        connection.analyze()
        sql = "SELECT reltuples FROM pg_class WHERE oid = '\"group\"'::regclass"
        return float(connection.query(sql)[0][0])

    # What other connections have written reaches the server's counts within a second or two.
    until(lambda: in_thread(calm, count) == 1200)


def test_sqlite_counts_soon_after_a_large_batch(client: Client, calm: Engine) -> None:
    if calm.database.dialect != "sqlite":
        pytest.skip("PostgreSQL knows which tables have grown.")

    def counted(work: Callable[[], Any] = lambda: None) -> int:
        """How many rows of an object's table plans are made for, after a round."""
        work()
        in_thread(calm, lambda: count_grown(calm))
        there = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"
        ask = "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = 'group'"
        connection = calm.database.connection
        if not in_thread(calm, lambda: connection().query(there)):
            return 0
        return int(in_thread(calm, lambda: connection().query(ask))[0][0] or 0)

    def batch(rows: int, times: int = 1) -> None:
        for _ in range(times):
            names = [{"name": f"Group {uuid4()}"} for _ in range(rows)]
            assert client.post("/api/records/group", names).status == 201

    before = counted()
    assert counted(lambda: batch(20)) == before  # too few to count anew
    assert counted(lambda: batch(500, 2)) > 800  # what it counts is a sample
    seen = counted()
    assert counted(lambda: batch(5)) == seen
    assert counted(lambda: batch(500, 3)) > 2_000
