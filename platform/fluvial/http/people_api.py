"""Signing in and out, who I am, and my tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fluvial.auth import people
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
from metamodel.errors import ValueFault
from metamodel.kinds.datetime import moment

from .call import COOKIE, Answer, Call
from .routes import Endpoint, Policy

SCOPES = ("records:read", "records:write", "meta:read", "meta:write", "metrics:read")
MAX_TOKENS = 100
SIGN_INS = Rate.read("20/minute")  # of one address for one account
MANY = 5  # so many accounts as often from one address
TOO_MANY = "Too many attempts to sign in."


def same_site(call: Call) -> bool:
    """Whether a browser says that one of our own pages sent this."""
    site = call.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return "origin" not in call.headers or call.origin_host == call.headers.get("host", "").lower()


def login(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This came from another site. Sign in here.")
    body = call.json_object("email", "password")
    email, password = body.get("email"), body.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        missing = [n for n in ("email", "password") if not isinstance(body.get(n), str)]
        errors = [fault(f"/{name}", "required", f"Send `{name}` as text.") for name in missing]
        raise Problem("Send `email` and `password` as text.", errors=errors)
    secret, csrf = signed_in(call, email, password)
    user = call.engine.people.by_session(call.session.connection, secret, call.session.now)
    assert user is not None
    return Answer.json(
        {"user": _person(user.actor), "csrf": csrf}, 200, [session_cookie(call, secret)]
    )


def signed_in(call: Call, email: str, password: str) -> tuple[str, str]:
    """The secret and the CSRF token of a new session."""
    # Per address and account: a stranger cannot lock somebody out, nor try many accounts.
    account = email.strip().lower()
    connection, now = call.session.connection, call.session.now
    limited(connection, now, SIGN_INS, TOO_MANY, "sign_in", call.client, account)
    limited(connection, now, SIGN_INS.times(MANY), TOO_MANY, "sign_ins", call.client)
    found = people.sign_in(call.session.connection, email, password, call.session.now)
    if found is None:
        raise Unauthorized("The e-mail address or the password is wrong.")
    return found[1], found[2]


def session_cookie(call: Call, secret: str) -> tuple[str, str]:
    """The session's cookie; an empty secret takes it away."""
    by_tls = call.scheme == "https" or call.base_url.startswith("https:")
    secure = "; Secure" if by_tls else ""
    age = people.SESSION_HOURS * 3600 if secret else 0
    return (
        "set-cookie",
        f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}",
    )


def logout(call: Call) -> Answer:
    secret = call.cookies.get(COOKIE)
    if secret:
        people.sign_out(call.session.connection, secret)
    return Answer(204, headers=[session_cookie(call, "")])


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
    Endpoint("POST", "/api/logout", logout, Policy.PUBLIC, "Sign out."),
    Endpoint("GET", "/api/me", me, Policy.SIGNED_IN, "The signed-in person.", any_scope=True),
    Endpoint("GET", "/api/tokens", list_tokens, Policy.SIGNED_IN, "My tokens."),
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
