"""Sign-in by a provider of OpenID Connect: the way there, and the way back with a code.

The browser keeps what belongs to one sign-in in a signed cookie until it comes back: the state,
the nonce, and the proof that it is the browser that left (PKCE).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from dataclasses import asdict, dataclass
from datetime import timedelta

import orjson

from fluvial.auth.open_id_people import NoAccount, person_of
from fluvial.auth.passwords import new_secret
from fluvial.database.rate_limits import limited
from fluvial.http.call import Answer, Call
from fluvial.http.people_api import MANY, SIGN_INS, TOO_MANY, begun, cookie_of, session_cookie
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound
from fluvial.kernel.settings import Settings
from fluvial.services.open_id import ProviderFault, provider_of

from .sign_in import OPEN_ID, local, show

log = logging.getLogger("fluvial.open_id")

COOKIE_NAME = "fluvial_oidc"
BACK = f"{OPEN_ID}/back"
VALID = timedelta(minutes=10)
NO_PROVIDER = "This site has no single sign-on: FLUVIAL_OIDC_ISSUER is not set."
NOT_NOW = "Single sign-on is not possible now. Try again, or sign in with your password."
NOT_DONE = "The sign-in was not completed. Try again."


@dataclass(frozen=True)
class Leaving:
    """One sign-in that is under way at the provider."""

    state: str
    nonce: str
    verifier: str
    next: str
    until: int


def leave(call: Call) -> Answer:
    """Send the browser to the provider."""
    provider, session = provider_of(call.engine), call.session
    if not provider.on:
        raise NotFound(NO_PROVIDER)
    limited(session.connection, session.now, SIGN_INS.times(MANY), TOO_MANY, "oidc", call.client)
    until = int((session.now + VALID).timestamp())
    state, nonce, verifier = new_secret(), new_secret(), new_secret()
    leaving = Leaving(state, nonce, verifier, local(call.query.get("next", "/")), until)
    challenge = _text(hashlib.sha256(leaving.verifier.encode()).digest())
    try:
        address = provider.start(
            back=_back(call), state=leaving.state, nonce=leaving.nonce, challenge=challenge
        )
    except ProviderFault as error:
        log.warning("The provider of sign-ins: %s", error)
        return show(call, wrong=NOT_NOW, status=503)
    answer = Answer.redirect(address)
    age = int(VALID.total_seconds())
    answer.headers.append(cookie_of(call, COOKIE_NAME, _signed(call.engine.settings, leaving), age))
    return answer


def come_back(call: Call) -> Answer:
    """The browser is back with a code: who is it, and which of our people?"""
    provider, session = provider_of(call.engine), call.session
    if not provider.on:
        raise NotFound(NO_PROVIDER)
    limited(session.connection, session.now, SIGN_INS.times(MANY), TOO_MANY, "oidc", call.client)
    leaving = _read(call.engine.settings, call.cookies.get(COOKIE_NAME, ""))
    known = leaving is not None and leaving.until > session.now.timestamp()
    if leaving is None or not known or not _same(call.query.get("state", ""), leaving.state):
        return _failed(call, "The sign-in took too long, or began elsewhere. Try again.")
    if "error" in call.query or not call.query.get("code"):
        return _failed(call, NOT_DONE)
    try:
        claims = provider.claims(
            code=call.query["code"], back=_back(call), verifier=leaving.verifier,
            nonce=leaving.nonce,
        )  # fmt: skip
        user = person_of(session.connection, provider.issuer, claims, session.now)
    except ProviderFault as error:
        log.warning("The provider of sign-ins: %s", error)
        return _failed(call, NOT_NOW)
    except NoAccount as reason:
        return _failed(call, str(reason), 403)
    secret, _ = begun(call, user)
    answer = Answer.redirect(leaving.next)
    answer.headers += [cookie_of(call, COOKIE_NAME, "", 0), session_cookie(call, secret)]
    return answer


def _failed(call: Call, words: str, status: int = 401) -> Answer:
    answer = show(call, wrong=words, status=status)
    answer.headers.append(cookie_of(call, COOKIE_NAME, "", 0))
    return answer


def _back(call: Call) -> str:
    """Of the configured address alone, whatever the request names."""
    return f"{call.engine.settings.base_url}{BACK}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _signed(settings: Settings, leaving: Leaving) -> str:
    text = _text(orjson.dumps(asdict(leaving)))
    return f"{text}.{_signature(settings, text)}"


def _read(settings: Settings, cookie: str) -> Leaving | None:
    text, _, signature = cookie.partition(".")
    if not cookie or not _same(signature, _signature(settings, text)):
        return None
    return Leaving(**orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def _signature(settings: Settings, text: str) -> str:
    key = hashlib.sha256(b"open id:" + settings.secret_key.encode()).digest()
    return _text(hmac.digest(key, text.encode(), "sha256"))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


ENDPOINTS = (
    Endpoint("GET", OPEN_ID, leave, Policy.PUBLIC, "Sign in elsewhere.", page=True),
    Endpoint("GET", BACK, come_back, Policy.PUBLIC, "Back from a sign-in elsewhere.", page=True),
)
