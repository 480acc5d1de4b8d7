"""The pages of a person's second factor: the picture for the app, and the recovery codes."""

from __future__ import annotations

from collections.abc import Sequence

import segno
from markupsafe import Markup

from fluvial.auth.one_time_codes import in_letters
from fluvial.auth.second_factors import SecondFactor
from fluvial.http import second_factor_api
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Handler, Policy
from fluvial.kernel.problems import Problem

from .frame import Context, page
from .reader_format import format_of
from .sign_in import form_text

HERE = "/profile/second-factor"


def summary(call: Call) -> Context:
    """What the profile says of it."""
    found, fmt = second_factor_api.state(call), format_of(call.session)
    on = found is not None and found.since is not None
    return {
        "on": on,
        "since": fmt.plain_day(fmt.local(found.since).date()) if found and found.since else "",
        "left": len(found.recovery) if found else 0,
        "href": HERE,
    }


def show(
    call: Call,
    *,
    factor: SecondFactor | None = None,
    codes: Sequence[str] = (),
    error: str = "",
    status: int = 200,
) -> Answer:
    said = summary(call) | {
        "action": HERE,
        "picture": _picture(second_factor_api.app_address(call, factor)) if factor else "",
        "secret": _grouped(in_letters(factor.secret)) if factor else "",
        "codes": list(codes),
        "error": error,
    }
    return page(
        call, "second_factor.html", "Second factor", crumbs=[("Profile", "/profile")],
        status=status, second=said,
    )  # fmt: skip


def _picture(address: str) -> Markup:
    """Dark on light, so that every camera reads it, also from a dark page."""
    made = segno.make(address, error="m", micro=False)
    return Markup(
        made.svg_inline(
            scale=4, border=4, dark="#14191b", light="#ffffff", title="The code for your app"
        )
    )


def _grouped(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _wrong(call: Call, problem: Problem, factor: SecondFactor | None = None) -> Answer:
    status = 422 if problem.status == 401 else problem.status  # nobody is signed out by it
    return show(call, factor=factor, error=problem.detail, status=status)


def begin(call: Call) -> Answer:
    try:
        return show(call, factor=second_factor_api.begin(call, form_text(call, "password")))
    except Problem as problem:
        return _wrong(call, problem)


def confirm(call: Call) -> Answer:
    try:
        return show(call, codes=second_factor_api.confirm(call, form_text(call, "code")))
    except Problem as problem:
        return _wrong(call, problem, second_factor_api.pending(call))


def switch_off(call: Call) -> Answer:
    try:
        second_factor_api.switch_off(call, form_text(call, "code"))
    except Problem as problem:
        return _wrong(call, problem)
    return Answer.redirect("/profile#second-factor")


def new_codes(call: Call) -> Answer:
    try:
        return show(call, codes=second_factor_api.new_codes(call, form_text(call, "code")))
    except Problem as problem:
        return _wrong(call, problem)


def _post(path: str, handler: Handler, about: str) -> Endpoint:
    where, policy = f"{HERE}/{path}", Policy.SIGNED_IN
    return Endpoint("POST", where, handler, policy, about, page=True, form=True, secret=True)


ENDPOINTS = (
    Endpoint(
        "GET", HERE, show, Policy.SIGNED_IN, "My second factor.", page=True, personal=True,
    ),
    _post("begin", begin, "Begin to set up a second factor."),
    _post("confirm", confirm, "Switch my second factor on."),
    _post("off", switch_off, "Switch my second factor off."),
    _post("codes", new_codes, "New recovery codes."),
)  # fmt: skip
