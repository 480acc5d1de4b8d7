"""Notifications as a page."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden
from fluvial.services import notifications
from fluvial.services.comments import who_mentions

from .frame import page, with_query
from .reader_format import ReaderFormat, format_of, parse_moment
from .sign_in import local


def user_of(call: Call) -> str:
    if call.session.actor.id is None:
        raise Forbidden("Only people have notifications.")
    return call.session.actor.id


def item(entry: dict[str, Any], fmt: ReaderFormat) -> dict[str, Any]:
    """One notification for a template; opening it marks it as read."""
    return {
        "id": entry["id"],
        "title": entry["title"],
        "href": with_query(f"/notifications/{entry['id']}", to=local(entry["href"] or "/")),
        "text": entry["body"],
        "when": fmt.ago(parse_moment(entry["at"])),
        "icon": "bolt",
        "person": who_mentions(entry),
        "unread": entry["read_at"] is None,
    }


def show(call: Call) -> Answer:
    before = call.query.get("before", "")
    found = notifications.page(
        call.session.connection, user_of(call), before=before if is_id(before) else ""
    )
    fmt = format_of(call.session)
    inbox = {
        "items": [item(entry, fmt) for entry in found["data"]],
        "read_all": "/notifications/read",
        "next_href": with_query("/notifications", before=found["next"]) if found["next"] else "",
    }
    return page(call, "notifications.html", "Notifications", inbox=inbox)


def read_all(call: Call) -> Answer:
    session = call.session
    notifications.mark_all_read(session.connection, user_of(call), session.now)
    return Answer.redirect("/notifications")


def open_one(call: Call) -> Answer:
    """Go to what a notification is about, having read it."""
    session, notification = call.session, call.params["id"]
    if is_id(notification) and call.seen is None:
        notifications.mark_read(session.connection, user_of(call), notification, session.now)
    return Answer.redirect(local(call.query.get("to", "/notifications")))


ENDPOINTS = (
    Endpoint("GET", "/notifications", show, Policy.SIGNED_IN, "Notifications.", page=True),
    Endpoint(
        "POST", "/notifications/read", read_all, Policy.SIGNED_IN, "Read all.", page=True, form=True
    ),
    Endpoint("GET", "/notifications/{id}", open_one, Policy.SIGNED_IN, "Open one.", page=True),
)
