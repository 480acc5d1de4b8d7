"""A small library: the object types that the engine's tests are about."""

from __future__ import annotations

from typing import Any

BRANCH = {
    "kind": "object",
    "name": "branch",
    "label": "Branch",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "unique": True},
        {"name": "group", "kind": "lookup", "to": "group"},
    ],
}

MEMBER = {
    "kind": "object",
    "name": "member",
    "label": "Member",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "email", "kind": "text", "format": "email", "unique": True},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "members"},
        {"name": "joined", "kind": "date", "default": "today()"},
        {"name": "secret", "kind": "text"},
        {
            "name": "open_loans",
            "kind": "calculated",
            "result": "number",
            "scale": 0,
            "formula": "count(loans, returned == null)",
        },
    ],
}

BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "label": "Book",
    "title": "{code} {name}",
    "fields": [
        {"name": "code", "kind": "sequence", "pattern": "B-{0000}"},
        {"name": "name", "kind": "text", "required": True, "searchable": True, "max_length": 80},
        {"name": "blurb", "kind": "long_text", "searchable": True},
        {"name": "pages", "kind": "number", "scale": 0, "min": 1, "max": 10000},
        {"name": "weight", "kind": "number", "scale": 3},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "cost", "kind": "money"},
        {"name": "lendable", "kind": "boolean", "default": True},
        {"name": "printed", "kind": "date"},
        {"name": "bought_at", "kind": "datetime"},
        {"name": "reading_time", "kind": "duration"},
        {
            "name": "status",
            "kind": "choice",
            "default": "in",
            "options": [
                {"name": "in", "label": "In the house"},
                {"name": "out", "label": "Lent"},
                {"name": "gone", "label": "Gone", "closed": True},
            ],
        },
        {
            "name": "genres",
            "kind": "multi_choice",
            "options": [{"name": "novel"}, {"name": "crime"}, {"name": "science"}],
        },
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "books"},
        {"name": "reviewers", "kind": "multi_lookup", "to": "member", "inverse": "reviews"},
        {"name": "source", "kind": "any_lookup", "to": ["member", "branch"]},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
        {"name": "helpers", "kind": "person", "accepts": ["user", "team"], "many": True},
        {
            "name": "margin",
            "kind": "calculated",
            "result": "money",
            "currency": "EUR",
            "formula": "price * 0.25",
        },
    ],
    "keys": [{"fields": ["status", "printed"]}],
    "checks": [
        {
            "name": "bought_after_print",
            "expect": "bought_at >= printed",
            "message": "The book was bought before it was printed.",
        }
    ],
    "states": {
        "field": "status",
        "transitions": [
            {
                "name": "lend",
                "from": ["in"],
                "to": "out",
                "when": "lendable",
                "message": "It stays here.",
            },
            {"name": "give_back", "from": ["out"], "to": "in"},
            {"name": "write_off", "from": ["in", "out"], "to": "gone", "allow": ["head"]},
        ],
    },
}

LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "label": "Loan",
    "title": "{note}",
    "fields": [
        {"name": "book", "kind": "lookup", "to": "book", "required": True, "inverse": "loans"},
        {
            "name": "member",
            "kind": "lookup",
            "to": "member",
            "required": True,
            "inverse": "loans",
            "on_delete": "cascade",
            "where": "branch == record.book.branch",
        },
        {"name": "note", "kind": "text"},
        {"name": "due", "kind": "date"},
        {"name": "returned", "kind": "date"},
    ],
}

COVER = {
    "kind": "object",
    "name": "shelf_place",
    "label": "Shelf place",
    "title": "{shelf}",
    "dated": {"from": "starts", "until": "ends", "per": ["book"]},
    "fields": [
        {"name": "book", "kind": "lookup", "to": "book", "required": True, "inverse": "places"},
        {"name": "shelf", "kind": "text", "required": True},
        {"name": "starts", "kind": "date", "required": True},
        {"name": "ends", "kind": "date"},
    ],
}

CLERK = {
    "kind": "role",
    "name": "clerk",
    "label": "Clerk",
    "grants": [
        {"object": "branch", "can": ["read"]},
        {
            "object": "member",
            "can": ["read", "create", "update"],
            "where": "branch.group in me.groups",
            "fields": {"secret": "none", "email": "read"},
        },
        {
            "object": "book",
            "can": ["read", "update"],
            "where": "branch.group in me.groups or keeper == me",
        },
        {
            "object": "loan",
            "can": ["read", "create", "update", "delete"],
            "where": "member.branch.group in me.groups",
        },
    ],
}

HEAD = {"kind": "role", "name": "head", "label": "Head librarian", "inherits": ["clerk"]}

LIBRARY = (BRANCH, MEMBER, BOOK, LOAN, COVER, CLERK, HEAD)
