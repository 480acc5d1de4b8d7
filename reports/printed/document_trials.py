"""Printed documents tried out before their template is saved, on a record that one chooses.

Whoever tries sees what they may read themselves, and nothing is worked out with other rights: what
is not saved yet may ask for anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from markupsafe import escape

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Problem, Unprocessable
from fluvial.metadata_changes import apply
from fluvial.pages.sign_in import form_text
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import find_one, read_page
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.document import Document
from metamodel.document_files import document_of
from metamodel.documents import SITE
from metamodel.errors import MetadataError
from metamodel.expressions.python import truth
from metamodel.folding import free_name
from rules.reader_environment import ReaderEnvironment

from .document_channel import is_printed
from .document_data import Subject, compiled_template, gathered, language_for
from .document_html import WrittenDocument, worded
from .documents_api import html_answer, pdf_answer, slowly
from .printer import printer_of

KIND = "template"
DRAFT = "trial"
Json = dict[str, Any]


def _document(session: Session, body: Any) -> Document:
    """The template as it would be saved; refused with its faults where it cannot be."""
    if not isinstance(body, Mapping) or not is_printed(body):
        raise Unprocessable("Send a template with `channel: document` as `template`.")
    name = free_name(DRAFT, set(session.catalog.of(KIND)), DRAFT)
    whole = {**body, "kind": KIND, "name": name}
    try:
        read = document_of(whole, kind=KIND, name=name, layer=SITE)
        apply.plan(session, apply.MetadataChange({(KIND, name): whole}))
    except MetadataError as error:
        raise _without(apply.refused(error), name) from error
    except Problem as problem:
        raise _without(problem, name) from problem
    return read


def _without(problem: Problem, name: str) -> Problem:
    """The faults with their places in the template, whatever it is called."""
    start = f"/{KIND}/{name}"
    errors = [
        {**one, "pointer": str(one.get("pointer", "")).removeprefix(start)}
        for one in problem.errors
    ]
    message = errors[0]["message"] if errors else problem.detail
    return Unprocessable(message, errors=errors)


def _record(session: Session, type_: ObjectType, record: Any) -> Json | None:
    """The chosen record; the newest that the author may read where none is chosen."""
    paths = (("id",), ("title",))
    if record not in (None, ""):
        found = find_one(session, type_.name, record, paths) if is_id(record) else None
        if found is None:
            raise NotFound(f"There is no such {type_.label.lower()}, or you may not read it.")
        return {"id": found["id"], "title": found["title"]}
    newest = (SortKey(("created_at",), True),) if "created_at" in type_.fields else ()
    page = read_page(session, Query(type_.name, paths, sort=newest, limit=1))
    return {name: page["data"][0][name] for name in ("id", "title")} if page["data"] else None


def _tried(call: Call, asked: Mapping[str, Any]) -> tuple[Json | None, WrittenDocument | None]:
    session = call.session
    template = compiled_template(session.catalog, _document(session, asked.get("template")))
    type_ = session.object(template.object)
    record = _record(session, type_, asked.get("record"))
    if record is None:
        return None, None
    row = load_row(session, type_.name, record["id"], "read") or {}
    environment: Any = ReaderEnvironment(session, RecordEnvironment(session, type_, row))
    final = template.keep is not None and truth(template.keep, environment)
    subject = Subject(template, type_, record["id"], environment, final, trial=True)
    language = language_for(session, subject, str(asked.get("language") or ""))
    data = gathered(session, subject, language)
    draft = template.keep is not None and not final
    return record, worded(session, subject, data, language, draft=draft)


def preview(call: Call) -> Answer:
    """What would be printed: of which record, in which language, and what is wrong with it."""
    call.only()
    asked = call.json_object("template", "record", "language")
    faults: list[Mapping[str, str]] = []
    record, written = None, None
    try:
        record, written = _tried(call, asked)
    except Unprocessable as problem:
        faults = [*problem.errors] or [{"pointer": "", "message": problem.detail}]
    return Answer.json(
        {
            "record": record,
            "name": f"{written.name}.pdf" if written is not None else "",
            "language": written.language if written is not None else "",
            "draft": written.draft if written is not None else False,
            "faults": faults,
        }
    )


def document_page(call: Call) -> Answer:
    """The document alone: as HTML in a frame that runs nothing, or as PDF."""
    try:
        asked = orjson.loads(form_text(call, "asked"))
    except orjson.JSONDecodeError as error:
        raise Unprocessable("`asked` must be JSON.") from error
    if not isinstance(asked, Mapping):
        raise Unprocessable("`asked` must be an object.")
    try:
        _, written = _tried(call, asked)
    except Unprocessable as problem:
        return html_answer(f"<!doctype html><p>{escape(problem.detail)}</p>")
    if written is None:
        return html_answer("<!doctype html><p>There is no record yet that it could be about.</p>")
    if asked.get("format") != "pdf":
        return html_answer(written.alone)
    printer, ready = printer_of(call.engine), written
    answer = pdf_answer(ready.name, b"")
    return slowly(answer, lambda: printer.print(ready.html, ready.pictures).pdf)


ENDPOINTS = (
    Endpoint(
        "POST", "/api/documents/preview", preview, Policy.META_WRITE,
        "What a template that is printed would make of a record.",
    ),
    Endpoint(
        "POST", "/preview/document", document_page, Policy.META_WRITE,
        "A template that is printed on a record, as HTML or PDF.", page=True, form=True,
    ),
)  # fmt: skip
