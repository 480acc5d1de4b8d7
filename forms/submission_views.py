"""What people see of submissions: their values as far as the reader may read the fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Statement, param
from fluvial.pages.frame import Context
from fluvial.pages.presenters import references, said
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href
from fluvial.records.reading.reader import find_many
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

from . import held_answers
from .form_tables import SUBMISSION
from .held_answers import HeldAnswers
from .webforms import FormQuestion, WebForm

KEPT = "kept"
PAGE = 50
MOST = 1_000  # that are counted
PHOTO = 60  # characters of one value in a list

_s = SUBMISSION.c
_OF_FORM = _s.form == param("the_form", _s.form)
_PAGE = Statement(
    sa.select(_s.id, _s.record, _s.at)
    .where(_OF_FORM, _s.at < param("the_at", _s.at))
    .order_by(_s.at.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
_COUNT = Statement(
    sa.select(sa.func.count()).select_from(
        sa.select(_s.id).where(_OF_FORM).limit(MOST + 1).subquery()
    )
)


@dataclass(frozen=True)
class SubmissionEntry:
    """One submission as a reader sees it."""

    id: str
    at: datetime
    state: str
    reasons: tuple[str, ...]
    values: Mapping[str, str]  # by label
    record: str = ""
    title: str = ""
    tries: int = 1


def readable(session: Session, form: WebForm) -> dict[str, FormQuestion]:
    """The questions whose answers somebody may read."""
    hidden = session.access.object(form.object).hidden
    return {name: one for name, one in form.questions.items() if name not in hidden}


def counted(session: Session, form: WebForm) -> dict[str, int]:
    held = held_answers.counts(session)
    row = _COUNT.row(session.connection, the_form=form.name)
    return {
        KEPT: row[0] if row else 0,
        held_answers.REFUSED: held.get((form.name, held_answers.REFUSED), 0),
        held_answers.QUARANTINED: held.get((form.name, held_answers.QUARANTINED), 0),
    }


def shown_count(count: int) -> str:
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


def entries(
    session: Session, form: WebForm, state: str, before: datetime, limit: int = PAGE
) -> list[SubmissionEntry]:
    if state == KEPT:
        return _kept(session, form, before, limit)
    found = held_answers.page(session, form, state, before, limit)
    return [held_entry(session, form, one) for one in found]


def _kept(session: Session, form: WebForm, before: datetime, limit: int) -> list[SubmissionEntry]:
    rows = _PAGE.rows(session.connection, the_form=form.name, the_at=before, the_limit=limit)
    ids = [record for _, record, _ in rows]
    records = find_many(session, form.object, ids) if ids else {}
    titles = titles_of(session, form.object, list(records)) if records else {}
    fmt, questions = format_of(session), readable(session, form)
    for name, question in questions.items():
        fmt.names.want(references(question.field, [one.get(name) for one in records.values()]))
    fmt.names.load()
    return [
        SubmissionEntry(
            id,
            at,
            KEPT,
            () if record in records else ("The record has been deleted since.",),
            _values(questions, records.get(record, {}), fmt),
            record if record in records else "",
            titles.get(record) or "",
        )
        for id, record, at in rows
    ]


def _values(
    questions: Mapping[str, FormQuestion], record: Mapping[str, Any], fmt: ReaderFormat
) -> dict[str, str]:
    return {
        question.label: said(question.field, record[name], fmt)
        for name, question in questions.items()
        if record.get(name) not in (None, "", [])
    }


def held_entry(session: Session, form: WebForm, held: HeldAnswers) -> SubmissionEntry:
    """What somebody wrote, as they wrote it: it is not valid, or nobody knows yet."""
    questions = readable(session, form)
    values: dict[str, str] = {}
    for name, question in questions.items():
        texts = _texts(held, name)
        texts = [_label(question, text) for text in texts if text]
        texts += [f"{file} (the file is not kept)" for file in held.files.get(name, ())]
        if texts:
            values[question.label] = ", ".join(texts)
    reasons = tuple(_reason(form, questions, one) for one in held.faults)
    return SubmissionEntry(
        held.id, held.at, held.state, tuple(dict.fromkeys(reasons)), values, tries=held.tries
    )


def _texts(held: HeldAnswers, name: str) -> Iterable[str]:
    if held.said["json"]:
        value = held.said["values"].get(name)
        many = value if isinstance(value, list) else [] if value is None else [value]
        return [str(one) for one in many]
    texts = list(held.said["texts"].get(name, ()))
    return [*held.said["texts"].get(f"{name}.currency", ()), *texts] if any(texts) else texts


def _label(question: FormQuestion, text: str) -> str:
    options = {option.name: option.label for option in question.field.type.options}
    return options.get(text, text)


def _reason(form: WebForm, questions: Mapping[str, FormQuestion], one: Mapping[str, str]) -> str:
    """Why it was refused; of a field that the reader may not read, only that it was."""
    name = one["pointer"].strip("/").partition("/")[0]
    if name in form.questions and name not in questions:
        return "An answer that you may not read is not valid."
    return one["message"]


def listed(fmt: ReaderFormat, form: WebForm, entry: SubmissionEntry, address: str) -> Context:
    """The context of one entry of a list."""
    values = [
        {"label": label, "text": text if len(text) <= PHOTO else f"{text[:PHOTO]}…"}
        for label, text in entry.values.items()
    ]
    held = entry.state != KEPT
    return {
        "id": entry.id,
        "title": entry.title or next(iter(entry.values.values()), "") or "Nothing was answered",
        "href": record_href(form.object, entry.record) if entry.record
        else f"{address}/{entry.id}" if held else "",
        "when": fmt.ago(entry.at),
        "at": timestamp_wire(entry.at),
        "reasons": list(entry.reasons),
        "values": values,
        "tries": entry.tries,
        "held": held,
    }  # fmt: skip
