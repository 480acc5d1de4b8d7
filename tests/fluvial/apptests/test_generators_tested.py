"""Tests of apps set the clock, press buttons with answers, and expect clocks and made lines."""

from __future__ import annotations

import pytest

from fluvial.apptests.checking import Report, check
from fluvial.apptests.stage import work
from fluvial.auth.actors import SYSTEM
from fluvial.kernel.features import load_features
from fluvial.runtime.session import Session
from fluvial.services import bulk_deletions
from fluvial.services.bulk_work import BulkScope
from tests.app import Client

FILES = {
    "app.yaml": "app: billing\nversion: 1.0.0\nneeds: {fluvial: '>=0.1'}\n",
    "objects/all.yaml": """
kind: object
name: member
label: Member
title: "{name}"
fields:
  - {name: name, kind: text, required: true}
---
kind: object
name: bill
label: Bill
title: "{number}"
fields:
  - {name: number, kind: sequence, pattern: "B-{000}"}
  - {name: member, kind: lookup, to: member, inverse: bills}
  - {name: total, kind: number, scale: 2}
  - {name: note, kind: text}
  - {name: sent_at, kind: datetime, default: "now()"}
  - {name: state, kind: choice, default: open, options: [{name: open}, {name: paid}]}
states: {field: state, transitions: [{name: pay, from: [open], to: paid}]}
locked: {when: "state == 'paid'", except: [state], message: It is paid.}
timers:
  - {name: payment, starts: sent_at, target: days(2), stops: {states: [paid]}}
---
kind: object
name: bill_line
label: Bill line
title: "{text}"
fields:
  - {name: bill, kind: lookup, to: bill, inverse: lines, owned: true}
  - {name: text, kind: text}
  - {name: amount, kind: number, scale: 2}
---
kind: object
name: fine
label: Fine
title: "{reason}"
fields:
  - {name: reason, kind: text}
  - {name: member, kind: lookup, to: member, inverse: fines}
  - {name: amount, kind: number, scale: 2}
  - {name: line, kind: lookup, to: bill_line, inverse: fines}
""",
    "rules/bill.yaml": """
kind: rule
name: bill_fines
label: Bill fines
on: {object: member, button: Bill fines, ask: [{name: note, kind: text}]}
do:
  - create: bill
    as: bill
    each: {of: fines, where: "line == null", group: []}
    set: {member: record, total: "sum(rows, amount)", note: asked.note}
    lines:
      - create: bill_line
        as: written
        each: rows
        group: [reason]
        set: {bill: bill, text: group.reason, amount: "sum(rows, amount)"}
        back: {line: written}
""",
    "tests/bills.yaml": """
name: billed
today: 2026-06-15
given:
  member: [{ref: ann, fields: {name: Ann}}]
  fine:
    - {ref: first, fields: {reason: late, member: ann, amount: 2}}
    - {ref: second, fields: {reason: late, member: ann, amount: 3.5}}
    - {ref: third, fields: {reason: lost, member: ann, amount: 20}}
when:
  - {act: ann, action: bill_fines, fields: {note: With thanks}}
  - {at: "2026-06-18T09:00:00Z"}
then:
  records:
    - object: bill
      where: "member.name == 'Ann'"
      fields: {number: B-001, total: 25.5, note: With thanks, payment_state: missed}
      lines:
        lines: [{text: lost, amount: 20}, {text: late, amount: 5.5}]
    - {ref: ann, lines: {bills: [{total: 25.5}], fines: [{}, {}, {reason: lost}]}}
---
name: wrong
today: 2026-06-15
given:
  member: [{ref: ann, fields: {name: Ann}}]
  fine:
    - {ref: first, fields: {reason: late, member: ann, amount: 2}}
    - {ref: second, fields: {reason: late, member: ann, amount: 3.5}}
    - {ref: third, fields: {reason: lost, member: ann, amount: 20}}
when: {act: ann, action: bill_fines}
then:
  records:
    - object: bill
      fields: {total: 25}
      lines:
        lines: [{text: lost, amount: 20}, {text: late, amount: 6}]
        rows: []
    - {object: bill, lines: {lines: [{text: lost}]}}
    - {object: fine, count: 3, fields: {member: ann}}
---
name: paid
today: 2026-06-15
given:
  member: [{ref: ann, fields: {name: Ann}}]
  bill: [{ref: bill, fields: {member: ann, total: 1, state: paid}}]
when: {update: bill, fields: {total: 2}}
then:
  refused: {field: total, says: It is paid.}
""",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("apps") / "billing"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return check(folder, load_features().kinds)


def test_made_records_are_judged_with_their_lines(report: Report) -> None:
    assert report.faults == [] and (report.tests, report.failed) == (3, 1)
    said = [str(failure).partition(": ")[2] for failure in report.failures]
    assert said == [
        "total: expected 25, found 25.50",
        "lines: none has text: late, amount: 6; left: {text: late, amount: 5.50}",
        "rows: Bill has no such collection. It has: lines.",
        "lines: expected 1 bill lines, found 2",
    ]


def test_long_jobs_are_done_before_a_test_goes_on(client: Client) -> None:
    """Also those that would be left for some seconds to who began them: nobody else does them."""
    thing = {"kind": "object", "name": "thing", "fields": [{"name": "name", "kind": "text"}]}
    client.define(thing)
    made = client.made("thing", name="One")["id"]
    engine = client.app.engine
    session = Session.begin(engine, SYSTEM)
    job = bulk_deletions.begin(session, BulkScope("thing", ids=(made,)))
    work(engine)
    assert client.get(f"/api/jobs/{job}").json()["state"] == "done"
    assert client.rows("/api/records/thing") == []
