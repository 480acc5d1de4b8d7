"""The records that an action is about: at the end of a path of the rule's record, or of a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions import types

from .execution import Execution
from .named_environment import NamedEnvironment, NamedRecord


def targets(execution: Execution, each: tuple[str, ...]) -> list[str]:
    """The ids of the records at the end of a path; without one, the record itself."""
    if not each:
        return [execution.event.record]
    made = execution.made(each[0])
    if made is not None:
        return _behind(execution, each[1:], made)
    type_ = execution.type
    if type_ is None or each[0] in execution.names:
        return []  # a question that nobody has answered
    if _gathers(execution, type_, each[:-1]):
        return _behind(execution, each, [NamedRecord(type_.name, execution.values["id"])])
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


def _gathers(execution: Execution, type_: ObjectType, path: tuple[str, ...]) -> bool:
    """Whether a path leads through a collection."""
    for name in path:
        if name in type_.inverses:
            return True
        type_ = execution.acting.catalog.objects[type_.fields[name].targets[0]]
    return False


def _behind(
    execution: Execution, path: tuple[str, ...], records: Sequence[NamedRecord]
) -> list[str]:
    """The records at the end of a path that begins at some others, each once."""
    if not path:
        return [one.id for one in records]
    found: list[NamedRecord] = []
    for object_name, record in records:
        type_ = execution.acting.catalog.objects[object_name]
        inverse = type_.inverses.get(path[0])
        if inverse is not None:
            ids = list(_collected(execution.acting, inverse.source, inverse.field, record))
            found += [NamedRecord(inverse.source, one) for one in ids]
            continue
        row = load_row(execution.asking, object_name, record, None)
        if row is None:
            continue
        value = NamedEnvironment(execution.asking, type_, row).read(path[:1])
        target = type_.fields[path[0]].targets[0]
        several = value if isinstance(value, list) else [value]
        named = (one if isinstance(one, tuple) else (target, str(one)) for one in several if one)
        found += [NamedRecord(*one) for one in named]
    return _behind(execution, path[1:], list(dict.fromkeys(found)))


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
