"""Performing a call: who asks, may they, do it once, and make every problem an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext

from fluvial.auth.actors import Actor
from fluvial.auth.csrf_tokens import is_same
from fluvial.auth.people import Caller
from fluvial.database.connection import (
    AwayError,
    BusyError,
    DatabaseError,
    GoneError,
    ReadOnlyError,
    SlowError,
    UnsureError,
)
from fluvial.database.large_questions import TOO_LARGE, too_large
from fluvial.kernel.causes import Cause
from fluvial.kernel.problems import Forbidden, Problem, Unauthorized, Unavailable, Unprocessable
from fluvial.metadata_changes.apply import refused
from fluvial.runtime.languages import in_words
from fluvial.runtime.session import Session
from metamodel.errors import MetadataError
from metamodel.expressions.work import limited_work

from . import change_set_calls, idempotency, seeing_as, trying_drafts
from .call import COOKIE, Answer, Call
from .routes import Endpoint, Policy

log = logging.getLogger("fluvial.http")

MAX_TRIES = 4
READ_SECONDS = 20.0  # for each query of a call that only reads
NOBODY = Actor(None, "Nobody", ())
CAUSE_HEADER = "fluvial-cause"

ProblemAnswer = Callable[[Call, Problem], Answer]

_SCOPES = {
    Policy.SIGNED_IN: ("records:read", "records:write"),
    Policy.META_READ: ("meta:read", "meta:read"),
    Policy.META_WRITE: ("meta:write", "meta:write"),
    Policy.METRICS: ("metrics:read", "metrics:read"),
}
_META_RIGHTS = {Policy.META_READ: "read", Policy.META_WRITE: "write"}


def perform(endpoint: Endpoint, call: Call, shown: ProblemAnswer) -> Answer:
    """The answer to a call. `shown` makes the answer of a problem (JSON, or a page)."""
    return _answered(call, lambda: _tried(endpoint, call), shown)


def perform_next(call: Call, step: Callable[[], Answer], shown: ProblemAnswer) -> Answer:
    """The answer, or one that still needs more steps, of a call that does long work."""

    def work() -> Answer:
        # Each step may come to another thread, whose connection is another one.
        call.session.connection = call.engine.database.connection()
        return step()

    return _answered(call, work, shown)


def _answered(call: Call, work: Callable[[], Answer], shown: ProblemAnswer) -> Answer:
    try:
        with limited_work():
            return work()
    except Problem as problem:
        return shown(call, problem)
    except MetadataError as error:
        return shown(call, refused(error))
    except (BusyError, GoneError) as error:
        log.warning("%s %s: %s", call.method, call.path, error)
        return shown(call, unavailable(error))
    except ReadOnlyError:
        words = trying_drafts.words(call) or seeing_as.read_only_words(call)
        return shown(call, Forbidden(words))
    except SlowError:
        log.warning("%s %s took longer than %s s", call.method, call.path, READ_SECONDS)
        return shown(call, Unprocessable(_SLOW.format(seconds=READ_SECONDS)))
    except TOO_LARGE as error:
        log.warning("%s %s: %s", call.method, call.path, error)
        return shown(call, Unprocessable(too_large(error)))
    except Exception:
        log.exception("%s %s", call.method, call.path)
        return shown(call, _Broken("The error has been logged."))


def _tried(endpoint: Endpoint, call: Call) -> Answer:
    """The answer; tried again where another transaction was in the way, or where the connection
    was lost before anything was saved."""
    for attempt in range(1, MAX_TRIES + 1):
        connection = call.engine.database.connection()
        before = connection.commits
        try:
            return _perform(endpoint, call)
        except BusyError:
            # Nothing was committed: another transaction was in the way.
            if attempt == MAX_TRIES:
                raise
        except GoneError as error:
            unsure = isinstance(error, UnsureError) or connection.commits != before
            again = not endpoint.writes or not unsure or _keyed(endpoint, call)
            if isinstance(error, AwayError) or attempt == MAX_TRIES or not again:
                raise UnsureError(str(error)) if unsure and endpoint.writes else error from error
        call.rewind()
    raise AssertionError("every try returns or raises")


def unavailable(error: DatabaseError) -> Unavailable:
    """What callers are told where the database is busy, or its connection lost."""
    if isinstance(error, BusyError):
        return Unavailable("The database is busy.", headers={"Retry-After": "1"})
    wait = {"Retry-After": "2"}
    if isinstance(error, UnsureError):
        return Unavailable(_UNSURE, headers=wait, saved="unknown")
    lost = "cannot be reached" if isinstance(error, AwayError) else "has ended the connection"
    return Unavailable(f"The database {lost}. Nothing was saved.", headers=wait, saved="no")


_UNSURE = (
    "The connection to the database was lost while this was saved, so it may or may not have been "
    "saved. Look before you send it again, or send it again with the same `Idempotency-Key`."
)

_SLOW = (
    "The search took longer than {seconds} seconds and was stopped."
    " Narrow it: ask for fewer records, or for fewer fields."
)


class _Broken(Problem):
    status = 500
    title = "Something went wrong"


def _perform(endpoint: Endpoint, call: Call) -> Answer:
    engine = call.engine
    connection = engine.database.connection()
    call.identity = identity = None if endpoint.own_proof else identify(call)
    now = engine.clock.now()
    if identity is None:
        if endpoint.policy is not Policy.PUBLIC:
            raise Unauthorized()
        catalog, actor = engine.catalogs.current(connection), NOBODY
    else:
        catalog, actor = engine.catalogs.at(identity.version, connection), identity.actor
    call.session = Session(engine, connection, catalog, actor, now)
    if identity is not None:
        _check_proof(endpoint, call, identity)
    _look_as(endpoint, call)
    if identity is not None and call.seen is None and not endpoint.in_draft:
        trying_drafts.begin_trial(endpoint, call)
    if identity is not None:
        _check_rights(endpoint, call)
        if CAUSE_HEADER in call.headers:
            call.session.cause = _cause(call)
    shows = endpoint.page and not endpoint.writes and endpoint.policy is Policy.SIGNED_IN
    if shows and identity is not None and call.trial is None:
        call.session = in_words(call.session)
    handler = change_set_calls.handler_of(endpoint, call)
    if call.trial is not None:
        with connection.limited(READ_SECONDS):
            return trying_drafts.in_trial(call, handler, words=shows)
    if _keyed(endpoint, call):
        return idempotency.once(call, handler, secret=endpoint.secret)
    if endpoint.writes:
        return handler(call)
    with connection.limited(READ_SECONDS), connection.read_only() if call.seen else nullcontext():
        return handler(call)


def _look_as(endpoint: Endpoint, call: Call) -> None:
    """Give the call the rights of the person with whose the caller looks, and refuse to write."""
    view = seeing_as.view_of(call, call.identity, call.session.catalog)
    if view is not None:
        call.seen = view
        call.session = seeing_as.seen_session(call, view)
        seeing_as.refuse_writing(endpoint, view)


def _keyed(endpoint: Endpoint, call: Call) -> bool:
    """Whether it can be sent again and is done once."""
    return endpoint.writes and not endpoint.own_proof and "idempotency-key" in call.headers


def identify(call: Call) -> Caller | None:
    """Who a call comes from, by token or cookie; None is nobody."""
    engine = call.engine
    connection = engine.database.connection()
    header = call.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("Send the token as `Authorization: Bearer TOKEN`.")
        found = engine.people.by_token(connection, token.strip(), engine.clock.now())
        if found is None:
            raise Unauthorized("This token is not valid: it is unknown, revoked or expired.")
        return found
    secret = call.cookies.get(COOKIE)
    if not secret:
        return None
    return engine.people.by_session(connection, secret, engine.clock.now())


def _check_proof(endpoint: Endpoint, call: Call, identity: Caller) -> None:
    if endpoint.writes and endpoint.csrf and identity.csrf is not None:
        _check_csrf(call, identity.csrf)
    scopes = identity.actor.scopes
    if scopes and endpoint.policy is not Policy.PUBLIC and not endpoint.any_scope:
        needed = _SCOPES.get(endpoint.policy)
        if needed is None or needed[endpoint.writes] not in scopes:
            raise Forbidden(f"This token's scopes do not cover it: {', '.join(sorted(scopes))}.")


def _check_rights(endpoint: Endpoint, call: Call) -> None:
    access = call.session.access
    if endpoint.policy in (Policy.ADMIN, Policy.METRICS) and not access.admin:
        raise Forbidden("This is for administrators.")
    right = _META_RIGHTS.get(endpoint.policy)
    if right is not None and right not in access.meta:
        raise Forbidden(f"Your roles do not allow you to {right} metadata.")


def _check_csrf(call: Call, expected: str) -> None:
    given = call.headers.get("x-csrf-token", "")
    if not given and call.form is not None:
        value = call.form.get("csrf")
        given = value if isinstance(value, str) else ""
    if not is_same(given, expected):
        raise Forbidden(
            "The page is older than your sign-in, or this came from another site. Reload it."
        )


def _cause(call: Call) -> Cause:
    """The chain of a call that one of our own webhooks made; signed, so that none is made up."""
    return call.engine.causes.read(call.headers[CAUSE_HEADER])
