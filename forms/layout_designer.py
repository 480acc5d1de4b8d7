"""Layouts as they are designed: the values of a record where its page would show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Call
from fluvial.pages.designers import Designer
from fluvial.pages.document_previews import DocumentPreview
from fluvial.pages.presenters import empty, face_of, references, shown
from fluvial.pages.reader_format import format_of
from fluvial.pages.sample_records import sample_of
from metamodel.document import Document

from .layouts import layout_of

Told = Mapping[str, Any]


def _values(call: Call, document: Document, record: str) -> dict[str, Any]:
    """What each field of the sample record says, by its name, as far as the author may read it."""
    session = call.session
    type_ = session.object(document.body["object"])
    hidden = session.access.object(type_.name).hidden
    fields = [f for f in type_.fields.values() if f.name not in hidden and not f.hidden]
    paths = (("title",), *((f.name,) for f in fields))
    sample = sample_of(session, type_, record, paths)
    if sample is None:
        return {"values": {}, "title": ""}
    fmt = format_of(session)
    for field in fields:
        fmt.names.want(references(field, [sample.get(field.name)]))
    fmt.names.load()
    values = {
        f.name: str(shown(f, sample[f.name], fmt)) for f in fields if not empty(sample.get(f.name))
    }
    return {"values": values, "title": sample["title"], "id": sample["id"]}


def _context(call: Call, body: Told) -> Told:
    """How the page would be without a layout, and which fields take a whole line."""
    session = call.session
    wide = {
        type_.name: [f.name for f in type_.fields.values() if face_of(f).wide]
        for type_ in session.access.readable()
    }
    facts = {}
    name = str(body.get("object", ""))
    if name in session.catalog.objects:
        facts[name] = [f.name for f in layout_of(session.catalog, name, session.access).facts]
    return {"wide": wide, "facts": facts}


LAYOUT_DESIGNER = Designer("form", _context)
LAYOUT_PREVIEW = DocumentPreview("form", _values)
