"""The documents of rules, endpoints and templates: every fault at once, with its place."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.kernel.features import load_features
from metamodel.build import build_catalog
from metamodel.documents import Document
from metamodel.errors import Fault, MetadataError
from rules.rule_documents import KINDS
from tests.rules.house import OBJECTS, Json, rule

USER: Json = {
    "kind": "object",
    "name": "user",
    "fields": [{"name": "name", "kind": "text"}, {"name": "email", "kind": "text"}],
}
TEAM: Json = {"kind": "object", "name": "team", "fields": [{"name": "name", "kind": "text"}]}
TEMPLATE: Json = {"kind": "template", "name": "words", "for": "loan", "subject": "s", "body": "b"}
DESK: Json = {"kind": "endpoint", "name": "desk", "url": "https://hooks.example.com/x"}
CREATED = {"object": "loan", "event": "created"}


def faults(*documents: Json) -> list[Fault]:
    kinds = load_features().kinds
    bodies = [USER, TEAM, *OBJECTS, TEMPLATE, DESK, *documents]
    unique = {(body["kind"], body["name"]): body for body in bodies}
    try:
        build_catalog([Document(b["kind"], b["name"], b) for b in unique.values()], kinds)
    except MetadataError as error:
        return list(error.faults)
    return []


def one(document: Json) -> Fault:
    found = faults(document)
    assert len(found) == 1, [str(fault) for fault in found]
    return found[0]


NOTE: Json = {"create": "letter", "set": {"name": "'x'"}}


@pytest.mark.parametrize(
    "document",
    [
        rule("r", CREATED, NOTE),
        rule("r", {"object": "loan", "event": ["created", "updated"], "fields": ["due"]}, NOTE),
        rule("r", {"object": "loan", "date": "due", "offset": "-30d", "at": "08:00"}, NOTE),
        rule("r", {"object": "loan", "date": "picked_at", "offset": "+2h"}, NOTE),
        rule("r", {"schedule": "0 7 * * 1-5"}, NOTE),
        rule("r", {"object": "loan", "button": "Send"}, NOTE),
        rule("r", CREATED, {"webhook": {"to": "desk", "body": {"a": {"b": ["name", 1, True]}}}}),
        rule(
            "r", CREATED, {"notify": {"to": ["member.keeper", "member.email"], "template": "words"}}
        ),
        rule("r", CREATED, {"update": {"each": "member.loans", "set": {"level": 3}}}),
        rule("r", CREATED, {"set": {"level": 0}}, phase="before_save"),
    ],
)
def test_sound_rules(document: Json) -> None:
    assert [str(fault) for fault in faults(document)] == []


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        (rule("r", {"object": "lone", "event": "created"}, NOTE), "/on/object", "`loan`"),
        (rule("r", {"object": "loan"}, NOTE), "/on", "one of event, date"),
        (rule("r", {"object": "loan", "event": "created", "date": "due"}, NOTE), "/on", "one of"),
        (rule("r", {"event": "created"}, NOTE), "/on", "`object` is missing"),
        (rule("r", {"object": "loan", "event": "made"}, NOTE), "/on/event", ""),
        (rule("r", {**CREATED, "at": "08:00"}, NOTE), "/on/at", "cannot be used with `event`"),
        (rule("r", {**CREATED, "fields": ["dew"]}, NOTE), "/on/fields/0", "`due`"),
        (rule("r", {"object": "loan", "date": "name"}, NOTE), "/on/date", "is not a date"),
        (
            rule("r", {"object": "loan", "date": "due", "offset": "30 days"}, NOTE),
            "/on/offset",
            "-30d",
        ),
        (rule("r", {"object": "loan", "date": "due", "at": "25:00"}, NOTE), "/on/at", "08:00"),
        (rule("r", {"schedule": "0 7 * * 9"}, NOTE), "/on/schedule", "weekday"),
        (rule("r", {"webform": "none"}, NOTE), "/on/webform", "no webform `none`"),
        (rule("r", CREATED, NOTE, when="dew == today()"), "/when", "`due`"),
        (rule("r", CREATED, NOTE, when="name"), "/when", ""),
        (rule("r", CREATED, NOTE, run_as="nobody"), "/run_as", "no role"),
        (
            rule("r", CREATED, {"create": "leter", "set": {"name": "'x'"}}),
            "/do/0/create",
            "`letter`",
        ),
        (rule("r", CREATED, {"create": "letter"}), "/do/0", "`set` is missing"),
        (
            rule("r", CREATED, {"create": "letter", "set": {"nam": "'x'"}}),
            "/do/0/set/nam",
            "`name`",
        ),
        (rule("r", CREATED, {"create": "letter", "set": {"name": "fee"}}), "/do/0/set/name", ""),
        (
            rule("r", CREATED, {"create": "letter", "set": {"id": "'x'"}}),
            "/do/0/set/id",
            "by the system",
        ),
        (rule("r", CREATED, {**NOTE, "webhook": {"to": "desk"}}), "/do/0", ""),
        (rule("r", CREATED, {"set": {"level": 1}}), "/do/0/set", "before a save"),
        (rule("r", CREATED, {"refuse": {"message": "x"}}), "/do/0/refuse", "before a save"),
        (rule("r", CREATED, NOTE, phase="before_save"), "/do/0/create", "only `set` and `refuse`"),
        (
            rule(
                "r", {"object": "loan", "date": "due"}, {"set": {"level": 1}}, phase="before_save"
            ),
            "/phase",
            "events of records",
        ),
        (
            rule("r", CREATED, {"update": {"each": "books", "set": {"level": 1}}}),
            "/do/0/update/each",
            "",
        ),
        (
            rule("r", CREATED, {"update": {"each": "name", "set": {"level": 1}}}),
            "/do/0/update/each",
            "",
        ),
        (rule("r", CREATED, {"update": {}}), "/do/0/update", "needs `set`"),
        (
            rule("r", {"schedule": "0 7 * * *"}, {"update": {"set": {"level": 1}}}),
            "/do/0/update",
            "does not handle a record",
        ),
        (rule("r", CREATED, {"webhook": {"to": "desc"}}), "/do/0/webhook/to", "`desk`"),
        (
            rule("r", CREATED, {"webhook": {"to": "desk", "body": {"a": "nam"}}}),
            "/do/0/webhook/body/a",
            "`name`",
        ),
        (
            rule("r", CREATED, {"notify": {"to": ["fee"], "template": "words"}}),
            "/do/0/notify/to/0",
            "person",
        ),
        (rule("r", CREATED, {"notify": {"to": ["member.email"]}}), "/do/0/notify", "template"),
        (
            rule("r", CREATED, {"notify": {"to": ["member.email"], "template": "word"}}),
            "/do/0/notify/template",
            "`words`",
        ),
        (
            rule(
                "r",
                {"object": "member", "event": "created"},
                {"notify": {"to": "email", "template": "words"}},
            ),
            "/do/0/notify/template",
            "for loan",
        ),
        (
            rule("r", CREATED, {"notify": {"to": [{"role": "x"}], "template": "words"}}),
            "/do/0/notify/to/0/role",
            "no role",
        ),
        ({**TEMPLATE, "for": "lone"}, "/for", "`loan`"),
        ({**TEMPLATE, "body": "{{ loan.dew }}"}, "/body", "`due`"),
        ({**TEMPLATE, "body": "\n{{ loan.member.nam }}"}, "/body", "Line 2: Member has no"),
        ({**TEMPLATE, "body": "{{ loan.due.x }}"}, "/body", "not a look-up"),
        ({**TEMPLATE, "body": "{{ book.name }}"}, "/body", "`loan`"),
        ({**TEMPLATE, "subject": "{% if %}"}, "/subject", "Expected an expression"),
        ({**TEMPLATE, "body": "{{ loan.name | safe }}"}, "/body", "no filter `safe`"),
        ({**DESK, "url": "ftp://x"}, "/url", "https://"),
        ({**DESK, "url": "https://:99999/x"}, "/url", "not a web address"),
        ({**DESK, "secret": "plain"}, "/secret", ""),
    ],
)
def test_one_fault_with_its_place(document: Json, pointer: str, words: str) -> None:
    fault = one(document)
    assert fault.pointer == pointer
    assert words in str(fault)


def test_all_faults_at_once() -> None:
    document = rule(
        "r",
        {**CREATED, "fields": ["dew"]},
        {"create": "letter", "set": {"nam": "'x'", "copies": "'many'"}},
        {"webhook": {"to": "desc", "body": {"a": "unknown"}}},
        when="nothing == 1",
    )
    assert [fault.pointer for fault in faults(document)] == [
        "/do/0/set/copies",
        "/do/0/set/nam",
        "/do/1/webhook/body/a",
        "/do/1/webhook/to",
        "/on/fields/0",
        "/when",
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_example_of_each_kind_is_sound(kind: Any) -> None:
    assert not list(kind.validator.iter_errors(kind.example))
    assert kind.about and kind.label


def test_templates_know_collections_and_people() -> None:
    body = "{% for l in member.loans %}{{ l.due | date }}{% endfor %}{{ member.keeper.name }}"
    assert faults({**TEMPLATE, "for": "member", "body": body}) == []
