"""A mail that came becomes a message: of the record that it is about, or of a new one.

Whatever comes is noted with what became of it, and kept as it was; what cannot be taken now can be
tried again. All of it is one transaction, and the same Message-ID is the same mail.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa

from conversations.outside_replies import move
from fluvial.auth.actors import Actor
from fluvial.database.connection import UniqueError
from fluvial.database.locks import hold_named
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.causes import Cause
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Problem
from fluvial.runtime.session import Session
from fluvial.services import mail as outgoing

from . import mail_files
from .incoming_mail import MAX_MAIL, IncomingMail, read_mail
from .mail_kinds import BOUNCE, PERSONAL
from .mail_records import make_record
from .mail_store import COLLEAGUE, QUIET, STRANGER, keep_incoming
from .mail_tables import ARRIVED, MESSAGE
from .mail_threads import Thread, is_account, thread_of
from .mailboxes import KIND, MailboxPlan, own_addresses

CREATED, ADDED, IGNORED, REFUSED, FAILED = "created", "added", "ignored", "refused", "failed"
MOST_ALIKE = 3  # mails of the same words and sender in a day: then it is a machine
MOST_NEW = 30  # conversations that one sender begins in an hour
PACE, MOST_AT_ONCE = timedelta(minutes=10), 5  # mails of one sender to one record

_a = ARRIVED.c
_ADD = insert(ARRIVED)
_FIND = Statement(
    sa.select(_a.id, _a.outcome, _a.reason, _a.object, _a.record, _a.raw).where(
        _a.message_id == param("the_id", _a.message_id)
    )
)
_SENT = Statement(
    sa.select(MESSAGE.c.id).where(MESSAGE.c.message_id == param("the_id", MESSAGE.c.message_id))
)
_since = _a.at > param("the_since", _a.at)
_by = _a.sender == param("the_sender", _a.sender)
_ALIKE = Statement(
    sa.select(sa.func.count()).where(
        _by, _since, _a.digest == param("the_digest", _a.digest),
        _a.mailbox == param("the_mailbox", _a.mailbox),
    )
)  # fmt: skip
_NEW = Statement(
    sa.select(sa.func.count()).where(_by, _since, _a.outcome == sa.literal_column(f"'{CREATED}'"))
)
_PACE = Statement(
    sa.select(sa.func.count()).where(_by, _since, _a.record == param("the_record", _a.record))
)
_DROP = Statement(ARRIVED.delete().where(_a.id == param("the_id", _a.id)))


class Taken(NamedTuple):
    """What became of a mail."""

    id: str
    outcome: str
    reason: str = ""
    object: str | None = None
    record: str | None = None
    repeated: bool = False  # whether it had come before


class _Fate(NamedTuple):
    outcome: str
    reason: str = ""
    object: str | None = None
    record: str | None = None
    raw: str | None = None  # the file with the mail as it came, where it is kept already


def mailbox_session(session: Session, mailbox: MailboxPlan, message_id: str) -> Session:
    """The mailbox as a principal of its own. The chain of causes tells rules which one it is."""
    source = f"{KIND}:{mailbox.name}"
    actor = Actor(None, f"Mailbox {mailbox.label}", (), unrestricted=True, rule=source)
    return session.as_actor(actor, Cause(((source, message_id),)))


def take(
    session: Session, mailbox: MailboxPlan, raw: bytes, *, envelope: str | None = None
) -> Taken:
    """Take a mail. `envelope` is the sender whom the mail server named, if one did.

    Raises only what is worth another try: a database that is busy, or no space for files.
    """
    mail = read_mail(raw[: MAX_MAIL + 1], envelope=envelope, trusted=mailbox.trusted)
    session = mailbox_session(session, mailbox, mail.message_id)
    try:
        with session.connection.transaction():
            hold_named(session.connection, "mail", mail.message_id)
            earlier = _earlier(session, mail.message_id)
            if earlier is not None and earlier.outcome != FAILED:
                return earlier
            if earlier is not None:
                _DROP.run(session.connection, the_id=earlier.id)
            return _note(session, mailbox, mail, _settled(session, mailbox, mail))
    except UniqueError:
        earlier = _earlier(session, mail.message_id)  # the same mail, at the same moment
        if earlier is None:
            raise
        return earlier
    except Problem as problem:
        if problem.status >= 500:
            raise
        return _failed(session, mailbox, mail, problem)


def _earlier(session: Session, message_id: str) -> Taken | None:
    row = _FIND.row(session.connection, the_id=message_id)
    return None if row is None else Taken(row[0], row[1], row[2], row[3], row[4], repeated=True)


def _failed(session: Session, mailbox: MailboxPlan, mail: IncomingMail, problem: Problem) -> Taken:
    reasons = [f"{one['pointer']}: {one['message']}" for one in problem.errors]
    reason = " ".join(reasons) or problem.detail
    with session.connection.transaction():
        earlier = _earlier(session, mail.message_id)
        if earlier is not None:
            _DROP.run(session.connection, the_id=earlier.id)
        return _note(session, mailbox, mail, _Fate(FAILED, reason[:2000]))


def _note(session: Session, mailbox: MailboxPlan, mail: IncomingMail, fate: _Fate) -> Taken:
    raw = fate.raw
    if raw is None and len(mail.raw) <= MAX_MAIL:
        raw = _keep_raw(session, mailbox.object, mail)
    identifier = new_id()
    _ADD.run(
        session.connection,
        id=identifier, mailbox=mailbox.name, at=session.now, message_id=mail.message_id,
        sender=mail.sender.address, subject=mail.subject, size=len(mail.raw), digest=_digest(mail),
        raw=raw, outcome=fate.outcome, reason=fate.reason, object=fate.object, record=fate.record,
    )  # fmt: skip
    return Taken(identifier, *fate[:4])


def _keep_raw(session: Session, object_name: str, mail: IncomingMail) -> str:
    row = mail_files.keep(session, "mail.eml", mail.raw, mail_files.RAW_MAIL, object_name, None)
    return str(row["id"])


def _settled(session: Session, mailbox: MailboxPlan, mail: IncomingMail) -> _Fate:
    refusal = _refusal(session, mailbox, mail)
    if refusal is not None:
        return refusal
    thread = thread_of(session, mail, mailbox.object)
    automatic = mail.kind != PERSONAL
    if thread is not None and not (mail.kind in mailbox.ignore and mail.kind != BOUNCE):
        return _add(session, mailbox, mail, thread)
    if mail.kind == BOUNCE:
        return _Fate(IGNORED, "It brings back a mail that was not sent from here.")
    if mail.kind in mailbox.ignore:
        return _Fate(IGNORED, f"It is {_SAID[mail.kind]}, which this mailbox ignores.")
    return _begin(session, mailbox, mail, quiet=automatic)


_SAID = {"automatic": "an automatic mail", "bulk": "a mail of a list or a newsletter"}


def _refusal(session: Session, mailbox: MailboxPlan, mail: IncomingMail) -> _Fate | None:
    """Why a mail does nothing at all."""
    if len(mail.raw) > MAX_MAIL:
        return _Fate(REFUSED, f"It is larger than {MAX_MAIL // 1_000_000} MB.")
    if not mail.sender.address:
        return _Fate(REFUSED, "It names no sender.")
    if _SENT.row(session.connection, the_id=mail.message_id) is not None:
        return _Fate(IGNORED, "It was sent from here.")
    own = own_addresses(session.catalog) | _sending(session)
    if mail.sender.address in own and mail.kind != BOUNCE:
        return _Fate(IGNORED, "It comes from an address of this site, so it would answer itself.")
    return None


def _sending(session: Session) -> frozenset[str]:
    url = session.engine.settings.smtp_url
    return frozenset((outgoing.sending_address(url),)) if url else frozenset()


def _add(session: Session, mailbox: MailboxPlan, mail: IncomingMail, thread: Thread) -> _Fate:
    """Go on with a conversation. What strangers and machines write is for those who work on it."""
    recent = _PACE.row(
        session.connection, the_sender=mail.sender.address, the_since=session.now - PACE,
        the_record=thread.record,
    )  # fmt: skip
    machine = mail.kind != PERSONAL or (recent is not None and recent[0] >= MOST_AT_ONCE)
    # What a colleague answers to a notice of ours is not meant for those outside.
    colleague = is_account(session, thread.object, thread.record, mail.sender.address)
    notes = [note for note, there in (
        (STRANGER, not (thread.known or colleague)), (COLLEAGUE, colleague), (QUIET, machine)
    ) if there]  # fmt: skip
    raw = _keep_raw(session, thread.object, mail)
    keep_incoming(
        session, mailbox.name, mail, thread.object, thread.record,
        raw=raw, public=thread.known and mail.kind == PERSONAL and not colleague, notes=notes,
    )  # fmt: skip
    if not machine and not colleague:
        move(session, thread.object, thread.record)
    return _Fate(ADDED, "", thread.object, thread.record, raw)


def _begin(session: Session, mailbox: MailboxPlan, mail: IncomingMail, *, quiet: bool) -> _Fate:
    digest = _digest(mail)
    hour, day = session.now - timedelta(hours=1), session.now - timedelta(days=1)
    alike = _ALIKE.row(
        session.connection, the_sender=mail.sender.address, the_since=day, the_digest=digest,
        the_mailbox=mailbox.name,
    )  # fmt: skip
    if alike is not None and alike[0] >= MOST_ALIKE:
        return _Fate(IGNORED, f"The same mail came {MOST_ALIKE} times in a day.")
    new = _NEW.row(session.connection, the_sender=mail.sender.address, the_since=hour)
    if new is not None and new[0] >= MOST_NEW:
        message = f"{mail.sender.address} has begun {MOST_NEW} conversations within an hour."
        return _Fate(FAILED, f"{message} Take it later, or ask the sender.")
    record = make_record(session, mailbox, mail)
    raw = _keep_raw(session, mailbox.object, mail)
    keep_incoming(
        session, mailbox.name, mail, mailbox.object, record,
        raw=raw, public=True, notes=[QUIET] if quiet else [],
    )  # fmt: skip
    return _Fate(CREATED, "", mailbox.object, record, raw)


def _digest(mail: IncomingMail) -> str:
    words = " ".join(f"{mail.subject} {mail.text}".lower().split())
    return hashlib.sha256(words.encode()).hexdigest()
