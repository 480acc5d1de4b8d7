"""The records that a test expects: how many there are, what they hold, and their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluvial.kernel.problems import NotFound
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import count, find_one, read_page
from fluvial.runtime.session import Session
from metamodel.catalog import Inverse, ObjectType
from metamodel.expressions.types import RECORDS

from .app_test_values import Refs, alike, shown, wire

Row = Mapping[str, Any]
Fault = tuple[str, tuple[str | int, ...]]  # what is not as expected, and its place in the row
MOST = 500  # records whose values or lines one row looks at


def judge_found(session: Session, type_: ObjectType, row: Row, refs: Refs) -> Iterator[Fault]:
    """Records of an object: how many there are, and what each of them holds."""
    can = session.access.object(type_.name).can("read")
    query = Query(type_.name, where=row.get("where", ""), as_of=session.asked_day)
    found = count(session, query) if can else 0
    wanted = row.get("count", 1)
    if found != wanted:
        about = f" where {row['where']}" if "where" in row else ""
        yield f"expected {wanted} {type_.plural.lower()}{about}, found {found}", ("count",)
        return
    if found and ("fields" in row or "lines" in row):
        for record in read_page(session, Query(**{**vars(query), "limit": MOST}))["data"]:
            yield from judge_record(session, type_, row, record, refs)


def judge_record(
    session: Session, type_: ObjectType, row: Row, values: Row, refs: Refs
) -> Iterator[Fault]:
    """What one record holds, and the records of its collections."""
    for name, expected in wire(type_, row.get("fields", {}), refs).items():
        if name not in values:
            yield f"{name}: there is no such field, or it is hidden", ("fields", name)
        elif not alike(expected, values[name]):
            was = f"expected {shown(expected, refs)}, found {shown(values[name], refs)}"
            yield f"{name}: {was}", ("fields", name)
    for name in row.get("hidden", ()):
        if name in values:
            yield f"{name} is not hidden", ("hidden",)
    for name, lines in row.get("lines", {}).items():
        inverse = type_.inverses.get(name)
        if inverse is None:
            known = ", ".join(sorted(type_.inverses)) or "none"
            told = f"{name}: {type_.label} has no such collection. It has: {known}."
            yield told, ("lines", name)
            continue
        for message in _lines(session, inverse, values["id"], lines, refs):
            yield f"{name}: {message}", ("lines", name)


def _lines(
    session: Session, inverse: Inverse, record: str, wanted: Sequence[Row], refs: Refs
) -> Iterator[str]:
    """The records of a collection are these, in any order."""
    type_ = session.catalog.objects[inverse.source]
    if not session.access.object(type_.name).can("read"):
        yield f"{type_.plural} are hidden"
        return
    many = type_.fields[inverse.field].type.name == RECORDS.name
    query = Query(
        type_.name,
        where=f"'{record}' in {inverse.field}" if many else "",
        equals=() if many else ((inverse.field, record),),
        limit=MOST,
        as_of=session.asked_day,
    )
    left = list(read_page(session, query)["data"])
    if len(left) != len(wanted):
        yield f"expected {len(wanted)} {type_.plural.lower()}, found {len(left)}"
    for one in wanted:
        values = wire(type_, one, refs)
        match = next((line for line in left if alike(values, line)), None)
        if match is not None:
            left.remove(match)
            continue
        told = ["{" + _said(line, one, refs) + "}" for line in left]
        yield f"none has {_said(one, one, refs)}; left: {', '.join(told) or 'none'}"


def _said(line: Row, names: Row, refs: Refs) -> str:
    return ", ".join(f"{name}: {shown(line.get(name), refs)}" for name in names)


def found_record(session: Session, object_name: str, record: str) -> Row | None:
    try:
        return find_one(session, object_name, record)
    except NotFound:
        return None
