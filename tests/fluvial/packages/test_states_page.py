"""The app of docs/states.md: it passes its check, its own tests included."""

from __future__ import annotations

from pathlib import Path

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from tests.fluvial.packages.test_guide import BLOCK

PAGE = Path(__file__).parents[3] / "docs" / "states.md"


def test_the_desk_of_the_page_passes_its_check(tmp_path: Path) -> None:
    for path, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        (tmp_path / "desk" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "desk" / path).write_text(text, encoding="utf-8")
    report = check(tmp_path / "desk", load_features().kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    assert (report.tests, report.warnings) == (1, [])
