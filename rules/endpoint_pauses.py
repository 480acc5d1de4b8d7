"""Endpoints that do not answer: they are asked now and then, and not once for each message.

Each failed attempt says when the next one may be. Failures about one record alone pause nothing:
it may be that record that the other side cannot take.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.connection import Connection
from fluvial.database.leases import Later
from fluvial.database.statement import Statement, param
from metamodel.storage import POSTGRESQL

from .rule_tables import EFFECT, ENDPOINT_PAUSE

FAILURES = 5  # in a row and about several records, after which an endpoint is paused
FIRST_PAUSE = 5.0
MAX_PAUSE = 300.0
GIVE_UP = timedelta(days=4)

_p = ENDPOINT_PAUSE.c
_e = EFFECT.c
_posted = _e.kind.in_([sa.literal_column("'webhook'"), sa.literal_column("'call'")])
_OF = Statement(sa.select(_p.failures, _p.record).where(_p.name == param("the_name", _p.name)))
_ASK_NOW = Statement(
    ENDPOINT_PAUSE.update()
    .where(_p.name == param("the_name", _p.name))
    .values(until=Later("seconds_ago", -1.0))
)
_PAUSED = Statement(
    sa.select(_p.name, _p.failures, _p.until)
    .where(_p.failures >= sa.literal_column(str(FAILURES)))
    .order_by(_p.name)
)
_FORGET = Statement(ENDPOINT_PAUSE.delete().where(_p.name == param("the_name", _p.name)))


def _noting(insert: Any) -> Statement:
    made = insert(ENDPOINT_PAUSE).values(
        name=param("the_name", _p.name),
        failures=param("the_failures", _p.failures),
        record=param("the_record", _p.record),
        until=Later("the_pause"),
    )
    kept = {name: made.excluded[name] for name in ("failures", "record", "until")}
    return Statement(made.on_conflict_do_update(index_elements=[_p.name], set_=kept))


_NOTE = {False: _noting(sqlite.insert), True: _noting(postgresql.insert)}
_EXPIRE = Statement(
    EFFECT.update()
    .where(
        _e.state == sa.literal_column("'pending'"),
        _posted,
        _e.lease.is_(None),
        _e.at < param("the_at", _e.at),
        _e.target.in_(sa.select(_p.name).where(_p.failures >= sa.literal_column(str(FAILURES)))),
    )
    .values(state=sa.literal_column("'dead'"), error=param("the_error", _e.error))
)


def paused() -> sa.ColumnElement[bool]:
    """Whether an effect is for an endpoint that is not asked at the moment."""
    return sa.exists().where(
        _p.name == _e.target,
        _posted,
        _p.failures >= sa.literal_column(str(FAILURES)),
        _p.until > Later("seconds_paused"),
    )


def all_paused(connection: Connection) -> list[tuple[str, int, datetime]]:
    """The endpoints that do not answer: how often they failed, and until when nothing is sent."""
    return [(name, failures, until) for name, failures, until in _PAUSED.rows(connection)]


def ask_now(connection: Connection, name: str) -> None:
    """Let the next message test at once whether it answers again."""
    _ASK_NOW.run(connection, the_name=name)


def failures(connection: Connection, name: str) -> int:
    """How often an endpoint has failed since it answered last."""
    row = _OF.row(connection, the_name=name)
    return int(row[0]) if row else 0


def failed(connection: Connection, name: str, record: str) -> None:
    """Note a failed attempt."""
    row = _OF.row(connection, the_name=name)
    count, last = (int(row[0]), row[1]) if row else (0, None)
    count += last != record
    pause = 0.0 if count < FAILURES else min(FIRST_PAUSE * 2.0 ** (count - FAILURES), MAX_PAUSE)
    _NOTE[connection.dialect == POSTGRESQL].run(
        connection, the_name=name, the_failures=count, the_record=record, the_pause=pause
    )


def answered(connection: Connection, name: str) -> None:
    """It answers again: nothing waits any longer."""
    _FORGET.run(connection, the_name=name)


def expire(connection: Connection, now: datetime) -> None:
    """Give up what has waited for days for an endpoint that does not answer."""
    error = f"Given up: the endpoint has not answered for {GIVE_UP.days} days."
    _EXPIRE.run(connection, the_at=now - GIVE_UP, the_error=error)
