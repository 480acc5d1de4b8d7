"""The widgets of web forms: what the template of a field's kind needs to ask a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.pages.presenters import face_of, file_size, widget_kind
from fluvial.pages.presenters.choice_faces import choices
from metamodel.catalog import Field
from metamodel.currencies import currencies
from metamodel.folding import label_text
from metamodel.kinds.kind import TextFormat

from .answers import shown
from .webforms import FormQuestion

RADIO = 6  # so many options stand open
DEFAULT_CURRENCY = "EUR"  # where a person chooses
PLACES = ("currency",)  # NAME.currency: a further member of a field
COMPLETE = {
    "email": "email", "phone": "tel", "url": "url",
}  # fmt: skip

Context = dict[str, Any]


def widget(
    question: FormQuestion,
    typed: Any,
    *,
    given: Any,
    error: str,
    form: TextFormat,
    currency: str,
    files: Sequence[Mapping[str, Any]],
) -> Context:
    """The context of `kinds/KIND.html`. What was typed stands before what was given."""
    field = question.field
    value = typed
    if typed is None:
        value = shown(field, field.initial if given is None else given, form)
    return {
        **_options_of(question),
        "kind": widget_kind(field.kind),
        "holds": face_of(field).holds,
        "id": f"f-{field.name}",
        "name": field.name,
        "value": value,
        "error": error,
        "zone": field.option("zone", form.zone),
        "currency": field.option("currency")
        or currency
        or (DEFAULT_CURRENCY if _chooses_currency(field) else ""),
        "files": [
            {"id": f["id"], "name": f["name"], "size": file_size(f["size"]), "href": ""}
            for f in files
        ],
    }


def _chooses_currency(field: Field) -> bool:
    return not (field.option("currency") or field.option("currency_from"))


def _options_of(question: FormQuestion) -> Context:
    """What the template needs whatever was answered."""
    field = question.field
    options = choices(field) if field.type.options else []
    form = field.option("format", "")
    return {
        "label": question.label,
        "help": question.help,
        "required": question.required,
        "read_only": False,
        "optional_note": True,
        "options": options,
        "radio": bool(options) and len(options) <= RADIO,
        "format": form,
        "autocomplete": COMPLETE.get(form, ""),
        "min": field.option("min", ""),
        "max": field.option("max", ""),
        "scale": field.type.scale,
        "unit": field.option("unit", ""),
        "three_state": field.option("three_state", False),
        "yes": label_text(field.option("yes", "Yes")),
        "no": label_text(field.option("no", "No")),
        "depends_on": field.option("depends_on", ""),
        "currencies": sorted(currencies()) if _chooses_currency(field) else [],
        "many": bool(field.option("many")),
        "accept": ",".join(field.option("accept", ())),
        "hint": face_of(field).hint(field),
    }
