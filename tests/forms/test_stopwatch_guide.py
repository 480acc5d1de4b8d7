"""The app of docs/taking-time.md: it passes its check, is installed, and takes time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from fluvial.packages import archive
from tests.app import Client

PAGE = Path(__file__).parents[2] / "docs" / "taking-time.md"
BLOCK = re.compile(r"```yaml\n# ([a-z_/]+\.[a-z]+)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_page_on_taking_time_is_an_app_that_works(client: Client, tmp_path: Path) -> None:
    files = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    folder = tmp_path / "workshop"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    report = check(folder, load_features().kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    done = client.call("POST", "/api/packages", body=archive.packed(files))
    assert done.status == 201, done.text
    job = client.made("job", name="Saw")["id"]
    assert client.post("/api/stopwatches/shift/start", {"job": job}).status == 201
    assert client.get("/api/stopwatch").json()["running"]["record"]["job"] == job
    stopped = client.post("/api/stopwatches/shift/stop", {"note": "Done"})
    assert stopped.status == 200 and stopped.json()["took"] >= 1
