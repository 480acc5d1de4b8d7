"""Web forms over HTTP: the page, the fields as JSON, the embed script, and the post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from fluvial.http.call import Answer, Call
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.problems import Forbidden, Problem, Unprocessable
from metamodel.expressions.types import Option

from . import limits
from .answers import Answers, check_once, from_form, from_json, keep_files, read, unknown
from .asked_questions import asked
from .origins import check_origin, preflight
from .submissions import (
    Receipt,
    check_token,
    form_session,
    prefilled,
    refused_site,
    signer_of,
    submit,
)
from .tokens import MAX_AGE, PROOF_BITS
from .web_form_pages import Rows, done_page, form_page
from .webforms import FormQuestion, WebForm, find_webform

Faults = Sequence[Mapping[str, str]]

# The options of fields that say what an answer has to be.
OPTIONS = (
    "format", "max_length", "mask", "accept", "max_size", "max_files", "min", "max", "weekdays",
    "currency", "zone", "depends_on",
)  # fmt: skip

EMBED = """(() => {
  const me = document.currentScript;
  const frame = document.createElement("iframe");
  const address = new URL(%s, new URL(me.src).origin);
  if (me.dataset.prefill) address.searchParams.set("prefill", me.dataset.prefill);
  frame.src = address.href;
  frame.title = %s;
  frame.style.cssText = "width:100%%;border:0;min-height:480px";
  me.after(frame);
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.data?.fluvial !== "height") return;
    frame.style.height = `${Number(event.data.height)}px`;
  });
})();
"""


def _form(call: Call) -> WebForm:
    return find_webform(call.session.catalog, call.params["slug"])


def show(call: Call) -> Answer:
    form = _form(call)
    answers = Answers()
    token = signer_of(call, form).token(call.session.now)
    values: dict[str, Any] = {}
    errors: Faults = []
    if "prefill" in call.query:
        answers.texts = {"prefill": [call.query["prefill"]]}
        values, errors = prefilled(call, form, answers)
        answers.texts = {}
    return form_page(call, form, 0, answers, token=token, values=values, errors=errors)


def describe(call: Call) -> Answer:
    """The fields and a one-time token, for a form that another site draws itself."""
    form = _form(call)
    headers = check_origin(call, form)
    token = signer_of(call, form).token(call.session.now)
    challenge = {"challenge": token.partition(".")[0], "bits": PROOF_BITS}
    body = {
        "name": form.name,
        "title": form.label,
        "help": form.help,
        "steps": [
            {
                "name": step.name,
                "label": step.label,
                "help": step.help,
                "fields": [_question(question) for question in step.questions],
            }
            for step in form.steps
        ],
        "token": token,
        "expires_in": int(MAX_AGE.total_seconds()),
        "min_seconds": form.min_seconds,
        "proof_of_work": challenge if form.proof_of_work else None,
    }
    return Answer.json(body, 200, headers)


def _question(question: FormQuestion) -> dict[str, Any]:
    field = question.field
    said: dict[str, Any] = {
        "field": field.name,
        "label": question.label,
        "help": question.help,
        "kind": field.kind.name,
        "required": question.required,
        "many": field.many,
    }
    if field.type.options:
        active = [o for o in field.type.options if not o.retired]
        said["options"] = [_option(o) for o in active]
    for option in OPTIONS:
        if field.option(option) is not None:
            said[option] = field.option(option)
    return said


def _option(option: Option) -> dict[str, Any]:
    said: dict[str, Any] = {"name": option.name, "label": option.label}
    return {**said, "when": list(option.when)} if option.when else said


def script(call: Call) -> Answer:
    """The embed line's script: it puts the form into a frame behind itself."""
    form = _form(call)
    address = orjson.dumps(f"/forms/{form.slug}?embed=1").decode()
    text = EMBED % (address, orjson.dumps(form.label).decode().replace("</", "<\\/"))
    headers = [
        ("cache-control", "public, max-age=300"),
        ("cross-origin-resource-policy", "cross-origin"),
    ]
    return Answer(200, text.encode(), "text/javascript; charset=utf-8", headers)


def ask(call: Call) -> Answer:
    """What a browser asks before it posts from another site."""
    return Answer(204, headers=preflight(call, _form(call)))


def post(call: Call) -> Answer:
    form = _form(call)
    answers = from_form(call.form) if call.form is not None else from_json(call.json_object())
    try:
        headers = check_origin(call, form)
    except Forbidden as problem:
        refused_site(call, form, answers, problem)
        raise
    if call.form is not None:
        check_once(form, answers)
        wants_json = "application/json" in call.headers.get("accept", "")
        if not wants_json:
            return _post_page(call, form, answers)
    try:
        receipt = submit(call, form, answers)
    except Problem as problem:
        problem.headers.update(dict(headers))
        raise
    return Answer.json({"submission": receipt.submission}, 201, headers)


def _post_page(call: Call, form: WebForm, answers: Answers) -> Answer:
    """A step of a browser: the next page, the same with what to fix, or the thanks."""
    step = _step(form, answers)
    if answers.text("press") == "back" and step > 0:
        return _again(call, form, answers, step - 1, [], 200)
    if answers.text("press") == "follow":
        return _again(call, form, answers, step, [], 200)
    if step < len(form.steps) - 1:
        return _next(call, form, answers, step)
    try:
        receipt = submit(call, form, answers)
    except Unprocessable as problem:
        at = _step_of(form, problem.errors, step)
        return _again(call, form, answers, at, problem.errors, problem.status)
    return _thanks(call, form, receipt)


def _thanks(call: Call, form: WebForm, receipt: Receipt) -> Answer:
    return (
        Answer.redirect(form.redirect) if form.redirect else done_page(call, form, receipt.message)
    )


def _step(form: WebForm, answers: Answers) -> int:
    """The step that was sent; a form that another site drew is all of them at once."""
    text = answers.text("step")
    last = len(form.steps) - 1
    return min(int(text), last) if text.isascii() and text.isdigit() and len(text) < 3 else last


def _next(call: Call, form: WebForm, answers: Answers, step: int) -> Answer:
    filled, _ = prefilled(call, form, answers)
    questions = asked(call.session, form, answers, filled).of(form.steps[step].questions)
    _, faults = read(call.session, questions, answers)
    missing = [f"/{name}" for name in filled]
    faults = [f for f in faults if f["code"] != "required" or f["pointer"] not in missing]
    faults += unknown(form, answers)
    at = step if faults else step + 1
    return _again(call, form, answers, at, faults, 422 if faults else 200)


def _again(
    call: Call,
    form: WebForm,
    answers: Answers,
    step: int,
    errors: Faults,
    status: int,
) -> Answer:
    """Show a step with everything that was typed; files that came along are kept."""
    signer = signer_of(call, form)
    files: Rows = {}
    try:
        read_token = check_token(call, form, answers)
        token = answers.text("token") or signer.token(call.session.now)
        read_token = read_token or signer.read_token(token, call.session.now)
    except Unprocessable as problem:
        token = signer.token(call.session.now)
        read_token = None
        if not errors:
            errors, status = problem.errors, problem.status
    if read_token is not None:
        if answers.uploads:
            limits.count(call.session, form, call.client)
        session = form_session(call.session, form, "")
        files, faults = keep_files(session, form.questions.values(), answers, signer, read_token)
        faults = [f for f in faults if f["code"] != "required"]
        if faults:
            step, status = _step_of(form, faults, step), 422
            errors = [*errors, *faults]
    else:
        read_token = signer.read_token(token, call.session.now)
    filled, _ = prefilled(call, form, answers)
    return form_page(
        call, form, step, answers,
        token=token, read=read_token, errors=errors, files=files, values=filled, status=status,
    )  # fmt: skip


def _step_of(form: WebForm, errors: Faults, current: int) -> int:
    """The first step with something to fix."""
    names = {one["pointer"].strip("/").partition("/")[0] for one in errors}
    for i, step in enumerate(form.steps):
        if any(question.field.name in names for question in step.questions):
            return i
    return current


def _public(method: str, path: str, handler: Any, about: str, **options: Any) -> Endpoint:
    return Endpoint(method, path, handler, Policy.PUBLIC, about, **options)


ENDPOINTS = (
    _public("GET", "/forms/{slug}.json", describe, "A web form's fields and a one-time token."),
    _public("OPTIONS", "/forms/{slug}.json", ask, "Which sites may load a web form."),
    _public("GET", "/forms/{slug}.js", script, "The script that embeds a web form."),
    _public("GET", "/forms/{slug}", show, "A web form's page.", page=True),
    _public("OPTIONS", "/forms/{slug}", ask, "Which sites may post to a web form."),
    _public(
        "POST",
        "/forms/{slug}",
        post,
        "Submit a web form.",
        form=True,
        files=None,
        max_body=MAX_UPLOAD,
        csrf=False,
        any_origin=True,
    ),
)
