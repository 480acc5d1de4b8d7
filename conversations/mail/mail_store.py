"""Messages of a conversation: the comment that holds the words, and what a mail has beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, insert, param
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services.comment_rows import COMMENT
from metamodel.storage import timestamp_wire

from . import mail_files
from .incoming_mail import IncomingMail
from .mail_headers import MailAddress
from .mail_tables import MESSAGE

MAIL = "mail"  # the channel of comments that are mails
IN, OUT = "in", "out"
# Notes of a message: who sends it, and that it does nothing.
STRANGER, COLLEAGUE, QUIET = "stranger", "colleague", "quiet"

_m = MESSAGE.c
ADD = insert(MESSAGE)
_SHOWN = (
    _m.id, _m.direction, _m.mailbox, _m.message_id, _m.thread, _m.kind, _m.sender, _m.sender_name,
    _m.to, _m.cc, _m.bcc, _m.subject, _m.html, _m.quoted, _m.quoted_html, _m.files, _m.raw,
    _m.notes, _m.at, _m.reply_to,
)  # fmt: skip
_MANY = {
    dialect: Statement(sa.select(*_SHOWN).where(among_ids(_m.id, dialect)))
    for dialect in ("sqlite", "postgresql")
}
DROP = Statement(MESSAGE.delete().where(_m.id == param("the_id", _m.id)))
_TEXT = Statement(
    sa.select(COMMENT.c.text).where(
        COMMENT.c.id == param("the_id", COMMENT.c.id), COMMENT.c.deleted_at.is_(None)
    )
)
_LATEST = Statement(
    sa.select(*_SHOWN)
    .where(_m.record == param("the_record", _m.record))
    .order_by(_m.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)


def pairs(addresses: Iterable[MailAddress]) -> list[list[str]]:
    return [[one.name, one.address] for one in addresses]


def keep_incoming(
    session: Session,
    mailbox: str,
    mail: IncomingMail,
    object_name: str,
    record: str,
    *,
    raw: str,
    public: bool,
    notes: Sequence[str],
) -> str:
    """Keep a mail as a message of a record; its id."""
    who = mail.sender.name or mail.sender.address
    identifier = comments.enter(
        session, object_name, record, mail.text, channel=MAIL, public=public, speaker=who,
        heard=QUIET not in notes,
    )  # fmt: skip
    files = mail_files.keep_all(session, mail.files, object_name, record)
    mail_files.mark(session, raw, mail_files.RAW_MAIL, object_name, record)
    ADD.run(
        session.connection,
        id=identifier, object=object_name, record=record, at=mail.sent or session.now,
        direction=IN, mailbox=mailbox, message_id=mail.message_id, thread=list(mail.answers),
        kind=mail.kind, sender=mail.sender.address, sender_name=mail.sender.name,
        to=pairs(mail.to), cc=pairs(mail.cc), bcc=[], subject=mail.subject, html=mail.html,
        reply_to=pairs(mail.reply_to), quoted=mail.quoted, quoted_html=mail.quoted_html,
        files=files, raw=raw,
        notes=list(dict.fromkeys((*mail.notes, *notes))),
    )  # fmt: skip
    return identifier


def latest(session: Session, record: str, limit: int) -> list[dict[str, Any]]:
    """The mails of a conversation, the newest first."""
    rows = _LATEST.rows(session.connection, the_record=record, the_limit=limit)
    return [_mail(row) for row in rows]


def mails_of(session: Session, identifiers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the mails among comments have beside their words, by their ids."""
    dialect = session.connection.dialect
    rows = _MANY[dialect].rows(session.connection, ids=id_list(dialect, identifiers))
    return {str(row[0]): _mail(row) for row in rows}


def _mail(row: Sequence[Any]) -> dict[str, Any]:
    found = dict(zip((str(column.name) for column in _SHOWN), row, strict=True))
    return {**found, "at": timestamp_wire(found["at"])}


def text_of(session: Session, identifier: str) -> str | None:
    """The words of a message; None where it was deleted."""
    row = _TEXT.row(session.connection, the_id=identifier)
    return None if row is None else str(row[0])
