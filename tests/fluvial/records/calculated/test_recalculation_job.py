"""What workers bring up to date, while others write and after changes of metadata."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from fluvial.database.connection import BusyError
from fluvial.events.jobs import run_pending
from fluvial.kernel.features import Feature
from fluvial.records.calculated import backfill_values, recalculation_job, refresh
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.listeners import LISTENER, EventListener
from fluvial.records.writing import writer
from fluvial.records.writing.bulk_writes import store_drafts
from fluvial.records.writing.new_drafts import complete_new, fresh_draft
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, OpenEngine

PEN: dict[str, Any] = {
    "kind": "object",
    "name": "pen",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
AUTHOR: dict[str, Any] = {
    "kind": "object",
    "name": "author",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "mentor", "kind": "lookup", "to": "author", "inverse": "pupils"},
        {"name": "pen", "kind": "lookup", "to": "pen", "pull": {"name": "name"}},
    ],
}
BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "author", "kind": "lookup", "to": "author", "inverse": "books"},
        {"name": "school", "kind": "calculated", "result": "text",
         "formula": "author.mentor.name"},
    ],
}  # fmt: skip


def _work_off(engine: Engine) -> None:
    while recalculation_job.run(engine):
        pass


def _read(client: Client, object_name: str, record: str, field: str) -> Any:
    return client.get(f"/api/records/{object_name}/{record}").json()[field]


def test_a_write_under_way_is_waited_for(
    client: Client, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record is not there yet when the workers come, and holds what was before."""
    engine = client.app.engine
    monkeypatch.setattr(refresh, "FAN_OUT", 1)
    client.define(PEN, AUTHOR, BOOK)
    pen = client.made("pen", name="New")["id"]
    master = client.made("author", name="Old")["id"]
    pupils = [client.made("author", name=n, mentor=master)["id"] for n in "AB"]
    written, worked = threading.Event(), threading.Event()
    made: list[str] = []

    def write() -> None:
        other = open_engine()
        session = Session.begin(other)
        with session.connection.transaction():
            made.append(writer.create(session, "book", {"name": "B", "author": pupils[0]})["id"])
            written.set()
            if other.database.dialect == "postgresql":  # SQLite has one writer at a time
                worked.wait(20)

    thread = threading.Thread(target=write)
    thread.start()
    written.wait(20)
    assert client.patch(f"/api/records/author/{master}", {"pen": pen}).status == 200
    for _ in range(3):
        engine.database.call(lambda: recalculation_job.run(engine))
    left = client.rows("/api/recalculations")
    worked.set()
    thread.join()
    engine.database.call(lambda: _work_off(engine))
    assert _read(client, "book", made[0], "school") == "New"
    assert client.rows("/api/recalculations") == []
    assert bool(left) == (engine.database.dialect == "postgresql")


BRANCH: dict[str, Any] = {
    "kind": "object",
    "name": "branch",
    "title": "{place} {open}",
    "fields": [
        {"name": "place", "kind": "text", "searchable": True},
        {"name": "open", "kind": "choice", "options": [{"name": "yes"}, {"name": "no"}]},
        {"name": "area", "kind": "number", "scale": 3},
        {"name": "note", "kind": "text"},
        {"name": "big", "kind": "calculated", "result": "boolean",
         "formula": "coalesce(area, 0) > 100"},
    ],
}  # fmt: skip
SHELF: dict[str, Any] = {
    "kind": "object",
    "name": "shelf",
    "title": "{mark} in {branch}",
    "fields": [
        {"name": "mark", "kind": "text"},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "shelves"},
        {"name": "stands", "kind": "calculated", "result": "text", "formula": "branch.title"},
    ],
}


def _branch(**changes: Any) -> dict[str, Any]:
    fields = [field | changes.get(field["name"], {}) for field in BRANCH["fields"]]
    return BRANCH | {"fields": fields, "title": changes.get("title", BRANCH["title"])}


@pytest.mark.parametrize("most", [2_000, 0], ids=["small", "large"])
def test_titles_and_formulas_follow_what_they_are_made_of(
    client: Client, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where only the kind, or a label, of a field changes that they show."""
    engine = client.app.engine
    monkeypatch.setattr(backfill_values, "MOST_FILLED", most)
    events: list[Event] = []
    watch = LISTENER(EventListener(lambda _, event: events.append(event)))
    engine.features += Feature("watch", brings=[watch])
    client.define(BRANCH, SHELF)
    branch = client.made("branch", place="12", open="yes", area="100.5", note="Quiet")["id"]
    shelf = client.made("shelf", mark="A", branch=branch)["id"]

    def now(**changes: Any) -> list[Any]:
        client.define(_branch(**changes))
        engine.database.call(lambda: _work_off(engine))
        names = [_read(client, "branch", branch, name) for name in ("title", "big")]
        return [*names, *(_read(client, "shelf", shelf, name) for name in ("title", "stands"))]

    assert now() == ["12 Yes", True, "A in 12 Yes", "12 Yes"]
    labels = {"open": {"options": [{"name": "yes", "label": "Open"}, {"name": "no"}]}}
    assert now(**labels) == ["12 Open", True, "A in 12 Open", "12 Open"]
    kinds = {"place": {"kind": "number", "scale": 1, "searchable": False}}
    assert now(**labels, **kinds) == ["12.0 Open", True, "A in 12.0 Open", "12.0 Open"]
    more = labels | kinds | {"area": {"scale": 0}, "note": {"searchable": True}}
    assert now(**more) == ["12.0 Open", False, "A in 12.0 Open", "12.0 Open"]
    assert [one["id"] for one in client.rows("/api/records/branch", search="quiet")] == [branch]
    more |= {"title": "{note} {big}"}
    assert now(**more) == ["Quiet No", False, "A in Quiet No", "Quiet No"]
    more |= {"big": {"formula": "coalesce(area, 0) == 0"}}
    assert now(**more) == ["Quiet Yes", True, "A in Quiet Yes", "Quiet Yes"]
    number = {"big": {"result": "number", "scale": 1, "formula": "coalesce(area, 7)"}}
    assert now(**(more | number)) == ["Quiet 7.0", "7.0", "A in Quiet 7.0", "Quiet 7.0"]
    assert now(**more) == ["Quiet Yes", True, "A in Quiet Yes", "Quiet Yes"]
    engine.database.call(lambda: run_pending(engine))
    told = [(event.object, event.event) for event in events if event.object != "user"]
    assert told == [("branch", "created"), ("shelf", "created")]  # nobody has changed a record


def _hours(name: str, **hours: list[str]) -> dict[str, Any]:
    return {
        "kind": "calendar", "name": name, "zone": "Europe/London", "default": name == "office",
        "hours": hours,
    }  # fmt: skip


def test_calendars_are_what_working_time_is_made_of(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = client.app.engine
    office, night = _hours("office", wed=["09:00-17:00"]), _hours("night", wed=["20:00-22:00"])
    period = "working_time(taken, back"
    loan = {
        "kind": "object",
        "name": "loan",
        "fields": [
            {"name": "taken", "kind": "datetime"},
            {"name": "back", "kind": "datetime"},
            {"name": "clock", "kind": "text"},
            {"name": "usual", "kind": "calculated", "result": "duration",
             "formula": f"{period})"},
            {"name": "named", "kind": "calculated", "result": "duration",
             "formula": f"{period}, 'night')"},
            {"name": "chosen", "kind": "calculated", "result": "duration",
             "formula": f"{period}, clock)"},
            {"name": "twice", "kind": "calculated", "result": "duration",
             "formula": "named * 2"},
        ],
    }  # fmt: skip
    client.define(office, night, loan)
    day = {"taken": "2026-11-18T00:00:00Z", "back": "2026-11-19T00:00:00Z"}
    made = client.made("loan", **day, clock="night")["id"]

    def now(*documents: dict[str, Any]) -> list[float]:
        answer = client.define(*documents)
        targets = {o["target"] for o in answer["operations"] if o["op"] == "fill_field"}
        assert targets == {f"loan.{name}" for name in filled}
        note = f"Values are being recalculated: {', '.join(filled).title()}"
        waiting = bool(filled) and bool(client.rows("/api/recalculations"))
        for page in ("/o/loan", f"/o/loan/{made}"):
            assert (note in client.get(page).text) == waiting
        engine.database.call(lambda: _work_off(engine))
        assert "recalculated" not in client.get("/o/loan").text
        names = ("usual", "named", "chosen", "twice")
        return [_read(client, "loan", made, name) / 3600 for name in names]

    filled: list[str] = ["usual", "chosen"]
    assert now(office | {"hours": {"wed": ["09:00-12:00"]}}) == [3, 2, 2, 4]
    filled = ["named", "chosen", "twice"]
    monkeypatch.setattr(backfill_values, "MOST_FILLED", 0)
    assert now(night | {"holidays": [{"date": "2026-11-18"}]}) == [3, 0, 0, 0]
    filled = []
    assert now(night | {"holidays": [{"date": "2026-11-18"}], "label": "Nights"}) == [3, 0, 0, 0]


def test_who_writes_with_formulas_of_before_begins_anew(client: Client) -> None:
    engine = client.app.engine
    client.define(BRANCH, SHELF)
    branch = client.made("branch", area="100.5")["id"]

    def write(session: Session) -> None:
        for quiet in (False, True):
            working = replace(session, quiet=quiet)
            writer.update(working, "branch", branch, {"note": f"{quiet} {session.catalog.version}"})
        many(session)

    def many(session: Session) -> None:
        with session.connection.transaction():
            draft = fresh_draft(session, session.catalog.objects["shelf"])
            complete_new(draft)
            store_drafts([draft])

    session = engine.database.call(lambda: Session.begin(engine))
    client.define(BRANCH | {"label": "House"})  # what is written means the same
    engine.database.call(partial(write, session))
    kinds = {"place": {"kind": "number", "scale": 1, "searchable": False}}
    for change in ({"big": {"formula": "area == 0"}}, {"title": "{note}"}, kinds):
        client.define(_branch(**change))
        for quiet in (False, True):
            working = replace(session, quiet=quiet)
            with pytest.raises(BusyError):
                engine.database.call(partial(writer.create, working, "branch", {"note": "x"}))
        with pytest.raises(BusyError):
            engine.database.call(partial(many, session))
        session = engine.database.call(lambda: Session.begin(engine))
        engine.database.call(partial(write, session))
