"""Faces of yes/no, choices and several choices."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape
from starlette.datastructures import FormData

from fluvial.http.assets import icon
from fluvial.pages import reader_format as marks
from fluvial.pages.reader_format import ReaderFormat
from metamodel.catalog import Field
from metamodel.expressions.types import Option
from metamodel.folding import humanise, label_text
from metamodel.kinds.kind import TextFormat

from .filter_questions import AMONG, CLOSED, HOLDS, IS, IS_NOT, YES_NO, Op, empties
from .presenter import Cell, Face, text_in, texts_in


class BooleanFace(Face):
    named = True
    place = "badge"
    orders = ("no first", "yes first")
    holds = "tick"
    fills = True
    quick = True

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        word = field.option("yes", "Yes") if value else field.option("no", "No")
        return label_text(word, fmt.locale)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        yes = Markup('<span class="row nowrap">{} {}</span>').format(
            icon("check", "good-i"), self.text(field, True, fmt)
        )
        no = Markup('<span class="faint">{}</span>').format(self.text(field, False, fmt))
        return lambda value: yes if value else no

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        shown = {True: "true", False: "false"}.get(value, "")
        return {
            "value": shown,
            "three_state": field.option("three_state", False),
            "yes": self.text(field, True, fmt),
            "no": self.text(field, False, fmt),
        }

    def options(self, field: Field) -> list[dict[str, str]]:
        words = (("true", field.option("yes", "Yes")), ("false", field.option("no", "No")))
        return [{"value": value, "label": label_text(word)} for value, word in words]

    def typed(self, field: Field, value: Any, form: TextFormat) -> str:
        return "true" if value else "false"

    def asks(self, field: Field) -> tuple[Op, ...]:
        return (*YES_NO, *empties(field)) if field.option("three_state") else YES_NO

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        return {"true": True, "false": False}.get(text_in(form, field.name))


class ChoiceFace(Face):
    holds = "option"
    fills = True
    quick = True

    def _options(self, field: Field) -> dict[str, Option]:
        return {option.name: option for option in field.type.options}

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        option = self._options(field).get(value)
        return option.label if option else str(value)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        states = fmt.catalog.objects[field.object].states
        is_state = bool(field.made_by) or (states is not None and states.field == field.name)
        shown: dict[Any, str] = {}
        for name, option in self._options(field).items():
            tone = marks.tone_of(option)
            if is_state:
                shown[name] = marks.chip(option.label, tone)
            else:
                shown[name] = marks.dotted(option.label, tone) if tone else escape(option.label)
        return lambda value: shown.get(value) or escape(value)

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        return {
            "value": value or "",
            "options": choices(field, value),
            "radio": field.option("show") == "radio",
            "depends_on": field.option("depends_on", ""),
        }

    def options(self, field: Field) -> list[dict[str, str]]:
        return choices(field)

    def typed(self, field: Field, value: Any, form: TextFormat) -> Any:
        return value

    def asks(self, field: Field) -> tuple[Op, ...]:
        return (IS, IS_NOT, *CLOSED, AMONG, *empties(field))

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        return text_in(form, field.name) or None


def choices(field: Field, *kept: Any) -> list[dict[str, str]]:
    """The options that may be chosen, and those that are.

    `when` names the options of the other choice that an option goes with, with spaces between.
    """
    found = [
        {
            "value": option.name,
            "label": option.label,
            "colour": marks.tone_of(option),
            "when": " ".join(option.when),
        }
        for option in field.type.options
        if not option.retired or option.name in kept
    ]
    known = {option.name for option in field.type.options}
    gone = [name for name in kept if name and name not in known]
    return found + [
        {
            "value": name,
            "label": f"{humanise(name)} (no longer an option)",
            "colour": "",
            "when": "",
        }
        for name in gone
    ]


class MultiChoiceFace(ChoiceFace):
    holds = "options"
    fills = False
    quick = False

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        options = self._options(field)
        return ", ".join(options[name].label if name in options else name for name in value)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        options = self._options(field)
        shown = {name: marks.chip(o.label, marks.tone_of(o)) for name, o in options.items()}
        return lambda value: (
            f'<span class="chips">{"".join(shown.get(n) or marks.chip(n) for n in value)}</span>'
        )

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        return {
            "value": list(value or ()),
            "options": choices(field, *(value or ())),
            "depends_on": field.option("depends_on", ""),
        }

    def asks(self, field: Field) -> tuple[Op, ...]:
        return (*HOLDS, *empties(field))

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        return texts_in(form, field.name)
