"""The record that a new conversation begins with: its fields come from the mail."""

from __future__ import annotations

import io
from typing import Any

from fluvial.records.drafts.attachments import described
from fluvial.records.drafts.rows import empty
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from fluvial.transfer import files
from metamodel.catalog import Field
from metamodel.kinds.long_text import MAX_LENGTH as MOST_LONG
from metamodel.kinds.text import MAX_LENGTH as MOST_SHORT
from rules.hooks import wire

from .incoming_mail import IncomingMail
from .mail_headers import one_line
from .mail_map import FromMail, said
from .mail_threads import records_with
from .mailboxes import MailboxPlan


def make_record(session: Session, mailbox: MailboxPlan, mail: IncomingMail) -> str:
    """Create the record of a mailbox from a mail; its id."""
    fields = session.catalog.objects[mailbox.object].fields
    given = said(mail, session.now)
    values: dict[str, Any] = {}
    for entry in mailbox.fields:
        field = fields[entry.field]
        if entry.expression is None:
            values[entry.field] = _files(session, mail)
            continue
        value = entry.value(given, session.now, session.today)
        value = _found(session, field, entry, value) if entry.find else _fitting(field, value)
        if not empty(value):
            values[entry.field] = wire(value)
    return str(writer.create(session, mailbox.object, values)["id"])


def _found(session: Session, field: Field, entry: FromMail, value: Any) -> str | None:
    """The one record that a value names: what is unknown or ambiguous stays empty."""
    if empty(value):
        return None
    found = records_with(session, field.to or "", entry.find, str(value))
    return found[0] if len(found) == 1 else None


def _fitting(field: Field, value: Any) -> Any:
    """A text as long and in as many lines as the field takes: a mail is never refused for that."""
    if not isinstance(value, str) or field.type.options:
        return value
    text = value if field.kind.long else one_line(value)
    most = field.option("max_length", MOST_LONG if field.kind.long else MOST_SHORT)
    return text[: most - 1] + "…" if len(text) > most else text


def _files(session: Session, mail: IncomingMail) -> list[dict[str, Any]]:
    kept = []
    for one in mail.files:
        row = files.store_as_is(session, one.name, io.BytesIO(one.content))
        kept.append(described(row))
    return kept
