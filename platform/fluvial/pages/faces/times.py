"""Faces of dates and moments."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup, escape

from fluvial.pages import looks as marks
from fluvial.pages.looks import Looks
from metamodel.catalog import Field

from .face import Cell, Face


class DateFace(Face):
    classes = "nowrap tab"

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return looks.plain_day(date.fromisoformat(value))

    def cell(self, field: Field, looks: Looks) -> Cell:
        return lambda value: escape(looks.day(date.fromisoformat(value)))

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        return escape(self.text(field, value, looks))

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        return {
            "value": value or "", "min": field.option("min", ""), "max": field.option("max", ""),
        }  # fmt: skip


class DatetimeFace(Face):
    classes = "nowrap tab"

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return looks.full(marks.parse_moment(value))

    def cell(self, field: Field, looks: Looks) -> Cell:
        return lambda value: escape(looks.moment(marks.parse_moment(value)))

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        return escape(self.text(field, value, looks))

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        shown = ""
        if value:
            try:
                shown = looks.local(marks.parse_moment(value)).strftime("%Y-%m-%dT%H:%M")
            except ValueError:
                shown = str(value)
        return {"value": shown, "zone": str(looks.zone)}
