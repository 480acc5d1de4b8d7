"""What is asked before documents are deleted or rolled back: the plan in words, then a button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable
from fluvial.metadata_changes import apply, revisions
from metamodel.folding import humanise, label_text

from .document_pages import delete_change, kind_of
from .edited_document import edited
from .frame import Context, page
from .history_pages import HERE, revision_number
from .plan_words import in_words, place_words
from .studio import how_many


def ask_delete(call: Call) -> Answer:
    """Before a document goes: what goes with it, and what becomes of records."""
    kind, name = kind_of(call, call.params["kind"]), call.params["name"]
    found = call.session.catalog.of(kind.name).get(name)
    if found is None:
        raise NotFound(f"There is no {kind.label.lower()} `{name}`.")
    document = edited(call, kind, name)
    label = label_text(found.body.get("label", humanise(name)))
    returns = document.base is not None and document.site is not None
    change, used = _planned(call, delete_change(call, kind.name, name))
    lines = _lines(call, change) if change is not None else []
    text = f"Its history stays, and the {kind.label.lower()} can be brought back from there."
    title = f"Delete {label}?"
    if returns:
        title = f"Return {label} to what the package says?"
        text = "What the site has changed here goes. The history keeps it."
    path = f"/studio/{kind.name}/{name}"
    button = "Return to the package’s version" if returns else f"Delete the {kind.label.lower()}"
    return _page(call, title, text, lines, used, {
        "action": f"{path}/delete", "hidden": [], "busy": "Working", "danger": not returns,
        "button": button, "force": "Also remove what uses it" if used else "", "back_href": path,
    })  # fmt: skip


def ask_rollback_document(call: Call) -> Answer:
    """Before one document goes back: what changes with it."""
    kind, name = kind_of(call, call.params["kind"]), call.params["name"]
    to = call.query.get("to", "")
    if not (to.isascii() and to.isdigit() and len(to) < 10):
        raise NotFound("Choose the revision to roll back to.")
    change, used = _planned(
        call, revisions.rollback_document(call.session, kind.name, name, int(to))
    )
    path = f"/studio/{kind.name}/{name}"
    return _page(
        call, f"Roll {humanise(name)} back to revision {to}?",
        "Only the site's part of this document changes. Records keep their values.",
        _lines(call, change) if change is not None else [], used,
        {"action": f"{path}/rollback", "hidden": [{"name": "to", "value": to}], "busy": "Working",
         "danger": False, "button": "Roll back", "force": "", "back_href": f"{path}/history"},
    )  # fmt: skip


def ask_rollback(call: Call) -> Answer:
    """Before all documents go back: what changes."""
    number = revision_number(call)
    change, used = _planned(call, revisions.rollback_change(call.session, number))
    catalog = call.session.catalog
    entries = [] if change is None else [key for _, key, _ in change.entries()]
    documents = [place_words(catalog, "/".join(key)) for key in entries]
    return _page(
        call, f"Roll everything back to revision {number}?",
        "All documents become as they were then. Records keep their values.",
        _lines(call, change) if change is not None else [], used,
        {"action": f"{HERE}/{number}/rollback", "hidden": [], "busy": "Working", "danger": False,
         "button": "Roll back", "force": "", "back_href": HERE},
        documents,
    )  # fmt: skip


def _planned(
    call: Call, change: apply.MetadataChange
) -> tuple[apply.MetadataChange | None, list[str]]:
    """The change with its plan; what stands in its way, where something uses what goes."""
    if not any(True for _ in change.entries()):
        return change, []
    try:
        return apply.plan(call.session, change), []
    except Conflict as conflict:
        return None, [
            place_words(call.session.catalog, str(use)) for use in conflict.extra.get("uses", ())
        ]
    except Unprocessable as problem:  # what would no longer be sound without it
        return None, [_unsound(call, fault) for fault in problem.errors]


def _unsound(call: Call, fault: Mapping[str, str]) -> str:
    kind, _, rest = fault["pointer"].strip("/").partition("/")
    name, _, part = rest.partition("/")
    return f"{place_words(call.session.catalog, f'{kind}/{name}#/{part}')}: {fault['message']}"


def _lines(call: Call, change: apply.MetadataChange) -> list[tuple[str, str]]:
    lines = [
        (line["tone"], line["text"]) for line in in_words(change, call.session.catalog)["lines"]
    ]
    for operation in change.operations:
        if operation.op == "retire_object":
            type_ = call.session.catalog.objects[operation.target]
            records = f"{how_many(call.session, type_)} {type_.plural.lower()}"
            kept = "are kept in the database, and come back with the object."
            lines.append(("warn", f"{records} {kept}"))
    return lines


def _page(
    call: Call,
    title: str,
    text: str,
    lines: Sequence[tuple[str, str]],
    used: Sequence[str],
    form: Context,
    documents: Sequence[str] = (),
) -> Answer:
    lists = [{"title": "Plan", "text": "", "tone": "", "items": [said for _, said in lines]}]
    if used:
        text_of_uses = "These places use it. Change them first, or remove them with it."
        lists = [{"title": "Used in", "text": text_of_uses, "tone": "bad", "items": list(used)}]
    if documents:
        lists.append({"title": "Documents", "text": "", "tone": "", "items": list(documents)})
    return page(
        call, "package.html", title, crumbs=[("Studio", "/studio")], here="/studio",
        package={"title": title, "text": text, "tables": [], "lists": lists, "links": [],
                 "form": form},
    )  # fmt: skip


_ONE = "/studio/{kind}/{name}"

ENDPOINTS = (
    Endpoint("GET", f"{_ONE}/delete", ask_delete, Policy.META_WRITE, "Asks first.", page=True),
    Endpoint(
        "GET", f"{_ONE}/rollback", ask_rollback_document, Policy.META_WRITE, "Asks first.",
        page=True,
    ),
    Endpoint(
        "GET", "/studio/revisions/{number}/rollback", ask_rollback, Policy.META_WRITE,
        "Asks first.", page=True,
    ),
)  # fmt: skip
