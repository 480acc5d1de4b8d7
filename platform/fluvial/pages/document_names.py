"""The names that the editor of documents offers: objects, their members, other documents."""

from __future__ import annotations

from typing import Any

from fluvial.http.assets import icon_names
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound
from metamodel.catalog import Field
from metamodel.documents import Document
from metamodel.expressions.types import DATE, DATETIME, DURATION, MONEY, NUMBER
from metamodel.folding import humanise, label_text

Named = dict[str, Any]
ADDED = ("sum", "avg", "min", "max")
MEASURES = dict.fromkeys((NUMBER.name, MONEY.name, DURATION.name), ADDED) | dict.fromkeys(
    (DATE.name, DATETIME.name), ADDED[2:]
)


def names_of(call: Call) -> Named:
    """What is there to be named by documents, with its words."""
    catalog, kinds = call.session.catalog, call.engine.kinds
    return {
        "objects": [
            {"name": t.name, "label": t.label, "icon": t.icon}
            for t in sorted(catalog.objects.values(), key=lambda t: t.label)
        ],
        "documents": {
            kind: [_document(d) for _, d in sorted(catalog.of(kind).items())] for kind in kinds
        },
        "kinds": {name: kind.label for name, kind in kinds.items()},
        "icons": sorted(icon_names()),
    }


def _document(document: Document) -> Named:
    body = document.body
    about = body.get("object") or body.get("for") or ""
    label = label_text(body.get("label", humanise(document.name)))
    return {"name": document.name, "label": label, "object": about}


def members(call: Call) -> Answer:
    """The fields and collections of an object, for who may build with them."""
    type_ = call.session.catalog.objects.get(call.params["object"])
    if type_ is None:
        raise NotFound(f"There is no object `{call.params['object']}`.")
    logged = {one.name for one in type_.logged_fields}
    fields = [
        _field(f) | {"logged": f.name in logged} for f in type_.fields.values() if not f.hidden
    ]
    collections = [
        {"name": name, "label": one.label, "kind": "", "collection": True, "to": one.source}
        for name, one in type_.inverses.items()
    ]
    return Answer.json({"data": [*fields, *collections]})


def _field(field: Field) -> Named:
    options = [
        {"name": one["name"], "label": label_text(one.get("label", humanise(one["name"])))}
        for one in field.option("options", ())
    ]
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind.name,
        "timed": field.type.timed,
        "icon": field.kind.icon,
        "to": field.to,
        "system": field.system,
        "groups": field.kind.groups,
        "options": options,
        "measures": () if field.many else MEASURES.get(field.type.name, ()),
    }


ENDPOINTS = (
    Endpoint(
        "GET", "/studio/members/{object}", members, Policy.META_READ,
        "What documents can name of an object.", page=True,
    ),
)  # fmt: skip
