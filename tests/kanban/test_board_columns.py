"""Values by which a board has its columns become texts, and texts become values again."""

from __future__ import annotations

from typing import Any

import pytest

from kanban.board_columns import text_of, wire_of
from metamodel.catalog import Field
from tests.metamodel.catalogs import field

STATE = field({"kind": "choice", "options": [{"name": "open"}]})
OWNER = field({"kind": "person", "accepts": ["user", "team", "role"]})
BOOK = field({"kind": "lookup", "to": "book"})


@pytest.mark.parametrize(
    ("by", "value", "text"),
    [
        (STATE, "open", "open"),
        (BOOK, "0190-a", "0190-a"),
        (OWNER, {"user": "0190-a"}, "user:0190-a"),
        (OWNER, {"team": "0190-b"}, "team:0190-b"),
        (OWNER, {"role": "head"}, "role:head"),
    ],
)
def test_there_and_back(by: Field, value: Any, text: str) -> None:
    assert text_of(by, value) == text
    assert wire_of(by, text) == value


def test_empty_values_have_an_empty_text() -> None:
    assert text_of(STATE, None) == text_of(OWNER, None) == text_of(None, "x") == ""


def test_a_person_without_a_kind_is_a_user() -> None:
    assert wire_of(OWNER, "0190-a") == {"user": "0190-a"}


def test_other_values_are_written_out() -> None:
    assert text_of(field({"kind": "boolean"}), True) == "True"
    assert text_of(field({"kind": "number", "scale": 0}), 7) == "7"
