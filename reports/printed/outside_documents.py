"""Printed documents for people outside who hold a link: looked at, and never kept by it."""

from __future__ import annotations

from collections.abc import Callable

from fluvial.runtime.session import Session
from rules.shown_documents import SHOWN_DOCUMENT, ShownDocuments

from .document_data import Subject, gathered, language_for, subject_of, template_of
from .document_html import WrittenDocument, worded
from .kept_prints import content_of, find_kept, source_of
from .printer import printer_of


def _subject(session: Session, object_name: str, record: str, name: str) -> Subject:
    return subject_of(session, template_of(session, object_name, name), record)


def _written(session: Session, subject: Subject) -> WrittenDocument:
    language = language_for(session, subject)
    final = subject.template.keep is None or subject.final
    return worded(session, subject, gathered(session, subject, language), language, draft=not final)


def html(session: Session, object_name: str, record: str, name: str) -> str:
    subject = _subject(session, object_name, record, name)
    kept = find_kept(session.connection, subject)
    if kept is not None:
        return str(source_of(session, kept)["html"])
    return _written(session, subject).alone


def pdf(
    session: Session, object_name: str, record: str, name: str
) -> tuple[str, Callable[[], bytes]]:
    subject = _subject(session, object_name, record, name)
    kept = find_kept(session.connection, subject)
    if kept is not None:
        content = content_of(session, kept.file)
        return f"{kept.name}.pdf", lambda: content
    written, printer = _written(session, subject), printer_of(session.engine)

    def make() -> bytes:
        made: bytes = printer.print(written.html, written.pictures).pdf
        return made

    return f"{written.name}.pdf", make


BRINGS = SHOWN_DOCUMENT(ShownDocuments(html, pdf))
