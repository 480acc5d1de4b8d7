"""The shared parts of pages on one page, for those who develop them."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound
from metamodel.kinds import KINDS, Kind

from .frame import page
from .presenters import face_of_kind, widget_kind

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
         "action": None},
        {"icon": "bolt", "person": "", "tone": "rule", "what": "A rule ran", "when": "09:21",
         "at": "2026-06-09", "lines": [], "bubble": "", "action": None},
    ]  # fmt: skip
    record: dict[str, Any] = {"timeline": {"entries": entries, "more_href": ""}, "notices": []}
    fields = [_widget(kind) for kind in KINDS.values()]
    return page(call, "patterns.html", "Patterns", fields=fields, record=record)


def _widget(kind: Kind) -> dict[str, Any]:
    return {
        "kind": widget_kind(kind),
        "holds": face_of_kind(kind).holds,
        "id": f"f-{kind.name}",
        "name": kind.name,
        "label": kind.label,
        "value": [] if kind.many else "",
        "many": kind.many,
        "options": OPTIONS,
        "selected": [],
        "search_url": "/lookup/people",
        "targets": [],
        "files": [],
        "currency": "EUR",
        "help": "The help text is below",
    }


ENDPOINTS = (
    Endpoint("GET", "/patterns", show, Policy.SIGNED_IN, "The parts of pages.", page=True),
)
