"""What is in the way of undoing an import: what came later and would be lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY, IMPORT, IMPORT_ROW
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.records.drafts.rows import load_row, load_rows
from fluvial.records.writing.bin import references_to, referring
from fluvial.records.writing.bulk_bin import referring_to_any
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.storage import POSTGRESQL, SQLITE, UUID

_h = HISTORY.c
_i = IMPORT.c
_r = IMPORT_ROW.c
_LATER = Statement(
    sa.select(_h.event, _h.rule, _h.changes)
    .where(_h.record == param("the_record", _h.record), _h.rev > param("the_rev", _h.rev))
    .order_by(_h.rev)
)
_MADE_BY = Statement(
    sa.select(_h.rule).where(_h.record == param("the_record", _h.record)).order_by(_h.rev).limit(1)
)
_IMPORTS = Statement(
    sa.select(_i.id, _i.file)
    .select_from(IMPORT_ROW.join(IMPORT, _i.id == _r.batch))
    .where(
        _r.record == param("the_record", _r.record),
        _r.rev > param("the_rev", _r.rev),
        _i.undone.is_not(sa.true()),
    )
    .order_by(_r.rev.desc())
)


_REVS = {
    dialect: Statement(
        sa.select(_h.record, sa.func.max(_h.rev))
        .where(among_ids(_h.record, dialect))
        .group_by(_h.record)
    )
    for dialect in (SQLITE, POSTGRESQL)
}
_MADE = {
    dialect: Statement(
        sa.select(_r.record).where(
            _r.batch == param("the_batch", _r.batch),
            _r.before.is_(None),
            among_ids(_r.record, dialect),
        )
    )
    for dialect in (SQLITE, POSTGRESQL)
}


_ALL_MADE = Statement(
    sa.select(_r.record).where(_r.batch == param("the_batch", _r.batch), _r.before.is_(None))
)


class ImportedRow(NamedTuple):
    """What an import did to one record."""

    batch: str
    record: str
    rev: int  # that it left
    before: dict[str, Any] | None  # None where it made the record


class Suspects(NamedTuple):
    """Records that may have an obstacle, and what the import made of those that refer to them."""

    records: set[str]
    made: set[str]


def suspects(
    session: Session, type_: ObjectType, batch: str, rows: Sequence[ImportedRow]
) -> Suspects:
    """Which of the rows have to be looked at one by one: a few statements for all of them."""
    connection, ids = session.connection, [row.record for row in rows]
    listed = id_list(connection.dialect, ids)
    found = load_rows(session, type_.name, ids, None, live=True, limit=max(1, len(ids)))
    live = {row["id"] for row in found}
    revs: dict[str, int] = dict(_REVS[connection.dialect].rows(connection, ids=listed))
    records = {r.record for r in rows if r.record not in live or revs.get(r.record, 0) > r.rev}
    uses = [
        use
        for field in references_to(session.catalog, type_.name)
        if field.kind.linked or any(column.storage is UUID for column in field.columns)
        for use in referring_to_any(session, field, type_.name, ids)
    ]
    sources = id_list(connection.dialect, {source for _, source in uses})
    found_made = _MADE[connection.dialect].rows(connection, the_batch=batch, ids=sources)
    made = {row[0] for row in found_made} if uses else set()
    records |= {held for held, source in uses if source not in made}
    if records:  # what goes along with them may be used by any other record of the import
        made = {row[0] for row in _ALL_MADE.rows(connection, the_batch=batch)}
    return Suspects(records, made)


def obstacle(
    session: Session, type_: ObjectType, row: ImportedRow, made: set[str]
) -> dict[str, Any] | None:
    """What of this record would be lost, in words; None where nothing would."""
    now = load_row(session, type_.name, row.record, None)
    found = {"object": type_.name, "id": row.record, "title": now["title"] if now else ""}
    if now is None:
        if row.before is None:
            return None  # it has gone already
        return found | {"reason": "It is in the bin. Restore it first."}
    names = sorted(_changed_since(session, row))
    if names:
        shown = [name for name in names if not session.access.hides(type_.name, name)]
        return {**found, "fields": shown, **_later_change(session, type_, row, shown)}
    if row.before is None:
        uses = list(_uses(session, type_, row.record, made))
        if uses:
            labels = sorted({session.catalog.objects[name].plural.lower() for name in uses})
            count = f"{len(uses)} later records use" if len(uses) > 1 else "1 later record uses"
            reason = f"{count} it, in {', '.join(labels)}. Delete or change that first."
            return found | {"reason": reason}
    return None


def _changed_since(session: Session, row: ImportedRow) -> set[str]:
    """The fields whose values are not those that the import left.

    What was changed and changed back is as it was; what a rule added to a record that the import
    made goes with it.
    """
    left: dict[str, Any] = {}
    latest: dict[str, Any] = {}
    planned: set[str] = set()
    entries = _LATER.rows(session.connection, the_record=row.record, the_rev=row.rev)
    for event, rule, changes in entries:
        if rule and row.before is None:
            continue
        for name, (old, *_, new) in changes.items():
            if row.before is not None and name not in row.before:
                continue
            left.setdefault(name, old)
            latest[name] = new
            if ":" in event:
                planned.add(name)  # a value of another day
    return {name for name, value in left.items() if latest[name] != value} | planned


def _later_change(
    session: Session, type_: ObjectType, row: ImportedRow, names: list[str]
) -> dict[str, Any]:
    """Who changed it since, as far as that is another import, and the remedy."""
    labels = [type_.fields[name].label for name in names if name in type_.fields]
    what = ", ".join(labels) or "It"
    later = _IMPORTS.row(session.connection, the_record=row.record, the_rev=row.rev)
    if later is None:
        return {"reason": f"{what} changed after the import. Undo that change first."}
    batch, file = later
    reason = f"{what} changed in a later import, {file}. Undo that import first."
    return {"import": {"batch": batch, "file": file}, "reason": reason}


def _uses(session: Session, type_: ObjectType, record: str, made: set[str]) -> Iterator[str]:
    """The object types of records that refer to it and are not of the import, or of its rules."""
    for field in references_to(session.catalog, type_.name):
        for other in referring(session, field, type_.name, record):
            if other in made:
                continue
            first = _MADE_BY.row(session.connection, the_record=other)
            if first is None or not first[0]:
                yield field.object
