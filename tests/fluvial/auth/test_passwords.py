"""Passwords and secrets: only what was hashed matches, and nothing that is stored tells it."""

from __future__ import annotations

import pytest

from fluvial.auth.passwords import digest, hashed, matches, new_secret

PASSWORDS = ["correct horse battery", "", " ", "pässwörd\0x", "x" * 256, "🔑🔑🔑"]


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_matches_itself_alone(password: str) -> None:
    stored = hashed(password)
    assert matches(password, stored)
    assert not matches(f"{password} ", stored)
    assert not matches(password[:-1] + "?", stored)
    assert len(password) < 3 or password not in stored


def test_equal_passwords_are_stored_differently() -> None:
    one, other = hashed(PASSWORDS[0]), hashed(PASSWORDS[0])
    assert one != other
    assert matches(PASSWORDS[0], one) and matches(PASSWORDS[0], other)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "no hash",
        "$argon2id$v=19$m=8,t=1,p=1$MFvmpnDGs364CNFoLmOGdQ$+rCa",
        "$argon2id$v=19$",
    ],
)
@pytest.mark.parametrize("password", ["x", ""])
def test_what_is_no_hash_matches_nothing(stored: str | None, password: str) -> None:
    assert not matches(password, stored)


def test_secrets_are_long_and_never_the_same() -> None:
    secrets = {new_secret("flv_") for _ in range(100)}
    assert len(secrets) == 100
    assert all(one.startswith("flv_") and len(one) >= 47 for one in secrets)
    assert {digest(one) for one in secrets}.isdisjoint(secrets)
    one = secrets.pop()
    assert digest(one) == digest(one) != digest(one + "x")
