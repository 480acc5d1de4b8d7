"""Answers: what somebody posts to a web form, read into values with every fault at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData, UploadFile

from fluvial.kernel.problems import Problem, fault
from fluvial.pages.presenters import face_of
from fluvial.records.drafts.attachments import find_file
from fluvial.records.drafts.rows import empty
from fluvial.runtime.languages import typed_form
from fluvial.runtime.session import Session
from fluvial.transfer import files
from metamodel.blanks import blank
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.kinds.file import most_files
from metamodel.kinds.kind import TextFormat

from .tokens import Signer, Token
from .webforms import CONTROLS, FormQuestion, WebForm

PARTS = ("currency", "keep", "remove")  # NAME.currency: further members of one field
MAX_FILES = 20
SWITCHED = ["false", "true"]  # what the page of a form sends of a switch that is on

Texts = dict[str, list[str]]


@dataclass
class Answers:
    """What was posted: texts of a form's body, or JSON values, and files."""

    texts: Texts = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)  # of a JSON body
    uploads: dict[str, list[UploadFile]] = field(default_factory=dict)
    json: bool = False

    def text(self, name: str) -> str:
        """A member that is no answer, such as the token."""
        if self.json:
            value = self.values.get(name, "")
            return value if isinstance(value, str) else str(value)
        return self.texts.get(name, [""])[-1]


def content(form: WebForm, answers: Answers) -> str:
    """What was answered, as a short text: the same where the answers are, and only there."""

    def counts(name: str) -> bool:
        return name == "prefill" or not (name in (*CONTROLS, form.trap) or form.ignores(name))

    given = {name: [text for text in said if text.strip()] for name, said in answers.texts.items()}
    texts = {name: said for name, said in given.items() if said and counts(name)}
    values = {n: said for n, said in answers.values.items() if not empty(said) and counts(n)}
    files = {name: [_digest(one) for one in sent] for name, sent in answers.uploads.items()}
    text = repr((sorted(texts.items()), sorted(values.items()), sorted(files.items())))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(upload: UploadFile) -> tuple[str | None, str]:
    upload.file.seek(0)
    digest = hashlib.file_digest(upload.file, "sha256").hexdigest()  # type: ignore[arg-type]
    upload.file.seek(0)
    return upload.filename, digest


def check_once(form: WebForm, answers: Answers) -> None:
    """Refuse a member that comes twice, where it is one answer."""
    for name, texts in answers.texts.items():
        question = form.questions.get(name)
        many = question is not None and question.field.many
        if len(texts) < 2 or many or texts == SWITCHED:
            continue
        if not name.endswith((".keep", ".remove")):
            message = f"The member `{name}` appears twice."
            raise Problem(message, errors=[fault(f"/{name}", "twice", message)])


def from_form(form: FormData) -> Answers:
    answers = Answers()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                answers.uploads.setdefault(name, []).append(value)
        else:
            answers.texts.setdefault(name, []).append(value)
    return answers


def from_json(body: Mapping[str, Any]) -> Answers:
    return Answers(values=dict(body), json=True)


def unknown(form: WebForm, answers: Answers) -> list[dict[str, str]]:
    """A fault for each member that is neither on the form nor ignored."""
    known = {*form.questions, *CONTROLS, form.trap}
    asked = {name for name, question in form.questions.items() if question.field.kind.uploads}
    names = [*answers.texts, *answers.values, *answers.uploads]
    misplaced = [
        fault(f"/{name}", "not_a_file", f"{_label(form, name)} takes text, not a file.")
        for name in answers.uploads
        if name not in asked and not form.ignores(name) and (name in known or _is_part(form, name))
    ]
    return misplaced + [
        fault(f"/{name}", "unknown_field", f"This form does not ask for `{name}`.")
        for name in dict.fromkeys(names)
        if name not in known and not _is_part(form, name) and not form.ignores(name)
    ]


def _label(form: WebForm, name: str) -> str:
    question = form.questions.get(name.partition(".")[0])
    return question.label if question else f"`{name}`"


def _is_part(form: WebForm, name: str) -> bool:
    question, dot, part = name.partition(".")
    return bool(dot) and question in form.questions and part in PARTS


def read(
    session: Session, questions: Iterable[FormQuestion], answers: Answers
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Canonical values and faults of some questions, without files."""
    values: dict[str, Any] = {}
    faults: list[dict[str, str]] = []
    form = typed_form(session)
    for question in questions:
        if question.field.kind.uploads:
            continue
        name = question.field.name
        try:
            value = _value(question.field, answers, form)
        except ValueFault as error:
            faults.append(fault(f"/{name}", error.code, f"{question.label}: {error.message}"))
            continue
        if empty(value):
            if question.required:
                faults.append(fault(f"/{name}", "required", f"{question.label} is required."))
        else:
            values[name] = value
    return values, faults


def _value(field_: Field, answers: Answers, form: TextFormat) -> Any:
    if answers.json:
        raw = answers.values.get(field_.name)
        return None if empty(raw) else field_.kind.parse(field_, raw)
    texts = [text for text in answers.texts.get(field_.name, ()) if not blank(text)]
    if not texts:
        return None
    if field_.type.options and field_.many:
        return field_.kind.parse(field_, texts)
    text = texts[-1].replace("\r\n", "\n").strip()
    currency = answers.texts.get(f"{field_.name}.currency", [""])[-1]
    return field_.kind.parse_text(field_, f"{currency} {text}" if currency else text, form)


def keep_files(
    session: Session,
    questions: Iterable[FormQuestion],
    answers: Answers,
    signer: Signer,
    token: Token | None,
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, str]]]:
    """The rows of the files of some questions: those just sent, and those of earlier steps."""
    kept: dict[str, list[dict[str, Any]]] = {}
    faults: list[dict[str, str]] = []
    for question in questions:
        if not question.field.kind.uploads:
            continue
        name = question.field.name
        if answers.json and not empty(answers.values.get(name)):
            faults.append(fault(f"/{name}", "no_upload", "Send files as multipart/form-data."))
        rows = _earlier(session, name, answers, signer, token)
        for upload in answers.uploads.get(name, ()):
            try:
                rows.append(_stored(session, upload))
            except Problem as problem:
                faults.append(fault(f"/{name}", "file", f"{question.label}: {problem.detail}"))
        if len(rows) > min(MAX_FILES, most_files(question.field)):
            faults.append(fault(f"/{name}", "too_many", f"{question.label}: too many files."))
        if question.required and not rows:
            faults.append(fault(f"/{name}", "required", f"{question.label} is required."))
        if rows:
            kept[name] = rows
    return kept, faults


def _stored(session: Session, upload: UploadFile) -> dict[str, Any]:
    return files.store(session, upload.filename or "", upload.content_type or "", upload.file)


def _earlier(
    session: Session, name: str, answers: Answers, signer: Signer, token: Token | None
) -> list[dict[str, Any]]:
    if token is None:
        return []
    removed = set(answers.texts.get(f"{name}.remove", ()))
    rows = []
    for text in answers.texts.get(f"{name}.keep", ()):
        file = signer.kept(token, text)
        row = find_file(session, file) if file and text not in removed else None
        if row is not None and row["record"] is None:
            rows.append(row)
    return rows


def shown(field_: Field, value: Any, form: TextFormat) -> Any:
    """A canonical value as the widget of its kind shows it."""
    if empty(value):
        return [] if field_.many else ""
    return face_of(field_).typed(field_, value, form)


def typed(questions: Sequence[FormQuestion], answers: Answers) -> dict[str, Any]:
    """What was typed, to be shown again beside a fault."""
    found: dict[str, Any] = {}
    for question in questions:
        texts = answers.texts.get(question.field.name, [])
        many = question.field.many and not question.field.kind.uploads
        found[question.field.name] = [t for t in texts if t] if many else (texts or [""])[-1]
    return found
