"""The pages of web forms: a step with its widgets, and the thanks. They work without scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.pages.frame import bare
from fluvial.pages.page_looks import look_href
from fluvial.runtime.languages import typed_form

from .answers import Answers, typed
from .asked_questions import asked
from .origins import page_policy
from .submissions import signer_of
from .tokens import PROOF_BITS, Token
from .webforms import FormQuestion, WebForm
from .widgets import PLACES, widget

TEMPLATES = Path(__file__).parent / "templates"

Rows = dict[str, list[dict[str, Any]]]  # kept files by the name of their field
Context = dict[str, Any]


def form_page(
    call: Call,
    form: WebForm,
    step: int,
    answers: Answers,
    *,
    token: str,
    read: Token | None = None,
    values: Mapping[str, Any] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    files: Rows | None = None,
    status: int = 200,
) -> Answer:
    """One step, with what was typed, what a signed link filled in, and what is to fix."""
    read = read or signer_of(call, form).read_token(token, call.session.now)
    kept = _kept_names(call, form, read, files or {})
    now = asked(call.session, form, answers, dict(values or {}))
    questions = list(now.shown(form.steps[step].questions))
    written = _Written(call, answers, values or {}, _messages(errors), kept)
    fields = [written.widget(question, hidden=now.hidden) for question in questions]
    context = _heading(call, form, step) | {
        "multipart": any(q.field.kind.uploads for q in questions),
        "fields": fields,
        "logic": now.live.json(optional=True) if now.live else None,
        "errors": list(_summary(form, errors, [w["name"] for w in fields])),
        "hidden": list(_hidden(call, form, step, answers, token, kept)),
    }
    answer = bare(call, "webform.html", form.label, status=status, webform=context)
    answer.headers.append(page_policy(form))
    return answer


@dataclass
class _Written:
    """What was typed, given, refused and uploaded so far."""

    call: Call
    answers: Answers
    given: Mapping[str, Any]
    messages: Mapping[str, str]
    files: Mapping[str, Sequence[Mapping[str, Any]]]

    def widget(self, question: FormQuestion, *, hidden: Collection[str]) -> Context:
        name, answers = question.field.name, self.answers
        sent = any(key.partition(".")[0] == name for key in (*answers.texts, *answers.uploads))
        return widget(
            question,
            typed([question], answers)[name] if sent else None,
            given=self.given.get(name),
            error=self.messages.get(name, ""),
            form=typed_form(self.call.session),
            currency=answers.text(f"{name}.currency"),
            files=self.files.get(name, []),
        ) | {"hidden": name in hidden}


def _heading(call: Call, form: WebForm, step: int) -> Context:
    """What a step shows whatever is asked in it."""
    last = step == len(form.steps) - 1
    return {
        "title": form.label,
        "intro": form.steps[step].help or (form.help if step == 0 else ""),
        "action": _action(call, form),
        "embedded": "embed" in call.query,
        "brand": form.look.brand,
        "sheet": look_href(form.look.colour),
        "steps": _steps(form, step) if len(form.steps) > 1 else [],
        "number": step + 1,
        "count": len(form.steps),
        "last": last,
        "back": step > 0,
        "honeypot": form.trap,
        "summary": [],
        "submit": form.submit if last else "",
    }


def done_page(call: Call, form: WebForm, message: str) -> Answer:
    context = {
        "title": form.title,
        "message": message,
        "embedded": "embed" in call.query,
        "brand": form.look.brand,
        "sheet": look_href(form.look.colour),
        "again_href": _action(call, form),
    }
    answer = bare(call, "webform_done.html", form.title, done=context)
    answer.headers.append(page_policy(form))
    return answer


def _action(call: Call, form: WebForm) -> str:
    return f"/forms/{form.slug}" + ("?embed=1" if "embed" in call.query else "")


def _steps(form: WebForm, now: int) -> list[Context]:
    return [
        {"label": step.label, "state": "done" if at < now else "now" if at == now else ""}
        for at, step in enumerate(form.steps)
    ]


def _messages(errors: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The first message of each field."""
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(error["pointer"].strip("/").partition("/")[0], error["message"])
    return found


def _summary(
    form: WebForm, errors: Sequence[Mapping[str, str]], here: Sequence[str]
) -> Iterator[Context]:
    for error in errors:
        name = error["pointer"].strip("/").partition("/")[0]
        yield {"href": f"#f-{name}" if name in here else "", "message": error["message"]}


def _kept_names(call: Call, form: WebForm, token: Token, files: Rows) -> Rows:
    """The kept files under names that only this showing of the form can hand on."""
    signer = signer_of(call, form)
    return {
        name: [{**row, "id": signer.keep(token, str(row["id"]))} for row in rows]
        for name, rows in files.items()
    }


def _hidden(
    call: Call, form: WebForm, step: int, answers: Answers, token: str, kept: Rows
) -> Iterator[Context]:
    """What goes along: the token, the step, a signed link, and the answers of the other steps."""
    yield {"name": "token", "value": token}
    yield {"name": "step", "value": step}
    link = answers.text("prefill") or call.query.get("prefill", "")
    if link:
        yield {"name": "prefill", "value": link}
    if form.proof_of_work:
        yield {"name": "proof_bits", "value": PROOF_BITS}
    here = {question.field.name for question in form.steps[step].questions}
    for name in form.questions:
        if name in here:
            continue
        for part in (name, *(f"{name}.{place}" for place in PLACES)):
            for text in answers.texts.get(part, ()):
                yield {"name": part, "value": text}
        for row in kept.get(name, ()):
            yield {"name": f"{name}.keep", "value": row["id"]}
