"""Outbound webhooks as Standard Webhooks says: id, timestamp and signature over the bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.services import outbound

from .outcomes import Outcome

PREFIX = "whsec_"
GONE = 410
USER_AGENT = "Fluvial"
CAUSE_HEADER = "fluvial-cause"


class NoSecret(Exception):
    """The secret of an endpoint is not to be had; what to do about it."""


@dataclass(frozen=True)
class WebhookEndpoint:
    """Where to post, with which secret; `retries` False for a single attempt."""

    name: str
    url: str
    secret: bytes
    retries: bool = True
    authorization: str = ""  # what the header of this name says


def secret_of(name: str, environ: Mapping[str, str]) -> bytes:
    """The secret in an environment variable: `whsec_` and base64, or plain text."""
    text = environ.get(name, "")
    if not text:
        raise NoSecret(f"The environment variable {name} is not set; it holds the secret.")
    if not text.startswith(PREFIX):
        return text.encode()
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError as error:
        raise NoSecret(f"{name} is not valid base64 after {PREFIX}.") from error
    if not secret:
        raise NoSecret(f"{name} is empty after {PREFIX}. Write the secret there, in base64.")
    return secret


def endpoint_of(name: str, body: Mapping[str, Any], environ: Mapping[str, str]) -> WebhookEndpoint:
    """The endpoint of a document, with its secrets; raises NoSecret."""
    secret, authorization = b"", ""
    if "secret" in body:
        secret = secret_of(body["secret"]["env"], environ)
    if "authorization" in body:
        authorization = header_of(body["authorization"]["env"], environ)
    retries = body.get("events", "retry") == "retry"
    return WebhookEndpoint(name, body["url"], secret, retries, authorization)


def header_of(name: str, environ: Mapping[str, str]) -> str:
    """What a header says that stands in an environment variable, such as `Bearer ...`."""
    text = environ.get(name, "").strip()
    if not text:
        raise NoSecret(f"The environment variable {name} is not set; it holds the authorization.")
    if not (text.isascii() and text.isprintable()):
        raise NoSecret(f"{name} has characters that a header cannot have. Write it on one line.")
    return text


def signature(secret: bytes, message: str, timestamp: int, body: bytes) -> str:
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def post(
    endpoint: WebhookEndpoint,
    message: str,
    timestamp: int,
    body: bytes,
    cause: str,
    allow: Collection[str],
    more: Mapping[str, str] | None = None,
    limit: int = outbound.MAX_RESPONSE,
    method: str = "POST",
) -> outbound.Response:
    """Send a message; raises what `fluvial.outbound` raises."""
    headers = {
        **(more or {}),
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        CAUSE_HEADER: cause,
    }
    if endpoint.secret:
        headers["webhook-signature"] = signature(endpoint.secret, message, timestamp, body)
    if endpoint.authorization:
        headers["authorization"] = endpoint.authorization
    if method == "GET":
        body = b""
    return outbound.call(method, endpoint.url, body, headers, allow=allow, limit=limit)


def attempt(
    endpoint: WebhookEndpoint,
    id: str,
    at: int,
    body: bytes,
    cause: str,
    allow: tuple[str, ...],
) -> Outcome:
    """Post a webhook, and judge the answer."""
    try:
        answer = post(endpoint, id, at, body, cause, allow)
    except outbound.Refused as error:
        return Outcome("failed", str(error))
    except outbound.Unreachable as error:
        return Outcome("retry" if endpoint.retries else "failed", str(error))
    text = f"{answer.status} {answer.body[:1000].decode(errors='replace')}".strip()
    text = text.replace("\x00", "")
    if 200 <= answer.status < 300:
        return Outcome("done", response=text)
    if answer.status == GONE:
        return Outcome("gone", "It answered 410 Gone, so the endpoint is switched off.", text)
    result = "retry" if endpoint.retries else "failed"
    return Outcome(result, f"It answered {answer.status}.", text)
