"""The changes of metadata, newest first, and the way back to any of them."""

from __future__ import annotations

from typing import Any

from fluvial import revisions
from fluvial.errors import NotFound
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy

from .frame import Context, page
from .looks import Looks, looks_of

SHOWN = 8  # documents of a revision that are named


def show(call: Call) -> Answer:
    looks = looks_of(call.session)
    found = revisions.revisions(call.session)
    looks.names.want(("user", r["by"]["user"]) for r in found if r["by"])
    looks.names.load()
    writes = "write" in call.session.access.meta
    items = [_item(r, looks, writes and r["number"] < found[0]["number"]) for r in found]
    return page(
        call, "revisions.html", "Revisions", crumbs=[("Studio", "/studio")],
        here="/studio/revisions", revisions={"items": items},
    )  # fmt: skip


def _item(revision: dict[str, Any], looks: Looks, back: bool) -> Context:
    documents = [f"{c['kind']}/{c['name']}" for c in revision["changes"]]
    more = len(documents) - SHOWN
    text = ", ".join(documents[:SHOWN]) + (f" and {more} others" if more > 0 else "")
    by = revision["by"]
    return {
        "number": revision["number"],
        "note": revision["note"] or "Change",
        "text": text,
        "person": looks.names.title("user", by["user"]) or "" if by else "",
        "when": looks.ago(revision["at"]),
        "back_href": f"/studio/revisions/{revision['number']}/rollback" if back else "",
    }


def rollback(call: Call) -> Answer:
    number = call.params["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFound(f"There is no revision {number}.")
    revisions.rollback(call.session, int(number))
    return Answer.redirect("/studio/revisions")


ENDPOINTS = (
    Endpoint("GET", "/studio/revisions", show, Policy.META_READ, "Revisions.", page=True),
    Endpoint(
        "POST", "/studio/revisions/{number}/rollback", rollback, Policy.META_WRITE,
        "Back to a revision.", page=True, form=True,
    ),
)  # fmt: skip
