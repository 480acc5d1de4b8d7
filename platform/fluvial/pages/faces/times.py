"""Faces of dates and moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

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
        shown = _in_zone(field, looks).full(marks.parse_moment(value))
        if field.option("precision") != "second":
            return shown
        return f"{shown}:{marks.parse_moment(value):%S}"

    def cell(self, field: Field, looks: Looks) -> Cell:
        here = _in_zone(field, looks)
        return lambda value: escape(here.moment(marks.parse_moment(value)))

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        return escape(self.text(field, value, looks))

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        shown, looks = "", _in_zone(field, looks)
        form = "%Y-%m-%dT%H:%M" + (":%S" if field.option("precision") == "second" else "")
        if value:
            try:
                shown = looks.local(marks.parse_moment(value)).strftime(form)
            except ValueError:
                shown = str(value)
        step = 1 if field.option("precision") == "second" else ""
        return {"value": shown, "zone": str(looks.zone), "step": step}


def _in_zone(field: Field, looks: Looks) -> Looks:
    """The looks of a reader in the field's own zone, where it has one."""
    zone = field.option("zone")
    return replace(looks, zone=ZoneInfo(zone)) if zone else looks
