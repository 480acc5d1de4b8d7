"""Values from a day on, for people: what is planned beside a field, and the page to plan it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup
from starlette.datastructures import FormData

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import day
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem, Unprocessable
from fluvial.pages.frame import action, page
from fluvial.pages.presenters import references, said
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href
from fluvial.records.drafts.dated_fields import Span, spans_of
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.record_locks import holds_on
from fluvial.records.over_time import planned_values
from fluvial.records.reading import reader
from fluvial.runtime.languages import in_words
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType

from .form_buttons import button_text
from .record_fields import faults_of, read_form, widget
from .record_rights import may_do
from .sent_rev import sent_rev
from .visibility import ShownField

Context = dict[str, Any]


def last_day(until: date) -> date:
    return until - timedelta(days=1)


def planned_words(
    session: Session, type_: ObjectType, record: str, fmt: ReaderFormat
) -> Mapping[str, list[Context]]:
    """For each field what is planned for it: `from 16 Jun 2026: 40`."""
    if not type_.dated_fields:
        return {}
    hidden = session.access.object(type_.name).hidden
    spans = [s for s in spans_of(session, type_, record) if s.planned or s.error]
    spans = [span for span in spans if span.field not in hidden]
    _want(type_, spans, fmt)
    fmt.names.load()
    found: dict[str, list[Context]] = {}
    for span in spans:
        field = type_.fields[span.field]
        value = said(field, wire_value(field, span.value), fmt) or "empty"
        day = fmt.plain_day(span.since) if span.since else ""
        if span.error:
            words = Markup("{} on {} failed: {}").format(value, day, span.error)
        else:
            words = Markup("from {}: {}").format(day, value)
        found.setdefault(span.field, []).append({"text": words, "bad": bool(span.error)})
    return found


def days_href(type_: ObjectType, record: str, field: str) -> str:
    return f"{record_href(type_.name, record)}/days/{field}"


def _want(type_: ObjectType, spans: Iterable[Span], fmt: ReaderFormat) -> None:
    for span in spans:
        field = type_.fields[span.field]
        fmt.names.want(references(field, [wire_value(field, span.value)]))


def _field(session: Session, type_: ObjectType, name: str) -> Field:
    field = next((f for f in type_.dated_fields if f.name == name), None)
    access = session.access.object(type_.name)
    if field is None or name in access.hidden:
        raise NotFound(f"{type_.label} has no dated field `{name}`.")
    return field


def _closed(session: Session, type_: ObjectType, record: str, field: Field) -> bool:
    """Whether the reader may not write a field of a record, or nobody may: it is locked."""
    if field.read_only or field.name in session.access.object(type_.name).read_only:
        return True
    hold = holds_on(session, type_, [record]).get(record)
    if hold is not None and field.name not in hold.open:
        return True
    return not may_do(session, type_, record, "update")


def days_page(
    call: Call, *, again: Any = None, error: str = "", others: Iterable[str] = ()
) -> Answer:
    """All that a field held and will hold, and the form for another value."""
    call.session = session = in_words(call.session)
    type_ = session.object(call.params["object"])
    record = reader.read_one(session, type_.name, call.params["id"])
    field = _field(session, type_, call.params["field"])
    fmt = format_of(session)
    spans = [s for s in spans_of(session, type_, record["id"]) if s.field == field.name]
    value = again if error or others else record[field.name]
    fmt.names.want(references(field, [value, record[field.name]]))
    _want(type_, spans, fmt)
    fmt.names.load()
    closed = _closed(session, type_, record["id"], field)
    shown = ShownField(field, visible=True, required=field.required, read_only=False)
    href = record_href(type_.name, record["id"])
    context: Context = {
        "title": f"{field.label} from a day on",
        "label": field.label,
        "action": "" if closed else days_href(type_, record["id"], field.name),
        "back": href,
        "rev": record["rev"],
        "day": _day_text(call, type_) or (session.today + timedelta(days=1)).isoformat(),
        "w": widget(shown, value, fmt, error=error, record=record["id"]),
        "multipart": field.kind.uploads,
        "errors": [{"href": f"#f-{field.name}", "message": text} for text in others],
        "rows": _rows(session, type_, record, field, spans, fmt, closed),
    }
    crumbs = [(type_.plural, f"/o/{type_.name}"), (str(record["title"]), href)]
    return page(
        call, "days.html", f"{field.label} from a day on", crumbs=crumbs,
        here=f"/o/{type_.name}", status=422 if error or others else 200, days=context,
    )  # fmt: skip


def _day_text(call: Call, type_: ObjectType) -> str:
    asked = call.query.get("day", "")
    return button_text(call, type_, "day") if call.form is not None else asked


def _rows(
    session: Session,
    type_: ObjectType,
    record: Mapping[str, Any],
    field: Field,
    spans: list[Span],
    fmt: ReaderFormat,
    closed: bool,
) -> list[Context]:
    if not spans:
        words = said(field, record[field.name], fmt)
        return [{"from": "Always", "until": "", "value": words, "state": "", "actions": []}]
    rows = []
    for span in spans:
        held = span.until is None or span.until > session.today
        state = "Planned" if span.planned else "Today" if held else ""
        rows.append(
            {
                "from": fmt.plain_day(span.since) if span.since else "The beginning",
                "until": fmt.plain_day(last_day(span.until)) if span.until else "",
                "value": said(field, wire_value(field, span.value), fmt),
                "state": span.error or state,
                "actions": [] if closed else list(_actions(type_, record["id"], span)),
            }
        )
    return rows


def _actions(type_: ObjectType, record: str, span: Span) -> Iterable[Context]:
    if span.planned or span.error:
        address = f"{days_href(type_, record, span.field)}/{span.id}/withdraw"
        yield action("Dismiss" if span.error else "Withdraw", address, "x", post=True)


def plan(call: Call) -> Answer:
    session = call.session
    type_ = session.object(call.params["object"], "update")
    field = _field(session, type_, call.params["field"])
    form = call.form if call.form is not None else FormData()
    body, again, faults = read_form(session, [field], form)
    if faults:
        return days_page(call, again=again.get(field.name), error=faults[field.name])
    try:
        since = day(call, button_text(call, type_, "day"), "day")
    except Problem as problem:
        return days_page(call, again=again.get(field.name), others=[problem.detail])
    try:
        planned_values.set_on(
            session, type_.name, call.params["id"], {field.name: None, **body}, since,
            rev=sent_rev(call),
        )  # fmt: skip
    except Unprocessable as problem:
        at_field, others = faults_of(problem, [field.name])
        error = at_field.get(field.name, "")
        return days_page(call, again=again.get(field.name), error=error, others=others)
    return Answer.redirect(days_href(type_, call.params["id"], field.name))


def withdraw(call: Call) -> Answer:
    type_ = call.session.object(call.params["object"], "update")
    planned_values.withdraw(call.session, type_.name, call.params["id"], call.params["plan"])
    return Answer.redirect(days_href(type_, call.params["id"], call.params["field"]))


_DAYS = "/o/{object}/{id}/days/{field}"

ENDPOINTS = (
    Endpoint("GET", _DAYS, days_page, Policy.SIGNED_IN, "The values of a field over "
                                                        "time.", page=True),
    Endpoint(
        "POST", _DAYS, plan, Policy.SIGNED_IN, "Plan a value from a day on.", page=True, form=True,
        max_body=MAX_UPLOAD,
    ),
    Endpoint(
        "POST", f"{_DAYS}/{{plan}}/withdraw", withdraw, Policy.SIGNED_IN,
        "Withdraw a planned value.", page=True, form=True,
    ),
)  # fmt: skip
