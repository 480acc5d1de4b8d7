"""What the studio asks of a field: its kind's options as inputs, from their JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from fluvial.pages.presenters.presenter import text_in, texts_in
from metamodel.folding import free_name, humanise, label_text
from metamodel.kinds.kind import Kind

Context = dict[str, Any]

PLAIN = "plain"  # the format that nobody has to say

# What options are called in the studio, where their names and a capital do not say it.
LABELS: Mapping[str, str] = {
    "max_length": "Longest", "scale": "Decimals", "min": "At least", "max": "At most",
    "many": "More than one", "three_state": "May be empty", "accept": "Media types",
    "options": ("Options, separated by "
               "commas"), "max_size": "Largest", "max_files": "Maximum number of files",
    "yes": "Label for Yes", "no": "Label for No", "weekdays": "Days of the week", "accepts": "Who",
    "searchable": "Searchable", "thousands": "No thousands separators", "default": "Initial value",
    "log": "Keep a log of its states",
}  # fmt: skip
WORDS: Mapping[str, str] = {"email": "E-mail", "url": "Web address"}  # of choices, likewise
COMMON: Mapping[str, Mapping[str, Any]] = {
    "required": {"type": "boolean"},
    "unique": {"type": "boolean"},
    "searchable": {"type": "boolean"},
    "default": {},  # see Kind.default_schema
    "help": {"type": "string", "description": "One sentence shown below the input."},
}


def asked_of(kind: Kind) -> list[Context]:
    """The inputs of a kind's options, those of the first glance first."""
    options = {**kind.options, **_common(kind)}
    first = [name for name in (*kind.needs, *kind.first, "required") if name in options]
    ordered = [*dict.fromkeys(first), *(name for name in options if name not in first)]
    inputs = [_input(name, options[name], needed=name in kind.needs) for name in ordered]
    awaited = (*kind.needs, *kind.awaits)
    return [
        {**one, "more": one["name"] not in first, "awaited": one["name"] in awaited}
        for one in inputs
        if one["type"]
    ]


def _common(kind: Kind) -> dict[str, Mapping[str, Any]]:
    default = kind.default_schema()
    able = {
        "required": kind.editable and kind.emptiable,
        "unique": kind.indexable and not kind.unique and kind.editable,
        "searchable": kind.searchable,
        "default": default is not None,
        "help": True,
    }
    found = {name: schema for name, schema in COMMON.items() if able[name]}
    return found if default is None else {**found, "default": default}


def _input(name: str, schema: Mapping[str, Any], *, needed: bool) -> Context:
    type_, choices = _type(name, schema)
    if type_ == "select" and not needed:
        choices = ["", *(one for one in choices if one != PLAIN)]
    unsaid = PLAIN if PLAIN in schema.get("enum", ()) else "default"
    return {
        "name": name,
        "label": schema.get("title") or LABELS.get(name) or humanise(name),
        "help": "" if type_ == "options" else schema.get("description", ""),
        "type": type_,
        "needed": needed,
        "choices": [{"value": one, "label": word_of(one or unsaid)} for one in choices],
        # Of an expression: the option that names what it is about, if not the object itself, and
        # what it gives, if not a value of the field.
        "over": "to" if name in OVER_TARGET else "",
        "expects": "condition" if name in OVER_TARGET else "",
    }


def word_of(choice: str) -> str:
    return WORDS.get(choice) or humanise(choice)


def _type(name: str, schema: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The kind of input, and its choices; no input for what YAML says better."""
    reference = str(schema.get("$ref", "")).rpartition("/")[2]
    if reference:
        if reference == "name" and name == "to":
            return "object", []
        return ("wide" if reference == "expression" else "text"), []
    if "enum" in schema:
        return "select", list(schema["enum"])
    if schema.get("type") == "array":
        return _several(name, schema["items"])
    if schema.get("default") is True:
        return "not", []
    plain = {"boolean": "tick", "integer": "number", "number": "number", "string": "text"}
    return plain.get(str(schema.get("type")), ""), []


def _several(name: str, items: Mapping[str, Any]) -> tuple[str, list[str]]:
    if "enum" in items:
        return "several", list(items["enum"])
    if items.get("type") == "object":
        return ("options" if name == "options" else ""), []
    return ("objects" if name == "to" else "words"), []


OVER_TARGET = ("where",)  # expressions about the records that a look-up may pick
PREFIX = "option_"  # of the inputs of options in a form


def filled_in(inputs: Sequence[Context], spec: Mapping[str, Any]) -> list[Context]:
    """The inputs with what a field says of them: `text` in a box, `chosen` of several."""
    return [{**one, **_shown(one["type"], spec.get(one["name"]))} for one in inputs]


def _shown(type_: str, value: Any) -> Context:
    if type_ in ("tick", "not"):
        return {"chosen": [], "ticked": value is (type_ == "tick")}
    if isinstance(value, list):
        said = [_label(one) if isinstance(one, Mapping) else one for one in value]
        return {"chosen": said, "text": ", ".join(map(str, said))}
    return {"chosen": [value], "text": "" if value is None else str(value)}


def read_options(
    inputs: Sequence[Context], form: FormData, spec: Mapping[str, Any]
) -> dict[str, Any]:
    """The options that a form gives, as documents write them; `spec` keeps known choices whole."""
    given = {one["name"]: _read(one, form, spec) for one in inputs}
    return {name: value for name, value in given.items() if value not in (None, "", [])}


def _read(asked: Context, form: FormData, spec: Mapping[str, Any]) -> Any:
    name, type_ = asked["name"], asked["type"]
    if type_ in ("tick", "not"):
        return (type_ == "tick") if text_in(form, PREFIX + name) else None
    if type_ in ("several", "objects"):
        return texts_in(form, PREFIX + name)
    text = text_in(form, PREFIX + name).strip()
    if type_ == "number":
        return _number(text)
    if type_ not in ("options", "words"):
        return text
    words = words_in(text)
    if type_ == "words":
        return words
    return named_options(words, spec.get(name) or ())


def words_in(text: str) -> list[str]:
    """What stands between commas, each once."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def named_options(
    labels: Sequence[str], known: Sequence[Mapping[str, Any]] = ()
) -> list[Mapping[str, Any]]:
    """Options for labels, each with a name of its own; those that are known stay whole."""
    by_label = {_label(one): one for one in known}
    taken = {one["name"] for label, one in by_label.items() if label in labels}
    made = []
    for label in labels:
        option = by_label.get(label)
        if option is None:
            option = {"name": free_name(label, taken, "option"), "label": label}
            taken.add(option["name"])
        made.append(option)
    return made


def _label(choice: Mapping[str, Any]) -> str:
    return label_text(choice.get("label", humanise(choice["name"])))


def _number(text: str) -> int | float | str:
    """A number as JSON has it; what is none stays, and the document's schema refuses it."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
