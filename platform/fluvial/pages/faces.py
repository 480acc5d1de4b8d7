"""The face of each field kind: how its values are shown, asked for in a form, and read from one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup, escape
from starlette.datastructures import FormData, UploadFile

from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.expressions.types import Option
from metamodel.kinds.calculated import result_kind
from metamodel.kinds.duration import clock_text
from metamodel.kinds.kind import TextFormat
from metamodel.kinds.person import accepts
from metamodel.money import currencies
from metamodel.text import label_text

from . import looks as marks
from .assets import icon
from .looks import NIL, NOBODY, Looks
from .markdown import markdown

Cell = Callable[[Any], str]  # the HTML of a value in wire form
Reference = tuple[str, str]

CLIP = 120  # characters of a long text in a cell
RADIO = 6  # at most so many options stand open


class Face:
    """What kinds have in common: one line of text."""

    classes = ""  # of cells and heads in tables
    wide = False  # takes the full width of a form or section

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        """The records and people whose titles showing the value needs."""
        return iter(())

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        """In words, for timelines, confirmations and exports to the eye."""
        return str(value)

    def cell(self, field: Field, looks: Looks) -> Cell:
        """Shows values in a table; made once for a column."""
        return lambda value: escape(self.text(field, value, looks))

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        """On the record's own page."""
        return Markup(self.cell(field, looks)(value))

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        """What the kind's template needs beside name, label, help and faults."""
        return {"value": "" if value is None else str(value)}

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        """The wire value that a form holds; raises ValueFault."""
        text = _text(form, field.name).strip()
        if not text:
            return None
        return field.kind.wire(field, field.kind.parse_text(field, text, TextFormat(zone=zone)))


def _text(form: FormData, name: str) -> str:
    values = [value for value in form.getlist(name) if isinstance(value, str)]
    return values[-1] if values else ""


def _texts(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str) and value]


class TextFace(Face):
    LINKS = {"email": "mailto:", "phone": "tel:", "url": ""}
    COMPLETE = {"email": "email", "phone": "tel", "url": "url"}

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        form = field.option("format", "plain")
        if form in self.LINKS and (form != "url" or str(value).startswith(("https:", "http:"))):
            return marks.link(f"{self.LINKS[form]}{value}", str(value))
        if form == "code":
            return Markup(f'<span class="mono">{escape(value)}</span>')
        return escape(value)

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        form = field.option("format", "")
        return {"value": value or "", "format": form, "autocomplete": self.COMPLETE.get(form, "")}


class LongTextFace(Face):
    wide = True

    def cell(self, field: Field, looks: Looks) -> Cell:
        def show(value: Any) -> str:
            line = " ".join(str(value).split())
            short = line if len(line) <= CLIP else line[:CLIP].rstrip() + "…"
            return f'<span class="clip">{escape(short)}</span>'

        return show

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        if field.option("format") == "markdown":
            return Markup(f'<div class="prose">{markdown(str(value))}</div>')
        return Markup(f'<div class="prosevalue">{escape(value)}</div>')

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        return {"value": value or "", "format": field.option("format", ""), "multiline": True}


class NumberFace(Face):
    classes = "num"

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        shown = marks.number(str(value), looks.locale)
        if field.option("format") == "percent":
            return f"{shown} %"
        unit = field.option("unit")
        return f"{shown} {unit}" if unit else shown

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        return Markup(f'<span class="tab">{escape(self.text(field, value, looks))}</span>')

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        options = {name: field.option(name, "") for name in ("min", "max", "unit", "format")}
        return {"value": "" if value is None else str(value), "scale": field.type.scale, **options}


class MoneyFace(Face):
    classes = "num"

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return marks.money(value["amount"], value["currency"], looks.locale)

    def cell(self, field: Field, looks: Looks) -> Cell:
        def show(value: Any) -> str:
            shown = escape(self.text(field, value, looks))
            return f'<span class="bad">{shown}</span>' if value["amount"][0] == "-" else shown

        return show

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        fixed = field.option("currency")
        given = value if isinstance(value, Mapping) else {}
        return {
            "value": given.get("amount", ""),
            "currency": fixed or given.get("currency") or "EUR",
            "currencies": [] if fixed else sorted(currencies()),
        }

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        amount = _text(form, field.name).strip()
        if not amount:
            return None
        currency = field.option("currency") or _text(form, f"{field.name}.currency")
        text = f"{amount} {currency}".strip()
        return field.kind.wire(field, field.kind.parse_text(field, text, TextFormat(zone=zone)))


class BooleanFace(Face):
    def text(self, field: Field, value: Any, looks: Looks) -> str:
        word = field.option("yes", "Yes") if value else field.option("no", "No")
        return label_text(word, looks.locale)

    def cell(self, field: Field, looks: Looks) -> Cell:
        yes = Markup('<span class="row nowrap">{} {}</span>').format(
            icon("check", "good-i"), self.text(field, True, looks)
        )
        no = Markup('<span class="faint">{}</span>').format(self.text(field, False, looks))
        return lambda value: yes if value else no

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        shown = {True: "true", False: "false"}.get(value, "")
        return {"value": shown, "three_state": field.option("three_state", False)}

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        return {"true": True, "false": False}.get(_text(form, field.name))


class ChoiceFace(Face):
    def _options(self, field: Field) -> dict[str, Option]:
        return {option.name: option for option in field.type.options}

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        option = self._options(field).get(value)
        return option.label if option else str(value)

    def cell(self, field: Field, looks: Looks) -> Cell:
        states = looks.catalog.objects[field.object].states
        is_state = states is not None and states.field == field.name
        shown: dict[Any, str] = {}
        for name, option in self._options(field).items():
            tone = marks.tone_of(option)
            if is_state:
                shown[name] = marks.chip(option.label, tone)
            else:
                shown[name] = marks.dotted(option.label, tone) if tone else escape(option.label)
        return lambda value: shown.get(value) or escape(value)

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        return {"value": value or "", "options": choices(field, value)}

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        return _text(form, field.name) or None


def choices(field: Field, *kept: Any) -> list[dict[str, str]]:
    """The options that may be chosen, and those that are."""
    return [
        {"value": option.name, "label": option.label, "colour": marks.tone_of(option)}
        for option in field.type.options
        if not option.retired or option.name in kept
    ]


class MultiChoiceFace(ChoiceFace):
    def text(self, field: Field, value: Any, looks: Looks) -> str:
        options = self._options(field)
        return ", ".join(options[name].label if name in options else name for name in value)

    def cell(self, field: Field, looks: Looks) -> Cell:
        options = self._options(field)
        shown = {name: marks.chip(o.label, marks.tone_of(o)) for name, o in options.items()}
        return lambda value: (
            f'<span class="chips">{"".join(shown.get(n) or marks.chip(n) for n in value)}</span>'
        )

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        return {"value": list(value or ()), "options": choices(field, *(value or ()))}

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        return _texts(form, field.name)


class DateFace(Face):
    classes = "nowrap tab"

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return looks.date(date.fromisoformat(value))

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


class DurationFace(Face):
    classes = "num"

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return f"{clock_text(value)} h"

    def cell(self, field: Field, looks: Looks) -> Cell:
        return lambda value: escape(clock_text(value))

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        return {"value": clock_text(value) if isinstance(value, int) else value or ""}


class LookupFace(Face):
    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        if isinstance(value, Mapping):  # a list that also shows a field of the record behind it
            value = value.get("id")
        if value:
            yield field.targets[0], value

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return ", ".join(self._title(looks, r) for r in self.references(field, value))

    def _title(self, looks: Looks, reference: Reference) -> str:
        return looks.names.title(*reference) or "not visible to you"

    def _link(self, looks: Looks, reference: Reference) -> str:
        title = looks.names.title(*reference)
        if title is None:
            return Markup('<span class="faint" title="Not visible to you">–</span>')
        return marks.link(marks.record_href(*reference), title)

    def cell(self, field: Field, looks: Looks) -> Cell:
        def show(value: Any) -> str:
            links = [self._link(looks, r) for r in self.references(field, value)]
            return f'<span class="clip">{", ".join(links)}</span>' if links else NIL

        return show

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        links = [self._link(looks, r) for r in self.references(field, value)]
        return Markup(", ".join(links)) if links else Markup()

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        chosen = list(self.references(field, value))
        return {
            "value": chosen[0][1] if chosen else "",
            "selected": [{"value": r[1], "label": self._title(looks, r)} for r in chosen],
            "search_url": f"/lookup/{field.object}/{field.name}",
        }

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        return _text(form, field.name) or None


class MultiLookupFace(LookupFace):
    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        for record in value or ():
            yield field.targets[0], record

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        return _texts(form, field.name)


class AnyLookupFace(LookupFace):
    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        if value:
            yield value["object"], value["id"]

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        objects = looks.catalog.objects
        targets = [
            {"value": name, "label": objects[name].label, "icon": objects[name].icon}
            for name in field.targets
        ]
        return super().widget(field, value, looks) | {
            "object": value["object"] if value else field.targets[0],
            "targets": targets,
            "search_url": f"/lookup/{field.object}/{field.name}?object=",
        }

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        record = _text(form, field.name)
        if not record:
            return None
        return {"object": _text(form, f"{field.name}.object") or field.targets[0], "id": record}


class PersonFace(LookupFace):
    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping) and "id" in one:
                yield "user", one["id"]
            elif isinstance(one, Mapping):
                yield from one.items()

    def _title(self, looks: Looks, reference: Reference) -> str:
        return looks.names.title(*reference) or "Somebody who left"

    def cell(self, field: Field, looks: Looks) -> Cell:
        def show(value: Any) -> str:
            found = [marks.mark(self._title(looks, r)) for r in self.references(field, value)]
            return "".join(found) or NOBODY

        return show

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        names = [self._title(looks, r) for r in self.references(field, value)]
        return Markup(" ".join(marks.person(name) for name in names))

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        chosen = [
            {"value": f"{kind}:{id}", "label": self._title(looks, (kind, id))}
            for kind, id in self.references(field, value)
        ]
        people = "a user or a team" if "team" in accepts(field) else "a person"
        return {
            "value": chosen[0]["value"] if chosen else "",
            "selected": chosen,
            "many": field.many,
            "hint": f"Search for {people}",
            "search_url": f"/lookup/{field.object}/{field.name}",
        }

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        people = [dict([text.split(":", 1)]) for text in _texts(form, field.name) if ":" in text]
        return people if field.many else (people[0] if people else None)


class FileFace(Face):
    wide = True

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return ", ".join(str(file.get("name", "a file")) for file in value)

    def cell(self, field: Field, looks: Looks) -> Cell:
        clip = icon("paperclip", "faint")
        return lambda value: f'<span class="row nowrap">{clip} {len(value)}</span>'

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        return Markup(" ").join(marks.link(f["url"], f.get("name", "a file")) for f in value)

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        files = [f for f in value or () if isinstance(f, Mapping)]
        size = field.option("max_size")
        return {
            "value": [],
            "many": field.option("many", False),
            "accept": ",".join(field.option("accept", ())),
            "hint": f"At most {size.replace('MB', ' MB')}" if size else "",
            "files": [
                {"id": f["id"], "name": f.get("name", ""), "size": file_size(f.get("size", 0)),
                 "href": f.get("url", f"/api/files/{f['id']}")}
                for f in files
            ],
        }  # fmt: skip

    def read(self, field: Field, form: FormData, zone: str) -> Any:
        """The files that stay; the new ones are stored by the caller."""
        gone = set(_texts(form, f"{field.name}.remove"))
        return [id for id in _texts(form, f"{field.name}.keep") if id not in gone]


def uploads(form: FormData, name: str) -> list[UploadFile]:
    """The files that were chosen in a form."""
    return [f for f in form.getlist(name) if isinstance(f, UploadFile) and f.filename]


def file_size(size: int) -> str:
    for unit, bytes_ in (("GB", 1024**3), ("MB", 1024**2), ("kB", 1024)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}" if size < 10 * bytes_ else f"{size // bytes_} {unit}"
    return f"{size} bytes"


class SequenceFace(Face):
    classes = "nowrap tab"

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        return Markup(f'<span class="tab">{escape(value)}</span>')


class CalculatedFace(Face):
    """Looks like the kind of its result."""

    def _inner(self, field: Field) -> Face:
        return FACES[result_kind(field).name]

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        return self._inner(field).references(field, value)

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        return self._inner(field).text(field, value, looks)

    def cell(self, field: Field, looks: Looks) -> Cell:
        return self._inner(field).cell(field, looks)

    def full(self, field: Field, value: Any, looks: Looks) -> Markup:
        return self._inner(field).full(field, value, looks)

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        return {"value": "" if empty(value) else self.text(field, value, looks)}


# The one table of faces, by the name of the kind; its template is forms/templates/kinds/NAME.html.
FACES: Mapping[str, Face] = {
    "text": TextFace(),
    "long_text": LongTextFace(),
    "number": NumberFace(),
    "money": MoneyFace(),
    "boolean": BooleanFace(),
    "choice": ChoiceFace(),
    "multi_choice": MultiChoiceFace(),
    "date": DateFace(),
    "datetime": DatetimeFace(),
    "duration": DurationFace(),
    "lookup": LookupFace(),
    "multi_lookup": MultiLookupFace(),
    "any_lookup": AnyLookupFace(),
    "person": PersonFace(),
    "sequence": SequenceFace(),
    "calculated": CalculatedFace(),
    "file": FileFace(),
}
PLAIN = Face()


def face_of(field: Field) -> Face:
    return FACES.get(field.kind.name, PLAIN)


def classes_of(field: Field) -> str:
    if field.kind.name == CALCULATED:
        return FACES[result_kind(field).name].classes
    return face_of(field).classes


CALCULATED = "calculated"


def empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def said(field: Field, value: Any, looks: Looks) -> str:
    """A value in words, also an empty one."""
    if empty(value):
        return "empty"
    try:
        return face_of(field).text(field, value, looks)
    except (TypeError, ValueError, KeyError, ValueFault):
        return str(value)  # written when the field had another form


def shown(field: Field, value: Any, looks: Looks) -> Markup:
    """A value on the page of its record; nothing where it is empty."""
    return Markup() if empty(value) else face_of(field).full(field, value, looks)


def references(field: Field, values: Sequence[Any]) -> Iterator[Reference]:
    face = face_of(field)
    for value in values:
        if not empty(value):
            yield from face.references(field, value)
