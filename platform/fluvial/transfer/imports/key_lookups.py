"""Finding the records that cells name, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.sql import Source
from metamodel.object_types import PEOPLE
from metamodel.storage import POSTGRESQL, TEXT, Storage

Parts = tuple[Any, ...]  # canonical values of the columns of a key


def among(element: Any, bind: str, storage: Storage, dialect: str) -> Any:
    """Whether an element is one of the JSON list that a bind holds, in stored form."""
    text = sa.bindparam(bind, type_=Stored(TEXT))
    if dialect != POSTGRESQL:
        each = sa.func.json_each(text).table_valued("value")
        return element.in_(sa.select(each.c.value))
    each = sa.func.json_array_elements_text(sa.cast(text, sa.JSON)).table_valued("value")
    if storage.type(dialect).startswith("TEXT"):
        return sa.collate(element, "C").in_(sa.select(sa.collate(each.c.value, "C")))
    return element.in_(sa.select(sa.cast(each.c.value, Stored(storage))))


def find_by(
    session: Session, object_name: str, paths: Sequence[Sequence[Field]], keys: Iterable[Parts]
) -> dict[Parts, list[str]]:
    """The ids of the records that hold one of the keys; those the actor may read, and people.

    A key has a canonical value for each column of the fields at the end of the paths.
    """
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return {}
    dialect = session.connection.dialect
    columns = [column for path in paths for column in path[-1].columns if not column.hidden]
    binds: dict[str, Any] = {}
    for at, column in enumerate(columns):
        encode = column.storage.encoder(dialect)
        values = {key[at] for key in wanted}
        stored = [v if v is None or encode is None else encode(v) for v in values]
        binds[f"k{at}"] = orjson.dumps(stored).decode()
    rows = ask(session, _plan(session, object_name, paths), **binds)
    decoders = [column.storage.decoder(dialect) for column in columns]
    known = set(wanted)
    found: dict[Parts, list[str]] = {}
    for id_, *cells in rows:
        key = tuple(
            cell if cell is None or decode is None else decode(cell)
            for cell, decode in zip(cells, decoders, strict=True)
        )
        if key in known:
            found.setdefault(key, []).append(str(id_))
    return found


def _plan(session: Session, object_name: str, paths: Sequence[Sequence[Field]]) -> Compiled:
    access, dialect = session.access, session.connection.dialect

    def make() -> Compiled:
        context = PlanContext(session.catalog, access, dialect)
        source = Source(context, object_name)
        elements: list[Any] = []
        conditions: list[Any] = [source.column("deleted_at").is_(None)]
        for path in paths:
            end = source.through(tuple(f.name for f in path[:-1])) if len(path) > 1 else source
            for column in path[-1].columns:
                if not column.hidden:
                    element = end.column(path[-1].name, column.suffix)
                    within = among(element, f"k{len(elements)}", column.storage, dialect)
                    if len(path[-1].columns) > 1 and column.suffix:
                        # One of several columns may be empty, as of a person or a team.
                        within = sa.or_(within, element.is_(None))
                    conditions.append(within)
                    elements.append(element)
        if object_name not in PEOPLE:
            allowed = context.allowed(object_name, "read", source)
            if allowed is not None:
                conditions.append(allowed)
        statement = sa.select(source.column("id"), *elements).where(*conditions)
        return context.compiled(statement.select_from(source.joined()))

    names = tuple(".".join(f.name for f in path) for path in paths)
    key = (access.roles, access.unrestricted, "find_by", object_name, names)
    plan: Compiled = plans_of(session.catalog).get(key, make)
    return plan


def parts_of(field: Field, value: Any) -> Parts:
    """The canonical values of the columns of a key's field."""
    packed = field.kind.pack(field, value)
    return tuple(
        part for column, part in zip(field.columns, packed, strict=True) if not column.hidden
    )
