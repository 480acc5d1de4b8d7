"""The state log as it is written: with the rows of records, in their transaction.

One statement ends what records have left and one begins what they have entered, for all the
records of a write together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from fluvial.database.engine_tables import STATE_SPAN
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.storage import POSTGRESQL, SQLITE

from .draft import Draft
from .insertion import insert_alike, insert_rows
from .past_steps import past_spans
from .rows import empty

_s = STATE_SPAN.c
_OWN = ("record", "rev", "state")
_END = {
    dialect: Statement(
        STATE_SPAN.update()
        .values(until=param("the_now", _s.until))
        .where(
            among_ids(_s.record, dialect),
            _s.field == param("the_field", _s.field),
            _s.until.is_(None),
        )
    )
    for dialect in (SQLITE, POSTGRESQL)
}
_PURGE = Statement(
    STATE_SPAN.delete().where(
        _s.object == param("the_object", _s.object), _s.field == param("the_field", _s.field)
    )
)


def keep_spans(drafts: Sequence[Draft]) -> None:
    """Note which states drafts of one object type, whose rows are written, leave and enter."""
    session, type_ = drafts[0].session, drafts[0].type
    for field in type_.logged_fields:
        moved = [d for d in drafts if d.before is None or field.name in d.changed]
        left = [d.id for d in moved if d.before is not None]
        if left:
            _end(session, field, left)
        _begin(session, field, moved)


def _end(session: Session, field: Field, records: Iterable[str]) -> None:
    ids = id_list(session.connection.dialect, records)
    statement = _END[session.connection.dialect]
    statement.run(session.connection, ids=ids, the_field=field.name, the_now=session.now)


def _begin(session: Session, field: Field, drafts: Collection[Draft]) -> None:
    told, plain = [d for d in drafts if d.past], [d for d in drafts if not d.past]
    if told:
        _tell(session, field, told)
    states = ((d, d.values.get(field.name)) for d in plain)
    rows = [(d.id, d.values["rev"], state) for d, state in states if not empty(state)]
    common: dict[str, Any] = {
        "object": field.object,
        "field": field.name,
        "from": session.now,
        "until": None,
        "by": session.actor.id,
        "cause": session.actor.rule,
    }
    if rows:
        insert_alike(session.connection, STATE_SPAN, _OWN, rows, **common)


def _tell(session: Session, field: Field, drafts: Sequence[Draft]) -> None:
    """The spans of records that bring their past along."""
    rows = [
        {
            "record": draft.id,
            "field": field.name,
            "rev": span.rev,
            "object": field.object,
            "state": span.state,
            "from": span.begun,
            "until": span.ended,
            "by": span.by,
        }
        for draft in drafts
        for span in past_spans(draft.past, field.name, draft.values.get(field.name))
    ]
    insert_rows(session.connection, STATE_SPAN, rows)


def purge_spans(session: Session, object_name: str, field_name: str) -> None:
    """Forget for good the states of a field that is no more."""
    type_ = session.catalog.objects.get(object_name)
    if type_ is None or field_name not in {field.name for field in type_.logged_fields}:
        _PURGE.run(session.connection, the_object=object_name, the_field=field_name)
