"""The person's own page: who they are, their tokens, their password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from babel import Locale

from fluvial.auth import people
from fluvial.auth.passwords import MIN_LENGTH, fault_of
from fluvial.http.assistants import PATH as ASSISTANTS
from fluvial.http.call import COOKIE, Answer, Call
from fluvial.http.people_api import SCOPES, begun, known_person, session_cookie
from fluvial.http.routes import Endpoint, Handler, Policy
from fluvial.kernel.problems import Problem
from fluvial.records.reading.titles import titles_of
from fluvial.records.writing import writer
from fluvial.runtime.languages import language_of, offered
from fluvial.runtime.reader_zone import known_zones, zone_of
from fluvial.runtime.session import Session
from metamodel.roles import role_titles

from . import calendar_feed_pages, second_factor_pages
from .browser_words import browser_words
from .frame import Context, page
from .reader_format import ReaderFormat, format_of
from .sign_in import form_text

SCOPE_WORDS = {
    "records:read": "Read records",
    "records:write": "Change records",
    "meta:read": "Read metadata",
    "meta:write": "Change metadata",
    "metrics:read": "Read metrics",
}
MAX_DAYS = 3660
# What an assistant may do, as the scopes of its token; the last is for those who may build.
ASSISTANT_CHOICES = (
    ("records:read", "Read records", ""),
    ("records:read,records:write", "Read and change records", ""),
    (
        "records:read,records:write,meta:read,meta:write",
        "Read and change records, plan and apply changes of the data model",
        "write",
    ),
)


def show(
    call: Call,
    *,
    token: str = "",
    calendar: str = "",
    error: str = "",
    said: str = "",
    status: int = 200,
) -> Answer:
    session, actor = call.session, call.session.actor
    assert actor.id is not None
    fmt = format_of(session)
    profile = {
        "name": actor.name,
        "email": actor.email,
        "roles": list(role_titles(session.catalog, actor.roles).values()),
        "teams": list(titles_of(session, "team", actor.teams).values()),
        **_zones(session),
        "language_action": "/profile/language",
        "languages": [
            {"value": name, "label": _tongue(name), "chosen": name == language_of(session)}
            for name in offered(session)
        ],
        **_signing_in(call, fmt),
        "calendar": calendar_feed_pages.summary(call) | {"address": calendar},
        "new_token": token,
        "action": "/profile/tokens",
        "scopes": [
            {"value": s, "label": SCOPE_WORDS[s]}
            for s in SCOPES
            if s != "metrics:read" or session.access.admin  # only administrators can use it
        ],
        "assistants": _assistants(call),
        "password_action": "/profile/password",
        "min_length": MIN_LENGTH,
        "error": error,
        "said": said,
    }
    return page(call, "profile.html", "Profile", status=status, profile=profile)


def _signing_in(call: Call, fmt: ReaderFormat) -> Context:
    """By what the person signs in, and where they have."""
    session, actor = call.session, call.session.actor
    assert actor.id is not None
    return {
        "tokens": [_token(fmt, row) for row in people.tokens(session.connection, actor.id)],
        "sessions": [
            _session(fmt, row)
            for row in people.sessions(
                session.connection, actor.id, session.now, call.cookies.get(COOKIE, "")
            )
        ],
        "second": second_factor_pages.summary(call),
    }


def _zones(session: Session) -> Context:
    zone, business = str(zone_of(session)), session.engine.settings.zone
    return {
        "zone": zone,
        "zone_action": "/profile/zone",
        "business_zone": business,
        "zones": sorted(known_zones() | {zone, business}),
    }


def _assistants(call: Call) -> Context:
    meta = call.session.access.meta
    return {
        "address": f"{call.engine.settings.base_url}{ASSISTANTS}",
        "choices": [
            {"value": scopes, "label": label}
            for scopes, label, right in ASSISTANT_CHOICES
            if not right or right in meta
        ],
    }


def _token(fmt: ReaderFormat, row: Mapping[str, Any]) -> Context:
    expires = row["expires"]
    return {
        "id": row["id"],
        "name": row["name"],
        "prefix": "",
        "scopes": ", ".join(SCOPE_WORDS.get(s, s) for s in row["scopes"]) or "All your rights",
        "made": fmt.plain_day(fmt.local(row["created_at"]).date()),
        "used": "",
        "expires": fmt.plain_day(fmt.local(expires).date()) if expires else "",
        "revoke_href": f"/profile/tokens/{row['id']}/end",
    }


def _session(fmt: ReaderFormat, row: Mapping[str, Any]) -> Context:
    return {
        "where": browser_words(row["agent"]),
        "made": fmt.ago(row["created_at"]),
        "current": row["current"],
        "end_href": f"/profile/sessions/{row['id']}/end",
    }


def end_session(call: Call) -> Answer:
    session = call.session
    assert session.actor.id is not None
    people.end_session(session.connection, session.actor.id, call.params["id"], session.now)
    return Answer.redirect("/profile#sessions")


def make_token(call: Call) -> Answer:
    session, actor = call.session, call.session.actor
    name, days = form_text(call, "name").strip(), form_text(call, "days")
    chosen = ",".join(map(str, call.form.getlist("scopes"))) if call.form else ""
    scopes = [scope for scope in chosen.split(",") if scope in SCOPES]
    if not 0 < len(name) <= 100:
        return show(call, error="Give the token a name of at most 100 characters.", status=422)
    if days and not (days.isascii() and days.isdigit() and 0 < int(days) <= MAX_DAYS):
        return show(call, error="Enter the number of days until the token expires.", status=422)
    expires = session.now + timedelta(days=int(days)) if days else None
    assert actor.id is not None
    _, token = people.add_token(
        session.connection, actor.id, session.now, name, tuple(scopes), expires
    )
    return show(call, token=token)


def end_token(call: Call) -> Answer:
    actor = call.session.actor
    assert actor.id is not None
    people.end_token(call.session.connection, actor.id, call.params["id"])
    return Answer.redirect("/profile#tokens")


def new_calendar(call: Call) -> Answer:
    return show(call, calendar=calendar_feed_pages.new_address(call))


def end_calendar(call: Call) -> Answer:
    calendar_feed_pages.end(call)
    return Answer.redirect("/profile#calendar")


def _tongue(language: str) -> str:
    """What a language calls itself."""
    name = Locale.parse(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def choose_language(call: Call) -> Answer:
    """The person's own choice, whatever they may change of their record otherwise."""
    session, chosen = call.session, form_text(call, "language")
    if chosen not in offered(session):
        return show(call, error="Choose one of the languages.", status=422)
    assert session.actor.id is not None
    site = session.engine.settings.locale
    own = session.as_actor(replace(session.actor, unrestricted=True))
    writer.update(own, "user", session.actor.id, {"language": None if chosen == site else chosen})
    return Answer.redirect("/profile")


def choose_zone(call: Call) -> Answer:
    """The zone of the times on the person's own pages."""
    session, chosen = call.session, form_text(call, "zone")
    if chosen not in known_zones() and chosen != session.engine.settings.zone:
        return show(call, error="Choose one of the time zones.", status=422)
    assert session.actor.id is not None
    business = session.engine.settings.zone
    own = session.as_actor(replace(session.actor, unrestricted=True))
    writer.update(own, "user", session.actor.id, {"zone": None if chosen == business else chosen})
    return Answer.redirect("/profile")


def change_password(call: Call) -> Answer:
    """A new password ends every session, and begins a new one here."""
    session, actor = call.session, call.session.actor
    old, new = form_text(call, "old"), form_text(call, "new")
    if words := fault_of(new):
        return show(call, error=words, status=422)
    try:
        known_person(call, actor.email, old)
    except Problem as problem:
        words = "The current password is not correct." if problem.status == 401 else ""
        return show(call, error=words or problem.detail, status=422)
    assert actor.id is not None
    with session.connection.transaction():
        people.set_password(session.connection, actor.id, new)
        people.end_sessions(session.connection, actor.id)
    secret, _ = begun(call, actor.id)
    answer = Answer.redirect("/profile")
    answer.headers.append(session_cookie(call, secret))
    return answer


def _post(path: str, handler: Handler, about: str, *, secret: bool = False) -> Endpoint:
    policy = Policy.SIGNED_IN
    return Endpoint("POST", path, handler, policy, about, page=True, form=True, secret=secret)


ENDPOINTS = (
    Endpoint("GET", "/profile", show, Policy.SIGNED_IN, "My profile.", page=True, personal=True),
    _post("/profile/language", choose_language, "Choose my language."),
    _post("/profile/zone", choose_zone, "Choose my time zone."),
    _post("/profile/tokens", make_token, "Create a token.", secret=True),
    _post("/profile/tokens/{id}/end", end_token, "Revoke a token."),
    _post("/profile/sessions/{id}/end", end_session, "End one of my sessions."),
    _post("/profile/calendar", new_calendar, "A new calendar address.", secret=True),
    _post("/profile/calendar/end", end_calendar, "End my calendar address."),
    _post("/profile/password", change_password, "Change my password.", secret=True),
)
