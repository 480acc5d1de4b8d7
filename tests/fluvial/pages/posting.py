"""Posting forms as a browser does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from tests.app import Client, Reply

FORM = {"content-type": "application/x-www-form-urlencoded"}


def posted(
    client: Client, path: str, values: Mapping[str, str | Sequence[str]], **headers: str
) -> Reply:
    body = urlencode(dict(values), doseq=True).encode()
    return client.call("POST", path, body=body, headers={**FORM, **headers})
