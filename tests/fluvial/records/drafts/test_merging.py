"""Edits of different fields merge; edits of the same field conflict."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.auth.actors import Actor
from fluvial.kernel.problems import Conflict
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.merging import check_revs
from fluvial.records.drafts.rows import load_row
from fluvial.records.writing.writer import create, update
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Documents

BOOK = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "tags", "kind": "multi_choice", "options": [{"name": "sea"}, {"name": "art"}]},
        {"name": "secret", "kind": "text"},
    ],
}
CLERK = {
    "kind": "role",
    "name": "clerk",
    "grants": [{"object": "book", "can": ["read", "update"], "fields": {"secret": "none"}}],
}


@pytest.fixture
def documents() -> Documents:
    return [BOOK, CLERK]


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


@pytest.fixture
def book(session: Session) -> str:
    """A book whose name was changed to B and back, and whose pages went from 1 to 3."""
    record: str = create(session, "book", {"name": "A", "pages": 1, "secret": "s"})["id"]
    for body in ({"name": "B", "pages": 2}, {"pages": 3}, {"name": "A", "secret": "t"}):
        update(session, "book", record, body)
    return record


def draft(session: Session, record: str, **body: Any) -> Draft:
    before = load_row(session, "book", record, None)
    assert before is not None
    made = Draft(session, session.catalog.objects["book"], record, before, dict(before))
    made.take(body)
    return made


def collisions(session: Session, record: str, rev: int | None, **body: Any) -> dict[str, Any]:
    """Base, theirs and yours by field; nothing where the edits merge."""
    try:
        check_revs([(draft(session, record, **body), rev)])
    except Conflict as conflict:
        more: dict[str, Any] = conflict.extra
        assert more["rev"] == 4
        assert {*more["base"]} == {*more["theirs"]} == {*more["yours"]}
        return {n: (more["base"][n], more["theirs"][n], more["yours"][n]) for n in more["base"]}
    return {}


def test_edits_of_other_fields_merge(session: Session, book: str) -> None:
    assert collisions(session, book, 1, tags=["sea"]) == {}
    assert collisions(session, book, 3, pages=9) == {}  # since then nobody has changed them
    assert collisions(session, book, 1) == {}


@pytest.mark.parametrize("rev", [None, 4])
def test_the_latest_revision_never_collides(session: Session, book: str, rev: int | None) -> None:
    assert collisions(session, book, rev, pages=9, name="C") == {}


def test_the_same_field_collides_with_all_that_has_happened(session: Session, book: str) -> None:
    assert collisions(session, book, 1, pages=9, tags=["sea"]) == {"pages": ("1", "3", "9")}
    assert collisions(session, book, 2, pages=9) == {"pages": ("2", "3", "9")}
    assert collisions(session, book, 1, pages=3) == {
        "pages": ("1", "3", "3")
    }  # who counts, counts again


def test_a_field_that_came_back_collides_with_other_values_only(
    session: Session, book: str
) -> None:
    assert collisions(session, book, 1, name="A") == {}
    assert collisions(session, book, 1, name="C") == {"name": ("A", "A", "C")}


@pytest.mark.parametrize("rev", [0, -1, 5])
def test_a_revision_that_never_was(session: Session, book: str, rev: int) -> None:
    words = f"This record is at revision 4; there is no revision {rev}. Reload it."
    with pytest.raises(Conflict, match=words):
        check_revs([(draft(session, book, name="C"), rev)])


def test_of_many_drafts_each_is_held_against_its_own_revision(session: Session, book: str) -> None:
    other: str = create(session, "book", {"name": "O", "pages": 1})["id"]
    update(session, "book", other, {"pages": 2})
    late = [(draft(session, other, pages=7), 2), (draft(session, book, pages=9), 3)]
    check_revs(late)
    with pytest.raises(Conflict) as refused:
        check_revs([(draft(session, book, name="A"), 1), (draft(session, other, pages=7), 1)])
    assert refused.value.extra["theirs"] == {"pages": "2"}


def test_what_one_may_not_read_is_not_told(session: Session, book: str) -> None:
    clerk = session.as_actor(Actor(None, "Clerk", ("clerk",)))
    mine = draft(clerk, book, pages=9)
    mine.set("secret", "u")
    with pytest.raises(Conflict) as refused:
        check_revs([(mine, 1)])
    assert [*refused.value.extra["theirs"]] == ["pages"]
    assert "Pages since you read it" in str(refused.value)
