"""Calls of inbound hooks: proved, taken once, and turned into at most one record."""

from __future__ import annotations

import hmac
import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fluvial.auth.actors import Actor
from fluvial.database.connection import Connection, UniqueError
from fluvial.database.locks import hold_named
from fluvial.database.rate_limits import Rate, limited
from fluvial.database.statement import Statement, insert, param
from fluvial.http.call import Answer, Call
from fluvial.http.perform import CAUSE_HEADER
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.causes import Cause
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import (
    Conflict,
    NotFound,
    Problem,
    Unauthorized,
    Unavailable,
    Unprocessable,
    fault,
)
from fluvial.records.drafts.rows import empty
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from fluvial.transfer.imports.key_lookups import find_by, parts_of
from metamodel.catalog import Field
from metamodel.errors import ValueFault

from . import webhooks
from .hooks import Hook, Mapped, hooks_of
from .rule_tables import RECEIVED

log = logging.getLogger("fluvial.hooks")

TOLERANCE = 300  # seconds between the timestamp of a signature and our clock
KEPT = timedelta(days=30)  # how long the ids of messages are known
RATE = Rate.read("600/minute")  # of one address to one hook
MAX_BODY = 1_000_000
MAX_ID = 200

_c = RECEIVED.c
_ADD = insert(RECEIVED)
_FIND = Statement(
    sa.select(_c.record, _c.created).where(
        _c.hook == param("the_hook", _c.hook), _c.message == param("the_message", _c.message)
    )
)
_FORGET = Statement(RECEIVED.delete().where(_c.at < param("the_day", _c.at)))


def receive(call: Call) -> Answer:
    call.only()
    hook = hooks_of(call.session.catalog).get(call.params["name"])
    if hook is None or not hook.active:
        raise NotFound(f"There is no hook `{call.params['name']}`.")
    key = ("hook", hook.name, call.client)
    limited(call.session.connection, call.session.now, RATE, "Too many calls.", *key)
    _prove(call, hook)
    body = call.json()
    if not isinstance(body, dict):
        raise Problem("Send a JSON object.")
    message = call.headers.get("webhook-id", "")
    if len(message) > MAX_ID:
        raise Problem(f"`webhook-id` can have at most {MAX_ID} characters.")
    session = _session(call, hook, message)
    try:
        with session.connection.transaction():
            earlier = _earlier(session, hook, message)
            if earlier is not None:
                return earlier
            return _taken(session, hook, message, body)
    except UniqueError:
        earlier = _earlier(session, hook, message)  # the same message, at the same moment
        if earlier is None:
            raise
        return earlier


class _Over(Exception):
    """Ends the transaction of a trial, so that nothing of it is kept."""


def trial_call(call: Call, hook: Hook, body: Any) -> tuple[bool, list[str]]:
    """What a call with this body would do: whether it creates a record, and the fields it sets."""
    session = _session(call, hook, "")
    created, fields = False, []
    try:
        with session.connection.transaction():
            values = _values(session, hook, body)
            record = _record(session, hook, values)
            if record is None:
                writer.create(session, hook.object, values)
            else:
                writer.update(session, hook.object, record, values)
            created, fields = record is None, list(values)
            raise _Over
    except _Over:
        pass
    return created, fields


def _prove(call: Call, hook: Hook) -> None:
    try:
        secret = webhooks.secret_of(hook.env, os.environ)
    except webhooks.NoSecret as error:
        # Strangers read the answer: which variable is missing stands in the log.
        log.warning("The hook %s has no secret: set %s", hook.name, hook.env)
        raise Unavailable("The hook is not ready.") from error
    if hook.signed:
        _check_signature(call, secret)
        return
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    given = token.strip().encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given, secret):
        raise Unauthorized("Send the hook's token as `Authorization: Bearer TOKEN`.")


def _check_signature(call: Call, secret: bytes) -> None:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message, stamp, given = (call.headers.get(name, "") for name in names)
    if not (message and stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and given):
        raise Unauthorized(f"Send the headers {', '.join(names)}, as defined by Standard Webhooks.")
    sent = datetime.fromtimestamp(int(stamp), UTC)
    if abs((call.session.now - sent).total_seconds()) > TOLERANCE:
        raise Unauthorized(
            "The timestamp differs from the server's clock by more than five minutes."
        )
    wanted = webhooks.signature(secret, message, int(stamp), call.body)
    if not any(hmac.compare_digest(one.encode(), wanted.encode()) for one in given.split()):
        raise Unauthorized("The signature does not match the body.")


def _session(call: Call, hook: Hook, message: str) -> Session:
    """The hook as a principal of its own. The chain of causes tells rules which one it is."""
    source = f"hook:{hook.name}"
    earlier = call.engine.causes.read(call.headers.get(CAUSE_HEADER, ""))
    actor = Actor(None, f"Hook {hook.label}", (), unrestricted=True, rule=source)
    chain = (*earlier.chain, (source, message or new_id()))
    return call.session.as_actor(actor, Cause(chain))


def _taken(session: Session, hook: Hook, message: str, body: Any) -> Answer:
    values = _values(session, hook, body)
    record = _record(session, hook, values)
    if record is None:
        made = writer.create(session, hook.object, values)
    else:
        made = writer.update(session, hook.object, record, values)
    if message:
        _ADD.run(
            session.connection,
            hook=hook.name,
            message=message,
            record=made["id"],
            created=record is None,
            at=session.now,
        )
    return _answer(made["id"], record is None)


def _answer(record: str, created: bool) -> Answer:
    return Answer.json({"id": record, "created": created}, 201 if created else 200)


def _earlier(session: Session, hook: Hook, message: str) -> Answer | None:
    """The answer to a message that came before."""
    if not message:
        return None
    row = _FIND.row(session.connection, the_hook=hook.name, the_message=message)
    return None if row is None else _answer(str(row[0]), bool(row[1]))


def _values(session: Session, hook: Hook, body: Any) -> dict[str, Any]:
    """The fields in wire form. What the body does not have leaves the field as it is."""
    fields = session.catalog.objects[hook.object].fields
    values: dict[str, Any] = {}
    for mapped in hook.fields:
        value = mapped.value(body, session.now, session.today)
        if empty(value):
            continue
        if mapped.find:
            value = _looked_up(session, fields[mapped.field], mapped, value)
        if value is not None:
            values[mapped.field] = value
    return values


def _looked_up(session: Session, field: Field, mapped: Mapped, value: Any) -> str | None:
    """The record that has the value; None where there is none, and none is needed."""
    target = session.catalog.objects[field.to or ""]
    by = target.fields[mapped.find]
    found = _found(session, target.name, (by,), (value,), mapped.field)
    if len(found) != 1 and mapped.optional:
        return None
    if len(found) != 1:
        several = "No" if not found else "More than one"
        message = (
            f"{several} {target.label.lower()} has the {by.label.lower()} {str(value)[:80]!r}."
        )
        raise Unprocessable(message, errors=[fault(f"/{field.name}", "not_found", message)])
    return found[0]


def _record(session: Session, hook: Hook, values: dict[str, Any]) -> str | None:
    """The record that the key names, locked against a second call with the same key."""
    if not hook.key:
        return None
    fields = session.catalog.objects[hook.object].fields
    given = tuple(values.get(name) for name in hook.key)
    for name, value in zip(hook.key, given, strict=True):
        if empty(value) or isinstance(value, (list, dict)):
            message = f"The key `{name}` is empty or not a single value."
            raise Unprocessable(message, errors=[fault(f"/{name}", "no_key", message)])
    _lock(session.connection, hook, given)
    keys = tuple(fields[name] for name in hook.key)
    found = _found(session, hook.object, keys, given, hook.key[0])
    if len(found) > 1:
        raise Conflict(f"{len(found)} records have this key. Make it unique, or fix the records.")
    return found[0] if found else None


def _found(
    session: Session, object: str, fields: tuple[Field, ...], values: tuple[Any, ...], place: str
) -> list[str]:
    try:
        parsed = [
            field.kind.parse(field, value) for field, value in zip(fields, values, strict=True)
        ]
    except ValueFault as error:
        raise Unprocessable(
            str(error), errors=[fault(f"/{place}", error.code, str(error))]
        ) from error
    key = tuple(
        part for field, one in zip(fields, parsed, strict=True) for part in parts_of(field, one)
    )
    return find_by(session, object, [(field,) for field in fields], [key]).get(key, [])


def _lock(connection: Connection, hook: Hook, key: tuple[Any, ...]) -> None:
    hold_named(connection, "hook", hook.name, key)


def forget(connection: Connection, now: datetime) -> None:
    _FORGET.run(connection, the_day=now - KEPT)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/hooks/{name}",
        receive,
        Policy.PUBLIC,
        "Receive a call from another system, which creates or changes one record.",
        max_body=MAX_BODY,
        csrf=False,
        any_origin=True,
        own_proof=True,
    ),
)
