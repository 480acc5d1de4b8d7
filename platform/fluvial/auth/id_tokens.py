"""ID tokens of OpenID Connect, checked with PyJWT. Loaded when somebody first signs in by one."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

# Signatures with a key that only the provider has; never `none`, never one that we share.
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
LEEWAY = 60  # seconds that clocks may differ


class TokenRefused(Exception):
    """An ID token that proves nothing, with the reason."""


class UnknownKey(TokenRefused):
    """It is signed with a key that is not among those that are known."""


def read(
    token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, client: str, nonce: str
) -> Mapping[str, Any]:
    """The claims of a token that is the provider's, for us, and of this sign-in."""
    try:
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in ALGORITHMS:
            raise TokenRefused(f"It is signed by {head.get('alg')!r}, which is not accepted.")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            _key(keys, head),
            algorithms=list(ALGORITHMS),
            audience=client,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(str(error)) from error
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise TokenRefused("It belongs to another sign-in.")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", "" if several else client) != client:
        raise TokenRefused("It was made for another application.")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise TokenRefused("It says nobody.")
    return claims


def _key(keys: Sequence[Mapping[str, Any]], head: Mapping[str, Any]) -> Any:
    """The key that the token names, or the only one."""
    signing = [one for one in keys if one.get("use", "sig") == "sig"]
    named = [one for one in signing if "kid" in head and one.get("kid") == head["kid"]]
    found = named or ([] if "kid" in head else signing)
    if len(found) != 1:
        raise UnknownKey("It is signed with a key that the provider does not show.")
    return jwt.PyJWK(dict(found[0]), algorithm=head["alg"]).key
