"""Calculated fields are stored, and always what their formulas give."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fluvial.http.app import build_app
from fluvial.kernel.problems import Problem
from fluvial.records.calculated import recalculation_job, refresh
from fluvial.records.writing import batch_writes, bin, writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.fluvial.shelves import OBJECTS, SHELVES, wrong


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    """With one thread, so that one connection sees every statement."""
    return open_engine(threads="1")


class Walk:
    """Changes of a small library by chance."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.chance = random.Random(seed)
        self.live: dict[str, list[str]] = {name: [] for name in OBJECTS}
        self.binned: list[tuple[str, str]] = []

    def step(self) -> None:
        way = self.chance.choices(
            (self.create, self.change, self.batch, self.delete, self.restore), (6, 8, 1, 2, 1)
        )[0]
        try:
            way()
        except Problem as problem:
            assert problem.status in (404, 409, 422), problem  # held back, or gone with another

    def one(self, name: str) -> str | None:
        return self.chance.choice(self.live[name]) if self.live[name] else None

    def body(self, name: str) -> dict[str, Any]:
        chance = self.chance
        number = f"{chance.randint(0, 900) / 100:.2f}"
        price = {"amount": number, "currency": "EUR"}
        day = f"2026-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}"
        fans = [one for one in self.live["member"] if chance.random() < 0.3]
        bodies: dict[str, Callable[[], dict[str, Any]]] = {
            "author": lambda: {"name": f"A{chance.randint(0, 9)}", "mentor": self.one("author")},
            "book": lambda: {
                "name": f"B{chance.randint(0, 9)}", "author": self.one("author"), "price": price,
                "fans": fans, "factor": number,
            },
            "copy": lambda: {"mark": f"C{chance.randint(0, 9)}", "book": self.one("book")},
            "member": lambda: {
                "name": f"M{chance.randint(0, 9)}", "active": chance.random() < 0.7,
                "discount": f"0.{chance.randint(0, 9)}",
            },
            "loan": lambda: {
                "copy": self.one("copy"), "member": self.one("member"), "fee": number,
                "taken": day, "returned": chance.choice([None, day]), "note": f"n{number}",
            },
        }  # fmt: skip
        return bodies[name]()

    def part(self, name: str) -> dict[str, Any]:
        return {k: v for k, v in self.body(name).items() if self.chance.random() < 0.4}

    def create(self) -> None:
        name = self.chance.choice(OBJECTS)
        self.live[name].append(writer.create(self.session, name, self.body(name))["id"])

    def change(self) -> None:
        name = self.chance.choice(OBJECTS)
        record = self.one(name)
        if record:
            writer.update(self.session, name, record, self.part(name))

    def batch(self) -> None:
        name = self.chance.choice(OBJECTS)
        bodies = [{**self.part(name), "id": one} for one in self.live[name][:5]]
        batch_writes.update_many(self.session, name, bodies)
        made = [self.body(name) for _ in range(3)]
        done = batch_writes.create_many(self.session, name, made)
        self.live[name] += [one["id"] for one in done]

    def delete(self) -> None:
        name = self.chance.choice(OBJECTS)
        record = self.one(name)
        if record:
            bin.delete(self.session, name, record)
            self.binned.append((name, record))
            self._settle()

    def restore(self) -> None:
        if self.binned:
            name, record = self.binned.pop()
            bin.restore(self.session, name, record)
            self._settle()

    def _settle(self) -> None:
        for name in OBJECTS:
            rows = self.session.connection.query(
                f'SELECT id FROM "{name}" WHERE deleted_at IS NULL'
            )
            self.live[name] = sorted(row[0] for row in rows)


def test_every_stored_value_is_its_formula(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.define(*SHELVES)

    def walk() -> None:
        session = Session.begin(engine)
        walk = Walk(session, 2)
        for at in range(80):
            walk.step()
            if at % 40 == 39:
                assert list(wrong(session)) == []
        monkeypatch.setattr(refresh, "FAN_OUT", 2)
        for _ in range(30):
            walk.step()
        while recalculation_job.run(engine):
            pass
        assert list(wrong(session)) == []
        assert sum(map(len, walk.live.values())) > 20

    engine.database.call(walk)


def test_why_a_number_is_what_it_is(client: Client) -> None:
    client.define(
        *SHELVES,
        {
            "kind": "role",
            "name": "reader",
            "grants": [
                {"object": "book", "can": ["read"]},
                {"object": "copy", "can": ["read"]},
                {"object": "author", "can": ["read"], "fields": {"line": "none"}},
                {"object": "loan", "can": ["read"], "where": "returned != null"},
            ],
        },
    )
    loans = {"object": "loan", "can": ["read"], "fields": {"due_fee": "none"}}
    client.define(
        {"kind": "role", "name": "guest", "grants": [{"object": "copy", "can": ["read"]}, loans]}
    )
    author = client.made("author", name="Ada")
    book = client.made("book", name="Emma", author=author["id"], factor="1.5")
    copy = client.made("copy", mark="C", book=book["id"])
    for fee, returned in (("2", "2026-01-05"), ("4", None)):
        client.made("loan", copy=copy["id"], fee=fee, returned=returned, note=f"n{fee}")
    client.made("copy", mark="D", book=book["id"])

    why = client.get(f"/api/records/book/{book['id']}/why?field=earned").json()
    assert (why["label"], why["value"], why["fresh"]) == ("Earned", "9.00", "9.00")
    assert (why["stored"], why["agrees"], why["recalculating"]) == (True, True, False)
    assert why["formula"] == "sum(copies, earned) * factor"
    (factor,) = why["inputs"]
    assert (factor["path"], factor["value"], factor["calculated"]) == ("factor", "1.50", False)
    (copies,) = why["collections"]
    assert (copies["text"], copies["value"], copies["count"]) == ("sum(copies, earned)", "6", 2)
    assert (copies["object"], copies["field"], copies["calculated"]) == ("copy", "earned", True)
    assert [(row["title"], row["value"]) for row in copies["rows"]] == [
        ("C of Emma by Ada (1)", "6.00"),
        ("D of Emma by Ada (1)", "0.00"),
    ]
    by = client.get(f"/api/records/book/{book['id']}/why?field=by").json()
    assert [(i["path"], i["label"], i["value"]) for i in by["inputs"]] == [
        ("author.line", "Author, Line", "Ada of "),
        ("author.mentor.name", "Author, Mentor, Name", None),
    ]
    assert by["inputs"][0]["id"] == author["id"] and by["inputs"][0]["calculated"]

    reader = client.person("reader@example.com", "reader")
    (seen,) = reader.get(f"/api/records/copy/{copy['id']}/why?field=earned").json()["collections"]
    assert (seen["value"], seen["count"], seen["withheld"]) == ("6", 2, 1)
    assert [row["value"] for row in seen["rows"]] == ["2.00"]
    secret = client.person("guest@example.com", "guest")
    (closed,) = secret.get(f"/api/records/copy/{copy['id']}/why?field=earned").json()["collections"]
    assert (closed["value"], closed["count"], closed["withheld"], closed["rows"]) == (
        None,
        2,
        2,
        [],
    )
    hidden = reader.get(f"/api/records/book/{book['id']}/why?field=by").json()["inputs"]
    assert hidden[0] == {"path": "author.line", "withheld": True}
    age = client.get(f"/api/records/book/{book['id']}/why?field=age").json()
    assert not age["stored"] and age["agrees"]
    plain = client.get(f"/api/records/book/{book['id']}/why?field=name")
    assert plain.status == 422 and "not calculated" in plain.json()["detail"]


def test_writers_at_the_same_time_leave_true_values(open_engine: OpenEngine) -> None:
    engine = open_engine(threads="4")
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    client.define(*SHELVES)
    authors = [client.made("author", name=name)["id"] for name in "AB"]
    book = client.made("book", name="B", author=authors[0], factor="2")["id"]
    copies = [client.made("copy", mark=mark, book=book)["id"] for mark in "CD"]
    member = client.made("member", name="M", discount="0.1")["id"]

    def work(worker: int) -> list[int]:
        chance = random.Random(worker)
        statuses = []
        for at in range(12):
            loan = {"copy": chance.choice(copies), "member": member, "fee": str(at)}
            reply = client.post("/api/records/loan", loan)
            statuses.append(reply.status)
            path, body = chance.choice(
                [
                    (f"author/{authors[0]}", {"name": f"A{worker}{at}"}),
                    (f"member/{member}", {"discount": f"0.{at % 10}"}),
                    (f"book/{book}", {"author": chance.choice(authors)}),
                    (f"copy/{copies[0]}", {"mark": f"C{worker}{at}"}),
                ]
            )
            statuses.append(client.patch(f"/api/records/{path}", body).status)
        return statuses

    with ThreadPoolExecutor(4) as pool:
        statuses = [status for found in pool.map(work, range(4)) for status in found]
    assert set(statuses) <= {200, 201, 409}, sorted(statuses)
    assert statuses.count(201) == 48
    assert engine.database.call(lambda: list(wrong(Session.begin(engine)))) == []
