"""Messages that people write at a record: internal notes, and answers to those who take part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services.mail import is_address
from metamodel.conversation_part import CONVERSATION

from .mail import mail_drafts
from .mail.mail_headers import MailAddress, one_line
from .mail.mail_replies import MOST_FILES, MOST_PEOPLE, MailReply, send_reply

MAIL_ONLY = ("to", "cc", "bcc", "subject", "files")


def written(session: Session, object_name: str, record: str, body: Mapping[str, Any]) -> str:
    """Write a message; its id. People outside write public ones, and nobody by mail."""
    comments.commentable(session, object_name, record)
    public = body.get("public", False)
    if not isinstance(public, bool):
        raise _refused("/public", "`public` must be true or false.")
    inside = comments.works_on(session, object_name, record)
    talks = CONVERSATION.of(session.catalog.objects[object_name]) is not None
    mail = public and inside and talks
    if not mail:
        for name in MAIL_ONLY:
            if body.get(name):
                raise _refused(f"/{name}", f"`{name}` is for public messages of colleagues.")
        said = comments.write(
            session, object_name, record, body.get("text"), body.get("mentions", ()), public
        )
        identifier = str(said["id"])
    else:
        identifier = send_reply(session, object_name, record, reply_of(body))
    if session.actor.id is not None:
        mail_drafts.drop_draft(session, record)
    return identifier


def reply_of(body: Mapping[str, Any]) -> MailReply:
    """The members of a body as an answer; a problem names the first that is not valid."""
    text = body.get("text", "")
    if not isinstance(text, str):
        raise _refused("/text", "`text` must be a text.")
    subject = body.get("subject", "")
    if not isinstance(subject, str) or len(subject) > 250:
        raise _refused("/subject", "`subject` must be a text of at most 250 characters.")
    files = body.get("files", ())
    if (
        not isinstance(files, (list, tuple))
        or len(files) > MOST_FILES
        or not all(is_id(one) for one in files)
    ):
        raise _refused("/files", f"`files` must be a list of at most {MOST_FILES} ids.")
    to, cc = (_addresses(body, name) for name in ("to", "cc"))
    return MailReply(text, to, cc, _addresses(body, "bcc") or (), one_line(subject), tuple(files))


def _addresses(body: Mapping[str, Any], name: str) -> tuple[MailAddress, ...] | None:
    """Addresses as texts, or as {name, address}; None where the body leaves it open."""
    given = body.get(name)
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > MOST_PEOPLE:
        raise _refused(f"/{name}", f"`{name}` must be a list of at most {MOST_PEOPLE} addresses.")
    found = []
    for at, one in enumerate(given):
        called, address = ("", one) if not isinstance(one, Mapping) else (
            one.get("name", ""), one.get("address")
        )  # fmt: skip
        if not isinstance(address, str) or not is_address(address.strip()):
            raise _refused(f"/{name}/{at}", f"`{str(address)[:80]}` is not an e-mail address.")
        found.append(MailAddress(one_line(str(called))[:200], address.strip().lower()))
    return tuple(found)


def _refused(pointer: str, message: str) -> Unprocessable:
    return Unprocessable(message, errors=[fault(pointer, "not_valid", message)])
