"""The second factor of people: a one-time code of an app, and codes for when the app is lost.

The app's secret stands nowhere: it is made from the installation's secret and a random number
that is kept. Recovery codes are kept as digests. A code works once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column, table
from fluvial.database.statement import Statement, insert, param
from metamodel.storage import INTEGER, JSON, TEXT, TIMESTAMP, UUID

from . import one_time_codes
from .passwords import digest

RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that one mistakes for another

SECOND_FACTOR = table(
    "second_factor",
    column("user", UUID, primary_key=True),
    column("nonce", TEXT),
    column("made_at", TIMESTAMP),
    column("confirmed_at", TIMESTAMP, nullable=True),  # before that, it asks for nothing
    column("step", INTEGER),  # of the last code that was used
    column("recovery", JSON),  # digests of the codes that are left
)

_f = SECOND_FACTOR.c
_ADD = insert(SECOND_FACTOR)
_USERS = Statement(sa.select(_f.user).where(_f.confirmed_at.is_not(None)))
_FIND = Statement(
    sa.select(_f.nonce, _f.confirmed_at, _f.step, _f.recovery).where(
        _f.user == param("the_user", _f.user)
    )
)
_CONFIRM = Statement(
    SECOND_FACTOR.update()
    .where(_f.user == param("the_user", _f.user), _f.confirmed_at.is_(None))
    .values(confirmed_at=param("the_now", _f.confirmed_at))
)
# Whoever comes first with a code: the second finds that its step was used.
_STEP = Statement(
    SECOND_FACTOR.update()
    .where(_f.user == param("the_user", _f.user), _f.step < param("the_step", _f.step))
    .values(step=param("new_step", _f.step))
)
_SPEND = Statement(
    SECOND_FACTOR.update()
    .where(_f.user == param("the_user", _f.user), _f.step == param("the_step", _f.step))
    .values(recovery=param("the_codes", _f.recovery), step=param("new_step", _f.step))
)
_RECOVERY = Statement(
    SECOND_FACTOR.update()
    .where(_f.user == param("the_user", _f.user))
    .values(recovery=param("the_codes", _f.recovery))
)
_END = Statement(SECOND_FACTOR.delete().where(_f.user == param("the_user", _f.user)))


@dataclass(frozen=True)
class SecondFactor:
    """What somebody has set up."""

    secret: bytes
    since: datetime | None  # None until it is confirmed
    step: int
    recovery: Sequence[str]


def find(connection: Connection, user: str, key: str) -> SecondFactor | None:
    row: Any = _FIND.row(connection, the_user=user)
    if row is None:
        return None
    nonce, since, step, recovery = row
    return SecondFactor(_secret(key, user, nonce), since, step, recovery)


def people_with_one(connection: Connection) -> set[str]:
    """The people who have to give a code to sign in."""
    return {str(user) for (user,) in _USERS.rows(connection)}


def asked_for(connection: Connection, user: str, key: str) -> bool:
    """Whether somebody has to give a code to sign in."""
    found = find(connection, user, key)
    return found is not None and found.since is not None


def _secret(key: str, user: str, nonce: str) -> bytes:
    derived = hashlib.sha256(b"second factor:" + key.encode()).digest()
    return hmac.digest(derived, f"{user} {nonce}".encode(), "sha1")


def begin(connection: Connection, user: str, key: str, now: datetime) -> SecondFactor:
    """A new secret, which asks for nothing until it is confirmed; one before it ends."""
    nonce = secrets.token_urlsafe(24)
    with connection.transaction():
        _END.run(connection, the_user=user)
        _ADD.run(
            connection, user=user, nonce=nonce, made_at=now, confirmed_at=None, step=0, recovery=[]
        )
    return SecondFactor(_secret(key, user, nonce), None, 0, ())


def confirm(connection: Connection, user: str, key: str, code: str, now: datetime) -> list[str]:
    """Ask for codes from now on, where the code is right; the recovery codes, else nothing."""
    with connection.transaction():
        found = find(connection, user, key)
        if (
            found is None
            or found.since is not None
            or not _take(connection, user, found, code, now)
        ):
            return []
        _CONFIRM.run(connection, the_user=user, the_now=now)
        return renew_recovery(connection, user)


def renew_recovery(connection: Connection, user: str) -> list[str]:
    """New codes for when the app is lost; the old ones end."""
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    _RECOVERY.run(connection, the_user=user, the_codes=[digest(plain(code)) for code in codes])
    return codes


def take(connection: Connection, user: str, key: str, code: str, now: datetime) -> bool:
    """Whether it is a code of the person, which is used up with it."""
    with connection.transaction():
        found = find(connection, user, key)
        if found is None or found.since is None:
            return False
        return _take(connection, user, found, code, now) or _recovered(
            connection, user, found, code
        )


def _take(connection: Connection, user: str, found: SecondFactor, code: str, now: datetime) -> bool:
    step = one_time_codes.step_of(found.secret, plain(code), now, found.step)
    if step is None:
        return False
    return _STEP.run(connection, the_user=user, the_step=step, new_step=step) > 0


def _recovered(connection: Connection, user: str, found: SecondFactor, code: str) -> bool:
    """A recovery code. The step changes with it, so that two at once cannot both use it."""
    given = digest(plain(code))
    left = [one for one in found.recovery if one != given]
    if len(left) == len(found.recovery):
        return False
    spent = _SPEND.run(
        connection, the_user=user, the_step=found.step, new_step=found.step + 1, the_codes=left
    )
    return spent > 0


def end(connection: Connection, user: str) -> None:
    _END.run(connection, the_user=user)


def plain(code: str) -> str:
    """A code as it is compared: people type spaces, hyphens and capitals."""
    return "".join(code.split()).replace("-", "").lower()


def _recovery_code() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"
