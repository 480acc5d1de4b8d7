"""The apps of docs/taking-time.md and docs/week-grids.md: they pass their check, and take time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from fluvial.packages import archive
from tests.app import Client

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```yaml\n# ([a-z_/]+\.[a-z]+)\n(.*?)```", re.DOTALL)


def installed(client: Client, page: str, folder: Path) -> None:
    files = dict(BLOCK.findall((DOCS / page).read_text(encoding="utf-8")))
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    report = check(folder, load_features().kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    done = client.call("POST", "/api/packages", body=archive.packed(files))
    assert done.status == 201, done.text


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_page_on_taking_time_is_an_app_that_works(client: Client, tmp_path: Path) -> None:
    installed(client, "taking-time.md", tmp_path / "workshop")
    job = client.made("job", name="Saw")["id"]
    assert client.post("/api/stopwatches/shift/start", {"job": job}).status == 201
    assert client.get("/api/stopwatch").json()["running"]["record"]["job"] == job
    stopped = client.post("/api/stopwatches/shift/stop", {"note": "Done"})
    assert stopped.status == 200 and stopped.json()["took"] >= 1


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_page_on_week_grids_is_an_app_that_works(client: Client, tmp_path: Path) -> None:
    installed(client, "week-grids.md", tmp_path / "workshop")
    job = client.made("job", name="Saw")["id"]
    cell = {"row": {"job": job}, "day": "2026-06-16", "amount": 5400}
    assert client.post("/api/weeks/my_week/cells", cell).json()["text"] == "1:30"
    client.made("sheet", week="2026-06-15", status="open")
    page = client.get("/weeks/my_week?week=2026-06-15").text
    assert "Send" in page and 'value="1:30"' in page
