"""What a layout shows of one record: sections and fields that are visible, required or closed."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.records.drafts.completion import apply_defaults
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.record_locks import Hold
from fluvial.runtime.session import Session
from metamodel.catalog import Field, Logic, ObjectType
from metamodel.expressions.python import truth

from .layouts import Layout, Section
from .live import Live


@dataclass(frozen=True, eq=False)
class ShownField:
    """A field of a page as one record has it."""

    field: Field
    visible: bool
    required: bool
    read_only: bool
    locked: bool = False  # read-only whatever is typed


@dataclass(frozen=True, eq=False)
class ShownSection:
    section: Section
    visible: bool
    fields: tuple[ShownField, ...]


def resolve(
    session: Session,
    layout: Layout,
    values: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    new: bool = False,
    hold: Hold | None = None,
) -> list[ShownSection]:
    """The sections for canonical values, of a record that is stored or being written.

    `hold` is the lock that holds for it.
    """
    type_ = session.catalog.objects[layout.object]
    environment = RecordEnvironment(session, type_, values, before, fresh=True)
    shown = []
    for section in layout.sections:
        visible = section.visible is None or truth(section.visible, environment)
        closed = section.read_only is not None and truth(section.read_only, environment)
        fields = tuple(
            _field(session, type_, field, environment, closed=closed, new=new, hold=hold)
            for field in section.fields
        )
        shown.append(ShownSection(section, visible, fields))
    return shown


def _field(
    session: Session,
    type_: ObjectType,
    field: Field,
    environment: RecordEnvironment,
    *,
    closed: bool,
    new: bool,
    hold: Hold | None,
) -> ShownField:
    access = session.access.object(type_.name)
    own = [logic for logic in type_.logic if logic.field == field.name]
    right = access.can("create" if new else "update")
    locked = not right or not field.writable or field.read_only or field.name in access.read_only
    locked = locked or (hold is not None and field.name not in hold.open)
    read_only = locked or closed or (not new and _any(own, "read_only", environment))
    return ShownField(
        field,
        visible=all(logic.visible is None or truth(logic.visible, environment) for logic in own),
        required=not read_only and (field.required or _any(own, "required", environment)),
        read_only=read_only,
        locked=locked,
    )


def _any(logics: list[Logic], name: str, environment: RecordEnvironment) -> bool:
    conditions = (getattr(logic, name) for logic in logics)
    return any(c is not None and truth(c, environment) for c in conditions)


def follow(
    session: Session,
    layout: Layout,
    sections: list[ShownSection],
    values: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    new: bool = False,
    given: Container[str] | None = None,
) -> Live:
    """What of a resolved layout follows what is typed.

    Of a new record so do the defaults of fields that were not `given` a value already.
    """
    type_ = session.catalog.objects[layout.object]
    hides = session.access.hides
    fields = [f for section in sections for f in section.fields]
    live = Live(
        session,
        type_,
        RecordEnvironment(session, type_, values, before),
        {f.field.name for f in fields if not f.locked and not f.field.system},
        lambda reading: not hides(reading.object, reading.field),
    )
    for shown in sections:
        section = shown.section
        live.add_section(
            section.name, {"visible": shown.visible}, visible=live.every([section.visible])
        )
        for f in shown.fields:
            if not f.locked:
                _follow(live, section, f, new)
                if given is not None and f.field.name not in given:
                    live.add_default(f.field)
    return live


def _follow(live: Live, section: Section, shown: ShownField, new: bool) -> None:
    name, field = shown.field.name, shown.field
    own = [logic for logic in live.type.logic if logic.field == name]
    closing = [section.read_only, *([] if new else [logic.read_only for logic in own])]
    required = field.required or live.some(logic.required for logic in own)
    live.add_field(
        name,
        {
            "visible": shown.visible,
            "required": shown.required or field.required,
            "read_only": shown.read_only,
        },
        visible=live.every(logic.visible for logic in own),
        required=required,
        read_only=live.some(closing),
    )


def leave_hidden(
    session: Session,
    layout: Layout,
    before: dict[str, Any] | None,
    answers: Mapping[str, Any],
    *taken: dict[str, Any],
) -> None:
    """What is posted of fields that are not there for these answers is neither taken nor judged."""
    type_ = session.catalog.objects[layout.object]
    if not type_.logic and all(section.visible is None for section in layout.sections):
        return
    values = draft_values(session, type_, before, answers)
    for section in resolve(session, layout, values, before=before, new=before is None):
        for shown in section.fields:
            if not (section.visible and shown.visible):
                for one in taken:
                    one.pop(shown.field.name, None)


def draft_values(
    session: Session, type_: ObjectType, before: Mapping[str, Any] | None, body: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a page that is being filled in; what is not valid yet counts as before."""
    stored = {f.name: f.kind.absent(f) for f in type_.fields.values() if f.stored}
    start = dict(before) if before is not None else stored
    draft = Draft(
        session, type_, str(start.get("id") or ""), dict(before) if before else None, start
    )
    draft.take({name: value for name, value in body.items() if name in type_.fields})
    if before is None:
        apply_defaults(draft)
    return draft.values


def wire(layout: Layout, sections: list[ShownSection]) -> dict[str, Any]:
    """A resolved layout as JSON."""
    return {
        "object": layout.object,
        "form": layout.name or None,
        "sections": [
            {
                "name": s.section.name,
                "label": s.section.label,
                "help": s.section.help,
                "columns": s.section.columns,
                "folded": s.section.folded,
                "visible": s.visible,
                "fields": [
                    {
                        "name": f.field.name,
                        "label": f.field.label,
                        "kind": f.field.kind.name,
                        "visible": f.visible,
                        "required": f.required,
                        "read_only": f.read_only,
                    }
                    for f in s.fields
                ],
            }
            for s in sections
        ],
        "facts": [field.name for field in layout.facts],
        "related": [
            {"name": i.name, "label": i.label, "object": i.source, "field": i.field}
            for i in layout.related
        ],
    }
