"""Locks that a change of metadata brings, moves or takes away: how many records that concerns."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from fluvial.database.schema_changes import SchemaOperation
from fluvial.database.statement import Compiled
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.sql import Source, predicate
from metamodel.locked import LOCKED, Locked

from .widening import Beyond

LOCK, UNLOCK, CHANGE = "lock_records", "unlock_records", "change_lock"
UNDO = "Restore the old lock."


def lock_changes(session: Session, old: Catalog, new: Catalog) -> Iterator[SchemaOperation]:
    """An operation for records that are locked from now on, and one for those that are free."""
    for name, type_ in new.objects.items():
        known = old.objects.get(name)
        if known is None or known is type_:
            continue
        before, after = LOCKED.of(known), LOCKED.of(type_)
        if before is None and after is None:
            continue
        yield from _changes(session, old, new, name, before, after)


def _changes(
    session: Session,
    old: Catalog,
    new: Catalog,
    name: str,
    before: Locked | None,
    after: Locked | None,
) -> Iterator[SchemaOperation]:
    conditions = [one.when for one in (before, after) if one is not None]
    was, now = (one.when if one is not None else None for one in (before, after))
    if was is not None and now is not None and was.source == now.source:
        if before and after and (before.open, before.parts) != (after.open, after.parts):
            yield SchemaOperation(CHANGE, name, undo=UNDO)
        return
    if not all(_known(one, old, new) for one in conditions):
        yield SchemaOperation(CHANGE, name, undo=UNDO)
        return
    locked = _count(session, old, name, now, was)
    free = _count(session, old, name, was, now)
    if now is not None and (locked or not free):
        yield SchemaOperation(LOCK, name, rows=locked, undo=UNDO)
    if was is not None and (free or now is None):
        yield SchemaOperation(UNLOCK, name, rows=free, undo=UNDO)


def _known(condition: Expression, old: Catalog, new: Catalog) -> bool:
    """Whether the records can be asked already, before the change: nothing that it reads moves."""
    for object_name, name in condition.uses:
        fields = []
        for catalog in (old, new):
            type_ = catalog.objects.get(object_name)
            field = type_.fields.get(name) if type_ is not None else None
            if field is None:
                return False
            fields.append(field)
        before, after = fields
        if before.kind is not after.kind or before.base != after.base or before.many != after.many:
            return False
        sources = [one.formula.source if one.formula is not None else "" for one in fields]
        if sources[0] != sources[1]:
            return False
    return True


def _count(
    session: Session,
    catalog: Catalog,
    name: str,
    held: Expression | None,
    otherwise: Expression | None,
) -> int:
    """The records for which a condition holds, and another one does not."""
    if held is None:
        return 0
    context = PlanContext(catalog, session.access, session.connection.dialect)
    source = Source(context.trusted(), name)
    conditions = [source.column("deleted_at").is_(None), predicate(held, source)]
    if otherwise is not None:
        conditions.append(sa.not_(predicate(otherwise, source)))
    statement = sa.select(sa.func.count()).where(*conditions).select_from(source.joined())
    plan: Compiled = context.compiled(statement)
    return int(ask(session, plan)[0][0])


def loosened_locks(old: ObjectType, new: ObjectType) -> Iterator[Beyond]:
    """A lock holds for everybody, so nobody but an administrator lets others pass it."""
    before, after = LOCKED.of(old), LOCKED.of(new)
    if before is None:
        return
    if after is not None and after.when.source == before.when.source:
        if after.open <= before.open and after.parts >= before.parts:
            return
    plural = new.plural.lower()
    message = f"It loosens the lock of {plural}, which holds for everybody."
    yield Beyond(f"object/{new.name}", "/locked", new.name, message)
