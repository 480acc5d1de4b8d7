"""Stored formulas over time: filled in, left to the workers, found wrong, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fluvial.records.calculated import recalculation_job, refresh
from fluvial.records.calculated.backfill_values import adopt
from fluvial.records.calculated.verification import verify
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, OpenEngine
from tests.fluvial.shelves import AUTHOR, BOOK, COPY, LOAN, MEMBER, SHELVES, wrong
from tests.fluvial.tables import imported

# The same objects before anybody had thought of a formula.
BEFORE = (
    {**AUTHOR, "title": "{name}", "fields": AUTHOR["fields"][:2]},
    {
        **BOOK,
        "fields": [f for f in BOOK["fields"] if f["kind"] != "calculated"],
        "keys": [],
    },
    {**COPY, "fields": COPY["fields"][:2]},
    {**MEMBER, "fields": MEMBER["fields"][:3]},
)


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    """With one thread, so that one connection sees every statement."""
    return open_engine(threads="1")


def changed(document: dict[str, Any], name: str, **options: Any) -> dict[str, Any]:
    fields = [{**f, **options} if f["name"] == name else f for f in document["fields"]]
    return {**document, "fields": fields}


def price(number: int) -> dict[str, Any]:
    return {"price": {"amount": str(number), "currency": "EUR"}}


def settled(engine: Engine) -> list[str]:
    """What is wrong once the workers are done."""

    def work() -> list[str]:
        while recalculation_job.run(engine):
            pass
        return list(wrong(Session.begin(engine)))

    return engine.database.call(work)


def test_formulas_are_filled_in_for_the_records_that_are_there(
    client: Client, engine: Engine
) -> None:
    client.define(*BEFORE)
    author = client.made("author", name="Ada")
    book = client.made("book", name="Emma", author=author["id"], factor="2")
    one, _ = (client.made("copy", mark=mark, book=book["id"]) for mark in "CD")

    answer = client.post("/api/meta/changes?plan=true", {"documents": list(SHELVES)}).json()
    operations = answer.get("plan", answer)["operations"]
    filled = [o for o in operations if o["op"] == "fill_field"]
    assert {o["class"] for o in filled} == {"rewrite"}
    assert [o["rows"] for o in filled if o["target"] == "copy.earned"] == [2]
    client.define(*SHELVES)
    client.made("loan", copy=one["id"], fee="3")
    path = f"/api/records/book/{book['id']}"
    assert client.get(path).json()["earned"] == "6.00"
    rows = "/api/records/book?where=earned%20%3E%205&sort=-earned,by,last_out&earned=6"
    assert [row["lent"] for row in client.rows(rows)] == [True]
    assert client.rows("/api/records/book/summary?group=lent&measure=sum(earned)") == [
        {"lent": True, "sum(earned)": "6.00"}
    ]

    # another formula is filled in again with what leans on it; another scale has another column
    client.define(changed(LOAN, "due_fee", formula="fee + 1"))
    assert client.get(path).json()["earned"] == "8.00"
    client.define(changed(BOOK, "earned", scale=3))
    assert client.get(path).json()["earned"] == "8.000"
    assert client.get(path, as_of="2030-01-01").json()["earned"] == "8.000"
    client.define({**AUTHOR, "title": "{name}!"}, BOOK)
    assert settled(engine) == []
    assert client.get(path).json()["title"] == "Emma by Ada!"

    circle = changed(LOAN, "due_fee", formula="fee * copy.book.earned")
    refused = client.post("/api/meta/changes", {"documents": [circle]})
    assert refused.status == 422
    way = "copy.earned -> loan.due_fee -> book.earned -> copy.earned"
    assert way in refused.json()["errors"][0]["message"]
    moving = {**BOOK, "keys": [{"fields": ["age"]}]}
    refused = client.post("/api/meta/changes", {"documents": [moving]})
    assert refused.json()["errors"][0]["code"] == "not_indexable"

    def older() -> None:
        """A database of a release that stored no formulas."""
        session = Session.begin(engine)
        session.connection.script('DROP INDEX "ix_book__earned"')
        session.connection.script('ALTER TABLE "book" DROP COLUMN "earned__decimal2"')
        with session.connection.transaction():
            adopt(session)

    engine.database.call(older)
    assert settled(engine) == []


def test_imports_refresh_what_they_feed(client: Client, engine: Engine) -> None:
    client.define(*SHELVES)
    book = client.made("book", name="Emma")
    for mark in "CD":
        client.made("copy", mark=mark, book=book["id"])
    rows = [f"n{i},{'CD'[i % 2]},{i}" for i in range(5)]
    mapped = {"note": "note", "copy": "copy.mark", "fee": "fee"}
    imported(client, "loan", "\n".join(["note,copy,fee", *rows]), map=mapped)
    path = f"/api/records/book/{book['id']}"
    assert [client.get(path).json()[name] for name in ("earned", "out")] == ["10.00", "5"]
    moved = "note,copy,fee\nn4,D,1\nn5,C,2\n"
    done = imported(client, "loan", moved, map=mapped, key=["note"])
    assert client.get(path).json()["earned"] == "9.00"
    assert settled(engine) == []
    assert client.post(f"/api/imports/{done['batch']}/undo").status == 200
    assert client.get(path).json()["earned"] == "10.00"
    assert settled(engine) == []


def test_large_fan_outs_are_left_to_the_workers(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.define(*SHELVES)
    author = client.made("author", name="Ada")
    bodies = [{"name": f"B{i}", "author": author["id"]} for i in range(6)]
    books = client.post("/api/records/book", bodies).json()["data"]
    monkeypatch.setattr(refresh, "FAN_OUT", 5)
    monkeypatch.setattr(recalculation_job, "PORTION", 4)
    client.patch(f"/api/records/author/{author['id']}", {"name": "Bea"})
    waiting = client.rows("/api/recalculations")
    assert {(one["object"], one["field"]) for one in waiting} == {("book", "by"), ("book", "title")}
    path = f"/api/records/book/{books[0]['id']}"
    why = client.get(f"{path}/why?field=by").json()
    assert (why["recalculating"], why["agrees"]) == (True, False)

    class Killed(BaseException):
        pass

    def killed(_: str) -> None:
        raise Killed

    # a worker that is killed has done nothing, and the next one does all of it
    with monkeypatch.context() as patch:
        patch.setattr(recalculation_job, "point", killed)
        with pytest.raises(Killed):
            settled(engine)  # which waits where neighbours write to the same server
    assert client.rows("/api/recalculations") == waiting
    assert settled(engine) == []
    assert client.rows("/api/recalculations") == []
    assert client.get(path).json()["title"] == "B0 by Bea (0)"

    def verdicts() -> list[tuple[int, int]]:
        """What was changed by hand is found, and repaired."""
        session = Session.begin(engine)
        session.connection.script("UPDATE book SET by__text = 'x'")
        found = [verify(session, "book", most=3), verify(session, "book", repair=True)]
        return [(one.looked_at, one.wrong) for one in (*found, verify(session, "book"))]

    assert engine.database.call(verdicts) == [(3, 3), (6, 6), (6, 0)]


def test_what_feeds_nothing_costs_nothing(client: Client, engine: Engine) -> None:
    client.define(*SHELVES)
    book = client.made("book", name="B")
    copy = client.made("copy", mark="C", book=book["id"])
    loan = client.made("loan", copy=copy["id"], fee="1", taken="2026-01-01")

    def cost(call: Callable[[int], Any]) -> int:
        def look() -> int:
            return engine.database.connection().statements

        for number in (1, 2):
            before = engine.database.call(look)
            assert call(number).status == 200
        return engine.database.call(look) - before

    def change(name: str, template: str) -> Callable[[int], Any]:
        path = f"/api/records/loan/{loan['id']}"
        return lambda number: client.patch(path, {name: template.format(number)})

    postgresql = engine.database.dialect == "postgresql"
    # nobody's `dearest`, and `double` is worked out beside the row
    alone = cost(lambda n: client.patch(f"/api/records/book/{book['id']}", price(n)))
    assert alone == (6 if postgresql else 5)  # one for the turn of both ends
    # the book is found, and its `out` worked out, which stays as it is
    ended = cost(change("returned", "2026-02-1{}")) - alone
    # `first_note` of the copy is another one: worked out, written
    noted = cost(change("note", "n{}")) - alone
    assert (ended, noted) == ((4, 3) if postgresql else (2, 2))


def test_a_new_record_does_not_start_behind_a_closed_way(client: Client) -> None:
    transitions = [
        {"name": "lend", "from": ["in"], "to": "out", "when": "pages > 9", "message": "Thin."},
        {"name": "scrap", "from": ["in"], "to": "gone", "allow": ["head"]},
    ]
    states = [{"name": name} for name in ("in", "out", "gone", "lost")]
    client.define(
        {
            "kind": "object",
            "name": "book",
            "title": "{name}",
            "fields": [
                {"name": "name", "kind": "text"},
                {"name": "pages", "kind": "number", "scale": 0},
                {"name": "status", "kind": "choice", "default": "in", "options": states},
            ],
            "states": {"field": "status", "transitions": transitions},
        },
        {"name": "head", "kind": "role", "grants": []},
        {
            "name": "clerk",
            "kind": "role",
            "grants": [{"object": "book", "can": ["read", "create"]}],
        },
    )
    clerk = client.person("clerk@example.com", "clerk")
    answers = {
        (status, pages): clerk.post("/api/records/book", {"status": status, "pages": pages})
        for status in ("in", "out", "gone", "lost")
        for pages in (5, 15)
    }
    refused = {key for key, reply in answers.items() if reply.status == 422}
    assert refused == {("out", 5), ("gone", 5), ("gone", 15)}
    (error,) = answers["out", 5].json()["errors"]
    assert (error["code"], error["pointer"]) == ("transition_refused", "/status")
    assert "Lend (lend)" in error["message"] and error["message"].endswith("Thin.")
    client.made("book", status="gone", pages=5)
