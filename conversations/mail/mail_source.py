"""A mailbox on another server, by IMAP: what is new in it, and what has been taken."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from .incoming_mail import MAX_MAIL

TIMEOUT_SECONDS = 30.0
PORTION = 10  # mails at once
PORTS = {"imap": 143, "imaps": 993}
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)", re.IGNORECASE)
_UID = re.compile(rb"UID (\d+)", re.IGNORECASE)


class SourceFault(Exception):
    """Why nothing could be fetched, in words; the next look may succeed."""


@dataclass(frozen=True)
class MailSource:
    """`imaps://user:password@host:port/folder`; `imap://` where the server is on this machine."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    folder: str

    @staticmethod
    def read(url: str) -> MailSource:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SourceFault(f"The address is not valid: {error}.") from error
        if parts.scheme not in PORTS or not parts.hostname:
            raise SourceFault("The address must be imaps://user:password@host/folder.")
        return MailSource(
            parts.hostname,
            port or PORTS[parts.scheme],
            parts.scheme == "imaps",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            unquote(parts.path.strip("/")) or "INBOX",
        )


@dataclass(frozen=True)
class FetchedMail:
    uid: str
    raw: bytes


@dataclass(frozen=True)
class FetchedPortion:
    """What was new, the oldest first; `validity` says which numbers these are."""

    validity: str
    mails: tuple[FetchedMail, ...]
    more: bool


def fetch(source: MailSource) -> FetchedPortion:
    """The oldest mails that nobody has seen. They stay unseen until they are marked."""
    try:
        server = _signed_in(source)
        try:
            validity = _selected(server, source)
            found = _said(server.uid("SEARCH", "UNSEEN"), "look for new mails")
            uids = [uid.decode() for uid in (found[0] or b"").split()]
            mails = [FetchedMail(uid, _content(server, uid)) for uid in uids[:PORTION]]
            return FetchedPortion(validity, tuple(mails), len(uids) > PORTION)
        finally:
            _end(server)
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise SourceFault(f"The mail server said: {error}"[:500]) from error


def mark_seen(source: MailSource, validity: str, uids: Sequence[str]) -> None:
    """Say that mails were taken. Where the server has numbered them anew, they come once more."""
    if not uids:
        return
    try:
        server = _signed_in(source)
        try:
            if _selected(server, source) == validity:
                _said(server.uid("STORE", ",".join(uids), "+FLAGS", r"(\Seen)"), "mark mails")
        finally:
            _end(server)
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise SourceFault(f"The mail server said: {error}"[:500]) from error


def _signed_in(source: MailSource) -> imaplib.IMAP4:
    server: imaplib.IMAP4
    if source.tls:
        context = ssl.create_default_context()
        server = imaplib.IMAP4_SSL(
            source.host, source.port, ssl_context=context, timeout=TIMEOUT_SECONDS
        )
    else:
        server = imaplib.IMAP4(source.host, source.port, timeout=TIMEOUT_SECONDS)
    try:
        if not source.tls and "STARTTLS" in server.capabilities:
            server.starttls(ssl.create_default_context())
        server.login(source.user, source.password)
    except BaseException:
        _end(server)
        raise
    return server


def _selected(server: imaplib.IMAP4, source: MailSource) -> str:
    folder = '"' + source.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    _said(server.select(folder), f"open the folder {source.folder}")
    _, found = server.response("UIDVALIDITY")
    return (found[0] or b"").decode() if found else ""


def _said(answer: tuple[str, Any], what: str) -> list[Any]:
    status, data = answer[0], list(answer[1])
    if status != "OK":
        told = b" ".join(part for part in data if isinstance(part, bytes))
        raise SourceFault(f"The mail server could not {what}: {told.decode(errors='replace')}")
    return data


def _content(server: imaplib.IMAP4, uid: str) -> bytes:
    """A mail whole; of one that is too large, enough to say who sent it."""
    sized = _said(server.uid("FETCH", uid, "(RFC822.SIZE)"), "fetch a mail")
    match = _SIZE.search(b" ".join(part for part in sized if isinstance(part, bytes)))
    large = match is not None and int(match[1]) > MAX_MAIL
    part = f"BODY.PEEK[]<0.{MAX_MAIL + 1}>" if large else "BODY.PEEK[]"
    for found in _said(server.uid("FETCH", uid, f"({part})"), "fetch a mail"):
        if isinstance(found, tuple) and len(found) > 1:
            return bytes(found[1])
    raise SourceFault(f"The mail server did not give the mail with the number {uid}.")


def _end(server: imaplib.IMAP4) -> None:
    with suppress(imaplib.IMAP4.error, OSError):
        server.logout()
