"""The provider of sign-ins by OpenID Connect: where it is, its keys, and what a code is worth.

What the provider says of itself is kept for an hour; a key that is not known is looked for once
more, though not more often than once in a minute.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from fluvial.kernel.settings import Settings
from fluvial.runtime.engine import Engine
from fluvial.runtime.per_engine import PerEngine

from . import outbound

KEPT_SECONDS = 3600.0
AGAIN_SECONDS = 60.0
TOKENS = "fluvial.auth.id_tokens"  # brings a library that is only needed here


class ProviderFault(Exception):
    """The provider cannot be reached, or answers what is not valid."""


@dataclass
class Provider:
    """What one provider says of itself."""

    settings: Settings
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _about: Mapping[str, Any] = field(default_factory=dict)
    _keys: list[Mapping[str, Any]] = field(default_factory=list)
    _read_at: float = -KEPT_SECONDS
    _keys_at: float = -KEPT_SECONDS

    @property
    def issuer(self) -> str:
        return self.settings.oidc_issuer

    @property
    def on(self) -> bool:
        return bool(self.settings.oidc_issuer and self.settings.oidc_client_id)

    def about(self) -> Mapping[str, Any]:
        with self._lock:
            if time.monotonic() - self._read_at > KEPT_SECONDS:
                found = self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise ProviderFault(f"It calls itself {found.get('issuer')!r}.")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    if not isinstance(found.get(name), str):
                        raise ProviderFault(f"It does not say its {name}.")
                self._about, self._read_at = found, time.monotonic()
            return self._about

    def start(self, *, back: str, state: str, nonce: str, challenge: str) -> str:
        """The address to which the browser goes to sign in."""
        asked = {
            "response_type": "code",
            "client_id": self.settings.oidc_client_id,
            "redirect_uri": back,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = str(self.about()["authorization_endpoint"])
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"

    def claims(self, *, code: str, back: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        """Who has signed in, by a code that the browser brought."""
        token = self._token(code, back, verifier)
        library = import_module(TOKENS)
        for fresh in (False, True):
            try:
                found: Mapping[str, Any] = library.read(
                    token, self._signing(fresh=fresh), issuer=self.issuer,
                    client=self.settings.oidc_client_id, nonce=nonce,
                )  # fmt: skip
                return found
            except library.UnknownKey as error:
                if fresh:
                    raise ProviderFault(str(error)) from error
            except library.TokenRefused as error:
                raise ProviderFault(str(error)) from error
        raise AssertionError("either try returns or raises")

    def _token(self, code: str, back: str, verifier: str) -> str:
        settings = self.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": settings.oidc_client_id,
            "code_verifier": verifier,
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
        }  # fmt: skip
        methods = self.about().get("token_endpoint_auth_methods_supported", ())
        if settings.oidc_client_secret:
            if "client_secret_post" in methods and "client_secret_basic" not in methods:
                form["client_secret"] = settings.oidc_client_secret
            else:
                names = (settings.oidc_client_id, settings.oidc_client_secret)
                pair = ":".join(quote(name, safe="") for name in names)
                headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        address = str(self.about()["token_endpoint"])
        said = self._read("POST", address, urlencode(form).encode(), headers)
        if not isinstance(said.get("id_token"), str):
            raise ProviderFault("It gave no ID token.")
        return str(said["id_token"])

    def _signing(self, *, fresh: bool) -> list[Mapping[str, Any]]:
        address = str(self.about()["jwks_uri"])
        with self._lock:
            age = time.monotonic() - self._keys_at
            if age > (AGAIN_SECONDS if fresh else KEPT_SECONDS) or not self._keys:
                keys = self._get(address).get("keys")
                self._keys = [one for one in keys or () if isinstance(one, Mapping)]
                self._keys_at = time.monotonic()
            return self._keys

    def _get(self, address: str) -> Mapping[str, Any]:
        return self._read("GET", address, b"", {"Accept": "application/json"})

    def _read(
        self, method: str, address: str, body: bytes, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        try:
            answer = outbound.call(method, address, body, headers, allow=self._allowed())
        except (outbound.Refused, outbound.Unreachable) as error:
            raise ProviderFault(str(error)) from error
        if answer.status != 200 or not answer.whole:
            raise ProviderFault(f"It answered with {answer.status}.")
        try:
            said = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise ProviderFault("It did not answer in JSON.") from error
        if not isinstance(said, Mapping):
            raise ProviderFault("It did not answer with an object.")
        return said

    def _allowed(self) -> tuple[str, ...]:
        """The provider may be within the house: whoever runs the server has named it."""
        parts = urlsplit(self.issuer)
        port = parts.port or outbound.PORTS.get(parts.scheme, 443)
        return (*self.settings.outbound_allow, f"{parts.hostname}:{port}")


def _opened(engine: Engine) -> Provider:
    return Provider(engine.settings)


provider_of = PerEngine(_opened)
