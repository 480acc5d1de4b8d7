"""The stopwatch on pages: in the top bar of each, Start on records, and what Stop asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from fluvial.http.call import Answer, Call
from fluvial.http.form_files import refuse_files
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable
from fluvial.pages.frame import Context, action, page, render, with_query
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href
from fluvial.pages.record_tabs import ShownOn
from fluvial.runtime.session import Session
from forms.record_defaults import defaults_of_new
from forms.record_fields import faults_of, read_form, safe_references, widget
from forms.visibility import ShownField
from metamodel.kinds.duration import clock_text

from .running_watches import (
    MINUTE,
    Running,
    asked_fields,
    elapsed,
    running,
    start,
    stop,
    usable,
)

ASKED = ".asked"
STOP = "/stopwatch/stop"


def in_top_bar(session: Session) -> tuple[str, Mapping[str, Any]] | None:
    """The stopwatch of the reader that runs, on every page."""
    there = running(session)
    if there is None:
        return None
    fmt = format_of(session)
    part = {
        "since": there.record[there.watch.starts],
        "elapsed": _clock(session, there),
        "title": _title(there, fmt),
        "href": record_href(there.type.name, there.id),
        "stop_href": STOP,
    }
    return "_stopwatch.html", part


def _clock(session: Session, there: Running) -> str:
    seconds = elapsed(session, there)
    return clock_text(seconds - seconds % MINUTE)


def _title(there: Running, fmt: ReaderFormat) -> str:
    """On what it runs, as far as the reader may see that."""
    if there.subject is not None:
        fmt.names.want([there.subject])
        fmt.names.load()
        title = fmt.names.title(*there.subject)
        if title:
            return title
    return str(there.record["title"])


def offers(shown: ShownOn) -> Sequence[Context]:
    """Start, on the page of a record that time is taken on."""
    session, found = shown.session, []
    if session.as_of is not None:
        return []
    for type_, watch in usable(session):
        writable = session.access.writable(type_.name)
        for name in watch.subjects:
            if writable.keys() < {name} or type_.fields[name].to != shown.type.name:
                continue
            if watch.owner != watch.person and not defaults_of_new(session, type_, {})[watch.owner]:
                break  # it would be nobody's
            there = running(session)
            if there is None or there.subject != (shown.type.name, shown.id):
                href = _start_href(type_.name, name, shown.id)
                made = action("Start stopwatch", href, "player-play", post=True)
                found.append(made | {"shown": True})
            break
    return found


def _start_href(object_name: str, field: str, record: str, **more: str) -> str:
    path = f"/stopwatch/{object_name}/start"
    return with_query(path, **{"for": field, "record": record}, **more)


def begin(call: Call) -> Answer:
    """Start one on a record; if another one runs, whether that is to be stopped."""
    session, name = call.session, call.params["object"]
    field, record = call.query.get("for", ""), call.query.get("record", "")
    type_ = session.object(name, "create")
    known = type_.fields.get(field)
    if known is None or not known.to or known.many:
        raise NotFound(f"{type_.label} has no look-up `{field}`.")
    href = record_href(known.to, record)
    try:
        start(session, name, {field: record}, instead=call.flag("instead"))
    except Conflict:
        there = running(session)
        if there is None:
            raise
        instead = _start_href(name, field, record, instead="true")
        return _other_runs(call, there, instead, href)
    return Answer.redirect(href)


def _other_runs(call: Call, there: Running, instead: str, back: str) -> Answer:
    fmt = format_of(call.session)
    other = {
        "title": _title(there, fmt),
        "since": fmt.moment(there.since),
        "elapsed": _clock(call.session, there),
        "instead_href": instead,
        "stop_href": STOP,
        "back_href": back,
    }
    return page(call, "stopwatch.html", "A stopwatch runs already", other=other, status=409)


def ask(call: Call) -> Answer:
    """What Stop asks for: how long it took, and what the object says beside it."""
    there = running(call.session)
    return _none(call) if there is None else _shown(call, there)


def end(call: Call) -> Answer:
    there = running(call.session)
    form = call.form if call.form is not None else FormData()
    if there is None:
        refuse_files(form, ())
        return _none(call)
    fields = asked_fields(call.session, there)
    body, again, faults = read_form(call.session, fields, form)
    others: list[str] = []
    if not faults:
        try:
            stop(call.session, there, body)
        except Unprocessable as problem:
            faults, others = faults_of(problem, [field.name for field in fields])
        else:
            return Answer.redirect(_behind(there))
    return _shown(call, there, again, faults, others)


def _behind(there: Running) -> str:
    return record_href(*(there.subject or (there.type.name, there.id)))


def _none(call: Call) -> Answer:
    if "hx-request" in call.headers:
        return Answer.empty()  # it was stopped elsewhere
    return Answer.redirect("/")


def _shown(
    call: Call,
    there: Running,
    again: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None,
    others: Sequence[str] = (),
) -> Answer:
    session, fmt, told = call.session, format_of(call.session), faults or {}
    fields = asked_fields(session, there)
    values = {**there.record, there.watch.length: elapsed(session, there), **(again or {})}
    for field in fields:
        fmt.names.want(safe_references(field, values.get(field.name)))
    title = _title(there, fmt)
    context: Context = {
        "title": "Stop",
        "record": f"{title}, since {fmt.moment(there.since)}",
        "action": STOP,
        "api": f"/api/stopwatches/{there.type.name}/stop",
        "asked": ASKED,
        "rev": "",
        "back_href": _behind(there),
        "fields": [
            widget(_asked(field.name, there), values.get(field.name), fmt,
                   error=told.get(field.name, ""), record=there.id)
            | {"optional_note": True, "needed_note": False, "wide": False}
            for field in fields
        ],
        "errors": [{"href": "", "message": message} for message in others],
        "multipart": any(field.kind.uploads for field in fields),
    }  # fmt: skip
    if "hx-request" in call.headers:
        return Answer.html(render(call, "_ask.html", ask=context))
    return page(call, "ask.html", "Stop", ask=context, status=422 if told or others else 200)


def _asked(name: str, there: Running) -> ShownField:
    field = there.type.fields[name]
    needed = field.required or name == there.watch.length
    return ShownField(field, visible=True, required=needed, read_only=False)


ENDPOINTS = (
    Endpoint(
        "POST", "/stopwatch/{object}/start", begin, Policy.SIGNED_IN,
        "Start a stopwatch on a record.", page=True, form=True,
    ),
    Endpoint("GET", STOP, ask, Policy.SIGNED_IN, "What a stopwatch asks for.", page=True),
    Endpoint(
        "POST", STOP, end, Policy.SIGNED_IN, "Stop a stopwatch.", page=True, form=True,
        files=None,
    ),
)  # fmt: skip
