"""Documents that are final: made once for a record and a template, and kept as they were.

The PDF is kept as a file with its hash, and beside it the HTML and the tables that it was printed
from. The files belong to no field, so nobody reads them but by way of the document.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.connection import Connection, UniqueError
from fluvial.database.engine_tables import FILE, REVISION, column, table
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.attachments import find_file
from fluvial.runtime.session import Session
from fluvial.transfer import files
from metamodel.storage import INTEGER, TEXT, TIMESTAMP, UUID, timestamp_wire

from .document_data import Subject
from .document_html import WrittenDocument
from .printer import Printed

TABLES = sa.MetaData()
OWNER = "printed/"  # before the object's name, in rows of files: no object is called so
PDF = "application/pdf"

KEPT = table(
    "printed_document",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("record", UUID),
    column("template", TEXT),
    column("language", TEXT),
    column("name", TEXT),
    column("sha256", TEXT),
    column("size", INTEGER),
    column("pages", INTEGER),
    column("revision", INTEGER),  # of the metadata: the template as it was
    column("file", UUID),
    column("source", UUID),  # the file with the HTML and the tables
    column("made_at", TIMESTAMP),
    column("made_by", UUID, nullable=True),
    metadata=TABLES,
)
sa.Index("uq_fluvial_printed_document", KEPT.c.record, KEPT.c.template, unique=True)

_k, _f = KEPT.c, FILE.c
_ADD = insert(KEPT)
_ONE = Statement(
    sa.select(KEPT).where(
        _k.record == param("the_record", _k.record),
        _k.template == param("the_template", _k.template),
        _k.object == param("the_object", _k.object),
    )
)
_OF_RECORD = Statement(
    sa.select(KEPT)
    .where(_k.record == param("the_record", _k.record), _k.object == param("the_object", _k.object))
    .order_by(_k.made_at, _k.id)
)
_REVISION = Statement(sa.select(sa.func.max(REVISION.c.number)))
_TAKE = Statement(
    FILE.update()
    .where(_f.id == param("the_id", _f.id))
    .values(
        object=param("the_object", _f.object),
        record=param("the_record", _f.record),
        field=param("the_field", _f.field),
    )
)


@dataclass(frozen=True)
class KeptDocument:
    id: str
    object: str
    record: str
    template: str
    language: str
    name: str
    sha256: str
    size: int
    pages: int
    revision: int
    file: str
    source: str
    made_at: datetime
    made_by: str | None

    def wire(self) -> dict[str, Any]:
        return {
            "template": self.template,
            "name": f"{self.name}.pdf",
            "language": self.language,
            "sha256": self.sha256,
            "size": self.size,
            "pages": self.pages,
            "revision": self.revision,
            "made_at": timestamp_wire(self.made_at),
            "made_by": {"user": self.made_by} if self.made_by else None,
        }


def find_kept(connection: Connection, subject: Subject) -> KeptDocument | None:
    """The document of a record as it was made; none before it is final."""
    row = _ONE.row(
        connection,
        the_record=subject.record,
        the_template=subject.template.name,
        the_object=subject.type.name,
    )
    return KeptDocument(*row) if row else None


def kept_of(connection: Connection, object_name: str, record: str) -> list[KeptDocument]:
    rows = _OF_RECORD.rows(connection, the_record=record, the_object=object_name)
    return [KeptDocument(*row) for row in rows]


def keep(
    session: Session, subject: Subject, written: WrittenDocument, printed: Printed
) -> tuple[KeptDocument, bool]:
    """The document, from now on as it is; whether it was made now, and not before by others."""
    there = find_kept(session.connection, subject)
    if there is not None:
        return there, False
    try:
        with session.connection.transaction():
            return _keep(session, subject, written, printed), True
    except UniqueError:
        there = find_kept(session.connection, subject)
        if there is None:
            raise
        return there, False


def _keep(
    session: Session, subject: Subject, written: WrittenDocument, printed: Printed
) -> KeptDocument:
    bundle = orjson.dumps({"html": written.alone, "tables": written.tables})
    file = _stored(session, subject, f"{written.name}.pdf", PDF, printed.pdf)
    source = _stored(session, subject, f"{written.name}.json", "application/json", bundle)
    row = _REVISION.row(session.connection)
    made = KeptDocument(
        new_id(), subject.type.name, subject.record, subject.template.name, written.language,
        written.name, file["sha256"], file["size"], printed.pages, int(row[0] or 0) if row else 0,
        file["id"], source["id"], session.now, session.actor.id,
    )  # fmt: skip
    _ADD.run(session.connection, **vars(made))
    return made


def _stored(
    session: Session, subject: Subject, name: str, media_type: str, content: bytes
) -> Mapping[str, Any]:
    row = files.store(session, name, media_type, io.BytesIO(content))
    _TAKE.run(
        session.connection,
        the_id=row["id"],
        the_object=f"{OWNER}{subject.type.name}",
        the_record=subject.record,
        the_field=subject.template.name,
    )
    return row


def content_of(session: Session, file: str) -> bytes:
    row = find_file(session, file)
    assert row is not None, "a kept document has its files"
    return b"".join(files.read_parts(session.engine, row))


def source_of(session: Session, kept: KeptDocument) -> dict[str, Any]:
    """The HTML and the tables that a kept document was printed from."""
    found: dict[str, Any] = orjson.loads(content_of(session, kept.source))
    return found
