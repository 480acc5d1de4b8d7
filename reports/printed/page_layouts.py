"""Page layouts: what stands around the text of printed documents, such as logo and footer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.services.templates import TemplateFault, needs
from metamodel.checks import DocumentCheck
from metamodel.documents import Document, DocumentKind
from metamodel.reach import whole_unit
from rules.template_check import check_need

from .document_channel import load

CONTENT = "content"  # the document, within its layout


def texts_of_layout(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "/body", body["body"]
    for language, said in body.get("translations", {}).items():
        yield f"/translations/{language}/body", said["body"]


def check_layout(document: Document, check: DocumentCheck) -> None:
    body = document.body
    type_ = check.object("/for", body["for"]) if "for" in body else None
    if "for" in body and type_ is None:
        return
    roots = (CONTENT,) if type_ is None else (type_.name, CONTENT)
    for place, text in texts_of_layout(body):
        try:
            need = needs(text, roots, images=True)
        except TemplateFault as fault:
            check.fault(place, "template", str(fault), "Fix it there.")
            continue
        if CONTENT not in need.members:
            message = "The page layout does not show the document."
            check.fault(place, "no_content", message, "Write {{ content }} where it belongs.")
        if type_ is not None and type_.name in need.members:
            check_need(place, type_, need.members[type_.name], check)


PAGE_LAYOUT = DocumentKind(
    name="page_layout",
    folder="page_layouts",
    schema=load("page_layout"),
    check=check_layout,
    wide=True,
    unit=whole_unit,
    label="Page layout",
    removable={"/for": ""},
    about="What stands around printed documents: logo, address and footer, and their style.",
    example={
        "kind": "page_layout",
        "name": "letterhead",
        "for": "group",
        "body": "<header>{{ group.name }}</header>{{ content }}",
        "css": "@page { size: A4; margin: 20mm }",
    },
    beside=("body", "css"),
)
