"""Which of our people somebody is whom a provider of sign-ins has named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column, table
from fluvial.database.statement import Statement, insert, param
from metamodel.storage import TEXT, TIMESTAMP, UUID

from .people import USER

# Whom the provider means by a subject; made when they sign in by it for the first time.
OPEN_ID = table(
    "open_id",
    column("issuer", TEXT, primary_key=True),
    column("subject", TEXT, primary_key=True),
    column("user", UUID, index=True),
    column("at", TIMESTAMP),
)

_o, _u = OPEN_ID.c, USER.c
_ADD = insert(OPEN_ID)
_BY_SUBJECT = Statement(
    sa.select(_u.id, _u.active, _u.deleted_at.is_(None))
    .join_from(OPEN_ID, USER, _u.id == _o.user)
    .where(
        _o.issuer == param("the_issuer", _o.issuer), _o.subject == param("the_subject", _o.subject)
    )
)
_BY_EMAIL = Statement(
    sa.select(_u.id).where(
        sa.func.lower(_u.email) == sa.bindparam("the_email", type_=Stored(TEXT)),
        _u.active,
        _u.deleted_at.is_(None),
    )
)
_KNOWN = Statement(
    sa.select(_o.subject).where(
        _o.issuer == param("the_issuer", _o.issuer), _o.user == param("the_user", _o.user)
    )
)
_FORGET = Statement(OPEN_ID.delete().where(_o.user == param("the_user", _o.user)))

NOBODY = (
    "There is no account for you here. Ask your administrator to add you with the address that "
    "your sign-in has."
)
UNPROVED = "Your sign-in does not say that your e-mail address is yours, so it opens no account."
OTHER = "The account with your address belongs to another sign-in. Ask your administrator."


class NoAccount(Exception):
    """Somebody has signed in at the provider, and is nobody here."""


def person_of(connection: Connection, issuer: str, claims: Mapping[str, Any], now: datetime) -> str:
    """The id of the person; the first time by their address, which the provider has to vouch for.

    Raises NoAccount with the reason.
    """
    subject = str(claims["sub"])
    with connection.transaction():
        row = _BY_SUBJECT.row(connection, the_issuer=issuer, the_subject=subject)
        if row is not None:
            if not (row[1] and row[2]):
                raise NoAccount(NOBODY)
            return str(row[0])
        user = _by_address(connection, claims)
        if _KNOWN.row(connection, the_issuer=issuer, the_user=user) is not None:
            raise NoAccount(OTHER)
        _ADD.run(connection, issuer=issuer, subject=subject, user=user, at=now)
    return user


def _by_address(connection: Connection, claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise NoAccount(UNPROVED)
    row = _BY_EMAIL.row(connection, the_email=email.strip().lower())
    if row is None:
        raise NoAccount(NOBODY)
    return str(row[0])


def forget(connection: Connection, user: str) -> None:
    """The next sign-in finds the person by their address again."""
    _FORGET.run(connection, the_user=user)
