"""The API of printed documents: what a record has, one of them in a format, and keeping it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import orjson

from fluvial.auth.actors import SYSTEM
from fluvial.http.call import JSON_TYPE, Answer, Call
from fluvial.http.files_api import ALONE, CHECKED, PDF, disposition
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Problem, fault
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from fluvial.transfer.exports import FORMATS as SHEET_TYPES

from .document_data import (
    Subject,
    gathered,
    known_language,
    language_for,
    printed_templates,
    subject_of,
    template_of,
)
from .document_html import WrittenDocument, worded
from .kept_prints import KeptDocument, content_of, find_kept, keep, source_of
from .printer import Printed, Printer, printer_of
from .sheets import comma_separated, workbook

T = TypeVar("T")

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
        if template.object != object_name:
            continue
        subject = subject_of(session, template, record, chosen=False)
        kept = find_kept(session.connection, subject)
        found.append(
            {
                "template": template.name,
                "label": template.label,
                "state": "kept" if kept else "final" if subject.final else "draft",
                "kept": kept.wire() if kept else None,
                "keeps": template.keep is not None,
                "tables": [{"name": one.name, "label": one.label} for one in template.tables],
                "url": f"/api/records/{object_name}/{record}/documents/{template.name}",
            }
        )
    return found


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
    kept = find_kept(session.connection, subject)
    if kept is not None and asked in ("", kept.language):
        language = kept.language
        if complete(session, subject, language):
            return _kept_answer(call, subject, kept, format_)
    written, whole = _written(session, subject, asked)
    if format_ in ("xlsx", "csv"):
        return _sheet(call, subject, written.name, written.tables, format_)
    if format_ == "html":
        return _html(written.alone)
    keeps = kept is None and subject.final and whole and not asked and call.seen is None
    return _printed(session, subject, written, keeps=keeps)


def _written(session: Session, subject: Subject, asked: str) -> tuple[WrittenDocument, bool]:
    """The document for the reader, and whether it shows all that there is. Only such a one is
    final: what somebody sees in part, or in another language, has the draft mark."""
    language = language_for(session, subject, asked)
    data = gathered(session, subject, language)
    whole = session.access.unrestricted or data == gathered(_all(session), subject, language)
    own = not asked or known_language(asked) == language_for(session, subject)
    final = subject.template.keep is None or (subject.final and whole and own)
    return worded(session, subject, data, language, draft=not final), whole


def complete(session: Session, subject: Subject, language: str) -> bool:
    """Whether the reader may read all that the document shows."""
    if session.access.unrestricted:
        return True
    data = gathered(session, subject, language)
    return data == gathered(_all(session), subject, language)


def _all(session: Session) -> Session:
    return session.as_actor(SYSTEM)


def _kept_answer(call: Call, subject: Subject, kept: KeptDocument, format_: str) -> Answer:
    session = call.session
    if format_ == "pdf":
        tag = f'"{kept.sha256[:32]}"'
        if call.headers.get("if-none-match") == tag:
            return Answer(304, b"", "application/pdf", [("etag", tag), *CHECKED])
        answer = _pdf(kept.name, content_of(session, kept.file))
        answer.headers.append(("etag", tag))
        return answer
    source = source_of(session, kept)
    if format_ == "html":
        return _html(source["html"])
    return _sheet(call, subject, kept.name, source["tables"], format_)


def _html(text: str) -> Answer:
    return Answer.html(text, headers=[("content-security-policy", POLICY), *CHECKED, *ALONE])


def _pdf(name: str, content: bytes) -> Answer:
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


def _printed(
    session: Session, subject: Subject, written: WrittenDocument, *, keeps: bool
) -> Answer:
    """The PDF, made on a thread of its own: others are answered meanwhile."""

    def make() -> bytes:
        printer: Printer = printer_of(session.engine)
        printed = printer.print(written.html, written.pictures)
        if not keeps:
            return printed.pdf
        return _with_own(session, lambda own: _first(own, subject, written, printed))

    return _slowly(_pdf(written.name, b""), make)


def _first(own: Session, subject: Subject, written: WrittenDocument, printed: Printed) -> bytes:
    """What is kept: this one, or that of somebody who was faster."""
    kept, made = keep(own, subject, written, printed)
    return printed.pdf if made else content_of(own, kept.file)


def _with_own(session: Session, work: Callable[[Session], T]) -> T:
    """Work with a connection of its own, as the thread of a document has none."""
    connection = session.engine.database.connect()
    try:
        return work(replace(session, connection=connection))
    finally:
        connection.close()


def _slowly(answer: Answer, make: Callable[[], bytes]) -> Answer:
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
        printed = printer_of(session.engine).print(written.html, written.pictures)
        made, _ = _with_own(session, lambda own: keep(own, subject, written, printed))
        return orjson.dumps(made.wire())

    # As a step of its own: the key of a call that is sent again is not kept with half an answer.
    return Answer(202, next=partial(_slowly, Answer(201, b"", JSON_TYPE), make))


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
