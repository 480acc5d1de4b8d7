"""Cards of a board: what of a record stands where on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from fluvial.http.assets import icon
from fluvial.pages import due_dates
from fluvial.pages import reader_format as marks
from fluvial.pages.clock_cells import ClockCells, clock_cells
from fluvial.pages.presenters import empty, face_of, references, said
from fluvial.pages.reader_format import ReaderFormat
from fluvial.records.drafts.record_locks import Hold, holds_on
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType

from .boards import Board

Context = dict[str, Any]


class Cards:
    """Makes the cards of one board."""

    def __init__(self, board: Board, type_: ObjectType, fmt: ReaderFormat) -> None:
        self._board = board
        self._type = type_
        self._looks = fmt
        self._fields = [type_.fields[n] for n in board.fields if n in type_.fields]
        self._holds: Mapping[str, Hold] = {}
        self._clocks: ClockCells = {}

    def load(self, session: Session, columns: Sequence[Mapping[str, Any]]) -> None:
        """Ask once for what the cards of all columns tell beside their records."""
        records = [record for column in columns for record in column["records"]]
        for field in self._fields:
            self._looks.names.want(references(field, [r.get(field.name) for r in records]))
        self._looks.names.load()
        self._holds = holds_on(session, self._type, [record["id"] for record in records])
        self._clocks = clock_cells(session, self._type, self._fields, records, named=True)

    def card(self, record: Mapping[str, Any]) -> Context:
        lines: list[Markup] = []
        meta: list[Markup] = []
        people: list[Markup] = []
        clocks: list[Markup] = []
        number, badge = "", self._lock(record)
        for field in self._fields:
            value, face = record.get(field.name), face_of(field)
            if clock := self._clocks.get((record["id"], field.name)):
                clocks.append(clock)
            elif face.place == "people":
                people.append(Markup(face.cell(field, self._looks)(value)))
            elif empty(value):
                continue
            elif face.lead and not number:
                number = str(value)
            elif face.place == "badge":
                badge += self._yes(field, value)
            elif face.place == "line":
                lines.append(escape(said(field, value, self._looks)))
            else:
                meta.append(self._meta(field, value, record))
        title = record.get(self._board.title) or record["title"]
        return {
            "id": record["id"],
            "rev": record["rev"],
            "href": self._looks.href(self._type.name, record["id"]),
            "title": title,
            "number": number,
            "colour": self._colour(record),
            "badge": badge,
            "lines": lines,
            "clocks": clocks,
            "meta": meta,
            "people": Markup().join(people),
        }

    def _lock(self, record: Mapping[str, Any]) -> Markup:
        """A lock, and why little of the record can be changed."""
        hold = self._holds.get(record["id"])
        return _badge("faint", hold.reason, "lock") if hold is not None else Markup()

    def _yes(self, field: Field, value: Any) -> Markup:
        return _badge("good", field.label, "check") if value else Markup()

    def _meta(self, field: Field, value: Any, record: Mapping[str, Any]) -> Markup:
        """A value as lists show it; a due day or moment that has passed is red."""
        shown = Markup(face_of(field).cell(field, self._looks)(value))
        if (
            not field.type.timed
            or field.name not in due_dates.NAMES
            or not due_dates.is_open(self._type, record)
        ):
            return shown
        tone = due_dates.tone(value, self._looks)
        return Markup('<span class="{}">{}</span>').format(tone, shown) if tone else shown

    def _colour(self, record: Mapping[str, Any]) -> Context | None:
        name = self._board.colour
        if name is None or name not in self._type.fields or empty(record.get(name)):
            return None
        options = {o.name: o for o in self._type.fields[name].type.options}
        option = options.get(record[name])
        return {"tone": marks.tone_of(option), "label": option.label} if option else None


def _badge(tone: str, words: str, sign: str) -> Markup:
    return Markup('<span class="{}" title="{}">{}<span class="hidden">{}</span></span>').format(
        tone, words, icon(sign), words
    )
