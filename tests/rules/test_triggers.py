"""When a rule runs: exactly one trigger, with all that it needs and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from metamodel.checks import CatalogDraft, DocumentCheck
from metamodel.document import Document
from rules.model import Trigger
from rules.triggers import ALLOWED, KINDS, NEEDED, read_trigger
from tests.metamodel.catalogs import catalog

CATALOG = catalog("""
kind: object
name: loan
title: "{note}"
fields:
  - {name: note, kind: text}
  - {name: due, kind: date}
  - {name: returned, kind: datetime}
""")
HOOK = Document("hook", "erp", {"kind": "hook", "name": "erp", "object": "loan"}, "site")
FORM = Document("webform", "ask", {"kind": "webform", "name": "ask", "object": "loan"}, "site")


def read(**on: Any) -> tuple[Trigger | None, list[tuple[str, str, str]]]:
    documents = {**CATALOG.documents, "hook": {"erp": HOOK}, "webform": {"ask": FORM}}
    draft = CatalogDraft(documents, dict(CATALOG.objects), kinds=frozenset({"hook", "webform"}))
    rule = Document("rule", "remind", {"kind": "rule", "name": "remind", "on": on}, "site")
    found = read_trigger(on, DocumentCheck(draft, rule))
    return found, [(f.pointer, f.message, f.hint) for f in draft.faults]


def good(**on: Any) -> Trigger:
    found, faults = read(**on)
    assert found is not None and faults == []
    return found


def test_events() -> None:
    one = good(object="loan", event="created")
    assert (one.kind, one.object, *one.events) == ("event", "loan", "created")
    several = good(object="loan", event=["updated", "deleted"], fields=["due", "note"])
    assert several.events == {"updated", "deleted"} and several.fields == {"due", "note"}


def test_dates_with_their_offsets() -> None:
    one = good(object="loan", date="due")
    assert (one.date, one.offset.number, one.at) == ("due", 0, None)
    other = good(object="loan", date="returned", offset="-2w", at="08:30")
    assert (other.offset.number, other.offset.unit, str(other.at)) == (-2, "w", "08:30:00")


def test_schedules_with_records_or_without() -> None:
    assert good(schedule="0 7 * * 1-5").object == ""
    assert good(schedule="0 7 * * *", object="loan", where="due < today()").where == "due < today()"


def test_buttons_forms_and_hooks() -> None:
    assert good(object="loan", button="Remind").name == "Remind"
    assert good(webform="ask").events == {"created"}
    hook = good(hook="erp")
    assert (hook.object, hook.name) == ("loan", "erp")
    assert hook.events == {"created", "updated"}


@pytest.mark.parametrize("on", [{}, {"object": "loan"}, {"event": "created", "date": "due"}])
def test_exactly_one_of_them(on: dict[str, Any]) -> None:
    found, ((pointer, message, hint),) = read(**on)
    assert (found, pointer) == (None, "/on")
    assert "exactly one of event, date, timer, every, schedule, button, webform and hook" in message
    assert "Keep only one" in hint


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_used_with_it_and_what_is_missing(kind: str) -> None:
    found, faults = read(**{kind: "x", "color": "red"})
    expected = [("/on/color", f"`color` cannot be used with `{kind}`.", "Remove `color`.")]
    expected += [("/on", f"`{n}` is missing.", f"Add `{n}`.") for n in NEEDED.get(kind, ())]
    assert (found, faults) == (None, expected)
    assert set(NEEDED.get(kind, ())) <= set(ALLOWED[kind])


@pytest.mark.parametrize(
    ("on", "pointer", "words"),
    [
        ({"object": "lown", "event": "created"}, "/on/object", "lown"),
        ({"object": "loan", "event": "create"}, "/on/event", "Did you mean `created`?"),
        ({"object": "loan", "event": "x"}, "/on/event", "Write one of `created`, `updated`"),
        ({"object": "loan", "date": "note"}, "/on/date", "Note is not a date."),
        ({"object": "loan", "date": "dew"}, "/on/date", "`dew`"),
        ({"schedule": "x"}, "/on/schedule", "Write `0 7 * * 1-5` for workdays at 7."),
        ({"schedule": "0 7 * * *", "object": "loan", "where": "due <"}, "/on/where", ""),
        ({"object": "lown", "button": "Remind"}, "/on/object", "lown"),
        ({"hook": "epr"}, "/on/hook", "epr"),
    ],
)
def test_faults_name_the_place_and_the_remedy(on: dict[str, Any], pointer: str, words: str) -> None:
    _, faults = read(**on)
    assert faults and faults[0][0] == pointer
    assert words in f"{faults[0][1]} {faults[0][2]}"


def test_unknown_fields_of_an_event_are_told_one_by_one() -> None:
    found, faults = read(object="loan", event="updated", fields=["due", "dew", "nte"])
    assert [pointer for pointer, _, _ in faults] == ["/on/fields/1", "/on/fields/2"]
    assert found is not None and found.fields == {"due"}
