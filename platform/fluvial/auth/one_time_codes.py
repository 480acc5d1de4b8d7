"""One-time codes of an authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds.

That is what every app makes, and it is ten lines over `hmac`: a library would bring no more.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from urllib.parse import quote

SECONDS = 30
DIGITS = 6
DRIFT = 1  # steps before and after: clocks differ, and people type slowly


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: bytes, code: str, now: datetime, after: int = 0) -> int | None:
    """The step whose code it is, near now and behind the last one that was used."""
    current = int(now.timestamp()) // SECONDS
    for step in range(current - DRIFT, current + DRIFT + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return None


def in_letters(secret: bytes) -> str:
    """The secret as people type it into an app."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, account: str, issuer: str) -> str:
    """What the picture for the app's camera says."""
    label = quote(f"{issuer}:{account}")
    return f"otpauth://totp/{label}?secret={in_letters(secret)}&issuer={quote(issuer)}"
