"""The parts of a mail: what it says, and the files that come with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from .mail_charsets import decoded
from .mail_headers import header, one_line
from .winmail import unpacked

MOST_PARTS = 300
MOST_DEPTH = 30
MOST_FILES = 100
MOST_TEXT = 100_000  # characters of what is said; the raw mail keeps the rest
MOST_HTML = 1_000_000

TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_ENDS = {
    "text/calendar": ("invitation", ".ics"), "message/rfc822": ("mail", ".eml"),
    "message/delivery-status": ("delivery-status", ".txt"), "image/png": ("image", ".png"),
    "image/jpeg": ("image", ".jpg"), "image/gif": ("image", ".gif"), "text/html": ("text", ".html"),
    "application/pdf": ("document", ".pdf"), "text/plain": ("text", ".txt"),
    "text/rfc822-headers": ("headers", ".txt"), "text/vcard": ("card", ".vcf"),
    "application/pkcs7-signature": ("smime", ".p7s"), "text/x-amp-html": ("amp", ".html"),
    "application/pgp-signature": ("signature", ".asc"), "application/ms-tnef": ("winmail", ".dat"),
}  # fmt: skip


@dataclass(frozen=True)
class MailFile:
    name: str
    claimed: str  # the media type that the mail names
    content: bytes
    cid: str = ""  # by which the HTML shows it


@dataclass
class MailBody:
    text: str = ""
    html: str = ""
    files: list[MailFile] = field(default_factory=list)
    cut: bool = False  # whether some of it stands in the raw mail alone


def body_of(message: Message[Any, Any]) -> MailBody:
    body = MailBody()
    texts: list[str] = []
    pages: list[str] = []
    for at, part in enumerate(leaves(message)):
        if at >= MOST_PARTS:
            body.cut = True
            break
        type_ = _type(part)
        if type_ in ("text/plain", "text/html") and not _is_file(part):
            (texts if type_ == "text/plain" else pages).append(_said(part, type_))
        elif len(body.files) < MOST_FILES:
            file = _file(part, type_, len(body.files) + 1)
            body.files += _taken_out(file) or [file]
        else:
            body.cut = True
    body.cut = body.cut or len(body.files) > MOST_FILES
    del body.files[MOST_FILES:]
    body.html = "\n<br>\n".join(page for page in pages if page.strip())
    body.text = "\n\n".join(text.strip("\n") for text in texts if text.strip())
    body.cut = body.cut or len(body.html) > MOST_HTML or len(body.text) > MOST_TEXT
    body.html, body.text = body.html[:MOST_HTML], body.text[:MOST_TEXT]
    return body


def leaves(message: Message[Any, Any], depth: int = 0) -> Iterator[Message[Any, Any]]:
    """The parts that hold something. A mail inside the mail is one part."""
    inner = message.get_payload() if message.is_multipart() else None
    if isinstance(inner, list) and message.get_content_maintype() == "multipart":
        for part in inner if depth < MOST_DEPTH else ():
            if isinstance(part, Message):
                yield from leaves(part, depth + 1)
    else:
        yield message


def _type(part: Message[Any, Any]) -> str:
    try:
        found = part.get_content_type()
    except Exception:  # whatever a broken header leads the library to
        return "application/octet-stream"
    # Several parts without the line that parts them are one text.
    return "text/plain" if found.startswith("multipart/") else found


def _param(part: Message[Any, Any], name: str, of: str = "content-type") -> str:
    try:
        found = part.get_param(name, "", header=of)
    except Exception:
        return ""
    if isinstance(found, tuple):
        charset, _, value = found
        return decoded(value.encode("utf-8", "surrogateescape"), charset or "utf-8")
    return str(found or "")


def _is_file(part: Message[Any, Any]) -> bool:
    """Whether a text is meant as a file: that it has a name alone makes it none in some mails."""
    said = header(part, "content-disposition").partition(";")[0].strip().lower()
    return said == "attachment" or (said == "inline" and bool(_name(part)))


def _said(part: Message[Any, Any], type_: str) -> str:
    text = decoded(_bytes(part), _param(part, "charset") or "utf-8")
    if type_ == "text/plain" and _param(part, "format").lower() == "flowed":
        return _unflowed(text, _param(part, "delsp").lower() == "yes")
    return text


def _unflowed(text: str, delsp: bool) -> str:
    """Lines that were broken for transport, whole again (RFC 3676)."""
    lines: list[str] = []
    flowing = ""
    for line in text.split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        rest = line[marks:].removeprefix(" ")
        if lines and flowing == ">" * marks and lines[-1] and lines[-1] != "-- ":
            lines[-1] = (lines[-1][:-1] if delsp else lines[-1]) + rest
        else:
            lines.append(">" * marks + (" " if marks else "") + rest)
        flowing = ">" * marks if rest.endswith(" ") and rest != "-- " else "\n"
    return "\n".join(lines)


def _bytes(part: Message[Any, Any]) -> bytes:
    try:
        if part.is_multipart():  # a mail inside the mail
            inner = part.get_payload()
            return b"\n".join(bytes(one) for one in inner if isinstance(one, Message))
        found = part.get_payload(decode=True)
        return found if isinstance(found, bytes) else b""
    except Exception:  # an encoding that is none, or a mail that cannot be written again
        raw = part.get_payload()
        return str(raw).encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _name(part: Message[Any, Any]) -> str:
    """The name of a file, from either of the headers that may say it."""
    for of, name in (("content-disposition", "filename"), ("content-type", "name")):
        found = _param(part, name, of)
        if found:
            return one_line(_decoded_name(found))
    return ""


def _decoded_name(name: str) -> str:
    carrier: Message[str, str] = Message()
    carrier["subject"] = re.sub(r"[\r\n]+", " ", name)
    return header(carrier, "subject") or name


def _file(part: Message[Any, Any], type_: str, at: int) -> MailFile:
    stem, end = _ENDS.get(type_, ("file", ""))
    name = _name(part)
    if not name and type_ == "message/rfc822":
        name = _subject_inside(part, end)
    cid = header(part, "content-id").strip("<> ")
    return MailFile(name or f"{stem}-{at}{end}", type_, _bytes(part), cid)


def is_winmail(file: MailFile) -> bool:
    return file.claimed in TNEF or file.name.lower() == "winmail.dat"


def _taken_out(file: MailFile) -> list[MailFile]:
    """The files that Outlook has packed into one; none where it is no such file."""
    packed = unpacked(file.content) if is_winmail(file) else []
    return [
        MailFile(one_line(one.name) or f"file-{at}", one.claimed, one.content, one.cid.strip("<> "))
        for at, one in enumerate(packed, 1)
    ]


def _subject_inside(part: Message[Any, Any], end: str) -> str:
    """A mail inside the mail is called by its subject."""
    inner = part.get_payload()
    for one in inner if isinstance(inner, list) else ():
        if isinstance(one, Message) and (subject := header(one, "subject")):
            return f"{subject[:80]}{end}"
    return ""
