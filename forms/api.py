"""Layouts and prefilled links over HTTP."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from fluvial.errors import NotFound, Unprocessable, fault
from fluvial.http.call import Answer, Call
from fluvial.http.parameters import session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.ids import new_id
from fluvial.records.draft import Draft
from fluvial.records.references import check_references
from fluvial.records.rows import Values, load_row
from fluvial.session import Session
from metamodel.errors import ValueFault
from metamodel.kinds.datetime import moment

from .conditions import draft_values, resolve, wire
from .layouts import layout_of
from .submissions import parsed, refuse, signer_of
from .webforms import find_webform


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
        message = "`values` holds fields of the record."
        raise Unprocessable(message, errors=[fault("/values", "not_an_object", message)])
    return _layout(call, call.session, body.get("id"), values)


def _layout(call: Call, session: Session, record: str | None, body: dict[str, object]) -> Answer:
    type_ = session.object(call.params["object"])
    before: Values | None = None
    if record is not None:
        before = load_row(session, type_.name, str(record), "read")
        if before is None:
            raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    layout = layout_of(session.catalog, type_.name, session.access)
    values = draft_values(session, type_, before, body)
    shown = resolve(session, layout, values, before=before, new=before is None)
    return Answer.json(wire(layout, shown))


def make_link(call: Call) -> Answer:
    """A link that fills in fields which the poster cannot choose."""
    call.only()
    session = call.session
    form = find_webform(session.catalog, call.params["slug"])
    type_ = session.object(form.object, "create")
    body = call.json_object("values", "expires")
    values = body.get("values")
    if not isinstance(values, dict) or not values:
        message = "`values` holds the fields that the link fills in."
        raise Unprocessable(message, errors=[fault("/values", "required", message)])
    canonical, faults = parsed(form, values)
    refuse(faults)
    draft = Draft(session, type_, new_id(), None, {}, "/values")
    for name, value in canonical.items():
        draft.set(name, value)
    check_references(draft)
    draft.refuse_faults()
    token = signer_of(call, form).link(values, _expires(body.get("expires")))
    address = f"{call.engine.settings.base_url}/forms/{form.slug}?{urlencode({'prefill': token})}"
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
        "How a record's page is laid out.",
    ),
    Endpoint(
        "POST",
        "/api/forms/layout/{object}",
        try_layout,
        Policy.SIGNED_IN,
        "How the page of what is being typed is laid out.",
    ),
    Endpoint(
        "POST",
        "/api/forms/{slug}/links",
        make_link,
        Policy.SIGNED_IN,
        "A signed link that fills in fields of a web form.",
    ),
)
