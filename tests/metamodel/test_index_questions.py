"""Which fields a condition gives one value."""

from __future__ import annotations

import pytest

from metamodel.index_questions import fixed
from tests.metamodel.catalogs import catalog

CATALOG = catalog("""
kind: object
name: visit
title: "{name}"
fields:
  - {name: name, kind: text}
  - {name: pages, kind: number, scale: 0}
  - {name: due, kind: date}
  - {name: open, kind: boolean}
  - {name: leader, kind: lookup, to: visit}
  - {name: keeper, kind: person, accepts: [user]}
""")


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        ("", ()),
        ("name == 'a'", ("name",)),
        ("'a' == name", ("name",)),
        ("name == 'a' and pages == 1", ("name", "pages")),
        ("pages == 1 and (name == 'a' and due == today())", ("pages", "name", "due")),
        ("name == 'a' and name == 'b'", ("name",)),
        ("keeper == me", ("keeper",)),
        ("name == 'a' and pages > 1", ("name",)),
        ("name == 'a' or name == 'b'", ()),
        ("not (name == 'a')", ()),
        ("name != 'a'", ()),
        ("leader.name == 'a'", ()),
        ("name == leader.name", ()),
        ("pages == pages", ()),
        ("name ==", ()),  # what is not valid fixes nothing
        ("nme == 'a'", ()),
    ],
)
def test_fields_with_one_value(where: str, fields: tuple[str, ...]) -> None:
    assert fixed(CATALOG, "visit", where) == fields
