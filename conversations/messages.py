"""The messages of a conversation as its readers get them: comments, mails and calls, one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, NotFound
from fluvial.records.drafts.attachments import find_file
from fluvial.runtime.session import Session
from fluvial.services import comments

from .mail import mail_replies, mail_store
from .mail.mail_files import MESSAGE_FILE, RAW_MAIL


def messages_of(
    session: Session,
    object_name: str,
    record: str,
    *,
    before: str = comments.NEWEST,
    limit: int,
    since: datetime = comments.FIRST,
    until: datetime = comments.LAST,
) -> list[dict[str, Any]]:
    """The messages that somebody may read, newest first."""
    said = comments.read(
        session, object_name, record, since=since, until=until, before=before, limit=limit
    )
    return with_mails(session, object_name, record, said)


def with_mails(
    session: Session, object_name: str, record: str, said: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Comments with what the mails among them have beside their words."""
    said = list(said)
    mails = mail_store.mails_of(
        session, [one["id"] for one in said if one["channel"] == mail_store.MAIL]
    )
    inside = comments.works_on(session, object_name, record)
    base = f"/api/records/{object_name}/{record}/messages"
    return [
        {**one, **mail_face(f"{base}/{one['id']}", mails[one["id"]], inside=inside)}
        if one["id"] in mails
        else dict(one)
        for one in said
    ]


def mail_face(base: str, mail: Mapping[str, Any], *, inside: bool) -> dict[str, Any]:
    files = [{**one, "url": f"{base}/files/{one['id']}"} for one in mail["files"]]
    names = ("direction", "subject", "html", "quoted", "quoted_html")
    found = {name: mail[name] for name in names}
    found |= {
        "sender": {"name": mail["sender_name"], "address": mail["sender"]},
        "to": people(mail["to"]),
        "cc": people(mail["cc"]),
        "files": files,
    }
    if inside:  # what is for those who work on the record
        found |= {
            "bcc": people(mail["bcc"]),
            "kind": mail["kind"],
            "notes": mail["notes"],
            "mailbox": mail["mailbox"],
            "message_id": mail["message_id"],
            "raw": f"{base}/raw" if mail["raw"] else None,
        }
    return found


def people(pairs: Iterable[Iterable[str]]) -> list[dict[str, str]]:
    return [{"name": name, "address": address} for name, address in pairs]


def one(session: Session, object_name: str, record: str, message: str) -> list[dict[str, Any]]:
    """One message, as a list of it."""
    return with_mails(session, object_name, record, [comments.found(session, record, message)])


def take_back(session: Session, object_name: str, record: str, message: str) -> None:
    """Take back one's own message while it has not been sent."""
    mail = readable_mail(session, object_name, record, message)
    by = comments.found(session, record, message)["by"]
    if session.actor.id is None or by != {"user": session.actor.id}:
        raise Forbidden("Only who has written a message takes it back.")
    mail_replies.undo(session, object_name, record, mail)


def readable_mail(session: Session, object_name: str, record: str, message: str) -> dict[str, Any]:
    """What a mail has beside its words, for somebody who may read it."""
    comments.commentable(session, object_name, record)
    if is_id(message) and comments.is_readable(session, object_name, record, message):
        found = mail_store.mails_of(session, [message]).get(message)
        if found is not None:
            return found
    raise NotFound("This message does not exist.")


def file_of(
    session: Session, object_name: str, record: str, message: str, file: str
) -> dict[str, Any]:
    """A file of a mail, for those who may read the mail."""
    mail = readable_mail(session, object_name, record, message)
    if file in {one["id"] for one in mail["files"]}:
        row = find_file(session, file)
        if row is not None and row["field"] == MESSAGE_FILE:
            return row
    raise NotFound(f"This message has no file with the id `{file}`.")


def raw_of(session: Session, object_name: str, record: str, message: str) -> dict[str, Any]:
    """A mail as it came, for those who work on the record."""
    mail = readable_mail(session, object_name, record, message)
    if mail["raw"] and comments.works_on(session, object_name, record):
        row = find_file(session, mail["raw"])
        if row is not None and row["field"] == RAW_MAIL:
            return row
    raise NotFound("There is no mail as it came.")
