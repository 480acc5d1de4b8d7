"""Filling: what a change of metadata means for the calculated values of records that are there,
and for the logs of their states."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import CATALOG
from fluvial.database.locks import Lock, hold
from fluvial.database.object_tables import field_columns
from fluvial.database.schema_changes import Columns, Ddl, SchemaOperation, count_rows, estimate
from fluvial.database.schema_locks import alter
from fluvial.database.statement import Statement
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.cycles import Place
from metamodel.dependencies import TITLE, graph_of
from metamodel.object_types import placeholders
from metamodel.storage import POSTGRESQL

from . import recalculation_queue
from .calculations import fill
from .log_filling import fill_log, newly_logged

FILL_LOG = "fill_log"
MOST_FILLED = 2_000  # records whose values are worked out in the transaction of the change
_LOGS = Statement(sa.select(CATALOG.c.logs))
_LOGS_KEPT = Statement(CATALOG.update().values(logs=sa.literal_column("1")))


def filling(
    connection: Connection, old: Catalog, new: Catalog, operations: Sequence[SchemaOperation]
) -> list[SchemaOperation]:
    """One operation for each formula that is new, changed or depends on one of these.

    Before them one for each field that keeps a log from now on: formulas may ask it.
    """
    made = {operation.target for operation in operations if operation.op == "add_object"}
    levels = new.derive(graph_of).levels
    logged = [
        SchemaOperation(
            FILL_LOG,
            f"{object_name}.{name}",
            class_="rewrite",
            rows=count_rows(connection, object_name),
            undo="Remove `log`: the history keeps what happened.",
        )
        for object_name, name in newly_logged(old, new, made)
    ]
    places = sorted(_places(old, new, made), key=lambda place: (levels.get(place, 1), place))
    filled = [
        SchemaOperation(
            "fill_field",
            f"{object_name}.{name}",
            class_="rewrite",
            rows=count_rows(connection, object_name),
            undo="Restore the old formula.",
        )
        for object_name, name in places
    ]
    for operation in (*logged, *filled):
        estimate(operation, connection.dialect)
    return [*logged, *filled]


def fill_calculated(
    session: Session, old: Catalog, new: Catalog, operations: Sequence[SchemaOperation]
) -> bool:
    """Work these formulas out for every record, in the order of the operations.

    Part of the transaction of the change, after its tables are as the new catalog has them. Large
    tables are left to the workers. So is a second look on PostgreSQL: records of a transaction
    that is under way are not seen here. Whether there was anything to do.
    """
    working = replace(session, quiet=True)
    filled = [operation for operation in operations if operation.op in (FILL_LOG, "fill_field")]
    for operation in filled:
        object_name, _, name = operation.target.partition(".")
        made = operation.op != FILL_LOG and new.objects[object_name].fields[name].worked
        large = operation.rows > MOST_FILLED or bool(made)  # what code works out is for workers
        if not large and operation.op == FILL_LOG:
            logging = replace(session, catalog=new)
            fill_log(logging, new.objects[object_name].fields[name])
        elif not large:
            fill(session, new, object_name, name)
        if large or session.connection.dialect == POSTGRESQL:
            recalculation_queue.later(working, (object_name, name), (), None)
    retitled = sorted(_retitled(old, new, filled))
    for name in retitled:
        recalculation_queue.later(working, (name, TITLE), (), None)
    return bool(filled or retitled)


def _retitled(old: Catalog, new: Catalog, operations: Sequence[SchemaOperation]) -> Iterator[str]:
    """The object types whose titles, or the words by which records are found, may be others."""
    filled = [operation.target.partition(".") for operation in operations]
    edges = new.derive(graph_of).edges
    fed = {e.target for object, _, field in filled for e in edges.get((object, field), ())}
    for name, type_ in new.objects.items():
        before = old.objects.get(name, type_)
        if (name, TITLE) in fed or before is not type_ and _shown(before) != _shown(type_):
            yield name


def _shown(type_: ObjectType) -> tuple[Any, ...]:
    """What titles, and the words by which records are found, are made of."""
    named = dict.fromkeys([*placeholders(type_.title), *(f.name for f in type_.searchable_fields)])
    fields = [type_.fields[name] for name in named if name in type_.fields]
    return type_.title, [(f.name, f.kind.name, f.base, f.spec, f.type) for f in fields]


def _places(old: Catalog, new: Catalog, made: Collection[str]) -> set[Place]:
    """The kept fields whose values may be others than before."""
    found = {(f.object, f.name) for f in _moved(old, new) if f.object not in made}
    edges = new.derive(graph_of).edges
    waiting = [*found, *_retyped(old, new)]
    while waiting:
        for edge in edges.get(waiting.pop(), ()):
            place = edge.target
            if place not in found and place[1] != TITLE and place[0] not in made:
                found.add(place)
                waiting.append(place)
    return found


def _moved(old: Catalog, new: Catalog) -> Iterator[Field]:
    for name, type_ in new.objects.items():
        before = old.objects.get(name)
        if before is type_:
            continue
        for kept in type_.kept_fields:
            was = before.fields.get(kept.name) if before is not None else None
            if was is None or not was.kept or was.columns != kept.columns or _differ(was, kept):
                yield kept
        for worked in type_.worked_fields:
            if before is None or _said(before, worked) != _said(type_, worked):
                yield worked


def _said(type_: ObjectType, worked: Field) -> Any:
    """What the document says of the part that makes a field, and what it is worked out from."""
    known = type_.fields.get(worked.name)
    if known is None or known.made_by != worked.made_by:
        return None
    member, _, item = worked.made_by.partition("/")
    said = type_.spec.get(member)
    named = [one for one in said or () if item and one["name"] == item]
    return named or said, [one.tree for one in known.worked]


def _retyped(old: Catalog, new: Catalog) -> Iterator[Place]:
    """The fields whose values are read from other columns now."""
    for name, type_ in new.objects.items():
        before = old.objects.get(name)
        if before is None or before is type_:
            continue
        for now in type_.own_fields:
            was = before.fields.get(now.name)
            if was is not None and was.stored and now.stored and was.base != now.base:
                yield name, now.name


def _differ(was: Field, now: Field) -> bool:
    if was.formula is None or now.formula is None:
        return True
    return was.formula.tree != now.formula.tree or was.type != now.type


def adopt(session: Session) -> None:
    """Give stored formulas their columns where an earlier release made none; fill them."""
    connection, catalog = session.connection, session.catalog
    hold(connection, Lock.SETUP)
    there = Columns.read(connection).tables
    ddl = Ddl(connection.dialect)
    missing: list[Place] = []
    for name, type_ in catalog.objects.items():
        for kept in type_.kept_fields if name in there else ():
            columns = [c for c in field_columns(kept) if c.name not in there[name]]
            for column in columns:
                ddl.operations.add_column(name, column)
            if columns:
                missing.append((name, kept.name))
    alter(connection, ddl.take())
    levels = catalog.derive(graph_of).levels
    for object_name, field_name in sorted(missing, key=lambda p: (levels.get(p, 1), p)):
        fill(session, catalog, object_name, field_name)
    _begin_logs(session)


def _begin_logs(session: Session) -> None:
    """Leave it to the workers to fill the logs of states that an earlier release did not keep."""
    if _LOGS.row(session.connection) != (None,):
        return
    for type_ in session.catalog.objects.values():
        for logged in type_.logged_fields:
            place = (type_.name, logged.name)
            recalculation_queue.later(replace(session, quiet=True), place, (), None)
    _LOGS_KEPT.run(session.connection)
