"""Attachments: the files that a draft's fields name become the record's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import FILE
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.kinds.file import size_of

from .draft import Draft

_f = FILE.c
_FIND = Statement(sa.select(FILE).where(_f.id == param("the_id", _f.id)))
_ATTACH = Statement(
    FILE.update()
    .where(_f.id == param("the_id", _f.id))
    .values(
        object=param("the_object", _f.object),
        record=param("the_record", _f.record),
        field=param("the_field", _f.field),
        created_at=param("the_at", _f.created_at),
    )
)


def find_file(session: Session, file: str) -> dict[str, Any] | None:
    row = _FIND.row(session.connection, the_id=file) if is_id(file) else None
    return dict(zip(FILE.c.keys(), row, strict=True)) if row else None


def described(row: Mapping[str, Any]) -> dict[str, Any]:
    """What records and the API say of a file."""
    return {name: row[name] for name in ("id", "name", "size", "media_type")}


def attach(draft: Draft) -> None:
    """Fill in the files that a draft's fields name, hold their limits, and make them its own.

    Part of the transaction of the write: what is refused later takes it back.
    """
    for field in draft.type.file_fields:
        name = field.name
        if name not in draft.changed:
            continue
        kept = []
        for file in draft.values[name] or ():
            row = find_file(draft.session, file["id"])
            if row is None or not _may_attach(draft, field, row):
                draft.fault(name, "unknown_file", f"There is no file with the id `{file['id']}`.")
            else:
                _check_limits(draft, field, row)
                kept.append(row)
        if not draft.faults:
            _write(draft, field, kept)


def _may_attach(draft: Draft, field: Field, row: Mapping[str, Any]) -> bool:
    if row["record"] is not None:
        here = (row["object"], row["record"]) == (draft.type.name, draft.id)
        return here and row["field"] in (None, field.name)
    actor = draft.session.actor
    return actor.unrestricted or (actor.id is not None and row["created_by"] == actor.id)


def _check_limits(draft: Draft, field: Field, row: Mapping[str, Any]) -> None:
    accept = field.option("accept")
    if accept and not any(_matches(row["media_type"], pattern) for pattern in accept):
        types = ", ".join(accept)
        draft.fault(
            field.name, "wrong_type", f"{row['name']} is not one of {types}. Attach another file."
        )
    largest = field.option("max_size")
    if largest and row["size"] > size_of(largest):
        draft.fault(
            field.name,
            "too_large",
            f"{row['name']} is larger than {largest}. Attach a smaller one.",
        )


def _matches(media_type: str, pattern: str) -> bool:
    return media_type == pattern or (pattern.endswith("/*") and media_type.startswith(pattern[:-1]))


def _write(draft: Draft, field: Field, rows: list[dict[str, Any]]) -> None:
    draft.set(field.name, [described(row) for row in rows])
    connection, at = draft.session.connection, draft.session.now
    now_there = {row["id"] for row in rows}
    for row in rows:
        if row["field"] is None:
            _mark(connection, row["id"], draft, field.name, row["created_at"])
    if field.option("versions"):
        return  # what is let go stays the field's, and readable
    for file in (draft.before or {}).get(field.name) or ():
        if file["id"] not in now_there:
            # It stays the record's for a day, so that the change can be taken back.
            _mark(connection, file["id"], draft, None, at)


def _mark(connection: Connection, file: str, draft: Draft, field: str | None, at: datetime) -> None:
    _ATTACH.run(
        connection,
        the_id=file,
        the_object=draft.type.name,
        the_record=draft.id,
        the_field=field,
        the_at=at,
    )
