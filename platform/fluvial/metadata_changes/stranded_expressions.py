"""Expressions that records hold and that would not be valid any more after a change of metadata."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from fluvial.database.object_tables import tables_of
from fluvial.database.schema_changes import SchemaOperation
from fluvial.database.statement import Compiled
from fluvial.records.drafts.held_expressions import expression_fields, read_held
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.errors import ExpressionError

STRANDED = "strand_expressions"
SHOWN = 3  # texts that are told of a field


def stranded_expressions(session: Session, old: Catalog, new: Catalog) -> Iterator[SchemaOperation]:
    """An operation for each field whose expressions name what goes or gets another type."""
    if all(old.objects.get(name) is type_ for name, type_ in new.objects.items()):
        if len(old.objects) == len(new.objects):
            return
    for name, fields in expression_fields(old).items():
        type_ = new.objects.get(name)
        for field in fields:
            after = None if type_ is None else type_.fields.get(field.name)
            if after in expression_fields(new).get(name, ()):
                assert after is not None
                yield from _of_field(session, old, new, field, after)


def _of_field(
    session: Session, old: Catalog, new: Catalog, before: Field, after: Field
) -> Iterator[SchemaOperation]:
    lost: dict[str, int] = {}
    for text, count in _held(session, old, before):
        if _valid(old, before, text) and not _valid(new, after, text):
            lost[text] = count
    if not lost:
        return
    told = [
        f"{count} record{'' if count == 1 else 's'} of {before.object} with {before.name}: {text}"
        for text, count in sorted(lost.items())[:SHOWN]
    ]
    if len(lost) > SHOWN:
        told.append(f"{len(lost) - SHOWN} more expressions in {before.object}.{before.name}")
    yield SchemaOperation(
        STRANDED,
        f"{before.object}.{before.name}",
        rows=sum(lost.values()),
        uses=told,
        undo="Restore what they name, or write these expressions anew.",
    )


def _held(session: Session, catalog: Catalog, field: Field) -> list[tuple[str, int]]:
    """The different expressions of a field, and how many records hold each."""
    table = tables_of(catalog).objects[field.object]
    column = table.c[field.base]
    statement = (
        sa.select(column, sa.func.count())
        .where(table.c.deleted_at.is_(None), column.is_not(None))
        .group_by(column)
    )
    plan = Compiled(statement, session.connection.dialect)
    return [(str(t), int(n)) for t, n in session.connection.query(plan.sql, plan.binds({})) if t]


def _valid(catalog: Catalog, field: Field, text: str) -> bool:
    try:
        read_held(catalog, field, text)
    except (ExpressionError, KeyError):
        return False
    return True
