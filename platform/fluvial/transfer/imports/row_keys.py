"""The keys of rows: by their values a row finds the record that it updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fluvial.records.drafts.rows import empty
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .cells import CellFault, Parsed
from .key_lookups import Parts, find_by, parts_of


class RowKeys:
    """Knows the key of each row, and tells of those that a table has twice."""

    def __init__(
        self, session: Session, object_name: str, fields: Sequence[Field], fixed: Mapping[str, Any]
    ) -> None:
        self._session = session
        self._object = object_name
        self.fields = fields
        self._fixed = fixed
        self._first: dict[int, int] = {}  # the row that had a key first, by what stands for the key

    def of(self, parsed: Parsed, column: str, *, optional: bool) -> Parts | None:
        values = [parsed.values.get(f.name, self._fixed.get(f.name)) for f in self.fields]
        if any(empty(value) for value in values):
            if not parsed.faults and not optional:
                names = " and ".join(f.label for f in self.fields)
                parsed.fault(column, "empty_key", f"The key is empty: {names}.")
            return None
        parts: list[Any] = []
        for field, value in zip(self.fields, values, strict=True):
            parts += parts_of(field, value)
        return tuple(parts)

    def existing(self, keys: Iterable[Parts | None]) -> dict[Parts, list[str]]:
        """The ids of the records that have one of the keys."""
        wanted = [key for key in keys if key is not None]
        paths = [(field,) for field in self.fields]
        return find_by(self._session, self._object, paths, wanted) if wanted else {}

    def repeated(self, parsed: Parsed, key: Parts | None, column: str) -> CellFault | None:
        """The later of two rows with one key counts, which the person may not have meant."""
        if key is None:
            return None
        first = self._first.setdefault(hash(key), parsed.row)
        if first == parsed.row:
            return None
        message = f"Row {first} has the same key: what this row says replaces what that one said."
        return CellFault(parsed.row, column, "repeated_key", message)
