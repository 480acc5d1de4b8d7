"""A new record from within another form: only what it cannot do without, in a dialog."""

from __future__ import annotations

from collections.abc import Iterator

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.field_addresses import new_address
from fluvial.pages.frame import Context, render
from fluvial.pages.reader_format import format_of
from metamodel.catalog import Field, ObjectType
from metamodel.object_types import placeholders

from .layouts import layout_of
from .record_defaults import defaults_of_new
from .record_fields import safe_references, widget
from .visibility import ShownField, draft_values, resolve


def quick_form(call: Call) -> Answer:
    """The questions of a new record whose title is known by some words."""
    session = call.session
    type_ = session.object(call.params["object"], "create")
    words = call.query.get("words", "").strip()
    titled = [f.name for f in _titled(type_)]
    given = {titled[0]: words} if titled and words else {}
    values = {**defaults_of_new(session, type_, {}), **given}
    layout = layout_of(session.catalog, type_.name, session.access)
    canonical = draft_values(session, type_, None, given)
    shown = [
        one
        for section in resolve(session, layout, canonical, new=True)
        for one in section.fields
        if section.visible and one.visible and not one.read_only and not one.field.system
    ]
    asked = [f for f in shown if f.required or f.field.name in titled]
    fmt = format_of(session)
    for one in asked:
        fmt.names.want(safe_references(one.field, values.get(one.field.name)))
    fmt.names.load()
    label = type_.label.lower()
    context: Context = {
        "title": f"New {label}",
        "record": "",
        "action": new_address(type_, {}),
        "api": f"/api/records/{type_.name}",
        "asked": ".asked",
        "rev": "",
        "back_href": f"/o/{type_.name}",
        "fields": [
            widget(_first(one), values.get(one.field.name), fmt)
            | {"optional_note": True, "needed_note": False, "wide": False}
            for one in asked
        ],
        "errors": [],
        "multipart": any(one.field.kind.uploads for one in asked),
    }
    return Answer.html(render(call, "_ask.html", ask=context))


def _first(one: ShownField) -> ShownField:
    return ShownField(one.field, visible=True, required=one.required, read_only=False)


def _titled(type_: ObjectType) -> Iterator[Field]:
    """The texts that the title is made of."""
    for name in placeholders(type_.title):
        field = type_.fields.get(name)
        if field is not None and field.writable and field.kind.titles:
            yield field


ENDPOINTS = (
    Endpoint(
        "GET", "/o/{object}/quick", quick_form, Policy.SIGNED_IN,
        "The least that a new record needs.", page=True,
    ),
)  # fmt: skip
