"""Headers of mails as text, whatever is wrong with them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, NamedTuple
from unicodedata import category

from fluvial.services.mail import is_address

from .mail_charsets import decoded

MOST_ADDRESSES = 100
MOST_IDS = 100
MOST_LETTERS = 998  # of a header, as RFC 5322 has it for a line

_ID = re.compile(r"<([^<>\s]{1,990})>")
_NONE = ("Cc", "Cs", "Cf", "Zl", "Zp", "Co", "Cn")


class MailAddress(NamedTuple):
    name: str
    address: str  # in lower case; the part before the @ is the same person in any case


def raw_header(message: Message[Any, Any], name: str) -> str:
    """The first header of this name as it stands in the mail; "" where there is none."""
    wanted = name.lower()
    for header, value in message.raw_items():
        if header.lower() == wanted:
            return _letters(str(value))
    return ""


def raw_headers(message: Message[Any, Any], name: str) -> list[str]:
    """All headers of this name, the topmost first."""
    wanted = name.lower()
    return [_letters(str(v)) for header, v in message.raw_items() if header.lower() == wanted]


def header(message: Message[Any, Any], name: str) -> str:
    """A header in one line of plain text."""
    return one_line(_words(raw_header(message, name)))[:MOST_LETTERS]


def addresses(message: Message[Any, Any], name: str) -> tuple[MailAddress, ...]:
    """The addresses of a header; what is none is left out."""
    found: dict[str, MailAddress] = {}
    text = " ".join(raw_header(message, name).split())
    for shown, address in getaddresses([text]) if text else ():
        plain = one_line(_words(address)).lower()
        if is_address(plain) and plain not in found:
            found[plain] = MailAddress(one_line(_words(shown))[:200], plain)
    return tuple(found.values())[:MOST_ADDRESSES]


def message_ids(text: str) -> tuple[str, ...]:
    """The ids of a header such as References, in their order."""
    return tuple(dict.fromkeys(_ID.findall(text)))[-MOST_IDS:]


def sent_at(message: Message[Any, Any]) -> datetime | None:
    try:
        found = parsedate_to_datetime(raw_header(message, "date"))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def one_line(text: str) -> str:
    """A text in one line, without characters that are none or that hide others."""
    plain = "".join(" " if category(c) in _NONE else c for c in text)
    return " ".join(plain.split())


def _letters(text: str) -> str:
    """Bytes that stand unencoded in a header, as letters."""
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return decoded(text.encode("utf-8", "surrogateescape"), "utf-8")


def _words(text: str) -> str:
    """Encoded words (RFC 2047) as letters; those that cannot be decoded stay as they are."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(" ".join(text.split()))
    except Exception:  # whatever a broken word leads the library to
        return text
    said = ""
    for part, charset in parts:
        said += decoded(part, charset or "ascii") if isinstance(part, bytes) else part
    return said
