"""Many records into the bin that nothing refers to, in as few statements as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.records.drafts.bin_judgement import judge_bin
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.insertion import update_cells
from fluvial.records.drafts.record_locks import refuse_in_locked, refuse_whole
from fluvial.records.drafts.rows import changed_meanwhile, load_rows
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.records.reading.plan_cache import plans_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .after_write import DELETED, leave
from .bulk_writes import packing
from .new_drafts import existing, stamp


def bin_unused(session: Session, object_name: str, records: Sequence[str]) -> int:
    """Move records to the bin to which nothing refers that stays; how many there were."""
    if not records:
        return 0
    type_ = session.object(object_name, "delete")
    with session.connection.transaction():
        lock_writers(session, object_name)
        limit = len(records)
        rows = load_rows(session, object_name, records, "delete", live=True, lock=True, limit=limit)
        allowed = {row["id"] for row in rows}
        for record in records:
            if record not in allowed:
                existing(session, type_, record, "delete")  # says what is in the way
        drafts = []
        for row in rows:
            values = {"deleted_at": session.now, **stamp(session, row)}
            drafts.append(Draft(session, type_, row["id"], row, {**row, **values}))
            refuse_whole(drafts[-1])
            judge_bin(drafts[-1], DELETED)
        refuse_in_locked(drafts)
        names = {"deleted_at", "rev", "updated_at", "updated_by"}
        columns, pack = packing(session, type_, names)
        table = tables_of(session.catalog).objects[object_name]
        cells = [[*pack(d.values), d.id, (d.before or {})["rev"]] for d in drafts]
        if update_cells(session.connection, table, columns, ("id", "rev"), cells) != len(drafts):
            raise changed_meanwhile(type_)
        leave(DELETED, drafts)
    return len(drafts)


def referring_to_any(
    session: Session, field: Field, target: str, records: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Of records that a field of live records refers to: their id, and that of who refers."""
    dialect = session.connection.dialect

    def make() -> Compiled:
        tables = tables_of(session.catalog)
        table = tables.objects[field.object]
        source = table.c.id
        joined: sa.FromClause = table
        if field.kind.linked:
            link = tables.links[field.object, field.name]
            held, joined = link.c.target, table.join(link, link.c.source == table.c.id)
            conditions = [among_ids(held, dialect)]
        else:
            own = [c for c in field.columns if c.references == target]
            held = table.c[field.name + own[0].suffix] if own else table.c[field.name]
            conditions = [among_ids(held, dialect)]
            if not own:  # any_lookup: the id, and the object beside it
                named = table.c[f"{field.name}__object"]
                conditions.append(named == sa.literal_column(f"'{target}'"))
        statement = sa.select(held, source).select_from(joined)
        return Compiled(statement.where(table.c.deleted_at.is_(None), *conditions), dialect)

    key = ("referring to any", field.object, field.name, target)
    compiled: Compiled = plans_of(session.catalog).get(key, make)
    binds = compiled.binds({"ids": id_list(dialect, records)})
    for held, source in session.connection.query(compiled.sql, binds):
        yield str(held), str(source)
