"""A real SMTP server that keeps what it is sent and answers as the test says."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

ACCEPTED = "250 2.0.0 kept"
DROP = "drop"


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes
    reply: str

    @property
    def accepted(self) -> bool:
        return self.reply.startswith("250")


class Mailbox:
    """`replies` are used up one for each message; without one, a message is accepted.

    A reply is a line such as "451 4.3.0 later" or "550 5.1.1 no such person"; DROP takes the
    message and closes the connection without an answer.
    """

    def __init__(self) -> None:
        self.replies: deque[str] = deque()
        self.mails: list[Mail] = []
        self.arrived = threading.Condition()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="mailbox", daemon=True)
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result()
        self.port: int = self.server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=fluvial@example.org"

    def accepted(self) -> list[Mail]:
        return [mail for mail in self.mails if mail.accepted]

    def wait(self, count: int, timeout: float = 60.0) -> list[Mail]:
        """All messages, as soon as there are so many, whatever was answered."""
        deadline = time.monotonic() + timeout
        with self.arrived:
            while len(self.mails) < count:
                left = deadline - time.monotonic()
                if left <= 0 or not self.arrived.wait(left):
                    raise AssertionError(f"{len(self.mails)} of {count} messages came")
            return list(self.mails)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        reply = self.replies.popleft() if self.replies else ACCEPTED
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        mail = Mail(envelope.mail_from or "", list(envelope.rcpt_tos), message, raw, reply)
        with self.arrived:
            self.mails.append(mail)
            self.arrived.notify_all()
        if reply == DROP and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return reply

    def _protocol(self) -> SMTP:
        return SMTP(self, hostname="mailbox.example.org", enable_SMTPUTF8=True, loop=self.loop)

    async def _listen(self) -> asyncio.Server:
        return await self.loop.create_server(self._protocol, "127.0.0.1", 0)

    async def _shut(self) -> None:
        self.server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def smtp() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    yield mailbox
    mailbox.close()
