"""What a document that is being edited would show: a board, rows, a number, a record's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.features import Seam
from fluvial.kernel.problems import NotFound, Unprocessable
from fluvial.metadata_changes import apply
from metamodel.document import Document
from metamodel.document_files import document_of
from metamodel.documents import SITE
from metamodel.errors import MetadataError

from .document_pages import kind_of
from .edited_document import change_of, edited

DRAFT = "draft"  # what a document is called that has no name yet


@dataclass(frozen=True)
class DocumentPreview:
    """How documents of a kind are seen before they are saved, with the rights of their author."""

    kind: str
    show: Callable[[Call, Document, str], dict[str, Any]]  # of a record, "" for the newest


DOCUMENT_PREVIEW: Seam[DocumentPreview] = Seam("a preview of a kind of document")


def preview(call: Call) -> Answer:
    """JSON for the designer: `html` as the page would show it, or the values of a record."""
    given = call.json_object("body", "record")
    kind = kind_of(call, call.params["kind"])
    shown = [one for one in call.engine.brought(DOCUMENT_PREVIEW) if one.kind == kind.name]
    if not shown:
        raise NotFound(f"There is no preview of {kind.label.lower()} documents.")
    body = given.get("body")
    if not isinstance(body, dict):
        raise Unprocessable("Send the document as `body`.")
    document = edited(call, kind, call.params["name"])
    name = document.name or str(body.get("name") or DRAFT)
    whole = {**body, "kind": kind.name, "name": name}
    try:
        read = document_of(whole, kind=kind.name, name=name, layer=SITE)
    except MetadataError as error:
        raise apply.refused(error) from error
    apply.plan(call.session, change_of(document, whole))  # refuses what cannot be shown
    return Answer.json(shown[0].show(call, read, str(given.get("record") or "")))


ENDPOINTS = (
    Endpoint(
        "POST", "/studio/{kind}/{name}/preview", preview, Policy.META_READ,
        "Show what a document would show.", page=True,
    ),
)  # fmt: skip
