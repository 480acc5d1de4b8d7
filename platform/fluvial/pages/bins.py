"""The bin of an object: what was deleted, and the way back."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.records.writing import bin

from .change_set_words import set_href
from .frame import page, with_query
from .reader_format import format_of, parse_moment, record_href


def show(call: Call) -> Answer:
    session = call.session
    type_ = session.object(call.params["object"], "delete")
    query = Query(
        type_.name,
        (("title",), ("updated_at",)),
        sort=(SortKey(("updated_at",), True),),
        cursor=call.query.get("cursor", ""),
        deleted=True,
    )
    read, fmt = read_page(session, query), format_of(session)
    path = f"/o/{type_.name}/bin"
    items = [
        {
            "title": record["title"],
            "when": fmt.ago(parse_moment(record["updated_at"])),
            "restore_href": f"/o/{type_.name}/{record['id']}/restore",
        }
        for record in read["data"]
    ]
    shown = {
        "plural": type_.plural.lower(),
        "items": items,
        "next_href": with_query(path, cursor=read["next"]) if read["next"] else "",
        "back_href": f"/o/{type_.name}",
    }
    return page(
        call,
        "bin.html",
        "Bin",
        crumbs=[(type_.plural, f"/o/{type_.name}")],
        here=f"/o/{type_.name}",
        bin=shown,
    )


def restore(call: Call) -> Answer:
    session = call.session
    type_ = session.object(call.params["object"], "delete")
    record = bin.restore(session, type_.name, call.params["id"])
    return Answer.redirect(record_href(type_.name, record["id"]))


def delete(call: Call) -> Answer:
    session = call.session
    type_ = session.object(call.params["object"], "delete")
    call.writes.delete(type_.name, call.params["id"])
    if call.inside is not None:
        return Answer.redirect(set_href(call.inside))
    return Answer.redirect(with_query(f"/o/{type_.name}"))


ENDPOINTS = (
    Endpoint("GET", "/o/{object}/bin", show, Policy.SIGNED_IN, "The bin.", page=True),
    Endpoint(
        "POST", "/o/{object}/{id}/restore", restore, Policy.SIGNED_IN, "Restore a record.",
        page=True, form=True,
    ),
    Endpoint(
        "POST", "/o/{object}/{id}/delete", delete, Policy.SIGNED_IN, "Move a record to the bin.",
        page=True, form=True, inside=True,
    ),
)  # fmt: skip
