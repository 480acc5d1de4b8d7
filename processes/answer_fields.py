"""What tasks ask for, as inputs of a page, and what people enter, as the API takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import FormData

from fluvial.kernel.problems import Unprocessable, fault
from fluvial.pages.presenters import face_of
from fluvial.pages.reader_format import ReaderFormat
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.expressions.types import BOOLEAN, TEXT
from metamodel.kinds.kind import TextFormat

Context = dict[str, Any]


def inputs(fields: Iterable[Field], values: Mapping[str, Any], fmt: ReaderFormat) -> list[Context]:
    """The fields with what stands in them at first, in the order in which they are asked."""
    return [_input(field, values.get(field.name), fmt) for field in fields]


def _input(field: Field, value: Any, fmt: ReaderFormat) -> Context:
    face, linked = face_of(field), bool(field.type.objects)
    held, shown = "", ""
    if value not in (None, [], ""):
        shown = face.text(field, value, fmt)
        held = value if isinstance(value, str) else shown
        if isinstance(value, Mapping) and linked:
            held = ":".join(map(str, next(iter(value.items()))))
    long = field.type.name == TEXT.name and (field.option("max_length") or 1000) > 255
    return {
        "name": field.name,
        "label": field.label,
        "required": field.required,
        "value": held,
        "shown": shown,
        "url": f"/lookup/{field.object}/{field.name}" if linked else "",
        "options": [] if linked else face.options(field),
        "type": face.input(field).get("type", "text"),
        "boolean": field.type.name == BOOLEAN.name,
        "long": long and face.input(field).get("type", "text") == "text",
    }


def answers(session: Session, fields: Iterable[Field], form: FormData) -> dict[str, Any]:
    """What was entered, in wire form; all faults at once."""
    how = TextFormat(zone=session.catalog.zone)
    errors, found = [], dict[str, Any]()
    for field in fields:
        try:
            if field.type.name == BOOLEAN.name:
                found[field.name] = form.get(field.name) == "true"
            else:
                found[field.name] = face_of(field).read(field, form, how)
        except ValueFault as error:
            errors.append(fault(f"/{field.name}", error.code, f"{field.label}: {error.message}"))
    if errors:
        raise Unprocessable(" ".join(one["message"] for one in errors), errors=errors)
    return found
