"""Values of expressions for many records in one statement, as the rights of the system see them.

What is charged is the same whoever asks, as formulas are. Names of the scope become binds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import access_of
from fluvial.auth.actors import SYSTEM
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.row_builder import as_stored
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from metamodel.expressions.expression import Expression
from metamodel.expressions.sql import Builder, Source
from metamodel.expressions.sql_value import storage_of
from metamodel.expressions.types import MONEY, NUMBER, Type
from metamodel.storage import TEXT

Values = dict[str, Any]
Read = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, eq=False)
class BatchQuestion:
    """Expressions about the records of an object type, and fields of theirs.

    With a `link`, records are asked by what they look up, which the expressions call `record`.
    """

    key: tuple[Any, ...]  # of the catalog's plans
    object: str
    expressions: Mapping[str, Expression]
    fields: tuple[str, ...] = ()
    link: str = ""
    names: Mapping[str, Type] | None = None
    binned: bool = False  # whether those in the bin are asked, too


@dataclass(frozen=True)
class BatchRow:
    """What is answered of one record; `parent` is the record that it belongs to."""

    id: str
    parent: str
    live: bool
    values: Values


@dataclass(frozen=True)
class _BatchPlan:
    compiled: Compiled
    readers: tuple[tuple[str, slice, Read], ...]


def batch_values(
    session: Session,
    question: BatchQuestion,
    ids: Iterable[str],
    *,
    by_id: bool = False,
    day: date | None = None,
    names: Mapping[str, Any] | None = None,
) -> list[BatchRow]:
    """Of records by the ids of what they belong to, or by their own; in the order of ids."""
    listed = list(ids)
    if not listed:
        return []
    dialect, dated = session.connection.dialect, day is not None
    own = by_id or not question.link
    key = ("batch values", *question.key, own, dated)
    plan: _BatchPlan = plans_of(session.catalog).get(
        key, lambda: _planned(session, question, own, dated)
    )
    binds = {
        name: storage_of(type).encode(dialect, (names or {}).get(name))
        if (names or {}).get(name) is not None
        else None
        for name, type in (question.names or {}).items()
    }
    at = session.at(day) if day is not None else session
    rows = ask(at, plan.compiled, ids=id_list(dialect, listed), **binds)
    return [_row(plan, row) for row in rows]


def _row(plan: _BatchPlan, row: Sequence[Any]) -> BatchRow:
    values = {name: read(row[where]) for name, where, read in plan.readers}
    parent = str(row[1]) if row[1] is not None else ""
    return BatchRow(str(row[0]), parent, row[2] is None, values)


def _planned(session: Session, question: BatchQuestion, own: bool, dated: bool) -> _BatchPlan:
    dialect = session.connection.dialect
    access = access_of(session.catalog, SYSTEM)
    context = PlanContext(session.catalog, access, dialect, as_of=dated)
    context.fresh = True  # values that are stored may be about to be worked out anew
    sql = context.trusted()
    source = Source(sql, question.object)
    record = source.through((question.link,)) if question.link else source
    held = source.column(question.link) if question.link else source.column("id")
    columns: list[sa.ColumnElement[Any]] = [source.column("id"), held, source.column("deleted_at")]
    readers: list[tuple[str, slice, Read]] = []
    for name, expression in question.expressions.items():
        builder = Builder(sql, source, record).lift(expression)
        value = builder.value(expression.tree)
        parts = list(value.parts)
        if expression.type.name == MONEY.name and len(parts) == 1:
            parts.append((builder.currency(value, expression.type), TEXT))
        at = slice(len(columns), len(columns) + len(parts))
        columns += [as_stored(element, storage, dialect) for element, storage in parts]
        decoders = [storage.decoder(dialect) for _, storage in parts]
        readers.append((name, at, _reader(expression.type, decoders)))
    for name in question.fields:
        value = Builder(sql, source, source).field(source, name)
        at = slice(len(columns), len(columns) + len(value.parts))
        columns += [element for element, _ in value.parts]
        decoders = [storage.decoder(dialect) for _, storage in value.parts]
        type = session.catalog.objects[question.object].fields[name].type
        readers.append((f"field {name}", at, _reader(type, decoders)))
    asked = source.column("id") if own else held
    statement = (
        sa.select(*(one.label(f"v{i}") for i, one in enumerate(columns)))
        .select_from(source.joined())
        .where(among_ids(asked, dialect))
        .order_by(source.column("id"))
    )
    if not question.binned:
        statement = statement.where(source.column("deleted_at").is_(None))
    return _BatchPlan(context.compiled(statement, steady=None), tuple(readers))


def _reader(type: Type, decoders: Sequence[Callable[[Any], Any] | None]) -> Read:
    def read(parts: Sequence[Any]) -> Any:
        values = [
            part if part is None or decode is None else decode(part)
            for part, decode in zip(parts, decoders, strict=True)
        ]
        if values[0] is None and type.name in (MONEY.name, NUMBER.name):
            return None
        if type.name == MONEY.name:
            return Amount(values[0], values[1] or "")
        if len(values) == 1:
            return values[0]
        return None if values[0] is None else (values[1], values[0])

    return read
