"""What dated fields hold from which day on, read as a list of spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Row
from fluvial.database.engine_tables import DATED
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.records.reading.canonical import reader
from fluvial.records.reading.day_value import form_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.storage import DATE, POSTGRESQL, SQLITE

from .codec import packed
from .draft import Draft

BEGINNING = date.min  # the day of the value that a field had before it first changed

_d = DATED.c
_current = _d.ended_at.is_(None)
_of_record = _d.record == param("the_record", _d.record)
_of_field = sa.and_(
    _of_record, _d.field == param("the_field", _d.field), _d.form == param("the_form", _d.form)
)
_END_ROW = Statement(
    DATED.update()
    .where(_d.id == param("the_id", _d.id), _current)
    .values(ended_at=param("the_now", _d.ended_at))
)
_FORGET = Statement(DATED.update().values(error=None).where(_d.id == param("the_id", _d.id)))
_PURGE = Statement(
    DATED.delete().where(
        _d.object == param("the_object", _d.object),
        _d.field == param("the_field", _d.field),
        _d.form != param("the_form", _d.form),
    )
)
_BETWEEN = Statement(
    sa.select(_d.id)
    .where(
        _of_field,
        _current,
        _d.valid_from > param("the_day", _d.valid_from),
        _d.valid_from <= sa.bindparam("the_last", type_=Stored(DATE)),
    )
    .limit(sa.literal_column("1"))
)
_columns = (
    _d.record, _d.id, _d.field, _d.form, _d.valid_from, _d.value, _d.planned, _d.recorded_at,
    _d.recorded_by, _d.change_set, _d.error,
)  # fmt: skip
_ROWS = {
    dialect: Statement(
        sa.select(*_columns)
        .where(among_ids(_d.record, dialect), sa.or_(_current, _d.error.is_not(None)))
        .order_by(_d.record, _d.field, _d.valid_from, _d.recorded_at)
    )
    for dialect in (SQLITE, POSTGRESQL)
}


@dataclass(frozen=True)
class Span:
    """A value of a dated field, from a day on until the next one."""

    id: str
    field: str
    since: date | None  # None is from the beginning
    until: date | None  # the first day on which it no longer applies; None is without end
    value: Any  # canonical
    planned: bool
    recorded_at: datetime
    recorded_by: str | None
    error: str | None = None  # why it did not take effect; then it never held
    change_set: str | None = None  # by which it came


def stored_parts(field: Field, value: Any, dialect: str) -> list[Any]:
    """The stored form of each column of a field with a value, or its links."""
    if field.kind.linked:
        return [list(value or ())]
    stored = packed(field, value, dialect)
    return [stored[field.name + column.suffix] for column in field.columns]


def changes_between(session: Session, field: Field, record: str, after: date, last: date) -> bool:
    """Whether a field takes another value on a day after one day, the last one included."""
    known = {"the_record": record, "the_field": field.name, "the_form": form_of(field)}
    return _BETWEEN.row(session.connection, **known, the_day=after, the_last=last) is not None


def end(session: Session, span: str) -> bool:
    """Whether a value was in force, which is none any more."""
    return _END_ROW.run(session.connection, the_id=span, the_now=session.now) > 0


def forget_error(session: Session, span: str) -> None:
    _FORGET.run(session.connection, the_id=span)


def spans_of(session: Session, type_: ObjectType, record: str) -> list[Span]:
    """What is known of the dated fields of a record, each field's values in order of their days.

    Fields that never had another value are not in it. Those whose day came and which were
    refused then carry the error.
    """
    return spans_of_all(session, type_, [record]).get(record, [])


def spans_of_all(
    session: Session, type_: ObjectType, records: Sequence[str]
) -> dict[str, list[Span]]:
    """The same of several records."""
    connection = session.connection
    fields = {field.name: field for field in type_.dated_fields}
    rows = [
        row
        for row in _ROWS[connection.dialect].rows(
            connection, ids=id_list(connection.dialect, records)
        )
        if row[2] in fields and row[3] == form_of(fields[row[2]])
    ]
    found: dict[str, list[Span]] = {}
    followed: dict[tuple[str, str], date] = {}  # the day of the value behind, by record and field
    for row in reversed(rows):
        record, _, name, _, day, *_, error = row
        span = _span(session, fields[name], row[1:], followed.get((record, name)))
        found.setdefault(record, []).append(span)
        if error is None:
            followed[record, name] = day
    return {record: spans[::-1] for record, spans in found.items()}


def _span(session: Session, field: Field, row: Row, until: date | None) -> Span:
    id_, name, _, day, stored, planned, at, by, change_set, error = row
    since = None if day == BEGINNING else day
    value = read_stored(field, stored, session.connection.dialect)
    return Span(id_, name, since, until, value, planned, at, by, error, change_set)


def read_stored(field: Field, stored: Sequence[Any], dialect: str) -> Any:
    """The canonical value of the stored forms of a field's columns, or of its links."""
    if field.kind.linked:
        return list(stored[0])
    shown = [p for c, p in zip(field.columns, stored, strict=True) if not c.hidden]
    return reader(field, dialect)(shown)


def value_on(spans: Sequence[Span], day: date, otherwise: Any) -> Any:
    """The value that one field's spans give for a day."""
    held = otherwise
    for span in spans:
        if span.error is None and (span.since is None or span.since <= day):
            held = span.value
    return held


def purge_days(session: Session, object_name: str, field_name: str) -> None:
    """Forget for good what a field held that is no more, or as another kind than it is now."""
    type_ = session.catalog.objects.get(object_name)
    field = type_.fields.get(field_name) if type_ else None
    form = form_of(field) if field is not None else ""
    _PURGE.run(session.connection, the_object=object_name, the_field=field_name, the_form=form)


def catch_up(draft: Draft) -> None:
    """Bring the dated fields of a record that was away to the values of today."""
    spans = spans_of(draft.session, draft.type, draft.id)
    for field in draft.type.dated_fields:
        own = [span for span in spans if span.field == field.name]
        if own:
            draft.set(field.name, value_on(own, draft.session.today, None))
            draft.days[field.name] = None
