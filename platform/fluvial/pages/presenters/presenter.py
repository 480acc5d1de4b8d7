"""What the faces of all kinds have in common, and how they read a form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup, escape
from starlette.datastructures import FormData

from fluvial.pages.reader_format import NIL, ReaderFormat
from fluvial.transfer.sheet_cells import SheetCell
from metamodel.catalog import Field
from metamodel.kinds.kind import TextFormat

from .filter_questions import IS, Op, empties, own_ops

Cell = Callable[[Any], str]  # the HTML of a value in wire form
Reference = tuple[str, str]  # object, id


class Face:
    """What kinds have in common: one line of text."""

    classes = ""  # of cells and heads in tables
    nothing: str = NIL  # of an empty value in a table
    named = False  # cards on phones say the label before the value
    wide = False  # takes the full width of a form or section
    lead = False  # says which record it is: stands before the title, small
    rare = False  # no list shows it unasked
    place = "meta"  # on a card: "people", "badge", "line" or "meta", in its last line
    orders = ("first to last", "last to first")  # what its two orders are called
    holds = "plain"  # what its input holds, for front/values.js; "" what that cannot read
    fills = False  # whether the browser fills in a value that it worked out; else the server says
    quick = False  # whether a plain input asks for it, where many records are changed at once

    def of(self, field: Field) -> Face:
        """The face of one field, where that depends on its options."""
        return self

    def classes_of(self, field: Field) -> str:
        return self.classes

    def is_named(self, field: Field) -> bool:
        """Whether a value alone does not say what it is of."""
        return self.named or bool(self.classes)

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        """The records and people whose titles showing the value needs."""
        return iter(())

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        """In words, for timelines, confirmations and exports to the eye."""
        return str(value)

    def sheet(self, field: Field, value: Any, fmt: ReaderFormat) -> SheetCell:
        """In a workbook or CSV for people."""
        return SheetCell(self.text(field, value, fmt))

    def about(self, field: Field, fmt: ReaderFormat) -> str:
        """What the heading of such a column says beside its label, in brackets."""
        return ""

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        """Shows values in a table; made once for a column."""
        return lambda value: escape(self.text(field, value, fmt))

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        """On the record's own page."""
        return Markup(self.cell(field, fmt)(value))

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        """What the kind's template needs beside name, label, help and faults."""
        return {"value": "" if value is None else str(value)}

    def input(self, field: Field) -> dict[str, Any]:
        """The attributes of a plain input, as filters and lists ask for one value."""
        return {"type": "text"}

    def options(self, field: Field) -> list[dict[str, str]]:
        """The values to choose from, where it has some; an input asks for others."""
        return []

    def hint(self, field: Field) -> str:
        """What stands in its input while that is empty."""
        return ""

    def typed(self, field: Field, value: Any, form: TextFormat) -> Any:
        """A canonical value that is not empty, as its input holds it."""
        return str(value)

    def asks(self, field: Field) -> tuple[Op, ...]:
        """What filters can ask of it."""
        return tuple(own_ops(field)) or (IS, *empties(field))

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        """The wire value that a form holds, as people write it; raises ValueFault."""
        text = text_in(form, field.name).strip()
        if not text:
            return None
        return field.kind.wire(field, field.kind.parse_text(field, text, how))

    def alike(self, field: Field, one: Any, other: Any, fmt: ReaderFormat) -> bool:
        """Whether the input shows both values the same: it was left alone, then."""
        return bool(one == other)


def text_in(form: FormData, name: str) -> str:
    values = [value for value in form.getlist(name) if isinstance(value, str)]
    return values[-1] if values else ""


def texts_in(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str) and value]


def empty(value: Any) -> bool:
    return value is None or value == "" or value == []
