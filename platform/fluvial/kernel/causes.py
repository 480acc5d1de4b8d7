"""Signed chains of causes: they travel with our webhooks and come back with calls of our API."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True)
class Cause:
    """The chain of (rule, record) that led to a change, oldest first."""

    chain: tuple[tuple[str, str], ...] = ()

    @property
    def depth(self) -> int:
        return len(self.chain)

    def wire(self) -> list[list[str]] | None:
        return [list(link) for link in self.chain] or None

    @staticmethod
    def read(raw: Any) -> Cause:
        return Cause(tuple((str(rule), str(record)) for rule, record in raw or ()))


class Causes:
    """Signs with the installation's secret, so that a caller can only hand on what it was given."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"cause:" + secret.encode()).digest()

    def write(self, cause: Cause) -> str:
        payload = orjson.dumps(cause.wire() or [])
        return f"{_text(payload)}.{_text(self._sign(payload))}"

    def read(self, header: str) -> Cause:
        """The chain; an empty one where the signature is not valid."""
        payload, _, signature = header.partition(".")
        try:
            raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
            given = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        except ValueError:
            return Cause()
        return (
            Cause.read(orjson.loads(raw))
            if hmac.compare_digest(given, self._sign(raw))
            else Cause()
        )

    def _sign(self, payload: bytes) -> bytes:
        return hmac.new(self._key, payload, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
