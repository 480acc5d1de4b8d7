"""Cards of a board: what of a record stands where on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from fluvial.http.assets import icon
from fluvial.pages import due_dates
from fluvial.pages import reader_format as marks
from fluvial.pages.presenters import empty, face_of, references, said
from fluvial.pages.reader_format import Looks
from metamodel.catalog import Field, ObjectType

from .boards import Board

Context = dict[str, Any]

TIMES = ("date", "date and time")


class Cards:
    """Makes the cards of one board."""

    def __init__(self, board: Board, type_: ObjectType, looks: Looks) -> None:
        self._board = board
        self._type = type_
        self._looks = looks
        self._fields = [type_.fields[n] for n in board.fields if n in type_.fields]

    def want(self, records: list[dict[str, Any]]) -> None:
        for field in self._fields:
            self._looks.names.want(references(field, [r.get(field.name) for r in records]))

    def card(self, record: Mapping[str, Any]) -> Context:
        lines: list[Markup] = []
        meta: list[Markup] = []
        people: list[Markup] = []
        number, badge = "", Markup()
        for field in self._fields:
            value = record.get(field.name)
            kind = field.type.name
            if kind in ("person", "persons"):
                people.append(Markup(face_of(field).cell(field, self._looks)(value)))
            elif empty(value):
                continue
            elif field.kind.name == "sequence" and not number:
                number = str(value)
            elif kind == "yes/no":
                badge += self._yes(field, value)
            elif kind in ("record", "collection"):
                lines.append(escape(said(field, value, self._looks)))
            elif kind in TIMES:
                meta.append(self._time(field, value, record))
            else:
                meta.append(Markup(face_of(field).cell(field, self._looks)(value)))
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
            "meta": meta,
            "people": Markup().join(people),
        }

    def _yes(self, field: Field, value: Any) -> Markup:
        if not value:
            return Markup()
        return Markup(
            '<span class="good" title="{}">{}<span class="hidden">{}</span></span>'
        ).format(field.label, icon("check"), field.label)

    def _time(self, field: Field, value: Any, record: Mapping[str, Any]) -> Markup:
        """A day or moment; a due one that has passed is red."""
        shown = Markup(face_of(field).cell(field, self._looks)(value))
        if field.name not in due_dates.NAMES or not due_dates.is_open(self._type, record):
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
