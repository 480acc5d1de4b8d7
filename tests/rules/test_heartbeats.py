"""Two workers at the same work: what is slow stays with one of them, what was left is taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fluvial.events import heartbeats, outbox
from fluvial.events.jobs import Rounds
from fluvial.kernel.features import Feature
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.listeners import LISTENER, EventListener
from fluvial.records.writing import writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from rules import deliveries
from tests.app import OpenEngine
from tests.rules.house import House, endpoint, rule
from tests.waiting import until

SLOW = 1.5  # seconds; several times as long as a lease


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(heartbeats, "BEAT_SECONDS", 0.1)


class Worker:
    """A worker in a thread of this process: an engine of its own makes it another process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        rounds = Rounds(self.engine)
        while not self.over.is_set():
            if not rounds.round():
                self.over.wait(0.05)

    def stop(self) -> None:
        self.over.set()
        self.thread.join()


@pytest.fixture
def workers(house: House, open_engine: OpenEngine) -> Iterator[list[Worker]]:
    """Empty at first: put workers in here, they end with the test."""
    made: list[Worker] = []
    yield made
    for worker in made:
        worker.stop()


def settings(house: House) -> dict[str, str]:
    return {
        "smtp_url": house.smtp.url,
        "outbound_allow": f"127.0.0.1:{house.sink.port}",
        "now": "2026-06-10T09:00:00Z",
    }


@pytest.mark.parametrize("kind", ["webhook", "email"])
def test_a_slow_effect_is_done_by_one_worker(
    house: House, open_engine: OpenEngine, workers: list[Worker], kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    begun: list[str] = []
    send = deliveries.Deliveries._send

    def slowly(self: Any, engine: Engine, effect: Any, *rest: Any) -> None:
        begun.append(effect["id"])
        threading.Event().wait(SLOW)
        send(self, engine, effect, *rest)

    monkeypatch.setattr(deliveries.Deliveries, "_send", slowly)
    does: dict[str, Any] = {
        "webhook": {"webhook": {"to": "desk", "body": {"name": "name"}}},
        "email": {"notify": {"to": ["'ann@example.org'"], "by": ["email"], "subject": "name"}},
    }
    on = {"object": "loan", "event": "created"}
    house.define(endpoint("desk", house.sink), rule("tell", on, does[kind]))
    workers += [Worker(open_engine(**settings(house))) for _ in range(2)]
    for name in ("Emma", "Persuasion"):
        house.client.made("loan", name=name)
    until(lambda: len(house.deliveries(state="done")) == 2)
    assert len(begun) == len(set(begun)) == 2
    assert len(house.sink.deliveries) + len(house.smtp.mails) == 2


def test_a_slow_event_is_handled_by_one_worker(
    house: House, open_engine: OpenEngine, workers: list[Worker]
) -> None:
    begun: list[tuple[str, str]] = []

    def slowly(_: Session, event: Event) -> None:
        begun.append((event.record, event.event))
        threading.Event().wait(SLOW / 2)

    slow = Feature("slow", brings=[LISTENER(EventListener(slowly, lambda _: ["loan"]))])
    engines = [open_engine(**settings(house)) for _ in range(2)]
    for engine in (house.engine, *engines):
        engine.features += slow
    for name in ("Emma", "Persuasion", "Sanditon"):
        house.client.made("loan", name=name)
    workers += [Worker(engine) for engine in engines]
    until(lambda: house.sql("SELECT count(*) FROM fluvial_outbox") == [(0,)])
    assert len(begun) == len(set(begun)) == 3


def test_the_rest_of_a_batch_stays_with_a_slow_worker(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = "a lease"
    house.engine.features += Feature(
        "hears", brings=[LISTENER(EventListener(lambda *_: None, lambda _: ["loan"]))]
    )
    house.client.made("loan", name="Emma")
    take = {"the_limit": 10, "the_lease": lease, "seconds_leased": heartbeats.LEASE_SECONDS}
    connection = house.engine.database.connection
    house.engine.database.call(lambda: outbox._CLAIM.rows(connection(), **take))
    held = heartbeats.heartbeats_of(house.engine)

    def left() -> bool:
        """Whether somebody else may take it."""
        return bool(house.engine.database.call(lambda: outbox._ANY.rows(connection())))

    with held.holding(lease, outbox._EXTEND):
        for _ in range(10):
            assert not left()
            threading.Event().wait(0.15)
    until(left)  # nobody beats for it any more


def test_a_lease_that_was_lost_is_not_taken_back(house: House) -> None:
    house.engine.features += Feature(
        "hears", brings=[LISTENER(EventListener(lambda *_: None, lambda _: ["loan"]))]
    )
    engine = house.engine
    engine.database.call(lambda: writer.create(Session.begin(engine), "loan", {"name": "Emma"}))
    house.change("UPDATE fluvial_outbox SET lease = 'theirs', leased_until = NULL")
    with heartbeats.heartbeats_of(engine).holding("mine", outbox._EXTEND):
        threading.Event().wait(0.4)
    assert house.sql("SELECT lease, leased_until FROM fluvial_outbox") == [("theirs", None)]
