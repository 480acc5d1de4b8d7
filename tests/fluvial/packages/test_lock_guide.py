"""The app of docs/locks.md: it passes its check, is installed, and its invoices are locked."""

from __future__ import annotations

import re
from pathlib import Path

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from fluvial.packages import archive
from tests.app import Client

PAGE = Path(__file__).parents[3] / "docs" / "locks.md"
BLOCK = re.compile(r"```yaml\n# ([a-z_/]+\.[a-z]+)\n(.*?)```", re.DOTALL)


def test_the_page_on_locks_is_an_app_that_works(client: Client, tmp_path: Path) -> None:
    files = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    folder = tmp_path / "billing"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    report = check(folder, load_features().kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    assert report.tests == 2
    done = client.call("POST", "/api/packages", body=archive.packed(files))
    assert done.status == 201, done.text
    invoice = client.made("invoice", number="A-1", state="issued")
    reply = client.post("/api/records/line", {"invoice": invoice["id"], "name": "Work"})
    assert (reply.status, reply.json()["errors"][0]["code"]) == (409, "locked")
