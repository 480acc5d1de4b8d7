"""Rows that tie already when a decision is defined: it is refused, and names two of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Conflict
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.decisions.decision import DecisionTable


def refuse_tied_rows(session: Session, catalog: Catalog) -> None:
    """In the transaction of a new catalog: look through the rows of decisions that changed."""
    for decision in catalog.decisions.values():
        if _same_rows(session.catalog, catalog, decision):
            continue
        found = _tied(session, catalog, decision)
        if found:
            titles = titles_of(session, decision.object, found)
            named = " and ".join(titles.get(one) or one for one in found)
            raise Conflict(
                f"Two rows of the decision `{decision.name}` tie: {named} have the same inputs"
                " and hold on the same day. Change one of them first."
            )


def _same_rows(old: Catalog, new: Catalog, decision: DecisionTable) -> bool:
    """Whether its rows are told apart as before, or there can be none yet."""
    before = old.decisions.get(decision.name)
    if decision.object not in old.objects:
        return True
    if before is None or (before.object, before.inputs) != (decision.object, decision.inputs):
        return False
    return old.objects[decision.object].dated == new.objects[decision.object].dated


def _tied(session: Session, catalog: Catalog, decision: DecisionTable) -> list[str]:
    type_ = catalog.objects[decision.object]
    dialect = session.connection.dialect
    compiled = Compiled(_query(catalog, type_, decision), dialect)
    rows = session.connection.query(compiled.sql, compiled.binds({}))
    return [rows[0][0], rows[0][1]] if rows else []


def _query(catalog: Catalog, type_: ObjectType, decision: DecisionTable) -> sa.Select[Any]:
    """Rows in the order of their days, with the one before: if any two meet, two neighbours do."""
    table = tables_of(catalog).objects[type_.name]
    inputs = [
        table.c[name + column.suffix]
        for name in decision.inputs
        for column in type_.fields[name].columns
        if not column.hidden
    ]
    live = table.c.deleted_at.is_(None)
    if type_.dated is None:
        before = sa.func.lag(table.c.id).over(partition_by=inputs, order_by=table.c.id)
        rows = sa.select(before.label("one"), table.c.id.label("other")).where(live).subquery()
        found: sa.ColumnElement[bool] = rows.c.one.is_not(None)
    else:
        start, until = table.c[type_.dated.from_], table.c[type_.dated.until]
        order: list[sa.ColumnElement[Any]] = [start, table.c.id]

        def previous(column: sa.ColumnElement[Any], label: str) -> sa.ColumnElement[Any]:
            return sa.func.lag(column).over(partition_by=inputs, order_by=order).label(label)

        rows = (
            sa.select(
                previous(table.c.id, "one"), table.c.id.label("other"),
                previous(until, "ended"), start.label("start"),
            )
            .where(live, start.is_not(None))
            .subquery()
        )  # fmt: skip
        meets = sa.or_(rows.c.ended.is_(None), rows.c.ended > rows.c.start)
        found = sa.and_(rows.c.one.is_not(None), meets)
    return sa.select(rows.c.one, rows.c.other).where(found).limit(1)
