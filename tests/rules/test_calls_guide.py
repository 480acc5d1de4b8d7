"""The app of docs/calls.md passes its check, with the answers that its own tests give."""

from __future__ import annotations

import re
from pathlib import Path

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features

PAGE = Path(__file__).parents[2] / "docs" / "calls.md"
BLOCK = re.compile(r"```yaml\n# ([a-z_/]+\.yaml)\n(.*?)```", re.DOTALL)


def app_of(text: str, folder: Path) -> Path:
    for path, body in BLOCK.findall(text):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body, encoding="utf-8")
    return folder


def test_the_example_does_what_its_tests_say(tmp_path: Path) -> None:
    folder = app_of(PAGE.read_text(encoding="utf-8"), tmp_path / "ordering")
    report = check(folder, load_features().kinds)
    assert [str(one) for one in (*report.faults, *report.failures)] == []
    assert report.tests == 2 and report.warnings == []


def test_an_answer_that_nobody_waits_for_is_a_failure_with_its_line(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").replace("{number: A-8}}", "{number: A-8}}\n", 1)
    text = text.replace("answer: accounts, status: 503", "answer: nobody")
    folder = app_of(text, tmp_path / "ordering")
    failures = [str(one) for one in check(folder, load_features().kinds).failures]
    assert any("No call of nobody waits for an answer." in one for one in failures), failures
