"""Values from a day on: planned for a day to come, or recorded for one that has passed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from fluvial.kernel.problems import Forbidden, NotFound, fault
from fluvial.records.drafts import journal
from fluvial.records.drafts.completion import check
from fluvial.records.drafts.dated_fields import Span, changes_between, end, forget_error, spans_of
from fluvial.records.drafts.dated_writes import set_from
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.merging import check_revs
from fluvial.records.drafts.record_locks import refuse_fields
from fluvial.records.drafts.rows import Values, changed_meanwhile, load_row, row_writer
from fluvial.records.drafts.seams import tell_day_noted
from fluvial.records.reading.reader import find_one, read_one
from fluvial.records.reading.set_links import set_links
from fluvial.records.writing.new_drafts import existing
from fluvial.records.writing.writer import revision_of, store_changed, update
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.storage import timestamp_wire

PLANNED, RECORDED, WITHDRAWN = "planned", "recorded", "withdrawn"


def set_on(
    session: Session,
    object_name: str,
    record: str,
    body: Mapping[str, Any],
    day: date,
    *,
    rev: int | None = None,
) -> dict[str, Any]:
    """Give dated fields values from a day on; the record as of that day.

    A day to come is planned. One that has passed changes the record now, where nothing was
    recorded for a later day, and else only what is known of that time.
    """
    if day == session.today:
        return update(session, object_name, record, body, rev=rev)
    type_ = session.object(object_name, "update")
    then = session.at(day)
    with session.connection.transaction():
        now_values = existing(session, type_, record, "update")
        held = load_row(then, object_name, record, None)
        assert held is not None
        draft = Draft(then, type_, record, held, dict(held))
        draft.take(body, ignore=("rev",))
        _only_dated(draft)
        check_revs([(draft, revision_of(body, rev, ""))])
        _refuse_locked(session, type_, now_values, draft.changed)
        draft.refuse_faults()
        if draft.changed:
            check(draft)
            _refuse_locked(session, type_, now_values, draft.changed)
            _write(session, draft, now_values, day)
        return _answer(session, then, type_, record)


def _refuse_locked(
    session: Session, type_: ObjectType, now_values: Values, names: Collection[str]
) -> None:
    """A lock that holds now holds for values of all days."""
    if names:
        refuse_fields(Draft(session, type_, now_values["id"], now_values, dict(now_values)), names)


def _only_dated(draft: Draft) -> None:
    dated = {field.name for field in draft.type.dated_fields}
    for name in draft.given - dated:
        label = draft.type.fields[name].label
        message = f"{label} is not dated: only `dated` fields can be changed from a day on."
        draft.fault(name, "not_dated", message)


def _write(session: Session, draft: Draft, now_values: Values, day: date) -> None:
    """Split what holds today from what is only known of another time, and store both."""
    type_, today = draft.type, session.today
    current = Draft(session, type_, draft.id, now_values, dict(now_values))
    aside = []
    # What follows from them in other fields, follows on the day.
    for field in (f for f in type_.dated_fields if f.name in draft.changed):
        name = field.name
        if day > today or changes_between(session, field, draft.id, day, today):
            aside.append(field)
            continue
        current.set(name, draft.values[name])
        if name in current.changed:
            current.days[name] = day
        else:  # it holds this value today already, and held it since then
            aside.append(field)
    if current.changed:
        store_changed(current)
    if aside:
        _write_aside(session, draft, current, aside, day)


def _write_aside(
    session: Session, draft: Draft, current: Draft, fields: list[Field], day: date
) -> None:
    kept = Draft(session, draft.type, draft.id, current.values, draft.values)
    planned = day > session.today
    for field in fields:
        set_from(kept, field, day, draft.values[field.name], planned=planned)
    changes = {
        field.name: [
            wire_value(field, (draft.before or {}).get(field.name)),
            draft.wire(field.name),
        ]
        for field in fields
    }
    _note(session, draft.type, current.values, PLANNED if planned else RECORDED, day, changes)


def _note(
    session: Session,
    type_: ObjectType,
    values: Values,
    event: str,
    day: date,
    changes: dict[str, Any],
) -> None:
    """A revision of a record whose values of today stay as they are."""
    record, rev = values["id"], values["rev"]
    author = ("user", session.actor.id) if session.actor.id else None
    stamp = {"rev": rev + 1, "updated_at": session.now, "updated_by": author}
    if row_writer(session, type_).update(session, record, rev, stamp) is None:
        raise changed_meanwhile(type_)
    journal.note(session, type_.name, record, rev + 1, f"{event}:{day}", changes)
    tell_day_noted(session, type_, record, changes.keys())


def _answer(session: Session, then: Session, type_: ObjectType, record: str) -> dict[str, Any]:
    access = session.access.object(type_.name)
    if access.where["update"] is not None:
        if find_one(then, type_.name, record, (("id",),), "update") is None:
            label = type_.label.lower()
            raise Forbidden(f"Your roles do not allow you to update a {label} with these values.")
    found = find_one(then, type_.name, record)
    if found is None:
        row = load_row(session, type_.name, record, None) or {}
        return {"id": record, "rev": row.get("rev")}
    return found


def planned(
    session: Session, object_name: str, record: str, *, past: bool = False
) -> list[dict[str, Any]]:
    """What is planned for a record, or with `past` all that its dated fields ever hold."""
    read_one(session, object_name, record, (("id",),))
    type_ = session.object(object_name)
    access = session.access.object(object_name)
    spans = [
        span
        for span in spans_of(session, type_, record)
        if (past or span.planned or span.error) and span.field not in access.hidden
    ]
    sets = set_links(session, (span.change_set for span in spans))
    return [_wire(type_, span, sets) for span in spans]


def _wire(type_: ObjectType, span: Span, sets: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "id": span.id,
        "field": span.field,
        "from": span.since.isoformat() if span.since else None,
        "until": span.until.isoformat() if span.until else None,
        "value": wire_value(type_.fields[span.field], span.value),
        "planned": span.planned and span.error is None,
        "at": timestamp_wire(span.recorded_at),
        "by": {"user": span.recorded_by} if span.recorded_by else None,
        "error": span.error,
    }
    return told | ({"change_set": sets.get(span.change_set)} if span.change_set else {})


def withdraw(session: Session, object_name: str, record: str, plan: str) -> None:
    """Take a planned change back, as if it had never been planned.

    One that was refused on its day is not shown any more.
    """
    type_ = session.object(object_name, "update")
    with session.connection.transaction():
        values = existing(session, type_, record, "update")
        spans = spans_of(session, type_, record)
        span = next((s for s in spans if s.id == plan and (s.planned or s.error)), None)
        access = session.access.object(object_name)
        if span is None or span.field in access.hidden:
            raise NotFound(f"There is no planned value of this {type_.label.lower()} as `{plan}`.")
        field = type_.fields[span.field]
        if span.field in access.read_only:
            message = f"Your roles allow you to read {field.label}, but not to change it."
            raise Forbidden(message, errors=[fault(f"/{field.name}", "read_only", message)])
        if span.error is not None:
            forget_error(session, span.id)
            return
        _refuse_locked(session, type_, values, {field.name})
        end(session, span.id)
        assert span.since is not None
        changes = {field.name: [wire_value(field, span.value), None]}
        _note(session, type_, values, WITHDRAWN, span.since, changes)


def links(session: Session, object_name: str, record: str, name: str) -> list[dict[str, Any]]:
    """The links of a dated many-look-up, each with the days on which it holds."""
    type_ = session.object(object_name)
    field = type_.fields.get(name)
    hidden = session.access.object(object_name).hidden
    if field is None or name in hidden or not (field.dated and field.kind.linked):
        raise NotFound(f"{type_.label} has no dated look-up of many records `{name}`.")
    now = read_one(session, object_name, record, ((name,),))[name]
    spans = [s for s in spans_of(session, type_, record) if s.field == name and not s.error]
    if not spans:
        return [{"id": one, "from": None, "until": None} for one in now]
    found: list[dict[str, Any]] = []
    open_: dict[str, dict[str, Any]] = {}
    for span in spans:
        day = span.since.isoformat() if span.since else None
        for one in [one for one in open_ if one not in span.value]:
            open_.pop(one)["until"] = day
        for one in span.value:
            if one not in open_:
                open_[one] = {"id": one, "from": day, "until": None}
                found.append(open_[one])
    return found
