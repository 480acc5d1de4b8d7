"""What a change would do is worked out without doing any of it."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.database.inspection import inspect
from fluvial.kernel.problems import Conflict, Unprocessable
from fluvial.metadata_changes.change import MetadataChange, Prepared, documents_change
from fluvial.metadata_changes.planner import prepare
from fluvial.records.writing.writer import create
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Documents

SHELF: dict[str, Any] = {
    "kind": "object",
    "name": "shelf",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text"}, {"name": "room", "kind": "text"}],
}
ROW = {"name": "row", "kind": "number", "scale": 0}
VIEW = {"kind": "view", "name": "rooms", "object": "shelf", "columns": ["name", "room"]}
NARROW = {**SHELF, "fields": SHELF["fields"][:1]}


@pytest.fixture
def documents() -> Documents:
    return [SHELF, VIEW]


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


def plan(session: Session, *documents: dict[str, Any], **more: Any) -> Prepared:
    change = documents_change(documents)
    for name, value in more.items():
        setattr(change, name, value)
    return prepare(session, change)


def said(prepared: Prepared) -> list[tuple[str, str, str]]:
    return [(one.op, one.target, one.class_) for one in prepared.operations]


def test_nothing_is_done(session: Session) -> None:
    before = inspect(session.connection), session.engine.catalogs.version(session.connection)
    made = plan(session, {**SHELF, "fields": [*SHELF["fields"], ROW]}, {**SHELF, "name": "rack"})
    assert said(made) == [
        ("add_field", "shelf.row", "instant"), ("add_object", "rack", "instant"),
    ]  # fmt: skip
    assert (made.new.version, made.version) == (before[1] + 1, before[1])
    assert "rack" in made.new.objects and "rack" not in made.old.objects
    after = inspect(session.connection), session.engine.catalogs.version(session.connection)
    assert after == before


def test_what_is_there_already_is_an_empty_change(session: Session) -> None:
    assert plan(session, SHELF, VIEW).empty
    assert plan(session, dict(reversed(SHELF.items()))).empty
    words = plan(session, {**SHELF, "label": "Book shelf"})
    assert not words.empty and words.operations == []


def test_documents_that_change_stand_beside_what_they_were(session: Session) -> None:
    made = plan(session, SHELF | {"label": "x"}, {**SHELF, "name": "rack"})
    keys = {("site", ("object", "shelf")), ("site", ("object", "rack"))}
    assert set(made.before) == set(made.after) == keys
    assert made.before["site", ("object", "rack")] is None
    assert made.before["site", ("object", "shelf")] == SHELF


def test_what_is_in_use_is_refused_with_its_uses(session: Session) -> None:
    with pytest.raises(Conflict, match="use.* what this would remove. Change that first") as no:
        plan(session, NARROW)
    assert any("view/rooms" in use for use in no.value.extra["uses"])


def test_with_force_the_uses_go_too(session: Session) -> None:
    create(session, "shelf", {"name": "a"})
    made = plan(session, NARROW, take_out=True)
    (retired,) = (one for one in made.operations if one.op == "retire_field")
    assert (retired.target, retired.rows) == ("shelf.room", 1)
    taken = [one for one in made.operations if one.op == "take_out"]
    assert taken and all(one.undo == "Roll this revision back." for one in taken)
    assert ("site", ("view", "rooms")) in made.after


def test_a_change_of_kind_says_what_it_costs(session: Session) -> None:
    for room in ("7", "attic"):
        create(session, "shelf", {"name": "a", "room": room})
    fields = [SHELF["fields"][0], {"name": "room", "kind": "number", "scale": 0}]
    made = plan(session, {**SHELF, "fields": fields})
    (step,) = made.retypes_of()
    assert (step.target, step.class_, step.rows) == ("shelf.room", "rewrite", 2)
    assert [one.target for one in made.retypes] == ["shelf.room"]
    assert (made.retypes[0].old.base, made.retypes[0].reused) == ("room", False)
    assert made.retypes[0].new.base != "room"


def test_faults_are_told_all_at_once(session: Session) -> None:
    odd = {**SHELF, "fields": [{"name": "name", "kind": "txt"}, {"name": "x", "kind": "numbr"}]}
    with pytest.raises(Unprocessable, match="errors. The first: ") as refused:
        plan(session, odd | {"name": "odd"})
    pointers = [error["pointer"] for error in refused.value.errors]
    assert len(pointers) >= 2 and all(p.startswith("/object/odd/") for p in pointers)


def test_layers_and_their_keys_of_a_change() -> None:
    change = documents_change([SHELF], [{"kind": "view", "name": "rooms"}], "why")
    entries = [("site", ("object", "shelf"), SHELF), ("site", ("view", "rooms"), None)]
    assert [*change.entries()] == entries
    more = MetadataChange({}, more={"lending": {("app", "lending"): {"label": "L"}}})
    assert [*more.entries()] == [("lending", ("app", "lending"), {"label": "L"})]
