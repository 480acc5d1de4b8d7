"""Mail: messages in two forms, and the conversation with the mail server."""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from html import escape
from html.parser import HTMLParser
from unicodedata import category
from urllib.parse import parse_qs, unquote, urlsplit

import idna

TIMEOUT_SECONDS = 10.0
# Texts in any script travel as ASCII: not every server takes more, and it is kept as text.
_PLAIN = SMTP_POLICY.clone(cte_type="7bit")
DEFAULT_SENDER = "fluvial@localhost"
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NONE = ("Cc", "Cs", "Zl", "Zp")  # controls, halves of characters, ends of lines
MOST_ANSWERS = 20  # ids of mails that one goes on from
PORTS = {"smtp": 25, "smtps": 465}
ADDRESS = re.compile(r"[^@\s<>\"(),:;\[\]\\]{1,64}@[^@\s<>\"(),:;\[\]\\]{1,190}")


class NotSent(Exception):
    """The server did not take the message now; `final` where it never will."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(reason)


@dataclass(frozen=True)
class Server:
    """Where mail goes, from `smtp://user:password@host:port?from=name@example.com`."""

    host: str
    port: int
    tls: bool  # from the start; otherwise where the server offers it
    user: str
    password: str
    sender: str

    @staticmethod
    def read(url: str) -> Server:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        return Server(
            parts.hostname or "localhost",
            parts.port or PORTS.get(parts.scheme, 25),
            parts.scheme == "smtps",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            query.get("from", [DEFAULT_SENDER])[0],
        )


def sending_address(url: str) -> str:
    """The address, in lower case, from which mails are sent by the server at an address."""
    return parseaddr(Server.read(url).sender)[1].lower()


def is_address(text: str) -> bool:
    """Whether it can be the address of a mail."""
    return ADDRESS.fullmatch(text) is not None


def ascii_address(address: str) -> str:
    """The address with its domain in the ASCII form (IDNA 2008); raises NotSent where none is."""
    name, _, domain = address.rpartition("@")
    try:
        plain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise NotSent(f"The address {address} has no valid domain: {error}", final=True) from error
    if not name.isascii():
        message = f"The address {address} cannot be sent to: before the @ it needs plain letters."
        raise NotSent(message, final=True)
    return f"{name}@{plain}"


def _mailbox(name: str, address: str) -> Address:
    """Somebody with their name; of whatever it consists, it stays within its quotes."""
    plain = ascii_address(address)
    try:
        return Address(_line(name), addr_spec=plain)
    except (ValueError, MessageError) as error:
        raise NotSent(f"The address {address} is not valid: {error}", final=True) from error


def _sender(text: str) -> Address:
    """The sender of our settings: where it is not valid, mails wait until somebody fixes it."""
    name, address = parseaddr(text)
    try:
        return _mailbox(name, address)
    except NotSent as error:
        raise NotSent(f"FLUVIAL_SMTP_URL, from={text}: {error}") from error


def _line(text: str) -> str:
    """A text in one line, without characters that are none and those that turn the line."""
    plain = "".join(" " if c in _TURNS or category(c) in _NONE else c for c in text)
    return " ".join(plain.split())


def ascii_host(name: str) -> str:
    """The name of a host as the headers of mails take it."""
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name if name.isascii() else "localhost"


# A word without an end makes no mail wider than the phone that shows it.
WRAPPED = '<div style="overflow-wrap:anywhere;word-break:break-word">{}</div>'


@dataclass(frozen=True)
class Enclosed:
    """A file that a mail carries."""

    name: str
    media_type: str
    content: bytes


def compose(
    *,
    sender: str,
    to: str,
    subject: str,
    html: str,
    at: datetime,
    message_id: str,
    name: str = "",
    answers: Sequence[str] = (),
    files: Sequence[Enclosed] = (),
) -> bytes:
    """The bytes of a message, in text and HTML. Made once: a retry sends the same.

    `answers` are the ids of the mails that it goes on from, the nearest first. Raises NotSent for
    an address that cannot be sent to.
    """
    message = EmailMessage(policy=_PLAIN)
    html = html.encode(errors="replace").decode()  # half a character cannot be sent
    message["From"] = _sender(sender)
    message["To"] = _mailbox(name, to)
    message["Subject"] = _line(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    thread(message, answers)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(as_text(html))
    message.add_alternative(WRAPPED.format(html), subtype="html")
    for file in files:
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    return message.as_bytes()


def thread(message: EmailMessage, answers: Sequence[str]) -> None:
    """Say which mails a message goes on from, so that programs show it with them."""
    plain = [one for one in answers if one.isascii() and len(one) < 250][:MOST_ANSWERS]
    if plain:
        message["In-Reply-To"] = f"<{plain[0]}>"
        message["References"] = " ".join(f"<{one}>" for one in reversed(plain))


@dataclass(frozen=True)
class OutgoingFile:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class WrittenMail:
    """A mail that somebody has written, to several people; addresses are (name, address)."""

    sender: tuple[str, str]
    to: Sequence[tuple[str, str]]
    cc: Sequence[tuple[str, str]]
    subject: str
    text: str
    at: datetime
    message_id: str
    answers: Sequence[str] = ()
    files: Sequence[OutgoingFile] = ()


def compose_written(written: WrittenMail) -> bytes:
    """The bytes of a mail that somebody has written; the same ones each time.

    Raises NotSent for an address that cannot be sent to.
    """
    message = EmailMessage(policy=_PLAIN)
    text = written.text.encode(errors="replace").decode()
    message["From"] = _mailbox(*written.sender)
    for name, people in (("To", written.to), ("Cc", written.cc)):
        if people:
            message[name] = [_mailbox(*one) for one in people]
    message["Subject"] = _line(written.subject)
    message["Date"] = format_datetime(written.at)
    message["Message-ID"] = written.message_id
    thread(message, written.answers)
    message.set_content(text)
    message.add_alternative(WRAPPED.format(as_html(text)), subtype="html")
    for file in written.files:
        main, _, sub = file.media_type.partition("/")
        if main in ("message", "multipart", "text"):
            main, sub = "application", "octet-stream"  # as it is, in whatever charset
        name = _line(file.name)
        message.add_attachment(file.content, maintype=main, subtype=sub or "x", filename=name)
    for at, part in enumerate(part for part in message.walk() if part.is_multipart()):
        digest = hashlib.sha256(f"{written.message_id} {at}".encode()).hexdigest()
        part.set_boundary(f"=_{digest[:40]}")
    return message.as_bytes()


def send(server: Server, to: str, message: bytes) -> str:
    """Hand the message to the server; its last word. Raises NotSent."""
    try:
        connection = _connect(server)
        try:
            sender = _sender(server.sender).addr_spec
            connection.sendmail(sender, [ascii_address(to)], message)
            # What the server says from here on does not change that it took the message.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
        finally:
            connection.close()
        return "The mail server accepted it."
    except smtplib.SMTPAuthenticationError as error:
        # The fault of our settings, which somebody will fix: the mail waits.
        raise NotSent(f"The mail server refused the sign-in: {_words(error)}") from error
    except smtplib.SMTPRecipientsRefused as error:
        ((code, words),) = error.recipients.values()
        reason = f"{code} {words.decode(errors='replace')}"
        raise NotSent(reason, final=500 <= code < 600) from error
    except smtplib.SMTPResponseException as error:
        raise NotSent(_words(error), final=500 <= error.smtp_code < 600) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"The mail server did not answer: {error or type(error).__name__}") from error


def _trust() -> ssl.SSLContext:
    """Asked for where it is needed only: reading all certificates of the machine takes longer
    than a mail does."""
    return ssl.create_default_context()


def _connect(server: Server) -> smtplib.SMTP:
    if server.tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_SECONDS, context=_trust()
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.ehlo_or_helo_if_needed()
        if not server.tls and connection.has_extn("starttls"):
            connection.starttls(context=_trust())
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _words(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return f"{error.smtp_code} {text}"


CELL = "\x1f"  # begins a cell in the text of a row; no text holds it


class _Text(HTMLParser):
    """HTML to the text of a mail: lines of blocks, addresses of links behind their words."""

    BLOCKS = frozenset(("p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "br"))
    SILENT = frozenset(("style", "script", "head", "title"))

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SILENT:
            self._silent += 1
        elif tag in self.BLOCKS:
            self.parts.append("\n\n" if tag == "p" else "\n")
        elif tag in ("td", "th"):
            self.parts.append(CELL)
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a" and self._links:
            address = self._links.pop()
            if address and address not in "".join(self.parts[-1:]):
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"[\s\x1f]+", " ", data))


def as_text(html: str) -> str:
    """What a mail says, for readers of plain text."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (_row(line) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _row(line: str) -> str:
    """A row of a table on one line: a name and its value, or cells that stay apart."""
    cells = [cell for part in line.split(CELL) if (cell := part.strip())]
    if len(cells) == 2:
        return f"{cells[0]} {cells[1]}" if cells[0][-1] in ":?" else f"{cells[0]}: {cells[1]}"
    return " · ".join(cells)


def as_html(text: str) -> str:
    """Plain text as paragraphs."""
    paragraphs = (p for p in re.split(r"\n\s*\n", text.strip()) if p)
    return "".join("<p>{}</p>".format(escape(p).replace("\n", "<br>")) for p in paragraphs)
