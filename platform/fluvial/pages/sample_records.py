"""The record whose values are shown to those who write an expression."""

from __future__ import annotations

from typing import Any

from fluvial.kernel.ids import is_id
from fluvial.records.reading.query import Path, Query, SortKey
from fluvial.records.reading.reader import find_one, read_page
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

NEWEST = "newest"  # stands for the id of a record


def sample_of(
    session: Session, type_: ObjectType, record: str, fields: tuple[Path, ...], holder: str = ""
) -> dict[str, Any] | None:
    """One that is asked for, or the newest; with `holder` of those whose FIELD is ID (FIELD:ID)."""
    if not session.access.object(type_.name).can("read"):
        return None
    if record not in ("", NEWEST):
        return find_one(session, type_.name, record, fields) if is_id(record) else None
    field, _, owner = holder.partition(":")
    if holder and (
        field not in type_.fields or session.access.hides(type_.name, field) or not is_id(owner)
    ):
        return None
    where = ""
    if holder:
        many = type_.fields[field].many
        where = f"'{owner}' in {field}" if many else f"{field} == '{owner}'"
    newest = Query(type_.name, fields, where=where, sort=(SortKey(("id",), True),), limit=1)
    found: list[dict[str, Any]] = read_page(session, newest)["data"]
    return found[0] if found else None
