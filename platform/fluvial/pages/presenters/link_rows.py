"""Links that have fields of their own: what they say in words, and their table in forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from fluvial.pages.reader_format import typed_number
from fluvial.transfer.exports import cell
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.expressions.types import BOOLEAN, DATE, DURATION, MONEY, NUMBER
from metamodel.kinds.kind import TextFormat

from .presenter import text_in

Context = dict[str, Any]
BLANK = "ID"  # of the row that the script copies for a link that is added


def said(inner: Sequence[Field], link: Any) -> str:
    """What is said of a link, in brackets behind its title."""
    held = link if isinstance(link, Mapping) else {}
    given = [field for field in inner if held.get(field.name) is not None]
    words = [f"{field.label.lower()} {_shown(field, held[field.name])}" for field in given]
    return f" ({', '.join(words)})" if words else ""


def _shown(field: Field, value: Any) -> str:
    try:
        return field.kind.show(field, field.kind.parse(field, value))
    except ValueFault:
        return str(value)  # written when the field had another form


def table(inner: Sequence[Field], rows: Sequence[tuple[str, str, Any]], locale: str) -> Context:
    """The table of (id, title, link) for the template of the kind."""
    return {
        "heads": [field.label for field in inner],
        "rows": [_row(inner, locale, *row) for row in rows],
        "blank": _row(inner, locale, BLANK, "", {}),
    }


def _row(inner: Sequence[Field], locale: str, id: str, label: str, link: Any) -> Context:
    held = link if isinstance(link, Mapping) else {}
    return {"id": id, "label": label, "cells": [_cell(f, held.get(f.name), locale) for f in inner]}


def _cell(field: Field, value: Any, locale: str) -> Context:
    options = [{"value": o.name, "label": o.label} for o in field.type.options]
    text = cell(field, value)
    if field.type.name == BOOLEAN.name:
        words = [(cell(field, one), field.kind.show(field, one)) for one in (True, False)]
        options = [{"value": one, "label": label} for one, label in words]
    elif field.type.name == DURATION.name and value is not None:
        text = _shown(field, value)
    elif field.type.name in (NUMBER.name, MONEY.name):
        text = typed_number(text, locale)
    return {
        "name": field.name,
        "label": field.label,
        "value": text,
        "options": options,
        "type": "date" if field.type.name == DATE.name else "text",
    }


def typed(
    name: str, inner: Sequence[Field], record: str, form: FormData, how: TextFormat
) -> dict[str, Any]:
    """What a form says of a link; of one that has no row in it nothing. Raises ValueFault."""
    found: dict[str, Any] = {}
    for field in inner:
        place = f"{name}.{record}.{field.name}"
        if place not in form:
            continue
        text, found[field.name] = text_in(form, place).strip(), None
        if text:
            value = field.kind.parse_text(field, text, how)
            found[field.name] = field.kind.wire(field, value)
    return found
