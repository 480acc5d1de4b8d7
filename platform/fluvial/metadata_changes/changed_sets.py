"""Change sets that a change of metadata leaves with edits that can no longer be applied."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy as sa

from fluvial.database.change_set_tables import CHANGE_SET as APPLIED
from fluvial.database.change_set_tables import KEPT_EDIT
from fluvial.database.object_tables import tables_of
from fluvial.database.schema_changes import SchemaOperation
from fluvial.database.statement import Compiled
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.change_sets.change_set_part import CHANGE_SET

STRAND = "strand_edits"


def stranded_sets(session: Session, old: Catalog, new: Catalog) -> Iterator[SchemaOperation]:
    """An operation for each object whose open records keep changes of what they lose."""
    for name, type_ in old.objects.items():
        before = CHANGE_SET.of(type_)
        known = new.objects.get(name)
        if before is None or known is type_ or known is None:
            continue
        after = CHANGE_SET.of(known)
        lost = before.of - (after.of if after is not None else frozenset())
        rows = _count(session, old, name, lost) if lost else 0
        if rows:
            yield SchemaOperation(STRAND, name, rows=rows, undo="Restore what it changes.")


def _count(session: Session, catalog: Catalog, name: str, lost: Collection[str]) -> int:
    """The open change sets that keep changes of some objects."""
    table, kept = tables_of(catalog).objects[name], KEPT_EDIT.c
    objects = [sa.literal(one, kept.object.type) for one in sorted(lost)]
    statement = (
        sa.select(sa.func.count(sa.distinct(kept.change_set)))
        .select_from(KEPT_EDIT)
        .join(table, table.c.id == kept.change_set)
        .where(
            table.c.deleted_at.is_(None),
            kept.object.in_(objects),
            ~sa.exists().where(APPLIED.c.id == kept.change_set),
        )
    )
    plan = Compiled(statement, session.connection.dialect)
    return int(session.connection.query(plan.sql, plan.binds({}))[0][0])
