"""Searches find the same whichever way they go: by the words, or from record to record."""

from __future__ import annotations

import pytest

from fluvial.kernel.search_words import indexed
from fluvial.records.reading import search_plan
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.mark.parametrize(("sample", "many"), [(500, 5), (1, 0), (1, 99)])
def test_both_ways_find_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch, sample: int, many: int
) -> None:
    monkeypatch.setattr(search_plan, "SAMPLE", sample)
    monkeypatch.setattr(search_plan, "MANY", many)
    for at in range(7):
        client.made("book", name=f"River Song {at} b")
    client.made("book", name="Quiet rain")

    def names(search: str, **more: str) -> list[str]:
        rows = client.rows("/api/records/book", search=search, fields="name", **more)
        return [row["name"] for row in rows]

    assert len(names("riv")) == 7
    assert names("b 3 river") == ["River Song 3 b"]
    assert names("iver") == names("x river") == names("--") == []
    assert names("q r") == ["Quiet rain"]
    newest = names("river", sort="-created_at")
    assert newest == [f"River Song {at} b" for at in reversed(range(7))]
    page = client.get("/api/records/book", search="river", limit="3", total="exact").json()
    assert page["total"] == 7
    rest = client.get("/api/records/book", search="river", limit="9", cursor=page["next"]).json()
    assert len(rest["data"]) == 4


def test_a_word_is_indexed_once() -> None:
    assert indexed("Emma EMMA, emma woodhouse") == "emma woodhouse"
