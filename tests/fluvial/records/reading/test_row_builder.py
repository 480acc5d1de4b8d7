"""Rows of cells become nested JSON objects, in the order in which fields were asked for."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.auth.access import access_of
from fluvial.auth.actors import SYSTEM
from fluvial.records.reading.query import Path
from fluvial.records.reading.row_builder import Output
from fluvial.records.reading.sql_context import PlanContext
from metamodel.expressions.sql import Source
from metamodel.storage import POSTGRESQL, SQLITE
from tests.metamodel.catalogs import catalog

CATALOG = catalog("""
kind: object
name: author
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: teacher, kind: lookup, to: author}
---
kind: object
name: book
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: print, kind: text}
  - {name: weight, kind: number, scale: 2}
  - {name: price, kind: money}
  - {name: lent, kind: boolean}
  - {name: printed, kind: date}
  - {name: tags, kind: multi_choice, options: [{name: sea}, {name: art}]}
  - {name: author, kind: lookup, to: author}
  - {name: helpers, kind: multi_lookup, to: author}
""")


def output(*paths: Path, dialect: str = SQLITE, nulls: bool = False) -> Output:
    context = PlanContext(CATALOG, access_of(CATALOG, SYSTEM), dialect)
    made = Output(context, Source(context, "book"), CATALOG.objects["book"], nulls=nulls)
    for path in paths:
        made.add(path)
    return made


def built(cells: list[Any], *paths: Path, **more: Any) -> dict[str, Any]:
    made = output(*paths, **more)
    assert len(made.columns) == len(cells)
    return made.builder()(cells)


@pytest.mark.parametrize(
    ("name", "cells", "value"),
    [
        ("name", ["Emma"], "Emma"),
        ("print", ["a 'quoted' \"name\""], "a 'quoted' \"name\""),
        ("name", [None], None),
        ("weight", [1250], "12.50"),
        ("weight", [-5], "-0.05"),
        ("lent", [1], True),
        ("lent", [0], False),
        ("printed", ["2026-02-01"], "2026-02-01"),
        ("price", [199000, "EUR"], {"amount": "19.90", "currency": "EUR"}),
        ("price", [None, None], None),
        ("tags", ['["sea","art"]'], ["sea", "art"]),
        ("tags", [None], []),
        ("helpers", ['["1","2"]'], ["1", "2"]),
        ("helpers", [None], []),
    ],
)
def test_values_of_each_kind(name: str, cells: list[Any], value: Any) -> None:
    assert built(cells, (name,)) == {name: value}


def test_numbers_of_postgresql_are_texts_already() -> None:
    assert built(["12.50"], ("weight",), dialect=POSTGRESQL) == {"weight": "12.50"}
    assert built(["1", True], ("name",), ("lent",), dialect=POSTGRESQL) == {
        "name": "1", "lent": True,
    }  # fmt: skip


def test_members_stand_in_the_order_of_the_paths() -> None:
    made = built(["x", 0, "y"], ("name",), ("lent",), ("print",))
    assert list(made) == ["name", "lent", "print"]


def test_paths_through_a_look_up_share_its_object() -> None:
    paths = (("author", "name"), ("author", "teacher", "name"), ("author", "title"))
    cells: list[Any] = ["a1", "Ada", "a2", "Bob", "Ada L."]
    assert built(cells, *paths) == {
        "author": {
            "id": "a1", "name": "Ada", "teacher": {"id": "a2", "name": "Bob"}, "title": "Ada L.",
        }
    }  # fmt: skip
    cells[2:4] = [None, None]
    assert built(cells, *paths)["author"]["teacher"] is None
    assert built([None] * 5, *paths) == {"author": None}


def test_a_look_up_that_is_walked_through_stays_an_object() -> None:
    walked = built(["a1", "Ada"], ("author", "name"), ("author",))
    assert walked == {"author": {"id": "a1", "name": "Ada"}}


def test_with_nulls_nothing_reads_as_an_empty_list() -> None:
    paths = (("tags",), ("name",), ("price",))
    assert built([None] * 4, *paths, nulls=True) == {"tags": None, "name": None, "price": None}


def test_nothing_asked_is_an_empty_object() -> None:
    assert built([]) == {}
