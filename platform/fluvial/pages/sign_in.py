"""Signing in and out in the browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from fluvial.auth import people
from fluvial.auth.passwords import SAMPLE
from fluvial.http import second_steps
from fluvial.http.call import COOKIE, Answer, Call
from fluvial.http.people_api import begun, same_site, session_cookie, signed_in
from fluvial.http.routes import Endpoint, Policy
from fluvial.http.second_steps import CodeNeeded
from fluvial.kernel.problems import Forbidden, Problem
from fluvial.packages import sample_people
from fluvial.services.open_id import provider_of

from .frame import PRODUCT, Context, bare, with_query

FORGOT = "/signin/forgot"
CODE = "/signin/code"
OPEN_ID = "/signin/oidc"


def form_text(call: Call, name: str) -> str:
    """A field of a posted form, the last of its name."""
    values = call.form.getlist(name) if call.form is not None else []
    texts = [value for value in values if isinstance(value, str)]
    return texts[-1] if texts else ""


def local(address: str) -> str:
    """An address of this site, or the home page: nobody is sent elsewhere by a link."""
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return "/"
    if not address.isprintable():
        return "/"
    parts = urlsplit(address)
    return address if not parts.netloc and not parts.scheme else "/"


def show(call: Call, *, email: str = "", wrong: str = "", status: int = 200) -> Answer:
    oidc = provider_of(call.engine)
    wanted = form_text(call, "next") if call.form is not None else call.query.get("next", "/")
    context = {
        "title": f"Sign in to {PRODUCT}",
        "host": urlsplit(call.base_url).netloc,
        "action": "/signin",
        "email": email,
        "next": local(wanted),
        "error": wrong,
        "token": "",
        "forgot_href": FORGOT,
        "single_sign_on": with_query(OPEN_ID, next=local(wanted)) if oidc.on else "",
        "single_sign_on_label": call.engine.settings.oidc_label,
        "sample": _sample(call),
    }
    return bare(call, "sign_in.html", "Sign in", status=status, sign_in=context)


def _sample(call: Call) -> Context | None:
    """The sample's people, each a press away, on a server that is for trying the product out."""
    people = sample_people.admitted(call.engine)
    return {"people": people, "password": SAMPLE} if people else None


def sign_in_page(call: Call) -> Answer:
    if call.identity is not None:
        return Answer.redirect(local(call.query.get("next", "/")))
    return show(call)


def sign_in(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This form came from another site. Open the sign-in page here.")
    email = form_text(call, "email").strip()
    try:
        secret, _ = signed_in(call, email, form_text(call, "password"))
    except CodeNeeded as needed:
        return code_page(call, needed.halfway)
    except Problem as problem:
        return show(call, email=email, wrong=problem.detail, status=problem.status)
    answer = Answer.redirect(local(form_text(call, "next")))
    answer.headers.append(session_cookie(call, secret))
    return answer


def code_page(call: Call, halfway: str, *, wrong: str = "", status: int = 200) -> Answer:
    """The second step: a code of the app, or one for when it is lost."""
    context = {
        "action": CODE,
        "halfway": halfway,
        "next": local(form_text(call, "next") or "/"),
        "error": wrong,
        "back_href": "/signin",
    }
    return bare(call, "sign_in_code.html", "Your code", status=status, second=context)


def give_code(call: Call) -> Answer:
    if not same_site(call):
        raise Forbidden("This form came from another site. Open the sign-in page here.")
    halfway, settings = form_text(call, "halfway"), call.engine.settings
    user = second_steps.user_of(settings, halfway, call.session.now)
    if user is None or call.engine.people.actor(call.session.connection, user) is None:
        return show(call, wrong="That took too long. Sign in again.", status=401)
    try:
        fine = second_steps.right(call, user, form_text(call, "code"))
    except Problem as problem:
        return code_page(call, halfway, wrong=problem.detail, status=problem.status)
    if not fine:
        return code_page(call, halfway, wrong=second_steps.WRONG_CODE, status=401)
    secret, _ = begun(call, user)
    answer = Answer.redirect(local(form_text(call, "next")))
    answer.headers.append(session_cookie(call, secret))
    return answer


def sign_out(call: Call) -> Answer:
    secret = call.cookies.get(COOKIE)
    if secret:
        people.sign_out(call.session.connection, secret)
    answer = Answer.redirect("/signin")
    answer.headers.append(session_cookie(call, ""))
    return answer


ENDPOINTS = (
    Endpoint("GET", "/signin", sign_in_page, Policy.PUBLIC, "Sign in.", page=True),
    Endpoint(
        "POST",
        "/signin",
        sign_in,
        Policy.PUBLIC,
        "Sign in.",
        page=True,
        form=True,
        csrf=False,
        secret=True,
    ),
    Endpoint(
        "POST",
        CODE,
        give_code,
        Policy.PUBLIC,
        "Sign in: the second step.",
        page=True,
        form=True,
        csrf=False,
        secret=True,
    ),
    Endpoint(
        "POST",
        "/signout",
        sign_out,
        Policy.PUBLIC,
        "Sign out.",
        page=True,
        form=True,
        in_draft=True,
    ),
)
