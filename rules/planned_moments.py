"""The table of moments that rules wait for: entered, alone or many at once, and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.draft import Draft
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_text

from .model import Rule
from .rule_tables import CANCELLED, PLANNED, TIMER, WORK

Moment = tuple[str, str, str, str]  # id, record, when, state

_t = TIMER.c
_planned = _t.state == sa.literal_column(f"'{PLANNED}'")
_of_rule = _t.rule == param("the_rule", _t.rule)
_cancel = TIMER.update().values(state=CANCELLED)
_CANCEL_RECORDS = {
    dialect: Statement(_cancel.where(among_ids(_t.record, dialect), _planned))
    for dialect in (SQLITE, POSTGRESQL)
}
_CANCEL_MOVED = {
    dialect: Statement(_cancel.where(among_ids(_t.record, dialect), _of_rule, _planned))
    for dialect in (SQLITE, POSTGRESQL)
}


def _plan(make: Any) -> Statement:
    made = make(TIMER).values({c.name: param(c.name, c) for c in TIMER.c})
    # A date that was moved away and back again is waited for again; one that fired is over.
    return Statement(
        made.on_conflict_do_update(
            index_elements=[_t.rule, _t.record, _t.due_at],
            set_={"state": made.excluded.state},
            where=_t.state == sa.literal_column(f"'{CANCELLED}'"),
        )
    )


_PLAN = {False: _plan(sqlite.insert), True: _plan(postgresql.insert)}
_BULK = {
    False: "INSERT INTO fluvial_timer (id, rule, object, record, due_at, state, at) "
    "SELECT value->>0, ?, ?, value->>1, value->>2, value->>3, ? FROM json_each(?) WHERE true "
    "ON CONFLICT (rule, record, due_at) DO UPDATE SET state = excluded.state "
    "WHERE fluvial_timer.state = 'cancelled'",
    True: "INSERT INTO fluvial_timer (id, rule, object, record, due_at, state, at) "
    "SELECT (value->>0)::uuid, $1::text, $2::text, (value->>1)::uuid, "
    "(value->>2)::timestamptz, value->>3, "
    "$3::timestamptz FROM jsonb_array_elements($4::jsonb) "
    "ON CONFLICT (rule, record, due_at) DO UPDATE SET state = excluded.state "
    "WHERE fluvial_timer.state = 'cancelled'",
}


def plan(
    session: Session, rule: str, object_name: str, record: str, due: datetime, state: str = PLANNED
) -> None:
    connection = session.connection
    _PLAN[connection.dialect == POSTGRESQL].run(
        connection,
        id=new_id(),
        rule=rule,
        object=object_name,
        record=record,
        due_at=due,
        state=state,
        at=session.now,
        run=None,
    )
    if due <= session.now:
        session.engine.woken(connection, WORK)


def insert_moments(session: Session, rule: Rule, moments: Sequence[Moment]) -> None:
    connection, at = session.connection, timestamp_text(session.now)
    rows = orjson.dumps(moments).decode()
    sql = _BULK[connection.dialect == POSTGRESQL]
    connection.execute(sql, [rule.name, rule.trigger.object, at, rows])


def cancel_records(session: Session, drafts: Sequence[Draft]) -> None:
    """Wait for nothing of records any more."""
    connection = session.connection
    ids = id_list(connection.dialect, (draft.id for draft in drafts))
    _CANCEL_RECORDS[connection.dialect].run(connection, ids=ids)


def cancel_moved(session: Session, rule: Rule, drafts: Sequence[Draft]) -> None:
    """Wait no longer for what a rule was planned for: the dates of the records have moved."""
    connection = session.connection
    ids = id_list(connection.dialect, (draft.id for draft in drafts))
    _CANCEL_MOVED[connection.dialect].run(connection, ids=ids, the_rule=rule.name)
