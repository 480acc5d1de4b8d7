"""What was given to people outside: made, found, used once, revoked; the store of links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id

from .link_tables import LINK_PASS, LINK_USE

MAX_AGENT = 300
SHOWN = 200  # of one record

_p, _u = LINK_PASS.c, LINK_USE.c
_ADD = insert(LINK_PASS)
_ADD_USE = insert(LINK_USE)
_FIND = Statement(sa.select(*LINK_PASS.c).where(_p.id == param("the_id", _p.id)))
_OF = Statement(
    sa.select(*LINK_PASS.c)
    .where(_p.record == param("the_record", _p.record))
    .order_by(_p.made_at.desc(), _p.id.desc())
    .limit(sa.literal_column(str(SHOWN)))
)
_USES = Statement(
    sa.select(_u.link_pass, _u.at, _u.address, _u.agent, _u.answers)
    .join_from(LINK_USE, LINK_PASS, _p.id == _u.link_pass)
    .where(_p.record == param("the_record", _p.record))
    .order_by(_u.at.desc())
    .limit(sa.literal_column(str(SHOWN)))
)
# Whoever comes first: the second finds nothing to take.
_TAKE = Statement(
    LINK_PASS.update()
    .where(_p.id == param("the_id", _p.id), _p.used_at.is_(None), _p.revoked_at.is_(None))
    .values(used_at=param("the_now", _p.used_at))
)
_NOTE = Statement(
    LINK_PASS.update()
    .where(_p.id == param("the_id", _p.id), _p.revoked_at.is_(None))
    .values(used_at=param("the_now", _p.used_at))
)
_REVOKE = Statement(
    LINK_PASS.update()
    .where(_p.id == param("the_id", _p.id), _p.revoked_at.is_(None))
    .values(revoked_at=param("the_now", _p.revoked_at), revoked_by=param("the_user", _p.revoked_by))
)


class LinkPass(NamedTuple):
    """One link that was made for a record."""

    id: str
    link: str
    object: str
    record: str
    recipient: str
    made_at: datetime
    made_by: str | None
    made_rule: str | None
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    used_at: datetime | None


class LinkUse(NamedTuple):
    link_pass: str
    at: datetime
    address: str
    agent: str
    answers: Mapping[str, str]


def add(connection: Connection, link_pass: LinkPass) -> None:
    _ADD.run(connection, **link_pass._asdict())


def find(connection: Connection, id: str) -> LinkPass | None:
    row = _FIND.row(connection, the_id=id)
    return LinkPass(*row) if row is not None else None


def of_record(connection: Connection, record: str) -> list[tuple[LinkPass, list[LinkUse]]]:
    """The links of a record with their uses, the latest first."""
    rows: Any = _USES.rows(connection, the_record=record)
    uses = [LinkUse(*row) for row in rows]
    found = [LinkPass(*row) for row in _OF.rows(connection, the_record=record)]
    return [(one, [use for use in uses if use.link_pass == one.id]) for one in found]


def take(connection: Connection, id: str, now: datetime, *, once: bool) -> bool:
    """Note that it acts now; False where that is not possible any more."""
    return (_TAKE if once else _NOTE).run(connection, the_id=id, the_now=now) > 0


def note_use(
    connection: Connection,
    id: str,
    now: datetime,
    address: str,
    agent: str,
    answers: Mapping[str, str],
) -> None:
    _ADD_USE.run(
        connection,
        id=new_id(),
        link_pass=id,
        at=now,
        address=address,
        agent=agent[:MAX_AGENT],
        answers=dict(answers),
    )


def revoke(connection: Connection, id: str, user: str | None, now: datetime) -> bool:
    return _REVOKE.run(connection, the_id=id, the_user=user, the_now=now) > 0
