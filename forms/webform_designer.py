"""What the browser needs to design a web form: the fields of its object, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Call
from fluvial.pages.designers import Designer
from metamodel.catalog import Field, ObjectType

from .web_form_starts import why_not_asked


def context(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    session = call.session
    name = str(body.get("object", ""))
    type_ = session.catalog.objects.get(name)
    readable = session.access.readable()
    document = str(body.get("name", ""))
    stored = session.catalog.of("webform").get(document)
    return {
        "object": name if type_ is not None else "",
        "objects": [{"name": one.name, "label": one.label} for one in readable],
        "name": document if stored is not None else "",
        "saved": stored.body["slug"] if stored is not None else "",
        "address": call.engine.settings.base_url,
        "fields": _fields(call, type_) if type_ is not None else [],
    }


def _fields(call: Call, type_: ObjectType) -> list[dict[str, Any]]:
    hidden = call.session.access.object(type_.name).hidden
    return [_field(field) for field in type_.own_fields if field.name not in hidden]


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "help": field.option("help", ""),
        "icon": field.kind.icon,
        "required": field.required and field.option("default") is None,
        "links": bool(field.type.objects),
        "why": why_not_asked(field),
    }


DESIGNERS = (Designer("webform", context),)
