"""Every term that a filter offers is read back from its expression as the same term."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.pages.filter_sentences import askable, joined, sentence
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
        {"name": "series", "kind": "lookup", "to": "book"},
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
    ["pages > 1 and (lent or pages < 0)", "not (pages > 1)", "pages > weight + 1 - weight * 2 > 0",
     "count(helpers) > 1", "pages >", "nothing == 1", "'a' + name == 'b'"],
)  # fmt: skip
def test_what_says_more_than_terms_can_stays_an_expression(session: Session, where: str) -> None:
    found = read(session, where)
    assert (found["readable"], found["terms"], found["expression"]) == (False, [], where)


def test_a_fault_is_shown_with_the_expression(session: Session) -> None:
    found = read(session, "pages >", "It ends too early.")
    assert (found["error"], found["readable"]) == ({"message": "It ends too early."}, False)


def test_fields_of_other_records_are_offered_where_they_are_asked(session: Session) -> None:
    assert terms(session, "series.name == 'x'") == [("series.name", "is", "x")]
    names = [field["name"] for field in read(session, "series.name == 'x'")["fields"]]
    assert names[-1] == "series.name" and names.count("series.name") == 1


def test_conditions_that_all_have_to_hold() -> None:
    assert joined(["a or b", "", "c"]) == "(a or b) and (c)"
    assert (joined(["", "a"]), joined([])) == ("a", "")
