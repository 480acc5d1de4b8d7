"""The API of printed documents: what a record has, one of them in a format, and keeping it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from fluvial.http.call import JSON_TYPE, Answer, Call
from fluvial.http.files_api import ALONE, CHECKED, PDF, disposition
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Problem, fault
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from fluvial.transfer.exports import FORMATS as SHEET_TYPES

from .document_data import (
    PrintedTemplate,
    Subject,
    gathered,
    language_for,
    printed_templates,
    subject_of,
    template_of,
)
from .document_html import worded
from .kept_prints import KeptDocument, content_of, find_kept, source_of
from .making_documents import complete, kept_now, prepared, printed_of
from .sheets import comma_separated, workbook

FORMATS = ("pdf", "html", "xlsx", "csv")
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


def list_documents(call: Call) -> Answer:
    """The printed documents of a record, each with what was kept of it."""
    call.only()
    session = call.session
    session.object(call.params["object"])
    return Answer.json({"data": documents_of(session, call.params["object"], call.params["id"])})


def documents_of(session: Session, object_name: str, record: str) -> list[dict[str, Any]]:
    found = []
    for template in session.catalog.derive(printed_templates).values():
        if template.object != object_name or template.body.get("only_chosen"):
            continue
        subject = _chosen_or_own(session, template, record)
        kept = find_kept(session.connection, subject)
        tables = subject.template.tables
        found.append(
            {
                "template": template.name,
                "label": template.label,
                "state": "kept" if kept else "final" if subject.final else "draft",
                "kept": kept.wire() if kept else None,
                "keeps": template.keep is not None,
                "formats": list(template.body.get("formats", ("pdf", "xlsx"))),
                "tables": [{"name": one.name, "label": one.label} for one in tables],
                "url": f"/api/records/{object_name}/{record}/documents/{template.name}",
            }
        )
    return found


def _chosen_or_own(session: Session, template: PrintedTemplate, record: str) -> Subject:
    """The document that the record chooses; the template's own where that is none."""
    try:
        return subject_of(session, template, record)
    except Conflict:  # said with the remedy when somebody asks for the document
        return subject_of(session, template, record, chosen=False)


def _subject(call: Call) -> Subject:
    params = call.params
    call.session.object(params["object"])
    template = template_of(call.session, params["object"], params["template"])
    return subject_of(call.session, template, params["id"])


def show(call: Call) -> Answer:
    query = call.only("format", "language", "table")
    format_ = query.get("format", "pdf")
    if format_ not in FORMATS:
        message = f"`format` must be one of {', '.join(FORMATS)}."
        raise Problem(message, errors=[fault("format", "unknown_value", message)])
    subject, asked = _subject(call), query.get("language", "")
    session = call.session
    ready = prepared(session, subject, asked, may_keep=call.seen is None)
    if ready.kept is not None:
        return _kept_answer(call, subject, ready.kept, format_)
    written = ready.written
    if format_ in ("xlsx", "csv"):
        return _sheet(call, subject, written.name, written.tables, format_)
    if format_ == "html":
        return html_answer(written.alone)
    # On a thread of its own: others are answered meanwhile.
    return slowly(pdf_answer(written.name, b""), lambda: printed_of(session, ready))


def _kept_answer(call: Call, subject: Subject, kept: KeptDocument, format_: str) -> Answer:
    session = call.session
    if format_ == "pdf":
        tag = f'"{kept.sha256[:32]}"'
        if call.headers.get("if-none-match") == tag:
            return Answer(304, b"", "application/pdf", [("etag", tag), *CHECKED])
        answer = pdf_answer(kept.name, content_of(session, kept.file))
        answer.headers.append(("etag", tag))
        return answer
    source = source_of(session, kept)
    if format_ == "html":
        return html_answer(source["html"])
    return _sheet(call, subject, kept.name, source["tables"], format_)


def html_answer(text: str) -> Answer:
    return Answer.html(text, headers=[("content-security-policy", POLICY), *CHECKED, *ALONE])


def pdf_answer(name: str, content: bytes) -> Answer:
    headers = [
        disposition(f"{name}.pdf", inline=True),
        ("content-security-policy", PDF),
        *CHECKED,
        *ALONE,
    ]
    return Answer(200, content, "application/pdf", headers)


def _sheet(
    call: Call, subject: Subject, name: str, tables: dict[str, dict[str, Any]], format_: str
) -> Answer:
    wanted = call.query.get("table", "")
    if wanted and wanted not in tables:
        message = f"There is no table `{wanted}`; there are {', '.join(tables) or 'none'}."
        raise Problem(message, errors=[fault("table", "unknown_value", message)])
    if not tables:
        raise NotFound(f"The document {subject.template.label} has no tables.")
    zone = zone_of(call.session)
    if format_ == "xlsx":
        shown = {wanted: tables[wanted]} if wanted else tables
        content = workbook(shown, zone)
    else:
        if not wanted and len(tables) > 1:
            message = f"Say which `table`: {', '.join(tables)}."
            raise Problem(message, errors=[fault("table", "required", message)])
        content = comma_separated(tables[wanted or next(iter(tables))], zone)
    headers = [disposition(f"{name}.{format_}", inline=False), *CHECKED, *ALONE]
    return Answer(200, content, SHEET_TYPES[format_], headers)


def slowly(answer: Answer, make: Callable[[], bytes]) -> Answer:
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="print")

    def parts() -> Iterator[bytes]:
        try:
            yield make()
        finally:
            executor.shutdown(wait=False)

    return replace(answer, stream=parts(), executor=executor)


def keep_document(call: Call) -> Answer:
    """Make the document of a record once and keep it; what is kept already stays as it is."""
    call.only()
    asked = call.json_object("language").get("language") or "" if call.body else ""
    if not isinstance(asked, str):
        raise Problem("`language` must be a language, such as de.")
    subject = _subject(call)
    session = call.session
    _refuse_early(subject)
    kept = find_kept(session.connection, subject)
    language = kept.language if kept is not None else language_for(session, subject, asked)
    if not complete(session, subject, language):
        raise Forbidden(
            f"You may not read all that {subject.template.label} shows, so you cannot keep it."
        )
    if kept is not None:
        return Answer.json(kept.wire())
    data = gathered(session, subject, language)
    written = worded(session, subject, data, language, draft=False)

    def make() -> bytes:
        return orjson.dumps(kept_now(session, subject, written).wire())

    # As a step of its own: the key of a call that is sent again is not kept with half an answer.
    return Answer(202, next=partial(slowly, Answer(201, b"", JSON_TYPE), make))


def _refuse_early(subject: Subject) -> None:
    template = subject.template
    if template.keep is None:
        message = f"{template.label} is never kept: its template has no `keep`."
        raise Conflict(f"{message} Open it each time, or add `keep` to the template.")
    if not subject.final:
        raise Conflict(
            f"{template.label} is kept once `{template.body['keep']}` is true, and it is not yet."
        )


ENDPOINTS = (
    Endpoint(
        "GET", "/api/records/{object}/{id}/documents", list_documents, Policy.SIGNED_IN,
        "The printed documents of a record.",
    ),
    Endpoint(
        "GET", "/api/records/{object}/{id}/documents/{template}", show, Policy.SIGNED_IN,
        "A printed document of a record, as PDF, HTML, XLSX or CSV.",
    ),
    Endpoint(
        "POST", "/api/records/{object}/{id}/documents/{template}", keep_document,
        Policy.SIGNED_IN, "Make a document that is final and keep it.",
    ),
)  # fmt: skip
