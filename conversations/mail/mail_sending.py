"""Mails of conversations as they are sent, and what the mails of rules get from a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.records.drafts.attachments import find_file
from fluvial.runtime.session import Session
from fluvial.services import mail as outgoing
from fluvial.transfer.files import read_parts
from metamodel.conversation_part import CONVERSATION
from metamodel.kinds.datetime import moment
from rules.mail_content import MAIL_MAKER, MAIL_THREAD, MadeMail, MailThread

from .mail_kinds import PERSONAL
from .mail_replies import mark_of, proposal_of
from .mail_store import IN, latest, mails_of, text_of
from .mailboxes import mailboxes_of

MEMBER = "message"  # of the payload of an effect: the message that it sends


def made(session: Session, effect: Mapping[str, Any], server: outgoing.Server) -> MadeMail | None:
    """The mail of a message, made anew at each attempt from what is kept: the same bytes."""
    identifier = effect["payload"].get(MEMBER)
    if identifier is None or effect["kind"] != "email":
        return None
    found = mails_of(session, [identifier]).get(identifier)
    text = text_of(session, identifier)
    if found is None or text is None:
        raise outgoing.NotSent("The message was deleted before it was sent.", final=True)
    mailbox = mailboxes_of(session.catalog).get(found["mailbox"] or "")
    address = found["sender"] or outgoing.sending_address(session.engine.settings.smtp_url)
    signed = f"{text}\n\n-- \n{mailbox.signature}" if mailbox and mailbox.signature else text
    signed = signed.replace("{me}", found["sender_name"]) if mailbox else signed
    written = outgoing.WrittenMail(
        sender=(_sender_name(found["sender_name"], mailbox.label if mailbox else ""), address),
        to=_pairs(found["to"]),
        cc=_pairs(found["cc"]),
        subject=found["subject"],
        text=f"{signed}\n\n{found['quoted']}" if found["quoted"] else signed,
        at=moment(found["at"]),
        message_id=f"<{found['message_id']}>",
        answers=found["thread"],
        files=[_file(session, one["id"]) for one in found["files"]],
    )
    return MadeMail(outgoing.compose_written(written), found["sender"])


def _sender_name(person: str, mailbox: str) -> str:
    return f"{person}, {mailbox}" if person and mailbox else person or mailbox


def _pairs(people: list[list[str]]) -> list[tuple[str, str]]:
    return [(name, address) for name, address in people]


def _file(session: Session, identifier: str) -> outgoing.OutgoingFile:
    row = find_file(session, identifier)
    if row is None:
        raise outgoing.NotSent("A file of the message is no longer there.", final=True)
    content = b"".join(read_parts(session.engine, row))
    return outgoing.OutgoingFile(row["name"], row["media_type"], content)


def thread(session: Session, effect: Mapping[str, Any]) -> MailThread | None:
    """What the mail of a rule about a record with a conversation has in its head.

    A machine gets no answer: its own would follow.
    """
    object_name, record = effect["object"], effect["record"]
    type_ = session.catalog.objects.get(object_name)
    if type_ is None or CONVERSATION.of(type_) is None or not effect["rule"]:
        return None
    for one in latest(session, record, 20):
        if one["direction"] == IN and one["sender"] == effect["target"].lower():
            if one["kind"] != PERSONAL or "quiet" in one["notes"]:
                reason = "Its last mail is automatic, and a machine gets no answer."
                raise outgoing.NotSent(reason, final=True)
            break
    proposal = proposal_of(session, object_name, record)
    sender = ""
    if proposal.mailbox is not None:
        name = proposal.mailbox.label.replace('"', "")
        sender = f'"{name}" <{proposal.mailbox.address}>'
    return MailThread(mark_of(session, object_name, record), proposal.answers, sender)


BRINGS = (MAIL_MAKER(made), MAIL_THREAD(thread))
