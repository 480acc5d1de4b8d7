"""The time zone of those who get a message, as their account has it."""

from __future__ import annotations

import sqlalchemy as sa

from fluvial.auth.people import USER
from fluvial.database.columns import Stored
from fluvial.database.engine_tables import TOKEN
from fluvial.database.statement import Statement, param
from fluvial.runtime.reader_zone import chosen_zone
from fluvial.runtime.session import Session
from metamodel.storage import TEXT

_u = USER.c
_here = sa.and_(_u.active, _u.deleted_at.is_(None))
_BY_ADDRESS = Statement(
    sa.select(_u.zone).where(_u.email == sa.bindparam("the_email", type_=Stored(TEXT)), _here)
)
_BY_ID = Statement(sa.select(_u.zone).where(_u.id == param("the_user", TOKEN.c.user), _here))


def zone_of_address(session: Session, address: str) -> str:
    """Of whoever has this address; the business's for people who have no account."""
    row = _BY_ADDRESS.row(session.connection, the_email=address.strip().lower())
    return _named(session, row[0] if row else "")


def zone_of_person(session: Session, user: str) -> str:
    row = _BY_ID.row(session.connection, the_user=user)
    return _named(session, row[0] if row else "")


def _named(session: Session, name: str | None) -> str:
    return str(chosen_zone(name, session.engine.clock.zone))
