"""The pages of web forms: one step at a time, without a script, everything typed carried along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment

from fluvial.http.call import Answer, Call
from fluvial.pages.environment import environment
from fluvial.records.rows import empty
from fluvial.session import Session

from .answers import Answers, shown, typed
from .origins import page_policy
from .submissions import signer_of
from .tokens import PROOF_BITS, Token
from .webforms import Question, Step, WebForm
from .widgets import error_links, size_text, widget

TEMPLATES = Path(__file__).parent / "templates"

Rows = dict[str, list[dict[str, Any]]]


@cache
def templates() -> Environment:
    return environment([TEMPLATES])


def form_page(
    call: Call,
    form: WebForm,
    step: int,
    answers: Answers,
    *,
    token: str,
    read: Token | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    files: Rows | None = None,
    values: dict[str, Any] | None = None,
    status: int = 200,
) -> Answer:
    """One step of the form. `values` are those of a signed link, shown where they may be changed."""
    current = form.steps[step]
    labels = {q.field.name: q.label for q in current.questions}
    at_fields, summary = error_links(errors, labels)
    texts = typed(current.questions, answers) if answers.texts else {}
    zone = ZoneInfo(call.session.catalog.zone)
    fields = []
    for question in current.questions:
        name = question.field.name
        value = texts.get(name)
        if value is None:
            value = shown(question.field, _initial(call.session, question, values or {}), zone)
        fields.append(
            widget(
                question.field,
                value,
                label=question.label,
                help=question.help,
                required=question.required,
                error=at_fields.get(name, ""),
                zone=zone.key,
                radio=True,
            )
        )
        if question.field.kind.name == "file" and read is not None:
            rows = (files or {}).get(name, [])
            fields[-1]["files"] = [_file(call, form, read, row) for row in rows]
    context = {
        "title": form.label if step == 0 else current.label,
        "intro": form.help if step == 0 else current.help,
        "action": f"/forms/{form.slug}{'?embed=1' if _embedded(call) else ''}",
        "embedded": _embedded(call),
        "multipart": any(q.field.kind.name == "file" for q in current.questions),
        "brand": None,
        "fields": fields,
        "errors": summary,
        "steps": _progress(form, step) if len(form.steps) > 1 else [],
        "number": step + 1,
        "count": len(form.steps),
        "last": step == len(form.steps) - 1,
        "back": step > 0,
        "hidden": _hidden(call, form, current, step, answers, token, read, files or {}),
        "honeypot": form.trap,
        "summary": [],
        "submit": form.submit if step == len(form.steps) - 1 else "",
    }
    return _page(call, form, "webform.html", form.label, {"webform": context}, status)


def done_page(call: Call, form: WebForm, message: str) -> Answer:
    context = {
        "title": form.title,
        "message": message,
        "embedded": _embedded(call),
        "brand": None,
        "again_href": "",
    }
    return _page(call, form, "webform_done.html", form.title, {"done": context}, 200)


def _page(
    call: Call, form: WebForm, template: str, title: str, context: dict[str, Any], status: int
) -> Answer:
    page = {"title": title, "product": "Fluvial", "lang": call.engine.settings.locale[:2], "theme": ""}
    text = templates().get_template(template).render(page=page, **context)
    return Answer.html(text, status, [page_policy(form)])


def _embedded(call: Call) -> bool:
    return call.query.get("embed") == "1"


def _initial(session: Session, question: Question, values: dict[str, Any]) -> Any:
    field = question.field
    if field.name in values:
        return values[field.name]
    if field.initial is not None and not empty(field.initial):
        return field.initial
    return field.kind.absent(field)


def _progress(form: WebForm, current: int) -> list[dict[str, str]]:
    states = {True: "done", False: ""}
    return [
        {"label": step.label, "state": "now" if i == current else states[i < current]}
        for i, step in enumerate(form.steps)
    ]


def _hidden(
    call: Call,
    form: WebForm,
    current: Step,
    step: int,
    answers: Answers,
    token: str,
    read: Token | None,
    files: Rows,
) -> list[dict[str, str]]:
    """What is not on this page and still belongs to the answer."""
    here = {q.field.name for q in current.questions}
    hidden = [{"name": "token", "value": token}, {"name": "step", "value": str(step)}]
    prefill = answers.text("prefill") or call.query.get("prefill", "")
    if prefill:
        hidden.append({"name": "prefill", "value": prefill})
    if form.proof_of_work:
        hidden += [
            {"name": "proof", "value": ""},
            {"name": "proof_bits", "value": str(PROOF_BITS)},
        ]
    for name, texts in answers.texts.items():
        question, _, part = name.partition(".")
        if question in form.questions and question not in here and part not in ("keep", "remove"):
            hidden += [{"name": name, "value": text} for text in texts]
    if read is not None:
        signer = signer_of(call, form)
        for name, rows in files.items():
            if name not in here:
                kept = [signer.keep(read, row["id"]) for row in rows]
                hidden += [{"name": f"{name}.keep", "value": text} for text in kept]
    return hidden


def _file(call: Call, form: WebForm, token: Token, row: dict[str, Any]) -> dict[str, str]:
    return {
        "id": signer_of(call, form).keep(token, row["id"]),
        "name": row["name"],
        "size": size_text(row["size"]),
        "href": "#",
    }
