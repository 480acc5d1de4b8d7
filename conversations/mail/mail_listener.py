"""The SMTP or LMTP server of `fluvial mail`: mails that other servers deliver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from fluvial.database.connection import DatabaseError
from fluvial.kernel.problems import Problem
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

from .incoming_mail import MAX_MAIL
from .mail_intake import FAILED, REFUSED, take
from .mailboxes import MailboxPlan, mailboxes_of

log = logging.getLogger("fluvial.mail")

MOST_RECIPIENTS = 20
TAKEN = "250 2.0.0 The mail was taken"
LATER = "451 4.3.0 The mail cannot be taken now, try again later"
NOBODY = "550 5.1.1 There is no such mailbox"
TOO_LARGE = f"552 5.3.4 A mail can have at most {MAX_MAIL // 1_000_000} MB"


def mailbox_at(session: Session, address: str) -> MailboxPlan | None:
    """The mailbox with an address, or with a name as the part before the @; `+tag` is no matter."""
    local, _, host = address.lower().strip("<> ").partition("@")
    plain = local.partition("+")[0]
    active = [one for one in mailboxes_of(session.catalog).values() if one.active]
    for mailbox in active:
        if mailbox.address and mailbox.address in (f"{local}@{host}", f"{plain}@{host}"):
            return mailbox
    return next((one for one in active if not one.address and one.name == plain), None)


class MailHandler:
    """What the server asks: whether a recipient is known, and what becomes of a mail."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def handle_RCPT(
        self,
        server: SMTP,
        session: SmtpSession,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            known = await self._asked(lambda asked: mailbox_at(asked, address) is not None)
        except (DatabaseError, Problem):
            return LATER
        if not known:
            return NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        if len(raw) > MAX_MAIL:
            return TOO_LARGE
        try:
            return await self._asked(lambda asked: _taken(asked, envelope, raw))
        except Exception as error:  # the sender's server keeps the mail and tries again
            log.warning("A mail of %s could not be taken: %s", envelope.mail_from, error)
            return LATER

    async def _asked(self, work: Callable[[Session], object]) -> str:
        """Do something where requests are done, with a session of its own."""

        def done() -> object:
            return self._engine.database.call(lambda: work(Session.begin(self._engine)))

        answer = await asyncio.get_running_loop().run_in_executor(None, done)
        return answer  # type: ignore[return-value]


def _taken(session: Session, envelope: Envelope, raw: bytes) -> str:
    """Every mailbox among the recipients takes it; whatever becomes of it is noted there."""
    answer = TAKEN
    for address in envelope.rcpt_tos:
        mailbox = mailbox_at(session, address)
        if mailbox is None:
            continue
        taken = take(session, mailbox, raw, envelope=(envelope.mail_from or "").strip("<> "))
        if taken.outcome in (FAILED, REFUSED):
            log.warning("%s: a mail of %s %s", mailbox.name, envelope.mail_from, taken.reason)
    return answer


async def listen(engine: Engine, host: str, port: int, *, lmtp: bool) -> asyncio.Server:
    """The server, which listens until it is closed."""
    loop = asyncio.get_running_loop()
    handler = MailHandler(engine)
    kind = LMTP if lmtp else SMTP

    def protocol() -> SMTP:
        return kind(
            handler, data_size_limit=MAX_MAIL, enable_SMTPUTF8=True, hostname="fluvial", loop=loop
        )

    return await loop.create_server(protocol, host, port)
