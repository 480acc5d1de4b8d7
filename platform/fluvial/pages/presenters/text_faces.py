"""Faces of text, long text and sequences."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from fluvial.pages import reader_format as marks
from fluvial.pages.markdown import markdown
from fluvial.pages.reader_format import ReaderFormat
from metamodel.catalog import Field
from metamodel.formats import EXPRESSION
from metamodel.kinds.held_results import HELD_TYPES

from .presenter import Cell, Face

CONDITION = "condition"  # what the box calls a yes/no that it shows as a sentence
CLIP = 120  # characters of a long text in a cell


class WordsFace(Face):
    orders = ("A to Z", "Z to A")
    fills = True


class TextFace(WordsFace):
    quick = True
    LINKS = {"email": "mailto:", "phone": "tel:", "url": ""}
    COMPLETE = {"email": "email", "phone": "tel", "url": "url"}

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        form = field.option("format", "plain")
        if form in self.LINKS and (form != "url" or str(value).startswith(("https:", "http:"))):
            return marks.link(f"{self.LINKS[form]}{value}", str(value))
        if form in ("code", EXPRESSION):
            return Markup(f'<span class="mono">{escape(value)}</span>')
        return escape(value)

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        form = field.option("format", "")
        return {
            "value": value or "",
            "format": form,
            "autocomplete": self.COMPLETE.get(form, ""),
            "hint": self.hint(field),
            "written": _written(field),
        }

    def hint(self, field: Field) -> str:
        return str(field.option("mask", ""))


def _written(field: Field) -> dict[str, str] | None:
    """What the box needs in which an expression is written; None for other texts."""
    if field.option("format") != EXPRESSION:
        return None
    result = field.option("result")
    expects = CONDITION if result == "boolean" else HELD_TYPES[result].name if result else ""
    return {"object": str(field.option("over")), "expects": expects}


class LongTextFace(WordsFace):
    wide = True
    rare = True

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        def show(value: Any) -> str:
            line = " ".join(str(value).split())
            short = line if len(line) <= CLIP else line[:CLIP].rstrip() + "…"
            return f'<span class="clip">{escape(short)}</span>'

        return show

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        if field.option("format") == "markdown":
            return Markup(f'<div class="prose">{markdown(str(value))}</div>')
        return Markup(f'<div class="prosevalue">{escape(value)}</div>')

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        return {"value": value or "", "format": field.option("format", ""), "multiline": True}


class SequenceFace(WordsFace):
    classes = "nowrap tab"
    lead = True
    holds = ""
    fills = False

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        return Markup(f'<span class="tab">{escape(value)}</span>')
