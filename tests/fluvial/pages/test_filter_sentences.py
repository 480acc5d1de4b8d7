"""Every term that a filter offers is read back from its expression as the same term."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.pages.asked_fields import askable
from fluvial.pages.filter_sentences import joined, sentence
from fluvial.pages.reader_format import format_of
from fluvial.records.writing.writer import create
from fluvial.runtime.session import Session
from tests.app import Documents, OpenEngine

VALUES = {
    "name": 'it\'s "a"',
    "notes": "river",
    "pages": "12",
    "weight": "1.50",
    "price": "9.90",
    "printed": "2026-02-01",
    "read_in": "90",
    "state": "worn",
    "tags": "sea",
    "seen": "2026-02-01",
}
BOOK = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "notes", "kind": "long_text"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "weight", "kind": "number", "scale": 2},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "printed", "kind": "date"},
        {"name": "seen", "kind": "datetime"},
        {"name": "lent", "kind": "boolean"},
        {"name": "state", "kind": "choice",
         "options": [{"name": "new"}, {"name": "worn", "closed": True, "label": "Well worn"}]},
        {"name": "tags", "kind": "multi_choice", "options": [{"name": "sea"}, {"name": "art"}]},
        {"name": "series", "kind": "lookup", "to": "book", "inverse": "books"},
        {"name": "helpers", "kind": "multi_lookup", "to": "book"},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [BOOK]


@pytest.fixture
def session(open_engine: OpenEngine) -> Session:
    return Session.begin(open_engine(zone="Europe/Berlin"))


def read(session: Session, where: str, error: str = "") -> dict[str, Any]:
    type_ = session.catalog.objects["book"]
    fmt = format_of(session)
    return sentence(session.access, type_, where, fmt, clear="/clear", error=error)


def terms(session: Session, where: str) -> list[tuple[str, str, str]]:
    found = read(session, where)
    assert found["readable"], where
    shown: list[dict[str, str]] = found["terms"]
    return [(term["field"], term["op"], term["value"]) for term in shown]


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def test_each_term_comes_back(session: Session) -> None:
    book = create(session, "book", {"name": "Emma"})["id"]
    values = VALUES | {"series": book, "helpers": book}
    seen = 0
    for field in askable(session.access, session.catalog.objects["book"]):
        for op in field["ops"]:
            value = values.get(field["name"], "")
            if op["takes"] == "raw" or (op["takes"] == "value" and not value):
                continue
            text = quoted(value) if field["quote"] else value
            where = op["template"].replace("{f}", field["name"]).replace("{v}", text)
            ((name, found, said),) = terms(session, where)
            assert (name, found) == (field["name"], op["name"]), where
            assert op["takes"] == "none" or said == value, where
            seen += 1
    assert seen > 60


@pytest.mark.parametrize(
    ("where", "field", "op", "value", "label"),
    [
        ("printed < today() + days(3)", "printed", "before_raw", "today() + days(3)",
         "3 days from today"),
        ("seen >= start_of(today(), 'month')", "seen", "since_raw",
         "start_of(today(), 'month')", "the start of this month"),
        ("seen > '2026-02-01T10:30:00Z'", "seen", "after_raw", "'2026-02-01T10:30:00Z'",
         "'2026-02-01T10:30:00Z'"),
        ("state in ['new', 'worn']", "state", "among", "'new', 'worn'", "New or Well worn"),
    ],
)  # fmt: skip
def test_what_compares_with_an_expression(
    session: Session, where: str, field: str, op: str, value: str, label: str
) -> None:
    found = read(session, where)
    term = found["terms"][0]
    assert (term["field"], term["op"], term["value"]) == (field, op, value)
    assert term["value_label"] == label


def test_terms_are_joined_by_one_word(session: Session) -> None:
    both = read(session, "pages > 1 and state == 'new' and lent == true")
    assert (both["joint"], len(both["terms"])) == ("and", 3)
    either = read(session, "pages > 1 or pages < 0")
    assert (either["joint"], len(either["terms"])) == ("or", 2)


@pytest.mark.parametrize(
    "where",
    ["not (pages > 1)", "pages > weight + 1 - weight * 2 > 0", "count(helpers) > 1", "pages >",
     "nothing == 1", "'a' + name == 'b'"],
)  # fmt: skip
def test_what_says_more_than_terms_can_stays_an_expression(session: Session, where: str) -> None:
    found = read(session, where)
    assert (found["readable"], found["terms"], found["expression"]) == (False, [], where)


def test_groups_and_collections_are_read(session: Session) -> None:
    found = read(session, "pages > 1 and (lent or pages < 0) and exists(books, pages > 2)")
    above, group, gathered = found["terms"]
    assert (above["op"], group["joint"]) == ("above", "or")
    assert [term["op"] for term in group["terms"]] == ["yes", "below"]
    assert (gathered["collection"], gathered["op"], gathered["object"]) == ("books", "any", "book")
    assert gathered["terms"][0]["value"] == "2"


@pytest.mark.parametrize(
    ("where", "op", "value"),
    [("exists(books)", "any", ""), ("not exists(books)", "none", ""),
     ("books == null", "none", ""), ("count(books) >= 2", "at_least", "2"),
     ("count(books) <= 2", "at_most", "2"), ("count(books, lent) == 2", "exactly", "2")],
)  # fmt: skip
def test_what_is_asked_of_a_collection(session: Session, where: str, op: str, value: str) -> None:
    (term,) = read(session, where)["terms"]
    assert (term["collection"], term["op"], term["value"]) == ("books", op, value)


def test_what_no_word_says_stays_text_among_the_terms(session: Session) -> None:
    found = read(session, "pages > 1 and not (lent or pages < 0)")
    assert [term.get("text") for term in found["terms"]] == [None, "not (lent or pages < 0)"]


def test_a_fault_is_shown_with_the_expression(session: Session) -> None:
    found = read(session, "pages >", "It ends too early.")
    assert (found["error"], found["readable"]) == ({"message": "It ends too early."}, False)


def test_terms_say_what_can_be_asked_of_fields_of_other_records(session: Session) -> None:
    assert terms(session, "series.name == 'x'") == [("series.name", "is", "x")]
    (term,) = read(session, "series.name == 'x'")["terms"]
    assert (term["asked"]["name"], term["asked"]["label"]) == ("series.name", "Series")


def test_conditions_that_all_have_to_hold() -> None:
    assert joined(["a or b", "", "c"]) == "(a or b) and (c)"
    assert (joined(["", "a"]), joined([])) == ("a", "")
