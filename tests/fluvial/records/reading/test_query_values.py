"""Conditions of one shape share a plan; their values are binds."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.auth.access import Access, access_of
from fluvial.auth.actors import SYSTEM
from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query
from fluvial.records.reading.query_values import NOTHING, QueryValues, query_values_of
from metamodel.storage import POSTGRESQL, SQLITE
from tests.metamodel.catalogs import catalog

BOOK = """
kind: object
name: book
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: pages, kind: number, scale: 0}
  - {name: weight, kind: number, scale: 2}
  - {name: printed, kind: date}
  - {name: state, kind: choice, options: [{name: new}, {name: worn}]}
"""


@pytest.fixture
def access() -> Access:
    return access_of(catalog(BOOK), SYSTEM)


def asked(access: Access, where: str) -> QueryValues:
    return query_values_of(access, Query("book", where=where))


def test_nothing_asked_is_nothing(access: Access) -> None:
    assert asked(access, "") is NOTHING
    assert (NOTHING.names, NOTHING.binds(SQLITE), NOTHING.expression) == ([], {}, None)


@pytest.mark.parametrize(
    ("one", "other", "values"),
    [
        ("pages == 1", "pages == 200", [1, 200]),
        ("name == 'a'", "name == 'it has \"marks\"'", ["a", 'it has "marks"']),
        ("pages > 1 and name == 'x'", "pages > 9 and name == 'y'", [1, 9]),
    ],
)
def test_one_shape_has_one_key(access: Access, one: str, other: str, values: list[Any]) -> None:
    first, second = asked(access, one), asked(access, other)
    assert first.key is second.key or first.key == second.key
    assert first.expression is second.expression
    assert [first.values[0], second.values[0]] == values
    assert first.names == second.names == [f"w{at}" for at in range(len(first.values))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pages == 1", "pages != 1"),
        ("pages == 1", "weight == 1"),
        ("pages == 1", "pages == null"),
        ("state == 'new'", "name == 'new'"),
        ("pages == 1", "not (pages == 1)"),
    ],
)
def test_other_shapes_have_other_keys(access: Access, one: str, other: str) -> None:
    assert asked(access, one).key != asked(access, other).key


def test_values_are_bound_in_their_stored_form(access: Access) -> None:
    where = "weight >= 1.5 and printed < date('2026-02-01') and name == 'x'"
    wanted = asked(access, where)
    for dialect in (SQLITE, POSTGRESQL):
        bound = wanted.binds(dialect)
        assert list(bound) == wanted.names
        assert "x" in bound.values()
    assert asked(access, where.replace("1.5", "2.5")).binds(SQLITE) != wanted.binds(SQLITE)


@pytest.mark.parametrize("where", ["pages ==", "pags == 1", "pages == 'x'", "name", "("])
def test_faults_are_told_also_where_the_shape_is_known(access: Access, where: str) -> None:
    asked(access, "pages == 1")
    for _ in range(2):
        with pytest.raises(Problem):
            asked(access, where)
