"""The addresses of links: an id with a signature, so that nothing that is stored opens one.

Texts that wait to be sent hold an address without its signature, which opens nothing either; that
is put in when the mail goes out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

from fluvial.kernel.settings import Settings

PATH = "/l/"
MAX = 60
_BYTES = 16


def secret_of(settings: Settings, id: str) -> str:
    """What stands at the end of the address."""
    raw = UUID(id).bytes
    return f"{_text(raw)}.{_text(_signature(settings, raw))}"


def address_of(settings: Settings, id: str) -> str:
    return f"{settings.base_url}{PATH}{secret_of(settings, id)}"


def unsigned(settings: Settings, id: str) -> str:
    """The address as texts hold it that wait to be sent."""
    return f"{settings.base_url}{PATH}~{_text(UUID(id).bytes)}~"


def signed(settings: Settings, address: str) -> str:
    """The address of an unsigned one."""
    raw = _raw(address.rpartition("/")[2].strip("~"))
    return address_of(settings, str(UUID(bytes=raw))) if raw is not None else address


def id_in(settings: Settings, secret: str) -> str | None:
    """The id of what stands at the end of an address; None where we have not signed it."""
    text, dot, signature = secret.partition(".")
    raw = _raw(text) if dot and len(secret) <= MAX else None
    if raw is None or not signature.isascii():
        return None
    known = _text(_signature(settings, raw))
    return str(UUID(bytes=raw)) if hmac.compare_digest(signature, known) else None


def _signature(settings: Settings, raw: bytes) -> bytes:
    key = hashlib.sha256(b"link:" + settings.secret_key.encode()).digest()
    return hmac.new(key, raw, hashlib.sha256).digest()[:_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == _BYTES and _text(raw) == text else None
