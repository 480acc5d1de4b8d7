"""Widgets: what the templates of the field kinds show, from a field and its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metamodel.catalog import Field
from metamodel.kinds.file import size_of

RADIOS = 6  # options that are shown as rows of buttons
AUTOCOMPLETE = {"email": "email", "phone": "tel", "url": "url"}


def widget(
    field: Field,
    value: Any = "",
    *,
    label: str | None = None,
    help: str | None = None,
    required: bool = False,
    read_only: bool = False,
    error: str = "",
    zone: str = "",
    radio: bool = False,
) -> dict[str, Any]:
    """The context of `kinds/KIND.html`. `value` is text, or a list where many are held."""
    options = [
        {"value": o.name, "label": o.label, "colour": o.colour}
        for o in field.type.options
        if not o.retired or value == o.name
    ]
    return {
        "kind": field.kind.name,
        "id": f"f-{field.name}",
        "name": field.name,
        "label": label or field.label,
        "value": value,
        "required": required,
        "optional_note": True,
        "read_only": read_only,
        "error": error,
        "help": field.help if help is None else help,
        "wide": field.kind.name in ("long_text", "file"),
        "options": options,
        "selected": [],
        "targets": [],
        "files": [],
        "many": bool(field.option("many")),
        "three_state": bool(field.option("three_state")),
        "radio": radio and 0 < len(options) <= RADIOS,
        "format": field.option("format", ""),
        "autocomplete": AUTOCOMPLETE.get(field.option("format", ""), ""),
        "unit": field.option("unit", ""),
        "scale": field.option("scale", 2),
        "min": _bound(field, "min"),
        "max": _bound(field, "max"),
        "currency": field.option("currency", ""),
        "currencies": [] if field.option("currency") else ["EUR", "GBP", "USD"],
        "accept": ",".join(field.option("accept", ())),
        "hint": file_hint(field) if field.kind.name == "file" else "",
        "zone": zone if field.kind.name == "datetime" else "",
    }


def _bound(field: Field, name: str) -> str:
    bound = field.option(name)
    return "" if bound is None else str(bound)


def file_hint(field: Field) -> str:
    """What a file field takes, in words: "PNG or JPEG, up to 10 MB"."""
    kinds = [type_.partition("/")[2].upper() for type_ in field.option("accept", ())]
    parts = [" or ".join(kinds)] if kinds and "*" not in kinds else []
    if field.option("max_size"):
        parts.append(f"up to {size_text(size_of(field.option('max_size')))}")
    return ", ".join(parts)


def size_text(size: int) -> str:
    """Bytes for people: 1536 is "1.5 kB"."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError("the last unit takes all")


def error_links(
    errors: Sequence[Mapping[str, str]], labels: Mapping[str, str]
) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Faults by the field that they are at, and the summary that links to the fields."""
    at_fields: dict[str, str] = {}
    summary = []
    for one in errors:
        name = one["pointer"].strip("/").partition("/")[0]
        if name in labels:
            at_fields.setdefault(name, one["message"])
        summary.append({"href": f"#f-{name}" if name in labels else "#", "message": one["message"]})
    return at_fields, summary
