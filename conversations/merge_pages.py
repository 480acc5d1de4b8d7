"""The page on which two records become one: which of them stays, and what it takes of the other.

Without scripts it works as well: the other record is searched, the fields are chosen by boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound
from fluvial.pages.frame import Context, action, page, with_query
from fluvial.pages.list_offers import PAIR_OFFER
from fluvial.pages.list_request import ListRequest
from fluvial.pages.lookup_choices import PEOPLE
from fluvial.pages.presenters import empty, references, said
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href
from fluvial.pages.record_offers import RECORD_OFFER
from fluvial.pages.record_tabs import ShownOn
from fluvial.pages.sign_in import form_text
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import find_one, read_page
from fluvial.records.writing import bin as record_bin
from fluvial.runtime.session import Session
from fluvial.services import comments
from metamodel.catalog import Field, ObjectType
from metamodel.conversation_part import CONVERSATION

from . import record_merging
from .mail.mail_threads import records_with

FOUND = 12  # records that a search lists
COUNTED = 200  # linked records that are counted, at most


def offers(shown: ShownOn) -> Sequence[Context]:
    """In the menu of a record, for those who may delete it and change another one."""
    if not _may_merge(shown.session, shown.type):
        return ()
    href = f"{record_href(shown.type.name, shown.id)}/merge"
    return [action("Merge with another", href, "arrows-join")]


def pairs(asked: ListRequest) -> Sequence[Context]:
    """For two ticked records of a list."""
    found = [{"label": "Merge", "path": "/merge"}]
    return found if _may_merge(asked.session, asked.type) else ()


def _may_merge(session: Session, type_: ObjectType) -> bool:
    access = session.access.object(type_.name)
    return type_.name not in PEOPLE and access.can("delete") and access.can("update")


def merge_page(call: Call) -> Answer:
    """Two records beside each other; or a search for the second one."""
    session, params = call.session, call.params
    query = call.only("with", "q")
    type_ = session.object(params["object"], "update")
    if not _may_merge(session, type_):
        raise NotFound(f"{type_.plural} cannot be merged by people like you.")
    own = _record(session, type_, params["id"])
    other = query.get("with", "")
    found = _record(session, type_, other) if is_id(other) and other != own["id"] else None
    fmt = format_of(session)
    merging: Context = {
        "label": type_.label.lower(),
        "plural": type_.plural,
        "own": own["title"],
        "back": record_href(type_.name, own["id"]),
        "here": f"{record_href(type_.name, own['id'])}/merge",
        "q": query.get("q", ""),
        "results": [],
        "pair": _pair(session, type_, own, found, fmt) if found is not None else None,
    }
    if found is None:
        merging["results"] = _searched(session, type_, own, merging)
    title = f"Merge {own['title']}"
    return page(call, "merge.html", title, here=f"/o/{type_.name}", merging=merging)


def _record(session: Session, type_: ObjectType, record: str) -> Mapping[str, Any]:
    row = find_one(session, type_.name, record) if is_id(record) else None
    if row is None or not comments.works_on(session, type_.name, record):
        raise NotFound(f"There is no {type_.label.lower()} like this to merge.")
    return row


def _searched(
    session: Session, type_: ObjectType, own: Mapping[str, Any], merging: Context
) -> list[Context]:
    """What the search finds; before one, what the record itself says that it may be."""
    text = merging["q"].strip()
    if text:
        query = Query(type_.name, fields=(("title",),), search=text[:200], limit=FOUND)
        rows = read_page(session, query)["data"]
    else:
        linked = [own.get(f.name) for f in type_.own_fields if f.to == type_.name and not f.many]
        there = [one for one in linked if isinstance(one, str) and is_id(one)]
        found = [find_one(session, type_.name, one, (("title",),)) for one in there]
        rows = [one for one in found if one]
    return [
        {"title": row["title"], "href": with_query(merging["here"], **{"with": row["id"]})}
        for row in rows
        if row["id"] != own["id"]
    ]


def _pair(
    session: Session,
    type_: ObjectType,
    stays: Mapping[str, Any],
    goes: Mapping[str, Any],
    fmt: ReaderFormat,
) -> Context:
    fields = _chosen_from(session, type_)
    for field in fields:
        fmt.names.want(references(field, [stays.get(field.name), goes.get(field.name)]))
    fmt.names.load()
    rows = [_row(field, stays, goes, fmt) for field in fields]
    href, other = record_href(type_.name, goes["id"]), record_href(type_.name, stays["id"])
    return {
        "stays": stays["title"], "stays_id": stays["id"], "stays_href": other,
        "goes": goes["title"], "goes_href": href, "action": f"{href}/merge",
        "swap": with_query(f"{href}/merge", **{"with": stays["id"]}),
        "rows": [row for row in rows if row["differs"]],
        "alike": sum(not row["differs"] and bool(row["stays"]) for row in rows),
        "moves": _moves(session, type_, goes["id"]),
    }  # fmt: skip


def _chosen_from(session: Session, type_: ObjectType) -> list[Field]:
    """The fields that somebody may take over, as `merge` accepts them."""
    writable, access = session.access.writable(type_.name), session.access
    return [
        field
        for field in type_.own_fields
        if field.name in writable and field.writable and not field.kind.uploads
        and not (field.hidden or field.read_only or access.hides(type_.name, field.name))
        and type_.name not in field.targets
    ]  # fmt: skip


def _row(
    field: Field, stays: Mapping[str, Any], goes: Mapping[str, Any], fmt: ReaderFormat
) -> Context:
    own, other = stays.get(field.name), goes.get(field.name)
    return {
        "name": field.name,
        "label": field.label,
        "stays": "" if empty(own) else said(field, own, fmt),
        "goes": "" if empty(other) else said(field, other, fmt),
        "differs": own != other and not (empty(own) and empty(other)),
        "taken": empty(own) and not empty(other),
    }


def _moves(session: Session, type_: ObjectType, record: str) -> list[Context]:
    """How many records of each type look the one up that goes, as far as the person sees types."""
    counts: dict[str, int] = {}
    for field in record_bin.references_to(session.catalog, type_.name):
        if not session.access.object(field.object).can("read"):
            continue
        linked = record_bin.referring(session, field, type_.name, record)
        number = sum(1 for _ in zip(linked, range(COUNTED), strict=False))
        counts[field.object] = counts.get(field.object, 0) + number
    objects = session.catalog.objects
    return [
        {"label": objects[name].label if count == 1 else objects[name].plural, "count": count}
        for name, count in sorted(counts.items(), key=lambda one: objects[one[0]].plural)
        if count
    ]


def merge_on_page(call: Call) -> Answer:
    """The press: the record of the address goes, the one that is named stays and takes fields."""
    session, object_name = call.session, call.params["object"]
    into = form_text(call, "into").strip().strip("[]#")
    conversation = CONVERSATION.of(session.object(object_name))
    if not is_id(into) and conversation is not None and conversation.number:
        found = records_with(session, object_name, conversation.number, into)
        if len(found) != 1:
            raise record_merging.refused(
                f"No record has the number {into[:60]}. Check it and try again."
            )
        into = found[0]
    taken = [str(one) for one in call.form.getlist("take")] if call.form is not None else []
    record_merging.merge(session, object_name, call.params["id"], into, list(dict.fromkeys(taken)))
    return Answer.redirect(record_href(object_name, into) + "#timeline")


ENDPOINTS = (
    Endpoint(
        "GET", "/o/{object}/{id}/merge", merge_page, Policy.SIGNED_IN,
        "Two records beside each other, to be merged.", page=True,
    ),
    Endpoint(
        "POST", "/o/{object}/{id}/merge", merge_on_page, Policy.SIGNED_IN,
        "Merge a record into another one.", page=True, form=True,
    ),
)  # fmt: skip
BRINGS = (RECORD_OFFER(offers), PAIR_OFFER(pairs))
