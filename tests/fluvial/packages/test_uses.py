"""Where-used knows every place that can name a field or a document, of every feature."""

from __future__ import annotations

from fluvial.kernel.features import load_features
from fluvial.packages.registry import CORE_FOLDER
from metamodel.build import build_catalog
from metamodel.document_files import document_of, parse_documents, read_package
from metamodel.documents import CORE_KINDS
from metamodel.uses import uses_of

KINDS = load_features().kinds

LIBRARY = """
kind: object
name: book
title: "{name} {code}"
fields:
  - {name: name, kind: text}
  - {name: code, kind: text}
---
kind: object
name: loan
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: due, kind: date}
  - {name: from_day, kind: date, default: "due"}
  - {name: state, kind: choice, default: open, options: [{name: open}, {name: back}]}
  - {name: book, kind: lookup, to: book, inverse: loans, where: "record.due != null"}
  - {name: late, kind: calculated, result: boolean, formula: "due < today()"}
keys: [{fields: [due]}]
checks: [{name: a, expect: "due != null", message: A}]
logic: [{field: from_day, visible: "due != null"}]
states: {field: state, transitions: [{name: bring, from: [open], to: back, when: "due != null"}]}
---
{kind: view, name: v, object: loan, where: "due != null", columns: [due], sort: [-due], group: due}
---
kind: form
name: f
object: loan
sections: [{name: a, fields: [due], visible: "due != null"}]
facts: [due]
---
kind: board
name: b
object: loan
columns: {by: state}
where: "due != null"
card: {title: name, fields: [due]}
totals: ["max(due)"]
filters: [{name: a, where: "due != null"}]
sort: [due]
---
{kind: pin, name: p, object: loan, where: "due != null", show: trend, by: due, columns: [due]}
---
kind: rule
name: r
on: {object: loan, event: [updated], fields: [due]}
when: "changed(due)"
do:
  - update: {set: {from_day: due}, where: "due != null"}
  - notify: {to: ["if_text"], by: [email], template: t}
  - notify: {to: [{role: clerk}], subject: "text(due)", text: "'x'"}
  - webhook: {to: e, body: {day: due, more: {day: due}}}
---
{kind: rule, name: d, on: {object: loan, date: due}, do: [{update: {set: {due: "null"}}}]}
---
kind: template
name: t
for: loan
subject: "{{ loan.due }} {{ loan.book.code }}"
body: "{% if loan.due %}x{% endif %}"
---
{kind: endpoint, name: e, url: "https://example.com"}
---
kind: webform
name: w
object: loan
slug: w
steps: [{name: a, fields: [{field: due}]}]
fixed: {from_day: "2026-01-01"}
---
kind: role
name: clerk
grants: [{object: loan, can: [read], where: "due != null", fields: {due: read}}]
---
{kind: role, name: head, inherits: [clerk]}
"""
PLACES = {
    "object/loan#/fields/2/default", "object/loan#/fields/4/where", "object/loan#/fields/5/formula",
    "object/loan#/keys/0/fields/0", "object/loan#/checks/0/expect", "object/loan#/logic/0/visible",
    "object/loan#/states/transitions/0/when",
    "view/v#/where", "view/v#/columns/0", "view/v#/sort/0", "view/v#/group",
    "form/f#/sections/0/fields/0", "form/f#/sections/0/visible", "form/f#/facts/0",
    "board/b#/where", "board/b#/card/fields/0", "board/b#/totals/0", "board/b#/filters/0/where",
    "board/b#/sort/0",
    "pin/p#/where", "pin/p#/by", "pin/p#/columns/0",
    "rule/r#/on/fields/0", "rule/r#/when", "rule/r#/do/0/update/set/from_day",
    "rule/r#/do/0/update/where", "rule/r#/do/2/notify/subject", "rule/r#/do/3/webhook/body/day",
    "rule/r#/do/3/webhook/body/more/day", "rule/d#/on/date", "rule/d#/do/0/update/set/due",
    "template/t#/subject", "template/t#/body",
    "webform/w#/steps/0/fields/0/field",
    "role/clerk#/grants/0/where", "role/clerk#/grants/0/fields/due",
}  # fmt: skip


def test_every_place_that_names_a_field_is_known() -> None:
    text = LIBRARY.replace('["if_text"]', '["name"]')
    own = [document_of(body) for body in parse_documents(text)]
    catalog = build_catalog([*read_package(CORE_FOLDER, CORE_KINDS), *own], KINDS)
    found = set(uses_of(catalog, "loan.due"))
    assert found >= PLACES, sorted(PLACES - found)
    assert "object/book#/title" in uses_of(catalog, "book.code")
    assert "template/t#/subject" in uses_of(catalog, "book.code")
    assert "webform/w#/fixed/from_day" in uses_of(catalog, "loan.from_day")
    assert uses_of(catalog, "template/t") == ["rule/r#/do/1/notify/template"]
    assert uses_of(catalog, "endpoint/e") == ["rule/r#/do/3/webhook/to"]
    assert set(uses_of(catalog, "role/clerk")) == {
        "role/head#/inherits/0", "rule/r#/do/2/notify/to/0/role",
    }  # fmt: skip
