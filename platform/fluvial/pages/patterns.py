"""The shared parts of pages on one page, for those who develop them."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.errors import NotFound
from metamodel.kinds import KINDS

from .frame import page

OPTIONS = [
    {"value": "new", "label": "New", "colour": "plum"},
    {"value": "open", "label": "Open", "colour": "info"},
    {"value": "done", "label": "Done", "colour": "good"},
]


def show(call: Call) -> Answer:
    if not call.engine.settings.development:
        raise NotFound("The patterns are shown in development only.")
    entries = [
        {"icon": "pencil", "person": "Amara Osei", "tone": "", "what": "changed the due date",
         "when": "09:20", "at": "2026-06-09", "lines": ["31 May → 15 June"], "bubble": "",
         "deed": None},
        {"icon": "bolt", "person": "", "tone": "rule", "what": "A rule ran", "when": "09:21",
         "at": "2026-06-09", "lines": [], "bubble": "", "deed": None},
    ]  # fmt: skip
    record: dict[str, Any] = {"timeline": {"entries": entries, "more_href": ""}, "notices": []}
    fields = [_widget(name, kind.label) for name, kind in KINDS.items()]
    return page(call, "patterns.html", "Patterns", fields=fields, record=record)


def _widget(name: str, label: str) -> dict[str, Any]:
    many = name.startswith("multi")
    return {
        "kind": name,
        "id": f"f-{name}",
        "name": name,
        "label": label,
        "value": [] if many else "",
        "options": OPTIONS,
        "selected": [],
        "search_url": "/lookup/people",
        "targets": [],
        "files": [],
        "currency": "EUR",
        "help": "Help stands below",
    }


ENDPOINTS = (Endpoint("GET", "/patterns", show, Policy.SIGNED_IN, "Parts of pages.", page=True),)
