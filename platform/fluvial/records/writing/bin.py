"""The bin: deleting a record with what depends on it, and bringing it back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import UniqueError
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, NotFound
from fluvial.records.drafts.bin_judgement import judge_bin
from fluvial.records.drafts.completion import title_of
from fluvial.records.drafts.dated_fields import catch_up
from fluvial.records.drafts.decision_ties import check_ties
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.periods import check_period
from fluvial.records.drafts.record_locks import RecordLocked, refuse_in_locked, refuse_whole
from fluvial.records.drafts.rows import Values, changed_meanwhile, load_row, row_writer
from fluvial.records.drafts.uniqueness import broken_key
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.reader import find_one
from fluvial.runtime.prefetch import targets_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.kinds.lookup import kept
from metamodel.storage import UUID

from .after_write import DELETED, RESTORED, leave
from .new_drafts import existing, stamp
from .writer import store_changed

MAX_CASCADE = 10_000
SHOWN = 20


def delete(
    session: Session,
    object_name: str,
    record: str,
    *,
    rev: int | None = None,
    along: Collection[str] = (),
) -> None:
    """Move a record to the bin. What looks it up holds it back, lets go, or goes with it.

    Records that go `along` are deleted by the caller as well, so they keep what they refer to.
    """
    type_ = session.object(object_name, "delete")
    with session.connection.transaction():
        lock_writers(session, object_name)
        row = existing(session, type_, record, "delete")
        if rev is not None and rev != row["rev"]:
            label = type_.label.lower()
            raise Conflict(f"This {label} has been changed since you read it.", rev=row["rev"])
        _bin(session, type_, row, set(), along)


def _bin(
    session: Session, type_: ObjectType, row: Values, seen: set[str], along: Collection[str] = ()
) -> None:
    record = row["id"]
    if record in seen:
        return
    seen.add(record)
    if len(seen) > MAX_CASCADE:
        raise Conflict(
            f"More than {MAX_CASCADE} records would be deleted with it. Delete them first."
        )
    draft = Draft(session, type_, record, row, dict(row))
    _refuse_locked(draft, seen | {*along})
    judge_bin(draft, DELETED)
    held: list[dict[str, Any]] = []
    for field in references_to(session.catalog, type_.name):
        for other in referring(session, field, type_.name, record) if not kept(field) else ():
            if other in seen or other in along:
                continue
            rule = field.kind.on_delete(field)
            if rule == "restrict":
                held.append(_held(session, field, other))
            elif rule == "cascade":
                other_type = session.catalog.objects[field.object]
                found = load_row(session, field.object, other, None, lock=True)
                if found is not None:
                    _bin(session, other_type, found, seen, along)
            elif not _clear(session, field, other, type_.name, record):
                held.append(_held(session, field, other) | {"locked": True})
    if held:
        count = len(held)
        raise Conflict(
            f"{count} record{'s use' if count > 1 else ' uses'} this {type_.label.lower()}. "
            "Change or delete them first.",
            uses=held[:SHOWN],
        )
    values = {"deleted_at": session.now, **stamp(session, row)}
    if row_writer(session, type_).update(session, record, row["rev"], values) is None:
        raise changed_meanwhile(type_)
    leave(DELETED, [Draft(session, type_, record, row, {**row, **values})])


def _refuse_locked(draft: Draft, seen: Collection[str]) -> None:
    """What goes the same way with it needs no leave of its own."""
    refuse_whole(draft)
    refuse_in_locked([draft], seen)


def restore(session: Session, object_name: str, record: str) -> dict[str, Any]:
    """Bring a record back from the bin; its unique keys may be taken meanwhile."""
    type_ = session.object(object_name, "delete")
    with session.connection.transaction():
        lock_writers(session, object_name)
        row = None
        if is_id(record):
            row = load_row(session, object_name, record, "delete", lock=True, deleted=True)
        if row is None:
            raise NotFound(f"The bin has no {type_.label.lower()} with the id `{record}`.")
        rev = _bring_back(session, type_, row, {record})
        return find_one(session, object_name, record) or {"id": record, "rev": rev}


def _bring_back(session: Session, type_: ObjectType, row: Values, seen: set[str]) -> int:
    """Restore a record, and the parts that went to the bin with it; its revision."""
    record, moment = row["id"], row["deleted_at"]
    draft = Draft(session, type_, record, row, dict(row))
    _refuse_locked(draft, seen)
    judge_bin(draft, RESTORED)
    if type_.dated_fields:
        catch_up(draft)
    _settle_references(draft)
    _check_dates(draft)
    values = {name: draft.values[name] for name in draft.changed}
    if draft.changed:
        draft.values["title"] = values["title"] = title_of(draft)
    values |= {"deleted_at": None, **stamp(session, row)}
    try:
        row_writer(session, type_).update(session, record, row["rev"], values)
    except UniqueError as error:
        fields = broken_key(type_, error)
        labels = " and ".join(type_.fields[name].label for name in fields) or "a unique value"
        raise Conflict(f"Another {type_.label.lower()} now uses its {labels}.") from error
    draft.values |= values
    leave(RESTORED, [draft])
    for field in references_to(session.catalog, type_.name):
        if field.kind.on_delete(field) != "cascade":
            continue
        for part in referring(session, field, type_.name, record, moment):
            found = load_row(session, field.object, part, None, lock=True, deleted=True)
            if found is not None and part not in seen:
                seen.add(part)
                _bring_back(session, session.catalog.objects[field.object], found, seen)
    return int(values["rev"])


def _settle_references(draft: Draft) -> None:
    """Let go of what went to the bin meanwhile; what is required has to come back first."""
    for field in draft.type.own_fields:
        if not field.stored or not field.targets or field.kind.lasting or kept(field):
            continue  # names of users who left stay readable
        value = draft.values.get(field.name)
        gone = [
            record
            for target, record in targets_of(field, value or [])
            if load_row(draft.session, target, record, None) is None
        ]
        if not gone:
            continue
        if field.required and not field.many:
            raise Conflict(f"Its {field.label.lower()} is in the bin too. Restore that first.")
        left = [one for one in value if one not in gone] if isinstance(value, list) else None
        draft.set(field.name, left)


def _check_dates(draft: Draft) -> None:
    """Another record may hold for the same time meanwhile."""
    check_period(draft, always=True)
    check_ties(draft, always=True)
    if draft.faults:
        raise Conflict(draft.faults[0]["message"])


def references_to(catalog: Catalog, object_name: str) -> list[Field]:
    """The look-ups of all object types that may refer to records of one."""
    return [f for f in catalog.derive(_references).get(object_name, ()) if not f.system]


def _references(catalog: Catalog) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for type_ in catalog.objects.values():
        for field in type_.own_fields:
            if field.stored:
                for target in field.targets:
                    found.setdefault(target, []).append(field)
    return found


def referring(
    session: Session, field: Field, target: str, record: str, gone: datetime | None = None
) -> Iterator[str]:
    """The live records whose field refers to the record; or those `gone` at a moment."""
    dialect = session.connection.dialect

    def make() -> Compiled:
        tables = tables_of(session.catalog)
        table = tables.objects[field.object]
        the_id = sa.bindparam("the_id", type_=Stored(UUID))
        moment = sa.bindparam("the_moment", type_=table.c.deleted_at.type)
        there = table.c.deleted_at.is_(None) if gone is None else table.c.deleted_at == moment
        statement = sa.select(table.c.id).where(there)
        if field.kind.linked:
            link = tables.links[field.object, field.name]
            statement = statement.join(link, link.c.source == table.c.id)
            return Compiled(statement.where(link.c.target == the_id), dialect)
        for column in field.columns:
            if column.references == target:
                held = table.c[field.name + column.suffix]
                return Compiled(statement.where(held == the_id), dialect)
        held = table.c[field.name]  # any_lookup: the id, and the object beside it
        named = table.c[f"{field.name}__object"] == sa.literal_column(f"'{target}'")
        return Compiled(statement.where(held == the_id, named), dialect)

    if not field.kind.linked and not any(c.storage is UUID for c in field.columns):
        return  # many people in one JSON column: names of users who left stay readable
    key = ("referring", field.object, field.name, target, gone is None)
    compiled: Compiled = plans_of(session.catalog).get(key, make)
    binds = {"the_id": record, "the_moment": gone}
    for (found,) in session.connection.query(compiled.sql, compiled.binds(binds)):
        yield found


def _held(session: Session, field: Field, record: str) -> dict[str, Any]:
    """What holds a record back, with its title where the actor may see it."""
    entry: dict[str, Any] = {"object": field.object, "field": field.name}
    if session.access.object(field.object).can("read"):
        found = find_one(session, field.object, record, (("title",),))
        if found is not None:
            entry |= {"id": record, "title": found["title"]}
    return entry


def _clear(session: Session, field: Field, other: str, target: str, record: str) -> bool:
    """Let go of a record; False where what refers to it is locked."""
    row = load_row(session, field.object, other, None, lock=True)
    if row is None:
        return True
    # It follows from the deletion, whatever else its author may change.
    freely = session.as_actor(replace(session.actor, unrestricted=True))
    draft = Draft(freely, session.catalog.objects[field.object], other, row, dict(row))
    value = row[field.name]
    draft.set(field.name, [v for v in value if v != record] if isinstance(value, list) else None)
    try:
        store_changed(draft)
    except RecordLocked:
        return False
    return True
