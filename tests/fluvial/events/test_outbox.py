"""The outbox: events handled once and in order, leases with fences, and what is given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fluvial.database.connection import Connection
from fluvial.events import outbox
from fluvial.kernel.features import Feature, Features
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.listeners import LISTENER, EventListener
from fluvial.records.writing import writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import OpenEngine


def hearing(happened: Callable[[Session, Event], None]) -> Features:
    return Features([Feature("heard", brings=[LISTENER(EventListener(happened))])])


class Heard:
    """A feature that keeps what it is told, and fails for records with some titles."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.poison: set[str] = set()
        self.features = hearing(self.happened)

    def happened(self, session: Session, event: Event) -> None:
        name = event.changes.get("name", [None, ""])[1]
        if name in self.poison:
            raise RuntimeError(f"{name} cannot be handled")
        self.events.append((str(name), event.rev))


@pytest.fixture
def heard(engine: Engine) -> Iterator[Heard]:
    heard = Heard()
    engine.features = heard.features
    on(engine, lambda: drain(engine))  # the first administrator's own event
    heard.events.clear()
    yield heard


def on(engine: Engine, work: Any) -> Any:
    return engine.database.call(work)


def drain(engine: Engine) -> None:
    while outbox.run(engine):
        pass


def make(engine: Engine, *names: str) -> list[str]:
    def work() -> list[str]:
        session = Session.begin(engine)
        return [writer.create(session, "group", {"name": name})["id"] for name in names]

    found: list[str] = on(engine, work)
    return found


def change(engine: Engine, record: str, name: str) -> None:
    on(engine, lambda: writer.update(Session.begin(engine), "group", record, {"name": name}))


def query(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = on(engine, lambda: engine.database.connection().query(sql))
    return found


def script(engine: Engine, sql: str) -> None:
    on(engine, lambda: engine.database.connection().script(sql))


def test_events_are_handled_once(engine: Engine, heard: Heard) -> None:
    make(engine, "a", "b", "c")
    on(engine, lambda: drain(engine))
    assert heard.events == [("a", 1), ("b", 1), ("c", 1)]
    assert query(engine, "SELECT id FROM fluvial_outbox") == []


def test_the_events_of_a_record_keep_their_order(engine: Engine, heard: Heard) -> None:
    (record, other) = make(engine, "a", "z")
    for name in ("b", "c", "d"):
        change(engine, record, name)
    on(engine, lambda: drain(engine))
    assert [event for event in heard.events if event[0] != "z"] == [
        ("a", 1), ("b", 2), ("c", 3), ("d", 4),
    ]  # fmt: skip
    assert other


def test_a_poison_event_is_quarantined_and_the_others_flow(engine: Engine, heard: Heard) -> None:
    heard.poison.add("bad")
    (record, _) = make(engine, "bad", "good")
    change(engine, record, "better")
    for _ in range(outbox.MAX_ATTEMPTS + 1):
        on(engine, lambda: drain(engine))
        # What comes behind the poison of its own record waits until that is given up.
        script(engine, "UPDATE fluvial_outbox SET leased_until = NULL")
    assert heard.events == [("good", 1), ("better", 2)]
    (given_up,) = on(engine, lambda: outbox.quarantined(engine.database.connection()))
    assert given_up["attempts"] == outbox.MAX_ATTEMPTS
    assert given_up["error"] == "RuntimeError: bad cannot be handled"
    heard.poison.clear()
    assert on(engine, lambda: outbox.again(Session.begin(engine), given_up["id"]))
    on(engine, lambda: drain(engine))
    assert heard.events[-1] == ("bad", 1)
    assert not on(engine, lambda: outbox.again(Session.begin(engine), given_up["id"]))


def test_a_failed_event_waits_longer_each_time(engine: Engine, heard: Heard) -> None:
    heard.poison.add("bad")
    make(engine, "bad")
    on(engine, lambda: drain(engine))
    (row,) = query(engine, "SELECT attempts, lease, leased_until FROM fluvial_outbox")
    assert (row[0], row[1]) == (1, None)
    assert row[2] is not None
    assert on(engine, lambda: outbox.run(engine)) is False  # its time has not come


def test_what_an_event_wrote_goes_with_it(engine: Engine, heard: Heard) -> None:
    def write_and_fail(session: Session, event: Event) -> None:
        if event.changes.get("name", [None, ""])[1] == "first":
            writer.create(session, "team", {"name": "made by the event"})
            raise RuntimeError("too late")

    engine.features = hearing(write_and_fail)
    make(engine, "first", "second")
    on(engine, lambda: drain(engine))
    assert query(engine, "SELECT id FROM team") == []
    assert len(query(engine, "SELECT id FROM fluvial_outbox")) == 1


def claimed(connection: Connection, lease: str) -> list[Any]:
    return outbox._CLAIM.rows(connection, the_limit=10, the_lease=lease)


def test_a_lease_holds_others_off_until_it_ends(open_engine: OpenEngine) -> None:
    one, other = open_engine(), open_engine()
    one.features = Heard().features
    make(one, "a")
    on(one, lambda: claimed(one.database.connection(), new_id()))
    heard = Heard()
    other.features = heard.features
    on(other, lambda: drain(other))
    assert heard.events == []
    script(other, "UPDATE fluvial_outbox SET leased_until = '2020-01-01T00:00:00.000000Z'")
    on(other, lambda: drain(other))
    assert ("a", 1) in heard.events


def test_a_worker_that_lost_its_lease_changes_nothing(open_engine: OpenEngine) -> None:
    slow, quick = open_engine(), open_engine()
    late, early = Heard(), Heard()
    slow.features, quick.features = late.features, early.features
    make(slow, "a")
    lease = new_id()
    rows = on(slow, lambda: claimed(slow.database.connection(), lease))
    events = [Event(*row) for row in sorted(rows)]
    script(slow, "UPDATE fluvial_outbox SET leased_until = '2020-01-01T00:00:00.000000Z'")
    on(quick, lambda: drain(quick))
    assert ("a", 1) in early.events
    # The slow worker wakes up and goes on with what it believes to hold.
    on(slow, lambda: outbox._portion(slow, slow.database.connection(), lease, events))
    assert late.events == []


def test_the_events_of_a_dead_worker_are_tried_one_by_one(engine: Engine, heard: Heard) -> None:
    make(engine, "a", "b", "c")
    on(engine, lambda: claimed(engine.database.connection(), new_id()))
    script(engine, "UPDATE fluvial_outbox SET leased_until = '2020-01-01T00:00:00.000000Z'")
    lease = new_id()
    suspects = on(
        engine,
        lambda: outbox._CLAIM_SUSPECT.rows(
            engine.database.connection(), the_limit=1, the_lease=lease
        ),
    )
    assert len(suspects) == 1
    counts = sorted(row[0] for row in query(engine, "SELECT attempts FROM fluvial_outbox"))
    assert counts == [0, 0, 1]
