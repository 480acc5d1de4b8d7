"""The app of docs/documents.md is sound, and its document is printed."""

from __future__ import annotations

from pathlib import Path

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from tests.rules.test_calls_guide import app_of

PAGE = Path(__file__).parents[2] / "docs" / "documents.md"


def test_the_example_is_printed(tmp_path: Path) -> None:
    app = "kind: app\nname: fees\nlabel: Fees\nversion: 1.0.0\nneeds: {fluvial: '>=0.1'}\n"
    folder = app_of(PAGE.read_text(encoding="utf-8"), tmp_path / "fees")
    (folder / "app.yaml").write_text(app, encoding="utf-8")
    report = check(folder, load_features().kinds)
    assert [str(one) for one in (*report.faults, *report.failures)] == []
