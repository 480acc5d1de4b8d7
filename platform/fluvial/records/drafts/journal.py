"""The journal of changes, written in their own transaction: history, outbox and search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.columns import Stored
from fluvial.database.connection import BusyError, Connection
from fluvial.database.engine_tables import CATALOG, HISTORY, OUTBOX
from fluvial.database.statement import Statement, param
from fluvial.kernel.change_stream import RecordChange
from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, TEXT, UUID

from .insertion import insert_alike, insert_cells, insert_rows
from .listeners import is_heard

WORK = "outbox"  # the job of the workers that handles events
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


@dataclass(frozen=True)
class Entry:
    """What is told of one record. `computed` are the calculated fields among what changed: nobody
    wrote them, so history, which says who did what, leaves them out; rules hear of them."""

    record: str
    rev: int
    changes: dict[str, Any]
    computed: dict[str, Any] = field(default_factory=dict)


class PastEntry(NamedTuple):
    """What is told of one revision that a record had elsewhere."""

    record: str
    rev: int
    at: datetime
    by: str | None
    changes: dict[str, Any]


def write(session: Session, object_name: str, event: str, entries: Sequence[Entry]) -> None:
    """The history and the events of changes of records of one object type."""
    if len(entries) == 1:
        _write_one(session, object_name, event, entries[0])
    else:
        _write_many(session, object_name, event, entries)
    if not session.quiet:
        changed = [RecordChange(object_name, entry.record, entry.rev) for entry in entries]
        session.engine.changed(session.connection, *changed)


def _write_one(session: Session, object_name: str, event: str, entry: Entry) -> None:
    connection, actor = session.connection, session.actor
    text = orjson.dumps(entry.changes).decode()
    values = {
        "record": entry.record,
        "rev": entry.rev,
        "object": object_name,
        "event": event,
        "at": session.now,
        "by": actor.id,
        "rule": actor.rule,
        "change_set": session.change_set,
        "changes": text,
        "the_version": session.catalog.version,
    }
    if session.quiet or not is_heard(session, object_name):
        _accept(_HISTORY.run(connection, **values))
        return
    heard = orjson.dumps(entry.changes | entry.computed).decode() if entry.computed else text
    values |= {"id": new_id(), "actor": actor.id, "cause": session.cause.wire(), "heard": heard}
    if connection.dialect == POSTGRESQL:
        _accept(_BOTH.run(connection, **values))
    else:
        _accept(_HISTORY.run(connection, **values))
        _OUTBOX.run(connection, **values)
    session.engine.woken(connection, WORK)


def _write_many(session: Session, object_name: str, event: str, entries: Sequence[Entry]) -> None:
    check_catalog(session)
    actor = session.actor
    common = {"object": object_name, "event": event, "at": session.now}
    texts = [orjson.dumps(entry.changes).decode() for entry in entries]
    rows = [(e.record, e.rev, text) for e, text in zip(entries, texts, strict=True)]
    by = {"by": actor.id, "rule": actor.rule, "change_set": session.change_set}
    insert_alike(session.connection, HISTORY, ("record", "rev", "changes"), rows, **common, **by)
    if not session.quiet and is_heard(session, object_name):
        for at, entry in enumerate(entries):
            if entry.computed:
                rows[at] = (*rows[at][:2], orjson.dumps(entry.changes | entry.computed).decode())
        _tell(session, common, rows)


def write_past(session: Session, object_name: str, told: Sequence[PastEntry]) -> None:
    """The history of records that bring it along. No rule hears of what happened long ago."""
    if not told:
        return
    check_catalog(session)
    common = {"object": object_name, "change_set": session.change_set}
    rows = [
        {**one._asdict(), **common, "event": "created" if one.rev == 1 else "updated"}
        for one in told
    ]
    insert_rows(session.connection, HISTORY, rows)


def _tell(session: Session, common: dict[str, Any], told: Iterable[tuple[str, int, str]]) -> None:
    """Put events into the outbox: of each its record, its revision and its changes as JSON."""
    nothing = dict.fromkeys(("lease", "leased_until", "error"))
    by = {"actor": session.actor.id, "cause": session.cause.wire(), "attempts": 0, **nothing}
    rows = [(new_id(), *one) for one in told]
    own = ("id", "record", "rev", "changes")
    insert_alike(session.connection, OUTBOX, own, rows, **common, **by)
    session.engine.woken(session.connection, WORK)


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
        change_set=session.change_set,
        changes=orjson.dumps(changes).decode(),
        the_version=session.catalog.version,
    )
    _accept(made)
    session.engine.changed(session.connection, RecordChange(object_name, record, rev))


def announce(
    session: Session, object_name: str, told: Sequence[tuple[str, int, dict[str, Any]]]
) -> None:
    """The events of records whose calculated fields have other values, without being written.

    Of each its id, its revision and what changed; nothing, where it is but the title.
    """
    if session.quiet:
        return
    common = {"object": object_name, "event": "updated", "at": session.now}
    if is_heard(session, object_name):
        _tell(session, common, [(i, r, orjson.dumps(c).decode()) for i, r, c in told if c])
    changed = [RecordChange(object_name, record, rev) for record, rev, _ in told]
    session.engine.changed(session.connection, *changed)


def index(
    connection: Connection, object_name: str, words: Mapping[str, str], *, new: bool = False
) -> None:
    """Let records be found by words; those that are not `new`, in place of what they had."""
    if len(words) == 1:
        ((record, text),) = words.items()
        statement = _INDEX[connection.dialect == POSTGRESQL]
        statement.run(connection, object=object_name, record=record, text=text)
        return
    rows = [(record, object_name, text) for record, text in words.items()]
    keys, other = ((), ()) if new else (("record",), ("text",))
    own = ("record", "object", "text")
    insert_cells(connection, SEARCH, own, rows, keys=keys, other=other, listed=True)


def unindex(connection: Connection, record: str) -> None:
    _UNINDEX.run(connection, the_record=record)
