"""Secret addresses by which a calendar program reads what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column, table
from fluvial.database.statement import Statement, insert, param
from metamodel.storage import TEXT, TIMESTAMP, UUID

from .passwords import digest, new_secret

# One of a person; only the digest of the secret is kept.
CALENDAR_FEED = table(
    "calendar_feed",
    column("user", UUID, primary_key=True),
    column("hash", TEXT, unique=True),
    column("made_at", TIMESTAMP),
)

_c = CALENDAR_FEED.c
_ADD = insert(CALENDAR_FEED)
_OWN = Statement(sa.select(_c.made_at).where(_c.user == param("the_user", _c.user)))
_FIND = Statement(sa.select(_c.user).where(_c.hash == param("the_hash", _c.hash)))
_END = Statement(CALENDAR_FEED.delete().where(_c.user == param("the_user", _c.user)))


def made_at(connection: Connection, user: str) -> datetime | None:
    """Since when the person has an address; None where they have none."""
    row: Any = _OWN.row(connection, the_user=user)
    return row[0] if row is not None else None


def make(connection: Connection, user: str, now: datetime) -> str:
    """The secret of a new address; the one before it ends."""
    secret = new_secret()
    with connection.transaction():
        _END.run(connection, the_user=user)
        _ADD.run(connection, user=user, hash=digest(secret), made_at=now)
    return secret


def find(connection: Connection, secret: str) -> str | None:
    """Whose address it is."""
    row = _FIND.row(connection, the_hash=digest(secret))
    return str(row[0]) if row is not None else None


def end(connection: Connection, user: str) -> None:
    _END.run(connection, the_user=user)
