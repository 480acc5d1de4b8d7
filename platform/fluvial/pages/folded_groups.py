"""Folding groups of the navigation, which is remembered for the person."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Unprocessable, fault

from .navigation_folds import remember
from .sign_in import form_text

STATES = ("open", "folded")


def fold(call: Call) -> Answer:
    """Keep that a group, or what stands behind its "more", is open or folded."""
    label, state = form_text(call, "group"), form_text(call, "state")
    if not label or state not in STATES:
        message = "Name the `group`, and as its `state` open or folded."
        raise Unprocessable(message, errors=[fault("/state", "unknown", message)])
    remember(call.session, label, rest=bool(form_text(call, "rest")), open_=state == "open")
    return Answer(204)


ENDPOINTS = (
    Endpoint(
        "POST", "/navigation", fold, Policy.SIGNED_IN, "Fold a group of the navigation.",
        page=True, form=True,
    ),
)  # fmt: skip
