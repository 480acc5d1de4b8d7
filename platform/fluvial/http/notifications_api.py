"""A person's notifications over the API."""

from __future__ import annotations

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, NotFound
from fluvial.services import notifications

from .call import Answer, Call
from .routes import Endpoint, Policy


def _user(call: Call) -> str:
    if call.session.actor.id is None:
        raise Forbidden("Only people have notifications.")
    return call.session.actor.id


def list_notifications(call: Call) -> Answer:
    query = call.only("unread", "limit", "cursor")
    before = query.get("cursor", "")
    if before and not is_id(before):
        raise NotFound("This cursor does not belong to a page of notifications.")
    found = notifications.page(
        call.session.connection,
        _user(call),
        unread=call.flag("unread"),
        limit=call.whole("limit", 50, 1, notifications.MAX_PAGE),
        before=before,
    )
    return Answer.json(found)


def read_notification(call: Call) -> Answer:
    call.only()
    session = call.session
    notification = call.params["id"]
    known = is_id(notification) and notifications.mark_read(
        session.connection, _user(call), notification, session.now
    )
    if not known:
        raise NotFound("This notification does not exist.")
    return Answer.empty()


def read_notifications(call: Call) -> Answer:
    call.only()
    session = call.session
    count = notifications.mark_all_read(session.connection, _user(call), session.now)
    return Answer.json({"read": count})


_ALL = "/api/notifications"

ENDPOINTS = (
    Endpoint("GET", _ALL, list_notifications, Policy.SIGNED_IN, "Your notifications."),
    Endpoint("POST", f"{_ALL}/read-all", read_notifications, Policy.SIGNED_IN, "Mark all as read."),
    Endpoint(
        "POST", f"{_ALL}/{{id}}/read", read_notification, Policy.SIGNED_IN, "Mark one as read."
    ),
)
