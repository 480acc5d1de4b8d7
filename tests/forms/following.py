"""Documents of a library whose forms follow what is typed."""

from typing import Any

SHELF: dict[str, Any] = {
    "kind": "object",
    "name": "shelf",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "locked", "kind": "boolean"},
    ],
}
DESK: dict[str, Any] = {
    "kind": "calendar",
    "name": "desk",
    "zone": "UTC",
    "hours": {"mon-fri": ["09:00-17:00"]},
}
COPY: dict[str, Any] = {
    "kind": "object",
    "name": "copy",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "state", "kind": "choice", "default": "here",
         "options": [{"name": "here"}, {"name": "lent"}, {"name": "lost", "closed": True}]},
        {"name": "reason", "kind": "choice", "depends_on": "state",
         "options": [{"name": "stolen", "when": ["lost"]}, {"name": "burnt", "when": ["lost"]},
                     {"name": "reader", "label": "With a reader", "when": ["lent"]}]},
        {"name": "borrower", "kind": "text"},
        {"name": "lent_on", "kind": "date"},
        {"name": "nights", "kind": "number", "scale": 1},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "fine", "kind": "money", "currency": "EUR"},
        {"name": "shelf", "kind": "lookup", "to": "shelf", "inverse": "copies"},
        {"name": "key_holder", "kind": "text"},
        {"name": "purchase", "kind": "number", "scale": 2},
        {"name": "code", "kind": "text", "default": "= 'C-' & upper(name)"},
        {"name": "deposit", "kind": "money", "currency": "EUR", "default": "price * 2"},
        {"name": "due", "kind": "date", "default": "lent_on + days(21)"},
        {"name": "room", "kind": "lookup", "to": "shelf", "default": "shelf"},
        {"name": "made", "kind": "date", "default": "today()"},
        {"name": "places", "kind": "multi_lookup", "to": "shelf",
         "link_fields": [{"name": "number", "kind": "number", "scale": 0}]},
        {"name": "ready", "kind": "datetime",
         "default": "add_working_time(lent_on, hours(4), 'desk')"},
        {"name": "long", "kind": "calculated", "result": "boolean", "formula": "nights > 20.5"},
    ],
    "logic": [
        {"field": "borrower", "visible": "state == 'lent'", "required": "state == 'lent'"},
        {"field": "lent_on", "visible": "state == 'lent'"},
        {"field": "fine", "visible": "long or price * nights > 100"},
        {"field": "key_holder", "visible": "shelf.locked", "required": "shelf.locked"},
        {"field": "price", "read_only": "state.closed"},
    ],
}  # fmt: skip
FORM: dict[str, Any] = {
    "kind": "form",
    "name": "copy_main",
    "object": "copy",
    "sections": [
        {"name": "facts", "fields": ["name", "state", "reason", "shelf", "key_holder", "price",
                                     "code", "deposit", "room", "made", "places"]},
        {"name": "loan", "label": "Loan", "visible": "state != 'lost'",
         "fields": ["borrower", "lent_on", "due", "ready", "nights", "fine"]},
    ],
}  # fmt: skip
REPORT: dict[str, Any] = {
    "kind": "webform",
    "name": "report_a_loss",
    "label": "Report a loss",
    "object": "copy",
    "slug": "report-a-loss",
    "steps": [
        {"name": "all", "fields": [
            {"field": "name"}, {"field": "state"}, {"field": "reason"}, {"field": "borrower"},
            {"field": "lent_on", "required": "borrower != null"},
            {"field": "nights", "visible": "lent_on < '2026-01-01'"}]},
    ],
    "spam": {"min_seconds": 0},
}  # fmt: skip
