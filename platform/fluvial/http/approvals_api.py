"""Changes of metadata that wait for an administrator, over the API."""

from __future__ import annotations

from typing import Any

from fluvial.kernel.problems import Problem, fault
from fluvial.metadata_changes import approving
from fluvial.metadata_changes.approvals import DRAFT, Approval, approval, approvals
from metamodel.differences import differences

from .call import Answer, Call
from .routes import Endpoint, Policy

MAX_REASON = 2000
STATES = ("waiting", "approved", "refused", "withdrawn")


def list_approvals(call: Call) -> Answer:
    state = call.only("state").get("state", "")
    if state and state not in STATES:
        message = f"`state` must be one of {', '.join(STATES)}."
        raise Problem(message, errors=[fault("state", "unknown_value", message)])
    found = [one for one in approvals(call.session) if one.state != DRAFT]
    return Answer.json({"data": [one.wire() for one in found if state in ("", one.state)]})


def show_approval(call: Call) -> Answer:
    """With what differs, and, while it waits, what it would do."""
    call.only()
    found = approval(call.session, call.params["id"])
    body = found.wire() | {"diff": differing(found)}
    if found.state == "waiting":
        _, change = approving.preview(call.session, found.id)
        body["operations"] = [operation.wire() for operation in change.operations]
    return Answer.json(body)


def differing(found: Approval) -> list[dict[str, Any]]:
    """What differs, document by document."""
    return [
        {"document": f"{entry['kind']}/{entry['name']}", "layer": entry["layer"]} | one.wire()
        for entry in found.documents
        for one in differences(
            _whole(entry["before"], entry) if entry["before"] is not None else None,
            _whole(entry["body"], entry) if entry["body"] is not None else None,
        )
    ]


def _whole(body: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("kind", "name")} | body


def _reason(call: Call) -> str:
    call.only()
    reason = call.json_object("reason").get("reason", "") if call.body else ""
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        message = f"`reason` must be a text of at most {MAX_REASON} characters."
        raise Problem(message, errors=[fault("/reason", "not_a_text", message)])
    return reason


def approve(call: Call) -> Answer:
    found, change = approving.approve(call.session, call.params["id"], _reason(call))
    body = found.wire() | {
        "operations": [operation.wire() for operation in change.operations],
        "version": change.version,
        **({"plan": change.pending} if change.pending else {}),
    }
    return Answer.json(body, 202 if change.pending else 200)


def refuse(call: Call) -> Answer:
    return Answer.json(approving.refuse(call.session, call.params["id"], _reason(call)).wire())


def withdraw(call: Call) -> Answer:
    call.only()
    return Answer.json(approving.withdraw(call.session, call.params["id"]).wire())


_ONE = "/api/meta/approvals/{id}"

ENDPOINTS = (
    Endpoint(
        "GET", "/api/meta/approvals", list_approvals, Policy.META_READ,
        "Changes beyond their author's rights: your own; for administrators all.",
    ),
    Endpoint("GET", _ONE, show_approval, Policy.META_READ, "One of them, with its differences."),
    Endpoint("POST", f"{_ONE}/approve", approve, Policy.ADMIN, "Approve and apply it."),
    Endpoint("POST", f"{_ONE}/refuse", refuse, Policy.ADMIN, "Refuse it, with a `reason`."),
    Endpoint("POST", f"{_ONE}/withdraw", withdraw, Policy.META_WRITE, "Withdraw your own."),
)  # fmt: skip
