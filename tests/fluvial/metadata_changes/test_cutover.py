"""A process that dies at any step of a change leaves the old fields or the new ones, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fluvial.kernel.problems import Conflict
from fluvial.metadata_changes import apply, cutover
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


def test_a_table_that_others_hold_is_tried_now_and_then(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "SMALL_ROWS", 5)
    monkeypatch.setattr(cutover, "PAUSES", (60.0, 600.0))
    engine = client.app.engine
    client.define(AUTHOR, BOOK)
    client.post("/api/records/book", [{"name": f"b{n}", "pages": str(n)} for n in range(30)])
    begun = client.put(PATH, _with(PAGES))
    assert begun.status == 202, begun.text
    tries: list[str] = []
    switch, held = cutover._switch, True

    def locked(session: Any, change: Any, pending: Any) -> None:
        tries.append(pending.id)
        if held:
            raise Conflict("These records are in use.", headers={"Retry-After": "2"})
        switch(session, change, pending)

    monkeypatch.setattr(cutover, "_switch", locked)
    for _ in range(20):
        assert cutover.run(engine) is False  # nothing is to be done at once
    assert len(tries) == 1
    for pause in (120.0, 240.0, 480.0, 600.0, 600.0):
        until, _ = cutover._resting[tries[0]]
        monkeypatch.setattr(cutover, "_resting", {tries[0]: (0.0, cutover._resting[tries[0]][1])})
        assert until and cutover.run(engine) is False
        assert cutover._resting[tries[0]][1] == pause
    monkeypatch.setattr(cutover, "_resting", {})
    held = False
    while cutover.run(engine):
        pass
    assert client.get(PATH).json()["fields"][1]["kind"] == "number"
    assert cutover._resting == {}
