"""The field kinds: one table, and the ways in for kinds from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from metamodel.kinds.any_lookup import AnyLookup
from metamodel.kinds.boolean import Boolean
from metamodel.kinds.calculated import Calculated
from metamodel.kinds.choice import Choice
from metamodel.kinds.date import Date
from metamodel.kinds.datetime import Datetime
from metamodel.kinds.duration import Duration
from metamodel.kinds.file import File
from metamodel.kinds.kind import Column, Kind, TextFormat
from metamodel.kinds.long_text import LongText
from metamodel.kinds.lookup import Lookup
from metamodel.kinds.money import Money
from metamodel.kinds.multi_choice import MultiChoice
from metamodel.kinds.multi_lookup import MultiLookup
from metamodel.kinds.number import Number
from metamodel.kinds.person import Person
from metamodel.kinds.sequence import Sequence
from metamodel.kinds.text import Text

__all__ = ["KINDS", "Column", "Kind", "TextFormat", "load_kinds", "register_kind"]

KINDS: dict[str, Kind] = {
    "text": Text(),
    "long_text": LongText(),
    "number": Number(),
    "money": Money(),
    "boolean": Boolean(),
    "choice": Choice(),
    "multi_choice": MultiChoice(),
    "date": Date(),
    "datetime": Datetime(),
    "duration": Duration(),
    "lookup": Lookup(),
    "multi_lookup": MultiLookup(),
    "any_lookup": AnyLookup(),
    "person": Person(),
    "sequence": Sequence(),
    "calculated": Calculated(),
    "file": File(),
}


def register_kind(kind: Kind) -> None:
    """Add a kind, before the first catalog is built."""
    if kind.name in KINDS:
        raise ValueError(f"The field kind {kind.name!r} already exists.")
    KINDS[kind.name] = kind


ENTRY_POINTS = "fluvial.kinds"  # of installed packages: name = "package.module:Class"


@cache
def _installed() -> tuple[str, ...]:
    """Looked up once: it reads the list of every package there is."""
    return tuple(entry.value for entry in entry_points(group=ENTRY_POINTS))


def load_kinds(places: Iterable[str] = ()) -> None:
    """Add the kinds of installed packages, and those at `package.module:Class`."""
    for place in [*_installed(), *places]:
        module, _, name = place.partition(":")
        kind = getattr(import_module(module), name)
        if type(KINDS.get(kind.name)) is not kind:
            register_kind(kind())
