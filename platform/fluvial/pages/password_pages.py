"""A forgotten password, and the page on which a link lets one choose a new one."""

from __future__ import annotations

from fluvial.auth import sign_in_links
from fluvial.auth.passwords import MIN_LENGTH
from fluvial.http.call import Answer, Call
from fluvial.http.people_api import ask_for_link, same_site, session_cookie, signed_in, use_link
from fluvial.http.routes import Endpoint, Handler, Policy
from fluvial.http.second_steps import CodeNeeded
from fluvial.kernel.problems import Forbidden, NotFound, Problem
from fluvial.services.letters import PATH

from .frame import bare
from .sign_in import FORGOT, code_page, form_text


def forgot(call: Call, *, email: str = "", error: str = "", sent: bool = False) -> Answer:
    context = {
        "action": FORGOT,
        "email": email,
        "error": error,
        "sent": sent,
        "back_href": "/signin",
    }
    status = 422 if error else 200
    return bare(call, "forgot.html", "A new password", status=status, forgot=context)


def ask(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This form came from another site. Open the sign-in page here.")
    email = form_text(call, "email").strip()
    if not email:
        return forgot(call, error="Enter your e-mail address.")
    try:
        ask_for_link(call, email)
    except Problem as problem:
        return forgot(call, email=email, error=problem.detail)
    return forgot(call, email=email, sent=True)


def choose(call: Call, *, error: str = "") -> Answer:
    """The page of a link. Looking at it uses nothing up: mail programs look at links, too."""
    secret = call.params["secret"]
    found = sign_in_links.find(call.session.connection, secret, call.session.now)
    context = {
        "action": f"{PATH}{secret}",
        "valid": found is not None,
        "email": found.email if found else "",
        "name": found.name if found else "",
        "min_length": MIN_LENGTH,
        "error": error,
        "forgot_href": FORGOT,
        "back_href": "/signin",
    }
    status = (422 if error else 200) if found else 404
    return bare(call, "choose_password.html", "Choose a password", status=status, choose=context)


def save(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This form came from another site. Open the link again.")
    password = form_text(call, "password")
    try:
        email = use_link(call, call.params["secret"], password, "password")
        secret, _ = signed_in(call, email, password)
    except CodeNeeded as needed:
        return code_page(call, needed.halfway)
    except NotFound:
        return choose(call)
    except Problem as problem:
        return choose(call, error=problem.detail)
    answer = Answer.redirect("/")
    answer.headers.append(session_cookie(call, secret))
    return answer


def _endpoint(method: str, path: str, handler: Handler, about: str) -> Endpoint:
    post = method == "POST"
    return Endpoint(
        method, path, handler, Policy.PUBLIC, about, page=True, form=post, csrf=False, secret=post
    )


ENDPOINTS = (
    _endpoint("GET", FORGOT, forgot, "Forgot my password."),
    _endpoint("POST", FORGOT, ask, "Forgot my password."),
    _endpoint("GET", PATH + "{secret}", choose, "Choose a password with a link."),
    _endpoint("POST", PATH + "{secret}", save, "Choose a password with a link."),
)
