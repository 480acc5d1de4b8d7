"""Batches: what an import did, so that all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.engine_tables import IMPORT, IMPORT_ROW
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.insertion import insert_rows
from fluvial.records.drafts.rows import empty, load_row
from fluvial.records.writing import bin
from fluvial.records.writing.writer import store_changed
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault
from metamodel.storage import POSTGRESQL

SHOWN = 20


def _claim(make: Any) -> Any:
    """Insert a batch, unless it is there: whoever comes second waits for the first, and sees it."""
    made = make(IMPORT).values({c.name: param(c.name, c) for c in IMPORT.c})
    return made.on_conflict_do_nothing(index_elements=["id"])


_i = IMPORT.c
_r = IMPORT_ROW.c
_CLAIM = {
    False: Statement(_claim(sqlite.insert)),
    True: Statement(_claim(postgresql.insert)),
}
_CLOSE = Statement(
    IMPORT.update()
    .where(_i.id == param("the_batch", _i.id))
    .values(counts=param("the_counts", _i.counts))
)
_EARLIER = Statement(
    sa.select(_i.by, _i.object, _i.undone, _i.counts).where(_i.id == param("the_batch", _i.id))
)
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


class Batch:
    """Notes what an import does while it does it."""

    def __init__(self, session: Session, object_name: str, file: str, once: str = "") -> None:
        """What has the same `once` is imported once, however often it is sent."""
        self.id = once if is_id(once) else new_id()
        self._session = session
        self._object = object_name
        self._file = file

    def begin(self) -> bool:
        """Whether nobody has imported it before; who comes at the same moment waits."""
        connection = self._session.connection
        claimed = _CLAIM[connection.dialect == POSTGRESQL].run(
            connection,
            id=self.id,
            object=self._object,
            at=self._session.now,
            by=self._session.actor.id,
            file=self._file,
            counts={},
            undone=False,
        )
        return claimed == 1

    def earlier(self) -> dict[str, int]:
        """The counts of the import that was there before; a Conflict where it is not that one."""
        row = _EARLIER.row(self._session.connection, the_batch=self.id)
        if row is None or (row[0], row[1]) != (self._session.actor.id, self._object):
            raise Conflict("This import has gone. Start again with the file.")
        if row[2]:
            raise Conflict("This import was undone. Start again with the file to import it anew.")
        counts: dict[str, int] = row[3]
        return counts

    def created(self, drafts: Iterable[Draft]) -> None:
        rows = [{"batch": self.id, "record": d.id, "rev": 1, "before": None} for d in drafts]
        insert_rows(self._session.connection, IMPORT_ROW, rows)

    def updated(self, drafts: Iterable[Draft]) -> None:
        """Of a record that is written several times, what it was before the first of them."""
        rows = [
            {"batch": self.id, "record": d.id, "rev": d.values["rev"], "before": _before(d)}
            for d in drafts
        ]
        keys = ("batch", "record")
        insert_rows(self._session.connection, IMPORT_ROW, rows, keys=keys, other=("rev",))

    def close(self, counts: dict[str, Any], skipped: int) -> str:
        names = ("created", "updated", "unchanged")
        kept = {name: counts[name] for name in names} | {"skipped": skipped}
        _CLOSE.run(self._session.connection, the_batch=self.id, the_counts=kept)
        return self.id


def _before(draft: Draft) -> dict[str, Any]:
    before, fields = draft.before or {}, draft.type.fields
    return {
        name: wire_value(fields[name], before.get(name))
        for name in sorted(draft.changed)
        if not fields[name].system
    }


def undo(session: Session, batch: str) -> dict[str, Any]:
    """Take an import back: what it made goes to the bin, what it changed is as before.

    Refused as a whole where somebody has changed one of its records since.
    """
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
        rows = _ROWS.rows(session.connection, the_batch=batch)
        _refuse_changed(session, type_, rows)
        deleted = updated = 0
        for record, _, before in rows:
            if before is None:
                bin.delete(session, object_name, record)
                deleted += 1
            else:
                _restore(session, type_, record, before)
                updated += 1
    return {"batch": batch, "deleted": deleted, "restored": updated}


def _refuse_changed(session: Session, type_: ObjectType, rows: Sequence[tuple[Any, ...]]) -> None:
    changed = []
    for record, rev, _ in rows:
        now = load_row(session, type_.name, record, None)
        if now is None or now["rev"] != rev:
            title = now["title"] if now else ""
            changed.append({"object": type_.name, "id": record, "title": title})
    if changed:
        count = len(changed)
        raise Conflict(
            f"{count} of the records {'were' if count > 1 else 'was'} changed since the "
            "import. Undo these changes first.",
            changed=changed[:SHOWN],
        )


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
