"""The app of docs/timers.md: it passes its check, and its clocks are exact to the minute."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features

PAGE = Path(__file__).parents[3] / "docs" / "timers.md"
BLOCK = re.compile(r"```yaml\n# ([a-z_/]+\.yaml)\n(.*?)```", re.DOTALL)
FILES = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))

# Made at, its hours, then what happens when: a transition, and what is due in the end.
SCENARIOS = {
    "weekend": ("2026-06-13T11:00:00+01:00", 4, {}, "2026-06-15T12:00:00Z"),
    "holidays": ("2026-12-24T15:30:00Z", 4, {}, "2026-12-29T11:00:00Z"),
    "holidays_long": ("2026-12-24T15:30:00Z", 16, {}, "2026-12-30T14:30:00Z"),
    "no_pause": ("2026-06-15T10:00:00+01:00", 8, {}, "2026-06-16T08:30:00Z"),
    "pause_over_a_weekend": (
        "2026-06-12T14:30:00+01:00",
        8,
        {"2026-06-12T16:30:00+01:00": "wait", "2026-06-15T10:00:00+01:00": "go_on"},
        "2026-06-15T15:00:00Z",
    ),
    "opened_again": (
        "2026-06-15T10:00:00+01:00",
        4,
        {"2026-06-15T12:00:00+01:00": "finish", "2026-06-15T16:00:00+01:00": "go_on"},
        "2026-06-16T08:30:00Z",
    ),
}


def _scenario(name: str) -> str:
    made, hours, steps, due = SCENARIOS[name]
    fields = {"name": "Clock", "within": hours * 3600}
    when = [{"at": made}, {"create": "repair", "ref": "clock", "fields": fields}]
    for moment, action in steps.items():
        when += [{"at": moment}, {"act": "clock", "action": action}]
    then = {"records": [{"ref": "clock", "fields": {"finish_due": due}}]}
    test = {"name": name, "today": made[:10], "zone": "Europe/London", "when": when, "then": then}
    return yaml.safe_dump(test, sort_keys=False)


@pytest.mark.parametrize("whole", [True], ids=["page and scenarios"])
def test_the_apps_clocks_are_exact(tmp_path: Path, whole: bool) -> None:
    folder = tmp_path / "repairs"
    files = FILES | {f"tests/{name}.yaml": _scenario(name) for name in SCENARIOS}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    report = check(folder, load_features().kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    assert report.tests == len(SCENARIOS) + 1 == 7
