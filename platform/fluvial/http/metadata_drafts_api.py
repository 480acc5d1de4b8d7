"""Drafts of metadata over the API; calls with the header `Fluvial-Draft` are made in one."""

from __future__ import annotations

from fluvial.metadata_changes import apply
from fluvial.metadata_changes.metadata_drafts import (
    begin_draft,
    changed_since,
    discard_draft,
    draft_of,
    drafts_of,
)
from fluvial.metadata_changes.publishing_drafts import publish_draft

from .call import Answer, Call
from .routes import Endpoint, Policy


def list_drafts(call: Call) -> Answer:
    call.only()
    return Answer.json({"data": [one.wire() for one in drafts_of(call.session)]})


def make_draft(call: Call) -> Answer:
    call.only()
    return Answer.json(begin_draft(call.session, call.json_object("name").get("name")).wire(), 201)


def show_draft(call: Call) -> Answer:
    """With its documents, what publishing it would do, and what others have changed since."""
    call.only()
    draft = draft_of(call.session, call.params["id"])
    change = apply.plan(call.session, draft.change())
    return Answer.json(
        draft.wire()
        | {
            "bodies": [one["body"] for one in draft.documents if one["body"] is not None],
            "deleted": [f"{one['kind']}/{one['name']}" for one in draft.documents
                        if one["body"] is None],
            "changed": changed_since(call.session, draft),
            "operations": [operation.wire() for operation in change.operations],
        }
        | change.waiting_for()
    )  # fmt: skip


def drop_draft(call: Call) -> Answer:
    call.only()
    discard_draft(call.session, call.params["id"])
    return Answer.empty()


def publish(call: Call) -> Answer:
    call.only("over", "ask")
    over, ask = call.flag("over"), call.flag("ask")
    change = publish_draft(call.session, call.params["id"], over=over, ask=ask)
    return Answer.json(
        {
            "operations": [operation.wire() for operation in change.operations],
            "revision": change.revision,
            "version": change.version,
            **change.waiting_for(),
        },
        202 if change.pending or change.approval else 200,
    )


_ALL = "/api/meta/drafts"
_ONE = f"{_ALL}/{{id}}"

ENDPOINTS = (
    Endpoint(
        "GET", _ALL, list_drafts, Policy.META_WRITE, "Your drafts of metadata.", in_draft=True
    ),
    Endpoint("POST", _ALL, make_draft, Policy.META_WRITE, "Begin a draft.", in_draft=True),
    Endpoint(
        "GET", _ONE, show_draft, Policy.META_WRITE,
        "One of them, with what publishing it would do.", in_draft=True,
    ),
    Endpoint("DELETE", _ONE, drop_draft, Policy.META_WRITE, "Discard it.", in_draft=True),
    Endpoint(
        "POST", f"{_ONE}/publish", publish, Policy.META_WRITE,
        "Publish it as one change; `over` what others have changed since.", in_draft=True,
    ),
)  # fmt: skip
