"""The token that shows that a form came from our own page, masked anew for each page.

Pages are compressed, and the length of a compressed page would tell the token bit by bit to
somebody who makes a browser load many pages with guesses in them. So no page says the token twice
in the same way.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode


def masked(token: str) -> str:
    """The token in another form each time."""
    if not token:
        return ""
    plain = token.encode()
    mask = secrets.token_bytes(len(plain))
    return urlsafe_b64encode(mask + _mixed(plain, mask)).decode()


def is_same(given: str, token: str) -> bool:
    """Whether somebody has sent the token, masked or as the API tells it."""
    expected = token.encode()
    sent = given.encode("utf-8", "replace")
    if len(sent) != len(expected):
        sent = _unmasked(sent)
    return hmac.compare_digest(sent, expected)


def _unmasked(sent: bytes) -> bytes:
    try:
        both = urlsafe_b64decode(sent)
    except (binascii.Error, ValueError):
        return b""
    half = len(both) // 2
    return _mixed(both[half:], both[:half]) if len(both) == 2 * half else b""


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
