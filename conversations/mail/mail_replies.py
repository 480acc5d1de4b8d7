"""Answers that people write at a record: a mail to those who take part, held back for a moment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conversations.participants import participants_of
from fluvial.auth.actors import SYSTEM
from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.records.drafts.attachments import find_file
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services import mail as outgoing
from metamodel.conversation_part import CONVERSATION
from rules import effects

from . import mail_files
from .mail_headers import MailAddress, one_line
from .mail_kinds import PERSONAL
from .mail_quoting import quote_of
from .mail_store import ADD, COLLEAGUE, DROP, IN, MAIL, OUT, STRANGER, latest, pairs
from .mail_threads import own_host
from .mailboxes import MailboxPlan, mailboxes_of, own_addresses

UNDO_SECONDS = 10
MOST_PEOPLE = 50  # that one mail goes to
MOST_BYTES = 20_000_000  # of its files together
MOST_FILES = 30
MOST_LOOKED = 50  # mails of a conversation that say whom to answer

_RE = re.compile(r"^(?:\s*(?:re|aw|sv|antw|odp|r)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)


@dataclass(frozen=True)
class MailReply:
    """What somebody wants to send; empty lists are filled from the conversation."""

    text: str
    to: tuple[MailAddress, ...] | None = None
    cc: tuple[MailAddress, ...] | None = None
    bcc: tuple[MailAddress, ...] = ()
    subject: str = ""
    files: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Proposal:
    """To whom an answer goes, and by which subject, if nothing else is said."""

    to: tuple[MailAddress, ...]
    cc: tuple[MailAddress, ...]
    subject: str
    answers: tuple[str, ...]
    mailbox: MailboxPlan | None
    answered: Mapping[str, Any] | None  # the mail that it answers


def proposal_of(session: Session, object_name: str, record: str) -> Proposal:
    """The answer to the last mail from outside; else a mail to all who take part."""
    trusted = session.as_actor(SYSTEM)
    mails = latest(session, record, MOST_LOOKED)
    own = own_addresses(session.catalog) | _sending(session)
    aside = {STRANGER, COLLEAGUE}
    last = next((m for m in mails if m["direction"] == IN and m["kind"] == PERSONAL
                 and not aside & {*m["notes"]}), None)  # fmt: skip
    if last is not None:
        back = [MailAddress(*one) for one in last["reply_to"] or ()]
        to = _without(back or [MailAddress(last["sender_name"], last["sender"])], own)
        others = (MailAddress(*one) for one in (*last["to"], *last["cc"]))
        cc = _without(others, own | {one.address for one in to} | {session.actor.email.lower()})
    else:
        found = participants_of(trusted, object_name, record)
        to = _without((MailAddress(one.name, one.address) for one in found if not one.user), own)
        cc = ()
    answers = [one["message_id"] for one in mails]
    mailbox = _mailbox_of(session, object_name, mails)
    subject = _subject(session, object_name, record, mails)
    return Proposal(to, cc, subject, tuple(answers[:20]), mailbox, last)


def _sending(session: Session) -> frozenset[str]:
    url = session.engine.settings.smtp_url
    return frozenset((outgoing.sending_address(url),)) if url else frozenset()


def _without(found: Iterable[MailAddress], own: Iterable[str]) -> tuple[MailAddress, ...]:
    known = set(own)
    kept: dict[str, MailAddress] = {}
    for one in found:
        if one.address not in known and one.address not in kept:
            kept[one.address] = one
    return tuple(kept.values())[:MOST_PEOPLE]


def _mailbox_of(
    session: Session, object_name: str, mails: Sequence[Mapping[str, Any]]
) -> MailboxPlan | None:
    """The mailbox by which the conversation came, or the one of its object type."""
    known = mailboxes_of(session.catalog)
    named = [known[one["mailbox"]] for one in mails if one["mailbox"] in known]
    fitting = [one for one in known.values() if one.object == object_name]
    return next((one for one in (*named, *fitting) if one.address), None)


def _subject(
    session: Session, object_name: str, record: str, mails: Sequence[Mapping[str, Any]]
) -> str:
    """The subject of the conversation; else the title, as far as the author may read it."""
    said = next((one["subject"] for one in mails if one["subject"]), "")
    mark = mark_of(session.as_actor(SYSTEM), object_name, record)
    plain = _RE.sub("", said) or titles_of(session, object_name, [record]).get(record, "")
    subject = f"Re: {plain}" if said else plain
    return subject if not mark or mark in subject else f"{subject} {mark}".strip()


def mark_of(session: Session, object_name: str, record: str) -> str:
    """The number of a record as subjects have it; "" where it has none."""
    conversation = CONVERSATION.of(session.catalog.objects[object_name])
    if conversation is None or not conversation.number:
        return ""
    number = (load_row(session, object_name, record, None) or {}).get(conversation.number)
    return f"[{number}]" if number else ""


def send_reply(session: Session, object_name: str, record: str, reply: MailReply) -> str:
    """Write to those who take part; the id of the message. It goes out after a moment."""
    comments.commentable(session, object_name, record)
    _check_text(reply.text)
    proposal = proposal_of(session, object_name, record)
    to = proposal.to if reply.to is None else reply.to
    cc = proposal.cc if reply.cc is None else reply.cc
    people = _without((*to, *cc, *reply.bcc), ())
    if not people:
        message = "Nobody takes part by mail. Enter an address under To, or write an internal note."
        raise Unprocessable(message, errors=[fault("/to", "required", message)])
    subject = one_line(reply.subject) or proposal.subject
    mark = mark_of(session.as_actor(SYSTEM), object_name, record)
    if mark and mark not in subject:
        subject = f"{subject} {mark}"
    with session.connection.transaction():
        files = _attached(session, object_name, record, reply.files)
        identifier = comments.enter(
            session, object_name, record, reply.text.strip(), channel=MAIL, public=True
        )
        ADD.run(
            session.connection,
            id=identifier, object=object_name, record=record, at=session.now, direction=OUT,
            mailbox=proposal.mailbox.name if proposal.mailbox else None,
            message_id=f"{identifier}@{own_host(session)}", thread=list(proposal.answers), kind="",
            sender=proposal.mailbox.address if proposal.mailbox else "",
            sender_name=session.actor.name, to=pairs(to), cc=pairs(cc), bcc=pairs(reply.bcc),
            subject=subject[:500], html="", quoted_html="",
            quoted=quote_of(session, proposal.answered, people), files=files, raw=None,
            notes=[], reply_to=[],
        )  # fmt: skip
        _enter(session, object_name, record, identifier, subject, people)
    return identifier


def _check_text(text: str) -> None:
    if not text.strip():
        message = "Write something first."
        raise Unprocessable(message, errors=[fault("/text", "required", message)])
    if len(text) > comments.MAX_TEXT:
        message = f"A message can have at most {comments.MAX_TEXT:,} characters."
        raise Unprocessable(message, errors=[fault("/text", "too_long", message)])


def _attached(
    session: Session, object_name: str, record: str, ids: Sequence[str]
) -> list[dict[str, Any]]:
    """The files that somebody has uploaded for a message, which are its own from now on."""
    kept, size = [], 0
    for at, file in enumerate(dict.fromkeys(ids)):
        row = find_file(session, file)
        mine = row is not None and row["created_by"] == session.actor.id and not row["record"]
        if row is None or not mine or row["field"] is not None:
            message = f"There is no uploaded file with the id `{file}`."
            raise Unprocessable(message, errors=[fault(f"/files/{at}", "unknown_file", message)])
        size += row["size"]
        mail_files.mark(session, file, mail_files.MESSAGE_FILE, object_name, record)
        kept.append(mail_files.listed(row))
    if size > MOST_BYTES or len(kept) > MOST_FILES:
        message = f"A mail takes {MOST_FILES} files of {MOST_BYTES // 1_000_000} MB together."
        raise Unprocessable(message, errors=[fault("/files", "too_large", message)])
    return kept


def _enter(
    session: Session,
    object_name: str,
    record: str,
    message: str,
    subject: str,
    people: Iterable[MailAddress],
) -> None:
    """One effect for each recipient: a server that refuses one of them keeps none from the rest."""
    entries = [
        effects.EffectEntry(
            f"message|{message}|{one.address}", 0, "email", one.address,
            {"message": message, "to": one.address, "name": one.name, "subject": subject,
             "template": "", "text": "", "href": ""},
        )
        for one in people
    ]  # fmt: skip
    effects.add_all(
        session.connection, entries, event=message, rule="", object_name=object_name,
        record=record, rev=0, at=session.now,
    )  # fmt: skip
    effects.hold_back(session.connection, message, UNDO_SECONDS)
    session.engine.woken(session.connection, effects.WORK)


def undo(session: Session, object_name: str, record: str, message: Mapping[str, Any]) -> None:
    """Take back a message that has not been sent yet: nothing of it is left."""
    people = _without(
        (MailAddress(*one) for one in (*message["to"], *message["cc"], *message["bcc"])), ()
    )
    with session.connection.transaction():
        taken = effects.take_back(session.connection, message["id"])
        if message["direction"] != OUT or taken != len(people):
            raise Conflict("This message has been sent, so it cannot be taken back.")
        comments.withdraw(session, object_name, record, message["id"])
        DROP.run(session.connection, the_id=message["id"])
        for one in message["files"]:
            mail_files.release(session, one["id"])
