"""The pages of one record: its own page, new, edit, and what is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.datastructures import FormData

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import as_of
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Handler, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable
from fluvial.pages.as_of_bar import as_of_context
from fluvial.pages.change_set_words import (
    inside_href,
    inside_intro,
    inside_notice,
    inside_session,
    is_open,
    set_href,
    sets_for,
)
from fluvial.pages.field_addresses import given_values
from fluvial.pages.frame import Context, action, page, render, with_query
from fluvial.pages.lists import keys_of
from fluvial.pages.presenters import empty, face_of, references
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href
from fluvial.pages.record_offers import record_offers
from fluvial.pages.record_tabs import ShownOn
from fluvial.pages.sign_in import form_text
from fluvial.records.drafts.record_locks import RecordLocked
from fluvial.records.reading import reader
from fluvial.records.writing import transitions
from fluvial.records.writing.revealing import reveal
from fluvial.runtime.languages import in_words
from fluvial.runtime.reader_zone import zone_of
from fluvial.services import comments
from metamodel.catalog import ObjectType
from metamodel.errors import ValueFault
from metamodel.kinds.kind import TextFormat

from .action_pages import assignable
from .conflicts import conflict_context
from .form_buttons import button_text
from .found_record import found
from .layouts import layout_of
from .live import Live
from .record_defaults import defaults_of_new
from .record_fields import faults_of, read_form, safe_references, sections_of, widget
from .record_page import record_context
from .sent_rev import sent_rev
from .shown_record import Shown
from .visibility import ShownSection, draft_values, follow, leave_hidden, resolve


def show_record(call: Call) -> Answer:
    session = inside_session(call)
    day = as_of(call) if call.query.get("as_of") else None
    if day is not None and day != call.session.today:
        session = session.at(day)
    return _record_page(call, found(call, session))


def show_protected(call: Call) -> Answer:
    """The record's page with the value of one protected field, which is noted."""
    name = call.params["field"]
    value = reveal(call.session, call.params["object"], call.params["id"], name)
    shown = found(call, call.session)
    shown.record = {**shown.record, name: value}
    return _record_page(call, shown)


def _record_page(call: Call, shown: Shown) -> Answer:
    before = call.query.get("before", "")
    newest = (
        int(before) if before.isascii() and before.isdigit() and len(before) < 10 else 2**31 - 1
    )
    until = comments.until(call.query.get("until", ""))
    context = record_context(shown, call.query.get("related", ""), newest, until)
    if call.inside is None:
        context["as_of"] = as_of_context(shown.session, shown.fmt, shown.href)
    context["notices"] = [*inside_notice(call, shown.fmt), *context["notices"]]
    type_ = shown.type
    primary = _primary(call, shown)
    return page(
        call, "record.html", str(shown.record["title"]),
        crumbs=_crumbs(type_, shown.fmt.as_of), here=f"/o/{type_.name}", primary=primary,
        menu=_menu(call, shown), topics=f"record:{shown.id}",
        keys=keys_of(call, type_) | ({"edit": primary["href"]} if primary else {}),
        record=context,
    )  # fmt: skip


def _crumbs(type_: ObjectType, as_of: str = "") -> list[tuple[str, str]]:
    return [(type_.plural, with_query(f"/o/{type_.name}", as_of=as_of))]


def _primary(call: Call, shown: Shown) -> Context | None:
    if call.inside is not None:
        may = shown.may_update and is_open(call)
        return action("Edit", inside_href(call, f"{shown.href}/edit"), "pencil") if may else None
    if not shown.may_update or shown.closed or shown.session.as_of is not None:
        return None
    return action("Edit", f"{shown.href}/edit", "pencil")


def _menu(call: Call, shown: Shown) -> list[Context]:
    access, type_ = shown.session.access, shown.type
    if call.inside is not None:
        href = inside_href(call, f"{shown.href}/delete")
        gone = action(f"Delete with {call.inside.name}", href, "trash", post=True, danger=True)
        return [gone] if shown.may_delete and is_open(call) else []
    address = with_query(f"/api/records/{type_.name}/{shown.id}", as_of=shown.fmt.as_of)
    last = [action("As JSON", address, "code")] if access.admin else []
    if "read" in access.meta:
        last.append(action("Who may do what", _rights_href(shown), "shield-check"))
    if shown.session.as_of is not None:
        return last
    offered = transitions.shown_buttons(shown.session, type_, shown.values)
    items = [action("Assign to me", f"{shown.href}/assign", "user", post=True)]
    items = items if assignable(shown) else []
    items += [
        action(button.label, f"{shown.href}/actions/{button.name}", "bolt", post=True)
        | ({"ask_href": f"{shown.href}/ask?action={button.name}"} if button.asks else {})
        | ({"reason": button.reason} if button.reason else {})
        for button in offered
    ]
    items += record_offers(ShownOn(shown.session, type_, shown.id, shown.fmt))
    if access.object(type_.name).can("create"):
        items.append(action("Duplicate", f"/o/{type_.name}/new?copy={shown.id}", "copy"))
    if keeping := [one.label.lower() for one in sets_for(shown.session, type_)]:
        label = f"Change by {' or '.join(keeping)}"
        items.append(action(label, f"{shown.href}/change-sets", "git-branch"))
    if shown.may_delete and shown.hold is None:
        items.append(
            action("Move to the bin", f"{shown.href}/delete", "trash", post=True, danger=True)
        )
    return [*items, *last]


def _rights_href(shown: Shown) -> str:
    if shown.type.name == "user":
        return f"/studio/people/{shown.id}/access"
    return with_query("/studio/rights", object=shown.type.name, record=shown.id)


def edit_field(call: Call) -> Answer:
    """One field in edit, in place of its value."""
    shown = found(call, call.session, "update")
    name = call.params["field"]
    if "hx-request" not in call.headers:
        return Answer.redirect(f"{shown.href}/edit#f-{name}")
    hold = shown.hold
    if hold is not None and name not in hold.open and name in shown.type.fields:
        raise RecordLocked(hold.reason)
    for section in resolve(call.session, shown.layout, shown.values):
        for one in section.fields:
            if one.field.name == name and one.visible and not one.read_only:
                value = shown.record.get(name)
                shown.fmt.names.want(references(one.field, [value]))
                shown.fmt.names.load()
                w = widget(one, value, shown.fmt, record=shown.id) | {"help": "", "wide": False}
                return Answer.html(render(call, "_edit_field.html", w=w))
    raise NotFound(f"{shown.type.label} has no field `{name}` that you may change.")


def edit_page(
    call: Call,
    *,
    again: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None,
    others: list[str] | None = None,
) -> Answer:
    call.session = in_words(inside_session(call))
    shown = found(call, call.session, "update")
    values = {**shown.record, **(again or {})}
    canonical = draft_values(call.session, shown.type, shown.values, _readable(again))
    sections = resolve(call.session, shown.layout, canonical, before=shown.values, hold=shown.hold)
    live = follow(call.session, shown.layout, sections, canonical, before=shown.values)
    context = _form(shown.fmt, sections, live, values, faults or {}, others or [], shown.id)
    rev = form_text(call, "rev") if call.form is not None else ""
    context |= {
        "title": f"Edit {shown.record['title']}",
        "intro": inside_intro(call) or (shown.hold.reason if shown.hold is not None else ""),
        "action": inside_href(call, f"{shown.href}/edit"),
        "submit": "Save",
        "another": False,
        "cancel_href": inside_href(call, shown.href),
        "rev": rev or shown.record["rev"],
        "hidden": [],
    }
    return page(
        call, "record_form.html", "Edit",
        crumbs=[*_crumbs(shown.type), (str(shown.record["title"]), shown.href)],
        here=f"/o/{shown.type.name}", status=422 if faults or others else 200, form=context,
    )  # fmt: skip


def _readable(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}


def _form(
    fmt: ReaderFormat,
    sections: list[ShownSection],
    live: Live,
    values: Mapping[str, Any],
    faults: Mapping[str, str],
    others: list[str],
    record: str = "",
) -> Context:
    fields = [f.field for section in sections for f in section.fields]
    for field in fields:
        fmt.names.want(safe_references(field, values.get(field.name)))
    fmt.names.load()
    shown = sections_of(sections, values, fmt, faults, record, live)
    asked = {w["name"]: w["label"] for section in shown for w in section["fields"]}
    optional = any(w["optional_note"] for section in shown for w in section["fields"])
    labels = {field.name: field.label for field in fields}
    errors = [{"href": "", "message": message} for message in others]
    for name, message in faults.items():
        label = labels.get(name, name)
        text = message if message.lower().startswith(label.lower()) else f"{label}: {message}"
        errors.append({"href": f"#f-{name}" if name in asked else "", "message": text})
    return {
        "sections": shown,
        "errors": errors,
        "logic": live.json(f"/api/forms/layout/{live.type.name}", record, optional=optional),
        "multipart": any(f.kind.uploads for f in fields),
    }


def save(call: Call) -> Answer:
    """Save a form: faults come back at their fields, a newer value of somebody else as a choice."""
    shown = found(call, call.session, "update")
    form = call.form if call.form is not None else FormData()
    asked = [f for f in shown.layout.fields if f.writable and not f.read_only]
    body, again, faults = read_form(call.session, asked, form)
    for name in [name for name in body if form_text(call, f"keep.{name}") == "theirs"]:
        del body[name]
    if button_text(call, shown.type, "press") == "follow":
        return edit_page(call, again=again)
    leave_hidden(call.session, shown.layout, shown.values, _readable(again), body, faults)
    if faults:
        return edit_page(call, again=again, faults=faults)
    try:
        _update(call, shown, body, sent_rev(call))
    except Conflict as conflict:
        if "theirs" not in conflict.extra:
            raise
        context = conflict_context(shown, conflict, form)
        context["action"] = inside_href(call, context["action"])
        return page(
            call, "conflict.html", "Changed in the meantime", here=f"/o/{shown.type.name}",
            status=409, crumbs=[*_crumbs(shown.type), (str(shown.record["title"]), shown.href)],
            conflict=context,
        )  # fmt: skip
    except Unprocessable as problem:
        at_fields, others = faults_of(problem, [f.name for f in asked])
        return edit_page(call, again=again, faults=at_fields, others=others)
    return Answer.redirect(shown.href)


def _update(call: Call, shown: Shown, body: dict[str, Any], rev: int | None) -> None:
    """Write what the person changed: a field that they left alone is not theirs to set back."""
    for name in _left_alone(shown, shown.record, body):
        body[name] = shown.record.get(name)  # an input may show less than there is
    try:
        call.writes.update(shown.type.name, shown.id, body, rev=rev)
    except Conflict as conflict:
        untouched = _left_alone(
            shown, conflict.extra.get("base", {}), conflict.extra.get("yours", {})
        )
        if not untouched:
            raise
        rest = {name: value for name, value in body.items() if name not in untouched}
        call.writes.update(shown.type.name, shown.id, rest, rev=rev)


def _left_alone(shown: Shown, base: Mapping[str, Any], yours: Mapping[str, Any]) -> list[str]:
    fields = shown.type.fields
    return [
        name for name, value in yours.items()
        if face_of(fields[name]).alike(fields[name], base.get(name), value, shown.fmt)
    ]  # fmt: skip


def new_page(
    call: Call,
    *,
    again: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None,
    others: list[str] | None = None,
) -> Answer:
    call.session = session = in_words(call.session)
    type_ = session.object(call.params["object"], "create")
    layout = layout_of(session.catalog, type_.name, session.access)
    fmt = format_of(session)
    given = dict(again) if again is not None else _given(call, type_)
    start = defaults_of_new(session, type_, given if again is None else {})
    values = {**start, **given} if again is None else given
    canonical = draft_values(session, type_, None, _readable(values))
    sections = resolve(session, layout, canonical, new=True)
    # What comes back with faults was sent, so none of it is a default any more.
    chosen = given if again is None else None
    live = follow(session, layout, sections, canonical, new=True, given=chosen)
    context = _form(fmt, sections, live, values, faults or {}, others or [])
    made = [f.label.lower() for f in layout.fields if f in type_.numbered_fields]
    label = type_.label.lower()
    context |= {
        "title": f"New {label}",
        "intro": inside_intro(call) or (f"The {made[0]} is assigned on saving." if made else ""),
        "action": inside_href(call, f"/o/{type_.name}/new"),
        "submit": f"Add the {label}",
        "another": call.inside is None,
        "cancel_href": set_href(call.inside) if call.inside else f"/o/{type_.name}",
        "rev": "",
        "hidden": [],
    }
    return page(
        call, "record_form.html", f"New {label}", crumbs=_crumbs(type_), here=f"/o/{type_.name}",
        status=422 if faults or others else 200, form=context,
    )  # fmt: skip


def _given(call: Call, type_: ObjectType) -> dict[str, Any]:
    """Values that the address brings, or those of the record that is copied."""
    session = call.session
    values: dict[str, Any] = {}
    if is_id(copied := call.query.get("copy", "")):
        record = reader.read_one(session, type_.name, copied)
        for field in type_.own_fields:
            plain = field.writable and not field.read_only and not field.unique
            if plain and not field.kind.uploads and not empty(record.get(field.name)):
                values[field.name] = record[field.name]
        if type_.states:
            values.pop(type_.states.field, None)
    for name, text in given_values(call.query).items():
        field_ = type_.fields.get(name)
        if field_ is not None and field_.writable and not field_.read_only and text:
            with suppress(ValueFault):
                value = field_.kind.parse_text(field_, text, TextFormat(zone=str(zone_of(session))))
                values[name] = field_.kind.wire(field_, value)
    return values


def create(call: Call) -> Answer:
    session = call.session
    type_ = session.object(call.params["object"], "create")
    layout = layout_of(session.catalog, type_.name, session.access)
    form = call.form if call.form is not None else FormData()
    asked = [f for f in layout.fields if f.writable and not f.read_only]
    body, again, faults = read_form(session, asked, form)
    if button_text(call, type_, "press") == "follow":
        return new_page(call, again=again)
    leave_hidden(session, layout, None, _readable(again), body, faults)
    if faults:
        return new_page(call, again=again, faults=faults)
    try:
        record = call.writes.create(type_.name, body)
    except Unprocessable as problem:
        at_fields, others = faults_of(problem, [f.name for f in asked])
        return new_page(call, again=again, faults=at_fields, others=others)
    if button_text(call, type_, "another"):
        return Answer.redirect(with_query(f"/o/{type_.name}/new"))
    return Answer.redirect(record_href(type_.name, record["id"]))


_NEW = "/o/{object}/new"
_ONE = "/o/{object}/{id}"


INSIDE = (new_page, create, show_record, edit_page, save)  # also inside a change set


def _get(path: str, handler: Handler, about: str) -> Endpoint:
    inside = handler in INSIDE
    return Endpoint("GET", path, handler, Policy.SIGNED_IN, about, page=True, inside=inside)


def _post(path: str, handler: Handler, about: str) -> Endpoint:
    return Endpoint(
        "POST", path, handler, Policy.SIGNED_IN, about,
        page=True, form=True, files=None if handler in (create, save) else (), max_body=MAX_UPLOAD,
        inside=handler in INSIDE,
    )  # fmt: skip


ENDPOINTS = (
    _get(_NEW, new_page, "A new record."),
    _post(_NEW, create, "Create a record."),
    _get(_ONE, show_record, "A record."),
    _get(f"{_ONE}/edit", edit_page, "Edit a record."),
    _post(f"{_ONE}/edit", save, "Save a record."),
    _get(f"{_ONE}/edit/{{field}}", edit_field, "Edit one field in place."),
    _post(f"{_ONE}/reveal/{{field}}", show_protected, "Show a protected field."),
)
