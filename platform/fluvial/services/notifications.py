"""Notifications: what a person is told inside the product, and which of it they have read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column, table
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.change_stream import NOTIFICATION as NOTIFIED
from fluvial.kernel.change_stream import RecordChange
from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session
from metamodel.storage import TEXT, TIMESTAMP, UUID, timestamp_wire

MAX_PAGE = 200
MAX_TITLE = 255
MAX_BODY = 1_000

NOTIFICATION = table(
    "notification",
    column("id", UUID, primary_key=True),
    column("user", UUID),
    column("at", TIMESTAMP),
    column("title", TEXT),
    column("body", TEXT),
    column("href", TEXT),
    column("read_at", TIMESTAMP, nullable=True),
)

_n = NOTIFICATION.c
sa.Index("ix_fluvial_notification__user", _n.user, _n.id)

_ADD = insert(NOTIFICATION)
_mine = _n.user == param("the_user", _n.user)
_page = (
    sa.select(_n.id, _n.at, _n.title, _n.body, _n.href, _n.read_at)
    .where(_mine, _n.id < param("the_id", _n.id))
    .order_by(_n.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
_PAGES = {False: Statement(_page), True: Statement(_page.where(_n.read_at.is_(None)))}
_UNREAD = Statement(
    sa.select(sa.func.count()).select_from(NOTIFICATION).where(_mine, _n.read_at.is_(None))
)
_seen = NOTIFICATION.update().values(read_at=param("the_now", _n.read_at))
_READ_ALL = Statement(_seen.where(_mine, _n.read_at.is_(None)))
_READ = Statement(
    NOTIFICATION.update()
    .values(read_at=sa.func.coalesce(_n.read_at, param("the_now", _n.read_at)))
    .where(_mine, _n.id == param("the_id", _n.id))
)
_LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def record_href(object_name: str, record: str) -> str:
    """The address of a record's page."""
    return f"/o/{object_name}/{record}"


def add(connection: Connection, user: str, at: datetime, title: str, body: str, href: str) -> str:
    """Tell a person something, in the transaction that is open."""
    notification = new_id()
    _ADD.run(
        connection,
        id=notification,
        user=user,
        at=at,
        title=title[:MAX_TITLE],
        body=body[:MAX_BODY],
        href=href,
        read_at=None,
    )
    return notification


def tell(session: Session, user: str, title: str, body: str, href: str) -> None:
    """Tell a person something, in the transaction that is open; their open pages hear of it."""
    connection, engine = session.connection, session.engine
    add(connection, user, engine.clock.now(), title, body, href)
    unread = unread_count(connection, user)
    note = orjson.dumps({"title": title, "href": href, "unread": unread}).decode()
    change = RecordChange(NOTIFIED, user, 0, note)
    connection.after_commit(lambda: engine.stream.publish(change))


def page(
    connection: Connection, user: str, *, unread: bool = False, limit: int = 50, before: str = ""
) -> dict[str, Any]:
    """A page of somebody's notifications, newest first, and how many they have not read."""
    rows = _PAGES[unread].rows(
        connection, the_user=user, the_id=before or _LAST, the_limit=limit + 1
    )
    data = [
        {
            "id": row[0],
            "at": timestamp_wire(row[1]),
            "title": row[2],
            "body": row[3],
            "href": row[4],
            "read_at": timestamp_wire(row[5]) if row[5] else None,
        }
        for row in rows[:limit]
    ]
    return {
        "data": data,
        "next": data[-1]["id"] if len(rows) > limit else None,
        "unread": unread_count(connection, user),
    }


def unread_count(connection: Connection, user: str) -> int:
    row = _UNREAD.row(connection, the_user=user)
    return int(row[0]) if row else 0


def mark_read(connection: Connection, user: str, notification: str, now: datetime) -> bool:
    """Whether the person has such a notification."""
    return _READ.run(connection, the_user=user, the_id=notification, the_now=now) > 0


def mark_all_read(connection: Connection, user: str, now: datetime) -> int:
    return _READ_ALL.run(connection, the_user=user, the_now=now)
