"""Seeing the product with another person's rights: who may, whom, and that it was done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import SEEN_AS
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import is_id, new_id

from .access import Access
from .passwords import digest

LONGEST = timedelta(hours=1)
SHOWN = 20

_s = SEEN_AS.c
_BEGIN = insert(SEEN_AS)
_UNDER_WAY = Statement(
    sa.select(_s.by, _s.user).where(
        _s.id == param("the_id", _s.id),
        _s.session == param("the_session", _s.session),
        _s.ended.is_(None),
        _s.until > param("the_now", _s.until),
    )
)
_END = Statement(
    SEEN_AS.update()
    .where(
        _s.id == param("the_id", _s.id),
        _s.session == param("the_session", _s.session),
        _s.ended.is_(None),
    )
    .values(ended=param("the_now", _s.ended))
)
_OF = Statement(
    sa.select(_s.by, _s.began, _s.until, _s.ended)
    .where(_s.user == param("the_user", _s.user))
    .order_by(_s.began.desc())
    .limit(sa.literal_column(str(SHOWN)))
)


class Seeing(NamedTuple):
    """Somebody sees with the rights of a person."""

    by: str
    user: str


def begin(connection: Connection, by: str, user: str, secret: str, now: datetime) -> str:
    """Note that somebody begins to; the id, which only works in the same session."""
    seeing = new_id()
    _BEGIN.run(
        connection,
        id=seeing,
        by=by,
        user=user,
        session=digest(secret),
        began=now,
        until=now + LONGEST,
        ended=None,
    )
    return seeing


def under_way(connection: Connection, seeing: str, secret: str, now: datetime) -> Seeing | None:
    if not is_id(seeing) or not secret:
        return None
    row = _UNDER_WAY.row(connection, the_id=seeing, the_session=digest(secret), the_now=now)
    return Seeing(*map(str, row)) if row is not None else None


def end(connection: Connection, seeing: str, secret: str, now: datetime) -> None:
    if is_id(seeing) and secret:
        _END.run(connection, the_id=seeing, the_session=digest(secret), the_now=now)


def times_seen(connection: Connection, user: str) -> list[dict[str, Any]]:
    """Who saw with a person's rights, and when, the latest first."""
    return [
        {"by": str(by), "began": began, "ended": ended or until}
        for by, began, until, ended in _OF.rows(connection, the_user=user)
    ]


def refusal(mine: Access, theirs: Access) -> str:
    """Why somebody may not see with a person's rights; "" where they may.

    Nobody sees more so than they could see themselves: all that the person may do, the other may do
    with every record, since conditions depend on who asks.
    """
    if not mine.admin:
        return "Only administrators may see as another person."
    if mine.unrestricted:
        return ""
    more = "This person has rights that you do not have, so you cannot see as them."
    if theirs.unrestricted or not theirs.meta <= mine.meta:
        return more
    for name in theirs.catalog.objects:
        own, other = mine.object(name), theirs.object(name)
        whole = all(own.where.get(action, ()) is None for action in other.where)
        if not whole or (other.where and not own.unknown <= other.unknown):
            return more
    return ""
