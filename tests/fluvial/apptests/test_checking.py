"""Checking an app: faults, remarks, missing words, and its own tests with their lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fluvial.apptests.checking import Report, check
from fluvial.cli import main
from fluvial.kernel.features import load_features

KINDS = load_features().kinds

FILES = {
    "app.yaml": "app: lending\nversion: 1.0.0\nneeds: {fluvial: '>=0.1'}\n",
    "objects/loan.yaml": """
kind: object
name: loan
title: "{name}"
fields:
  - {name: name, kind: text, required: true}
  - {name: email, kind: text, format: email}
  - {name: due, kind: date}
  - {name: note, kind: text}
  - {name: keeper, kind: person, accepts: [user]}
  - {name: state, kind: choice, default: open, options: [{name: open}, {name: lost}, {name: back}]}
states: {field: state, transitions: [{name: bring, from: [open], to: back, when: "due != null"}]}
""",
    "forms/loan_main.yaml": """
kind: form
name: loan_main
object: loan
sections: [{name: facts, fields: [name, email, due, keeper, state]}]
""",
    "roles/clerk.yaml": """
kind: role
name: clerk
grants:
  - {object: loan, can: [read, update], fields: {note: none}}
---
kind: role
name: guest
""",
    "rules/all.yaml": """
kind: rule
name: overdue
on: {object: loan, date: due, offset: 1d, at: "08:00"}
do: [{notify: {to: [email], by: [email], template: reminder}}]
---
kind: rule
name: first
on: {object: loan, event: [updated], fields: [due]}
phase: before_save
do: [{set: {email: "'a@example.com'"}}]
---
kind: rule
name: second
on: {object: loan, event: [updated]}
phase: before_save
do: [{set: {email: "'b@example.com'"}}]
""",
    "templates/all.yaml": """
kind: template
name: reminder
for: loan
subject: "{{ loan.name }}"
body: Bring it back.
---
kind: template
name: unused
for: loan
subject: Nothing
body: Nobody sends this.
""",
    "translations/de.yaml": "object/loan: {label: Leihe}\n",
    "tests/overdue.yaml": """
name: overdue
today: 2026-11-21
given:
  user: [{ref: kim, fields: {email: kim@example.com, name: Kim, roles: [clerk]}}]
  loan: [{ref: emma, fields: {name: Emma, email: jo@example.com, due: 2026-11-22, keeper: kim}}]
when: {at: "2026-11-23T09:00:00Z"}
then:
  effects:
    exactly:
      - {rule: overdue, notify: jo@example.com, says: Bring it back}
  records:
    - {ref: emma, as: kim, fields: {keeper: kim}, hidden: [note]}
---
name: wrong
today: 2026-11-21
given:
  loan: [{ref: emma, fields: {name: Emma, due: 2026-11-22}}]
when:
  - {act: emma, action: bring}
then:
  refused: true
  effects:
    - {rule: overdue, notify: jo@example.com}
  records:
    - {ref: emma, fields: {state: open}}
    - {object: loan, where: "state == 'back'", count: 2}
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apps") / "lending"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return check(folder, KINDS)


def test_failures_say_their_line_and_what_was_found(report: Report) -> None:
    assert report.faults == [] and (report.tests, report.failed) == (2, 1)
    assert [str(failure) for failure in report.failures] == [
        "tests/overdue.yaml:22: expected a refusal, but it was accepted",
        "tests/overdue.yaml:24: expected rule overdue, notify jo@example.com, found: none",
        "tests/overdue.yaml:26: state: expected open, found back",
        "tests/overdue.yaml:27: expected 2 loans where state == 'back', found 1",
    ]


def test_what_is_of_no_use_is_remarked_on(report: Report) -> None:
    said = {(r.place, r.message) for r in report.warnings}
    assert ("objects/loan.yaml#/states/transitions", "No transition leads to `lost`.") in said
    assert ("templates/all.yaml", "No rule uses this template.") in said
    assert ("roles/clerk.yaml", "This role grants no rights.") in said
    assert ("rules/all.yaml", "`second` runs after it and replaces `email`.") in said
    assert len(said) == 4
    assert "object/loan#/label" not in report.untranslated["de"]
    assert "object/loan#/fields/name/label" in report.untranslated["de"]


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("tests/bad.yaml", "name: a\ntoday: 2026-11-21\nwhen: {at: x}\nthan: {}\n",
         "tests/bad.yaml:1"),
        ("tests/bad.yaml", "name: a\ntoday: 2026-11-21\nwhen: {at: x}\nthen: {records: []}\n",
         "tests/bad.yaml:3: `x` is not a date and time"),
        ("tests/bad.yaml", "name: a\ntoday: 2026-11-21\nwhen: {update: x}\nthen: {records: []}\n",
         "tests/bad.yaml:3: There is no record `x`"),
        ("tests/bad.yaml", "name: a\ntoday: 2026-11-21\ngiven: {loan: [{fields: {nam: x}}]}\n"
         "when: {create: loan}\nthen: {records: []}\n", "tests/bad.yaml:3: This record cannot"),
        ("tests/bad.yaml", "name: a\ntoday: 2026-02-31\nzone: Mars\nwhen: {at: x}\n"
         "then: {records: []}\n", "tests/bad.yaml:3: There is no time zone `Mars`"),
        ("tests/bad.yaml", "name: a\ntoday: 2026-02-31\nwhen: {at: x}\nthen: {records: []}\n",
         "tests/bad.yaml:2"),
        ("tests/bad.yaml", "name: a\ntoday: 2026-02-01\nwhen: {at: x}\nthen:\n  records:\n"
         "    - {object: loan, as_of: 2026-02-31}\n", "tests/bad.yaml:6"),
        ("tests/bad.yaml", "name: a\ntoday: 2026-11-21\nwhen: {ledger: dues}\n"
         "then: {records: []}\n", "tests/bad.yaml:3: There is no ledger `dues`"),
        ("tests/bad.yaml", "--- {}\n---\nname: [a\n", "tests/bad.yaml"),
        ("views/bad.yaml", "kind: view\nname: a\nobject: lone\n", "Did you mean `loan`"),
        ("app.yaml", "app: lending\nversion: 1.0.0\nneeds: {shelves: '>=1'}\n",
         "needs shelves >=1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    folder: Path, tmp_path: Path, path: str, text: str, words: str,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    other = tmp_path / "lending"
    shutil.copytree(folder, other)
    (other / "tests/overdue.yaml").unlink()
    (other / path).parent.mkdir(exist_ok=True)
    (other / path).write_text(text, encoding="utf-8")
    monkeypatch.setenv("FLUVIAL_DATA_DIR", str(tmp_path / "data"))
    assert main(["app", "check", str(other)]) == 1
    assert words in capsys.readouterr().err
