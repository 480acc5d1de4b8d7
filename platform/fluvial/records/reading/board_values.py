"""Which values of a field form columns: those that are there, or those that were used last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.storage import UUID

from .plan import PagePlanner
from .plan_cache import plans_of
from .query import Query
from .query_values import query_values_of
from .reader import query_values
from .sql_context import ask

MAX_COLUMNS = 100
NEWEST = 2_000  # records whose values were used last


@dataclass(frozen=True)
class HeldPart:
    """One of the columns that hold a field's values; people have one for each kind of them."""

    field: str
    suffix: str
    others: tuple[str, ...]  # the suffixes of the other columns, which are empty then
    kind: str  # "user", "team", ...; "" where there is but one
    is_id: bool

    def text(self, held: str) -> str:
        return f"{self.kind}:{held}" if self.kind else held


@dataclass(frozen=True)
class ShownValues:
    """The values that form columns. None: they cannot be told, so that records are grouped."""

    values: Sequence[str] | None
    more: bool = False  # whether there are others


def parts_of(field: Field) -> tuple[HeldPart, ...]:
    shown = [column for column in field.columns if not column.hidden]
    return tuple(
        HeldPart(
            field.name,
            column.suffix,
            tuple(c.suffix for c in shown if c is not column),
            (column.suffix.removeprefix("__") or "user") if field.type.people else "",
            column.storage == UUID,
        )
        for column in shown
    )


def parted(field: Field, values: Sequence[str]) -> Iterator[tuple[HeldPart, list[str]]]:
    """The values as they are stored, by the column that holds them."""
    for part in parts_of(field):
        held = [
            text.removeprefix(part.text("")) for text in values if text.startswith(part.text(""))
        ]
        if held:
            yield part, held


def walks(session: Session, field: Field) -> bool:
    """Whether an index can lead to the records of each value of a field."""
    one = field.type.people or len(parts_of(field)) == 1
    return one and session.as_of is None and field.stored and not field.many


def shown_values(session: Session, query: Query, field: Field) -> ShownValues:
    """The values of a field that are there; of too many, those that the newest records have."""
    if not walks(session, field):
        return ShownValues(None)
    held = [text for part in parts_of(field) for text in _held(session, field, part)]
    if field.type.options:  # also those that are taken out, while records hold them
        names = [option.name for option in field.type.options]
        return ShownValues(list(dict.fromkeys([*names, *held])))
    if len(held) <= MAX_COLUMNS:
        return ShownValues(held)
    used = dict.fromkeys((*_used_last(session, query, field), *held))
    return ShownValues(list(used)[:MAX_COLUMNS], more=True)


def _held(session: Session, field: Field, part: HeldPart) -> list[str]:
    """What a column holds, found by going from one value to the next; at most one too many."""
    table, name = f'"{field.object}"', f'"{field.base}{part.suffix}"'
    empty = " AND ".join(
        ['"deleted_at" IS NULL', *(f'"{field.base}{other}" IS NULL' for other in part.others)]
    )
    # In the order of the index, whose other columns are empty: PostgreSQL has to be told.
    order = ", ".join(f'"{field.base}{one.suffix}"' for one in parts_of(field))
    rows = session.connection.query(
        f"WITH RECURSIVE held(value) AS ("
        f"SELECT (SELECT {name} FROM {table} WHERE {name} IS NOT NULL AND {empty} "
        f"ORDER BY {order} LIMIT 1) "
        f"UNION ALL SELECT (SELECT {name} FROM {table} WHERE {name} > held.value AND {empty} "
        f"ORDER BY {order} LIMIT 1) FROM held WHERE held.value IS NOT NULL) "
        f"SELECT CAST(value AS TEXT) FROM held WHERE value IS NOT NULL LIMIT {MAX_COLUMNS + 1}"
    )
    return [part.text(row[0]) for row in rows]


def _used_last(session: Session, query: Query, field: Field) -> Iterator[str]:
    """The values in the newest records, as far as they are asked for."""
    access, wanted = session.access, query_values_of(session.access, query)
    key = (access.roles, access.unrestricted, "used", query.outline, wanted.key, field.name)

    def make() -> Compiled:
        planner = PagePlanner(session, query, wanted)
        every = tables_of(session.catalog).objects[query.object].alias().c
        newest = sa.select(every.id).where(every.deleted_at.is_(None)).order_by(every.id.desc())
        newest = newest.limit(sa.literal_column(str(NEWEST)))
        source = planner.source
        held = [source.column(field.name, part.suffix) for part in parts_of(field)]
        record = source.column("id")
        statement = sa.select(*held).where(record.in_(newest), *planner.conditions())
        return planner.context.compiled(
            statement.select_from(source.joined()).order_by(record.desc())
        )

    plan: Compiled = plans_of(access.catalog).get(key, make)
    binds = query_values(session, session.object(query.object), query, wanted)
    for row in ask(session, plan, **binds):
        for part, value in zip(parts_of(field), row, strict=True):
            if value is not None:
                yield part.text(str(value))
