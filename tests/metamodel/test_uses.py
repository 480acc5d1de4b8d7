"""Where objects and fields are used."""

from __future__ import annotations

from metamodel.uses import uses_of
from tests.metamodel.catalogs import catalog

LIBRARY = """
kind: object
name: author
fields:
  - {name: name, kind: text}
  - {name: born, kind: date}
  - {name: works, kind: calculated, result: number, formula: "count(books)"}
---
kind: object
name: book
fields:
  - {name: name, kind: text}
  - {name: author, kind: lookup, to: author, inverse: books}
---
{kind: view, name: old, object: book, where: "author.born < '1900-01-01'", columns: [author.name]}
"""


def test_uses_are_told_with_their_places() -> None:
    built = catalog(LIBRARY)
    assert uses_of(built, "author.born") == ["view/old#/where"]
    assert uses_of(built, "author.name") == ["view/old#/columns/0"]
    assert uses_of(built, "author.works") == []
    assert "object/author#/fields/2/formula" in uses_of(built, "book.author")


def test_what_an_object_says_of_itself_is_no_use_of_it() -> None:
    built = catalog(LIBRARY)
    assert uses_of(built, "author") == [
        "object/book#/fields/1/to",
        "view/old#/columns/0",
        "view/old#/where",
    ]
