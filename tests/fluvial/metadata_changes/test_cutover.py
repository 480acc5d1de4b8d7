"""A process that dies at any step of a change leaves the old fields or the new ones, whole."""

from __future__ import annotations

from pathlib import Path

from fluvial.metadata_changes import cutover
from fluvial.metadata_changes.drift import drift
from tests.app import Client, OpenEngine
from tests.fluvial.dying import changing
from tests.fluvial.metadata_changes.test_retype import AUTHOR, BOOK, PAGES, PATH, _with

# The point, and from how many records on the table is a large one.
POINTS = (
    ("change_written:1", 1000), ("change_copied:1", 1000), ("change_done:1", 1000),
    ("change_batch:3", 5), ("change_batch:1", 5), ("change_altered:1", 5),
    ("change_switched:1", 5),
)  # fmt: skip


def test_a_change_is_whole_or_not_there(
    client: Client, open_engine: OpenEngine, engine_url: str, tmp_path: Path
) -> None:
    engine = client.app.engine
    client.define(AUTHOR, BOOK)
    bodies = [{"name": f"b{n}", "pages": str(n)} for n in range(30)]
    books = client.post("/api/records/book", bodies).json()["data"]
    for point, small in POINTS:
        doomed = changing(engine_url, tmp_path, [_with(PAGES)], point=point, small=small)
        assert doomed.wait(60) == -9, (point, doomed.said())
        assert drift(engine) == [], point
        kind = client.get(PATH).json()["fields"][1]["kind"]
        under_way = client.rows("/api/meta/plans")
        assert kind == "text", point  # none of these points lies behind the commit
        found = client.rows("/api/records/book", sort="name", limit="100")
        assert sorted(b["pages"] for b in found) == sorted(str(n) for n in range(30)), point
        if under_way and under_way[0]["state"] == "copying":
            while cutover.run(engine):
                pass
            assert client.get(PATH).json()["fields"][1]["kind"] == "number", point
            one = f"/api/records/book/{books[7]['id']}"
            assert client.get(one).json()["pages"] == "7"
            assert drift(engine) == [], point
            assert client.put(PATH, BOOK).status == 200
    assert client.put(PATH, _with()).status == 200
