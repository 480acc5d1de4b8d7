"""The API of links: those of a record, a new one, and the end of one."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.records.reading.reader import read_one
from metamodel.catalog import ObjectType

from . import link_making


def _record(call: Call) -> tuple[ObjectType, str]:
    type_ = call.session.object(call.params["object"])
    record = read_one(call.session, type_.name, call.params["id"], (("id",),))
    return type_, str(record["id"])


def list_links(call: Call) -> Answer:
    call.only()
    type_, record = _record(call)
    found = link_making.handed_out(call.session, type_, record)
    return Answer.json({"data": [link_making.wire(call.session, *one) for one in found]})


def make_link(call: Call) -> Answer:
    call.only()
    type_, record = _record(call)
    body = call.json_object("link", "to", "expires")
    with call.session.connection.transaction():
        made = link_making.make_as_asked(call.session, type_, record, body)
    told = link_making.wire(call.session, made, [])
    return Answer.json(told | {"href": link_making.address(call.session, made)}, 201)


def revoke_link(call: Call) -> Answer:
    call.only()
    with call.session.connection.transaction():
        link_making.revoke(call.session, call.params["id"])
    return Answer.empty()


ENDPOINTS = (
    Endpoint(
        "GET", "/api/records/{object}/{id}/links", list_links, Policy.SIGNED_IN,
        "The links of a record that you could make: to whom, their state and their uses.",
    ),
    Endpoint(
        "POST", "/api/records/{object}/{id}/links", make_link, Policy.SIGNED_IN,
        "Make a link for a record; its address is told once.", secret=True,
    ),
    Endpoint(
        "DELETE", "/api/links/{id}", revoke_link, Policy.SIGNED_IN, "Revoke a link.",
    ),
)  # fmt: skip
