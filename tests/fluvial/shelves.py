"""A library whose numbers lean on one another: authors, books, copies, members and loans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fluvial.records.calculated.calculations import work_out
from fluvial.records.drafts.completion import title_of
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import load_row
from fluvial.runtime.session import Session


def _number(name: str, formula: str, scale: int = 0) -> dict[str, Any]:
    return {
        "name": name, "kind": "calculated", "result": "number", "scale": scale, "formula": formula
    }  # fmt: skip


def _text(name: str, formula: str) -> dict[str, Any]:
    return {"name": name, "kind": "calculated", "result": "text", "formula": formula}


AUTHOR: dict[str, Any] = {
    "kind": "object",
    "name": "author",
    "title": "{name} ({loans_ever})",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "mentor", "kind": "lookup", "to": "author", "inverse": "pupils",
         "on_delete": "clear"},
        _number("earned", "sum(books, earned)", 2),
        _number("loans_ever", "sum(books, count(copies, exists(loans)))"),
        _number("pupil_count", "count(pupils)"),
        {"name": "dearest", "kind": "calculated", "result": "money", "currency": "EUR",
         "formula": "max(books, price)"},
        _text("line", "name & ' of ' & mentor.name"),
    ],
}  # fmt: skip

BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name} by {author}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "author", "kind": "lookup", "to": "author", "inverse": "books",
         "on_delete": "clear"},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "factor", "kind": "number", "scale": 2, "default": 1},
        {"name": "fans", "kind": "multi_lookup", "to": "member", "inverse": "favourites"},
        {"name": "double", "kind": "calculated", "result": "money", "currency": "EUR",
         "formula": "price * 2"},
        _number("earned", "sum(copies, earned) * factor", 2),
        _number("out", "sum(copies, count(loans, returned == null))"),
        _number("fan_count", "count(fans, active)"),
        _text("readers", "list(fans, name)"),
        _text("by", "author.line & ', ' & author.mentor.name"),
        {"name": "last_out", "kind": "calculated", "result": "date",
         "formula": "max(copies, max(loans, taken))"},
        {"name": "lent", "kind": "calculated", "result": "boolean", "formula": "out > 0"},
        _number("age", "(today() - date('2020-01-01')) / days(1)"),
    ],
    "keys": [{"fields": ["earned"]}],
}  # fmt: skip

COPY: dict[str, Any] = {
    "kind": "object",
    "name": "copy",
    "title": "{mark} of {book}",
    "fields": [
        {"name": "mark", "kind": "text", "required": True},
        {"name": "book", "kind": "lookup", "to": "book", "inverse": "copies",
         "on_delete": "cascade"},
        _number("earned", "sum(loans, due_fee)", 2),
        _number("average", "avg(loans, due_fee)", 3),
        _text("first_note", "first(loans, note)"),
    ],
}  # fmt: skip

MEMBER: dict[str, Any] = {
    "kind": "object",
    "name": "member",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "active", "kind": "boolean", "default": True},
        {"name": "discount", "kind": "number", "scale": 2},
        _number("paid", "sum(loans, due_fee)", 2),
        _number("likes", "count(favourites)"),
    ],
}

LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "title": "{copy} to {member}",
    "fields": [
        {"name": "copy", "kind": "lookup", "to": "copy", "inverse": "loans",
         "on_delete": "cascade"},
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "loans",
         "on_delete": "restrict"},
        {"name": "fee", "kind": "number", "scale": 2},
        {"name": "taken", "kind": "date"},
        {"name": "returned", "kind": "date"},
        {"name": "note", "kind": "text"},
        _number("due_fee", "fee * (1 - coalesce(member.discount, 0))", 2),
        {"name": "days_out", "kind": "calculated", "result": "duration",
         "formula": "returned - taken"},
    ],
}  # fmt: skip

SHELVES = (AUTHOR, BOOK, COPY, MEMBER, LOAN)
OBJECTS = ("author", "book", "copy", "member", "loan")


def wrong(session: Session) -> Iterator[str]:
    """The stored values and titles that are not what they should be."""
    for name in OBJECTS:
        type_ = session.catalog.objects[name]
        rows = session.connection.query(f'SELECT id FROM "{name}" WHERE deleted_at IS NULL')
        ids = [row[0] for row in rows]
        for worked in work_out(session, name, [f.name for f in type_.kept_fields], ids):
            for field in worked.changed:
                yield f"{name}.{field}: {worked.old[field]} is {worked.new[field]}"
        for record in ids:
            row = load_row(session, name, record, None)
            assert row is not None
            title = title_of(Draft(session, type_, record, row, dict(row)))
            if title != row["title"]:
                yield f"{name}.title: {row['title']} is {title}"
