"""Submissions of web forms: what was kept, refused and quarantined, and what one does about it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, NotFound, Problem, Unprocessable, fault
from fluvial.pages.frame import Context, action, page, with_query
from fluvial.pages.navigation import BUILD, NavigationItem
from fluvial.pages.reader_format import format_of, record_href
from fluvial.runtime.languages import typed_form
from fluvial.transfer.exports import safe
from metamodel.catalog import Catalog
from metamodel.errors import ValueFault
from metamodel.kinds.datetime import moment
from metamodel.storage import timestamp_wire

from . import held_answers, submission_views
from .answers import Answers, from_form, shown, typed
from .held_answers import HeldAnswers
from .submission_views import KEPT, PAGE
from .submissions import form_session, send_on
from .webforms import WebForm, webforms_of
from .widgets import widget

HERE = "/submissions"
STATES = {KEPT: "Kept", held_answers.REFUSED: "Refused", held_answers.QUARANTINED: "Quarantined"}
ABOUT = {
    KEPT: "Answers that became records. Deleting one means deleting its record.",
    held_answers.REFUSED: "Answers that were not valid when they were sent. If somebody corrected "
    "theirs and sent them again, only the corrected ones are here.",
    held_answers.QUARANTINED: "Answers that look like those of a machine: sent too quickly or too "
    "often, from a site that is not on the form’s list, or with the hidden field filled in.",
}
EXPORTED = 1_000


def _forms(call: Call) -> list[WebForm]:
    """The forms whose submissions somebody may read: of objects that they may read all of."""
    access = call.session.access
    forms = webforms_of(call.session.catalog).values()
    return [f for f in forms if access.object(f.object).where.get("read", ()) is None]


def entry(catalog: Catalog, access: Access) -> list[NavigationItem]:
    """The way in, for those who build and may read what some form creates."""
    forms = webforms_of(catalog).values()
    found = any(access.object(form.object).where.get("read", ()) is None for form in forms)
    if not (found and "read" in access.meta):
        return []
    return [NavigationItem(BUILD, "Submissions", "inbox", HERE, position=5)]


def _form(call: Call) -> WebForm:
    name = call.params["name"]
    known = {form.name for form in webforms_of(call.session.catalog).values()}
    found = next((form for form in _forms(call) if form.name == name), None)
    if found is None and name in known:
        raise Forbidden("Submissions are for people who may read all records of their object.")
    if found is None:
        raise NotFound(f"There is no web form `{name}`.")
    return found


def _may_change(call: Call, form: WebForm) -> bool:
    return call.session.access.object(form.object).can("create")


def overview(call: Call) -> Answer:
    """All forms with their counts."""
    call.only()
    catalog = call.session.catalog
    items = [
        {
            "label": form.label,
            "href": f"{HERE}/{form.name}",
            "object": catalog.objects[form.object].plural,
            "counts": _tabs(call, form, ""),
        }
        for form in sorted(_forms(call), key=lambda one: one.label)
    ]
    return page(
        call, "submissions.html", "Submissions", here=HERE,
        submissions={"forms": items, "days": held_answers.KEEP_DAYS},
    )  # fmt: skip


def _tabs(call: Call, form: WebForm, now: str) -> list[Context]:
    counts = submission_views.counted(call.session, form)
    return [
        {
            "label": label,
            "count": submission_views.shown_count(counts[state]),
            "href": with_query(f"{HERE}/{form.name}", state="" if state == KEPT else state),
            "current": state == now,
        }
        for state, label in STATES.items()
    ]


def _state(call: Call) -> str:
    state = call.query.get("state", KEPT)
    if state not in STATES:
        message = f"`state` must be one of {', '.join(STATES)}."
        raise Problem(message, errors=[fault("state", "unknown_value", message)])
    return state


def show(call: Call) -> Answer:
    query = call.only("state", "before")
    form, state = _form(call), _state(call)
    found = submission_views.entries(call.session, form, state, _before(query), PAGE + 1)
    fmt, address = format_of(call.session), f"{HERE}/{form.name}"
    entries, more = found[:PAGE], len(found) > PAGE
    last = timestamp_wire(entries[-1].at) if entries else ""
    submissions: Context = {
        "form": form.label,
        "tabs": _tabs(call, form, state),
        "about": ABOUT[state],
        "days": held_answers.KEEP_DAYS,
        "state": state,
        "items": [submission_views.listed(fmt, form, entry, address) for entry in entries],
        "more": with_query(address, state=state, before=last) if more else "",
        "may_change": _may_change(call, form),
        "address": address,
    }
    links = [action("Export as CSV", with_query(f"{address}/export", state=state), "download")]
    if "read" in call.session.access.meta:
        links.append(action("Edit the form", f"/studio/webform/{form.name}", "pencil"))
    return page(
        call, "submissions_of.html", f"Submissions of {form.label}", here=HERE,
        crumbs=[("Submissions", HERE)], menu=links, submissions=submissions,
    )  # fmt: skip


def _before(query: dict[str, str]) -> datetime:
    text = query.get("before", "")
    try:
        return moment(text) if text else datetime(9000, 1, 1, tzinfo=UTC)
    except ValueFault as error:
        message = "`before` must be a moment, as the link to the next page has it."
        raise Problem(message, errors=[fault("before", "not_a_moment", message)]) from error


def export(call: Call) -> Answer:
    """The newest of one state as CSV, with the columns that the reader may read."""
    call.only("state")
    form, state = _form(call), _state(call)
    found = submission_views.entries(call.session, form, state, _before({}), EXPORTED)
    labels = [one.label for one in submission_views.readable(call.session, form).values()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe(label) for label in ("Sent", "State", "Record", "Why", *labels)])
    for entry in found:
        values = [entry.values.get(label, "") for label in labels]
        why = " ".join(entry.reasons)
        cells = (timestamp_wire(entry.at), STATES[state], entry.title, why, *values)
        writer.writerow([safe(cell) for cell in cells])
    name = f"{form.slug}-{state}.csv"
    headers = [("content-disposition", f'attachment; filename="{name}"')]
    body = b"\xef\xbb\xbf" + text.getvalue().encode()
    return Answer(200, body, "text/csv; charset=utf-8", headers)


def _held(call: Call, form: WebForm) -> HeldAnswers:
    id = call.params["id"]
    found = held_answers.one(call.session, form, id) if is_id(id) else None
    if found is None:
        raise NotFound("These answers are no longer kept, or somebody has dealt with them.")
    return found


def correct(call: Call) -> Answer:
    """Held answers in the form's own fields, with what is wrong beside them."""
    call.only()
    form = _form(call)
    held = _held(call, form)
    faults = [one for one in held.faults if one["pointer"]]
    return _correction(call, form, held, held.answers, faults)


def _correction(
    call: Call,
    form: WebForm,
    held: HeldAnswers,
    answers: Answers,
    faults: list[Any],
    status: int = 200,
) -> Answer:
    session = call.session
    entry = submission_views.held_entry(session, form, held)
    questions = list(submission_views.readable(session, form).values())
    unread = form.questions.keys() - {question.field.name for question in questions}
    label = session.catalog.objects[form.object].label
    address = f"{HERE}/{form.name}"
    back = with_query(address, state=held.state)
    may = _may_change(call, form)
    context: Context = {
        "title": f"{STATES[held.state]} answers",
        "when": format_of(session).ago(held.at),
        "reasons": list(entry.reasons) if status == 200 else [],
        "action": f"{address}/{held.id}" if may else "",
        "delete": f"{address}/{held.id}/delete" if may else "",
        "submit": f"Create the {label.lower()}",
        "cancel_href": back,
        "errors": [
            {"href": f"#f-{one['pointer'].strip('/')}", "message": one["message"]}
            for one in faults
            if one["pointer"].strip("/").partition("/")[0] not in unread
        ] if status != 200 else [],
        "pairs": [{"label": label, "text": text} for label, text in entry.values.items()],
        "fields": _widgets(call, form, answers, faults) if may else [],
        "files": any(held.files.get(q.field.name) for q in questions),
    }  # fmt: skip
    crumbs = [("Submissions", HERE), (form.label, back)]
    return page(
        call, "submission.html", context["title"], here=HERE, crumbs=crumbs,
        status=status, submission=context,
    )  # fmt: skip


def _widgets(call: Call, form: WebForm, answers: Answers, faults: list[Any]) -> list[Context]:
    questions = list(submission_views.readable(call.session, form).values())
    how = typed_form(form_session(call.session, form, ""))
    texts = _as_texts(call, form, answers) if answers.json else answers
    messages: dict[str, str] = {}
    for one in faults:
        messages.setdefault(one["pointer"].strip("/").partition("/")[0], one["message"])
    said = typed(questions, texts)
    return [
        widget(
            question, said[question.field.name], given=None,
            error=messages.get(question.field.name, ""), form=how,
            currency=texts.text(f"{question.field.name}.currency"), files=[],
        ) | {"hidden": False}
        for question in questions
    ]  # fmt: skip


def _as_texts(call: Call, form: WebForm, answers: Answers) -> Answers:
    """JSON values as the inputs hold them, as far as they are valid; others as they came."""
    how = typed_form(form_session(call.session, form, ""))
    texts: dict[str, list[str]] = {}
    for name, value in answers.values.items():
        if name not in form.questions or value in (None, "", []):
            continue
        field = form.questions[name].field
        try:
            held = shown(field, field.kind.parse(field, value), how)
        except ValueFault:
            held = value
        texts[name] = [str(one) for one in held] if isinstance(held, list) else [str(held)]
    return Answers(texts=texts)


def create(call: Call) -> Answer:
    """Make the record, as the form itself would have, from what somebody corrected."""
    form = _form(call)
    held = _held(call, form)
    _refuse_readers(call, form)
    assert call.form is not None
    answers = _merged(call, form, held, from_form(call.form))
    try:
        record = send_on(call, form, held, answers)
    except Unprocessable as problem:
        return _correction(call, form, held, answers, list(problem.errors), 422)
    return Answer.redirect(record_href(form.object, record))


def _merged(call: Call, form: WebForm, held: HeldAnswers, sent: Answers) -> Answers:
    """What was corrected; what the reader may not read stays as it was sent."""
    questions = submission_views.readable(call.session, form)
    before = held.answers
    old = _as_texts(call, form, before).texts if before.json else before.texts
    unread = {name: texts for name, texts in old.items() if name.partition(".")[0] not in questions}
    mine = {n: texts for n, texts in sent.texts.items() if n.partition(".")[0] in questions}
    if before.text("prefill"):
        unread["prefill"] = [before.text("prefill")]
    uploads = {name: files for name, files in sent.uploads.items() if name in questions}
    return Answers(texts={**unread, **mine}, uploads=uploads)


def _refuse_readers(call: Call, form: WebForm) -> None:
    if not _may_change(call, form):
        plural = call.session.catalog.objects[form.object].plural.lower()
        raise Forbidden(f"Your roles do not allow you to create {plural}.")


def delete(call: Call) -> Answer:
    form = _form(call)
    held = _held(call, form)
    _refuse_readers(call, form)
    held_answers.delete(call.session, form, held.id)
    return Answer.redirect(with_query(f"{HERE}/{form.name}", state=held.state))


_FORM = f"{HERE}/{{name}}"
_ONE = f"{_FORM}/{{id}}"

ENDPOINTS = (
    Endpoint("GET", HERE, overview, Policy.SIGNED_IN, "Answers to web forms.", page=True),
    Endpoint("GET", _FORM, show, Policy.SIGNED_IN, "Answers to one web form.", page=True),
    Endpoint("GET", f"{_FORM}/export", export, Policy.SIGNED_IN, "Answers as CSV.", page=True),
    Endpoint("GET", _ONE, correct, Policy.SIGNED_IN, "Answers to correct.", page=True),
    Endpoint(
        "POST", _ONE, create, Policy.SIGNED_IN, "A record from corrected answers.",
        page=True, form=True, files=None, max_body=MAX_UPLOAD,
    ),
    Endpoint(
        "POST", f"{_ONE}/delete", delete, Policy.SIGNED_IN, "Delete refused answers.",
        page=True, form=True,
    ),
)  # fmt: skip
