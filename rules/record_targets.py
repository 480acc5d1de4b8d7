"""The records that an action is about: at the end of a path of the rule's record, or of a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.expressions import types

from .execution import Execution
from .named_environment import NamedEnvironment


def targets(execution: Execution, each: tuple[str, ...]) -> list[str]:
    """The ids of the records at the end of a path; without one, the record itself."""
    if not each:
        return [execution.event.record]
    made = execution.made(each[0])
    if made is not None:
        return _behind_made(execution, each[1:], made)
    type_ = execution.type
    assert type_ is not None
    record: Any = execution.values.get("id")
    for at, name in enumerate(each[:-1], 1):
        target = type_.fields[name].targets[0]
        record = execution.environment.read(each[:at])
        record = record[1] if isinstance(record, tuple) else record
        if record is None:
            return []
        type_ = execution.acting.catalog.objects[target]
    last = each[-1]
    inverse = type_.inverses.get(last)
    if inverse is not None:
        return list(_collected(execution.acting, inverse.source, inverse.field, record))
    value = execution.environment.read(each)
    found = value if isinstance(value, list) else [value]
    return [one[1] if isinstance(one, tuple) else one for one in found if one is not None]


def _behind_made(
    execution: Execution, path: tuple[str, ...], made: Sequence[tuple[str, str]]
) -> list[str]:
    """The records at the end of a path that begins at what an earlier action made."""
    found: list[str] = []
    for object_name, record in made:
        type_ = execution.acting.catalog.objects[object_name]
        inverse = type_.inverses.get(path[0]) if len(path) == 1 else None
        if not path:
            found.append(record)
        elif inverse is not None:
            found += _collected(execution.acting, inverse.source, inverse.field, record)
        else:
            row = load_row(execution.asking, object_name, record, None)
            value = (
                None if row is None else NamedEnvironment(execution.asking, type_, row).read(path)
            )
            several = value if isinstance(value, list) else [value]
            found += [one[1] if isinstance(one, tuple) else one for one in several if one]
    return found


def _collected(session: Session, source: str, field_name: str, record: str) -> Iterator[str]:
    """The records of an inverse collection, read before any of them is changed."""
    cursor = ""
    field = session.catalog.objects[source].fields[field_name]
    many = field.type.name == types.RECORDS.name
    while True:
        query = Query(
            source,
            fields=(("id",),),
            where=f"'{record}' in {field_name}" if many else "",
            equals=() if many else ((field_name, record),),
            limit=500,
            cursor=cursor,
        )
        page = read_page(session, query)
        yield from [row["id"] for row in page["data"]]
        cursor = page["next"]
        if not cursor:
            return
