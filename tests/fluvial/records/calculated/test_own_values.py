"""Calculated fields for which a draft's own values are enough."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fluvial.records.calculated.own_values import compute_changed, compute_new, own_of
from fluvial.records.drafts.draft import Draft
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from tests.app import Documents


def calculated(name: str, result: str, formula: str, **more: Any) -> dict[str, Any]:
    spec = {"name": name, "kind": "calculated", "result": result, "formula": formula}
    return spec | more


BOOK = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "series", "kind": "lookup", "to": "book", "inverse": "parts"},
        calculated("twice", "number", "pages * 2", scale=0),
        calculated("four_times", "number", "twice * 2", scale=0),
        calculated("part_count", "number", "count(parts)", scale=0),
        calculated("part_pages", "number", "sum(parts, pages)", scale=0),
        calculated("part_price", "money", "sum(parts, price)", currency="EUR"),
        calculated("has_parts", "boolean", "exists(parts)"),
        calculated("longest", "number", "max(parts, pages)", scale=0),
        calculated("series_pages", "number", "series.pages", scale=0),
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [BOOK]


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


def draft(session: Session, before: dict[str, Any] | None, **values: Any) -> Draft:
    type_ = session.catalog.objects["book"]
    system = {"id": "1", "rev": 1, "created_at": session.now, "updated_at": session.now}
    empty = {**type_.empty_values, **system}
    was = None if before is None else {**empty, **before}
    return Draft(session, type_, "1", was, {**(was or empty), **values}, changed=set(values))


def test_of_a_new_record_what_is_gathered_is_nothing(session: Session) -> None:
    new = draft(session, None, pages=100)
    compute_new(new)
    found = {name: new.values[name] for name in own_of(new).newborn}
    assert found.items() >= {
        "twice": 200, "four_times": 400, "part_count": 0, "part_pages": 0, "has_parts": False,
        "longest": None, "part_price": Amount(Decimal(0), "EUR"),
    }.items()  # fmt: skip


def test_what_needs_other_records_is_left_empty(session: Session) -> None:
    new = draft(session, None, pages=100, series="2")
    compute_new(new)
    assert "series_pages" not in own_of(new).newborn
    assert new.values["series_pages"] is None


def test_a_change_moves_what_is_made_of_it(session: Session) -> None:
    before = {"pages": 1, "twice": 2, "four_times": 4, "part_count": 7}
    changed = draft(session, before, pages=5)
    assert set(compute_changed(changed)) == {"twice", "four_times"}
    assert (changed.values["twice"], changed.values["four_times"]) == (10, 20)
    assert changed.values["part_count"] == 7  # what others are counted for stays


def test_values_that_come_out_the_same_are_no_change(session: Session) -> None:
    same = draft(session, {"pages": 5, "twice": 10, "four_times": 20}, pages=5)
    assert compute_changed(same) == []
    other = draft(session, {"pages": 5, "twice": 9, "four_times": 20}, name="x")
    assert compute_changed(other) == []  # nothing that it is made of has changed


def test_a_new_record_has_nothing_that_was(session: Session) -> None:
    assert compute_changed(draft(session, None, pages=5)) == []
