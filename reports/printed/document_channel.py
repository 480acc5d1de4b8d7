"""The channel `document` of templates: what a printed document says, and what is checked of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from fluvial.services.templates import TemplateFault, needs
from metamodel.catalog import Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document
from metamodel.expressions import types
from rules.letter_words import texts_of
from rules.template_channels import TemplateChannel
from rules.template_check import LINK

from .printed_tables import check_tables

NAME = "document"
TABLES = "tables"  # by which a text knows its tables
SCHEMAS = Path(__file__).parent / "schemas"
PLACE = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\}")
NAMING = (types.TEXT.name, types.CHOICE.name)


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads((SCHEMAS / f"{name}.json").read_bytes())
    return loaded


def is_printed(template: Mapping[str, Any]) -> bool:
    return template.get("channel") == NAME


def printed_for(
    check: DocumentCheck, pointer: str, name: str, type_: ObjectType, hint: str = ""
) -> Document | None:
    """The printed template of a name for records of an object; a fault where it is none."""
    document = check.reference(pointer, "template", name)
    if document is None:
        return None
    if not is_printed(document.body):
        message = f"The template `{document.name}` is a message, and not printed."
        check.fault(pointer, "not_printed", message, "Name a template with `channel: document`.")
        return None
    if document.body.get("for") != type_.name:
        about = document.body.get("for")
        message = f"The template `{document.name}` is for {about}, and not for {type_.name}."
        usual = "Use a template for the same object."
        check.fault(pointer, "other_object", message, hint or usual)
        return None
    return document


def file_field(
    check: DocumentCheck, pointer: str, type_: ObjectType, name: str, said: str = ""
) -> Field | None:
    """A file field that a document can be written into; a fault where it is none."""
    known = check.field(pointer, type_, name) if "." not in name else None
    if known is None or known.type.name != types.FILES.name or not known.writable:
        message = f"`{said or name}` is not a file field of {type_.label}."
        check.fault(pointer, "no_files", message, "Name one, such as papers.")
        return None
    return known


def check_printed(document: Document, check: DocumentCheck, type_: ObjectType) -> None:
    body = document.body
    check_tables(body, check, type_)
    if "keep" in body:
        check.condition("/keep", body["keep"], type_.name)
    if "chosen_by" in body:
        _check_chosen(body["chosen_by"], check, type_)
    for path in PLACE.findall(body.get("file", "")):
        check.path("/file", type_, path)
    _check_layout(body, check, type_)
    _check_shown_tables(body, check)


def _check_chosen(path: str, check: DocumentCheck, type_: ObjectType) -> None:
    field = check.path("/chosen_by", type_, path)
    if field is not None and field.type.name not in NAMING:
        message = f"`{path}` does not give the name of a template."
        check.fault("/chosen_by", "other_type", message, "Name a text or a choice field.")


def _check_layout(body: Mapping[str, Any], check: DocumentCheck, type_: ObjectType) -> None:
    if "layout" not in body:
        if "layout_of" in body:
            message = "`layout_of` is only for a template with a page layout."
            check.fault("/layout_of", "no_layout", message, "Add `layout`, or remove it.")
        return
    layout = check.reference("/layout", "page_layout", body["layout"])
    field = check.path("/layout_of", type_, body["layout_of"]) if "layout_of" in body else None
    about = layout.body.get("for") if layout is not None else None
    if about is None or ("layout_of" in body and field is None):
        return
    found = field.to if field is not None else type_.name
    if found != about:
        message = f"The page layout `{body['layout']}` shows a record of {about}."
        hint = f"Write `layout_of` with a look-up to {about}."
        check.fault("/layout_of" if field else "/layout", "other_object", message, hint)


def _check_shown_tables(body: Mapping[str, Any], check: DocumentCheck) -> None:
    known = [table["name"] for table in body.get("tables", ())]
    for place, text in texts_of(body):
        try:
            need = needs(text, (body["for"], LINK, TABLES), images=True)
        except TemplateFault:
            continue  # told with the other faults of the text
        for name, inner in need.members.get(TABLES, need.__class__()).members.items():
            if name not in known:
                message = f"Line {inner.line}: there is no table `{name}`."
                hint = f"The tables are {', '.join(known)}." if known else "Add it to `tables`."
                check.fault(place, "unknown_table", message, hint)


CHANNEL = TemplateChannel(
    NAME, "Printed document", members=load("members"), check=check_printed, given=(TABLES,)
)
