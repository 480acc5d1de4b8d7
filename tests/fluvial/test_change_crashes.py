"""A process that dies at any step of a change leaves the old fields or the new ones, whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fluvial import switching
from fluvial.drift import drift
from tests.app import Client, OpenEngine, environment
from tests.fluvial.test_retyping import AUTHOR, BOOK, PATH, _with

SCRIPT = """
import sys
from fluvial import changes, copying, switching
from fluvial.engine import Engine
from fluvial.settings import load
from tests.fluvial.test_retyping import PAGES, _with

changes.SMALL_ROWS = int(sys.argv[1])
copying.BATCH = 10
engine = Engine(load())
changes.apply(engine.session(), changes.Change({("object", "book"): _with(PAGES)}))
while switching.run(engine):
    pass
"""
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
        environ = {**os.environ, **environment(engine_url, tmp_path), "FLUVIAL_FAULT_AT": point}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT, str(small)],
            env=environ, cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == -9, (point, done.stderr[-2000:])
        assert drift(engine) == [], point
        kind = client.get(PATH).json()["fields"][1]["kind"]
        under_way = client.rows("/api/meta/plans")
        assert kind == "text", point  # none of these points lies behind the commit
        found = client.rows("/api/records/book", sort="name", limit="100")
        assert sorted(b["pages"] for b in found) == sorted(str(n) for n in range(30)), point
        if under_way and under_way[0]["state"] == "copying":
            while switching.run(engine):
                pass
            assert client.get(PATH).json()["fields"][1]["kind"] == "number", point
            one = f"/api/records/book/{books[7]['id']}"
            assert client.get(one).json()["pages"] == "7"
            assert drift(engine) == [], point
            assert client.put(PATH, BOOK).status == 200
    assert client.put(PATH, _with()).status == 200
