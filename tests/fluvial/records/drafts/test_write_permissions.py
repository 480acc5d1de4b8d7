"""Whose rights the writing statement can answer for, and for whom the record is read again."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.auth.actors import Actor
from fluvial.kernel.problems import Forbidden
from fluvial.records.drafts.write_permissions import write_permission
from fluvial.records.writing.batch_writes import create_many
from fluvial.records.writing.writer import create, update
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Documents

BOOK = {
    "kind": "object",
    "name": "book",
    "label": "Book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "room", "kind": "text"},
        {"name": "secret", "kind": "text"},
        {"name": "beside", "kind": "lookup", "to": "book", "inverse": "others"},
    ],
}


def role(name: str, read: str = "", write: str = "", **more: Any) -> dict[str, Any]:
    grants = [
        {"object": "book", "can": ["read"], **({"where": read} if read else {}), **more},
        {"object": "book", "can": ["create", "update"], **({"where": write} if write else {})},
    ]
    return {"kind": "role", "name": name, "grants": grants}


ROLES = [
    role("anywhere"),
    role("hall", "room == 'hall'", "room == 'hall'"),
    role("writes_hall", "", "room == 'hall'"),
    role("reads_hall", "room == 'hall'", ""),
    role("neighbours", "", "beside.room == 'hall'"),
    role("popular", "count(others) > 0", "count(others) > 0"),
]


@pytest.fixture
def documents() -> Documents:
    return [BOOK, *ROLES]


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


def holder(session: Session, name: str) -> Session:
    return session.as_actor(Actor(None, name, (name,)))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("anywhere", ()),
        ("hall", ("create",)),
        ("writes_hall", ("create",)),
        ("reads_hall", ("read",)),
        ("neighbours", ("create",)),
    ],
)
def test_what_stands_in_the_row_is_asked_of_the_statement(
    session: Session, name: str, asked: tuple[str, ...]
) -> None:
    cover = write_permission(holder(session, name), session.catalog.objects["book"], "create")
    assert (cover.asked, cover.echo is None) == (asked, False)
    for at, action in enumerate(asked):
        held = [False] * len(asked)
        assert not cover.allows(action, tuple(held))
        held[at] = True
        assert cover.allows(action, tuple(held))
    assert cover.allows("delete", ())  # it is nothing that was asked


def test_what_other_records_decide_is_read_again(session: Session) -> None:
    type_ = session.catalog.objects["book"]
    assert write_permission(holder(session, "popular"), type_, "create").echo is None
    assert write_permission(session, type_, "create").echo is not None


@pytest.mark.parametrize("name", ["hall", "writes_hall"])
def test_values_that_rights_do_not_cover_are_not_kept(session: Session, name: str) -> None:
    mine, words = holder(session, name), "not allow you to create a book with these values"
    for write in (
        lambda: create(mine, "book", {"name": "A", "room": "attic"}),
        lambda: create_many(mine, "book", [{"room": "hall"}, {"room": "attic"}]),
    ):
        with pytest.raises(Forbidden, match=words):
            write()
    assert session.connection.query("SELECT count(*) FROM book") == [(0,)]
    made = create(mine, "book", {"name": "A", "room": "hall"})
    assert made["room"] == "hall"
    with pytest.raises(Forbidden, match="update a book with these values"):
        update(mine, "book", made["id"], {"room": "attic"})


def test_of_what_one_may_not_read_only_the_id_comes_back(session: Session) -> None:
    mine = holder(session, "reads_hall")
    made = create(mine, "book", {"name": "A", "room": "attic"})
    assert made == {"id": made["id"], "rev": 1}
    shown, hidden = create_many(mine, "book", [{"room": "hall"}, {"room": "attic"}])
    assert shown["room"] == "hall"
    assert {*hidden} == {"id", "rev"}


def test_a_record_beside_it_decides_as_it_stands_when_it_is_written(session: Session) -> None:
    mine = holder(session, "neighbours")
    hall, attic = (create(session, "book", {"room": room})["id"] for room in ("hall", "attic"))
    assert create(mine, "book", {"name": "A", "beside": hall})["name"] == "A"
    with pytest.raises(Forbidden):
        create(mine, "book", {"name": "B", "beside": attic})
