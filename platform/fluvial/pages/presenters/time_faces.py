"""Faces of dates and moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from fluvial.pages import reader_format as marks
from fluvial.pages.reader_format import ReaderFormat
from fluvial.transfer.sheet_cells import SheetCell, day_cell
from metamodel.catalog import Field
from metamodel.kinds.kind import TextFormat

from .filter_questions import MOMENTS, Op, empties
from .presenter import Cell, Face

DAY_FORMAT = "d mmm yyyy"


def ends(field: Field, fmt: ReaderFormat) -> bool:
    """Whether it is the day on which a record of a dated object holds no more."""
    type_ = fmt.catalog.objects.get(field.object)
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

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        day = date.fromisoformat(value)
        if ends(field, fmt):
            return f"last day {fmt.plain_day(day - timedelta(days=1))}"
        return fmt.plain_day(day)

    def sheet(self, field: Field, value: Any, fmt: ReaderFormat) -> SheetCell:
        day = date.fromisoformat(value)
        return day_cell(day - timedelta(days=1) if ends(field, fmt) else day, DAY_FORMAT)

    def about(self, field: Field, fmt: ReaderFormat) -> str:
        return "last day" if ends(field, fmt) else ""

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        if ends(field, fmt):
            return lambda value: escape(self.text(field, value, fmt))
        return lambda value: escape(fmt.day(date.fromisoformat(value)))

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        return escape(self.text(field, value, fmt))

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        return {
            "value": value or "", "min": field.option("min", ""), "max": field.option("max", ""),
            "help": field.help or ("The day after the last day." if ends(field, fmt) else ""),
        }  # fmt: skip

    def input(self, field: Field) -> dict[str, Any]:
        return {"type": "date"}


class DatetimeFace(TimeFace):
    holds = "moment"

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        shown = _in_zone(field, fmt).full(marks.parse_moment(value))
        if field.option("precision") != "second":
            return shown
        return f"{shown}:{marks.parse_moment(value):%S}"

    def sheet(self, field: Field, value: Any, fmt: ReaderFormat) -> SheetCell:
        here = _in_zone(field, fmt)
        local = here.local(marks.parse_moment(value)).replace(tzinfo=None, microsecond=0)
        if field.option("precision") == "second":
            return day_cell(local, f"{DAY_FORMAT} hh:mm:ss")
        return day_cell(local.replace(second=0), f"{DAY_FORMAT} hh:mm")

    def about(self, field: Field, fmt: ReaderFormat) -> str:
        zone = _in_zone(field, fmt).zone
        return "" if str(zone) == fmt.catalog.zone else str(zone)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        here = _in_zone(field, fmt)
        return lambda value: escape(here.moment(marks.parse_moment(value)))

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        return escape(self.text(field, value, fmt))

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        shown, fmt = "", _in_zone(field, fmt)
        form = "%Y-%m-%dT%H:%M" + (":%S" if field.option("precision") == "second" else "")
        if value:
            try:
                shown = fmt.local(marks.parse_moment(value)).strftime(form)
            except ValueError:
                shown = str(value)
        step = 1 if field.option("precision") == "second" else ""
        return {"value": shown, "zone": str(fmt.zone), "step": step}

    def input(self, field: Field) -> dict[str, Any]:
        return {"type": "datetime-local"}

    def typed(self, field: Field, value: Any, form: TextFormat) -> str:
        zone = ZoneInfo(field.option("zone", form.zone))
        local: str = value.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
        return local

    def alike(self, field: Field, one: Any, other: Any, fmt: ReaderFormat) -> bool:
        """The input shows no seconds, and not which of two equal hours of an autumn night."""
        return self.widget(field, one, fmt) == self.widget(field, other, fmt)


def _in_zone(field: Field, fmt: ReaderFormat) -> ReaderFormat:
    """The looks of a reader in the field's own zone, where it has one."""
    zone = field.option("zone")
    return replace(fmt, zone=ZoneInfo(zone)) if zone else fmt
