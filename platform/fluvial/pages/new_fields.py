"""New fields in documents that list an object's fields one by one, such as layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.features import Seam
from fluvial.kernel.problems import NotFound, Problem, fault
from fluvial.metadata_changes import apply
from metamodel.catalog import Catalog, ObjectType
from metamodel.folding import humanise, label_text
from metamodel.layers import merge, merge_over

from .document_pages import site_layer

Part = Mapping[str, Any]
Placing = Callable[[Catalog, ObjectType, Sequence[str]], Mapping[tuple[str, str], Part]]

# Parts of documents, by kind and name, in which fields of an object have a place at last.
NEW_FIELDS: Seam[Placing] = Seam("where new fields are placed")


def place(call: Call) -> Answer:
    """Give new fields a place in the documents that would leave them out."""
    name, asked = call.params["name"], call.json_object("names").get("names")
    catalog = call.session.catalog
    type_ = catalog.objects.get(name)
    if type_ is None:
        raise NotFound(f"There is no object `{name}`.")
    if not isinstance(asked, list) or not all(
        isinstance(one, str) and one in type_.fields for one in asked
    ):
        message = "`names` is a list of fields of the object. Reload the page."
        raise Problem(message, errors=[fault("/names", "not_valid", message)])
    parts: dict[tuple[str, str], Part] = {}
    for placing in call.engine.brought(NEW_FIELDS):
        parts |= placing(catalog, type_, asked)
    if parts:
        bodies = {key: _with(call, key, part) for key, part in parts.items()}
        change = apply.MetadataChange(bodies, note=f"New fields of {name} have a place")
        sites = {key: site_layer(call, *key) for key in parts}
        change.seen = {key: None if site is None else site.body for key, site in sites.items()}
        apply.apply(call.session, change)
    return Answer.json({"placed": [_label(catalog, *key) for key in parts]})


def _with(call: Call, key: tuple[str, str], part: Part) -> dict[str, Any]:
    """The site's part of a document with another part merged in."""
    site = site_layer(call, *key)
    whole = {"kind": key[0], "name": key[1], **part}
    if site is None:
        return whole
    found = call.session.catalog.of(key[0]).get(key[1])
    shipped = found is not None and len(found.parts) > 1
    merged: dict[str, Any] = (merge_over if shipped else merge)(site.body, whole)
    return merged


def _label(catalog: Catalog, kind: str, name: str) -> str:
    return label_text(catalog.of(kind)[name].body.get("label", humanise(name)))


ENDPOINTS = (
    Endpoint(
        "POST", "/studio/objects/{name}/place", place, Policy.META_WRITE,
        "Place new fields of an object.", page=True,
    ),
)  # fmt: skip
