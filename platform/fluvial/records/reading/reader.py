"""Reading: one record, a page of records, or counts of them, as far as the actor may see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fluvial.database.id_lists import id_list
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.kinds.kind import TextFormat

from . import cursor
from .caller_paths import resolve
from .equality_filters import equal_binds
from .plan import CAPPED, page_plan, record_plan, records_plan
from .query import Path, Query, Total
from .query_values import QueryValues, query_values_of
from .search_plan import finding, search_values
from .slow_reads import watched
from .sql_context import ask


def read_one(
    session: Session,
    object_name: str,
    record: str,
    fields: tuple[Path, ...] | None = None,
    action: str = "read",
) -> dict[str, Any]:
    """One record in wire form. What the actor may not see is not there."""
    found = find_one(session, object_name, record, fields, action)
    if found is None:
        type_ = session.object(object_name)
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    return found


def find_one(
    session: Session,
    object_name: str,
    record: str,
    fields: tuple[Path, ...] | None = None,
    action: str = "read",
) -> dict[str, Any] | None:
    session.object(object_name)
    if not is_id(record):
        return None
    plan = record_plan(session, object_name, fields, action)
    rows = ask(session, plan.page, id=record)
    return plan.builder(rows[0]) if rows else None


def find_many(session: Session, object_name: str, records: Iterable[str]) -> dict[str, Any]:
    """Records in wire form by their ids; those that the actor may read."""
    plan = records_plan(session, object_name)
    rows = ask(session, plan.page, ids=id_list(session.connection.dialect, records))
    return {record["id"]: record for record in map(plan.builder, rows)}


def read_page(session: Session, query: Query) -> dict[str, Any]:
    """A page: `data`, `next` (a cursor or None) and `total` where it was asked for."""
    with watched(session, query, "list"):
        return _read_page(session, query)


def _read_page(session: Session, query: Query) -> dict[str, Any]:
    type_ = session.object(query.object)
    if query.as_of is not None:
        session = session.at(query.as_of)
    if query.deleted:
        session.object(query.object, "delete")
    if query.search:
        query = replace(query, finding=finding(session, type_, query))
    wanted = query_values_of(session.access, query)
    values = query_values(session, type_, query, wanted)
    empties: tuple[bool, ...] | None = None
    if query.cursor:
        first = page_plan(session, query, wanted, None)
        last = cursor.decode(query.cursor, first.shape, first.keys)
        empties = tuple(value is None for value in last)
        values |= cursor.binds(last)
    plan = page_plan(session, query, wanted, empties)
    values["limit"] = query.limit + 1
    rows = cursor.followed(query.cursor, session, plan.page, values)
    more = len(rows) > query.limit
    if more:
        rows.pop()
    page: dict[str, Any] = {"data": [plan.builder(row) for row in rows], "next": None}
    if more:
        page["next"] = cursor.encode(plan.shape, rows[-1][-plan.keys :])
    if plan.counted is not None:
        count = ask(session, plan.counted, **values)[0][0]
        page["total"] = min(count, CAPPED) if query.total == "capped" else count
        if query.total == "capped":
            page["capped"] = count > CAPPED
    return page


def query_values(
    session: Session, type_: ObjectType, query: Query, wanted: QueryValues
) -> dict[str, Any]:
    """The binds of a query and of its condition, beside those of the session."""
    dialect = session.connection.dialect
    values = wanted.binds(dialect)
    form = TextFormat(zone=session.catalog.zone)
    for i, (name, text) in enumerate(query.equals):
        field = resolve(session.access, type_, (name,), name)
        values |= equal_binds(field, f"e{i}", text, dialect, form)
    if query.search:
        values |= search_values(query.search, dialect, query.finding)
    return values


def count(session: Session, query: Query, total: Total = "exact") -> int:
    """How many records a query has, as far as they may be seen; a capped count ends at one more."""
    counted = Query(
        query.object,
        (("id",),),
        query.where,
        query.equals,
        query.search,
        total=total,
        as_of=query.as_of,
        deleted=query.deleted,
    )
    if query.as_of is not None:
        session = session.at(query.as_of)
    wanted = query_values_of(session.access, counted)
    plan = page_plan(session, counted, wanted, None).counted
    assert plan is not None
    values = query_values(session, session.object(query.object), counted, wanted)
    with watched(session, counted, "count"):
        return int(ask(session, plan, **values)[0][0])
