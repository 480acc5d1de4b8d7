"""Where a web form begins: what it can ask of everybody, and the first form about an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.catalog import Field, ObjectType
from rules.filled import is_template

from .webforms import CONTROLS

FIRST = 8  # questions of a form that nobody has arranged yet


def why_not_asked(field: Field) -> str:
    """Why a form cannot ask everybody for a field, in a sentence; nothing where it can."""
    if field.type.objects:
        return "A choice of records would show them to everybody. Give it a fixed value instead."
    if is_template(field):
        return "People could use it to read your records."
    if not field.writable or field.formula is not None:
        return "It is set by the system."
    if field.name in CONTROLS:
        return "The form itself uses this name."
    return ""


def asked_first(type_: ObjectType) -> list[Field]:
    """The fields of a first form: those that a record needs, then others in their order."""
    state = type_.states.field if type_.states else ""
    found = [
        field
        for field in type_.own_fields
        if not why_not_asked(field) and not field.hidden and field.name != state
    ]
    needed = [field for field in found if field.required]
    rest = [field for field in found if not field.required and field.option("default") is None]
    chosen = {field.name for field in [*needed, *rest][:FIRST]}
    return [field for field in found if field.name in chosen]


def start_webform(type_: ObjectType) -> Mapping[str, Any]:
    fields = asked_first(type_) or list(type_.own_fields)[:1]
    return {
        "label": f"New {type_.label.lower()}",
        "slug": f"new-{type_.name.replace('_', '-')}",
        "steps": [
            {
                "name": "answers",
                "label": type_.label,
                "fields": [{"field": field.name} for field in fields],
            }
        ],
        "done": {"message": "Thank you. We have received your answers."},
    }
