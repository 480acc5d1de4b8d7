"""Passwords and secrets: Argon2id for what people remember, SHA-256 for what we made."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 256
# Of the people of sample data. It stands in the documentation, so it opens nothing but a server
# of a developer that only their own computer reaches.
SAMPLE = "sample-people"

# OWASP's second choice of parameters: 19 MiB, two passes. The library's default takes 64 MiB a try.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """What is compared with where nobody has the name."""
    return HASHER.hash(secrets.token_urlsafe(16))


def fault_of(password: object) -> str:
    """What is wrong with a password that somebody chooses; "" where nothing is."""
    if not isinstance(password, str) or not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return f"A password must have {MIN_LENGTH} to {MAX_LENGTH} characters."
    if password == SAMPLE:
        return "This password is in the documentation, so everybody knows it. Choose another one."
    return ""


def hashed(password: str) -> str:
    return HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password. Takes as long where there is none to compare with."""
    try:
        return HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a token; it is long and random, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
