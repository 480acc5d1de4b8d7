"""One mail as it came: read whole, so that whatever is wrong with it is told and not raised."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Any

from fluvial.services.mail import as_text

from .mail_body import MOST_TEXT, MailFile, body_of, is_winmail
from .mail_headers import (
    MailAddress,
    addresses,
    header,
    message_ids,
    raw_header,
    sent_at,
)
from .mail_kinds import BOUNCE, forged, kind_of, returned_ids, sender_of
from .mail_pages import MailPage, safe_html
from .mail_quotes import is_forward, split_html, split_text

MAX_MAIL = 40_000_000  # bytes
MOST_SUBJECT = 250

# What is told of a mail beside its words.
CUT, BROKEN, WINMAIL, REMOTE, FORGED, SEVERAL = (
    "cut", "broken", "winmail", "remote_images", "forged", "several_senders",
)  # fmt: skip


@dataclass(frozen=True)
class IncomingMail:
    raw: bytes
    message_id: str
    sender: MailAddress
    to: tuple[MailAddress, ...]
    cc: tuple[MailAddress, ...]
    subject: str
    sent: datetime | None
    answers: tuple[str, ...]  # the ids that it answers, the nearest first
    kind: str  # see mail_kinds
    text: str = ""
    quoted: str = ""
    html: str = ""
    quoted_html: str = ""
    files: tuple[MailFile, ...] = ()
    notes: tuple[str, ...] = field(default=())
    reply_to: tuple[MailAddress, ...] = ()


def read_mail(raw: bytes, *, envelope: str | None = None, trusted: str = "") -> IncomingMail:
    """`trusted` is the server whose Authentication-Results count."""
    message: Message[Any, Any]
    try:
        message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
        return _read(raw, message, envelope, trusted)
    except (RecursionError, MemoryError):
        message = EmailMessage()
    head, _, _ = raw[:100_000].replace(b"\r\n", b"\n").partition(b"\n\n")
    message = message_from_bytes(head, _class=EmailMessage, policy=policy.default)
    return _read(raw, message, envelope, trusted, (BROKEN, CUT))


def _read(
    raw: bytes,
    message: Message[Any, Any],
    envelope: str | None,
    trusted: str,
    notes: tuple[str, ...] = (),
) -> IncomingMail:
    name, address = sender_of(message)
    kind = kind_of(message, address, envelope)
    subject = header(message, "subject")[:MOST_SUBJECT]
    body = body_of(message)
    page = MailPage(body.html)
    folded = _folded(subject, body.text, page.html)
    found = {
        CUT: body.cut,
        BROKEN: bool(message.defects),
        WINMAIL: any(is_winmail(file) for file in body.files),
        REMOTE: page.remote,
        FORGED: forged(message, trusted),
        SEVERAL: len(addresses(message, "from")) > 1,
    }
    own = message_ids(raw_header(message, "message-id"))
    return IncomingMail(
        raw,
        own[0] if own else f"{hashlib.sha256(raw).hexdigest()}@no-message-id",
        MailAddress(name, address),
        addresses(message, "to"),
        addresses(message, "cc"),
        subject,
        sent_at(message),
        _answers(message, kind),
        kind,
        *folded,
        tuple(body.files),
        notes=(*notes, *(note for note, there in found.items() if there and note not in notes)),
        reply_to=addresses(message, "reply-to"),
    )


def _answers(message: Message[Any, Any], kind: str) -> tuple[str, ...]:
    near = message_ids(raw_header(message, "in-reply-to"))
    far = message_ids(raw_header(message, "references"))
    back = returned_ids(message) if kind == BOUNCE else ()
    return tuple(dict.fromkeys((*reversed(near), *reversed(far), *back)))


def _folded(subject: str, text: str, html: str) -> tuple[str, str, str, str]:
    """What is said and what is quoted: as text, and as HTML."""
    if is_forward(subject, text):
        page, quoted_page = html, ""
    else:
        page, quoted_page = split_html(html)
    page, quoted_page = safe_html(page), safe_html(quoted_page)
    if not text.strip() and html:  # what the mail itself does not say as text
        return _said(page), _said(quoted_page), page, quoted_page
    said, quoted = (text.strip(), "") if is_forward(subject, text) else split_text(text)
    return said, quoted, page, quoted_page


def _said(html: str) -> str:
    return as_text(html)[:MOST_TEXT].strip() if html else ""
