"""Changes beyond their author's rights, for their authors and for administrators."""

from __future__ import annotations

from typing import Any

from fluvial.http.approvals_api import differing
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.metadata_changes import approving
from fluvial.metadata_changes.approvals import DRAFT, WAITING, Approval, approval, approvals, keep
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.runtime.session import Session
from metamodel.folding import humanise
from metamodel.yaml_text import yaml_of

from .document_words import difference_row, part_words
from .frame import Context, page
from .history_pages import HEAD, HERE
from .plan_words import place_words
from .reader_format import ReaderFormat, format_of
from .sign_in import form_text

APPROVALS = "/studio/approvals"
WHOLE = 20_000  # nothing is approved unseen
TONES = {"draft": "", "waiting": "warn", "approved": "good", "refused": "bad", "withdrawn": ""}


def kept_page(call: Call, problem: BeyondRights) -> str:
    """Keep a change that a page has refused as a draft of its author; where that is shown."""
    return f"{APPROVALS}/{keep(call.session, problem.change, DRAFT)}"


def show(call: Call) -> Answer:
    fmt = format_of(call.session)
    found = [one for one in approvals(call.session) if one.state != DRAFT]
    fmt.names.want(("user", one.by) for one in found if one.by)
    fmt.names.load()
    return page(
        call, "approvals.html", "Approvals", crumbs=[("Studio", "/studio")], here=HERE,
        approvals={"items": [_item(one, fmt) for one in found]},
    )  # fmt: skip


def _item(one: Approval, fmt: ReaderFormat) -> Context:
    return {
        "href": f"{APPROVALS}/{one.id}",
        "note": one.note or "Change",
        "text": ", ".join(f"{entry['kind']}/{entry['name']}" for entry in one.documents[:8]),
        "person": (fmt.names.title("user", one.by) if one.by else None) or "",
        "when": fmt.ago(one.at),
        "state": humanise(one.state),
        "tone": TONES[one.state],
    }


def show_one(call: Call) -> Answer:
    """What goes beyond whose rights, what differs, and what one may decide."""
    found = approval(call.session, call.params["id"])
    fmt = format_of(call.session)
    fmt.names.want(("user", who) for who in (found.by, found.decided_by) if who)
    fmt.names.load()
    beyond = [_beyond(call.session, one) for one in found.beyond]
    new = [one for one in found.documents if one["before"] is None and one["body"] is not None]
    places = {f"{one['kind']}/{one['name']}" for one in new}
    rows = [
        difference_row(call.session, entry, WHOLE)
        for entry in differing(found)
        if entry["document"] not in places
    ]
    tables = [
        {"title": "Beyond the author's rights", "text": "As its author was told.", "rows": beyond,
         "head": ["Document", "Part", "What"]},
        {"title": "Differences", "text": "", "head": HEAD, "rows": rows},
    ]  # fmt: skip
    return page(
        call, "approval.html", found.note or "Change",
        crumbs=[("Studio", "/studio"), ("Approvals", APPROVALS)], here=HERE,
        approval={
            **_item(found, fmt),
            "said": _said(found, fmt),
            "reason": found.reason,
            "tables": [table for table in tables if table["rows"]],
            "documents": [
                {"name": f"{one['kind']}/{one['name']}", "yaml": yaml_of(one["body"])}
                for one in new
            ],
            **_decisions(call, found),
        },
    )  # fmt: skip


def _beyond(session: Session, one: Context) -> Context:
    place = place_words(session.catalog, one["document"])
    return {"cells": [place, part_words(session, one["document"], one["pointer"]), one["message"]]}


def _said(found: Approval, fmt: ReaderFormat) -> str:
    def name(user: str | None) -> str:
        return (fmt.names.title("user", user) if user else None) or "Somebody"

    asked = f"{name(found.by)} · {fmt.ago(found.at)}"
    if found.decided_at is None:
        return asked
    decided = f"{humanise(found.state)} by {name(found.decided_by)} · {fmt.ago(found.decided_at)}"
    made = f" · revision {found.revision}" if found.revision else ""
    return f"{asked} · {decided}{made}"


def _decisions(call: Call, found: Approval) -> dict[str, str]:
    """The addresses of what somebody may do with it now; empty where it is not theirs."""
    session, path = call.session, f"{APPROVALS}/{found.id}"
    mine = found.by is not None and found.by == session.actor.id
    decides = session.access.admin and found.state == WAITING
    return {
        "approve_href": f"{path}/approve" if decides else "",
        "refuse_href": f"{path}/refuse" if decides else "",
        "ask_href": f"{path}/ask" if mine and found.state == DRAFT else "",
        "withdraw_href": f"{path}/withdraw" if mine and found.state in (DRAFT, WAITING) else "",
    }


def approve(call: Call) -> Answer:
    approving.approve(call.session, call.params["id"], form_text(call, "reason"))
    return _back(call)


def refuse(call: Call) -> Answer:
    approving.refuse(call.session, call.params["id"], form_text(call, "reason"))
    return _back(call)


def ask(call: Call) -> Answer:
    approving.ask(call.session, call.params["id"])
    return _back(call)


def withdraw(call: Call) -> Answer:
    approving.withdraw(call.session, call.params["id"])
    return Answer.redirect(APPROVALS)


def _back(call: Call) -> Answer:
    return Answer.redirect(f"{APPROVALS}/{call.params['id']}")


_ONE = f"{APPROVALS}/{{id}}"


def _decision(name: str, handler: Any, policy: Policy, about: str) -> Endpoint:
    return Endpoint("POST", f"{_ONE}/{name}", handler, policy, about, page=True, form=True)


ENDPOINTS = (
    Endpoint("GET", APPROVALS, show, Policy.META_READ, "Approvals.", page=True),
    Endpoint("GET", _ONE, show_one, Policy.META_READ, "One of them.", page=True),
    _decision("approve", approve, Policy.ADMIN, "Approve it."),
    _decision("refuse", refuse, Policy.ADMIN, "Refuse it."),
    _decision("ask", ask, Policy.META_WRITE, "Ask for it."),
    _decision("withdraw", withdraw, Policy.META_WRITE, "Withdraw it."),
)
