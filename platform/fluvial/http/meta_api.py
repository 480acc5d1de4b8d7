"""Metadata over the API: documents, plans, changes, revisions, schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fluvial.kernel.problems import Conflict, NotFound, Problem, Unprocessable, fault
from fluvial.metadata_changes import apply, revisions
from fluvial.metadata_changes.package_order import installed
from fluvial.runtime.catalogs import stored_layers
from metamodel.document_files import document_of
from metamodel.documents import SITE, Document
from metamodel.layers import merge, merge_over
from metamodel.record_schema import Mode, record_schema
from metamodel.uses import uses_of

from .call import Answer, Call
from .openapi import openapi
from .routes import Endpoint, Policy


def overview(call: Call) -> Answer:
    call.only()
    catalog = call.session.catalog
    return Answer.json(
        {
            "version": catalog.version,
            "hash": catalog.hash,
            "packages": installed(call.session.connection),
            "kinds": {
                name: {"label": kind.label, "documents": len(catalog.of(name))}
                for name, kind in call.engine.kinds.items()
            },
        }
    )


def _kind(call: Call) -> str:
    kind = call.params["kind"]
    if kind not in call.engine.kinds:
        known = ", ".join(sorted(call.engine.kinds))
        raise NotFound(f"There is no document kind `{kind}`. Available: {known}.")
    return kind


def documents(call: Call) -> Answer:
    call.only()
    found = call.session.catalog.of(_kind(call))
    return Answer.json({"data": [found[name].source for name in sorted(found)]})


def _found(call: Call) -> Document:
    kind, name = _kind(call), call.params["name"]
    found = call.session.catalog.of(kind).get(name)
    if found is None:
        raise NotFound(f"There is no {kind} `{name}`.")
    return found


def document(call: Call) -> Answer:
    call.only("layers")
    if not call.flag("layers"):
        return Answer.json(_found(call).source)
    key = (_kind(call), call.params["name"])
    layers = stored_layers(call.session.connection)
    bodies = {name: layer[key].body for name, layer in layers.items() if key in layer}
    if not bodies:
        raise NotFound(f"There is no {key[0]} `{key[1]}`.")
    in_force = call.session.catalog.of(key[0]).get(key[1])
    return Answer.json({"layers": bodies, "in_force": in_force.source if in_force else None})


def put(call: Call) -> Answer:
    call.only("plan", "force", "make", "ask")
    return _changed(call, _body(call))


def patch(call: Call) -> Answer:
    """Merge a part into the site's own layer, lists of named things by name."""
    call.only("plan", "force", "make", "ask")
    kind, name, part = _kind(call), call.params["name"], _body(call)
    site = stored_layers(call.session.connection)[SITE].get((kind, name))
    known = site or call.session.catalog.of(kind).get(name)
    if known is None:
        raise NotFound(f"There is no {kind} `{name}`.")
    if site is None:  # a customisation of what a package ships
        return _changed(call, part, seen={(kind, name): None})
    in_force = call.session.catalog.of(kind).get(name)
    shipped = in_force is not None and len(in_force.parts) > 1
    merged = (merge_over if shipped else merge)(site.body, part)
    return _changed(call, merged, seen={(kind, name): site.body})


def delete(call: Call) -> Answer:
    call.only("plan", "force", "make", "ask")
    kind, name = _kind(call), call.params["name"]
    layers = stored_layers(call.session.connection)
    if (kind, name) in layers[SITE]:
        return _changed(call, None)
    if name in call.session.catalog.of(kind):
        return _changed(call, {"kind": kind, "name": name, "$delete": True})
    raise NotFound(f"There is no {kind} `{name}`.")


def _body(call: Call) -> dict[str, Any]:
    body = call.json_object()
    kind, name = _kind(call), call.params["name"]
    for member, expected in (("kind", kind), ("name", name)):
        if body.get(member, expected) != expected:
            message = f"`{member}` must be `{expected}`, as in the address."
            raise Unprocessable(message, errors=[fault(f"/{member}", "disagrees", message)])
    return _sound({"kind": kind, "name": name} | body)


def _sound(body: dict[str, Any]) -> dict[str, Any]:
    """The body with plain numbers; MetadataError where its shape is not one of documents."""
    return dict(document_of(body, kind=body["kind"], name=body["name"], layer=SITE).body)


def _changed(
    call: Call, body: Mapping[str, Any] | None, seen: apply.Bodies | None = None
) -> Answer:
    key = (_kind(call), call.params["name"])
    verb = "Deleted" if body is None or body.get("$delete") else "Changed"
    label = call.engine.kinds[key[0]].label or key[0]
    change = apply.MetadataChange({key: body}, note=f"{verb} {label.lower()} {key[1]}")
    change.seen = seen or {}
    return _apply(call, change)


def _apply(call: Call, change: apply.MetadataChange) -> Answer:
    change.take_out = call.flag("force")
    change.make = frozenset(filter(None, call.query.get("make", "").split(",")))
    change.ask = call.flag("ask")
    if call.flag("plan"):
        apply.plan(call.session, change)
    else:
        apply.apply(call.session, change)
    return Answer.json(
        {
            "operations": [operation.wire() for operation in change.operations],
            "revision": change.revision,
            "version": change.version,
            **change.waiting_for(),
        },
        status=202 if change.pending or change.approval else 200,
    )


def change_many(call: Call) -> Answer:
    call.only("plan", "force", "make", "ask")
    body = call.json_object("documents", "delete", "note")
    given, gone = body.get("documents") or [], body.get("delete") or []
    errors = [
        fault(f"/{member}", "not_a_list", f"`{member}` must be a list.")
        for member, entries in (("documents", given), ("delete", gone))
        if not isinstance(entries, list)
    ]
    if errors:
        raise Problem(errors[0]["message"], errors=errors)
    for member, entries in (("documents", given), ("delete", gone)):
        for i, entry in enumerate(entries):
            if not isinstance(entry, dict) or not all(
                isinstance(entry.get(part), str) for part in ("kind", "name")
            ):
                errors.append(
                    fault(
                        f"/{member}/{i}", "required", "Each entry must have a `kind` and a `name`."
                    )
                )
            elif entry["kind"] not in call.engine.kinds:
                message = f"There is no document kind `{entry['kind']}`."
                errors.append(fault(f"/{member}/{i}/kind", "unknown_kind", message))
    if errors:
        raise Unprocessable(errors[0]["message"], errors=errors)
    if not given and not gone:
        raise Unprocessable("There is nothing to change: `documents` and `delete` are empty.")
    sound = [_sound(entry) for entry in given]
    return _apply(call, apply.documents_change(sound, gone, str(body.get("note") or "")))


def list_revisions(call: Call) -> Answer:
    call.only()
    return Answer.json({"data": revisions.revisions(call.session)})


def show_revision(call: Call) -> Answer:
    call.only()
    return Answer.json(revisions.revision(call.session, _number(call)))


def _number(call: Call) -> int:
    number = call.params["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFound(f"There is no revision {number}.")
    return int(number)


def rollback(call: Call) -> Answer:
    call.only("ask")
    change = revisions.rollback(call.session, _number(call), ask=call.flag("ask"))
    done: dict[str, Any] = {"revision": change.revision, "version": change.version}
    status = 202 if change.pending or change.approval else 200
    return Answer.json(done | change.waiting_for(), status)


def document_history(call: Call) -> Answer:
    call.only()
    found = revisions.history(call.session, _kind(call), call.params["name"])
    if not found:
        raise NotFound(f"There has never been a {call.params['kind']} `{call.params['name']}`.")
    return Answer.json({"data": found})


def rollback_document(call: Call) -> Answer:
    call.only("plan", "force", "ask")
    to = call.json_object("to").get("to")
    if not isinstance(to, int) or isinstance(to, bool) or not 0 < to < 10**9:
        message = "`to` must be the number of a revision."
        raise Unprocessable(message, errors=[fault("/to", "not_a_number", message)])
    change = revisions.rollback_document(call.session, _kind(call), call.params["name"], to)
    return _apply(call, change)


def uses(call: Call) -> Answer:
    call.only("field")
    found = _found(call)
    target = found.name
    if "field" in call.query:
        target += "." + call.query["field"]
    if found.kind != "object":
        if "field" in call.query:
            raise Conflict("Only objects have fields.")
        target = found.place
    return Answer.json({"data": uses_of(call.session.catalog, target)})


def schema(call: Call) -> Answer:
    call.only()
    return Answer.json(call.engine.kinds[_kind(call)].full_schema)


def records_schema(call: Call) -> Answer:
    type_ = call.session.object(call.params["object"])
    call.only("mode")
    mode = call.query.get("mode", "read")
    if mode not in ("read", "create", "update"):
        raise Problem("`mode` must be read, create or update.")
    access = call.session.access.object(type_.name)
    hidden = access.hidden if mode == "read" else access.unknown
    return Answer.json(record_schema(type_, cast(Mode, mode), hidden, access.read_only))


def api_document(call: Call) -> Answer:
    call.only()
    return Answer.json(openapi(call.session))


_ONE = "/api/meta/{kind}/{name}"

ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/meta",
        overview,
        Policy.SIGNED_IN,
        "Catalog version and packages.",
        any_scope=True,
    ),
    Endpoint(
        "POST",
        "/api/meta/changes",
        change_many,
        Policy.META_WRITE,
        "Several documents as one change.",
    ),
    Endpoint(
        "GET", "/api/meta/revisions", list_revisions, Policy.META_READ, "Changes of metadata."
    ),
    Endpoint(
        "GET",
        "/api/meta/revisions/{number}",
        show_revision,
        Policy.META_READ,
        "One change of metadata, with its differences.",
    ),
    Endpoint(
        "GET", f"{_ONE}/history", document_history, Policy.META_READ, "The changes of a document."
    ),
    Endpoint(
        "POST",
        f"{_ONE}/rollback",
        rollback_document,
        Policy.META_WRITE,
        "Restore the site's part of a document as of revision `to`.",
    ),
    Endpoint(
        "POST",
        "/api/meta/revisions/{number}/rollback",
        rollback,
        Policy.META_WRITE,
        "Restore all documents to a revision.",
    ),
    Endpoint("GET", "/api/meta/{kind}", documents, Policy.META_READ, "Documents of a kind."),
    Endpoint("GET", _ONE, document, Policy.META_READ, "One current document."),
    Endpoint("PUT", _ONE, put, Policy.META_WRITE, "Save a document in the site's layer."),
    Endpoint("PATCH", _ONE, patch, Policy.META_WRITE, "Change a part of a document."),
    Endpoint("DELETE", _ONE, delete, Policy.META_WRITE, "Delete a document."),
    Endpoint("GET", f"{_ONE}/uses", uses, Policy.META_READ, "Where a document is used."),
    Endpoint(
        "GET",
        "/api/schema/{kind}",
        schema,
        Policy.SIGNED_IN,
        "JSON Schema of a document kind.",
        any_scope=True,
    ),
    Endpoint(
        "GET",
        "/api/schema/records/{object}",
        records_schema,
        Policy.SIGNED_IN,
        "JSON Schema of a record.",
    ),
    Endpoint(
        "GET",
        "/api/openapi.json",
        api_document,
        Policy.SIGNED_IN,
        "The OpenAPI description of what you may use.",
        any_scope=True,
    ),
)
