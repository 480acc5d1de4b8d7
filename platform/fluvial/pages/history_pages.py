"""The history of metadata, newest first, what each change differs in, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fluvial.database.connection import Connection
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound
from fluvial.metadata_changes import apply, revisions
from fluvial.metadata_changes.pending_change import open_changes
from metamodel.documents import DocumentKind
from metamodel.folding import humanise, plural

from .document_words import difference_row
from .frame import Context, action, page
from .plan_words import place_words
from .reader_format import ReaderFormat, format_of

SHOWN = 8  # documents of a revision that are named
DIFFERENCES = 300  # of one revision that are shown
HERE = "/studio/revisions"
HEAD = ["Document", "Part", "Before", "After"]


def show(call: Call) -> Answer:
    fmt = format_of(call.session)
    found = revisions.revisions(call.session)
    fmt.names.want(("user", r["by"]["user"]) for r in found if r["by"])
    fmt.names.load()
    writes = "write" in call.session.access.meta
    kinds = call.engine.kinds
    items = [_item(r, fmt, kinds, writes and r["number"] < found[0]["number"]) for r in found]
    return page(
        call, "revisions.html", "History", crumbs=[("Studio", "/studio")],
        here="/studio/revisions", primary=action("Approvals", "/studio/approvals", "shield-check"),
        revisions={"items": items, "under_way": _under_way(call.session.connection)},
    )  # fmt: skip


def _under_way(connection: Connection) -> list[Context]:
    """The changes that come into force when the values of large tables are copied."""
    return [
        {"note": pending.note, "text": f"{pending.copied:,} of {pending.rows:,} values copied"}
        for pending in open_changes(connection)
    ]


def _documents(changed: list[dict[str, Any]], kinds: Mapping[str, DocumentKind]) -> str:
    """The documents of a change by name, or of a large one how many of each kind."""

    def word(kind: str) -> str:
        return (kinds[kind].label if kind in kinds else "") or humanise(kind)

    if len(changed) <= SHOWN:
        return ", ".join(f"{word(c['kind'])} {c['name']}" for c in changed)
    counts = Counter(word(c["kind"]) for c in changed)
    return ", ".join(
        f"{count} {(plural(label) if count > 1 else label).lower()}"
        for label, count in counts.most_common()
    )


def _item(
    revision: dict[str, Any], fmt: ReaderFormat, kinds: Mapping[str, DocumentKind], back: bool
) -> Context:
    by = revision["by"]
    return {
        "number": revision["number"],
        "href": f"/studio/revisions/{revision['number']}",
        "note": revision["note"] or "Change",
        "text": _documents(revision["changes"], kinds),
        "person": fmt.names.title("user", by["user"]) or "" if by else "",
        "when": fmt.ago(revision["at"]),
        "back_href": f"/studio/revisions/{revision['number']}/rollback" if back else "",
    }


def show_one(call: Call) -> Answer:
    """What one change differs in, document by document."""
    number = revision_number(call)
    found = revisions.revision(call.session, number)
    fmt = format_of(call.session)
    by = found["by"]
    if by:
        fmt.names.want([("user", by["user"])])
        fmt.names.load()
    who = fmt.names.title("user", by["user"]) or "Somebody" if by else "The system"
    rows = [difference_row(call.session, entry) for entry in found["diff"][:DIFFERENCES]]
    left = len(found["diff"]) - len(rows)
    text = f"The first {DIFFERENCES}; {left} more are in the API." if left > 0 else ""
    links = []
    if "write" in call.session.access.meta:
        path = f"/studio/revisions/{number}/rollback"
        links.append(action("Roll back to this", path, "history"))
    package = {
        "title": found["note"] or "Change",
        "text": f"Revision {number} · {who} · {fmt.ago(found['at'])}",
        "tables": [{"title": "Differences", "text": text, "head": HEAD, "rows": rows}],
        "lists": [],
        "form": None,
        "links": links,
    }
    return page(
        call, "package.html", f"Revision {number}",
        crumbs=[("Studio", "/studio"), ("History", "/studio/revisions")],
        here="/studio/revisions", package=package,
    )  # fmt: skip


def show_document(call: Call) -> Answer:
    """The history of one document, with the way back of it alone."""
    kind, name = call.params["kind"], call.params["name"]
    found = revisions.history(call.session, kind, name)
    if not found:
        raise NotFound(f"There has never been a {kind} `{name}`.")
    fmt = format_of(call.session)
    path, place = f"/studio/{kind}/{name}/rollback", f"{kind}/{name}"
    known = place_words(call.session.catalog, place)
    writes = "write" in call.session.access.meta
    tables = [
        {
            "title": f"{entry['number']} {entry['note'] or 'Change'}",
            "text": fmt.ago(entry["at"]),
            "head": HEAD[1:],
            "rows": [
                {"cells": difference_row(call.session, {"document": place, **d})["cells"][1:]}
                for d in entry["diff"][:DIFFERENCES]
            ],
            "form": {"action": path, "to": entry["number"]} if writes and at else None,
        }
        for at, entry in enumerate(found)
    ]
    package = {
        "title": f"History of {known}",
        "text": "Rolling back changes only the site's part of this document.",
        "tables": tables,
        "lists": [],
        "form": None,
        "links": [action("The document", f"/studio/{kind}/{name}", "file-text")],
    }
    return page(
        call, "package.html", f"History of {name}", crumbs=[("Studio", "/studio")],
        here="/studio", package=package,
    )  # fmt: skip


def revision_number(call: Call) -> int:
    number = call.params["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFound(f"There is no revision {number}.")
    return int(number)


def rollback(call: Call) -> Answer:
    revisions.rollback(call.session, revision_number(call))
    return Answer.redirect("/studio/revisions")


def rollback_document(call: Call) -> Answer:
    kind, name = call.params["kind"], call.params["name"]
    to = str(call.form.get("to", "")) if call.form is not None else ""
    if not (to.isascii() and to.isdigit() and len(to) < 10):
        raise NotFound("Choose the revision to roll back to.")
    change = revisions.rollback_document(call.session, kind, name, int(to))
    apply.apply(call.session, change)
    return Answer.redirect(HERE if change.pending else f"/studio/{kind}/{name}/history")


_DOCUMENT = "/studio/{kind}/{name}"

ENDPOINTS = (
    Endpoint("GET", "/studio/revisions", show, Policy.META_READ, "History.", page=True),
    Endpoint(
        "GET", "/studio/revisions/{number}", show_one, Policy.META_READ, "One change.", page=True
    ),
    Endpoint(
        "POST", "/studio/revisions/{number}/rollback", rollback, Policy.META_WRITE,
        "Roll back to a revision.", page=True, form=True,
    ),
    Endpoint(
        "GET", f"{_DOCUMENT}/history", show_document, Policy.META_READ,
        "The history of a document.", page=True,
    ),
    Endpoint(
        "POST", f"{_DOCUMENT}/rollback", rollback_document, Policy.META_WRITE,
        "Roll back one document to a revision.", page=True, form=True,
    ),
)  # fmt: skip
