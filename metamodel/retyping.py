"""Retyping: what the values of a field mean in a field of another kind; the kinds say it."""

from __future__ import annotations

from typing import Any

from metamodel.catalog import Field
from metamodel.kinds import KINDS, Kind
from metamodel.kinds.kind import ConversionStep


def convertible(old: Field, new: Field) -> bool:
    """Whether values of the one field have a meaning in the other."""
    return new.kind.takes(old.kind) is not None


def becomes(kind: Kind) -> list[Kind]:
    """The other kinds that a kind of field may become."""
    return [new for new in KINDS.values() if new is not kind and new.takes(kind) is not None]


def convert(step: ConversionStep, value: Any) -> Any:
    """The value in the new kind, None where nothing is left; ValueFault where it has no meaning."""
    if value is None or value == "" or value == []:
        return None
    way = step.new.kind.takes(step.old.kind)
    assert way is not None, "asked of fields that are convertible only"
    return way(step, value)
