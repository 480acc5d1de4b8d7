"""Choice: one of some options, each with a lasting name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.expressions.types import Option
from metamodel.folding import fold, humanise, label_text, listed, nearest
from metamodel.kinds.conversion import LINKING, LISTED
from metamodel.kinds.kind import (
    Column,
    Convert,
    Field,
    FieldCheck,
    Kind,
    RelatedRecords,
    TextFormat,
    one_text,
)
from metamodel.storage import TEXT

COLOURS = ("grey", "green", "amber", "red", "blue", "plum")

OPTION: Mapping[str, Any] = {
    "type": "object",
    "x-editor": {"one": "an option", "first": ["label", "name", "colour", "closed"]},
    "properties": {
        "name": {"$ref": "#/$defs/name"},
        "label": {"$ref": "#/$defs/label"},
        "colour": {"x-upgrade": "site_wins", "x-editor": {"is": "colour"}, "enum": list(COLOURS)},
        "closed": {
            "type": "boolean",
            "description": "Whether records with this option count as closed.",
        },
        "category": {"$ref": "#/$defs/name"},
        "when": {
            "type": "array",
            "items": {"$ref": "#/$defs/name"},
            "minItems": 1,
            "description": (
                "The options of the choice in `depends_on` for which this option is offered."
            ),
        },
        "was": {
            "$ref": "#/$defs/name",
            "description": "The previous name: records that have it are changed to the new name.",
        },
        "retired": {
            "type": "boolean",
            "description": "Kept in records that have it, but no longer offered.",
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}

OPTIONS: Mapping[str, Any] = {
    "options": {
        "x-upgrade": "merge_by_key",
        "type": "array",
        "items": OPTION,
        "maxItems": 500,
        "description": "The options in order: name, label, colour, closed, category, when, "
        "was, retired.",
    },
    "options_from": {
        "$ref": "#/$defs/name",
        "x-editor": {"is": "kind"},
        "description": "A document kind whose documents are the options, such as role.",
    },
    "depends_on": {
        "$ref": "#/$defs/name",
        "x-editor": {"is": "field", "groups": True},
        "description": (
            "Another choice of the object: options with `when` are offered only for "
            "the options of it that they name."
        ),
    },
}


def options_of(spec: Mapping[str, Any]) -> tuple[Option, ...]:
    """The options as the field writes them."""
    return tuple(
        Option(
            name=option["name"],
            label=label_text(option.get("label", humanise(option["name"]))),
            colour=option.get("colour", ""),
            closed=option.get("closed", False),
            category=option.get("category", ""),
            retired=option.get("retired", False),
            when=tuple(option.get("when", ())),
        )
        for option in spec.get("options", ())
    )


def check_options(field: Field, check: FieldCheck) -> None:
    if field.option("options_from") is None and not field.option("options"):
        check.fault(
            "", "no_options", f"`{field.name}` has no options.", "Write `options: [{name: ...}]`."
        )
    if field.option("options_from") is not None:
        check.document_kind("options_from", field.option("options_from"))
    seen: set[str] = set()
    for at, option in enumerate(field.option("options", ())):
        if option["name"] in seen:
            check.fault(
                f"options/{at}/name",
                "duplicate_name",
                f"The option `{option['name']}` is defined twice.",
                "Remove one of the two.",
            )
        seen.add(option["name"])
    _check_renames(field, check)
    _check_dependence(field, check)


def _check_renames(field: Field, check: FieldCheck) -> None:
    """A name that an option had is no other option's, unless that had another one too."""
    options = field.option("options", ())
    keeping = {option["name"] for option in options if "was" not in option}
    had: set[str] = set()
    for at, option in enumerate(options):
        was = option.get("was")
        if was is not None and (was in keeping or was in had or was == option["name"]):
            check.fault(
                f"options/{at}/was",
                "still_there",
                f"`{was}` is still the name of another option.",
                "Remove the option with the old name, or remove `was`.",
            )
        had.add(was or "")


def _check_dependence(field: Field, check: FieldCheck) -> None:
    """What options go with has to be options of the other choice."""
    name = field.option("depends_on")
    places = [at for at, one in enumerate(field.option("options", ())) if "when" in one]
    if name is None:
        for at in places:
            check.fault(
                f"options/{at}/when",
                "no_dependence",
                "`when` needs `depends_on`.",
                "Add `depends_on` next to `options`.",
            )
        return
    other = check.sibling("depends_on", name)
    if other is None:
        return
    if other.name == field.name or not other.type.options:
        check.fault(
            "depends_on",
            "not_a_choice",
            f"`{name}` is not another choice of the object.",
            "Name another field of kind choice or multi_choice.",
        )
        return
    names = [option.name for option in other.type.options]
    for at in places:
        for place, one in enumerate(field.option("options")[at]["when"]):
            if one not in names:
                check.fault(
                    f"options/{at}/when/{place}",
                    "not_an_option",
                    f"`{one}` is not an option of `{name}`.",
                    nearest(one, names) or f"Use one of {listed(names)}.",
                )


def depends_on(field: Field) -> tuple[str, ...]:
    name = field.option("depends_on")
    return (name,) if name else ()


def beside(field: Field, chosen: Iterable[str], others: Mapping[str, Any]) -> None:
    """Refuse options that do not go with what the other choice holds."""
    name = field.option("depends_on")
    if not name:
        return
    held = others.get(name)
    held = set(held if isinstance(held, list) else [held])
    for option in field.type.options:
        if option.name in chosen and option.when and not held & set(option.when):
            fitting = [
                label_text(one.label)
                for one in field.type.options
                if not one.retired and (not one.when or held & set(one.when))
            ]
            remedy = f"Possible here: {listed(fitting)}." if fitting else "Leave it empty."
            raise ValueFault(
                "does_not_go_with",
                f"{option.label} is not available for this {humanise(name).lower()}. "
                + remedy.replace("`", ""),
            )


def active(field: Field, raw: Any) -> str:
    """The name of an option that may be chosen."""
    names = [option.name for option in field.type.options if not option.retired]
    if isinstance(raw, str) and raw in names:
        return raw
    remedy = nearest(raw, names) or f"Write one of {listed(names)}."
    raise ValueFault("not_an_option", f"`{raw}` is not an option. {remedy}")


def named(field: Field, text: str) -> str:
    """The option of a name or a label as people write it."""
    wanted = fold(text.strip())
    for option in field.type.options:
        if wanted in (fold(option.name), fold(option.label)):
            return active(field, option.name)
    return active(field, text.strip())


def label_of(field: Field, name: str, locale: str) -> str:
    for option in field.option("options", ()):
        if name in (option["name"], option.get("was")):  # history keeps the old name
            return label_text(option.get("label", humanise(name)), locale)
    return humanise(name)


class Choice(Kind):
    name = "choice"
    label = "Choice"
    group = "Choices"
    icon = "circle-chevron-down"
    words = "select picklist dropdown radio status stage list enum"
    suggests = (
        "status state stage priority severity type category kind level size colour color salutation"
    )
    about = (
        "One of a list of options. Each option has a permanent name, a label and a colour; "
        "the list sets their order."
    )
    example = {
        "name": "condition",
        "kind": "choice",
        "default": "good",
        "options": [
            {"name": "good", "label": "Good", "colour": "green"},
            {"name": "worn", "label": "Worn", "colour": "amber"},
            {"name": "lost", "label": "Lost", "colour": "red", "closed": True},
        ],
    }
    first = ("options",)
    awaits = ("options",)
    sample = "good"
    options = {
        **OPTIONS,
        "show": {
            "enum": ["select", "radio"],
            "description": "Whether forms show a drop-down list (the default) or all options.",
        },
        "log": {
            "type": "boolean",
            "description": (
                "Whether the time that records spend in each option is kept, as it always is for "
                "the field of `states`."
            ),
        },
    }
    identifies = True
    groups = True
    operators = ("is", "is_not", "any_of", "none_of", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check_options(field, check)

    def follows(self, field: Field) -> tuple[str, ...]:
        return depends_on(field)

    def settle(self, field: Field, value: Any, others: Mapping[str, Any]) -> Any:
        beside(field, (value,), others)
        return value

    def type(self, field: Field) -> types.Type:
        return types.choice(options_of(field.spec))

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def order(
        self, field: Field, columns: Mapping[str, ColumnElement[Any]]
    ) -> tuple[ColumnElement[Any], ...]:
        places = {option.name: at for at, option in enumerate(field.type.options)}
        return (case(places, value=columns[""]),) if places else (columns[""],)

    def parse(self, field: Field, raw: Any) -> str:
        return active(field, raw)

    def parse_text(self, field: Field, text: str, form: TextFormat) -> str:
        return named(field, text)

    def texts(self, field: Field, value: str, world: RelatedRecords) -> list[str]:
        return [self.show(field, value)]

    def takes(self, old: Kind) -> Convert | None:
        short = old.among(("number", "boolean", "date", *LISTED, *LINKING))
        return one_text if short else super().takes(old)

    def show(self, field: Field, value: str, locale: str = "en") -> str:
        return label_of(field, value, locale)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "enum": names_of(field)}


def names_of(field: Field) -> Sequence[str]:
    return [option.name for option in field.type.options]
