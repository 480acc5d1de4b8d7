"""The JSON Schema of a record as it is read, created and updated."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from metamodel.record_schema import Mode, record_schema
from tests.metamodel.catalogs import catalog

BOOK = """
kind: object
name: book
fields:
  - {name: number, kind: sequence}
  - {name: name, kind: text, required: true, help: As on the cover.}
  - {name: shelf, kind: text, required: true, default: A1}
  - {name: price, kind: money, currency: EUR}
  - {name: genres, kind: multi_choice, options: [{name: crime}]}
  - {name: mood, kind: choice, options: [{name: calm}]}
  - {name: heavy, kind: calculated, result: boolean, formula: "price.amount > 50"}
"""

VALID: list[tuple[Mode, dict[str, Any], bool]] = [
    ("create", {"name": "Emma"}, True),
    ("create", {"name": "Emma", "price": None, "mood": None, "genres": []}, True),
    ("create", {"name": "Emma", "price": {"amount": "1.50", "currency": "EUR"}}, True),
    ("create", {"name": "Emma", "owner": {"user": "01890a5d-ac96-774b-bcce-b302099a8057"}}, True),
    ("create", {}, False),
    ("create", {"name": None}, False),
    ("create", {"name": "Emma", "heavy": True}, False),
    ("create", {"name": "Emma", "number": "1"}, False),
    ("create", {"name": "Emma", "mood": "cross"}, False),
    ("create", {"name": "Emma", "deleted_at": None}, False),
    ("update", {}, True),
    ("update", {"rev": 3, "price": None}, True),
    ("update", {"rev": 0}, False),
    ("update", {"created_at": "2026-01-01T00:00:00Z"}, False),
    ("read", {"id": "x", "rev": 1, "name": "Emma", "heavy": False, "created_by": None}, True),
    ("read", {"id": "x"}, False),
    ("read", {"id": "x", "rev": 1, "deleted_at": None}, False),
]


@pytest.mark.parametrize(("mode", "record", "fits"), VALID)
def test_the_schema_says_what_fits(mode: Mode, record: dict[str, Any], fits: bool) -> None:
    schema = record_schema(catalog(BOOK).objects["book"], mode)
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(record) is fits


def test_the_schema_has_the_words_of_the_fields() -> None:
    schema = record_schema(catalog(BOOK).objects["book"], "read")
    assert schema["title"] == "Book"
    assert schema["properties"]["name"]["description"] == "As on the cover."
    assert schema["properties"]["number"]["readOnly"] is True
