"""Faces that look like another one: of kinds from elsewhere, and of what formulas give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from fluvial.pages.reader_format import ReaderFormat
from fluvial.transfer.sheet_cells import SheetCell
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.kinds.kind import TextFormat

from .filter_questions import Op
from .presenter import Cell, Face, Reference, empty


class LikeFace(Face):
    """Of a kind that has no face: shown in its own words, asked for like the kind that it names."""

    def __init__(self, inner: Face) -> None:
        self.inner = inner
        self.classes, self.place, self.orders = inner.classes, inner.place, inner.orders
        self.wide, self.holds, self.fills = inner.wide, inner.holds, inner.fills
        self.rare, self.quick = inner.rare, inner.quick
        self.named = True

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        try:
            canonical = field.kind.parse(field, value)
        except ValueFault:
            return str(value)  # written when the field took more
        return field.kind.show(field, canonical, fmt.locale)

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        return self.inner.widget(field, value, fmt)

    def input(self, field: Field) -> dict[str, Any]:
        return self.inner.input(field)

    def options(self, field: Field) -> list[dict[str, str]]:
        return self.inner.options(field)

    def hint(self, field: Field) -> str:
        return self.inner.hint(field)

    def typed(self, field: Field, value: Any, form: TextFormat) -> Any:
        return self.inner.typed(field, value, form)

    def asks(self, field: Field) -> tuple[Op, ...]:
        return self.inner.asks(field)


class WorkedOutFace(LikeFace):
    """Of what a formula gives: shown like any value of its kind, and never asked for."""

    def __init__(self, inner: Face) -> None:
        super().__init__(inner)
        self.named, self.wide, self.rare = inner.named, False, False
        self.holds, self.fills, self.quick = "", False, False

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        return self.inner.references(field, value)

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        return self.inner.text(field, value, fmt)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        return self.inner.cell(field, fmt)

    def sheet(self, field: Field, value: Any, fmt: ReaderFormat) -> SheetCell:
        return self.inner.sheet(field, value, fmt)

    def about(self, field: Field, fmt: ReaderFormat) -> str:
        return self.inner.about(field, fmt)

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        return self.inner.full(field, value, fmt)

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        return {"value": "" if empty(value) else self.text(field, value, fmt)}
