"""Drafts of metadata in the studio: begun, tried, published and discarded."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.people_api import cookie_of
from fluvial.http.routes import Endpoint, Handler, Policy
from fluvial.http.trying_drafts import TRIED
from fluvial.kernel.problems import Problem
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.metadata_drafts import (
    MetadataDraft,
    begin_draft,
    changed_since,
    discard_draft,
    draft_of,
    drafts_of,
    trial_of,
)
from fluvial.metadata_changes.publishing_drafts import publish_draft
from metamodel.differences import differences
from metamodel.folding import humanise

from .document_words import difference_row
from .frame import Context, page
from .history_pages import DIFFERENCES, HEAD
from .plan_words import in_words, place_words
from .reader_format import ReaderFormat, format_of
from .sign_in import form_text

DRAFTS = "/studio/drafts"
DAY = 24 * 3600  # how long the browser remembers which draft is tried
NAMED = 8  # documents of a draft that its list names


def show(call: Call, *, error: str = "", name: str = "") -> Answer:
    fmt = format_of(call.session)
    tried = call.cookies.get(TRIED, "")
    found = [_item(call, one, fmt, tried) for one in drafts_of(call.session)]
    return page(
        call, "drafts.html", "Drafts", crumbs=[("Studio", "/studio")], here=DRAFTS,
        status=422 if error else 200,
        drafts={"items": found, "error": error, "name": name, "action": DRAFTS},
    )  # fmt: skip


def _item(call: Call, draft: MetadataDraft, fmt: ReaderFormat, tried: str) -> Context:
    named = [_named(call, one["kind"], one["name"]) for one in draft.documents[:NAMED]]
    more = len(draft.documents) - len(named)
    return {
        "name": draft.name,
        "href": f"{DRAFTS}/{draft.id}",
        "text": ", ".join([*named, f"{more} more"] if more > 0 else named) or "Nothing yet",
        "when": fmt.ago(draft.at),
        "tried": draft.id == tried,
    }


def _named(call: Call, kind: str, name: str) -> str:
    known = call.engine.kinds.get(kind)
    return f"{known.label if known is not None and known.label else humanise(kind)} {name}"


def show_one(call: Call, *, error: str = "") -> Answer:
    """What the draft differs in, and what publishing it would do."""
    draft = draft_of(call.session, call.params["id"])
    catalog = call.session.catalog
    plan: Context | None = None
    try:
        plan = in_words(apply.plan(call.session, draft.change()), catalog)
        fault = ""
    except Problem as problem:
        fault = f"It cannot be combined with what is in force now. {problem.detail}"
    rows = [
        difference_row(call.session, entry) for one in draft.documents for entry in _differing(one)
    ]
    left = len(rows) - DIFFERENCES
    fmt = format_of(call.session)
    changed = [place_words(catalog, place) for place in changed_since(call.session, draft)]
    return page(
        call, "draft.html", draft.name, crumbs=[("Studio", "/studio"), ("Drafts", DRAFTS)],
        here=DRAFTS, status=422 if error else 200,
        draft={
            **_item(call, draft, fmt, call.cookies.get(TRIED, "")),
            "empty": not draft.documents,
            "error": error,
            "fault": fault,
            "changed": changed,
            "plan": plan if draft.documents else None,
            "table": {
                "title": "Differences",
                "text": f"The first {DIFFERENCES}; {left} more." if left > 0 else "",
                "head": HEAD,
                "rows": rows[:DIFFERENCES],
            },
        },
    )  # fmt: skip


def _differing(one: Context) -> list[Context]:
    document = f"{one['kind']}/{one['name']}"
    found = differences(one["before"], one["body"])
    return [{"document": document} | entry.wire() for entry in found]


def begin(call: Call) -> Answer:
    name = form_text(call, "name")
    try:
        draft = begin_draft(call.session, name)
    except Problem as problem:
        return show(call, error=problem.detail, name=name)
    return _tried(call, draft.id, "/studio")


def try_it(call: Call) -> Answer:
    draft = draft_of(call.session, call.params["id"])
    try:
        trial_of(call.session, draft)
    except Problem as problem:
        return show_one(call, error=f"This draft cannot be tried. {problem.detail}")
    return _tried(call, draft.id, "/studio")


def stop(call: Call) -> Answer:
    return _tried(call, "", DRAFTS)


def _tried(call: Call, id: str, to: str) -> Answer:
    answer = Answer.redirect(to)
    answer.headers.append(cookie_of(call, TRIED, id, DAY if id else 0))
    return answer


def publish(call: Call) -> Answer:
    id = call.params["id"]
    try:
        change = publish_draft(call.session, id, over=bool(form_text(call, "over")))
    except Problem as problem:
        return show_one(call, error=problem.detail)
    to = "/studio/revisions" if change.pending else f"/studio/revisions/{change.revision}"
    return _tried(call, "", to)


def discard(call: Call) -> Answer:
    discard_draft(call.session, call.params["id"])
    return _tried(call, "", DRAFTS)


_ONE = f"{DRAFTS}/{{id}}"


def _get(path: str, handler: Handler, about: str) -> Endpoint:
    return Endpoint("GET", path, handler, Policy.META_WRITE, about, page=True, in_draft=True)


def _post(path: str, handler: Handler, about: str) -> Endpoint:
    return Endpoint(
        "POST", path, handler, Policy.META_WRITE, about, page=True, form=True, in_draft=True
    )


ENDPOINTS = (
    _get(DRAFTS, show, "Your drafts."),
    _post(DRAFTS, begin, "Begin a draft and try it."),
    _post(f"{DRAFTS}/stop", stop, "Stop trying a draft."),
    _get(_ONE, show_one, "A draft, and what publishing it would do."),
    _post(f"{_ONE}/try", try_it, "Try it."),
    _post(f"{_ONE}/publish", publish, "Publish it."),
    _post(f"{_ONE}/discard", discard, "Discard it."),
)
