"""What was said about all records that look up one record, such as the loans of a member."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from fluvial.database.id_lists import id_list
from fluvial.database.statement import Compiled, param
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import Inverse
from metamodel.expressions.sql import Source
from metamodel.storage import TIMESTAMP, UUID

from .comment_rows import COMMENT, NAMED, REPLY, RIGHT, comment_wire
from .comments import inside_of, replies_by

_c = COMMENT.c


class Gathered(NamedTuple):
    """A comment, the record that it is about, and whether its reader works on that record."""

    record: str
    said: dict[str, Any]
    inside: bool


def gathered_comments(
    session: Session,
    inverse: Inverse,
    record: str,
    *,
    since: datetime,
    until: datetime,
    before: str,
    limit: int,
) -> list[Gathered]:
    """As far as their reader would read them at the records themselves, newest first."""
    connection = session.connection
    found: dict[str, tuple[str, bool]] = {}
    for asking, action, right in _ways(session, inverse):
        named = ask(
            asking,
            _plan(asking, inverse, action, public=right == REPLY),
            the_record=record,
            the_since=TIMESTAMP.encode(connection.dialect, since),
            the_until=TIMESTAMP.encode(connection.dialect, until),
            the_before=before,
            the_limit=limit,
        )
        for comment, about in named:
            found.setdefault(comment, (about, right == RIGHT))
    newest = sorted(found, reverse=True)[:limit]
    if not newest:
        return []
    ids = id_list(connection.dialect, newest)
    said = map(comment_wire, NAMED[connection.dialect].rows(connection, ids=ids))
    by_id = {one["id"]: one for one in said}
    return [Gathered(found[id][0], by_id[id], found[id][1]) for id in newest]


def _ways(session: Session, inverse: Inverse) -> Iterator[tuple[Session, str, str]]:
    """Who asks, by which action on the records, and by which right they read comments."""
    if session.access.hides(inverse.source, inverse.field):
        return
    inside = inside_of(session, inverse.source)
    if inside.access.object(inverse.source).can(RIGHT):
        yield inside, RIGHT, RIGHT
    if action := replies_by(session, inverse.source):
        yield session, action, REPLY


def _plan(session: Session, inverse: Inverse, action: str, *, public: bool) -> Compiled:
    access, dated = session.access, session.as_of is not None
    dialect = session.connection.dialect

    def make() -> Compiled:
        context = PlanContext(session.catalog, access, dialect, as_of=dated)
        source = Source(context, inverse.source)
        statement = sa.select(_c.id, source.column("id")).where(
            source.column(inverse.field) == context.parameter("the_record", UUID),
            source.column("deleted_at").is_(None),
            _c.deleted_at.is_(None),
            _c.at < param("the_until", _c.at),
            _c.at >= param("the_since", _c.at),
            _c.id < param("the_before", _c.id),
        )
        if public:
            statement = statement.where(_c.public.is_(sa.true()))
        allowed = context.allowed(inverse.source, action, source)
        if allowed is not None:
            statement = statement.where(allowed)
        clause = source.joined(COMMENT, _c.record == source.column("id"))
        limit = sa.bindparam("the_limit", type_=sa.Integer())
        ordered = statement.select_from(clause).order_by(_c.id.desc()).limit(limit)
        return context.compiled(ordered)

    key = (
        access.roles, access.unrestricted, "gathered comments", inverse.source, inverse.field,
        action, public, dated,
    )  # fmt: skip
    plan: Compiled = plans_of(session.catalog).get(key, make)
    return plan
