"""A key that is taken is told by its fields and what stands in the way."""

from __future__ import annotations

import pytest

from fluvial.database.connection import UniqueError
from fluvial.database.exclusion import exclusion_name
from fluvial.database.object_tables import unique_name
from fluvial.kernel.problems import Conflict, Unprocessable
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.uniqueness import broken_key, unique_fault, unique_keys
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Documents

SHELF = {
    "kind": "object",
    "name": "shelf",
    "label": "Book shelf",
    "title": "{code}",
    "fields": [
        {"name": "code", "kind": "text", "unique": True},
        {"name": "room", "kind": "text"},
        {"name": "row", "kind": "number", "scale": 0},
        {"name": "beside", "kind": "lookup", "to": "shelf"},
    ],
    "keys": [
        {"fields": ["room", "row"], "unique": True},
        {"fields": ["beside", "row"], "unique": True},
        {"fields": ["room"]},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [SHELF]


@pytest.fixture
def draft(engine: Engine) -> Draft:
    session = Session.begin(engine)
    values = {"code": "A1", "room": "Hall", "row": None, "beside": "0190"}
    type_ = session.catalog.objects["shelf"]
    return Draft(session, type_, "1", None, {**type_.empty_values, **values}, pointer="/3")


def told(draft: Draft, key: str) -> tuple[str, list[str]]:
    problem = unique_fault(draft, UniqueError(key))
    assert isinstance(problem, Unprocessable)
    assert {e["code"] for e in problem.errors} == {"not_unique"}
    return str(problem), [e["pointer"] for e in problem.errors]


def test_keys_are_found_by_the_names_of_their_indexes(draft: Draft) -> None:
    keys = unique_keys(draft.type)
    assert sorted(keys.values()) == [("beside", "row"), ("code",), ("room", "row")]
    for name, fields in keys.items():
        assert broken_key(draft.type, UniqueError(name)) == fields
        assert name == unique_name(draft.type, fields)


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("shelf.code", ("code",)),
        ("shelf.room, shelf.row", ("room", "row")),
        ("shelf.code__fold", ("code",)),
        ("shelf.row, shelf.room", ()),
        ("shelf.room", ()),  # this key is not a unique one
        ("shelf.id", ()),
        ("", ()),
    ],
)
def test_keys_are_found_by_their_columns(
    draft: Draft, columns: str, fields: tuple[str, ...]
) -> None:
    assert broken_key(draft.type, UniqueError(columns)) == fields


def test_the_fault_names_fields_and_values(draft: Draft) -> None:
    message, pointers = told(draft, "shelf.code")
    assert message == "There is already a book shelf with Code A1. Choose another value."
    assert pointers == ["/3/code"]
    message, pointers = told(draft, "shelf.room, shelf.row")
    assert message == "There is already a book shelf with Room and Row Hall. Choose another value."
    assert pointers == ["/3/room", "/3/row"]


def test_ids_are_nothing_to_show(draft: Draft) -> None:
    message, _ = told(draft, "shelf.beside, shelf.row")
    assert message == "There is already a book shelf with Beside and Row. Choose another value."


def test_an_unknown_key_may_be_tried_again(draft: Draft) -> None:
    problem = unique_fault(draft, UniqueError("fluvial_something"))
    assert isinstance(problem, Conflict)
    assert "Try again." in str(problem)
    assert exclusion_name("shelf") not in unique_keys(draft.type)
