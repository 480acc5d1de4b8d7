"""The face of each field kind: how its values are shown, asked for in a form, and read from one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fluvial.pages.reader_format import Looks
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.kinds.calculated import result_kind
from metamodel.kinds.kind import Kind

from .choices import BooleanFace, ChoiceFace, MultiChoiceFace
from .files import FileFace, file_size, preview_href, uploads
from .links import AnyLookupFace, LookupFace, MultiLookupFace, PersonFace
from .numbers import DurationFace, MoneyFace, NumberFace
from .presenter import Cell, Face, Reference
from .times import DateFace, DatetimeFace
from .words import LongTextFace, SequenceFace, TextFace

__all__ = [
    "FACES", "Cell", "Face", "Reference", "classes_of", "empty", "face_of", "file_size",
    "preview_href", "references", "said", "shown", "uploads", "widget_kind",
]  # fmt: skip


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

    def classes_of(self, field: Field) -> str:
        return self._inner(field).classes

    def is_named(self, field: Field) -> bool:
        return self._inner(field).is_named(field)


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


class LikeFace(Face):
    """Of a kind from elsewhere: shown in its own words, asked for like the kind that it names."""

    def __init__(self, inner: Face) -> None:
        self.inner = inner
        self.classes, self.wide, self.named = inner.classes, inner.wide, True

    def text(self, field: Field, value: Any, looks: Looks) -> str:
        try:
            canonical = field.kind.parse(field, value)
        except ValueFault:
            return str(value)  # written when the field took more
        return field.kind.show(field, canonical, looks.locale)

    def widget(self, field: Field, value: Any, looks: Looks) -> dict[str, Any]:
        return self.inner.widget(field, value, looks)


LIKE = {name: LikeFace(face) for name, face in FACES.items()}


def widget_kind(kind: Kind) -> str:
    """The kind whose template asks for a field's values."""
    return kind.name if kind.name in FACES else kind.like or "text"


def face_of(field: Field) -> Face:
    return FACES.get(field.kind.name) or LIKE[widget_kind(field.kind)]


def classes_of(field: Field) -> str:
    return face_of(field).classes_of(field)


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
