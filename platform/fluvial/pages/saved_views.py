"""Saving what a list shows as a view, for oneself or for everybody, and forgetting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Forbidden, Unprocessable, fault
from fluvial.metadata_changes import apply
from metamodel.folding import free_name, name_of

from . import view_lists
from .frame import with_query
from .list_request import ListRequest, listing
from .view_lists import ALL, View


def save_view(call: Call) -> Answer:
    """Keep what a list shows as a view: for the person, or for everybody of some roles."""
    session = call.session
    type_ = session.object(call.params["object"])
    body = call.json_object("label", "shared", "query", "audience", "replaces")
    label, query = _label(body), body.get("query")
    given = {
        k: v for k, v in (query if isinstance(query, dict) else {}).items() if isinstance(v, str)
    }
    asked = listing(replace_query(call, given))
    name = _name(asked, label, str(body.get("replaces") or ""))
    columns = tuple(column.name for column in asked.columns)
    made = View(name, label, asked.seen_where, columns, asked.sort)
    if body.get("shared") is True:
        audience = body.get("audience")
        _share(asked, made, [str(r) for r in audience] if isinstance(audience, list) else [])
    else:
        view_lists.keep_own(session, type_.name, made)
    return Answer.json({"href": with_query(f"/o/{type_.name}", view=name)}, 201)


def _label(body: Mapping[str, Any]) -> str:
    label = body.get("label")
    if not isinstance(label, str) or not label.strip() or len(label) > 60:
        message = "Give the view a name of at most 60 characters."
        raise Unprocessable(message, errors=[fault("/label", "required", message)])
    return label.strip()


def _name(asked: ListRequest, label: str, replaces: str) -> str:
    """The name of the view that is replaced, else a free one made of the label."""
    own = [view for view in asked.views if view.own]
    for view in own:
        if view.name == replaces or (not replaces and view.label == label):
            return view.name
    others = (view.name for view in asked.views)
    taken = {ALL, *asked.session.catalog.of("view"), *others}
    return free_name(f"{asked.type.name} {name_of(label) or 'view'}", taken, "view")


def _share(asked: ListRequest, view: View, audience: list[str]) -> None:
    """The view as a document, which takes the place of the person's own of this name."""
    session, object_name = asked.session, asked.type.name
    if "write" not in session.access.meta:
        raise Forbidden("Your roles do not allow you to make views for everybody.")
    document = {"kind": "view", "name": view.name, "label": view.label, "object": object_name,
                "columns": list(view.columns), "sort": view.sort.split(",")}  # fmt: skip
    document |= {"where": view.where} if view.where else {}
    document |= {"audience": audience} if audience else {}
    apply.apply(session, apply.documents_change([document], note=f"View {view.label}"))
    view_lists.drop_own(session, object_name, view.name)


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
