"""What the editor of documents asks while one types, and how it saves: JSON both ways."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from metamodel.document_files import document_of, parse_documents
from metamodel.documents import SITE
from metamodel.errors import MetadataError

from .document_pages import kind_of
from .edited_document import (
    Body,
    Edited,
    change_of,
    edited,
    faults_of,
    named,
    refuse_changed,
    refuse_taken,
)
from .plan_words import in_words, place_words


def check(call: Call) -> Answer:
    """The body of what was typed, its faults at their places, the plan in words, its YAML."""
    given = call.json_object("body", "yaml", "force")
    document = edited(call, kind_of(call, call.params["kind"]), call.params["name"])
    try:
        body = named(call, document, _given(document, given))
    except Problem as problem:
        faults = [{"pointer": "", "code": "not_yaml", "message": f["message"]}
                  for f in problem.errors or [{"message": problem.detail}]]  # fmt: skip
        return Answer.json({"faults": faults, "unread": True})
    said: dict[str, Any] = {"body": body, "name": body.get("name", ""), "faults": [], "plan": None}
    said["yaml"] = document.text(body)
    said["changed"] = document.whole != body
    try:
        said["plan"] = _plan(call, document, body, bool(given.get("force")))
    except Problem as problem:
        said["faults"] = faults_of(document, body, problem)
        places = problem.extra.get("uses", ())
        said["uses"] = [place_words(call.session.catalog, str(place)) for place in places]
    return Answer.json(said)


def _plan(call: Call, document: Edited, body: Body, force: bool) -> Any:
    _sound(document, body)
    refuse_taken(call, document, body)
    change = change_of(document, body)
    change.take_out = force
    apply.plan(call.session, change)
    return in_words(change, call.session.catalog)


def save(call: Call) -> Answer:
    """Put it in force with the rights of its author."""
    given = call.json_object("body", "yaml", "stamp", "force", "note")
    document = edited(call, kind_of(call, call.params["kind"]), call.params["name"])
    body = named(call, document, _given(document, given))
    _sound(document, body)
    refuse_taken(call, document, body)
    refuse_changed(document, str(given.get("stamp") or ""))
    change = change_of(document, body, str(given.get("note") or ""))
    change.take_out = bool(given.get("force"))
    try:
        apply.apply(call.session, change)
    except BeyondRights:
        raise  # to where one asks an administrator
    except Problem as problem:
        faults = faults_of(document, body, problem)
        extra = problem.body() | {"faults": faults}
        return Answer.json(extra, problem.status)
    kind, name = document.kind.name, str(body["name"])
    return Answer.json(
        {
            "href": f"/studio/{kind}/{name}",
            "name": name,
            "body": body,
            "revision": change.revision,
            "stamp": edited(call, document.kind, name).stamp
            if not change.approval and not change.pending
            else document.stamp,
            **change.waiting_for(),
        }
    )


def _given(document: Edited, given: dict[str, Any]) -> dict[str, Any]:
    """The body that was sent: as JSON, or as the YAML of the site's part."""
    if "yaml" in given:
        return document.read(_written(str(given["yaml"])))
    body = given.get("body")
    if not isinstance(body, dict):
        raise Unprocessable("Send the document as `body` or as `yaml`.")
    return body


def _written(text: str) -> dict[str, Any]:
    try:
        found = parse_documents(text)
    except MetadataError as error:
        raise apply.refused(error) from error
    if len(found) != 1:
        raise Unprocessable("Write one document here.")
    return found[0]


def _sound(document: Edited, body: Body) -> None:
    """Refuses what is no document at all, with the place."""
    if document.base is None and "$delete" in body:
        message = "A document is deleted by its menu, and not by `$delete` in what it says."
        raise Unprocessable(message, errors=[fault(f"/{body['kind']}/", "not_here", message)])
    name = body.get("name")
    if not name:
        place = f"/{body['kind']}/"
        message = "Give it a label: its name is made from that."
        raise Unprocessable(message, errors=[fault(f"{place}/label", "no_label", message)])
    try:
        document_of(body, kind=str(body["kind"]), name=str(name), layer=SITE)
    except MetadataError as error:
        raise apply.refused(error) from error


_ONE = "/studio/{kind}/{name}"

ENDPOINTS = (
    Endpoint("POST", f"{_ONE}/check", check, Policy.META_READ, "Check a document.", page=True),
    Endpoint("POST", f"{_ONE}/save", save, Policy.META_WRITE, "Save a document.", page=True),
)
