"""Links by which people choose a password: in an invitation, or because they forgot theirs.

A link works once, for a while, and only the last one of a person does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column, table
from fluvial.database.statement import Statement, insert, param
from metamodel.storage import TEXT, TIMESTAMP, UUID

from .passwords import digest, new_secret
from .people import USER, end_sessions, set_password

INVITATION, FORGOTTEN = "invitation", "forgotten"
VALID = {INVITATION: timedelta(days=7), FORGOTTEN: timedelta(hours=1)}

SIGN_IN_LINK = table(
    "sign_in_link",
    column("hash", TEXT, primary_key=True),
    column("user", UUID, index=True),
    column("purpose", TEXT),
    column("created_at", TIMESTAMP),
    column("expires_at", TIMESTAMP, index=True),
)

_l = SIGN_IN_LINK.c
_u = USER.c
_ADD = insert(SIGN_IN_LINK)
_END = Statement(SIGN_IN_LINK.delete().where(_l.user == param("the_user", _l.user)))
_SPEND = Statement(SIGN_IN_LINK.delete().where(_l.hash == param("the_hash", _l.hash)))
_EXPIRE = Statement(SIGN_IN_LINK.delete().where(_l.expires_at < param("the_now", _l.expires_at)))
_FIND = Statement(
    sa.select(_u.id, _u.email, _u.name, _l.purpose)
    .join_from(SIGN_IN_LINK, USER, _u.id == _l.user)
    .where(
        _l.hash == param("the_hash", _l.hash),
        _l.expires_at > param("the_now", _l.expires_at),
        _u.active,
        _u.deleted_at.is_(None),
    )
)
_PENDING = Statement(
    sa.select(_l.user, _l.purpose, _l.created_at).where(
        _l.expires_at > param("the_now", _l.expires_at)
    )
)


class Invited(NamedTuple):
    """Whose link it is."""

    user: str
    email: str
    name: str
    purpose: str


def make(connection: Connection, user: str, purpose: str, now: datetime) -> str:
    """The secret of a new link; the links of the person that were there before end."""
    secret = new_secret()
    with connection.transaction():
        _END.run(connection, the_user=user)
        _ADD.run(
            connection,
            hash=digest(secret),
            user=user,
            purpose=purpose,
            created_at=now,
            expires_at=now + VALID[purpose],
        )
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Invited | None:
    """Whose link it is, while it is valid and the person may sign in."""
    row = _FIND.row(connection, the_hash=digest(secret), the_now=now)
    return Invited(*(str(cell) for cell in row)) if row else None


def choose_password(connection: Connection, secret: str, password: str, now: datetime) -> bool:
    """Set the password that a link is for, and end the link and all sessions.

    False where the link is not valid, or somebody has used it meanwhile.
    """
    with connection.transaction():
        found = find(connection, secret, now)
        if found is None or not _SPEND.run(connection, the_hash=digest(secret)):
            return False
        _END.run(connection, the_user=found.user)
        set_password(connection, found.user, password)
        end_sessions(connection, found.user)
    return True


def pending(connection: Connection, now: datetime) -> dict[str, tuple[str, datetime]]:
    """The people with a valid link: what it is for, and since when."""
    rows: Any = _PENDING.rows(connection, the_now=now)
    return {str(user): (purpose, at) for user, purpose, at in rows}


def expire(connection: Connection, now: datetime) -> None:
    _EXPIRE.run(connection, the_now=now)
