"""Faces of dates and moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from fluvial.pages import reader_format as marks
from fluvial.pages.reader_format import ReaderFormat
from metamodel.catalog import Field

from .filter_questions import MOMENTS, Op, empties
from .presenter import Cell, Face


def ends(field: Field, looks: ReaderFormat) -> bool:
    """Whether it is the day on which a record of a dated object holds no more."""
    type_ = looks.catalog.objects.get(field.object)
    return type_ is not None and type_.dated is not None and type_.dated.until == field.name


class TimeFace(Face):
    """Of what is earlier or later."""

    classes = "nowrap tab"
    orders = ("earliest first", "latest first")
    fills = True
    quick = True

    def asks(self, field: Field) -> tuple[Op, ...]:
        return (*MOMENTS, *empties(field))


class DateFace(TimeFace):
    holds = "day"

    def text(self, field: Field, value: Any, looks: ReaderFormat) -> str:
        day = date.fromisoformat(value)
        if ends(field, looks):
            return f"last day {looks.plain_day(day - timedelta(days=1))}"
        return looks.plain_day(day)

    def cell(self, field: Field, looks: ReaderFormat) -> Cell:
        if ends(field, looks):
            return lambda value: escape(self.text(field, value, looks))
        return lambda value: escape(looks.day(date.fromisoformat(value)))

    def full(self, field: Field, value: Any, looks: ReaderFormat) -> Markup:
        return escape(self.text(field, value, looks))

    def widget(self, field: Field, value: Any, looks: ReaderFormat) -> dict[str, Any]:
        return {
            "value": value or "", "min": field.option("min", ""), "max": field.option("max", ""),
            "help": field.help or ("The day after the last day." if ends(field, looks) else ""),
        }  # fmt: skip

    def input(self, field: Field) -> dict[str, Any]:
        return {"type": "date"}


class DatetimeFace(TimeFace):
    holds = "moment"

    def text(self, field: Field, value: Any, looks: ReaderFormat) -> str:
        shown = _in_zone(field, looks).full(marks.parse_moment(value))
        if field.option("precision") != "second":
            return shown
        return f"{shown}:{marks.parse_moment(value):%S}"

    def cell(self, field: Field, looks: ReaderFormat) -> Cell:
        here = _in_zone(field, looks)
        return lambda value: escape(here.moment(marks.parse_moment(value)))

    def full(self, field: Field, value: Any, looks: ReaderFormat) -> Markup:
        return escape(self.text(field, value, looks))

    def widget(self, field: Field, value: Any, looks: ReaderFormat) -> dict[str, Any]:
        shown, looks = "", _in_zone(field, looks)
        form = "%Y-%m-%dT%H:%M" + (":%S" if field.option("precision") == "second" else "")
        if value:
            try:
                shown = looks.local(marks.parse_moment(value)).strftime(form)
            except ValueError:
                shown = str(value)
        step = 1 if field.option("precision") == "second" else ""
        return {"value": shown, "zone": str(looks.zone), "step": step}

    def input(self, field: Field) -> dict[str, Any]:
        return {"type": "datetime-local"}

    def typed(self, field: Field, value: Any, zone: tzinfo) -> str:
        local: str = value.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
        return local

    def alike(self, field: Field, one: Any, other: Any, looks: ReaderFormat) -> bool:
        """The input shows no seconds, and not which of two equal hours of an autumn night."""
        return self.widget(field, one, looks) == self.widget(field, other, looks)


def _in_zone(field: Field, looks: ReaderFormat) -> ReaderFormat:
    """The looks of a reader in the field's own zone, where it has one."""
    zone = field.option("zone")
    return replace(looks, zone=ZoneInfo(zone)) if zone else looks
