"""The files of mails: kept with their message, and read by those who may read the message."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from fluvial.database.engine_tables import FILE
from fluvial.database.statement import Statement, param
from fluvial.runtime.session import Session
from fluvial.transfer import files

from .mail_body import MailFile

# Where a file belongs that no field of a record holds: only the conversation hands it out.
MESSAGE_FILE, RAW_MAIL = "$message", "$mail"

_f = FILE.c
_MARK = Statement(
    FILE.update()
    .where(_f.id == param("the_id", _f.id))
    .values(
        object=param("the_object", _f.object),
        record=param("the_record", _f.record),
        field=param("the_field", _f.field),
    )
)


def keep(
    session: Session, name: str, content: bytes, field: str, object_name: str, record: str | None
) -> dict[str, Any]:
    """Keep a file of a mail; one whose content is not what its name says, without that name."""
    shown = files.base_name(name)
    row = files.store_as_is(session, shown, io.BytesIO(content))
    mark(session, row["id"], field, object_name, record)
    return row


def mark(session: Session, file: str, field: str, object_name: str, record: str | None) -> None:
    _MARK.run(
        session.connection,
        the_id=file, the_object=object_name, the_record=record, the_field=field,
    )  # fmt: skip


def release(session: Session, file: str) -> None:
    """Let a file be nothing's again: it can be attached to another message."""
    _MARK.run(session.connection, the_id=file, the_object=None, the_record=None, the_field=None)


def keep_all(
    session: Session, found: Iterable[MailFile], object_name: str, record: str
) -> list[dict[str, Any]]:
    """The files of a mail, as its message lists them."""
    kept = []
    for one in found:
        row = keep(session, one.name, one.content, MESSAGE_FILE, object_name, record)
        kept.append(listed(row) | ({"cid": one.cid} if one.cid else {}))
    return kept


def listed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name", "size", "media_type")}
