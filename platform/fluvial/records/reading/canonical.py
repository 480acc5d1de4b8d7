"""From stored columns to canonical values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from metamodel.catalog import Field
from metamodel.kinds.kind import Kind
from metamodel.storage import JSON


def reader(field: Field, dialect: str) -> Callable[[Sequence[Any]], Any]:
    """From the stored columns of a field to its canonical value."""
    if field.kind.linked:
        return lambda parts: JSON.decode(dialect, parts[0]) or []
    decoders = [c.storage.decoder(dialect) for c in field.columns if not c.hidden]
    absent = field.kind.absent(field)
    if absent is None and len(decoders) == 1 and type(field.kind).unpack is Kind.unpack:
        return _plain_reader(decoders[0])

    def read(parts: Sequence[Any]) -> Any:
        if all(part is None for part in parts):
            return list(absent) if isinstance(absent, list) else absent
        return field.kind.unpack(
            field,
            [
                part if part is None or decode is None else decode(part)
                for part, decode in zip(parts, decoders, strict=True)
            ],
        )

    return read


def _plain_reader(decode: Callable[[Any], Any] | None) -> Callable[[Sequence[Any]], Any]:
    """The reader of one column whose value is the field's."""
    if decode is None:
        return lambda parts: parts[0]
    return lambda parts: None if parts[0] is None else decode(parts[0])
