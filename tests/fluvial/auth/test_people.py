"""Callers are found by their tokens and sessions, as the user's record says at that moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fluvial.auth import people
from fluvial.auth.people import SESSION_HOURS, Caller, People
from fluvial.database.connection import Connection
from fluvial.kernel.ids import new_id
from fluvial.records.writing.bin import delete
from fluvial.records.writing.writer import create, update
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import PASSWORD

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


@pytest.fixture
def connection(session: Session) -> Connection:
    return session.connection


@pytest.fixture
def emma(session: Session) -> dict[str, Any]:
    body = {"email": "Emma@Example.com", "name": "Emma", "roles": [], "password": PASSWORD}
    return create(session, "user", body)


def found(caller: Caller | None) -> Caller:
    assert caller is not None
    return caller


def test_a_token_holds_until_it_expires(connection: Connection, emma: dict[str, Any]) -> None:
    known = People()
    _, token = people.add_token(connection, emma["id"], NOON, "forever")
    _, short = people.add_token(connection, emma["id"], NOON, "short", (), NOON + SECOND)
    assert token.startswith(people.TOKEN_PREFIX)
    caller = found(known.by_token(connection, token, NOON + timedelta(days=9_000)))
    assert (caller.actor.id, caller.actor.name, caller.csrf) == (emma["id"], "Emma", None)
    assert known.by_token(connection, short, NOON) is not None
    assert known.by_token(connection, short, NOON + SECOND) is None
    assert known.by_token(connection, token[:-1], NOON) is None
    assert known.by_token(connection, "", NOON) is None


def test_a_token_narrows_its_own_calls_alone(connection: Connection, emma: dict[str, Any]) -> None:
    known = People()
    _, wide = people.add_token(connection, emma["id"], NOON, "wide")
    _, narrow = people.add_token(connection, emma["id"], NOON, "narrow", ("read",))
    first = found(known.by_token(connection, narrow, NOON)).actor
    assert first.scopes == {"read"}
    assert found(known.by_token(connection, wide, NOON)).actor.scopes == frozenset()
    assert found(known.by_token(connection, narrow, NOON)).actor is first


def test_tokens_end_only_for_their_owner(connection: Connection, emma: dict[str, Any]) -> None:
    token_id, token = people.add_token(connection, emma["id"], NOON, "one")
    assert [one["id"] for one in people.tokens(connection, emma["id"])] == [token_id]
    assert not people.end_token(connection, new_id(), token_id)
    assert people.end_token(connection, emma["id"], token_id)
    assert not people.end_token(connection, emma["id"], token_id)
    assert People().by_token(connection, token, NOON) is None


def test_signing_in_and_out(connection: Connection, emma: dict[str, Any]) -> None:
    known = People()
    assert people.sign_in(connection, "emma@example.com", PASSWORD + "x", NOON) is None
    assert people.sign_in(connection, "nobody@example.com", PASSWORD, NOON) is None
    signed = people.sign_in(connection, " EMMA@example.com ", PASSWORD, NOON)
    assert signed is not None
    user, secret, csrf = signed
    assert user == emma["id"] and secret != csrf
    caller = found(known.by_session(connection, secret, NOON))
    assert (caller.actor.id, caller.csrf) == (emma["id"], csrf)
    end = NOON + timedelta(hours=SESSION_HOURS)
    assert known.by_session(connection, secret, end - SECOND) is not None
    assert known.by_session(connection, secret, end) is None
    people.end_expired_sessions(connection, end)
    assert known.by_session(connection, secret, NOON) is not None
    people.sign_out(connection, secret)
    assert known.by_session(connection, secret, NOON) is None


def test_a_new_password_replaces_the_old_one(connection: Connection, emma: dict[str, Any]) -> None:
    people.set_password(connection, emma["id"], "another password")
    assert people.sign_in(connection, emma["email"], PASSWORD, NOON) is None
    assert people.sign_in(connection, emma["email"], "another password", NOON) is not None


def test_what_is_kept_of_a_person_ends_with_the_revision(
    session: Session, connection: Connection, emma: dict[str, Any]
) -> None:
    known = People()
    _, token = people.add_token(connection, emma["id"], NOON, "one", ("read",))
    first = found(known.by_token(connection, token, NOON)).actor
    changed = update(session, "user", emma["id"], {"roles": ["administrator"]})
    second = found(known.by_token(connection, token, NOON)).actor
    assert (first.roles, second.roles, second.rev) == ((), ("administrator",), changed["rev"])
    assert second.scopes == {"read"}
    update(session, "user", emma["id"], {"active": False})
    assert known.by_token(connection, token, NOON) is None
    assert known.actor(connection, emma["id"]) is None
    update(session, "user", emma["id"], {"active": True})
    assert known.by_token(connection, token, NOON) is not None
    delete(session, "user", emma["id"])
    assert known.by_token(connection, token, NOON) is None


def test_nobody_has_what_is_no_id(connection: Connection) -> None:
    assert People().actor(connection, "nobody") is People().actor(connection, new_id()) is None
