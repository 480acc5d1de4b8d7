"""A small library with reports: members of groups, loans with fees and states, hours of people."""

from typing import Any

GROUP: dict[str, Any] = {
    "kind": "object",
    "name": "circle",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
READER: dict[str, Any] = {
    "kind": "object",
    "name": "reader",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "circle", "kind": "lookup", "to": "circle", "inverse": "readers"},
    ],
}
LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "title": "{book}",
    "fields": [
        {"name": "book", "kind": "text", "required": True},
        {"name": "reader", "kind": "lookup", "to": "reader", "inverse": "loans"},
        {"name": "clerk", "kind": "person", "accepts": ["user", "team"]},
        {"name": "due", "kind": "date"},
        {"name": "lent", "kind": "datetime"},
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {"name": "paid", "kind": "money"},
        {"name": "weight", "kind": "number", "scale": 3},
        {"name": "kept", "kind": "duration"},
        {"name": "urgent", "kind": "boolean"},
        {"name": "notes", "kind": "long_text"},
        {
            "name": "stage",
            "kind": "choice",
            "log": True,
            "default": "asked",
            "options": [
                {"name": "asked"},
                {"name": "found"},
                {"name": "out", "label": "Lent out"},
                {"name": "back", "closed": True},
            ],
        },
    ],
}
BY_CIRCLE: dict[str, Any] = {
    "kind": "report",
    "name": "by_circle",
    "label": "Loans by circle",
    "object": "loan",
    "group": ["reader.circle", "month(due)"],
    "measures": ["count()", "sum(fee)", {"measure": "avg(weight)", "name": "weight"}],
    "calculate": [{"name": "per_loan", "formula": "sum_fee / count"}],
}
FUNNEL: dict[str, Any] = {
    "kind": "report",
    "name": "funnel",
    "object": "loan",
    "steps": {"log": "stage", "order": ["asked", "found", "out", "back"]},
    "group": ["clerk"],
    "show": "funnel",
}

DOCUMENTS = (GROUP, READER, LOAN, BY_CIRCLE, FUNNEL)

SHIFT: dict[str, Any] = {
    "kind": "object",
    "name": "shift",
    "fields": [
        {"name": "worker", "kind": "person", "required": True},
        {"name": "day", "kind": "date", "required": True},
        {"name": "hours", "kind": "number", "scale": 2},
        {"name": "off", "kind": "number", "scale": 2},
    ],
}
EFFORT: dict[str, Any] = {
    "kind": "object",
    "name": "effort",
    "fields": [
        {"name": "who", "kind": "person", "required": True},
        {"name": "at", "kind": "datetime", "required": True},
        {"name": "hours", "kind": "number", "scale": 2},
        {"name": "chargeable", "kind": "boolean"},
        {"name": "standard", "kind": "money", "currency": "GBP"},
        {"name": "charged", "kind": "money", "currency": "GBP"},
    ],
}
UTILISATION: dict[str, Any] = {
    "kind": "report",
    "name": "utilisation",
    "label": "Utilisation",
    "union": [
        {
            "object": "shift",
            "dimensions": {"person": "worker", "day": "day"},
            "measures": [{"name": "capacity", "measure": "sum(hours - coalesce(off, 0))"}],
        },
        {
            "object": "effort",
            "where": "chargeable == true",
            "dimensions": {"person": "who", "day": "at"},
            "measures": [
                {"name": "chargeable", "measure": "sum(hours)"},
                {"name": "charged", "measure": "sum(charged)"},
                {"name": "standard", "measure": "sum(standard)"},
            ],
        },
    ],
    "group": ["person", "month(day)"],
    "calculate": [
        {"name": "used", "formula": "chargeable / capacity", "shown_as": "percent"},
        {"name": "realised", "formula": "charged / standard", "shown_as": "percent"},
    ],
}
HOURS = (SHIFT, EFFORT, UTILISATION)
