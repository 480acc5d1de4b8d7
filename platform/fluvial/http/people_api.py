"""Signing in and out, who I am, and my tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fluvial.auth import people
from fluvial.auth.passwords import SAMPLE
from fluvial.database.rate_limits import Rate, limited
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import (
    Forbidden,
    NotFound,
    Problem,
    Unauthorized,
    Unprocessable,
    fault,
)
from fluvial.runtime.languages import language_of
from fluvial.runtime.reader_zone import zone_of
from fluvial.services import sign_in_help
from metamodel.errors import ValueFault
from metamodel.kinds.datetime import moment

from . import second_steps
from .call import COOKIE, Answer, Call
from .routes import Endpoint, Policy

SCOPES = ("records:read", "records:write", "meta:read", "meta:write", "metrics:read")
MAX_TOKENS = 100
SIGN_INS = Rate.read("20/minute")  # of one address for one account
MANY = 5  # so many accounts as often from one address
TOO_MANY = "Too many attempts to sign in."
FORGOTTEN = Rate.read("5/hour")  # mails to one address
TOO_MANY_LINKS = "Too many requests for a link."


def same_site(call: Call) -> bool:
    """Whether a browser says that one of our own pages sent this."""
    site = call.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return "origin" not in call.headers or call.origin_host == call.headers.get("host", "").lower()


def login(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This came from another site. Sign in here.")
    body = call.json_object("email", "password", "code")
    email, password = body.get("email"), body.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        missing = [n for n in ("email", "password") if not isinstance(body.get(n), str)]
        errors = [fault(f"/{name}", "required", f"Send `{name}` as text.") for name in missing]
        raise Problem("Send `email` and `password` as text.", errors=errors)
    code = body.get("code") or ""
    secret, csrf = signed_in(call, email, password, code if isinstance(code, str) else "")
    user = call.engine.people.by_session(call.session.connection, secret, call.session.now)
    assert user is not None
    return Answer.json(
        {"user": _person(user.actor), "csrf": csrf}, 200, [session_cookie(call, secret)]
    )


def signed_in(call: Call, email: str, password: str, code: str = "") -> tuple[str, str]:
    """The secret and the CSRF token of a new session; raises CodeNeeded where a code is missing."""
    user = known_person(call, email, password)
    second_steps.check(call, user, code)
    return begun(call, user)


def begun(call: Call, user: str) -> tuple[str, str]:
    """The secret and the CSRF token of a new session of somebody who has proved who they are."""
    agent = call.headers.get("user-agent", "")
    return people.begin_session(call.session.connection, user, call.session.now, agent)


def known_person(call: Call, email: str, password: str) -> str:
    """The id of the person whose password it is; raises Unauthorized."""
    # Per address and account: a stranger cannot lock somebody out, nor try many accounts.
    account = email.strip().lower()
    connection, now = call.session.connection, call.session.now
    limited(connection, now, SIGN_INS, TOO_MANY, "sign_in", call.client, account)
    limited(connection, now, SIGN_INS.times(MANY), TOO_MANY, "sign_ins", call.client)
    known = password == SAMPLE and not call.engine.settings.private
    found = None if known else people.verified(connection, email, password)
    if found is None:
        raise Unauthorized("The e-mail address or the password is wrong.")
    return found


def session_cookie(call: Call, secret: str) -> tuple[str, str]:
    """The session's cookie; an empty secret takes it away."""
    return cookie_of(call, COOKIE, secret, people.SESSION_HOURS * 3600 if secret else 0)


def cookie_of(call: Call, name: str, value: str, age: int) -> tuple[str, str]:
    """The header of a cookie that no script reads, for so many seconds."""
    by_tls = call.scheme == "https" or call.base_url.startswith("https:")
    secure = "; Secure" if by_tls else ""
    return (
        "set-cookie",
        f"{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}",
    )


def logout(call: Call) -> Answer:
    secret = call.cookies.get(COOKIE)
    if secret:
        people.sign_out(call.session.connection, secret)
    return Answer(204, headers=[session_cookie(call, "")])


def forgotten(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This came from another site. Ask for a new password here.")
    email = call.json_object("email").get("email")
    if not isinstance(email, str):
        message = "Send `email` as text."
        raise Problem(message, errors=[fault("/email", "required", message)])
    ask_for_link(call, email)
    return Answer(202)


def ask_for_link(call: Call, email: str) -> None:
    """The same answer whoever it is; so often for one address, and from one place."""
    connection, now = call.session.connection, call.session.now
    account = email.strip().lower()
    limited(connection, now, FORGOTTEN, TOO_MANY_LINKS, "forgotten", account)
    limited(connection, now, FORGOTTEN.times(MANY), TOO_MANY_LINKS, "forgotten_from", call.client)
    sign_in_help.forgotten(call.session, email)


def choose_password(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This came from another site. Open the link here.")
    body = call.json_object("link", "password")
    link = body.get("link")
    if not isinstance(link, str):
        message = "Send `link`: the address from the mail, or what stands at its end."
        raise Problem(message, errors=[fault("/link", "required", message)])
    use_link(call, link.rpartition("/")[2], body.get("password"), "/password")
    return Answer.empty()


def use_link(call: Call, secret: str, password: Any, pointer: str) -> str:
    """The e-mail address of the person who has chosen a password with a link."""
    connection, now = call.session.connection, call.session.now
    limited(connection, now, SIGN_INS, TOO_MANY_LINKS, "sign_in_link", call.client)
    return sign_in_help.choose_password(call.session, secret, password, pointer)


def invite(call: Call) -> Answer:
    call.only()
    by_mail = call.json_object("mail").get("mail", True) if call.body else True
    if not isinstance(by_mail, bool):
        message = "`mail` is true (send the link by mail) or false (answer with the link)."
        raise Problem(message, errors=[fault("/mail", "not_a_boolean", message)])
    if by_mail:
        sign_in_help.invite(call.session, call.params["id"])
        return Answer.json({"sent": True}, 202)
    return Answer.json({"link": sign_in_help.link_to_hand_over(call.session, call.params["id"])})


def end_sessions_of(call: Call) -> Answer:
    call.only()
    sign_in_help.end_all_sessions(call.session, call.params["id"])
    return Answer.empty()


def list_sessions(call: Call) -> Answer:
    call.only()
    actor, secret = call.session.actor, call.cookies.get(COOKIE, "")
    assert actor.id is not None
    return Answer.json(
        {"data": people.sessions(call.session.connection, actor.id, call.session.now, secret)}
    )


def end_session(call: Call) -> Answer:
    actor, session = call.session.actor, call.session
    assert actor.id is not None
    if not people.end_session(session.connection, actor.id, call.params["id"], session.now):
        raise NotFound("You have no session with this id.")
    return Answer.empty()


def _person(actor: Any) -> dict[str, Any]:
    return {
        "id": actor.id,
        "name": actor.name,
        "email": actor.email,
        "roles": list(actor.roles),
        "groups": list(actor.groups),
        "teams": list(actor.teams),
    }


def me(call: Call) -> Answer:
    call.only()
    zone, locale = str(zone_of(call.session)), language_of(call.session)
    return Answer.json(_person(call.session.actor) | {"zone": zone, "locale": locale})


def add_token(call: Call) -> Answer:
    call.only()
    body = call.json_object("name", "scopes", "expires")
    name, scopes = body.get("name"), body.get("scopes") or []
    errors = []
    if not isinstance(name, str) or not 0 < len(name) <= 100 or not name.isprintable():
        errors.append(fault("/name", "required", "Give the token a name, at most 100 characters."))
    if not isinstance(scopes, list) or any(s not in SCOPES for s in scopes):
        errors.append(fault("/scopes", "unknown_scope", f"The scopes are {', '.join(SCOPES)}."))
    expires, wrong = _moment(body.get("expires"), call.session.now)
    if wrong:
        errors.append(fault("/expires", "not_a_moment", wrong))
    if errors:
        raise Unprocessable(errors[0]["message"], errors=errors)
    actor, connection = call.session.actor, call.session.connection
    assert actor.id is not None
    if actor.scopes and not set(scopes or SCOPES) <= actor.scopes:
        raise Unprocessable("A token cannot have more rights than the token that creates it.")
    if len(people.tokens(connection, actor.id)) >= MAX_TOKENS:
        raise Unprocessable(f"You have {MAX_TOKENS} tokens. Revoke one first.")
    token_id, token = people.add_token(
        connection, actor.id, call.session.now, str(name), tuple(scopes), expires
    )
    return Answer.json({"id": token_id, "name": name, "token": token, "scopes": scopes}, 201)


def _moment(raw: Any, now: datetime) -> tuple[datetime | None, str]:
    if raw is None:
        return None, ""
    wrong = "Write a date and time in the future, such as 2027-01-01T00:00:00Z."
    try:
        expires = moment(raw)
    except ValueFault:
        return None, wrong
    return (expires, "") if expires > now else (None, wrong)


def list_tokens(call: Call) -> Answer:
    call.only()
    actor = call.session.actor
    assert actor.id is not None
    return Answer.json({"data": people.tokens(call.session.connection, actor.id)})


def end_token(call: Call) -> Answer:
    actor = call.session.actor
    assert actor.id is not None
    token = call.params["id"]
    if not is_id(token) or not people.end_token(call.session.connection, actor.id, token):
        raise NotFound("You have no token with this id.")
    return Answer.empty()


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/login",
        login,
        Policy.PUBLIC,
        "Sign in with a password.",
        csrf=False,
        secret=True,
    ),
    Endpoint("POST", "/api/logout", logout, Policy.PUBLIC, "Sign out.", in_draft=True),
    Endpoint(
        "POST",
        "/api/password/forgotten",
        forgotten,
        Policy.PUBLIC,
        "Mail a link for a new password.",
        csrf=False,
    ),
    Endpoint(
        "POST",
        "/api/password",
        choose_password,
        Policy.PUBLIC,
        "Choose a password with a link.",
        csrf=False,
        secret=True,
    ),
    Endpoint(
        "POST",
        "/api/people/{id}/invitation",
        invite,
        Policy.SIGNED_IN,
        "Mail somebody a link for their password, or get it to hand over.",
        secret=True,
    ),
    Endpoint(
        "DELETE",
        "/api/people/{id}/sessions",
        end_sessions_of,
        Policy.SIGNED_IN,
        "End all sessions of somebody.",
    ),
    Endpoint(
        "GET", "/api/sessions", list_sessions, Policy.SIGNED_IN, "My sessions.", personal=True
    ),
    Endpoint("DELETE", "/api/sessions/{id}", end_session, Policy.SIGNED_IN, "End a session."),
    Endpoint("GET", "/api/me", me, Policy.SIGNED_IN, "The signed-in person.", any_scope=True),
    Endpoint("GET", "/api/tokens", list_tokens, Policy.SIGNED_IN, "My tokens.", personal=True),
    Endpoint(
        "POST",
        "/api/tokens",
        add_token,
        Policy.SIGNED_IN,
        "Create a token; it is shown once.",
        secret=True,
    ),
    Endpoint("DELETE", "/api/tokens/{id}", end_token, Policy.SIGNED_IN, "Revoke a token."),
)
