"""People: users with passwords, sessions and tokens, and who a request comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.engine_tables import CATALOG, CREDENTIAL, SESSION, TOKEN
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import is_id, new_id
from metamodel.storage import BOOLEAN, INTEGER, JSON, POSTGRESQL, TEXT, TIMESTAMP, UUID

from .actors import Actor
from .passwords import MAX_LENGTH, digest, hashed, matches, new_secret

SESSION_HOURS = 24 * 14
ID_LENGTH = 24  # of the digest of a session, which says which one it is
MAX_AGENT = 300
TOKEN_PREFIX = "flv_"

USER = sa.table(
    "user",
    *(
        sa.column(name, Stored(storage))
        for name, storage in (
            ("id", UUID),
            ("rev", INTEGER),
            ("email", TEXT),
            ("name", TEXT),
            ("roles", JSON),
            ("language", TEXT),
            ("zone", TEXT),
            ("active", BOOLEAN),
            ("deleted_at", TIMESTAMP),
        )
    ),
)
_u = USER.c


def _links(name: str) -> Any:
    table = sa.table(
        f"user__{name}", sa.column("source", Stored(UUID)), sa.column("target", Stored(UUID))
    )
    return Statement(
        sa.select(table.c.target)
        .where(table.c.source == param("the_user", TOKEN.c.user))
        .order_by(table.c.target)
    )


_LINKS = {name: _links(name) for name in ("groups", "teams")}
_catalog_version = sa.select(CATALOG.c.version).scalar_subquery()
_USER = Statement(
    sa.select(_u.id, _u.rev, _u.email, _u.name, _u.roles, _u.language, _u.zone).where(
        _u.id == param("the_user", TOKEN.c.user), _u.active, _u.deleted_at.is_(None)
    )
)
_BY_TOKEN = Statement(
    sa.select(_u.id, _u.rev, _catalog_version, TOKEN.c.scopes)
    .join_from(TOKEN, USER, _u.id == TOKEN.c.user)
    .where(
        TOKEN.c.hash == param("the_hash", TOKEN.c.hash),
        sa.or_(
            TOKEN.c.expires_at.is_(None),
            TOKEN.c.expires_at > param("the_now", TOKEN.c.expires_at),
        ),
        _u.active,
        _u.deleted_at.is_(None),
    )
)
_BY_SESSION = Statement(
    sa.select(_u.id, _u.rev, _catalog_version, SESSION.c.csrf)
    .join_from(SESSION, USER, _u.id == SESSION.c.user)
    .where(
        SESSION.c.hash == param("the_hash", SESSION.c.hash),
        SESSION.c.expires_at > param("the_now", SESSION.c.expires_at),
        _u.active,
        _u.deleted_at.is_(None),
    )
)
_CREDENTIAL = Statement(
    sa.select(_u.id, CREDENTIAL.c.password)
    .outerjoin_from(USER, CREDENTIAL, CREDENTIAL.c.user == _u.id)
    .where(
        sa.func.lower(_u.email) == sa.bindparam("the_email", type_=Stored(TEXT)),
        _u.active,
        _u.deleted_at.is_(None),
    )
)
_ADD_SESSION = insert(SESSION)
_END_SESSION = Statement(
    SESSION.delete().where(SESSION.c.hash == param("the_hash", SESSION.c.hash))
)
_END_SESSIONS = Statement(
    SESSION.delete().where(SESSION.c.user == param("the_user", SESSION.c.user))
)
_SESSIONS = Statement(
    sa.select(SESSION.c.hash, SESSION.c.created_at, SESSION.c.expires_at, SESSION.c.agent)
    .where(
        SESSION.c.user == param("the_user", SESSION.c.user),
        SESSION.c.expires_at > param("the_now", SESSION.c.expires_at),
    )
    .order_by(SESSION.c.created_at.desc())
)
_END_EXPIRED = Statement(
    SESSION.delete().where(SESSION.c.expires_at < param("the_now", SESSION.c.expires_at))
)
_SIGNED_IN = Statement(
    CREDENTIAL.update()
    .where(CREDENTIAL.c.user == param("the_user", CREDENTIAL.c.user))
    .values(signed_in_at=param("the_now", CREDENTIAL.c.signed_in_at))
)
_ADD_TOKEN = insert(TOKEN)
_TOKENS = Statement(
    sa.select(TOKEN.c.id, TOKEN.c.name, TOKEN.c.scopes, TOKEN.c.expires_at, TOKEN.c.created_at)
    .where(TOKEN.c.user == param("the_user", TOKEN.c.user))
    .order_by(TOKEN.c.created_at)
)
_END_TOKEN = Statement(
    TOKEN.delete().where(
        TOKEN.c.id == param("the_token", TOKEN.c.id),
        TOKEN.c.user == param("the_user", TOKEN.c.user),
    )
)


def _set_password(make: Any) -> Statement:
    kept = (CREDENTIAL.c.user, CREDENTIAL.c.password)
    made = make(CREDENTIAL).values({c.name: param(c.name, c) for c in kept})
    return Statement(
        made.on_conflict_do_update(
            index_elements=[CREDENTIAL.c.user], set_={"password": made.excluded.password}
        )
    )


_PASSWORD = {False: _set_password(sqlite.insert), True: _set_password(postgresql.insert)}


class Caller(NamedTuple):
    """Who a request comes from, and the version of the catalog at that moment."""

    actor: Actor
    version: int
    csrf: str | None = None  # of a session; requests with a token need none


class People:
    """Finds actors. What it keeps is checked against the user's revision on every request."""

    def __init__(self) -> None:
        self._actors: dict[str, Actor] = {}
        self._narrow: dict[tuple[str, tuple[str, ...]], tuple[Actor, Actor]] = {}

    def by_token(self, connection: Connection, token: str, now: datetime) -> Caller | None:
        row = _BY_TOKEN.row(connection, the_hash=digest(token), the_now=now)
        if row is None:
            return None
        user, rev, version, scopes = row
        actor = self.actor(connection, user, rev)
        if actor is None:
            return None
        return Caller(self._scoped(actor, tuple(scopes)) if scopes else actor, version)

    def _scoped(self, actor: Actor, scopes: tuple[str, ...]) -> Actor:
        """The same actor with the scopes of a token."""
        key = (str(actor.id), scopes)
        of, found = self._narrow.get(key, (None, actor))
        if of is not actor:
            found = replace(actor, scopes=frozenset(scopes))
            self._narrow[key] = (actor, found)
        return found

    def by_session(self, connection: Connection, secret: str, now: datetime) -> Caller | None:
        row = _BY_SESSION.row(connection, the_hash=digest(secret), the_now=now)
        if row is None:
            return None
        user, rev, version, csrf = row
        actor = self.actor(connection, user, rev)
        return Caller(actor, version, csrf) if actor else None

    def actor(self, connection: Connection, user: str, rev: int | None = None) -> Actor | None:
        """The actor of an active user, as of the revision that was just read."""
        known = self._actors.get(user)
        if known is not None and known.rev == rev:
            return known
        row = _USER.row(connection, the_user=user) if is_id(user) else None
        if row is None:
            return None
        sets = {
            name: tuple(target for (target,) in statement.rows(connection, the_user=user))
            for name, statement in _LINKS.items()
        }
        id, rev, email, name, roles, language, zone = row
        found = Actor(
            id, name, tuple(roles or ()), email, sets,
            rev=rev, language=language or "", zone=zone or "",
        )  # fmt: skip
        self._actors[user] = found
        return found


def sign_in(
    connection: Connection, email: str, password: str, now: datetime, agent: str = ""
) -> tuple[str, str, str] | None:
    """The user's id, the session's secret and its CSRF token; None where they do not match."""
    user = verified(connection, email, password)
    return None if user is None else (user, *begin_session(connection, user, now, agent))


def verified(connection: Connection, email: str, password: str) -> str | None:
    """The id of the person whose password it is."""
    row = _CREDENTIAL.row(connection, the_email=email.strip().lower())
    user, stored = row if row else (None, None)
    return str(user) if matches(password[:MAX_LENGTH], stored) and user is not None else None


def begin_session(
    connection: Connection, user: str, now: datetime, agent: str = ""
) -> tuple[str, str]:
    """The secret and the CSRF token of a new session."""
    secret, csrf = new_secret(), new_secret()
    _ADD_SESSION.run(
        connection,
        hash=digest(secret),
        user=user,
        csrf=csrf,
        created_at=now,
        expires_at=now + timedelta(hours=SESSION_HOURS),
        agent=agent[:MAX_AGENT] or None,
    )
    _SIGNED_IN.run(connection, the_user=user, the_now=now)
    return secret, csrf


def sessions(connection: Connection, user: str, now: datetime, secret: str) -> list[dict[str, Any]]:
    """The sessions of a person, the latest first; `current` is that of the secret."""
    here = digest(secret) if secret else ""
    return [
        {
            "id": hash[:ID_LENGTH],
            "created_at": created,
            "expires": expires,
            "agent": agent or "",
            "current": hash == here,
        }
        for hash, created, expires, agent in _SESSIONS.rows(connection, the_user=user, the_now=now)
    ]


def end_session(connection: Connection, user: str, session: str, now: datetime) -> bool:
    """End one of a person's sessions by its id; whether there is such a one."""
    for hash, *_ in _SESSIONS.rows(connection, the_user=user, the_now=now):
        if hash[:ID_LENGTH] == session:
            return _END_SESSION.run(connection, the_hash=hash) > 0
    return False


def sign_out(connection: Connection, secret: str) -> None:
    _END_SESSION.run(connection, the_hash=digest(secret))


def end_sessions(connection: Connection, user: str) -> None:
    _END_SESSIONS.run(connection, the_user=user)


def end_expired_sessions(connection: Connection, now: datetime) -> None:
    _END_EXPIRED.run(connection, the_now=now)


def set_password(connection: Connection, user: str, password: str) -> None:
    statement = _PASSWORD[connection.dialect == POSTGRESQL]
    statement.run(connection, user=user, password=hashed(password))


def add_token(
    connection: Connection,
    user: str,
    now: datetime,
    name: str,
    scopes: tuple[str, ...] = (),
    expires: datetime | None = None,
) -> tuple[str, str]:
    """The token's id, and the token itself, which is never shown again."""
    token, token_id = new_secret(TOKEN_PREFIX), new_id()
    _ADD_TOKEN.run(
        connection,
        id=token_id,
        hash=digest(token),
        user=user,
        name=name,
        scopes=list(scopes),
        expires_at=expires,
        created_at=now,
    )
    return token_id, token


def tokens(connection: Connection, user: str) -> list[dict[str, Any]]:
    names = ("id", "name", "scopes", "expires", "created_at")
    return [dict(zip(names, row, strict=True)) for row in _TOKENS.rows(connection, the_user=user)]


def end_token(connection: Connection, user: str, token: str) -> bool:
    return _END_TOKEN.run(connection, the_token=token, the_user=user) > 0
