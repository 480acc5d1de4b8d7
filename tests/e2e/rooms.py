"""The bookings of docs/first-ten-minutes.md as documents."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

# What the page makes, as far as a request and a rule need it.
MADE: tuple[Json, ...] = (
    {
        "kind": "object", "name": "room_booking", "label": "Room booking", "title": "{name}",
        "fields": [
            {"name": "name", "kind": "text", "required": True},
            {"name": "room", "kind": "choice", "options": [{"name": "garden_room"}]},
            {"name": "e_mail", "kind": "text", "format": "email"},
            {"name": "status", "kind": "choice",
             "options": [{"name": "asked"}, {"name": "confirmed"}]},
        ],
    },
    {"kind": "board", "name": "bookings", "object": "room_booking", "columns": {"by": "status"}},
    {
        "kind": "webform", "name": "ask", "object": "room_booking", "slug": "ask-for-a-room",
        "steps": [{"name": "ask", "fields": [{"field": n} for n in ("name", "room", "e_mail")]}],
        "fixed": {"status": "asked"}, "spam": {"min_seconds": 0},
    },
    {
        "kind": "template", "name": "room_confirmed", "for": "room_booking",
        "subject": "Your room: {{ room_booking.room }}",
        "body": "<p>Good news for {{ room_booking.name }}</p>",
    },
    {"kind": "endpoint", "name": "calendar", "url": "", "secret": {"env": "ROOMS_SECRET"}},
    {
        "kind": "rule", "name": "tell",
        "on": {"object": "room_booking", "event": ["updated"], "fields": ["status"]},
        "when": "status == 'confirmed'",
        "do": [{"notify": {"to": ["e_mail"], "by": ["email"], "template": "room_confirmed"}},
               {"webhook": {"to": "calendar"}}],
    },
)  # fmt: skip
