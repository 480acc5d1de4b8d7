"""Which lists one plan serves: those where an index has the values and the order."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from fluvial.records.reading.generic_plans import is_steady
from fluvial.records.reading.query import Query
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import BOOLEAN
from tests.metamodel.catalogs import catalog

CATALOG = catalog("""
kind: object
name: visit
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: state, kind: text}
  - {name: due, kind: datetime}
  - {name: pages, kind: number, scale: 0}
  - {name: leader, kind: lookup, to: visit}
keys:
  - {fields: [state, due]}
  - {fields: [name, state, pages]}
""")
VISIT = CATALOG.objects["visit"]


def condition(where: str) -> Expression:
    return compile_expression(where, scope_of(CATALOG, "visit"), BOOLEAN)


def steady(
    where: str = "", sort: str = "due", may: tuple[str, ...] | None = None, **query: object
) -> bool:
    tree = condition(where).tree if where else None
    permission = None if may is None else [condition(one) for one in may]
    asked = Query("visit", **query)  # type: ignore[arg-type]
    return is_steady(VISIT, asked, tree, permission, SimpleNamespace(key=sort))


@pytest.mark.parametrize(
    ("where", "sort", "expected"),
    [
        ("", "due", True),  # only the order is asked for
        ("state == 'a'", "due", True),
        ("state == 'a' and due > now()", "due", True),
        ("due > now()", "due", True),
        ("state == 'a'", "id", False),  # no index has both
        ("pages == 1", "due", False),
        ("state == 'a' and pages == 1", "due", False),
        ("state == 'a' and pages > 1", "due", True),  # no index could serve it instead
        ("state == 'a' and due > now() and pages <= 9", "due", True),
        ("state == 'a' and name > 'b'", "due", False),  # an index begins with it
        ("state == 'a' and created_at > now()", "due", False),
        ("state != 'a'", "due", False),
        ("state == 'a' or state == 'b'", "due", False),
        ("name == 'a' and state == 'b'", "pages", True),
        ("name == 'a'", "pages", False),  # the field between has any value
        ("leader.state == 'a'", "due", False),
        ("contains(name, 'a')", "due", False),
    ],
)
def test_conditions(where: str, sort: str, expected: bool) -> None:
    assert steady(where, sort) is expected


def test_equal_values_count_like_conditions() -> None:
    assert steady(equals=(("state", "a"),))
    assert not steady(equals=(("state", ""),))  # empties lie elsewhere in the index
    assert not steady(equals=(("pages", "1"),))


def test_searches_bins_and_other_days_depend_on_what_they_find() -> None:
    assert not steady(search="x")
    assert not steady(deleted=True)
    assert not steady(as_of=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("may", "expected"),
    [
        (("state == 'a'",), False),  # an index may begin with it
        (("state == 'a'", "pages == 1"), False),
        (("leader.state == 'a'",), False),
        (("leader.state == 'a'", "pages == 1"), True),  # it is looked up record by record
        (("leader.state == 'a' or pages == 1",), True),
    ],
)
def test_rights(may: tuple[str, ...], expected: bool) -> None:
    assert steady("state == 'a'", may=may) is expected
