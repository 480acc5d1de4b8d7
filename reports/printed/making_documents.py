"""Making documents: what was kept, or the words for a reader, and then the PDF of them.

What is read is read first, on the connection of whoever asks. Printing takes long and has no part
in any transaction; what is kept is written with a connection of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from fluvial.auth.actors import SYSTEM
from fluvial.runtime.session import Session

from .document_data import Subject, gathered, known_language, language_for
from .document_html import WrittenDocument, worded
from .kept_prints import KeptDocument, content_of, find_kept, keep
from .printer import printer_of

T = TypeVar("T")


@dataclass(frozen=True)
class PreparedDocument:
    """A document for a reader: as it was kept, or in words that are still to be printed."""

    subject: Subject
    kept: KeptDocument | None
    words: WrittenDocument | None
    keeps: bool  # whether it is kept as soon as it is printed

    @property
    def written(self) -> WrittenDocument:
        assert self.words is not None, "what was kept has no words any more"
        return self.words

    @property
    def file_name(self) -> str:
        return f"{self.kept.name if self.kept is not None else self.written.name}.pdf"


def prepared(
    session: Session, subject: Subject, asked: str = "", *, may_keep: bool = True
) -> PreparedDocument:
    kept = find_kept(session.connection, subject)
    if kept is not None and asked in ("", kept.language):
        if complete(session, subject, kept.language):
            return PreparedDocument(subject, kept, None, False)
    words, whole = _written(session, subject, asked)
    keeps = kept is None and subject.final and whole and not asked and may_keep
    return PreparedDocument(subject, None, words, keeps)


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


def printed_of(session: Session, ready: PreparedDocument) -> bytes:
    """The PDF, made on any thread: it has a connection of its own where it needs one."""
    if ready.kept is not None:
        file = ready.kept.file
        return with_own(session, lambda own: content_of(own, file))
    if ready.keeps:
        kept = kept_now(session, ready.subject, ready.written)
        return with_own(session, lambda own: content_of(own, kept.file))
    words = ready.written
    pdf: bytes = printer_of(session.engine).print(words.html, words.pictures).pdf
    return pdf


def kept_now(session: Session, subject: Subject, words: WrittenDocument) -> KeptDocument:
    """Print what is final and keep it; or what somebody else kept meanwhile."""
    printed = printer_of(session.engine).print(words.html, words.pictures)
    return with_own(session, lambda own: keep(own, subject, words, printed)[0])


def with_own(session: Session, work: Callable[[Session], T]) -> T:
    """Work with a connection of its own, as the thread of a document has none."""
    connection = session.engine.database.connect()
    try:
        return work(replace(session, connection=connection))
    finally:
        connection.close()
