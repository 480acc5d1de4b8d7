"""Which other sites may show a web form and post to it."""

from __future__ import annotations

from urllib.parse import urlsplit

from fluvial.http.call import Call
from fluvial.kernel.problems import Forbidden

from .webforms import WebForm

Headers = list[tuple[str, str]]


def check_origin(call: Call, form: WebForm) -> Headers:
    """The headers for the site that asks; a site that is not on the form's list is refused."""
    origin = call.headers.get("origin")
    if origin is None or _is_own(call):
        return [("vary", "Origin")]
    if "*" in form.origins:
        return [("vary", "Origin"), ("access-control-allow-origin", "*")]
    if origin.lower() in form.origins:
        return [("vary", "Origin"), ("access-control-allow-origin", origin)]
    raise Forbidden(f"{origin} may not send this form. Add it to the form's `origins` to allow it.")


def _is_own(call: Call) -> bool:
    asked, host = call.origin_host, call.headers.get("host", "").lower()
    return bool(asked) and asked in (urlsplit(call.base_url).netloc.lower(), host)


def preflight(call: Call, form: WebForm) -> Headers:
    return [
        *check_origin(call, form),
        ("access-control-allow-methods", "GET, POST"),
        ("access-control-allow-headers", "content-type, idempotency-key"),
        ("access-control-max-age", "600"),
    ]


def page_policy(form: WebForm) -> tuple[str, str]:
    """The content security policy of the form's page: who may frame it, where it may lead."""
    frames = "*" if "*" in form.origins else " ".join(["'self'", *form.origins])
    done = urlsplit(form.redirect)
    target = f" {done.scheme}://{done.netloc}" if form.redirect else ""
    return (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src 'self'; form-action 'self'{target}; base-uri 'none'; "
        f"frame-ancestors {frames}",
    )
