"""Undoing an import: what it made goes to the bin, what it changed is as before.

Only what the import did is taken back, so imports may be undone in any order, as long as nothing
that came later is lost; where it would be, the whole undo is refused and says what is in the way.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import IMPORT, IMPORT_ROW
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import empty, load_row
from fluvial.records.writing import bin
from fluvial.records.writing.writer import store_changed
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault

from .undo_obstacles import ImportedRow, obstacle

SHOWN, TOLD = 20, 3  # obstacles in the answer, and in its sentence

_i = IMPORT.c
_r = IMPORT_ROW.c
_FIND = Statement(sa.select(_i.object, _i.by, _i.undone).where(_i.id == param("the_batch", _i.id)))
_UNDONE = Statement(
    IMPORT.update()
    .where(_i.id == param("the_batch", _i.id), _i.undone.is_not(sa.true()))
    .values(undone=param("the_answer", _i.undone))
)
_ROWS = Statement(
    sa.select(_r.record, _r.rev, _r.before)
    .where(_r.batch == param("the_batch", _r.batch))
    .order_by(_r.record.desc())
)


def undo(session: Session, batch: str) -> dict[str, Any]:
    """Take an import back as a whole, or say what is in the way."""
    row = _FIND.row(session.connection, the_batch=batch) if is_id(batch) else None
    if row is None:
        raise NotFound(f"There is no import `{batch}`.")
    object_name, by, undone = row
    type_ = session.object(object_name, "import")
    if by != session.actor.id and not session.access.admin:
        raise Forbidden("Only the person who imported it, or an administrator, can undo an import.")
    if undone:
        raise Conflict("This import was already undone.")
    with session.connection.transaction():
        if not _UNDONE.run(session.connection, the_batch=batch, the_answer=True):
            raise Conflict("This import was already undone.")
        found = _ROWS.rows(session.connection, the_batch=batch)
        rows = [ImportedRow(batch, *one) for one in found]
        made = {one.record for one in rows if one.before is None}
        _refuse_lost(session, type_, rows, made)
        deleted = restored = 0
        for one in rows:
            if one.before is not None:
                _restore(session, type_, one.record, one.before)
                restored += 1
            elif load_row(session, object_name, one.record, None) is not None:
                bin.delete(session, object_name, one.record, along=made)
                deleted += 1
    return {"batch": batch, "deleted": deleted, "restored": restored}


def _refuse_lost(
    session: Session, type_: ObjectType, rows: list[ImportedRow], made: set[str]
) -> None:
    found = [one for row in rows if (one := obstacle(session, type_, row, made)) is not None]
    if not found:
        return
    told = " ".join(f"{one['title'] or one['id']}: {one['reason']}" for one in found[:TOLD])
    count = f"{len(found)} records are" if len(found) > 1 else "1 record is"
    raise Conflict(f"{count} in the way of undoing this import. {told}", changed=found[:SHOWN])


def _restore(session: Session, type_: ObjectType, record: str, before: dict[str, Any]) -> None:
    stored = load_row(session, type_.name, record, "update", lock=True)
    if stored is None:
        raise Forbidden(
            f"Your roles do not allow you to update {type_.plural.lower()} of this import."
        )
    draft = Draft(session, type_, record, stored, dict(stored))
    for name, raw in before.items():
        field = type_.fields.get(name)
        if field is not None:
            draft.set(name, _parsed(field, raw))
    store_changed(draft)


def _parsed(field: Field, raw: Any) -> Any:
    """The value from before, which the field may not take any more."""
    try:
        return None if empty(raw) else field.kind.parse(field, raw)
    except ValueFault as error:
        message = (
            f"{field.label} cannot be restored to its value before the import. {error.message}"
        )
        errors = [fault(f"/{field.name}", error.code, message)]
        raise Unprocessable(message, errors=errors) from error
