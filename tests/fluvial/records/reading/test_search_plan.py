"""Searches find the same whichever way they go: by the words, or from record to record."""

from __future__ import annotations

import pytest

from fluvial.database.setup import set_up
from fluvial.kernel.search_words import indexed
from fluvial.records.reading import search_plan
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.mark.parametrize(
    ("sample", "many", "few"), [(500, 5, 9), (1, 0, 9), (1, 99, 9), (1, 99, 0)]
)
def test_all_ways_find_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch, sample: int, many: int, few: int
) -> None:
    monkeypatch.setattr(search_plan, "SAMPLE", sample)
    monkeypatch.setattr(search_plan, "MANY", many)
    monkeypatch.setattr(search_plan, "FEW", few)
    client.made("member", name="River Song")
    client.patch("/api/meta/object/book", {"keys": [{"fields": ["pages"]}]})
    for at in range(7):
        client.made("book", name=f"River Song {at} b", pages=at + 1 if at < 5 else None)
    client.made("book", name="Quiet rain")

    def names(search: str, **more: str) -> list[str]:
        rows = client.rows("/api/records/book", search=search, fields="name", **more)
        return [row["name"] for row in rows]

    assert len(names("riv")) == 7
    assert names("b 3 river") == ["River Song 3 b"]
    assert names("iverb") == names("er b x") == names("x river") == names("--") == []
    assert len(names("iver")) == 7
    assert names("q r") == ["Quiet rain"]
    newest = names("river", sort="-created_at")
    assert newest == [f"River Song {at} b" for at in reversed(range(7))]
    longest = names("river", sort="-pages")
    assert longest[:5] == [f"River Song {at} b" for at in (4, 3, 2, 1, 0)]
    assert sorted(longest[5:]) == sorted(names("river", sort="name,-pages")[5:])
    assert names("book") == names("member") == []
    page = client.get("/api/records/book", search="river", limit="3", total="exact").json()
    assert page["total"] == 7
    rest = client.get("/api/records/book", search="river", limit="9", cursor=page["next"]).json()
    assert len(rest["data"]) == 4


def test_a_word_is_indexed_once() -> None:
    assert indexed("Emma EMMA, emma woods") == "emma woods mma oods ods"


def test_an_older_database_is_indexed_anew_when_it_starts(client: Client) -> None:
    engine = client.app.engine
    connection = engine.database.connection()
    if connection.dialect != "sqlite":
        pytest.skip("Only the index of SQLite knows objects.")
    book = client.made("book", name="River Song")["id"]
    for event in ("insert", "delete", "update"):
        connection.script(f"DROP TRIGGER fluvial_search_{event}")
    connection.script("DROP TABLE fluvial_search_words")
    connection.script(
        "CREATE VIRTUAL TABLE fluvial_search_words USING fts5(text, content='fluvial_search', "
        "content_rowid='rowid', prefix='2 3')"
    )
    for event in ("insert", "delete", "update"):
        connection.script(
            f"CREATE TRIGGER fluvial_search_{event} AFTER {event} ON fluvial_search "
            "BEGIN SELECT 1; END"
        )
    assert client.rows("/api/records/book", search="song", sort="name,pages") == []
    set_up(connection, engine.features.tables)
    asked = {"search": "song", "sort": "name,pages"}
    assert [row["id"] for row in client.rows("/api/records/book", **asked)] == [book]
    client.patch(f"/api/records/book/{book}", {"name": "Quiet rain"})
    assert client.rows("/api/records/book", **asked) == []
