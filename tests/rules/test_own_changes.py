"""A rule's own change never overwrites a newer one: reading, working out and writing are one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import Client, OpenEngine
from tests.rules.house import House, Json, rule

COUNT: Json = {"update": {"set": {"level": "coalesce(level, 0) + 1"}}}
WRITERS = 4
TIMES = 10

HOOK: Json = {
    "kind": "hook",
    "name": "desk",
    "auth": "token",
    "secret": {"env": "PLAIN"},
    "object": "loan",
    "map": {"name": "body.name", "fee": "body.fee"},
    "key": ["name"],
}


def level(house: House, loan: Json) -> str | None:
    found: str | None = house.client.get(f"/api/records/loan/{loan['id']}").json()["level"]
    return found


def test_what_was_written_since_the_event_is_counted_on(house: House) -> None:
    house.define(rule("count", {"object": "loan", "event": "created"}, COUNT))
    loan = house.client.made("loan", name="Emma", level=1)
    house.client.patch(f"/api/records/loan/{loan['id']}", {"level": 40})
    house.work()
    assert level(house, loan) == "41"


def test_events_that_wait_together_count_each(house: House) -> None:
    on = {"object": "loan", "event": "updated", "fields": ["name"]}
    house.define(rule("count", on, COUNT))
    loan = house.client.made("loan", name="Emma")
    for number in range(5):
        house.client.patch(f"/api/records/loan/{loan['id']}", {"name": f"Emma {number}"})
    house.work()
    assert level(house, loan) == "5"


def test_the_value_before_the_event_is_still_known(house: House) -> None:
    on = {"object": "loan", "event": "updated", "fields": ["name"]}
    house.define(rule("note", on, {"update": {"set": {"name": "name & ' was ' & was(name)"}}}))
    loan = house.client.made("loan", name="Emma")
    house.client.patch(f"/api/records/loan/{loan['id']}", {"name": "Persuasion"})
    house.work()
    assert house.client.get(f"/api/records/loan/{loan['id']}").json()["name"] == (
        "Persuasion was Emma"
    )


def test_a_condition_on_what_is_written_is_asked_again(house: House) -> None:
    house.define(
        rule(
            "close",
            {"object": "loan", "event": "created"},
            {"update": {"where": "level < 5", "set": {"status": "'late'"}}},
        )
    )
    loan = house.client.made("loan", name="Emma", level=1)
    house.client.patch(f"/api/records/loan/{loan['id']}", {"level": 9})
    house.work()
    assert house.client.get(f"/api/records/loan/{loan['id']}").json()["status"] == "open"


def test_the_records_of_each_are_counted_on_as_they_are(house: House) -> None:
    on = {"object": "member", "event": "updated", "fields": ["name"]}
    count = {"update": {"each": "loans", "set": {"level": "coalesce(level, 0) + record.points"}}}
    house.define(rule("count", on, count))
    member = house.client.made("member", name="Ann", points=2)
    loan = house.client.made("loan", name="Emma", member=member["id"])
    for number in range(3):
        house.client.patch(f"/api/records/member/{member['id']}", {"name": f"Ann {number}"})
        house.client.patch(f"/api/records/loan/{loan['id']}", {"level": 10 * number})
    house.work()
    assert level(house, loan) == "26"


@contextmanager
def working(engines: list[Engine]) -> Iterator[None]:
    """Workers of other processes at work, until there is nothing left to do."""
    done: list[bool] = []

    def work(engine: Engine) -> None:
        while engine.database.call(lambda: run_pending(engine)) or not done:
            pass

    with ThreadPoolExecutor(len(engines)) as threads:
        workers = [threads.submit(work, engine) for engine in engines]
        try:
            yield
        finally:
            done.append(True)
            for worker in workers:
                worker.result()


def at_once(clients: list[Client], one: Callable[[Client, int], bool]) -> None:
    """Let all clients do the same so many times; what was busy is tried again."""

    def many(client: Client) -> None:
        for number in range(TIMES):
            while not one(client, number):
                pass

    with ThreadPoolExecutor(len(clients)) as threads:
        for writer in [threads.submit(many, client) for client in clients]:
            writer.result()


def taken(status: int) -> bool:
    assert status in (200, 409, 503), status
    return status == 200


@pytest.fixture
def clients(open_engine: OpenEngine, house: House) -> list[Client]:
    now = "2026-06-10T09:00:00Z"
    engines = [open_engine(zone="Europe/London", now=now) for _ in range(WRITERS)]
    return [Client(build_app(engine), house.client.headers) for engine in engines]


def test_many_writers_at_once_are_all_counted(
    house: House, clients: list[Client], open_engine: OpenEngine
) -> None:
    on = {"object": "loan", "event": "updated", "fields": ["name"]}
    house.define(rule("count", on, COUNT))
    loan = house.client.made("loan", name="Emma", level=0)
    path = f"/api/records/loan/{loan['id']}"

    def rename(client: Client, number: int) -> bool:
        return taken(client.patch(path, {"name": f"{id(client)} {number}"}).status)

    workers = [open_engine(now="2026-06-10T09:00:00Z") for _ in range(2)]
    with working(workers):
        at_once(clients, rename)
    house.work()
    assert level(house, loan) == str(WRITERS * TIMES)


def test_a_button_that_many_press_at_once_counts_every_press(
    house: House, clients: list[Client]
) -> None:
    house.define(rule("more", {"object": "loan", "button": "More"}, COUNT))
    loan = house.client.made("loan", name="Emma", level=0)
    path = f"/api/records/loan/{loan['id']}/actions/more"
    at_once(clients, lambda client, _: taken(client.post(path, {}).status))
    assert level(house, loan) == str(WRITERS * TIMES)


def test_calls_of_a_hook_are_all_counted(
    house: House, clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAIN", "open sesame")
    before = {
        "kind": "rule",
        "name": "count",
        "phase": "before_save",
        "on": {"object": "loan", "event": "updated"},
        "do": [{"set": {"level": "coalesce(level, 0) + 1"}}],
    }
    house.define(HOOK, before)
    loan = house.client.made("loan", name="Emma", level=0)
    token = {"authorization": "Bearer open sesame"}

    def call(client: Client, number: int) -> bool:
        amount = str(clients.index(client) * TIMES + number + 1)
        body = {"name": "Emma", "fee": {"amount": amount, "currency": "EUR"}}
        return taken(Client(client.app, token).post("/hooks/desk", body).status)

    at_once(clients, call)
    assert level(house, loan) == str(WRITERS * TIMES)
