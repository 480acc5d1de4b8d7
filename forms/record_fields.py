"""Fields of a form page: what their templates need, and what a posted form says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.datastructures import FormData

from fluvial.http.form_files import NOT_A_FILE, files_elsewhere, refuse_files
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Problem
from fluvial.pages.presenters import empty, face_of, references, uploads, widget_kind
from fluvial.pages.presenters.presenter import text_in
from fluvial.pages.reader_format import ReaderFormat, Typed
from fluvial.runtime.languages import typed_form
from fluvial.runtime.session import Session
from fluvial.transfer import files
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.expressions.types import ROLE
from rules.filled import is_template

from .answers import PARTS
from .live import Live
from .visibility import ShownField, ShownSection

Context = dict[str, Any]
Body = dict[str, Any]
TALL = 6  # so many options of several choices take the full width


def widget(
    shown: ShownField, value: Any, fmt: ReaderFormat, *, error: str = "", record: str = ""
) -> Context:
    """The context of `kinds/KIND.html`."""
    field = shown.field
    face = face_of(field)
    picks = [*field.picks.values(), *([field.pick] if field.pick else ())]
    w: Context = {
        "kind": widget_kind(field.kind),
        "holds": face.holds,
        "id": f"f-{field.name}",
        "name": field.name,
        "label": field.label,
        "required": shown.required,
        "read_only": shown.read_only,
        "hidden": not shown.visible,
        "error": error,
        "help": field.help,
        "wide": face.wide or len(field.type.options) > TALL and field.many,
        "depends": ",".join(sorted({path[0] for pick in picks for path in pick.outer})),
    }
    try:
        w |= face.widget(field, value, fmt)
    except (TypeError, ValueError, KeyError, AttributeError):
        # What was typed is not valid as a value: it is shown as it was typed.
        w |= face.widget(field, None, fmt) | {"value": value}
    if record and field.option("protected"):
        w["hint"] = "Hidden; type to replace it"
    if record and w.get("search_url"):
        address, _, rest = w["search_url"].partition("?")
        w["search_url"] = f"{address}?record={record}" + (f"&{rest}" if rest else "")
    return w


def safe_references(field: Field, value: Any) -> list[tuple[str, str]]:
    """What a value refers to; nothing where somebody typed what is no value."""
    try:
        return [r for r in references(field, [value]) if r[0] == ROLE or is_id(r[1])]
    except (TypeError, ValueError, KeyError, AttributeError):
        return []


def sections_of(
    sections: Iterable[ShownSection],
    values: Mapping[str, Any],
    fmt: ReaderFormat,
    faults: Mapping[str, str],
    record: str,
    live: Live,
) -> list[Context]:
    """The sections of a form with their widgets: those that are shown, and those that may come."""
    found: list[Context] = []
    for section in sections:
        name = section.section.name
        fields = [
            f
            for f in section.fields
            if (f.visible or live.comes(f.field.name)) and _asked(f, bool(record), live)
        ]
        if fields and (section.visible or live.section_comes(name)):
            widgets = [
                widget(
                    f,
                    values.get(f.field.name),
                    fmt,
                    error=faults.get(f.field.name, ""),
                    record=record,
                )
                for f in fields
            ]
            found.append(_section(section, fields, widgets))
    _mark(found)
    for w in (w for made in found for w in made["fields"]):
        if is_template(live.type.fields[w["name"]]):
            w["places"] = _places(live, w["name"])
    return found


def _section(
    section: ShownSection, fields: Sequence[ShownField], widgets: list[Context]
) -> Context:
    return {
        "name": section.section.name,
        "label": section.section.label,
        "note": section.section.help,
        "one": section.section.columns == 1,
        "hidden": not section.visible or not any(f.visible for f in fields),
        "fields": widgets,
    }


def _places(live: Live, name: str) -> list[Context]:
    """What may be put into a text with places: the fields that the person may read."""
    type_ = live.type
    hides = live.session.access.hides
    return [
        {"value": f"{{{{ {type_.name}.{field.name} }}}}", "label": field.label}
        for field in type_.own_fields
        if field.name != name and not hides(type_.name, field.name)
    ]


def _asked(shown: ShownField, stored: bool, live: Live) -> bool:
    """What the system makes is shown on the record's page, not asked for."""
    field = shown.field
    open_ = not shown.read_only or "read_only" in live.fields.get(field.name, {}).get("if", {})
    return field.kind.editable and not field.system and (stored or open_)


def _mark(sections: list[Context]) -> None:
    """Say which fields are needed, or which are not, whichever are fewer."""
    every = [w for section in sections for w in section["fields"]]
    fields = [w for w in every if not w["read_only"] and not w["hidden"]]
    needed = [w for w in fields if w["required"]]
    for w in every:
        w["optional_note"] = len(needed) * 2 > len(fields) and not w["read_only"]
        w["needed_note"] = w["required"] and not w["optional_note"]


def read_form(
    session: Session, fields: Iterable[Field], form: FormData
) -> tuple[Body, Body, dict[str, str]]:
    """The body for the writer, what to show again, and the faults of what is not valid."""
    how = typed_form(session)
    body: Body = {}
    again: Body = {}
    faults: dict[str, str] = {}
    listed = list(fields)
    misplaced = _misplaced(listed, form)
    for field in listed:
        new_files = uploads(form, field.name)
        if not new_files and not _sent(field, form):
            continue
        try:
            if field.name in misplaced:
                raise ValueFault("not_a_file", NOT_A_FILE)
            value = face_of(field).read(field, form, how)
            value = [*value, *_stored(session, new_files)] if new_files else value
        except ValueFault as fault:
            faults[field.name] = fault.message
            typed = text_in(form, field.name)
            again[field.name] = Typed(typed) if typed else None
        except Problem as problem:
            faults[field.name] = problem.detail
        else:
            if empty(value) and field.option("protected"):
                continue  # its value was not shown, so nobody emptied it
            kept = None if empty(value) and not field.many else value
            body[field.name] = kept
            again[field.name] = _described(session, kept) if field.kind.uploads else kept
    return body, again, faults


def _misplaced(fields: Sequence[Field], form: FormData) -> set[str]:
    """The fields that got a file and take none; a member that is no field's is refused at once."""
    names = {field.name for field in fields}
    sent = files_elsewhere(form, {field.name for field in fields if field.kind.uploads})
    refuse_files(form, [name for name in form if name.partition(".")[0] in names])
    return {name.partition(".")[0] for name in sent}


def _sent(field: Field, form: FormData) -> bool:
    names = (field.name, *(f"{field.name}.{part}" for part in PARTS))
    return any(name in form for name in names)


def _stored(session: Session, sent: Iterable[Any]) -> list[str]:
    return [
        str(files.store(session, f.filename or "file", f.content_type or "", f.file)["id"])
        for f in sent
    ]


def _described(session: Session, ids: Any) -> list[Any]:
    """Files as a form shows them: what was chosen before a refusal need not be chosen again."""
    found = []
    for id in ids or ():
        with suppress(NotFound):
            found.append(files.wire(files.readable_file(session, str(id))))
    return found


def faults_of(problem: Problem, known: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The messages at fields, and those that belong to none of them."""
    names = set(known)
    at_fields: dict[str, str] = {}
    others = []
    for fault in problem.errors:
        name = fault["pointer"].strip("/").partition("/")[0]
        if name in names:
            at_fields.setdefault(name, str(fault["message"]))
        else:
            others.append(str(fault["message"]))
    if not problem.errors:
        others.append(problem.detail)
    return at_fields, others
