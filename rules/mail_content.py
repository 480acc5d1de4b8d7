"""The content of a mail: what is said, to whom, as the bytes that a mail server takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session
from fluvial.services import mail

from .mail_attachments import enclosed
from .text_links import in_mail


def with_link(
    session: Session, effect: Mapping[str, Any], said: tuple[str, str]
) -> tuple[str, str]:
    """The subject and the HTML of a mail, with the address of its record at the end."""
    subject, html = said
    if effect["payload"]["href"]:
        link = session.engine.settings.base_url + effect["payload"]["href"]
        html += f'<p><a href="{link}">{link}</a></p>'
    return subject, html


@dataclass(frozen=True)
class MailThread:
    """The conversation that a mail of a rule belongs to."""

    mark: str = ""  # goes into the subject: [E-2026-00042]
    answers: tuple[str, ...] = ()  # ids of its mails, the newest first
    sender: str = ""  # the address from which it is sent; "" for the one of the settings


@dataclass(frozen=True)
class MadeMail:
    """A mail that a feature has made whole, and the address from which it is sent."""

    content: bytes
    sender: str = ""


# Makes the mail of an effect that is one of the feature's own; else None. Raises NotSent.
MAIL_MAKER: Seam[Callable[[Session, Mapping[str, Any], mail.Server], MadeMail | None]] = Seam(
    "when a mail of a feature is sent"
)
# The conversation of the record that a mail of a rule is about. Raises NotSent where the mail must
# not be sent, such as the answer to a machine.
MAIL_THREAD: Seam[Callable[[Session, Mapping[str, Any]], MailThread | None]] = Seam(
    "when the mail of a rule is made"
)


def made_by_feature(
    session: Session, effect: Mapping[str, Any], server: mail.Server
) -> MadeMail | None:
    for maker in session.engine.brought(MAIL_MAKER):
        made = maker(session, effect, server)
        if made is not None:
            return made
    return None


def thread_of_effect(session: Session, effect: Mapping[str, Any]) -> MailThread:
    for find in session.engine.brought(MAIL_THREAD):
        found = find(session, effect)
        if found is not None:
            return found
    return MailThread()


def composed(
    session: Session,
    effect: Mapping[str, Any],
    server: mail.Server,
    name: str,
    said: tuple[str, str],
) -> bytes:
    host = mail.ascii_host(urlsplit(session.engine.settings.base_url).hostname or "localhost")
    thread = thread_of_effect(session, effect)
    mark = "" if thread.mark in said[0] else f" {thread.mark}"
    return mail.compose(
        sender=thread.sender or server.sender,
        to=effect["target"],
        name=name,
        subject=f"{said[0]}{mark}",
        html=said[1],
        at=effect["at"],
        message_id=f"<{effect['id']}@{host}>",
        answers=thread.answers,
        files=enclosed(session, effect["payload"]),
    )


def opened(session: Session, effect: Mapping[str, Any], content: bytes) -> bytes:
    """The content as it is sent: with links that act, which what is kept does not open."""
    return in_mail(session, effect["payload"], content)
