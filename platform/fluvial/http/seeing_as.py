"""Calls that see with another person's rights: read-only, and only where nobody gains by it."""

from __future__ import annotations

import logging
from dataclasses import replace

from fluvial.auth import seen_as
from fluvial.auth.access import access_of
from fluvial.auth.actors import Actor
from fluvial.auth.people import Caller
from fluvial.kernel.problems import Forbidden, NotFound, Problem, Unprocessable
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog

from .call import COOKIE, Call
from .routes import Endpoint

log = logging.getLogger("fluvial.http")

HEADER = "fluvial-view-as"
SEEN = "fluvial_seen"  # the cookie that names what is under way
READ_ONLY = "You see this as {name}, and only look: nothing is saved. End it first."
PERSONAL = "This belongs to {name} alone. End seeing as {name} to open your own."


def view_of(call: Call, identity: Caller | None, catalog: Catalog) -> Actor | None:
    """With whose rights a call looks; None where it has the caller's own."""
    if identity is not None and HEADER in call.headers:
        return _person(call, identity.actor, catalog, call.headers[HEADER])
    seeing, secret = call.cookies.get(SEEN, ""), call.cookies.get(COOKIE, "")
    if not seeing or "authorization" in call.headers:
        return None
    connection, now = call.engine.database.connection(), call.engine.clock.now()
    found = seen_as.under_way(connection, seeing, secret, now)
    # Routes that know their callers by another proof do not ask who it is.
    caller = identity or call.engine.people.by_session(connection, secret, now)
    if found is None or caller is None or caller.actor.id != found.by:
        return None
    try:
        return _person(call, caller.actor, catalog, found.user)
    except Problem:  # one of the two has other rights by now: it has ended
        return None


def _person(call: Call, own: Actor, catalog: Catalog, user: str) -> Actor:
    mine = access_of(catalog, own)
    if not mine.admin:
        raise Forbidden("Only administrators may see as another person.")
    actor = call.engine.people.actor(call.engine.database.connection(), user)
    if actor is None:
        raise Problem(f"There is no active user with the id `{user}`.")
    refused = seen_as.refusal(mine, access_of(catalog, actor))
    if refused:
        raise Forbidden(refused)
    return actor


def refuse_writing(endpoint: Endpoint, seen: Actor) -> None:
    if endpoint.writes and not endpoint.ends_view:
        raise Forbidden(READ_ONLY.format(name=seen.name))
    if endpoint.personal:
        raise Forbidden(PERSONAL.format(name=seen.name))


def read_only_words(call: Call) -> str:
    return READ_ONLY.format(name=call.seen.name if call.seen else "this person")


def seen_session(call: Call, seen: Actor) -> Session:
    """The session of a call with the rights of another person."""
    own = call.session
    log.info("%s views %s as %s", own.actor.email, call.path, seen.email)
    seen = replace(seen, scopes=own.actor.scopes)  # a token sees no further by other eyes
    return Session(own.engine, own.connection, own.catalog, seen, own.now)


def refuse_beginning(call: Call, user: str) -> None:
    """Refuse to look as somebody whose rights the caller would gain, and without a session."""
    session, own = call.session, call.session.actor
    if own.id is None or not call.cookies.get(COOKIE):
        raise Forbidden("Sign in with a password to see as another person.")
    if user == own.id:
        raise Unprocessable("You see with your own rights already.")
    if session.engine.people.actor(session.connection, user) is None:
        raise NotFound("There is no active user with this id.")
    _person(call, own, session.catalog, user)
