"""Titles of many records at once, for the labels of what others refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Compiled
from fluvial.kernel.ids import is_id
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.sql import Source
from metamodel.expressions.types import ROLE
from metamodel.object_types import PEOPLE
from metamodel.roles import role_titles

from .plan_cache import plans_of
from .row_builder import Output, RowBuilder
from .sql_context import PlanContext, ask


def titles_of(session: Session, object_name: str, records: Iterable[str]) -> dict[str, str]:
    """The titles of those of the ids that the actor may see; one statement. People are known."""
    if object_name == ROLE and ROLE not in session.catalog.objects:
        return role_titles(session.catalog, records)
    # Histories of retyped fields tell of values from before, which were no ids.
    ids = [record for record in dict.fromkeys(records) if is_id(record)]
    if not ids:
        return {}
    listed = id_list(session.connection.dialect, ids)
    plan, read = _plan(session, object_name)
    rows = map(read, ask(session, plan, ids=listed))
    found = {record["id"]: record["title"] for record in rows}
    # As they were asked for: the order of the table tells what was written last.
    return {record: found[record] for record in ids if record in found}


def with_titles(
    session: Session, object_name: str, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows with an `id`, each with the title that the actor may read of its record."""
    listed = list(rows)
    titles = titles_of(session, object_name, (row["id"] for row in listed))
    return [{**row, "title": titles.get(row["id"], "")} for row in listed]


def _plan(session: Session, object_name: str) -> tuple[Compiled, RowBuilder]:
    catalog, access, dated = session.catalog, session.access, session.as_of is not None
    dialect = session.connection.dialect

    def make() -> tuple[Compiled, RowBuilder]:
        context = PlanContext(catalog, access, dialect, as_of=dated)
        source = Source(context, object_name)
        record = source.column("id")
        output = Output(context, source, catalog.objects[object_name])
        output.add(("id",))
        output.add(("title",))
        statement = sa.select(*output.columns).where(among_ids(record, dialect))
        allowed = None
        if object_name not in PEOPLE:
            allowed = context.allowed(object_name, "read", source)
        if allowed is not None:
            statement = statement.where(allowed)
        joined = statement.select_from(source.joined())
        return context.compiled(joined, steady=None), output.builder()

    key = (access.roles, access.unrestricted, "titles", object_name, dated)
    plan: tuple[Compiled, RowBuilder] = plans_of(catalog).get(key, make)
    return plan


def references(field: Field, value: Any) -> Iterable[tuple[str, str]]:
    """The (object, id) of a look-up's value in wire form."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and field.to:
            yield field.to, one
        elif isinstance(one, Mapping) and "object" in one:
            yield one["object"], one["id"]
        elif isinstance(one, Mapping) and field.to:  # a link that has fields of its own
            yield field.to, one["id"]
        elif isinstance(one, Mapping):
            yield from one.items()


def titles_in(
    session: Session, fields: Iterable[Field], records: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """The titles behind the look-ups of records in wire form; a statement for each object."""
    wanted: dict[str, dict[str, None]] = {}
    looking = [field for field in fields if field.targets]
    for record in records:
        for field in looking:
            value = record.get(field.name)
            if value:
                for target, id_ in references(field, value):
                    wanted.setdefault(target, {})[id_] = None
    found: dict[str, str] = {}
    for target, ids in wanted.items():
        found |= titles_of(session, target, ids)
    return found
