"""Filling: what a change of metadata means for the calculated values of records that are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from fluvial.database.altering import alter
from fluvial.database.changes import Columns, Ddl, Operation, count_rows, estimate
from fluvial.database.connection import Connection
from fluvial.database.objects import field_columns
from fluvial.database.setup import SETUP_LOCK
from fluvial.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.circles import Place
from metamodel.dependencies import TITLE, graph_of
from metamodel.storage import POSTGRESQL

from . import recalculation
from .calculations import fill


def filling(
    connection: Connection, old: Catalog, new: Catalog, operations: Sequence[Operation]
) -> list[Operation]:
    """One operation for each formula that is new or says something else, and that leans on one."""
    made = {operation.target for operation in operations if operation.op == "add_object"}
    levels = new.derive(graph_of).levels
    places = sorted(_places(old, new, made), key=lambda place: (levels.get(place, 1), place))
    filled = [
        Operation(
            "fill_field",
            f"{object_name}.{name}",
            class_="rewrite",
            rows=count_rows(connection, object_name),
            undo="Put the old formula back.",
        )
        for object_name, name in places
    ]
    for operation in filled:
        estimate(operation, connection.dialect)
    return filled


def fill_calculated(
    session: Session, old: Catalog, new: Catalog, operations: Sequence[Operation]
) -> None:
    """Work these formulas out for every record, in the order of the operations.

    Part of the transaction of the change, after its tables are as the new catalog has them.
    """
    for operation in operations:
        if operation.op == "fill_field":
            object_name, _, name = operation.target.partition(".")
            fill(session, new, object_name, name)
    for name, type_ in new.objects.items():
        before = old.objects.get(name)
        if before is not None and before.title != type_.title:
            recalculation.later(session, (name, TITLE), (), None)


def _places(old: Catalog, new: Catalog, made: Collection[str]) -> set[Place]:
    """The kept fields whose values may be others than before."""
    found = {(f.object, f.name) for f in _moved(old, new) if f.object not in made}
    edges = new.derive(graph_of).edges
    waiting = list(found)
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


def _differ(was: Field, now: Field) -> bool:
    if was.formula is None or now.formula is None:
        return True
    return was.formula.tree != now.formula.tree or was.type != now.type


def adopt(session: Session) -> None:
    """Give stored formulas their columns where an earlier release made none; fill them."""
    connection, catalog = session.connection, session.catalog
    if connection.dialect == POSTGRESQL:
        connection.query(f"SELECT pg_advisory_xact_lock({SETUP_LOCK})")
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
