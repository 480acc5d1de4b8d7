"""Signed tokens of web forms: the one-time token of a page, prefilled links, kept files, work."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

MAX_AGE = timedelta(hours=24)
PROOF_BITS = 16  # about a tenth of a second of a phone
MAX_TOKEN = 8_000


@dataclass(frozen=True)
class Token:
    """The one-time token of one showing of a form."""

    nonce: str
    issued: datetime


class TokenFault(Exception):
    """A token that is not valid: a stable code and a sentence with the remedy."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Signer:
    """Signs for one web form with the installation's secret."""

    def __init__(self, secret: str, form: str) -> None:
        self._key = hashlib.sha256(b"webform:" + secret.encode()).digest()
        self._form = form

    def _sign(self, purpose: str, text: str) -> str:
        message = "\0".join((purpose, self._form, text)).encode()
        return _text(hmac.new(self._key, message, hashlib.sha256).digest())

    def _holds(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(purpose, text).encode(), signature.encode())

    def token(self, now: datetime) -> str:
        text = f"{secrets.token_urlsafe(16)}.{int(now.timestamp() * 1000)}"
        return f"{text}.{self._sign('token', text)}"

    def read_token(self, token: str, now: datetime) -> Token:
        text, _, signature = token[:MAX_TOKEN].rpartition(".")
        if not self._holds("token", text, signature):
            raise TokenFault("unknown_token", "Reload the form, then send it.")
        nonce, _, issued = text.partition(".")
        moment = datetime.fromtimestamp(int(issued) / 1000, UTC)
        if now - moment > MAX_AGE:
            raise TokenFault(
                "token_expired", "The form was open for more than a day. Send it again."
            )
        return Token(nonce, moment)

    def link(self, values: dict[str, Any], expires: datetime | None) -> str:
        """A token that fills in fields; the values are in wire form and can be read by all."""
        ends = int(expires.timestamp()) if expires else 0
        text = _text(orjson.dumps([values, ends]))
        return f"{text}.{self._sign('prefill', text)}"

    def read_link(self, token: str, now: datetime) -> dict[str, Any]:
        text, _, signature = token[:MAX_TOKEN].rpartition(".")
        if not self._holds("prefill", text, signature):
            raise TokenFault("unknown_link", "This link is not valid. Ask for a new one.")
        values, ends = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if ends and now.timestamp() > ends:
            raise TokenFault("link_expired", "This link has expired. Ask for a new one.")
        read: dict[str, Any] = values
        return read

    def keep(self, token: Token, file: str) -> str:
        """The name by which a later step hands on a file that an earlier one sent."""
        return f"{file}.{self._sign('file', f'{token.nonce} {file}')}"

    def kept(self, token: Token, text: str) -> str | None:
        file, _, signature = text.partition(".")
        return file if self._holds("file", f"{token.nonce} {file}", signature) else None


def proved(challenge: str, proof: str, bits: int = PROOF_BITS) -> bool:
    """Whether SHA-256 of `challenge:proof` begins with so many zero bits."""
    if not proof or len(proof) > 64:
        return False
    digest = hashlib.sha256(f"{challenge}:{proof}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
