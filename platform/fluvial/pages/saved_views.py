"""Saving what a list shows as a view, for oneself or for everybody, and forgetting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Forbidden, Unprocessable, fault
from fluvial.metadata_changes import apply
from metamodel.folding import free_name, name_of

from . import view_lists
from .frame import with_query
from .list_request import listing
from .view_lists import ALL, View


def save_view(call: Call) -> Answer:
    """Keep what a list shows as a view: for the person, or for everybody."""
    session = call.session
    type_ = session.object(call.params["object"])
    body = call.json_object("label", "shared", "query")
    label, query = body.get("label"), body.get("query")
    if not isinstance(label, str) or not label.strip() or len(label) > 60:
        message = "Give the view a name of at most 60 characters."
        raise Unprocessable(message, errors=[fault("/label", "required", message)])
    given = {
        k: v for k, v in (query if isinstance(query, dict) else {}).items() if isinstance(v, str)
    }
    asked = listing(replace_query(call, given))
    others = (v.name for v in asked.views if not (v.own and v.label == label.strip()))
    taken = {ALL, *session.catalog.of("view"), *others}
    name = free_name(f"{type_.name} {name_of(label) or 'view'}", taken, "view")
    made = View(name, label.strip(), asked.where, tuple(c.name for c in asked.columns), asked.sort)
    if body.get("shared") is True:
        if "write" not in session.access.meta:
            raise Forbidden("Your roles do not allow you to make views for everybody.")
        document = {"kind": "view", "name": name, "label": made.label, "object": type_.name,
                    "columns": list(made.columns), "sort": made.sort.split(",")}  # fmt: skip
        document |= {"where": made.where} if made.where else {}
        apply.apply(session, apply.documents_change([document], note=f"View {made.label}"))
    else:
        view_lists.keep_own(session, type_.name, made)
    return Answer.json({"href": with_query(f"/o/{type_.name}", view=name)}, 201)


def replace_query(call: Call, given: Mapping[str, str]) -> Call:
    """The same call with other parameters."""
    return replace(call, raw_query=urlencode(given).encode())


def forget_view(call: Call) -> Answer:
    type_ = call.session.object(call.params["object"])
    view_lists.drop_own(call.session, type_.name, call.params["name"])
    return Answer.redirect(f"/o/{type_.name}")


_VIEWS = "/o/{object}/views"

ENDPOINTS = (
    Endpoint("POST", _VIEWS, save_view, Policy.SIGNED_IN, "Save a view.", page=True),
    Endpoint(
        "POST",
        f"{_VIEWS}/{{name}}/forget",
        forget_view,
        Policy.SIGNED_IN,
        "Delete your own view.",
        page=True,
        form=True,
    ),
)
