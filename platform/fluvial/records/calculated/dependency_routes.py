"""Routes: from records that changed to the records whose calculated values that may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.id_lists import id_list, listed_ids
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import ask
from fluvial.runtime.prefetch import targets_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.dependencies import Route, RouteStep
from metamodel.expressions.reads import EVERY
from metamodel.expressions.types import PERSON
from metamodel.storage import INTEGER, POSTGRESQL, UUID

NOBODY = "00000000-0000-0000-0000-000000000000"


def begun(
    session: Session, step: RouteStep, record: str, values: Iterable[Mapping[str, Any] | None]
) -> set[str]:
    """Where the first step leads a record: by its look-up before the change, and after it."""
    if step.back:
        return {record}
    field = session.catalog.objects[step.object].fields[step.field]
    return {
        id_
        for known in values
        if known is not None and known.get(step.field) is not None
        for target, id_ in targets_of(field, known[step.field])
        if target == step.target
    }


def followed(
    session: Session, route: Route, ids: Iterable[str], limit: int, *, after: str = NOBODY
) -> list[str]:
    """The ids at the end of a route, in order; at most `limit` of those behind `after`."""
    listed = id_list(session.connection.dialect, ids)
    rows = ask(session, _plan(session, route), ids=listed, after=after, limit=limit)
    return [row[0] for row in rows]


def every(
    session: Session, object_name: str, limit: int, *, after: str = NOBODY, newest: bool = False
) -> list[str]:
    """The ids of records, binned ones too, in order: the first behind `after`, or the last."""

    def make() -> Compiled:
        table = tables_of(session.catalog).objects[object_name]
        behind = table.c.id > sa.bindparam("after", type_=table.c.id.type)
        order = table.c.id.desc() if newest else table.c.id
        statement = sa.select(table.c.id).where(behind).order_by(order)
        return Compiled(
            statement.limit(sa.bindparam("limit", type_=Stored(INTEGER))),
            session.connection.dialect,
        )

    compiled: Compiled = plans_of(session.catalog).get(("every", object_name, newest), make)
    return [row[0] for row in ask(session, compiled, after=after, limit=limit)]


def _plan(session: Session, route: Route) -> Compiled:
    dialect = session.connection.dialect

    def make() -> Compiled:
        ids: sa.Select[Any] = listed_ids(dialect)
        for step in route:
            ids = _stepped(session.catalog, step, ids)
        found = ids.subquery()
        (id_,) = found.c
        after = sa.bindparam("after", type_=Stored(UUID))
        if dialect == POSTGRESQL:
            after = sa.cast(after, sa.Uuid)  # type: ignore[assignment]
        statement = sa.select(id_).where(id_.is_not(None), id_ > after).distinct().order_by(id_)
        return Compiled(statement.limit(sa.bindparam("limit", type_=Stored(INTEGER))), dialect)

    compiled: Compiled = plans_of(session.catalog).get(("route", route), make)
    return compiled


def _stepped(catalog: Catalog, step: RouteStep, ids: sa.Select[Any]) -> sa.Select[Any]:
    tables = tables_of(catalog)
    if step.field == EVERY:
        whole = tables.objects[step.object].alias()
        return sa.select(whole.c.id).where(ids.exists())
    field = catalog.objects[step.object].fields[step.field]
    if field.kind.linked:
        link = tables.links[step.object, step.field].alias()
        if step.back:
            return sa.select(link.c.source).where(link.c.target.in_(ids))
        return sa.select(link.c.target).where(link.c.source.in_(ids))
    table = tables.objects[step.object].alias()
    person = field.type.name == PERSON.name
    suffix = f"__{step.target}" if person and step.target != "user" else ""
    held = table.c[field.base + (suffix or field.columns[0].suffix)]
    if step.back:
        found = sa.select(table.c.id).where(held.in_(ids))
    else:
        found = sa.select(held).where(table.c.id.in_(ids))
    if f"{field.base}__object" in table.c:
        named: sa.ColumnElement[str] = sa.literal_column(f"'{step.target}'")
        found = found.where(table.c[f"{field.base}__object"] == named)
    return found
