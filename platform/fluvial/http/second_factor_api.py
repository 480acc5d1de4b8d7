"""A person's second factor: set up with an app, confirmed by a code, switched off by one."""

from __future__ import annotations

from typing import Any

from fluvial.auth import one_time_codes, second_factors
from fluvial.auth.second_factors import SecondFactor
from fluvial.kernel.problems import Conflict, Forbidden, Unprocessable, fault
from fluvial.services import sign_in_help

from . import second_steps
from .call import Answer, Call
from .people_api import known_person
from .routes import Endpoint, Policy

ON = "Your second factor is on already. Switch it off first."
OFF = "You have no second factor."


def _user(call: Call) -> str:
    user = call.session.actor.id
    if user is None:
        raise Forbidden("Only people have a second factor.")
    return user


def state(call: Call) -> SecondFactor | None:
    """What the person has set up and confirmed."""
    key = call.engine.settings.secret_key
    found = second_factors.find(call.session.connection, _user(call), key)
    return found if found is not None and found.since is not None else None


def pending(call: Call) -> SecondFactor | None:
    """What the person has begun to set up."""
    key = call.engine.settings.secret_key
    found = second_factors.find(call.session.connection, _user(call), key)
    return found if found is not None and found.since is None else None


def begin(call: Call, password: str) -> SecondFactor:
    """A new secret for the person's app, for who knows the password."""
    if state(call) is not None:
        raise Conflict(ON)
    known_person(call, call.session.actor.email, password)
    session, key = call.session, call.engine.settings.secret_key
    return second_factors.begin(session.connection, _user(call), key, session.now)


def app_address(call: Call, factor: SecondFactor) -> str:
    issuer = call.engine.settings.base_url.partition("://")[2]
    return one_time_codes.address(factor.secret, call.session.actor.email, issuer)


def confirm(call: Call, code: str) -> list[str]:
    """The recovery codes, which are told once."""
    session, key = call.session, call.engine.settings.secret_key
    codes = second_factors.confirm(session.connection, _user(call), key, code, session.now)
    if not codes:
        message = "The code is not right. Type the one that the app shows now."
        raise Unprocessable(message, errors=[fault("/code", "wrong_code", message)])
    return codes


def prove(call: Call, code: str) -> str:
    """The id of the person, who gives a code of theirs."""
    user = _user(call)
    if state(call) is None:
        raise Conflict(OFF)
    if not second_steps.right(call, user, code):
        raise Unprocessable(
            second_steps.WRONG_CODE, errors=[fault("/code", "wrong_code", second_steps.WRONG_CODE)]
        )
    return user


def switch_off(call: Call, code: str) -> None:
    second_factors.end(call.session.connection, prove(call, code))


def new_codes(call: Call, code: str) -> list[str]:
    return second_factors.renew_recovery(call.session.connection, prove(call, code))


def _text(call: Call, name: str) -> str:
    value = call.json_object(name).get(name)
    if not isinstance(value, str):
        message = f"Send `{name}` as text."
        raise Unprocessable(message, errors=[fault(f"/{name}", "required", message)])
    return value


def tell(call: Call) -> Answer:
    call.only()
    found = state(call)
    told: dict[str, Any] = {"on": found is not None}
    if found is not None:
        told |= {"since": found.since, "recovery_left": len(found.recovery)}
    return Answer.json(told)


def post_begin(call: Call) -> Answer:
    call.only()
    factor = begin(call, _text(call, "password"))
    secret = one_time_codes.in_letters(factor.secret)
    return Answer.json({"secret": secret, "address": app_address(call, factor)}, 201)


def post_confirm(call: Call) -> Answer:
    call.only()
    return Answer.json({"recovery": confirm(call, _text(call, "code"))})


def post_off(call: Call) -> Answer:
    call.only()
    switch_off(call, _text(call, "code"))
    return Answer.empty()


def end_of_person(call: Call) -> Answer:
    """Who helps somebody that lost the app, and decides how they sign in."""
    call.only()
    sign_in_help.end_second_factor(call.session, call.params["id"])
    return Answer.empty()


def end_open_id_of_person(call: Call) -> Answer:
    """Where the provider names somebody anew, their address counts once more."""
    call.only()
    sign_in_help.end_open_id(call.session, call.params["id"])
    return Answer.empty()


_HERE = "/api/second-factor"

ENDPOINTS = (
    Endpoint("GET", _HERE, tell, Policy.SIGNED_IN, "My second factor.", personal=True),
    Endpoint(
        "POST", _HERE, post_begin, Policy.SIGNED_IN,
        "Begin to set up a second factor: the secret for the app.", secret=True,
    ),
    Endpoint(
        "POST", f"{_HERE}/confirm", post_confirm, Policy.SIGNED_IN,
        "Switch the second factor on with a code; answers with recovery codes.", secret=True,
    ),
    Endpoint(
        "POST", f"{_HERE}/off", post_off, Policy.SIGNED_IN,
        "Switch the second factor off with a code.", secret=True,
    ),
    Endpoint(
        "DELETE", "/api/people/{id}/second-factor", end_of_person, Policy.SIGNED_IN,
        "Switch off the second factor of somebody who lost it.",
    ),
    Endpoint(
        "DELETE", "/api/people/{id}/open-id", end_open_id_of_person, Policy.SIGNED_IN,
        "Forget by which single sign-on somebody is known.",
    ),
)  # fmt: skip
