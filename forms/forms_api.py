"""Layouts and prefilled links over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.pages.presenters import face_of, references
from fluvial.pages.reader_format import format_of
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.record_locks import holds_on
from fluvial.records.drafts.references import check_references
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session
from metamodel.errors import ValueFault
from metamodel.kinds.datetime import moment

from .layouts import Layout, layout_of
from .submissions import parsed, refuse, signer_of
from .visibility import draft_values, resolve, wire
from .webforms import find_webform

SHOWN = ("value", "currency", "selected", "object")  # parts of a widget that a default fills


def show_layout(call: Call) -> Answer:
    """The layout in force for a record, or for a new one."""
    call.only("id", "as_of")
    return _layout(call, session_of_day(call), call.query.get("id"), {})


def try_layout(call: Call) -> Answer:
    """The same for what is being typed, so that conditional fields come and go."""
    call.only()
    body = call.json_object("id", "values")
    values = body.get("values", {})
    if not isinstance(values, dict):
        message = "`values` must be the fields of the record."
        raise Unprocessable(message, errors=[fault("/values", "not_an_object", message)])
    return _layout(call, call.session, body.get("id"), values)


def _layout(call: Call, session: Session, record: object, body: dict[str, object]) -> Answer:
    type_ = session.object(call.params["object"])
    before: Values | None = None
    if record is not None:
        before = load_row(session, type_.name, str(record), "read") if is_id(record) else None
        if before is None:
            raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    layout = layout_of(session.catalog, type_.name, session.access)
    values = draft_values(session, type_, before, body)
    hold = holds_on(session, type_, [before["id"]]).get(before["id"]) if before else None
    shown = resolve(session, layout, values, before=before, new=before is None, hold=hold)
    answer = wire(layout, shown)
    if before is None:
        answer["defaults"] = _defaults(session, layout, values, body)
    return Answer.json(answer)


def _defaults(
    session: Session, layout: Layout, values: Values, body: Mapping[str, object]
) -> dict[str, Any]:
    """What the inputs of fields show that nobody has given a value yet."""
    fmt = format_of(session)
    masked = session.access.object(layout.object).masked
    fields = [f for f in layout.fields if f.default is not None and f.name not in (*body, *masked)]
    shown = {f.name: wire_value(f, values.get(f.name)) for f in fields}
    for field in fields:
        fmt.names.want(references(field, [shown[field.name]]))
    fmt.names.load()
    widgets = {f.name: face_of(f).widget(f, shown[f.name], fmt) for f in fields}
    return {
        name: {part: widget[part] for part in SHOWN if part in widget}
        for name, widget in widgets.items()
    }


def make_link(call: Call) -> Answer:
    """A link that fills in fields which the poster cannot choose."""
    call.only()
    session = call.session
    form = find_webform(session.catalog, call.params["slug"])
    type_ = session.object(form.object, "create")
    body = call.json_object("values", "expires")
    values = body.get("values")
    if not isinstance(values, dict) or not values:
        message = "`values` must be the fields that the link fills in."
        raise Unprocessable(message, errors=[fault("/values", "required", message)])
    canonical, faults = parsed(form, values)
    refuse(faults)
    draft = Draft(session, type_, new_id(), None, {}, "/values")
    for name, value in canonical.items():
        draft.set(name, value)
    check_references(draft)
    draft.refuse_faults()
    token = signer_of(call, form).link(values, _expires(body.get("expires")))
    address = f"{call.base_url}/forms/{form.slug}?{urlencode({'prefill': token})}"
    return Answer.json({"url": address, "prefill": token}, 201)


def _expires(raw: object) -> datetime | None:
    if raw is None:
        return None
    try:
        return moment(raw)
    except ValueFault as error:
        raise Unprocessable(
            error.message, errors=[fault("/expires", error.code, error.message)]
        ) from error


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/forms/layout/{object}",
        show_layout,
        Policy.SIGNED_IN,
        "The layout of a record's page.",
    ),
    Endpoint(
        "POST",
        "/api/forms/layout/{object}",
        try_layout,
        Policy.SIGNED_IN,
        "The layout of a page while a form is being filled in.",
    ),
    Endpoint(
        "POST",
        "/api/forms/{slug}/links",
        make_link,
        Policy.SIGNED_IN,
        "A signed link that fills in fields of a web form.",
    ),
)
