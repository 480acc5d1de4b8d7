"""The field kinds: one table, and the way in for kinds from elsewhere."""

from __future__ import annotations

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

__all__ = ["KINDS", "Column", "Kind", "TextFormat", "register_kind"]

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
        raise ValueError(f"There is a field kind {kind.name!r} already.")
    KINDS[kind.name] = kind
