"""Imports are undone in any order that loses nothing; else the answer says what is in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fluvial.records.writing.writer import update
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents, Reply
from tests.fluvial.tables import AUTHOR, BOOK, imported

KEYED = {"key": ["code"]}


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def brought(client: Client, table: str, name: str = "table.csv", **options: Any) -> str:
    return str(imported(client, "author", table, name=name, **(options or KEYED))["batch"])


def undone(client: Client, batch: str) -> Reply:
    return client.post(f"/api/imports/{batch}/undo")


def authors(client: Client) -> dict[str, tuple[str, str | None]]:
    rows = client.rows("/api/records/author")
    return {row["code"]: (row["name"], row["born"]) for row in rows}


def test_the_last_first(library: Client) -> None:
    first = brought(library, "code,name\nA,Ann\nB,Bob\n")
    second = brought(library, "code,name\nA,Anna\nC,Cid\n", "second.csv")
    refused = undone(library, first)
    assert refused.status == 409
    (one,) = refused.json()["changed"]
    assert (one["title"], one["fields"]) == ("Anna", ["name"])
    assert one["import"] == {"batch": second, "file": "second.csv"}
    assert "Anna: Name changed in a later import, second.csv." in refused.json()["detail"]
    assert authors(library) == {"A": ("Anna", None), "B": ("Bob", None), "C": ("Cid", None)}
    assert undone(library, second).json()["restored"] == 1
    assert authors(library) == {"A": ("Ann", None), "B": ("Bob", None)}
    assert undone(library, first).json() == {"batch": first, "deleted": 2, "restored": 0}
    assert authors(library) == {}


def test_the_first_first_where_they_say_different_things(library: Client) -> None:
    library.made("author", code="A", name="Ann")
    names = brought(library, "code,name\nA,Anna\n")
    days = brought(library, "code,born\nA,2000-01-01\n")
    assert undone(library, names).status == 200
    assert authors(library) == {"A": ("Ann", "2000-01-01")}
    assert undone(library, days).status == 200
    assert authors(library) == {"A": ("Ann", None)}


def test_three_imports_of_one_value_go_back_one_by_one(library: Client) -> None:
    library.made("author", code="A", name="0")
    batches = [brought(library, f"code,name\nA,{name}\n") for name in "123"]
    for batch in batches[:2]:
        assert undone(library, batch).status == 409
    for batch, name in zip(reversed(batches), "210", strict=True):
        assert undone(library, batch).status == 200
        assert authors(library)["A"][0] == name


def test_what_was_changed_and_changed_back_is_in_nobodys_way(library: Client) -> None:
    batch = brought(library, "code,name\nA,Ann\n")
    (author,) = library.rows("/api/records/author")
    path = f"/api/records/author/{author['id']}"
    library.patch(path, {"name": "Anna"})
    refused = undone(library, batch).json()
    assert refused["detail"].endswith(
        "Anna: Name changed after the import. Undo that change first."
    )
    library.patch(path, {"name": "Ann"})
    assert undone(library, batch).json()["deleted"] == 1


def test_what_has_gone_already_is_in_nobodys_way_and_what_may_come_back_is(
    library: Client,
) -> None:
    kept = library.made("author", code="K", name="Kay")
    first = brought(library, "code,name\nA,Ann\nB,Bob\nK,Kai\n")
    gone = {row["code"]: row["id"] for row in library.rows("/api/records/author")}
    library.delete(f"/api/records/author/{gone['A']}")
    library.delete(f"/api/records/author/{kept['id']}")
    refused = undone(library, first)
    assert refused.status == 409 and "in the bin. Restore it first." in refused.json()["detail"]
    assert [one["id"] for one in refused.json()["changed"]] == [kept["id"]]
    library.post(f"/api/records/author/{kept['id']}/restore")
    assert undone(library, first).json()["deleted"] == 1
    assert authors(library) == {"K": ("Kay", None)}


def test_records_that_came_later_and_refer_to_it_are_in_the_way(library: Client) -> None:
    clearing = {
        "kind": "object",
        "name": "note",
        "title": "{name}",
        "fields": [
            {"name": "name", "kind": "text"},
            {"name": "about", "kind": "lookup", "to": "author", "on_delete": "clear"},
        ],
    }
    library.define(clearing)
    first = brought(library, "code,name\nA,Ann\n")
    second = imported(library, "note", "name,about.code\nx,A\ny,A\n")["batch"]
    refused = undone(library, first)
    assert refused.status == 409
    assert "2 later records use it, in notes." in refused.json()["detail"]
    assert undone(library, second).status == 200
    assert undone(library, first).status == 200


def test_records_of_one_import_that_refer_to_each_other_go_together(library: Client) -> None:
    batch = brought(library, "code,name,teacher.code\nA,Ann,C\nB,Bob,A\nC,Cid,\n")
    assert undone(library, batch).json()["deleted"] == 3
    assert authors(library) == {}


def test_a_record_that_a_file_has_twice_goes_back_to_what_it_was(library: Client) -> None:
    library.made("author", code="A", name="Ann", born="1999-09-09")
    table = "code,name,born\nA,Anna,\nA,Anna,2000-01-01\nN,New,\nN,Newer,2001-01-01\n"
    batch = brought(library, table)
    assert authors(library)["A"] == ("Anna", "2000-01-01")
    assert undone(library, batch).json() == {"batch": batch, "deleted": 1, "restored": 1}
    assert authors(library) == {"A": ("Ann", "1999-09-09")}


def test_what_a_rule_added_goes_with_the_record(library: Client, engine: Engine) -> None:
    batch = brought(library, "code,name\nA,Ann\n")
    (author,) = library.rows("/api/records/author")

    def by_rule() -> None:
        session = Session.begin(engine)
        actor = replace(session.actor, rule="greet")
        update(session.as_actor(actor), "author", author["id"], {"born": "2000-01-01"})

    engine.database.call(by_rule)
    assert authors(library) == {"A": ("Ann", "2000-01-01")}
    assert undone(library, batch).json()["deleted"] == 1
