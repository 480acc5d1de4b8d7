"""A document as it is edited in the browser: its body, what layers say of it, its faults."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from fluvial.http.call import Call
from fluvial.kernel.problems import Conflict, NotFound, Problem
from fluvial.metadata_changes import apply
from fluvial.runtime.catalogs import stored_layers
from metamodel.document import Document
from metamodel.documents import SITE, DocumentKind
from metamodel.folding import free_name, label_text
from metamodel.layers import merged, replaced
from metamodel.site_part import comes_out, says_nothing, site_part
from metamodel.yaml_text import yaml_of

NEW = "new"
Body = Mapping[str, Any]


@dataclass
class Edited:
    """One document of the address: what is below the site's layer, and what the site says."""

    kind: DocumentKind
    name: str  # "" of a new one
    base: Body | None  # of the packages
    site: Body | None

    @property
    def whole(self) -> Body | None:
        """The document in force; nothing where it is new, or taken out."""
        if self.base is None or self.site is None:
            return self.base if self.site is None else self.site
        return None if self.site.get("$delete") is True else comes_out(self.base, self.site)

    @property
    def stamp(self) -> str:
        """Says whether somebody else has changed the site's part since."""
        return hashlib.sha256(orjson.dumps(self.site)).hexdigest()[:16]

    def part(self, body: Body) -> dict[str, Any] | None:
        """The site's part that makes the body; None where the packages say all of it."""
        if self.base is None:
            return dict(body)
        if self.site is not None and self.whole == body:
            return dict(self.site)
        part = site_part(self.base, body, self.site)
        return None if says_nothing(part) else part

    def text(self, body: Body) -> str:
        """The YAML of the site's part of the body."""
        part = self.part(body)
        heads = {"kind": self.kind.name, **({"name": self.name} if self.name else {})}
        text = yaml_of(heads | dict(part or {}))
        if part is None:
            text += "# The package provides the rest.\n# Write only your changes here.\n"
        return text

    def read(self, part: Body) -> dict[str, Any]:
        """The body that a site's part makes."""
        return dict(part) if self.base is None else comes_out(self.base, part)


def edited(call: Call, kind: DocumentKind, name: str) -> Edited:
    if name == NEW:
        return Edited(kind, "", None, None)
    layers = stored_layers(call.session.connection)
    key = (kind.name, name)
    site = layers.pop(SITE).get(key)
    stack = [layer[key] for layer in layers.values() if key in layer]
    below = merged(stack) if stack else None
    if below is None and site is None:
        raise NotFound(f"There is no {kind.label.lower()} `{name}`.")
    return Edited(kind, name, _body(below), _body(site))


def _body(document: Document | None) -> Body | None:
    if document is None:
        return None
    return {"kind": document.kind, "name": document.name} | dict(document.body)


def named(call: Call, document: Edited, body: Body) -> dict[str, Any]:
    """The body with its kind and name; of a new one the name is made from its label."""
    name = document.name or str(body.get("name") or made_name(call, document.kind, body))
    heads = {"kind": document.kind.name} | ({"name": name} if name else {})
    return heads | {member: one for member, one in body.items() if member not in ("kind", "name")}


def made_name(call: Call, kind: DocumentKind, body: Body) -> str:
    """The name of a new document that gives itself none."""
    label = label_text(body.get("label", "")).strip()
    taken = {NEW, *call.session.catalog.of(kind.name), *_said(call, kind)}
    return free_name(label, taken, kind.name) if label else ""


def _said(call: Call, kind: DocumentKind) -> set[str]:
    """The names of all layers, those of documents that were taken out among them."""
    layers = stored_layers(call.session.connection).values()
    return {name for layer in layers for of, name in layer if of == kind.name}


def change_of(document: Edited, body: Body, note: str = "") -> apply.MetadataChange:
    """The change that puts the body in force."""
    kind, name = document.kind, str(body["name"])
    key = (kind.name, name)
    label = label_text(body.get("label", "")) or name
    change = apply.MetadataChange({key: document.part(body)}, note=note or f"{kind.label} {label}")
    change.seen = {key: document.site}
    return change


def refuse_changed(document: Edited, stamp: str) -> None:
    if stamp and stamp != document.stamp:
        raise Conflict(
            "Somebody else has changed this document since you opened it. Look at its history, "
            "then save again to replace their version, or reload the page to see it.",
            changed=document.stamp,
        )


def refuse_taken(call: Call, document: Edited, body: Body) -> None:
    """A new document replaces no other one."""
    name = str(body["name"])
    if not document.name and name in call.session.catalog.of(document.kind.name):
        label = document.kind.label.lower()
        raise Conflict(f"There is already a {label} `{name}`. Use another name.")
    if not document.name and name in _said(call, document.kind):
        label = document.kind.label.lower()
        raise Conflict(f"There was a {label} `{name}`, which was taken out. Use another name.")


def faults_of(document: Edited, body: Body, problem: Problem) -> list[dict[str, str]]:
    """What a problem says, each with its place in the body."""
    place = f"/{document.kind.name}/{body.get('name', '')}"
    faults = []
    for error in problem.errors or [{"pointer": place, "message": problem.detail}]:
        pointer, own = error.get("pointer", ""), False
        if pointer == place or pointer.startswith(f"{place}/"):
            pointer, own = pointer[len(place) :], True
        message = error["message"]
        if not own and problem.errors and pointer.count("/") > 1:
            message = f"{pointer.strip('/')}: {message}"
        faults.append({"pointer": _in_whole(document, body, pointer) if own else "",
                       "code": error.get("code", ""), "message": message})  # fmt: skip
    return faults


def _in_whole(document: Edited, body: Body, pointer: str) -> str:
    """A place of the site's part, as the place of the whole body."""
    part = document.part(body) if document.base is not None else None
    return pointer if part is None else replaced(part, body, pointer)
