"""Accounts: who can sign in, and how somebody else helps them to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.auth import open_id_people, people, second_factors, sign_in_links
from fluvial.auth.access import with_inherited
from fluvial.auth.passwords import fault_of
from fluvial.auth.people import USER
from fluvial.auth.sign_in_links import FORGOTTEN, INVITATION
from fluvial.database.columns import Stored
from fluvial.database.engine_tables import CREDENTIAL, SESSION
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session
from metamodel.storage import TEXT

from . import letters
from .letters import Letter

NO_LINK = "This link is not valid any more. It works once and for a while: ask for a new one."
_SCOPE = "This token may not change how people sign in. It also needs the scope meta:write."

_u = USER.c
_BY_EMAIL = Statement(
    sa.select(_u.id, _u.email, _u.name, CREDENTIAL.c.user.is_(None))
    .outerjoin_from(USER, CREDENTIAL, CREDENTIAL.c.user == _u.id)
    .where(
        sa.func.lower(_u.email) == sa.bindparam("the_email", type_=Stored(TEXT)),
        _u.active,
        _u.deleted_at.is_(None),
    )
)
_WITH_PASSWORD = Statement(sa.select(CREDENTIAL.c.user, CREDENTIAL.c.signed_in_at))
_SESSIONS = Statement(
    sa.select(SESSION.c.user, sa.func.count(), sa.func.max(SESSION.c.created_at))
    .where(SESSION.c.expires_at > param("the_now", SESSION.c.expires_at))
    .group_by(SESSION.c.user)
)


@dataclass(frozen=True)
class SignIn:
    """How somebody can sign in, and what of it is under way."""

    password: bool
    link: tuple[str, datetime] | None  # of one that is valid: its purpose, and since when
    sessions: int
    last: datetime | None  # when one of these sessions began
    signed_in: datetime | None = None  # when they did the last time
    second: bool = False  # whether they have to give a code, too


def sign_ins(session: Session) -> dict[str, SignIn]:
    """How each person can sign in, by their id; those of whom there is nothing are left out."""
    connection, now = session.connection, session.now
    links = sign_in_links.pending(connection, now)
    known = {str(user): at for user, at in _WITH_PASSWORD.rows(connection)}
    rows: Any = _SESSIONS.rows(connection, the_now=now)
    begun = {str(user): (count, last) for user, count, last in rows}
    second = second_factors.people_with_one(connection)
    return {
        user: SignIn(
            user in known,
            links.get(user),
            *begun.get(user, (0, None)),
            signed_in=known.get(user),
            second=user in second,
        )
        for user in set(known) | set(links) | set(begun)
    }


def managed(session: Session, user: str) -> Values:
    """The user, if the actor may decide how they sign in; raises NotFound or Forbidden."""
    type_ = session.object("user", "update")
    row = load_row(session, type_.name, user, "update") if is_id(user) else None
    if row is None:
        raise NotFound(f"There is no user with the id `{user}` that you may change.")
    access, scopes = session.access, session.actor.scopes
    if scopes and "meta:write" not in scopes:
        raise Forbidden(_SCOPE)
    held = set(with_inherited(session.catalog, access.roles))
    if not access.admin and set(row["roles"] or ()) - held:
        raise Forbidden(
            "This person has roles that you do not have, so only an administrator can change "
            "how they sign in."
        )
    if not row["active"]:
        raise Unprocessable("This person is not active. Make them active first.")
    return row


def invite(session: Session, user: str) -> None:
    """Mail a link by which the person chooses a password."""
    row = managed(session, user)
    if not letters.can_be_sent(session):
        raise Unprocessable(f"{letters.NO_MAIL} Create a link instead and hand it over.")
    with session.connection.transaction():
        letter = Letter(user, row["email"], row["name"], INVITATION, session.actor.name)
        letters.post(session, letter)


def link_to_hand_over(session: Session, user: str) -> str:
    managed(session, user)
    return letters.link_for(session, user, INVITATION)


def end_all_sessions(session: Session, user: str) -> None:
    managed(session, user)
    people.end_sessions(session.connection, user)


def end_second_factor(session: Session, user: str) -> None:
    """Let somebody who lost their app sign in with the password alone, and end their sessions."""
    managed(session, user)
    with session.connection.transaction():
        second_factors.end(session.connection, user)
        people.end_sessions(session.connection, user)


def end_open_id(session: Session, user: str) -> None:
    """The next single sign-on with the person's address is theirs; their sessions end."""
    managed(session, user)
    with session.connection.transaction():
        open_id_people.forget(session.connection, user)
        people.end_sessions(session.connection, user)


def forgotten(session: Session, email: str) -> None:
    """Mail a link to somebody who forgot their password. Nothing tells whether there is anybody."""
    if not letters.can_be_sent(session):
        raise Unprocessable(f"{letters.NO_MAIL} Ask your administrator for a link.")
    row = _BY_EMAIL.row(session.connection, the_email=email.strip().lower())
    if row is None:
        return
    user, address, name, never = row
    with session.connection.transaction():
        purpose = INVITATION if never else FORGOTTEN
        letters.post(session, Letter(str(user), address, name, purpose))


def check_password(password: Any, pointer: str) -> str:
    if message := fault_of(password):
        raise Unprocessable(message, errors=[fault(pointer, "password_length", message)])
    return str(password)


def choose_password(session: Session, secret: str, password: Any, pointer: str) -> str:
    """The e-mail address of the person whose link it was."""
    text, now = check_password(password, pointer), session.now
    found = sign_in_links.find(session.connection, secret, now)
    if found is None or not sign_in_links.choose_password(session.connection, secret, text, now):
        raise NotFound(NO_LINK)
    return found.email
