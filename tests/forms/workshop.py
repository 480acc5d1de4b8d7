"""A workshop that takes its time with a stopwatch; for tests of the stopwatch."""

from __future__ import annotations

from typing import Any

from tests.app import Documents

Document = dict[str, Any]

JOB: Document = {
    "kind": "object", "name": "job", "label": "Job", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
WORKER: Document = {
    "kind": "object", "name": "worker", "label": "Worker", "title": "{nick}",
    "fields": [
        {"name": "nick", "kind": "text", "required": True},
        {"name": "user", "kind": "person", "accepts": ["user"], "unique": True},
    ],
}  # fmt: skip
USER: Document = {
    "kind": "object", "name": "user", "extends": "fluvial",
    "fields": [{"name": "worker", "kind": "lookup", "to": "worker", "inverse": "accounts"}],
}  # fmt: skip
STOPWATCH: Document = {
    "starts": "began", "ends": "ended", "length": "took", "person": "worker.user",
    "for": ["job", "tool"], "asks": ["note"],
}  # fmt: skip
SHIFT: Document = {
    "kind": "object", "name": "shift", "label": "Shift", "plural": "Shifts", "title": "{number}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "S-{000}"},
        {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "shifts",
         "required": True, "default": "me.worker"},
        {"name": "job", "kind": "lookup", "to": "job", "inverse": "shifts"},
        {"name": "tool", "kind": "lookup", "to": "tool", "inverse": "shifts"},
        {"name": "began", "kind": "datetime"},
        {"name": "ended", "kind": "datetime"},
        {"name": "took", "kind": "duration", "max": 86400},
        {"name": "note", "kind": "text", "max_length": 40},
    ],
    "checks": [
        {"name": "in_order", "expect": "began == null or ended == null or ended > began",
         "message": "It ends before it begins."},
    ],
    "stopwatch": STOPWATCH,
}  # fmt: skip
TOOL: Document = {
    "kind": "object", "name": "tool", "label": "Tool", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
ROLES: Documents = (
    {"kind": "role", "name": "mate", "label": "Mate", "grants": [
        {"object": "job", "can": ["read"]},
        {"object": "tool", "can": ["read"]},
        {"object": "worker", "can": ["read"]},
        {"object": "shift", "can": ["read", "create", "update"], "where": "worker.user == me"},
    ]},
    {"kind": "role", "name": "guest", "label": "Guest", "grants": [
        {"object": "job", "can": ["read"]},
        {"object": "shift", "can": ["read"]},
    ]},
)  # fmt: skip
DOCUMENTS: Documents = (JOB, TOOL, WORKER, USER, SHIFT, *ROLES)
