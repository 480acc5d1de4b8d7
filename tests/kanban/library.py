"""A small library on boards: branches, and loans in states."""

from typing import Any

BRANCH: dict[str, Any] = {
    "kind": "object",
    "name": "branch",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "title": "{number} {book}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "L-{000}"},
        {"name": "book", "kind": "text", "required": True},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "loans"},
        {"name": "clerk", "kind": "person", "accepts": ["user", "team"]},
        {"name": "due", "kind": "date"},
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {
            "name": "state",
            "kind": "choice",
            "default": "asked",
            "options": [
                {"name": "asked", "colour": "blue"},
                {"name": "out", "label": "Out", "colour": "green"},
                {"name": "overdue", "colour": "red"},
                {"name": "back", "closed": True},
            ],
        },
    ],
    "states": {
        "field": "state",
        "transitions": [
            {"name": "lend", "from": ["asked", "overdue"], "to": "out"},
            {
                "name": "remind",
                "from": ["out"],
                "to": "overdue",
                "when": "due != null",
                "message": "Say in Due when it was due.",
            },
            {"name": "take", "from": ["out", "overdue"], "to": "back"},
            {"name": "ask", "from": ["out"], "to": "asked"},
        ],
    },
}
DESK: dict[str, Any] = {
    "kind": "board",
    "name": "desk",
    "object": "loan",
    "columns": {"by": "state", "limit": {"out": 2}, "on_limit": "warn"},
    "swimlanes": {"by": "branch"},
    "where": "state.closed == false",
    "card": {"title": "book", "fields": ["number", "branch", "clerk", "due"], "colour": "state"},
    "totals": ["count()", "sum(fee)"],
    "sort": ["due"],
}
SHELF: dict[str, Any] = {
    "kind": "board",
    "name": "shelf",
    "object": "loan",
    "columns": {"by": "state"},
    "card": {"title": "book"},
}

DOCUMENTS = (BRANCH, LOAN, DESK, SHELF)
