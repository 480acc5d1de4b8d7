"""The face of the eighteenth kind: stars in lists, on cards and pages; a number in forms."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from fluvial.pages.presenters.number_faces import NumberFace
from fluvial.pages.presenters.presenter import Cell
from fluvial.pages.reader_format import ReaderFormat
from metamodel.catalog import Field
from metamodel.errors import ValueFault


class RatingFace(NumberFace):
    classes = "nowrap"
    orders = ("fewest stars first", "most stars first")

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        try:
            return field.kind.show(field, field.kind.parse(field, value), fmt.locale)
        except ValueFault:
            return str(value)  # from when the field took more

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        return lambda value: (
            f'<span title="{escape(value)}">{escape(self.text(field, value, fmt))}</span>'
        )

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        return Markup(self.cell(field, fmt)(value))

    def input(self, field: Field) -> dict[str, Any]:
        return {"type": "number", "min": "0", "max": str(field.option("most", 5))}
