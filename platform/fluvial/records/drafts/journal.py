"""What each change leaves behind in its own transaction: history, outbox and search."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.columns import Stored
from fluvial.database.connection import BusyError, Connection
from fluvial.database.engine_tables import CATALOG, HISTORY, OUTBOX
from fluvial.database.statement import Statement, param
from fluvial.kernel.change_stream import Change
from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, TEXT, UUID

_FLOOR = sa.func.coalesce(CATALOG.c.floor, sa.literal_column("0"))
_NEW: dict[str, Any] = {
    **dict.fromkeys(("lease", "leased_until", "error"), sa.null()),
    "attempts": sa.literal_column("0"),
}


def _insert(table: sa.Table, changes: str, *, checked: bool = False, **fixed: Any) -> Any:
    """`INSERT` of one row; its changes are JSON already, since several tables keep them.

    One that is `checked` inserts nothing where the catalog of the session is outdated.
    """
    given: dict[str, Any] = {c.name: param(c.name, c) for c in table.c}
    given |= {"changes": sa.bindparam(changes, type_=Stored(TEXT)), **fixed}
    if not checked:
        return table.insert().values(given)
    row = sa.select(*given.values()).select_from(CATALOG)
    return table.insert().from_select(
        list(given), row.where(param("the_version", CATALOG.c.version) >= _FLOOR)
    )


_HISTORY = Statement(_insert(HISTORY, "changes", checked=True))
_OUTBOX = Statement(_insert(OUTBOX, "heard", **_NEW))
_BOTH = Statement(  # one round trip, where the database can
    _insert(OUTBOX, "heard", checked=True, **_NEW).add_cte(
        _insert(HISTORY, "changes").cte("history")
    )
)
_IN_FORCE = Statement(sa.select(_FLOOR))

SEARCH = sa.Table(
    "fluvial_search",
    sa.MetaData(),
    sa.Column("record", Stored(UUID), primary_key=True),
    sa.Column("object", Stored(TEXT)),
    sa.Column("text", Stored(TEXT)),
)


def _upsert(make: Any) -> Statement:
    made = make(SEARCH).values({c.name: sa.bindparam(c.name, type_=c.type) for c in SEARCH.c})
    return Statement(
        made.on_conflict_do_update(
            index_elements=[SEARCH.c.record], set_={"text": made.excluded.text}
        )
    )


_INDEX = {False: _upsert(sqlite.insert), True: _upsert(postgresql.insert)}
_UNINDEX = Statement(
    SEARCH.delete().where(SEARCH.c.record == sa.bindparam("the_record", type_=Stored(UUID)))
)


def check_catalog(session: Session) -> None:
    """Where formulas have changed since the session began, what it writes is tried again."""
    row = _IN_FORCE.row(session.connection)
    _accept(row is not None and int(row[0]) <= session.catalog.version)


def _accept(current: bool | int) -> None:
    if not current:
        raise BusyError("Formulas or field kinds have changed since this write began.")


def write(
    session: Session,
    object_name: str,
    record: str,
    rev: int,
    event: str,
    changes: dict[str, Any],
    computed: dict[str, Any] | None = None,
) -> str:
    """The history row and the event of one change; the event's id.

    `computed` are the calculated fields among what changed: nobody wrote them, so history, which
    says who did what, leaves them out; rules hear of them.
    """
    connection = session.connection
    actor = session.actor
    event_id = new_id()
    text = orjson.dumps(changes).decode()
    values = {
        "record": record,
        "rev": rev,
        "object": object_name,
        "event": event,
        "at": session.now,
        "by": actor.id,
        "rule": actor.rule,
        "changes": text,
        "the_version": session.catalog.version,
    }
    if session.quiet:
        _accept(_HISTORY.run(connection, **values))
        return event_id
    values |= {
        "id": event_id,
        "actor": actor.id,
        "cause": session.cause.wire(),
        "heard": orjson.dumps(changes | computed).decode() if computed else text,
    }
    if connection.dialect == POSTGRESQL:
        _accept(_BOTH.run(connection, **values))
    else:
        _accept(_HISTORY.run(connection, **values))
        _OUTBOX.run(connection, **values)
    session.engine.changed(connection, Change(object_name, record, rev))
    return event_id


def note(
    session: Session, object_name: str, record: str, rev: int, event: str, changes: dict[str, Any]
) -> None:
    """The history row of what leaves today's values as they are: no rule hears of it."""
    actor = session.actor
    made = _HISTORY.run(
        session.connection,
        record=record,
        rev=rev,
        object=object_name,
        event=event,
        at=session.now,
        by=actor.id,
        rule=actor.rule,
        changes=orjson.dumps(changes).decode(),
        the_version=session.catalog.version,
    )
    _accept(made)
    session.engine.changed(session.connection, Change(object_name, record, rev))


def announce(
    session: Session, object_name: str, record: str, rev: int, changes: dict[str, Any]
) -> None:
    """The event of a record whose calculated fields have other values, without it being written."""
    if session.quiet:
        return
    if changes:
        _OUTBOX.run(
            session.connection,
            id=new_id(),
            record=record,
            rev=rev,
            object=object_name,
            event="updated",
            at=session.now,
            actor=session.actor.id,
            cause=session.cause.wire(),
            heard=orjson.dumps(changes).decode(),
        )
    session.engine.changed(session.connection, Change(object_name, record, rev))


def index(connection: Connection, object_name: str, record: str, text: str) -> None:
    statement = _INDEX[connection.dialect == POSTGRESQL]
    statement.run(connection, object=object_name, record=record, text=text)


def unindex(connection: Connection, record: str) -> None:
    _UNINDEX.run(connection, the_record=record)
