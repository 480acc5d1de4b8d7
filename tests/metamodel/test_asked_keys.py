"""Keys that nobody declares: what documents ask of an object, as few indexes as answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from metamodel.asked_keys import MAX_ASKED, MAX_FIELDS, _keys, proposed
from metamodel.catalog import AskedKey, Catalog, ObjectType
from metamodel.index_questions import IndexQuestion
from tests.metamodel.catalogs import catalog

VISIT = """
kind: object
name: visit
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: room, kind: text}
  - {name: pages, kind: number, scale: 0}
  - {name: due, kind: date}
  - {name: state, kind: choice, options: [{name: open}, {name: done}]}
  - {name: leader, kind: lookup, to: visit}
  - {name: others, kind: multi_lookup, to: visit}
  - {name: keeper, kind: person, accepts: [user, team]}
"""
CATALOG = catalog(VISIT)
TYPE = CATALOG.objects["visit"]
Names = tuple[str, ...]


def ask(equal: Names = (), sort: Names = (), ordered: bool = True) -> IndexQuestion:
    return IndexQuestion("visit", equal, sort, ordered)


def keys(*questions: IndexQuestion, of: ObjectType = TYPE) -> list[AskedKey]:
    return [*_keys(of, [(question, f"view/{at}") for at, question in enumerate(questions)])]


def fields(*questions: IndexQuestion, of: ObjectType = TYPE) -> list[Names]:
    return [key.fields for key in keys(*questions, of=of)]


def declared(text: str) -> ObjectType:
    return catalog(VISIT + text).objects["visit"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (ask(("room",), ("due",)), [("room", "due")]),
        (ask(("room",), ("-due", "-pages")), [("room", "due", "pages")]),
        (ask(("room",), ("due", "-pages")), [("room", "due")]),  # one index has one direction
        (ask((), ("due",)), [("due",)]),
        (ask((), ("created_at",)), []),  # it has an index anyway
        (ask((), ("id",)), []),
        (ask(("room",), ("due", "id")), [("room", "due")]),
        (ask(("room",), ("state",)), [("room",)]),  # by the place of the option
        (ask(("room",), ("leader",)), [("room",)]),
        (ask(("state", "leader"), ("due",)), [("state", "leader", "due")]),
        (ask(("others", "room"), ()), [("room",)]),  # links have a table of their own
        (ask(("keeper",), ("due",)), [("due",)]),  # it has several columns
        (ask(("room",), ("room", "due")), [("room", "due")]),
        (ask(("gone",), ("gone",)), []),
        (ask(), []),
    ],
)
def test_the_key_of_one_question(question: IndexQuestion, expected: list[Names]) -> None:
    assert fields(question) == expected


def test_equal_questions_share_a_key_and_tell_their_places() -> None:
    (key,) = keys(ask(("room",), ("due",)), ask(("room",), ("-due",)))
    assert (key.places, key.after, key.unique) == (("view/0", "view/1"), 1, False)


def test_what_is_only_counted_uses_a_key_that_begins_with_it() -> None:
    counted = ask(("room", "state"), ordered=False)
    assert fields(counted) == [("room", "state")]
    assert fields(counted, ask(("state", "room"), ("due",))) == [("state", "room", "due")]
    assert ("room", "state") in fields(counted, ask(("room",), ("due",)))


def test_declared_keys_are_not_asked_for_again() -> None:
    known = declared("keys: [{fields: [room, state, due]}]\n")
    assert fields(ask(("room", "state"), ("due",)), of=known) == []
    assert fields(ask(("state", "room"), ("due",)), of=known) == []  # in whichever order
    assert fields(ask(("room",), ("due",)), of=known) == [("room", "due")]
    unique = declared("keys: [{fields: [room, due], unique: true}]\n")
    assert fields(ask(("room",), ("due",)), of=unique) == [("room", "due")]


def test_an_object_may_refuse_them() -> None:
    assert fields(ask(("room",), ("due",)), of=declared("index_questions: false\n")) == []


def test_where_there_are_too_many_those_asked_most_often_stay() -> None:
    names = ("name", "room", "pages", "due", "state", "leader")
    pairs = [ask((one,), (other,)) for one in names[:4] for other in names[:4] if one != other]
    often = ask(("leader",), ("due",))
    kept = fields(*pairs, often, often)
    assert len(kept) == MAX_ASKED and len(pairs) > MAX_ASKED
    assert kept[0] == ("leader", "due")
    assert kept[1:] == sorted(kept[1:])  # whatever the order of the documents
    assert fields(often, *reversed(pairs), often) == kept
    assert max(map(len, fields(ask(names)))) == MAX_FIELDS


def known(*asked: AskedKey) -> Catalog:
    return replace(CATALOG, objects={**CATALOG.objects, "visit": replace(TYPE, asked=asked)})


@pytest.mark.parametrize(
    ("asked", "question", "expected"),
    [
        ([], ask(("room",), ("due",)), ("room", "due")),
        ([("room", "due", "pages")], ask(("room",), ("due",)), ()),
        ([("due", "room")], ask(("room",), ("due",)), ("room", "due")),
        ([], ask((), ("created_at",)), ()),
        ([], ask(("others",), ()), ()),
    ],
)
def test_what_would_answer_a_question(
    asked: Sequence[Names], question: IndexQuestion, expected: Names
) -> None:
    there = known(*(AskedKey(names, False, 1) for names in asked))
    assert proposed(there, question) == expected
