"""A person's calendar address: what waits for them, with its days, for any calendar program."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from fluvial.auth import calendar_feeds
from fluvial.database.rate_limits import Rate, limited
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Forbidden, NotFound
from fluvial.runtime.languages import in_words
from fluvial.runtime.session import Session
from fluvial.services.calendar_text import CalendarEntry, calendar_text

from .frame import PRODUCT, Context
from .reader_format import format_of
from .work_items import WorkAsked, work_of

PATH = "/calendar/"
MOST = 500
READS = Rate.read("120/hour")  # of one address
WRONG = Rate.read("120/hour")  # of addresses that there are not, from one place
TOO_MANY = "Too many requests for a calendar."
GONE = "There is no calendar at this address. It may have been replaced: look at your profile."


def read(call: Call) -> Answer:
    """The calendar, with the rights that the person has now."""
    call.only()
    session, secret = call.session, call.params["secret"]
    user = calendar_feeds.find(session.connection, secret)
    actor = session.engine.people.actor(session.connection, user) if user else None
    if user is None or actor is None:
        limited(session.connection, session.now, WRONG, TOO_MANY, "calendar", call.client)
        raise NotFound(GONE)
    limited(session.connection, session.now, READS, TOO_MANY, "calendar of", user)
    mine = in_words(session.as_actor(actor))
    host = urlsplit(call.engine.settings.base_url).netloc
    text = calendar_text(f"{PRODUCT}: {actor.name}", _entries(mine, host), session.now, PRODUCT)
    headers = [("cache-control", "private, no-cache"), ("referrer-policy", "no-referrer")]
    return Answer(200, text.encode("utf-8", "replace"), "text/calendar; charset=utf-8", headers)


def _entries(session: Session, host: str) -> Iterator[CalendarEntry]:
    """What has a day, of all that waits for the person; each thing once."""
    fmt, base, seen = format_of(session), session.engine.settings.base_url, set[str]()
    for group in work_of(session, fmt, WorkAsked(limit=MOST)):
        for item in group.items:
            key = f"{item.href}|{item.title}"
            if item.due is None or key in seen:
                continue
            seen.add(key)
            mark = hashlib.sha256(f"{group.name} {item.href}".encode()).hexdigest()[:32]
            yield CalendarEntry(
                f"{mark}@{host}", item.title, item.due, f"{group.label}. {item.hint}".strip(),
                f"{base}{item.href}",
            )  # fmt: skip


def summary(call: Call) -> Context:
    """What the profile says of it."""
    fmt, at = format_of(call.session), None
    if call.session.actor.id is not None:
        at = calendar_feeds.made_at(call.session.connection, call.session.actor.id)
    return {
        "on": at is not None,
        "since": fmt.plain_day(fmt.local(at).date()) if at else "",
        "action": "/profile/calendar",
    }


def _user(call: Call) -> str:
    user = call.session.actor.id
    if user is None:
        raise Forbidden("Only people have a calendar.")
    return user


def new_address(call: Call) -> str:
    session = call.session
    secret = calendar_feeds.make(session.connection, _user(call), session.now)
    return f"{call.engine.settings.base_url}{PATH}{secret}.ics"


def tell(call: Call) -> Answer:
    call.only()
    at = calendar_feeds.made_at(call.session.connection, _user(call))
    return Answer.json({"on": at is not None, "made_at": at})


def make(call: Call) -> Answer:
    call.only()
    return Answer.json({"href": new_address(call)}, 201)


def end(call: Call) -> Answer:
    call.only()
    calendar_feeds.end(call.session.connection, _user(call))
    return Answer.empty()


_API = "/api/calendar"

ENDPOINTS = (
    Endpoint("GET", f"{PATH}{{secret}}.ics", read, Policy.PUBLIC, "A person's calendar."),
    Endpoint("GET", _API, tell, Policy.SIGNED_IN, "Whether I have a calendar address."),
    Endpoint(
        "POST", _API, make, Policy.SIGNED_IN,
        "A new calendar address; it is told once, and the one before it ends.", secret=True,
    ),
    Endpoint("DELETE", _API, end, Policy.SIGNED_IN, "End my calendar address."),
)  # fmt: skip
