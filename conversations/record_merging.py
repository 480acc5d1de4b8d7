"""Two records that are one: what was said, files and links move, and the other goes to the bin.

All of it is done with the rights of whoever merges, in one transaction. The number and the mails of
the record that goes lead to the one that stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from conversations.mail import mail_files, merged_records
from conversations.mail.mail_files import MESSAGE_FILE, RAW_MAIL
from conversations.mail.mail_tables import ARRIVED, DRAFT, MESSAGE
from conversations.participants import participants_of
from fluvial.auth.actors import SYSTEM
from fluvial.database.engine_tables import FILE
from fluvial.database.statement import Statement, param
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, NotFound, Problem, Unprocessable, fault
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.reader import find_one
from fluvial.records.writing import bin as record_bin
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services.comment_rows import COMMENT
from metamodel.catalog import Field, ObjectType
from metamodel.conversation_part import CONVERSATION

MOST_LINKS = 2_000  # records that look one record up


def _moving(table: sa.Table, *more: Any) -> Statement:
    record = table.c.record
    return Statement(
        table.update()
        .where(record == param("the_old", record), *more)
        .values(record=param("the_new", record))
    )


_f = FILE.c
_kept_by_us = _f.field.in_([sa.literal_column(f"'{one}'") for one in (MESSAGE_FILE, RAW_MAIL)])
_SAID = (_moving(COMMENT), _moving(MESSAGE), _moving(ARRIVED), _moving(FILE, _kept_by_us))
_NO_DRAFTS = Statement(DRAFT.delete().where(DRAFT.c.record == param("the_old", DRAFT.c.record)))


def merge(
    session: Session, object_name: str, record: str, target: str, take: Sequence[str] = ()
) -> None:
    """Merge a record into another one of its type, which takes some values of it."""
    type_ = session.object(object_name, "update")
    if record == target:
        raise refused("This is the same record. Name the one that stays.")
    _check_taken(session, type_, take)
    with session.connection.transaction():
        old = _row(session, type_, record, "delete")
        new = _row(session, type_, target, "update")
        people = _people(session, type_, record)
        for statement in _SAID:
            statement.run(session.connection, the_old=record, the_new=target)
        _NO_DRAFTS.run(session.connection, the_old=record)
        _move_files(session, type_, old, new)
        links = _move_links(session, type_, record, target)
        number, label = _number(type_, old), type_.label.lower()
        # Not its title, which may tell more than all who read notes may know.
        text = f"{number or f'Another {label}'} was merged into this {label}."
        if links:
            text += f" {links} linked record{'s' if links > 1 else ''} came with it."
        comments.write(session, object_name, target, text)
        merged_records.note_merge(
            session, object_name, record, target, str(number) if number else None, people
        )
        record_bin.delete(session, object_name, record)
        taken = {name: old.get(name) for name in take}
        if taken:  # now that the other record is gone, also what no two may have
            writer.update(session, object_name, target, {}, fixed=taken)


def _people(session: Session, type_: ObjectType, record: str) -> set[str]:
    """The addresses of those who took part in the conversation of a record, if it has one."""
    if CONVERSATION.of(type_) is None:
        return set()
    trusted = session.as_actor(SYSTEM)
    people = {one.address for one in participants_of(trusted, type_.name, record)}
    return people | merged_records.people_of(session, record)


def _number(type_: ObjectType, values: Values) -> Any:
    conversation = CONVERSATION.of(type_)
    return values.get(conversation.number or "") if conversation is not None else None


def _check_taken(session: Session, type_: ObjectType, take: Sequence[str]) -> None:
    """Refuse fields that are not there, or that the person may not write."""
    writable = _writable(session, type_)
    for at, name in enumerate(take):
        field = type_.fields.get(name)
        if field is None or field.hidden or session.access.hides(type_.name, name):
            message = f"{type_.label} has no field `{name}`."
        elif name not in writable or not field.writable or field.kind.uploads:
            message = f"{field.label} cannot be taken over: it is not written by people like you."
            if field.kind.uploads:
                message = f"{field.label} holds files, which come along by themselves."
        else:
            continue
        raise Unprocessable(message, errors=[fault(f"/take/{at}", "not_taken", message)])


def _row(session: Session, type_: ObjectType, record: str, action: str) -> Values:
    session.object(type_.name, action)
    row = load_row(session, type_.name, record, action) if is_id(record) else None
    if row is None or not comments.works_on(session, type_.name, record):
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}` to merge.")
    return row


def refused(message: str) -> Unprocessable:
    return Unprocessable(message, errors=[fault("/into", "not_valid", message)])


def _move_files(session: Session, type_: ObjectType, old: Values, new: Values) -> None:
    """Files of fields that take several join those of the record that stays."""
    fixed: dict[str, Any] = {}
    gone: dict[str, Any] = {}
    for field in type_.file_fields:
        own, there = list(old.get(field.name) or ()), list(new.get(field.name) or ())
        if not own or (there and not field.many) or field.name not in _writable(session, type_):
            continue
        gone[field.name], fixed[field.name] = [], [*there, *own]
    if not fixed:
        return
    writer.update(session, type_.name, old["id"], {}, fixed=gone)
    for name in fixed:  # which has let them go
        for one in old[name]:
            mail_files.mark(session, one["id"], name, type_.name, new["id"])
    writer.update(session, type_.name, new["id"], {}, fixed=fixed)


def _writable(session: Session, type_: ObjectType) -> Any:
    return session.access.writable(type_.name)


def _move_links(session: Session, type_: ObjectType, record: str, target: str) -> int:
    """What looks the record up looks the other one up; how many records that are."""
    moved: set[tuple[str, str]] = set()
    for field in record_bin.references_to(session.catalog, type_.name):
        for other in list(record_bin.referring(session, field, type_.name, record)):
            if other == record:
                continue
            moved.add((field.object, other))
            if len(moved) > MOST_LINKS:
                raise Conflict(f"More than {MOST_LINKS:,} records are linked to it.")
            _relink(session, field, other, record, target)
    return len(moved)


def _relink(session: Session, field: Field, other: str, record: str, target: str) -> None:
    row = load_row(session, field.object, other, None) or {}
    value = _replaced(row.get(field.name), record, target)
    if other == target and not field.many:
        value = None  # a record does not link to itself because of a merge
    label = session.catalog.objects[field.object].label.lower()
    try:
        writer.update(session, field.object, other, {}, fixed={field.name: value})
    except Problem as problem:
        shown = find_one(session, field.object, other, (("title",),))
        name = shown["title"] if shown else other
        message = f"The {label} {name} cannot be linked to the other record: {problem.detail}"
        raise Conflict(message) from problem


def _replaced(value: Any, record: str, target: str) -> Any:
    """The same links with one record in place of another."""
    if isinstance(value, list):
        found = [_replaced(one, record, target) for one in value]
        return [one for at, one in enumerate(found) if one not in found[:at]]
    if isinstance(value, tuple):
        kind, linked = value
        return kind, target if linked == record else linked
    return target if value == record else value


def merge_records(call: Call) -> Answer:
    body = call.json_object("into", "take")
    into, take = body.get("into"), body.get("take", [])
    if not isinstance(into, str):
        raise refused("`into` must be the id of the record that stays.")
    if not isinstance(take, list) or not all(isinstance(one, str) for one in take):
        message = "`take` must be a list of names of fields."
        raise Unprocessable(message, errors=[fault("/take", "not_valid", message)])
    object_name = call.params["object"]
    merge(call.session, object_name, call.params["id"], into, list(dict.fromkeys(take)))
    return Answer.json(find_one(call.session, object_name, into) or {"id": into})


ENDPOINTS = (
    Endpoint(
        "POST", "/api/records/{object}/{id}/merge", merge_records, Policy.SIGNED_IN,
        "Merge a record into another one of its type.",
    ),
)  # fmt: skip
