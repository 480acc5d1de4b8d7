"""Reading ahead: who needs one record gets those that are likely to be asked for next."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.runtime import prefetch
from fluvial.runtime.prefetch import MAX_AT_ONCE, Prefetch, targets_of
from metamodel.catalog import Field
from tests.metamodel.catalogs import catalog

CATALOG = catalog("""
kind: object
name: branch
title: "{name}"
fields: [{name: name, kind: text}]
---
kind: object
name: book
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: branch, kind: lookup, to: branch}
  - {name: others, kind: multi_lookup, to: book}
  - {name: source, kind: any_lookup, to: [book, branch]}
  - {name: keeper, kind: person, accepts: [user, team]}
""")
BOOK = CATALOG.objects["book"]


class Settled(Exception):
    """What waited is written."""


def settle() -> None:
    raise Settled


@pytest.fixture
def ahead() -> Prefetch:
    return Prefetch(settle)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("branch", "1", [("branch", "1")]),
        ("others", ["1", "2"], [("book", "1"), ("book", "2")]),
        ("source", ("branch", "1"), [("branch", "1")]),
        ("keeper", ("team", "1"), [("team", "1")]),
        ("others", [], []),
    ],
)
def test_where_values_lead(name: str, value: Any, expected: list[tuple[str, str]]) -> None:
    assert list(targets_of(FIELDS[name], value)) == expected


FIELDS: dict[str, Field] = dict(BOOK.fields)


def test_what_drafts_name_is_read_together(ahead: Prefetch) -> None:
    for at in range(3):
        ahead.name(CATALOG, BOOK, {"branch": f"b{at}", "others": ["o1"], "name": "x"})
    first, *rest = ahead.named_beside("branch", "b1")
    assert (first, sorted(rest)) == ("b1", ["b0", "b2"])
    assert ahead.named_beside("branch", "b2") == ["b2"]  # the others were handed out
    assert sorted(ahead.rows_beside("branch", "b0")[1:]) == ["b1", "b2"]
    assert ahead.rows_beside("book", "x") == ["x", "o1"]
    assert ahead.rows_beside("user", "x") == ["x"]


def test_what_is_known_is_not_read_again(ahead: Prefetch) -> None:
    ahead.name(CATALOG, BOOK, {"others": ["a", "b"]})
    ahead.keep(CATALOG, "book", ["a", "gone"], [{"id": "a", "branch": "near"}])
    assert ahead.rows["book"] == {"a": {"id": "a", "branch": "near"}, "gone": None}
    assert ahead.rows_beside("book", "c") == ["c", "b"]
    assert ahead.rows_beside("branch", "x") == ["x", "near"]  # a row that was read names it
    assert ahead.named_beside("branch", "x") == ["x"]


def test_one_question_is_never_too_long(ahead: Prefetch) -> None:
    ahead.name(CATALOG, BOOK, {"others": [f"{at}" for at in range(3 * MAX_AT_ONCE)]})
    asked = ahead.rows_beside("book", "0")
    assert len(asked) == len(set(asked)) == MAX_AT_ONCE


def test_only_a_record_that_waits_is_written_before(ahead: Prefetch) -> None:
    ahead.waiting.add(("book", "a"))
    ahead.settle_before("book", "b")
    ahead.settle_before("branch", "a")
    with pytest.raises(Settled):
        ahead.settle_before("book", "a")
    ahead.written()
    ahead.settle_before("book", "a")


def test_what_changes_is_forgotten_and_so_is_too_much(
    ahead: Prefetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefetch, "MAX_KEPT", 2)
    ahead.keep(CATALOG, "book", ["a"], [])
    ahead.keep(CATALOG, "branch", ["a", "b", "c"], [])
    ahead.keep(CATALOG, "user", ["a", "b"], [])
    ahead.forget("book")
    assert set(ahead.rows) == {"user"}


def test_other_drafts_begin_with_nothing_named(ahead: Prefetch) -> None:
    ahead.name(CATALOG, BOOK, {"others": ["a"]})
    ahead.begin()
    assert ahead.rows_beside("book", "x") == ahead.named_beside("book", "x") == ["x"]


def test_another_day_is_read_on_its_own(ahead: Prefetch) -> None:
    ahead.keep(CATALOG, "book", ["a"], [])
    other = ahead.of_another_day()
    assert (other.rows, other.settle) == ({}, ahead.settle)
