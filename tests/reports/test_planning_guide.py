"""The app of docs/planning.md passes its check, is installed, and shows both of its pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from fluvial.packages import archive
from tests.app import Client

PAGE = Path(__file__).parents[2] / "docs" / "planning.md"
BLOCK = re.compile(r"```yaml\n# ([a-z_/]+\.[a-z]+)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_page_on_planning_is_an_app_that_works(client: Client, tmp_path: Path) -> None:
    files = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    folder = tmp_path / "yard"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    report = check(folder, load_features().kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    done = client.call("POST", "/api/packages", body=archive.packed(files))
    assert done.status == 201, done.text
    mate = client.made("mate", nick="Ada", hours="40")["id"]
    client.made("turn", mate=mate, begins="2026-06-15", ends="2026-06-16", hours="10")
    week = client.get("/api/workloads/crew", **{"from": "2026-06-15"}).json()
    (ada,) = week["people"]
    assert (ada["days"][0]["over"], ada["days"][1]["free"]) == (7200, 28800)
    boat = client.made("boat", name="Tern")["id"]
    client.made("job", name="Paint", boat=boat, due="2026-06-20")
    assert [bar["moment"] for bar in client.rows(f"/api/gantts/refit/{boat}")] == [True]
