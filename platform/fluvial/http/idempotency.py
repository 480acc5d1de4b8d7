"""Idempotency keys: a write that is sent again gets the answer of the first time.

The key's row is written in the transaction of the write itself, so there is no moment at which
one of them is kept and the other is not. Only answers of success are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from fluvial.database.connection import Connection, UniqueError
from fluvial.database.engine_tables import IDEMPOTENCY
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.problems import Conflict, Problem, Unprocessable

from .call import Answer, Call

HOURS = 5 * 24  # longer than our own calls and webhooks are repeated
MAX_KEY = 255

_t = IDEMPOTENCY.c
_ADD = insert(IDEMPOTENCY)
_WHERE = (
    _t.caller == param("the_caller", _t.caller),
    _t.path == param("the_path", _t.path),
    _t.key == param("the_key", _t.key),
)
_FIND = Statement(sa.select(_t.digest, _t.status, _t.body, _t.headers, _t.at).where(*_WHERE))
_DROP = Statement(IDEMPOTENCY.delete().where(*_WHERE))
_FINISH = Statement(
    IDEMPOTENCY.update()
    .where(*_WHERE)
    .values(
        status=sa.bindparam("the_status", type_=_t.status.type),
        body=sa.bindparam("the_body", type_=_t.body.type),
        headers=sa.bindparam("the_headers", type_=_t.headers.type),
    )
)
_EXPIRE = Statement(IDEMPOTENCY.delete().where(_t.at < param("the_at", _t.at)))


class _Unsuccessful(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def once(call: Call, handler: Callable[[Call], Answer], *, secret: bool = False) -> Answer:
    """The answer, or that of the first time. One with a secret is given once and not kept."""
    key = call.headers["idempotency-key"]
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise Problem(f"An `Idempotency-Key` must have 1 to {MAX_KEY} printable characters.")
    name = {
        "caller": call.session.actor.id or call.client,
        "path": f"{call.method} {call.path}",
        "key": key,
    }
    digest = hashlib.sha256(call.raw_query + b"\0" + call.body).hexdigest()
    kept = _kept(call, name, digest)
    if kept is not None:
        return kept
    try:
        return _first(call, handler, name, digest, secret=secret)
    except _Unsuccessful as unsuccessful:
        return unsuccessful.answer
    except UniqueError as error:
        # Another call with the same key was faster: it is committed by now, or gone.
        kept = _kept(call, name, digest)
        if kept is None:
            raise Conflict(
                "A call with this key is in progress.", headers={"Retry-After": "1"}
            ) from error
        return kept


def _first(
    call: Call,
    handler: Callable[[Call], Answer],
    name: Mapping[str, str],
    digest: str,
    *,
    secret: bool,
) -> Answer:
    """The answer of the first time, kept in the transaction that makes it."""
    connection = call.session.connection
    with connection.transaction():
        _ADD.run(
            connection,
            **name,
            digest=digest,
            status=0,
            body="",
            headers=[],
            at=call.session.now,
        )
        answer = handler(call)
        if answer.next is not None:  # its job knows the key, and is there when it is asked again
            raise _Unsuccessful(answer)
        if not 200 <= answer.status < 300:
            raise _Unsuccessful(answer)
        if not secret:
            _FINISH.run(
                connection,
                **_place(name),
                the_status=answer.status,
                the_body=answer.body.decode(),
                the_headers=[["content-type", answer.type], *map(list, answer.headers)],
            )
        return answer


def _place(name: Mapping[str, str]) -> dict[str, str]:
    return {f"the_{part}": text for part, text in name.items()}


def _kept(call: Call, name: Mapping[str, str], digest: str) -> Answer | None:
    connection = call.session.connection
    row = _FIND.row(connection, **_place(name))
    if row is None:
        return None
    stored, status, body, headers, at = row
    if call.session.now - at > timedelta(hours=HOURS):
        _DROP.run(connection, **_place(name))
        return None
    if stored != digest:
        raise Unprocessable("This `Idempotency-Key` was used with another body. Use a new one.")
    if not status:
        raise Conflict(
            "This call already succeeded. Its answer contained a secret, which is shown only once."
        )
    (_, type_), *rest = headers
    return Answer(status, body.encode(), type_, [(n, v) for n, v in rest])


def expire(connection: Connection, now: datetime) -> None:
    """Forget the keys that nobody repeats any longer."""
    _EXPIRE.run(connection, the_at=now - timedelta(hours=HOURS))
