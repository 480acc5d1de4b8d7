"""The content of a mail: what is said, to whom, as the bytes that a mail server takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fluvial.runtime.session import Session
from fluvial.services import mail

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


def composed(
    session: Session,
    effect: Mapping[str, Any],
    server: mail.Server,
    name: str,
    said: tuple[str, str],
) -> bytes:
    host = mail.ascii_host(urlsplit(session.engine.settings.base_url).hostname or "localhost")
    return mail.compose(
        sender=server.sender,
        to=effect["target"],
        name=name,
        subject=said[0],
        html=said[1],
        at=effect["at"],
        message_id=f"<{effect['id']}@{host}>",
    )


def opened(session: Session, effect: Mapping[str, Any], content: bytes) -> bytes:
    """The content as it is sent: with links that act, which what is kept does not open."""
    return in_mail(session, effect["payload"], content)
