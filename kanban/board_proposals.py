"""What boards and pins are proposed from where records are seen: of the object's own fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.auth.access import Access
from fluvial.pages.presenters import face_of
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.types import CHOICE, DATE, DATETIME, DURATION, MONEY, NUMBER

CARD_FIELDS = 4  # below the title of a card
MEASURED = (MONEY.name, NUMBER.name, DURATION.name)

Body = dict[str, Any]


def _hidden(access: Access | None, type_: ObjectType) -> frozenset[str]:
    """The fields that somebody may not see; none where nobody is known."""
    return frozenset(access.object(type_.name).hidden) if access else frozenset()


def column_fields(access: Access | None, type_: ObjectType) -> list[Field]:
    """The fields that can form columns; the state first, then choices, people and look-ups."""
    hidden = _hidden(access, type_)
    state = type_.states.field if type_.states else ""
    found = [
        f
        for f in type_.own_fields
        if f.kind.groups and not f.many and f.name not in hidden and not f.hidden
    ]
    found.sort(key=lambda f: (f.name != state, not f.type.options, not f.type.people))
    return found


def summed_fields(access: Access | None, type_: ObjectType) -> list[Field]:
    """The fields of which a sum means something: amounts of one currency before plain numbers."""
    hidden = _hidden(access, type_)
    found = [
        f
        for f in type_.own_fields
        if f.type.name in MEASURED and f.name not in hidden and not f.many and not f.hidden
        and not (f.type.name == MONEY.name and not f.type.currency)
    ]  # fmt: skip
    return sorted(found, key=lambda f: MEASURED.index(f.type.name))


def card_fields(access: Access | None, type_: ObjectType, by: str, title: str) -> list[str]:
    """What a card says beside its title: the number, what places the record, when and who."""
    hidden = _hidden(access, type_)
    own = [
        f
        for f in type_.own_fields
        if f.name not in (*hidden, by, title) and not face_of(f).rare and not f.hidden
    ]
    lead = [f for f in own if face_of(f).lead]
    placing = [f for f in own if f.targets and not f.many and not f.type.people]
    amounts = [f for f in own if f.type.name == MONEY.name]
    times = [f for f in own if f.type in (DATE, DATETIME)]
    people = [f for f in own if f.type.people and not f.many]
    wanted = [*lead[:1], *placing[:1], *amounts[:1], *times[:1], *people[:1]]
    return list(dict.fromkeys(f.name for f in wanted))[:CARD_FIELDS]


def title_field(type_: ObjectType) -> str:
    """The field that is the title, where the title is one; else the title itself."""
    for field in type_.own_fields:
        if f"{{{field.name}}}" in type_.title and field.kind.titles and field.kind.editable:
            return field.name
    return "title"


def proposed_board(
    access: Access | None, type_: ObjectType, by: str = "", where: str = "", label: str = ""
) -> Body:
    """A board of these records: by the state, or whatever else can form columns."""
    fields = column_fields(access, type_)
    by = by or (fields[0].name if fields else "title")
    title = title_field(type_)
    card: Body = {"title": title}
    shown = card_fields(access, type_, by, title)
    if shown:
        card["fields"] = shown
    coloured = _coloured(access, type_, by)
    if coloured:
        card["colour"] = coloured
    amounts = [f for f in summed_fields(access, type_) if f.type.name == MONEY.name]
    totals = ["count()", *(f"sum({f.name})" for f in amounts[:1])]
    body: Body = {"object": type_.name, "columns": {"by": by}, "card": card, "totals": totals}
    if label:
        body = {"label": label, **body}
    return {**body, "where": where} if where else body


def _coloured(access: Access | None, type_: ObjectType, by: str) -> str:
    """A choice with colours that tells more than the column does."""
    hidden = _hidden(access, type_)
    for field in type_.own_fields:
        if field.type.name == CHOICE.name and field.name not in (*hidden, by) and not field.many:
            if sum(1 for option in field.type.options if option.colour) > 1:
                return field.name
    return ""


def proposed_pin(
    access: Access | None,
    type_: ObjectType,
    label: str,
    where: str = "",
    show: str = "number",
    columns: Sequence[str] = (),
    sort: Sequence[str] = (),
) -> Body:
    """A pin of these records, as a number, over time, by a choice, or the first of them."""
    body: Body = {"label": label, "object": type_.name, "measure": "count()", "show": show}
    if where:
        body["where"] = where
    if show == "list":
        body |= {"columns": list(columns)[:4]} if columns else {}
        body |= {"sort": list(sort)} if sort else {}
    elif show == "board":
        choices = [f for f in column_fields(access, type_) if f.type.name == CHOICE.name]
        body |= {"by": choices[0].name} if choices else {"show": "number"}
    return body


def shapes(access: Access | None, type_: ObjectType) -> Mapping[str, str]:
    """How records of a type can be pinned, in words."""
    found = {"number": "A number", "trend": "The last weeks", "list": "The first records"}
    if any(f.type.name == CHOICE.name for f in column_fields(access, type_)):
        found["board"] = "A bar for each option"
    return found
