"""Letters: mails of the product itself, to one person, with a link by which they sign in.

A letter waits in the ledger of what is sent, as the mails of rules do. The link is made with each
attempt to send it and stands nowhere but in the mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fluvial.auth import sign_in_links
from fluvial.auth.sign_in_links import FORGOTTEN, INVITATION
from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

from . import mail

NO_MAIL = "This site cannot send mail: FLUVIAL_SMTP_URL is not set."
VALID_FOR = {INVITATION: "7 days", FORGOTTEN: "an hour"}
PATH = "/signin/link/"


@dataclass(frozen=True)
class Letter:
    """To whom, and for what: an invitation, or a forgotten password."""

    user: str
    email: str
    name: str
    purpose: str
    by: str = ""  # the name of who invites


# Enters a letter among what is to be sent, in the transaction that is open.
LETTER_BOX: Seam[Callable[[Session, Letter], None]] = Seam("where letters wait to be sent")


def can_be_sent(session: Session) -> bool:
    return bool(session.engine.settings.smtp_url and session.engine.brought(LETTER_BOX))


def post(session: Session, letter: Letter) -> None:
    for box in session.engine.brought(LETTER_BOX):
        box(session, letter)


def link_for(session: Session, user: str, purpose: str) -> str:
    """A new link of a person, whose earlier ones end with it."""
    secret = sign_in_links.make(session.connection, user, purpose, session.engine.clock.now())
    return f"{session.engine.settings.base_url}{PATH}{secret}"


def written(session: Session, letter: Letter) -> tuple[str, str]:
    """The subject and the HTML of a letter, with a new link."""
    host = urlsplit(session.engine.settings.base_url).netloc
    link, valid = link_for(session, letter.user, letter.purpose), VALID_FOR[letter.purpose]
    if letter.purpose == INVITATION:
        subject = f"Your account at {host}"
        who = letter.by or "An administrator"
        about = f"{who} has created an account for you at {host}. You sign in as {letter.email}."
        end = "If you did not expect this, you can ignore it."
    else:
        subject = f"A new password for {host}"
        about = f"Somebody asked for a new password for your account at {host}."
        end = "If it was not you, ignore this mail: your password stays as it is."
    ask = f"Choose your password here. The link works once, and for {valid}:"
    before = mail.as_html(f"Hello {letter.name},\n\n{about}\n\n{ask}")
    return subject, f'{before}<p><a href="{link}">{link}</a></p>{mail.as_html(end)}'
