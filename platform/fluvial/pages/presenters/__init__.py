"""The face of each field kind: how its values are shown, asked for in a form, and read from one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from markupsafe import Markup

from fluvial.pages.reader_format import ReaderFormat
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.kinds.calculated import RESULTS, result_kind
from metamodel.kinds.kind import Kind

from .borrowed_faces import LikeFace, WorkedOutFace
from .choice_faces import BooleanFace, ChoiceFace, MultiChoiceFace
from .file_face import FileFace, file_size, preview_href, uploads
from .filter_questions import Op
from .link_faces import AnyLookupFace, LookupFace, MultiLookupFace, PersonFace
from .number_faces import DurationFace, MoneyFace, NumberFace
from .presenter import Cell, Face, Reference, empty
from .text_faces import LongTextFace, SequenceFace, TextFace
from .time_faces import DateFace, DatetimeFace

__all__ = [
    "FACES", "Cell", "Face", "Op", "Reference", "classes_of", "empty", "face_of", "face_of_kind",
    "file_size", "preview_href", "references", "said", "shown", "uploads", "widget_kind",
]  # fmt: skip


class CalculatedFace(Face):
    """Looks like the kind of its result."""

    holds = ""

    def of(self, field: Field) -> Face:
        return WORKED_OUT[result_kind(field).name]

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        return {"value": ""}


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


LIKE = {name: LikeFace(face) for name, face in FACES.items()}
WORKED_OUT = {kind.name: WorkedOutFace(FACES[kind.name]) for kind in RESULTS.values()}


def widget_kind(kind: Kind) -> str:
    """The kind whose template asks for a field's values."""
    return kind.name if kind.name in FACES else kind.like or "text"


def face_of(field: Field) -> Face:
    return face_of_kind(field.kind).of(field)


def face_of_kind(kind: Kind) -> Face:
    """The face of a built-in kind, the one that a kind brings, or one like another kind's."""
    return FACES.get(kind.name) or (_brought(kind) if kind.face else LIKE[widget_kind(kind)])


@cache
def _brought(kind: Kind) -> Face:
    module, _, name = kind.face.partition(":")
    try:
        face = getattr(import_module(module), name)()
    except (ImportError, AttributeError, ValueError) as error:
        raise LookupError(
            f"The kind {kind.name} says that its face is {kind.face!r}, which does not load: "
            f"{error}. Write package.module:Class."
        ) from error
    if not isinstance(face, Face):
        raise LookupError(f"The face of the kind {kind.name}, {kind.face}, is not a Face.")
    return face


def classes_of(field: Field) -> str:
    return face_of(field).classes_of(field)


def said(field: Field, value: Any, fmt: ReaderFormat) -> str:
    """A value in words, also an empty one."""
    if empty(value):
        return "empty"
    try:
        return face_of(field).text(field, value, fmt)
    except (TypeError, ValueError, KeyError, ValueFault):
        return str(value)  # written when the field had another form


def shown(field: Field, value: Any, fmt: ReaderFormat) -> Markup:
    """A value on the page of its record; nothing where it is empty."""
    return Markup() if empty(value) else face_of(field).full(field, value, fmt)


def references(field: Field, values: Sequence[Any]) -> Iterator[Reference]:
    face = face_of(field)
    for value in values:
        if not empty(value):
            yield from face.references(field, value)
