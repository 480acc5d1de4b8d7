"""What sort of mail it is: written by somebody, or by a machine that must get no answer."""

from __future__ import annotations

import re
from email.message import Message
from typing import Any

from .mail_body import leaves
from .mail_headers import addresses, header, message_ids, raw_header

PERSONAL, AUTOMATIC, BOUNCE, BULK = "", "automatic", "bounce", "bulk"

_ANSWERS = re.compile(
    r"^\s*(?:automatic reply|auto[- ]?reply|autoreply|auto[- ]?response|out of (?:the )?office"
    r"|automatische antwort|abwesenheits(?:notiz|nachricht|meldung)|abwesend"
    r"|réponse automatique|absen[c]e du bureau|risposta automatica|fuori sede|respuesta automática"
    r"|resposta automática|automatisch antwoord|afwezig|autosvar|automatyczna odpowiedź)"
    r"\b\s*[:\-(]",
    re.IGNORECASE,
)
_MACHINES = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_SAID = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autorespond-to", "x-mail-autoreply")
_BULK = ("bulk", "list", "junk")


def kind_of(message: Message[Any, Any], sender: str, envelope: str | None) -> str:
    """`envelope` is the sender whom the mail server named; None where nobody told it."""
    report = _report(message)
    if report == "delivery-status" or header(message, "x-failed-recipients"):
        return BOUNCE
    returned = raw_header(message, "return-path").strip()
    unanswerable = envelope == "" or returned == "<>"
    if _MACHINES.match(sender) and (unanswerable or not sender or _returns(message)):
        return BOUNCE
    if report or _is_automatic(message) or unanswerable:
        return AUTOMATIC
    precedence = header(message, "precedence").lower()
    if precedence in _BULK or header(message, "list-id") or header(message, "list-unsubscribe"):
        return BULK
    return PERSONAL


def _report(message: Message[Any, Any]) -> str:
    """Of a report by a machine, what it reports."""
    try:
        if message.get_content_type() != "multipart/report":
            return ""
        return str(message.get_param("report-type", "report") or "report").lower()
    except Exception:  # whatever a broken header leads the library to
        return ""


def _is_automatic(message: Message[Any, Any]) -> bool:
    submitted = header(message, "auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return True
    if header(message, "precedence").lower() in ("auto_reply", "auto-reply"):
        return True
    if any(header(message, name) for name in _SAID):
        return True
    suppressed = header(message, "x-auto-response-suppress").lower()
    if re.search(r"\ball\b|\boof\b", suppressed) and re.search(r"\ball\b|autoreply", suppressed):
        return True
    return _ANSWERS.match(header(message, "subject")) is not None


def _returns(message: Message[Any, Any]) -> bool:
    """Whether it brings back a mail, or the head of one."""
    kinds = ("message/rfc822", "text/rfc822-headers", "message/delivery-status")
    return any(part.get_content_type() in kinds for part in leaves(message))


def returned_ids(message: Message[Any, Any]) -> tuple[str, ...]:
    """The ids of the mails that a bounce brings back."""
    found: list[str] = []
    for part in leaves(message):
        type_ = part.get_content_type()
        if type_ == "message/rfc822" and part.is_multipart():
            for inner in part.get_payload() or ():
                if isinstance(inner, Message):
                    found += message_ids(raw_header(inner, "message-id"))
        elif type_ == "text/rfc822-headers":
            text = part.get_payload()
            if isinstance(text, str):
                match = re.search(r"^message-id:\s*(<[^>\s]+>)", text, re.I | re.M)
                found += message_ids(match[1]) if match else ()
    return tuple(found)


def forged(message: Message[Any, Any], trusted: str) -> bool:
    """Whether the mail server of this site says that the sender's address is not the sender's."""
    if not trusted:
        return False
    for name, value in message.raw_items():
        if name.lower() != "authentication-results":
            continue
        server, _, results = " ".join(str(value).split()).partition(";")
        if server.split(" ")[0].lower() != trusted.lower():
            continue  # written by somebody on its way
        if re.search(r"\bdmarc=pass\b", results, re.I):
            return False
        passed = re.search(r"\b(?:spf|dkim)=pass\b", results, re.I)
        return bool(re.search(r"\bdmarc=(?:fail|permerror)\b", results, re.I)) or not passed
    return True  # our own server has said nothing of it


def sender_of(message: Message[Any, Any]) -> tuple[str, str]:
    """The name and address of who writes."""
    for name in ("from", "sender", "reply-to"):
        found = addresses(message, name)
        if found:
            return found[0].name, found[0].address
    return "", ""
